"""The command `keras-rnn-zoo`: reads the command line, calls one job, prints.

TensorFlow is imported by the job that needs it, so `--help` answers at once.
"""

import contextlib
import functools
import os
import pathlib
import shlex
import sys
from typing import Annotated, Any

import typer
import typer.core
from rich.console import Console
from rich.table import Table
from rich.text import Text

from keras_rnn_zoo import interrupts, jobs
from keras_rnn_zoo.tasks import TASKS, direction, task_of
from keras_rnn_zoo.terminal import shown, words_of
from keras_rnn_zoo.training import recipes

#: What a command line that cannot be read is said with.
_UsageError: Any = typer.BadParameter.__base__


@contextlib.contextmanager
def _shown_usage():
    """Make the user's own words in such a message harmless."""
    try:
        yield
    except _UsageError as error:
        error.message = shown(error.message)
        raise


class _Commands(typer.core.TyperGroup):
    def make_context(self, *args, **kwargs):
        with _shown_usage():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx):
        with _shown_usage():
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands,
    name="keras-rnn-zoo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Train, judge, look at and export recurrent networks in Keras 3.",
    pretty_exceptions_enable=False,
)

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

Name = Annotated[
    str,
    typer.Argument(
        help="Name of a model (see `list`): your own run of it, or else the shipped "
        "weights; or the directory of a run."
    ),
]
Runs = Annotated[
    pathlib.Path, typer.Option(help="Directory that holds the runs.", metavar="DIR")
]
DataDir = Annotated[
    pathlib.Path | None,
    typer.Option(
        help="Directory of prepared data; TensorFlow Datasets' own by default.",
        metavar="DIR",
    ),
]
Download = Annotated[
    bool, typer.Option("--download", help="Allow to fetch data from the network.")
]


#: What a text of several lines keeps of what is not printable.
_LINES = "\n\t"


def _console(**options):
    """Return a console that takes every string for what it is: no markup, no emoji.

    What is not ours goes through `shown` before it is printed; styles are `Text`'s.
    """
    console = Console(highlight=False, markup=False, emoji=False, **options)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 110  # nobody's window: do not fold tables
    return console


def _friendly(command):
    """Turn what the user can put right into one message and exit code 2."""

    @functools.wraps(command)
    def run(*args, **kwargs):
        try:
            interrupts.begin()
            command(*args, **kwargs)
        except KeyboardInterrupt as interrupt:
            _stopped(str(interrupt) or "No run was changed.")
        except (typer.Exit, typer.Abort, _UsageError, BrokenPipeError):
            raise
        except Exception as error:
            if interrupts.is_noted():  # somebody made another error of it
                _stopped("")
            if os.environ.get("KERAS_RNN_ZOO_TRACEBACK"):
                raise
            text = shown(words_of(error), keep="\n")
            _say_error(("Error:", "bold red"), f" {text}")
            if not isinstance(error, recipes.RecipeError | OSError):
                text = (
                    "With KERAS_RNN_ZOO_TRACEBACK=1 in the environment, it says where "
                    "that was found."
                )
                _say_error((text, "dim"))
            raise typer.Exit(2) from None
        if interrupts.is_noted():  # it came too late to stop anything
            interrupts.honoured()
            raise typer.Exit(130)

    return run


def _stopped(text):
    interrupts.honoured()
    _say_error(("Stopped.", "red"), f" {shown(text)}".rstrip())
    raise typer.Exit(130) from None


def _say_error(*parts):
    _console(stderr=True).print(Text.assemble(*parts), soft_wrap=True)


