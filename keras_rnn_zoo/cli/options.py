"""Options and arguments that several commands have."""

import pathlib
from typing import Annotated

import typer

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
