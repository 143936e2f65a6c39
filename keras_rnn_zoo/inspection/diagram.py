"""A model's topology, unrolled in time: a graph, and a drawing of it."""

import dataclasses
from typing import Any

import keras

from keras_rnn_zoo.inspection import plotting
from keras_rnn_zoo.inspection.stepping import parts_over_time
from keras_rnn_zoo.layers import JordanRNN
from keras_rnn_zoo.layers.core.arguments import positive_integer
from keras_rnn_zoo.layers.core.parts import parts_of

_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_COLOURS = {"input": "#8a8a8a", "hidden": "#0072b2", "output": "#009e73"}


@dataclasses.dataclass(frozen=True)
class Node:
    """A circle of the drawing.

    Attributes:
        name: such as "h1_3": row and step.
        label: what is written into it.
        kind: "input", "hidden" or "output".
        step: 1, 2, …
        row: height in the drawing, from 0.
    """

    name: str
    label: str
    kind: str
    step: int
    row: int


@dataclasses.dataclass(frozen=True)
class Unrolled:
    """What `unrolled` found.

    Attributes:
        steps: int.
        nodes: tuple of `Node`.
        edges: tuple of `(from, to, through_time)`: names of nodes, and whether the
            arrow leads from one step to another.
        title: of the drawing.
    """

    steps: int
    nodes: tuple
    edges: tuple
    title: str

    def plot(self, ax=None):
        """Draws inputs below, outputs above, time from left to right; returns axes."""
        rows = 1 + max(node.row for node in self.nodes)
        ax = plotting.axes(ax, 1.1 * self.steps + 1.6, 0.95 * rows + 0.7)
        places = {node.name: (node.step, node.row) for node in self.nodes}
        for start, end, through_time in self.edges:
            ax.annotate(
                "",
                xy=places[end],
                xytext=places[start],
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": "#d55e00" if through_time else "#1a1a1a",
                    "linewidth": 1.3,
                    "shrinkA": 13,
                    "shrinkB": 13,
                    # Around the nodes of the rows between.
                    "connectionstyle": f"arc3,rad={self._bend(start, end)}",
                },
            )
        for node in self.nodes:
            ax.plot(
                node.step,
                node.row,
                "o",
                markersize=24,
                color="white",
                markeredgecolor=_COLOURS[node.kind],
                markeredgewidth=1.6,
            )
            ax.text(node.step, node.row, node.label, ha="center", va="center")
        for kind, colour in (("the same step", "#1a1a1a"), ("through time", "#d55e00")):
            ax.plot([], [], color=colour, label=kind)
        ax.legend(
            fontsize=8,
            frameon=False,
            ncols=2,
            loc="upper center",
            bbox_to_anchor=(0.5, 0),
        )
        ax.set_xlim(0.4, self.steps + 0.6)
        ax.set_ylim(-0.5, rows - 0.5)
        ax.set_title(self.title, fontsize=10)
        ax.set_axis_off()
        return ax

    def _bend(self, start, end):
        rows = {node.name: node.row for node in self.nodes}
        same_step = start.split("_")[-1] == end.split("_")[-1]
        return 0.35 if same_step and abs(rows[start] - rows[end]) > 1 else 0.0


