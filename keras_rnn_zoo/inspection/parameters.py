"""What a model is made of and what it costs."""

import dataclasses
import math
from typing import Any

import keras
import numpy as np

from keras_rnn_zoo.inspection import plotting
from keras_rnn_zoo.layers.core.parts import parts_of


@dataclasses.dataclass(frozen=True)
class Row:
    """One layer of a `ParameterTable`.

    Attributes:
        layer: name; inside of `Bidirectional` its name and the direction.
        kind: class of the cell, or of the layer.
        weights: tuple of `(name, shape)`.
        parameters: number of weights.
        multiply_adds: products of weights, each time the layer is applied to a step.
        against_lstm: multiply-adds divided by those of an LSTM that reads the same and
            is as wide; None of layers that are not recurrent.
    """

    layer: str
    kind: str
    weights: tuple
    parameters: int
    multiply_adds: int
    against_lstm: float | None


@dataclasses.dataclass(frozen=True)
class ParameterTable:
    """What `parameter_table` counted; as text it is a table.

    Attributes:
        rows: tuple of `Row`.
    """

    rows: tuple

    @property
    def parameters(self) -> int:
        """Of all layers."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Of all layers, each applied to one step."""
        return sum(row.multiply_adds for row in self.rows)

    def __str__(self):
        lines = [("layer", "kind", "weights", "parameters", "multiply-adds", "of LSTM")]
        for row in self.rows:
            weights = ", ".join(f"{name} {shape}" for name, shape in row.weights)
            share = "" if row.against_lstm is None else f"{row.against_lstm:.2f}"
            numbers = (f"{row.parameters:,}", f"{row.multiply_adds:,}", share)
            lines.append((row.layer, row.kind, weights, *numbers))
        total = (f"{self.parameters:,}", f"{self.multiply_adds:,}", "")
        lines.append(("all", "", "", *total))
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(
                text.ljust(width) if k < 3 else text.rjust(width)
                for k, (text, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        )

    def plot(self, ax: Any = None) -> Any:
        """Draws the multiply-adds of each layer as bars; returns the axes."""
        ax = plotting.axes(ax, 6.0, 0.4 * len(self.rows) + 1.0)
        places = np.arange(len(self.rows))[::-1]
        ax.barh(
            places, [r.multiply_adds for r in self.rows], color=plotting.colour_of(1)
        )
        ax.set_yticks(places, [f"{row.layer} ({row.kind})" for row in self.rows])
        ax.set_xlabel("multiply-adds a step")
        return ax


def parameter_table(model: Any) -> ParameterTable:
    """Weights, their shapes, and multiply-adds of every layer that has weights.

    Multiply-adds are those of kernels: one for each of their elements. Biases, gates
    and normalisation are left out, and an embedding is looked up, not multiplied.

    Args:
        model: built `keras.Model`, or a layer.

    Returns:
        `ParameterTable`.

    Raises:
        ValueError: if `model` has no weights yet.

    Example:
    >>> layer = GRU(8)
    >>> layer.build((None, None, 4))
    >>> [row] = parameter_table(layer).rows
    >>> row.multiply_adds, row.against_lstm
    (288, 0.75)
    """
    rows, seen = [], set()
    for name, part in _named_parts(model):
        weights = [w for w in part.weights if id(w) not in seen and _is_weight(w)]
        seen.update(id(w) for w in weights)
        if weights:
            rows.append(_row(name, part, weights))
    if not rows:
        raise ValueError(
            "`model` must be built, with weights. Received: "
            f"{type(model).__name__} {getattr(model, 'name', '')!r} without weights."
        )
    return ParameterTable(tuple(rows))


def _named_parts(model):
    """Leaves first by name; at last the model, for weights of its own."""
    for part in parts_of(model):
        if isinstance(part, keras.layers.Bidirectional):
            yield f"{part.name}.forward", part.forward_layer
            yield f"{part.name}.backward", part.backward_layer
        elif part is not model and not getattr(part, "layers", []):
            yield part.name, part
    yield model.name, model


def _is_weight(variable):
    return "seed_generator" not in variable.path


def _row(name, part, weights):
    cell: Any = getattr(part, "cell", None)
    sizes = [math.prod(w.shape) for w in weights]
    products = sum(
        size for w, size in zip(weights, sizes, strict=True) if "kernel" in w.name
    )
    share = None
    if hasattr(cell, "units") and hasattr(cell, "kernel"):
        features = cell.kernel.shape[0]
        share = products / (4 * cell.units * (features + cell.units))
    return Row(
        layer=name,
        kind=type(cell or part).__name__,
        weights=tuple((w.name, tuple(w.shape)) for w in weights),
        parameters=sum(sizes),
        multiply_adds=products,
        against_lstm=share,
    )
