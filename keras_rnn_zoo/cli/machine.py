"""`doctor` and `native`: what this machine has, and the kernels compiled on it."""

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from keras_rnn_zoo import jobs
from keras_rnn_zoo.cli import printing
from keras_rnn_zoo.terminal import shown


def doctor():
    """Look at this machine: versions, devices, libraries, what will be used."""
    table = Table(show_header=False, box=None)
    for finding in jobs.doctor():
        mark = Text("ok", "green") if finding.good else Text("look", "red")
        table.add_row(mark, shown(finding.what), shown(finding.found))
    printing.console().print(table)


def native_build(
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    force: Annotated[
        bool, typer.Option("--force", help="Compile even if they are there.")
    ] = False,
):
    """Compile them now, and not at their first use."""
    status = jobs.native_build(dtype, force=force)
    printing.console().print(f"Ready: {shown(status.path)}", soft_wrap=True)


def native_status():
    """Say where they are, or why there are none."""
    found = jobs.native_status()
    some = found["float32"]
    compiler = f"{some.compiler}: {some.version}" if some.compiler else "none found"
    lines: dict[str, Any] = {"compiler": compiler, "cache": some.cache_dir}
    for dtype, status in found.items():
        lines[dtype] = status.path if status.available else f"none: {status.reason}"
    for what, text in lines.items():
        printing.console().print(
            f"{what:<9} {shown(text, keep=printing.LINES)}", soft_wrap=True
        )


def native_clean():
    """Remove all that were compiled; the next use compiles again."""
    removed = jobs.native_clean()
    printing.console().print(
        f"Removed {removed} compiled librar{'y' if removed == 1 else 'ies'}."
    )
