"""`publish` and `export`: a trained model written for others."""

import pathlib
from typing import Annotated

import typer
from rich.text import Text

from keras_rnn_zoo import jobs
from keras_rnn_zoo.cli import printing
from keras_rnn_zoo.cli.options import Name, Runs
from keras_rnn_zoo.terminal import shown


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
    printing.console().print(
        Text.assemble(
            f"Written{'' if no_weights else ' and loaded again'}: ",
            (shown(path), "bold"),
            f", {size / 1000:,.0f} kB",
        ),
        soft_wrap=True,
    )


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
        int | None,
        typer.Option(help="Rows of a LiteRT file, whose shapes are fixed; 1."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Time steps of a row of a LiteRT file; 128.")
    ] = None,
    runs: Runs = pathlib.Path("runs"),
):
    """Write a trained model for serving, and check the files by running them."""
    result = jobs.export(name, to, out, batch_size=batch_size, steps=steps, runs=runs)
    console = printing.console()
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