class ConsoleReporter(jobs.Reporter):
    """Prints progress: a bar in a terminal, one line an epoch otherwise too."""

    def __init__(self, console):
        self.console = console
        self.bar: Any = None
        self.task: Any = None

    def say(self, text):
        """Print one line."""
        self.console.print(shown(text), soft_wrap=True)

    def step(self, epoch, done, steps, logs):
        """Move the bar; in a pipe do nothing."""
        if not self.console.is_terminal:
            return
        if self.bar is None:
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
            )

            self.bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(compact=True),
                TextColumn("{task.fields[logs]}", style="dim", markup=False),
                console=self.console,
                transient=True,
            )
            self.task = self.bar.add_task("", total=steps, logs="")
            self.bar.start()
        self.bar.update(
            self.task,
            description=f"epoch {epoch:>3}",
            completed=done,
            total=steps,
            logs=_logs(logs),
        )

    def epoch(self, epoch, epochs, logs, seconds):
        """Print one line, and put the bar away."""
        self.close()
        width = len(str(epochs))
        self.console.print(
            f"epoch {epoch:>{width}}/{epochs}  {seconds:5.1f} s  {_logs(logs)}",
            soft_wrap=True,
        )

    def close(self):
        """Remove the bar."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def _logs(logs):
    return "  ".join(f"{shown(key)} {float(value):.4f}" for key, value in logs.items())


def _integers(option, text):
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(
            f"`{option}` must be an integer or several with commas between them. "
            f"Received: {option}={text!r}."
        ) from None


@app.command()
@_friendly
def train(
    name: Annotated[
        str, typer.Argument(help="Name of a recipe (see `list`), or path of one.")
    ] = jobs.DEFAULT_NAME,
    epochs: Annotated[int | None, typer.Option(help="Most epochs.")] = None,
    cell: Annotated[
        str | None, typer.Option(help="Cell: SimpleRNN, LSTM, GRU, …")
    ] = None,
    units: Annotated[
        str | None, typer.Option(help="Units: 64, or 64,32 for a stack.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything.")] = None,
    seeds: Annotated[
        str | None,
        typer.Option(help="Several seeds, such as 1,2,3: mean and spread."),
    ] = None,
    search: Annotated[
        int | None,
        typer.Option(
            help="Try so many settings from the recipe's table [search] on the "
            "validation data, then train with the best.",
            metavar="N",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Train on about this many sequences an epoch.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Sequences a batch.")] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, gpu or gpu:1; a GPU if there is one.")
    ] = None,
    mixed_precision: Annotated[
        bool, typer.Option("--mixed-precision", help="Compute in half precision.")
    ] = False,
    out: Annotated[
        pathlib.Path | None,
        typer.Option(help="Directory for the run; runs/NAME by default."),
    ] = None,
    data: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="Your own file instead: .conll, .conllu, .csv or .jsonl for taggers, "
            ".csv or .jsonl (text, label) for classifiers, .txt for language models."
        ),
    ] = None,
    token_column: Annotated[
        str | None,
        typer.Option(
            help="Of that file for a tagger: name or number of the column of the "
            "tokens.",
            metavar="COLUMN",
        ),
    ] = None,
    tag_column: Annotated[
        str | None,
        typer.Option(help="That of the tags.", metavar="COLUMN"),
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(
            help="Scheme of the tags of names: BIO, IOB1, IO, BIOES, BILOU, BMES; none "
            "reads them as they are. It is recognised if left out.",
        ),
    ] = None,
    data_dir: DataDir = None,
    download: Download = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with a run that was interrupted, exactly as if it had not "
            "been; or, with a constant learning rate and more --epochs, with one that "
            "is complete.",
        ),
    ] = False,
    tensorboard: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="Write losses, metrics, learning rate and gradient norms there, for "
            "TensorBoard.",
            metavar="DIR",
        ),
    ] = None,
    no_pictures: Annotated[
        bool, typer.Option("--no-pictures", help="Draw nothing.")
    ] = False,
    no_baselines: Annotated[
        bool, typer.Option("--no-baselines", help="Leave out the simpler methods.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the result only.")
    ] = False,
):
    """Train a model on real data and judge it beside simpler methods.

    Saves the model, draws pictures, exports a SavedModel and checks it. A checkpoint is
    kept after each epoch: what was interrupted goes on with --resume.
    """
    console = _console()
    reporter: Any = jobs.Reporter() if quiet else ConsoleReporter(console)
    options = {"token_column": token_column, "tag_column": tag_column, "scheme": scheme}
    arguments = {
        "epochs": epochs,
        "cell": cell,
        "units": None if units is None else _units(units),
        "limit": limit,
        "batch_size": batch_size,
        "device": device,
        "mixed_precision": mixed_precision,
        "out": out,
        "data": data,
        "data_options": {key: one for key, one in options.items() if one is not None},
        "data_dir": data_dir,
        "download": download,
        "pictures": not no_pictures,
        "baselines": not no_baselines,
        "tensorboard": tensorboard,
        "resume": resume,
        "reporter": reporter,
    }
    try:
        if search is not None:
            if seeds is not None:
                raise ValueError(
                    "`seeds` must be left out when `search` is given. Received: "
                    f"search={search}, seeds={seeds!r}. Train the run's recipe.toml "
                    "with several seeds afterwards."
                )
            result = jobs.search(name, search, seed=seed, **arguments)
            _print_search(console, result)
        elif seeds is not None:
            if seed is not None:
                raise ValueError(
                    "`seed` must be left out when `seeds` is given. Received: "
                    f"seed={seed}, seeds={seeds!r}."
                )
            result = jobs.train_seeds(name, _integers("seeds", seeds), **arguments)
            _print_seeds(console, result)
        else:
            result = jobs.train(name, seed=seed, **arguments)
            _print_training(console, result)
    finally:
        if not quiet:
            reporter.close()


def _units(text):
    units = _integers("units", text)
    return units if len(units) > 1 else units[0]


def _print_training(console, result):
    if result.text:
        console.print()
        console.print("Written by the model", style="bold")
        console.print(shown(result.text, keep=_LINES))
    console.print()
    console.print(_figures_table("On the test data", result.model, result.baselines))
    _print_notes(console, [*result.model, *result.baselines])
    _print_origin(console, result.facts)
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


def _print_search(console, result):
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
    _print_training(console, result.run)


def _print_seeds(console, result):
    count = len(result.runs)
    rows = [
        jobs.Figure(f"{figure.name}", figure.metric, figure.value, "")
        for figure, _ in result.spread
    ]
    spread = {(figure.name, figure.metric): sd for figure, sd in result.spread}
    console.print()
    console.print(
        _figures_table(
            f"On the test data, mean ± standard deviation of {count} seeds",
            rows,
            result.runs[0].baselines,
            spread,
        )
    )
    _print_notes(console, result.runs[0].baselines)
    _print_origin(console, result.runs[0].facts)
    seconds = [run.seconds["training"] for run in result.runs]
    seconds = ", ".join(f"{one:.0f}" for one in seconds)
    console.print(
        f"Seconds of training: {seconds}. Figures: {shown(result.path)}",
        soft_wrap=True,
    )


def _print_origin(console, facts):
    for key in ("interpreter", "corpus sha256"):
        if key in facts:
            console.print(f"{key}: {shown(facts[key])}", soft_wrap=True, style="dim")


def _print_notes(console, figures):
    names = {}
    for figure in figures:
        if figure.note:
            names.setdefault(figure.note, []).append(figure.name)
    for note, those in names.items():
        those = ", ".join(dict.fromkeys(those))
        console.print(f"  {shown(those)}: {shown(note)}", style="dim", soft_wrap=True)


def _figures_table(title, model, baselines, spread=None):
    """Return one row a method, one column a metric, the best by the first on top."""
    metrics = list(dict.fromkeys(figure.metric for figure in [*model, *baselines]))
    rows = {}
    for figure in [*model, *baselines]:
        rows.setdefault(figure.name, {})[figure.metric] = figure.value
    ours = {figure.name for figure in model}
    lower_is_better = direction(metrics[0], "max") == "min"

    def order(item):
        value = item[1].get(metrics[0])
        if value is None:
            return float("inf")
        return value if lower_is_better else -value

    table = Table(title=shown(title), title_justify="left", title_style="bold")
    table.add_column("method")
    for metric in metrics:
        arrow = "lower is better" if direction(metric, "max") == "min" else ""
        heading = shown(metric.replace("_", " ")) + (f"\n({arrow})" if arrow else "")
        table.add_column(heading, justify="right")
    for name, values in sorted(rows.items(), key=order):
        cells = []
        for metric in metrics:
            value = values.get(metric)
            cell = "" if value is None else f"{value:.4f}"
            if spread and (name, metric) in spread:
                cell += f" ± {spread[name, metric]:.4f}"
            cells.append(cell)
        style = "bold green" if name in ours else None
        table.add_row(shown(name), *cells, style=style)
    return table


@app.command("list")
@_friendly
def list_models(runs: Runs = pathlib.Path("runs")):
    """List the models: what is shipped, what can be trained, and what you trained."""
    entries = jobs.list_models(runs)
    table = Table(
        caption="shipped: test figure, mean ± standard deviation over seeds; size and "
        "licence of the weights. Empty: train it first.",
        caption_justify="left",
    )
    longest = max(len(shown(entry.name)) for entry in entries)
    table.add_column("name", no_wrap=True, min_width=longest)
    table.add_column("what it does", min_width=10)
    table.add_column("shipped", no_wrap=True)
    table.add_column("your run", min_width=10)
    for entry in entries:
        table.add_row(
            shown(entry.name),
            shown(entry.recipe.title if entry.recipe else ""),
            _short_shipped(entry.shipped, "\n"),
            "broken, see below" if entry.problem else _short_figure(entry.figure),
        )
    console = _console()
    console.print(table)
    for entry in entries:
        _print_problem(console, entry)


def _print_problem(console, entry):
    if entry.problem:
        text = f" {shown(entry.problem)}"
        console.print(Text.assemble(("Broken:", "red"), text), soft_wrap=True)


def _short_shipped(metadata, separator=" "):
    if metadata is None:
        return ""
    figure = metadata["test_over_seeds"][0]
    size = jobs.cards.size(metadata) / 1000
    return separator.join(
        [
            shown(figure["metric"].replace("_", " ")),
            f"{jobs.cards.mean_and_spread(figure)};",
            f"{size:,.0f} kB, {shown(metadata['licence'])}",
        ]
    )


def _short_figure(figure):
    if figure is None:
        return "no"
    value = "not measured" if figure.value is None else f"{figure.value:.4f}"
    return f"{shown(figure.metric.replace('_', ' '))} {value}"


@app.command()
@_friendly
def show(name: Name = jobs.DEFAULT_NAME, runs: Runs = pathlib.Path("runs")):
    """Show a recipe, and the figures of its run, if there is one."""
    console = _console()
    entry: Any = jobs.show(name, runs=runs)
    name, title = shown(entry.recipe.name), shown(entry.recipe.title)
    console.print(Text.assemble((name, "bold"), f": {title}"), soft_wrap=True)
    console.print(shown(entry.path), style="dim", soft_wrap=True)
    console.print()
    console.print(shown(entry.path.read_text("utf-8").rstrip(), keep=_LINES))
    console.print()
    _print_problem(console, entry)
    if entry.shipped is not None:
        console.print(
            f"Shipped: {_short_shipped(entry.shipped)}; "
            f"data {shown(entry.shipped['data_licence'])}",
            soft_wrap=True,
        )
    if entry.run is None:
        train_it = shown(shlex.quote(entry.recipe.name))
        console.print(f"Not trained here: keras-rnn-zoo train {train_it}")
    else:
        console.print(
            f"Trained, in {shown(entry.run)}: "
            f"{_short_figure(entry.figure)} on the test data",
            soft_wrap=True,
        )


@app.command()
@_friendly
def cells(
    name: Annotated[
        str | None, typer.Argument(help="A cell, such as MGU; all of them by default.")
    ] = None,
    features: Annotated[
        int, typer.Option(help="Width of the input that is counted.")
    ] = 64,
    units: Annotated[int, typer.Option(help="Units that are counted.")] = 64,
):
    """List the cells with their papers and costs, or show one with its equations."""
    console = _console()
    found: Any = jobs.cells(name, features=features, units=units)
    if name is not None:
        console.print(shown(found, keep=_LINES), soft_wrap=True)
        return
    table = Table(title=f"Cells, of {features} features and {units} units")
    table.add_column("cell", style="bold")
    table.add_column("year", justify="right")
    table.add_column("weights", justify="right")
    table.add_column("states", justify="right")
    table.add_column("linear")
    table.add_column("also in", justify="right")
    table.add_column("what it is")
    for one in found:
        table.add_row(
            one.name,
            str(one.year or ""),
            f"{one.parameters:,}",
            str(len(one.states)),
            one.linear or "",
            str(len(one.also_in)),
            shown(one.title.partition(": ")[2].rstrip(".") or one.title),
        )
    console.print(table)
    console.print(
        f"{len(found)} cells; so many other libraries have it also. One of them: "
        "keras-rnn-zoo cells MGU"
    )


@app.command()
@_friendly
def publish(
    run: Annotated[pathlib.Path, typer.Argument(help="Directory of a finished run.")],
    seeds_json: Annotated[
        pathlib.Path | None,
        typer.Option(help="What `train --seeds` wrote: runs/NAME-seeds.json."),
    ] = None,
    out: Annotated[
        pathlib.Path | None,
        typer.Option(help="Directory to make or to replace; models/NAME by default."),
    ] = None,
    hardware: Annotated[
        str, typer.Option(help="What it was trained on, for the card.")
    ] = "",
    no_weights: Annotated[
        bool, typer.Option("--no-weights", help="Recipe, card and figures only.")
    ] = False,
):
    """Make a model directory as the package ships them, card and table included."""
    path = jobs.publish(run, seeds_json, out, hardware=hardware, weights=not no_weights)
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    _console().print(
        Text.assemble(
            f"Written{'' if no_weights else ' and loaded again'}: ",
            (shown(path), "bold"),
            f", {size / 1000:,.0f} kB",
        ),
        soft_wrap=True,
    )


@app.command()
@_friendly
def evaluate(
    name: Name = jobs.DEFAULT_NAME,
    runs: Runs = pathlib.Path("runs"),
    data_dir: DataDir = None,
    download: Download = False,
):
    """Measure a trained model on the test data again."""
    console = _console()
    result = jobs.evaluate(name, runs=runs, data_dir=data_dir, download=download)
    console.print(
        _figures_table(f"{result.directory}, test data", result.model, result.baselines)
    )
    _print_origin(console, result.facts)
    stored = {(one.name, one.metric): one.value for one in result.stored}
    pairs = [(one.value, stored.get((one.name, one.metric))) for one in result.model]
    differences = [abs(a - b) for a, b in pairs if a is not None and b is not None]
    if not result.same_data:
        other = "The corpus is another one than the model was judged on in training"
        rest = ": the baselines and the stored figures belong to that one."
        console.print(Text.assemble((other, "yellow"), rest))
    elif differences:
        console.print(
            f"Largest difference from the run's own figures: {max(differences):.1e}"
        )
    else:
        console.print("The run has no figures of these metrics to compare with.")


@app.command()
@_friendly
def predict(
    name: Name = jobs.DEFAULT_NAME,
    text: Annotated[
        str | None, typer.Argument(help="What to read; - reads standard input.")
    ] = None,
    file: Annotated[
        pathlib.Path | None,
        typer.Option("--file", "-f", help="File to read instead: text, or .npy."),
    ] = None,
    example: Annotated[
        int | None, typer.Option(help="Number of an example of the test data instead.")
    ] = None,
    scheme: Annotated[
        str,
        typer.Option(
            help="Tags of names as bio, iob1, io, bioes, bilou or bmes; own: as the "
            "file that was learnt from has them."
        ),
    ] = "bio",
    runs: Runs = pathlib.Path("runs"),
    data_dir: DataDir = None,
):
    """Let a trained model answer on a text, a file or a test example."""
    source: Any = file
    if text == "-" and file is None:
        text, source = None, sys.stdin.buffer
    result = jobs.predict(
        name,
        text,
        file=source,
        example=example,
        scheme=scheme,
        runs=runs,
        data_dir=data_dir,
    )
    _print_prediction(_console(), result)


def _print_prediction(console, result):
    task_of(result.task, result.labels).show(console, result)


@app.command()
@_friendly
def generate(
    name: Name = jobs.DEFAULT_GENERATOR,
    prompt: Annotated[str, typer.Option(help="The beginning.")] = "def ",
    steps: Annotated[int, typer.Option(help="Most characters to write.")] = 200,
    temperature: Annotated[
        float, typer.Option(help="Below 1: fewer risks; 0: none.")
    ] = 0.7,
    top_k: Annotated[
        int | None, typer.Option(help="Choose among this many characters only.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Write the same again.")] = None,
    runs: Runs = pathlib.Path("runs"),
):
    """Let a trained language model continue a text."""
    result = jobs.generate(
        name,
        prompt,
        steps=steps,
        temperature=temperature,
        top_k=top_k,
        seed=seed,
        runs=runs,
    )
    answer = Text(shown(result.prompt, keep=_LINES), "bold")
    answer.append(shown(result.text, keep=_LINES), "not bold cyan")
    if result.ended:
        answer.append("\n— the end —", "dim not bold")
    _console().print(answer, soft_wrap=True)


@app.command()
@_friendly
def export(
    name: Name = jobs.DEFAULT_NAME,
    to: Annotated[
        str, typer.Option(help="saved_model, litert or onnx.")
    ] = "saved_model",
    out: Annotated[
        pathlib.Path | None,
        typer.Option(help="Directory to write; exported/NAME-FORMAT by default."),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(help="Rows of a LiteRT file, whose shapes are fixed.")
    ] = 1,
    steps: Annotated[
        int, typer.Option(help="Time steps of a row of a LiteRT file.")
    ] = 128,
    runs: Runs = pathlib.Path("runs"),
):
    """Write a trained model for serving, and check the files by running them."""
    result = jobs.export(name, to, out, batch_size=batch_size, steps=steps, runs=runs)
    console = _console()
    console.print(
        Text.assemble(
            "Written: ",
            (shown(result.path), "bold"),
            f", {result.num_bytes / 1000:,.0f} kB: {', '.join(result.signatures)}",
        ),
        soft_wrap=True,
    )
    console.print(
        f"Loaded again and compared, largest difference: {result.max_difference:.1e}",
        soft_wrap=True,
    )


@app.command()
@_friendly
def doctor():
    """Look at this machine: versions, devices, libraries, what will be used."""
    table = Table(show_header=False, box=None)
    for finding in jobs.doctor():
        mark = Text("ok", "green") if finding.good else Text("look", "red")
        table.add_row(mark, shown(finding.what), shown(finding.found))
    _console().print(table)


kernels = typer.Typer(no_args_is_help=True)
app.add_typer(
    kernels, name="native", help="The C++ kernels for the CPU: compile, look, remove."
)


@kernels.command("build")
@_friendly
def native_build(
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    force: Annotated[
        bool, typer.Option("--force", help="Compile even if they are there.")
    ] = False,
):
    """Compile them now, and not at their first use."""
    status = jobs.native_build(dtype, force=force)
    _console().print(f"Ready: {shown(status.path)}", soft_wrap=True)


@kernels.command("status")
@_friendly
def native_status():
    """Say where they are, or why there are none."""
    found = jobs.native_status()
    some = found["float32"]
    compiler = f"{some.compiler}: {some.version}" if some.compiler else "none found"
    lines: dict[str, Any] = {"compiler": compiler, "cache": some.cache_dir}
    for dtype, status in found.items():
        lines[dtype] = status.path if status.available else f"none: {status.reason}"
    for what, text in lines.items():
        _console().print(f"{what:<9} {shown(text, keep=_LINES)}", soft_wrap=True)


@kernels.command("clean")
@_friendly
def native_clean():
    """Remove all that were compiled; the next use compiles again."""
    removed = jobs.native_clean()
    _console().print(
        f"Removed {removed} compiled librar{'y' if removed == 1 else 'ies'}."
    )


def main():
    """Run the command line."""
    interrupts.watch()
    # Before TensorFlow is imported, or it is too late.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stream: Any
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not every terminal has every letter
            stream.reconfigure(errors="backslashreplace")
    try:
        interrupts.begin()
        app(prog_name=app.info.name)
    except (KeyboardInterrupt, SystemExit):
        if not interrupts.is_noted():
            raise
        # Before or after a command; while it was read, Typer ends without a word.
        interrupts.honoured()
        _say_error(("Stopped.", "red"))
        sys.exit(130)
    finally:
        interrupts.end()


if __name__ == "__main__":  # as it was started before there was `__main__.py`
    main()
