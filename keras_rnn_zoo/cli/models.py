"""`list` and `show`: the models there are, and one of them."""

import pathlib
import shlex
from typing import Any

from rich.table import Table
from rich.text import Text

from keras_rnn_zoo import jobs
from keras_rnn_zoo.cli import printing
from keras_rnn_zoo.cli.options import Name, Runs
from keras_rnn_zoo.terminal import shown


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
    console = printing.console()
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


def show(name: Name = jobs.DEFAULT_NAME, runs: Runs = pathlib.Path("runs")):
    """Show a recipe, and the figures of its run, if there is one."""
    console = printing.console()
    entry: Any = jobs.show(name, runs=runs)
    name, title = shown(entry.recipe.name), shown(entry.recipe.title)
    console.print(Text.assemble((name, "bold"), f": {title}"), soft_wrap=True)
    console.print(shown(entry.path), style="dim", soft_wrap=True)
    console.print()
    console.print(shown(entry.path.read_text("utf-8").rstrip(), keep=printing.LINES))
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
