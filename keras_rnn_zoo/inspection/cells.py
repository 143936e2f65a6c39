"""What the zoo's cells are: read from their declarations and their docstrings."""

import dataclasses
import inspect
import re
from typing import Any

import keras

from keras_rnn_zoo.inspection.libraries import also_in
from keras_rnn_zoo.inspection.parameters import parameter_table
from keras_rnn_zoo.layers.core.arguments import CELL_ARGUMENTS
from keras_rnn_zoo.layers.core.registry import recurrent_layers


@dataclasses.dataclass(frozen=True)
class CellEntry:
    """One cell of the `catalogue`; as text it is a page.

    Attributes:
        name: of the layer; the cell's has `Cell` behind it.
        title: first line of the cell's docstring.
        paper: its reference, and what differs from it.
        year: int, of the paper; None if the reference has none.
        equations: str, as in the cell's docstring.
        states: tuple of `(name, shape)` of a row.
        parameters: number of weights for the features and units asked for.
        multiply_adds: at one step, as `parameter_table` counts them: those of kernels
            that are learned. A matrix memory costs units² of its own beyond it.
        options: names of arguments that are this cell's own.
        without: names of common arguments that it has no use for.
        linear: as declared: "diagonal", "full" or None.
        also_in: dict from the names of other libraries that have it to how theirs is
            known to differ, or "".
    """

    name: str
    title: str
    paper: str
    year: int | None
    equations: str
    states: tuple
    parameters: int
    multiply_adds: int
    options: tuple
    without: tuple
    linear: str | None
    also_in: dict

    def __str__(self):
        states = ", ".join(f"{name} {shape}" for name, shape in self.states)
        lines = [
            f"{self.name}: {self.title}",
            *("", self.equations, "", self.paper, ""),
            f"states: {states}",
            f"parameters: {self.parameters:,}; multiply-adds: {self.multiply_adds:,}",
            f"options of its own: {', '.join(self.options) or 'none'}",
            f"does not take: {', '.join(self.without) or 'nothing'}",
            f"linear in its states: {self.linear or 'no'}",
            f"also in: {_libraries(self.also_in)}",
        ]
        return "\n".join(lines)


def catalogue(name: str | None = None, features: int = 64, units: int = 64) -> Any:
    """What the zoo has: one `CellEntry` for each layer with a cell of its own.

    Args:
        name: str, one layer's name; None: all of them.
        features: int. Width of the input that is counted.
        units: int. Width of the layer that is counted.

    Returns:
        A tuple of `CellEntry` in the order of names; of one name, its `CellEntry`.

    Raises:
        ValueError: if there is no layer of that name.

    Example:
    >>> catalogue("MGU", features=3, units=4).parameters
    64
    """
    known = {
        name: layer
        for name, layer in recurrent_layers().items()
        if layer.__module__.startswith("keras_rnn_zoo.layers.cells.")
    }
    if name is None:
        return tuple(_entry(one, features, units) for one in known.values())
    if name not in known:
        raise ValueError(
            f"`name` must be one of {', '.join(known)}. Received: name={name!r}."
        )
    return _entry(known[name], features, units)


def _libraries(also_in):
    names = [f"{name} ({how})" if how else name for name, how in also_in.items()]
    return ", ".join(names) or "no other library that is known here"


def _entry(layer, features, units):
    cell = layer.cell_class
    doc = inspect.getdoc(cell) or ""
    found: Any = re.search(r"^Reference: (.+?)\n\n", doc, re.S | re.M)
    paper = " ".join(found.group(1).split())
    year = re.search(r"\b(19|20)\d\d\b", paper)
    found = re.search(r"\n\n((?:    .*\n|\n)+)", doc)
    equations = found.group(1).strip("\n")
    made = layer(units)
    inputs = keras.Input((None, features))
    table = parameter_table(keras.Model(inputs, made(inputs)))
    return CellEntry(
        name=layer.__name__,
        title=doc.splitlines()[0],
        paper=paper,
        year=int(year.group()) if year else None,
        equations=equations,
        states=tuple(zip(cell.state_names, made.cell.state_shapes, strict=True)),
        parameters=table.parameters,
        multiply_adds=table.multiply_adds,
        options=tuple(a for a in cell.arguments if a not in CELL_ARGUMENTS),
        without=tuple(cell.without_arguments),
        linear=cell.linear,
        also_in=also_in(layer.__name__),
    )
