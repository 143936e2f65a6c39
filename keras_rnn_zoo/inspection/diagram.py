"""A model's topology, unrolled in time: a graph, and a drawing of it."""

import dataclasses
from typing import Any

import keras

from keras_rnn_zoo.inspection import plotting
from keras_rnn_zoo.inspection.stepping import parts_over_time
from keras_rnn_zoo.layers.core.arguments import positive_integer
from keras_rnn_zoo.layers.core.head import Head, feeds_back
from keras_rnn_zoo.layers.core.parts import parts_of

_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_COLOURS = {
    "input": "#8a8a8a",
    "hidden": "#0072b2",
    "output": "#009e73",
    "loss": "#a05a9c",
    "truth": "#8a8a8a",
}
_INK, _OVER_TIME = "#1a1a1a", "#d55e00"


@dataclasses.dataclass(frozen=True)
class Node:
    """A circle of the drawing.

    Attributes:
        name: such as "h1_3": row and step.
        label: what is written into it.
        kind: "input", "hidden", "output", "loss" or "truth".
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
        labels: dict from `(from, to)` to the weight on the arrow.
        undirected: frozenset of `(from, to)` that are lines without a head.
        folded: tuple of `(row, symbol, loop)`, from below: the graph with all steps in
            one, `loop` the weight on the arrow from a row to itself, or to the row
            named after a colon; empty where it is not drawn.
    """

    steps: int
    nodes: tuple
    edges: tuple
    title: str
    labels: dict = dataclasses.field(default_factory=dict)
    undirected: frozenset = frozenset()
    folded: tuple = ()

    def plot(self, ax: Any = None) -> Any:
        """Draws inputs below, outputs above, time from left to right; returns axes."""
        rows = 1 + max(node.row for node in self.nodes)
        left = 2.0 if self.folded else 0.0
        ax = plotting.axes(ax, 1.1 * (self.steps + left) + 1.6, 0.95 * rows + 0.7)
        places = {node.name: (node.step, node.row) for node in self.nodes}
        for start, end, through_time in self.edges:
            colour = _OVER_TIME if through_time else _INK
            head = (start, end) not in self.undirected
            # Around the nodes of the rows between.
            bend = self._bend(start, end)
            _arrow(ax, places[start], places[end], colour, bend, head)
            if label := self.labels.get((start, end)):
                _write(ax, places[start], places[end], label, colour, bend)
        for node in self.nodes:
            _circle(ax, (node.step, node.row), node.label, node.kind)
        if self.folded:
            self._plot_folded(ax, 1 - left)
        for kind, colour in (("the same step", _INK), ("through time", _OVER_TIME)):
            ax.plot([], [], color=colour, label=kind)
        ax.legend(
            fontsize=8,
            frameon=False,
            ncols=2,
            loc="upper center",
            bbox_to_anchor=(0.5, 0),
        )
        ax.set_xlim(0.4 - left, self.steps + 0.6)
        ax.set_ylim(-0.5, rows - 0.5)
        ax.set_title(self.title, fontsize=10)
        ax.set_axis_off()
        return ax

    def _plot_folded(self, ax, x):
        """All steps in one, on the left, with its loop."""
        heights = {row: k for k, (row, *_) in enumerate(self.folded)}
        kinds = {node.row: node.kind for node in self.nodes}
        for (start, end), label in self._once().items():
            ends = (x, heights[start]), (x, heights[end])
            bend = 0.35 if abs(heights[start] - heights[end]) > 1 else 0.0
            _arrow(ax, *ends, _INK, bend)
            if label:
                _write(ax, *ends, label, _INK, bend)
        for k, (_, symbol, loop) in enumerate(self.folded):
            if loop:
                word, _, target = loop.partition(":")
                other = heights.get(target, k)
                if other == k:  # from the circle's left side to itself
                    ends = (x - 0.11, k + 0.12), (x - 0.11, k - 0.12)
                    _arrow(ax, *ends, _OVER_TIME, 3.0, gap=0)
                else:
                    _arrow(ax, (x - 0.1, k), (x - 0.1, other), _OVER_TIME, 0.5)
                ax.text(
                    *(x - 0.6, (k + other) / 2, word),
                    color=_OVER_TIME,
                    ha="center",
                    va="center",
                )
            _circle(ax, (x, k), symbol, kinds[k])
        ax.text(x + 0.85, (len(heights) - 1) / 2, "=", fontsize=16, ha="center")

    def _once(self):
        """Dict from pairs of rows to the weight between them, of one step."""
        row = {node.name: node.name.rpartition("_")[0] for node in self.nodes}
        return {
            (row[start], row[end]): self.labels.get((start, end), "")
            for start, end, through_time in self.edges
            if not through_time
        }

    def _bend(self, start, end):
        rows = {node.name: node.row for node in self.nodes}
        steps = {node.name: node.step for node in self.nodes}
        if steps[start] == steps[end]:
            return 0.35 if abs(rows[start] - rows[end]) > 1 else 0.0
        far = rows[start] == rows[end] and abs(steps[start] - steps[end]) > 1
        return -0.35 if far else 0.0


