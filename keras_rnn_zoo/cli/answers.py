"""`evaluate`, `predict` and `generate`: a trained model at work."""

import pathlib
import sys
from typing import Annotated, Any

import typer
from rich.text import Text

from keras_rnn_zoo import jobs
from keras_rnn_zoo.cli import printing, tables
from keras_rnn_zoo.cli.options import DataDir, Download, Name, Runs
from keras_rnn_zoo.tasks import task_of
from keras_rnn_zoo.terminal import shown


def evaluate(
    name: Name = jobs.DEFAULT_NAME,
    runs: Runs = pathlib.Path("runs"),
    data_dir: DataDir = None,
    download: Download = False,
):
    """Measure a trained model on the test data again."""
    console = printing.console()
    result = jobs.evaluate(name, runs=runs, data_dir=data_dir, download=download)
    console.print(
        tables.of_figures(
            f"{result.directory}, test data", result.model, result.baselines
        )
    )
    tables.print_origin(console, result.facts)
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
    print_prediction(printing.console(), result)


def print_prediction(console, result):
    """Print the text, and what the model says of it, as its task shows it."""
    task_of(result.task, result.labels).show(console, result)


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
    answer = Text(shown(result.prompt, keep=printing.LINES), "bold")
    answer.append(shown(result.text, keep=printing.LINES), "not bold cyan")
    if result.ended:
        answer.append("\n— the end —", "dim not bold")
    printing.console().print(answer, soft_wrap=True)