def unrolled(model: Any, steps: int = 4) -> Unrolled:
    """The topology of a model over some time steps: which value depends on which.

    Reads: stacks of recurrent layers of any cell, in one direction or two, with an
    output at every step or at the last one, and output recurrence. Layers after the
    last recurrent one are drawn as one output. Of a cell with several states, h stands
    for all.

    Args:
        model: `ManyToMany`, `ManyToOne`, `OutputRecurrence`, or a `keras.Model` of
            layers one upon the other.
        steps: int. Steps to draw.

    Returns:
        `Unrolled`.

    Raises:
        TypeError: if `steps` is not an integer.
        ValueError: if `steps` is not positive, or the model has no recurrent layer.

    Example:
    >>> graph = unrolled(ManyToOne(2, units=3, num_features=1), steps=2)
    >>> graph.edges
    (('x_1', 'h1_1', False), ('x_2', 'h1_2', False), ('h1_1', 'h1_2', True), \
('h1_2', 'y_2', False))
    """
    steps = positive_integer("steps", steps)
    jordan = [part for part in parts_of(model) if isinstance(part, JordanRNN)]
    if jordan:
        return _output_recurrence(model, len(jordan[0].units), steps)
    layers = _stack(model)
    if not layers:
        raise ValueError(
            "`model` must have a recurrent layer to be unrolled. Received: "
            f"{type(model).__name__} {getattr(model, 'name', '')!r} without one."
        )
    graph = _Graph(steps)
    below = [graph.row("x", "x", "input")]
    for k, layer in enumerate(layers, start=1):
        level = str(k) if len(layers) > 1 else ""
        ways = _directions(layer)
        rows = [
            graph.row(f"h{k}" if forward else f"g{k}", label + level, "hidden")
            for forward, label in ways
        ]
        for row in rows:
            for lower in below:
                graph.up(lower, row)
        for row, (forward, _) in zip(rows, ways, strict=True):
            graph.through_time(row, row, forward)
        below = rows
    every_step = layers[-1].return_sequences
    if every_step and len(getattr(model, "output_shape", (0, 0, 0))) == 3:
        output = graph.row("y", "ŷ", "output")
        for lower in below:
            graph.up(lower, output)
    else:
        output = graph.row("y", "ŷ", "output", only=steps, show_step=False)
        for lower, (forward, _) in zip(below, ways, strict=True):
            ends = [steps if forward else 1]
            for t in graph.times if every_step else ends:
                graph.edges.append((f"{lower}_{t}", f"{output}_{steps}", t != steps))
    return graph.finished(_title(model, len(layers)))


class _Graph:
    """Rows of nodes, from below."""

    def __init__(self, steps):
        self.times, self.nodes, self.edges, self.rows = range(1, steps + 1), [], [], 0

    def row(self, name, symbol, kind, only=None, show_step=True):
        for t in self.times if only is None else [only]:
            label = f"{symbol}{str(t).translate(_SUBSCRIPT)}" if show_step else symbol
            self.nodes.append(Node(f"{name}_{t}", label, kind, t, self.rows))
        self.rows += 1
        return name

    def up(self, lower, upper):
        self.edges += [(f"{lower}_{t}", f"{upper}_{t}", False) for t in self.times]

    def through_time(self, start, end, forward=True):
        for t in self.times[1:]:
            first, second = (t - 1, t) if forward else (t, t - 1)
            self.edges.append((f"{start}_{first}", f"{end}_{second}", True))

    def finished(self, title):
        return Unrolled(len(self.times), tuple(self.nodes), tuple(self.edges), title)


def _stack(model):
    """The recurrent layers, a `Bidirectional` as one."""
    found, inside = [], set()
    for part in parts_over_time(model):
        if isinstance(part, keras.layers.Bidirectional):
            found.append(part)
            inside |= {id(part.forward_layer), id(part.backward_layer)}
        elif isinstance(part, keras.layers.RNN) and id(part) not in inside:
            found.append(part)
    return found


def _directions(layer):
    """Pairs of whether forward in time, and symbol, for each row of a layer."""
    if not isinstance(layer, keras.layers.Bidirectional):
        return [(not layer.go_backwards, "h")]
    return [(True, "h"), (False, "g")]


def _output_recurrence(model, depth, steps):
    graph = _Graph(steps)
    below = graph.row("x", "x", "input")
    for k in range(1, depth + 1):
        hidden = graph.row(f"h{k}", "h" + (str(k) if depth > 1 else ""), "hidden")
        graph.up(below, hidden)
        below = hidden
    output = graph.row("y", "ŷ", "output")
    graph.up(below, output)
    graph.through_time(output, "h1")
    return graph.finished(_title(model, 1))


def _title(model, layers):
    return type(model).__name__ + (f", {layers} layers" if layers > 1 else "")