def _arrow(ax, start, end, colour, bend=0.0, head=True, gap=13):
    ax.annotate(
        "",
        xy=end,
        xytext=start,
        arrowprops={
            "arrowstyle": "-|>" if head else "-",
            "color": colour,
            "linewidth": 1.3,
            "shrinkA": gap,
            "shrinkB": gap,
            "connectionstyle": f"arc3,rad={bend}",
        },
    )


def _write(ax, start, end, label, colour, bend=0.0):
    """A weight beside the middle of its arrow."""
    (a, b), (c, d) = start, end
    upright = a == c
    part = 0.22 if bend else 0.5  # a bent one passes other arrows in its middle
    ax.text(
        (a + c) / 2 + (0.06 + bend * abs(d - b) * 0.34 if upright else 0.0),
        b + (d - b) * part + (0.0 if upright else 0.06),
        label,
        color=colour,
        fontsize=9,
        ha="left" if upright else "center",
        va="center" if upright else "bottom",
    )


def _circle(ax, place, label, kind):
    colour = _COLOURS[kind]
    ax.plot(
        *place,
        "o",
        markersize=24,
        color="white",
        markeredgecolor=colour,
        markeredgewidth=1.6,
    )
    ax.text(*place, label, ha="center", va="center")


def unrolled(model: Any, steps: int = 4, details: bool = False) -> Unrolled:
    """The topology of a model over some time steps: which value depends on which.

    Reads: stacks of recurrent layers of any cell, in one direction or two, with an
    output at every step or at the last one, and output recurrence. Layers after the
    last recurrent one are drawn as one output. Of a cell with several states, h stands
    for all. With a CRF the outputs of neighbouring steps are joined, without direction.
    Of an `HMM` the hidden states z and what they show, x; of a `Markov` the tokens.

    Args:
        model: `ManyToMany`, `ManyToOne`, `OutputRecurrence`, `HMM`, `Markov`, or a
            `keras.Model` of layers one upon the other.
        steps: int. Steps to draw.
        details: bool. Whether the logits o, the losses L and the truth y are drawn too,
            the weights W, U and V on the arrows, and the folded graph beside it.

    Returns:
        `Unrolled`.

    Raises:
        TypeError: if `steps` is not an integer.
        ValueError: if `steps` is not positive, the model has no recurrent layer, or
            `details` are asked of an `HMM` or a `Markov`.

    Example:
    >>> graph = unrolled(ManyToOne(2, units=3, num_features=1), steps=2)
    >>> graph.edges
    (('x_1', 'h1_1', False), ('x_2', 'h1_2', False), ('h1_1', 'h1_2', True), \
('h1_2', 'y_2', False))
    """
    steps = positive_integer("steps", steps)
    if (chain := getattr(model, "chain", None)) is not None:
        if details:
            raise ValueError(
                "`details` must be False for a model without a network. "
                f"Received: details={details!r}, model={type(model).__name__}."
            )
        return _chain(chain, steps)
    looped: list[Any] = [part for part in parts_of(model) if feeds_back(part)]
    if looped:
        return _output_recurrence(model, len(looped[0].units), steps, details)
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
            prime = "" if row[0] == "h" else "′"
            for lower in below:
                graph.up(lower, row, f"W{level}{prime}")
        for row, (forward, _) in zip(rows, ways, strict=True):
            prime = "" if forward else "′"
            graph.through_time(row, row, forward, f"U{level}{prime}")
        below = rows
    every_step = layers[-1].return_sequences
    symbol = "o" if details else "ŷ"
    chained = any(
        isinstance(part, Head) and part.joins_steps for part in parts_of(model)
    )
    if chained or every_step and len(getattr(model, "output_shape", (0, 0, 0))) == 3:
        output = graph.row("y", "y" if chained else symbol, "output")
        for lower in below:
            graph.up(lower, output, "V")
        if chained:
            graph.joined(output, "A")
    else:
        output = graph.row("y", symbol, "output", only=steps, show_step=False)
        for lower, (forward, _) in zip(below, ways, strict=True):
            ends = [steps if forward else 1]
            for t in graph.times if every_step else ends:
                graph.edges.append((f"{lower}_{t}", f"{output}_{steps}", t != steps))
                graph.labels[graph.edges[-1][:2]] = "V"
    return graph.finished(_title(model, len(layers)), details and not chained)


