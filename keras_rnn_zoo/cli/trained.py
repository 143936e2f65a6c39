"""What `train` prints at the end."""

import pathlib
import shlex

from rich.table import Table
from rich.text import Text

from keras_rnn_zoo import jobs
from keras_rnn_zoo.cli import tables
from keras_rnn_zoo.cli.printing import LINES
from keras_rnn_zoo.tasks import TASKS
from keras_rnn_zoo.terminal import shown

_FILES = {
    "model.keras": "the model, for keras.models.load_model",
    "saved_model": "the model for serving, for tf.saved_model.load",
    "curves.png": "loss and metric over the epochs",
    "predictions.png": "predictions on test data",
    "predictions.svg": "predictions on test data",
    "generated.txt": "text written by the model",
    "metrics.json": "all figures",
    "history.csv": "figures of every epoch",
    "recipe.toml": "how to train it again",
    "checkpoint.npz": "what --resume needs to train it further",
    "assets.json": "vocabulary and class names",
}


def print_training(console, result):
    """Print the figures, what was written, and what to try next."""
    if result.text:
        console.print()
        console.print("Written by the model", style="bold")
        console.print(shown(result.text, keep=LINES))
    console.print()
    console.print(tables.of_figures("On the test data", result.model, result.baselines))
    tables.print_notes(console, [*result.model, *result.baselines])
    tables.print_origin(console, result.facts)
    checks = ", ".join(f"{key} {value:.1e}" for key, value in result.checks.items())
    console.print(
        f"Loaded again and compared, largest difference: {checks}", soft_wrap=True
    )
    parts = ", ".join(f"{key} {value:.0f} s" for key, value in result.seconds.items())
    console.print(f"Time: {parts}", soft_wrap=True)
    console.print()
    directory = shown(result.directory)
    console.print(
        Text.assemble("Everything is in ", (directory, "bold"), ":"), soft_wrap=True
    )
    for key, what in _FILES.items():
        if key in result.files:
            console.print(f"  {key:<16} {what}")
    name = result.recipe.name
    if result.directory != pathlib.Path("runs", name):
        name = shlex.quote(str(result.directory))
    next_one = TASKS[result.recipe.task].start(name, result.recipe.example)
    console.print(f"Try it: keras-rnn-zoo {shown(next_one)}", soft_wrap=True)


def print_search(console, result):
    """Print the trials, then the training with the best."""
    monitor = result.run.recipe.training.monitor
    table = Table(title="On the validation data", title_justify="left")
    for heading in ("trial", *result.best.settings, monitor, "epochs"):
        table.add_column(shown(heading), justify="right")
    for one in result.trials:
        values = [
            f"{v:.4g}" if isinstance(v, float) else v for v in one.settings.values()
        ]
        epochs = f"{one.epochs}, given up" if one.pruned else one.epochs
        table.add_row(
            *map(shown, (one.number, *values, f"{one.value:.4f}", epochs)),
            style="bold green" if one is result.best else None,
        )
    console.print()
    console.print(table)
    console.print(f"Trials: {shown(result.path)}", soft_wrap=True)
    print_training(console, result.run)


def print_seeds(console, result):
    """Print mean and spread over the seeds."""
    count = len(result.runs)
    rows = [
        jobs.Figure(f"{figure.name}", figure.metric, figure.value, "")
        for figure, _ in result.spread
    ]
    spread = {(figure.name, figure.metric): sd for figure, sd in result.spread}
    console.print()
    console.print(
        tables.of_figures(
            f"On the test data, mean ± standard deviation of {count} seeds",
            rows,
            result.runs[0].baselines,
            spread,
        )
    )
    tables.print_notes(console, result.runs[0].baselines)
    tables.print_origin(console, result.runs[0].facts)
    seconds = [run.seconds["training"] for run in result.runs]
    seconds = ", ".join(f"{one:.0f}" for one in seconds)
    console.print(
        f"Seconds of training: {seconds}. Figures: {shown(result.path)}",
        soft_wrap=True,
    )
