"""`cells`: the cells with their papers and costs, or one of them."""

from typing import Annotated, Any

import typer
from rich.table import Table

from keras_rnn_zoo import jobs
from keras_rnn_zoo.cli import printing
from keras_rnn_zoo.terminal import shown


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
    console = printing.console()
    found: Any = jobs.cells(name, features=features, units=units)
    if name is not None:
        console.print(shown(found, keep=printing.LINES), soft_wrap=True)
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