class _Graph:
    """Rows of nodes, from below."""

    def __init__(self, steps):
        self.times, self.nodes, self.edges, self.rows = range(1, steps + 1), [], [], 0
        self.labels, self.undirected, self.loops, self.symbols = {}, set(), {}, {}

    def row(self, name, symbol, kind, only=None, show_step=True):
        for t in self.times if only is None else [only]:
            label = f"{symbol}{str(t).translate(_SUBSCRIPT)}" if show_step else symbol
            self.nodes.append(Node(f"{name}_{t}", label, kind, t, self.rows))
        self.rows += 1
        self.symbols[name] = symbol
        return name

    def up(self, lower, upper, label=""):
        for t in self.times:
            self.edges.append((f"{lower}_{t}", f"{upper}_{t}", False))
            self.labels[self.edges[-1][:2]] = label

    def through_time(self, start, end, forward=True, label="", back=1):
        for t in self.times[back:]:
            first, second = (t - back, t) if forward else (t, t - back)
            self.edges.append((f"{start}_{first}", f"{end}_{second}", True))
            self.labels[self.edges[-1][:2]] = label
        self.loops[start] = label + (f":{end}" if end != start else "")

    def joined(self, row, label):
        """Lines between neighbouring steps that point nowhere."""
        for t in self.times[1:]:
            self.edges.append((f"{row}_{t - 1}", f"{row}_{t}", True))
            self.labels[self.edges[-1][:2]] = label
            self.undirected.add(self.edges[-1][:2])

    def finished(self, title, details=False):
        """The graph; with details, loss and truth above the output, and all weights."""
        if details:
            steps = [n.step for n in self.nodes if n.row == self.rows - 1]
            single = len(steps) == 1
            for name, symbol, kind in (("L", "L", "loss"), ("t", "y", "truth")):
                only = steps[0] if single else None
                self.row(name, symbol, kind, only=only, show_step=not single)
            for t in steps:
                self.edges += [(f"y_{t}", f"L_{t}", False), (f"t_{t}", f"L_{t}", False)]
        folded = tuple((r, s, self.loops.get(r, "")) for r, s in self.symbols.items())
        return Unrolled(
            steps=len(self.times),
            nodes=tuple(self.nodes),
            edges=tuple(self.edges),
            title=title,
            labels={k: v for k, v in self.labels.items() if v} if details else {},
            undirected=frozenset(self.undirected),
            folded=folded if details else (),
        )


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


def _chain(chain, steps):
    graph = _Graph(steps)
    linked = graph.row("x", "x", "input")
    if chain.hidden is not None:
        shown, linked = linked, graph.row(chain.hidden, chain.hidden, "hidden")
        graph.up(linked, shown)
    for back in range(1, min(chain.order, steps - 1) + 1):
        graph.through_time(linked, linked, back=back)
    return graph.finished(chain.title)


def _output_recurrence(model, depth, steps, details):
    graph = _Graph(steps)
    below = graph.row("x", "x", "input")
    for k in range(1, depth + 1):
        hidden = graph.row(f"h{k}", "h" + (str(k) if depth > 1 else ""), "hidden")
        graph.up(below, hidden, "W" + (str(k) if depth > 1 else ""))
        below = hidden
    output = graph.row("y", "o" if details else "ŷ", "output")
    graph.up(below, output, "V")
    graph.through_time(output, "h1", label="U")
    return graph.finished(_title(model, 1), details)


def _title(model, layers):
    return type(model).__name__ + (f", {layers} layers" if layers > 1 else "")
