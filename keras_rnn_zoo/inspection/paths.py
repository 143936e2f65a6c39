"""The ways of a gradient back through a cell, counted and listed."""

import collections
import dataclasses
import functools
import re
from typing import Any

from keras_rnn_zoo.inspection import plotting
from keras_rnn_zoo.inspection.cell_drawing import built
from keras_rnn_zoo.inspection.cell_graph import flow_of
from keras_rnn_zoo.layers.core.arguments import positive_integer

_MOST = 100_000


@dataclasses.dataclass(frozen=True)
class GradientPaths:
    """What `gradient_paths` found.

    Attributes:
        steps: int.
        counts: dict from each kernel, as in the drawing (`W_f`, `U_f`, …), to the
            number of paths that lead to it from the output at the last step.
        weight: the kernel to which `paths` lead.
        paths: tuple of tuples of str: the values on each path, from the output on, as
            `("h_3", "c_3", "f_3", "W_f")`. States have their names, sums of products
            those of their blocks, with a tilde (`c̃_3`) where a state has that name;
            what lies between has none.
        products: tuple of int: how many products with a recurrent kernel each path
            leads through. A path without one is multiplied by no matrix.
    """

    steps: int
    counts: dict
    weight: str
    paths: tuple
    products: tuple

    def plot(self, ax: Any = None) -> Any:
        """Draws how many paths lead through 0, 1, … recurrent kernels; returns axes."""
        ax = plotting.axes(ax, 5.0)
        found = collections.Counter(self.products)
        numbers = range(max(found, default=0) + 1)
        bars = ax.bar(numbers, [found[n] for n in numbers], color="#0072b2")
        ax.bar_label(bars)
        ax.set_xticks(list(numbers))
        ax.set_xlabel("products with a recurrent kernel on the path")
        ax.set_ylabel("paths")
        ax.set_title(f"{len(self.paths)} paths to {self.weight}, {self.steps} steps")
        ax.spines[["top", "right"]].set_visible(False)
        return ax


def gradient_paths(
    cell: Any, steps: int = 3, weight: str | None = None
) -> GradientPaths:
    """All paths by which the output of the last step depends on a kernel.

    The gradient is a sum over them, of products of the derivatives along each. They are
    those of the graph that `draw_cell` draws, once for each step; the initial states
    depend on nothing.

    Args:
        cell: as of `draw_cell`.
        steps: int.
        weight: str, such as "W_f"; None: that of the gate that keeps the memory, or the
            first.

    Returns:
        `GradientPaths`.

    Raises:
        TypeError: if `steps` is not an integer.
        ValueError: if `steps` is not positive, if there is no such weight, or if there
            are more than 100,000 paths.

    Example:
    >>> found = gradient_paths("LSTM", 3, "W_f")
    >>> len(found.paths), min(found.paths, key=len)
    (30, ('h_3', 'c_3', 'f_3', 'W_f'))
    >>> sum(path[1] == "c_3" for path in found.paths)
    24
    """
    steps = positive_integer("steps", steps)
    cell = built(cell)
    nodes, _ = flow_of(cell, cell.kernel.shape[0])
    unrolled = _Unrolled(cell, nodes)
    known = list(dict.fromkeys(w for one in unrolled.kernels for w in one))
    gate = cell.kept_by or cell.replaced_by
    if weight is None:
        weight = f"W_{gate}" if f"W_{gate}" in known else known[0]
    if weight not in known:
        raise ValueError(
            f"`weight` must be one of {', '.join(known)}. Received: weight={weight!r}."
        )
    counts = {name: unrolled.count(unrolled.output, steps, name) for name in known}
    if counts[weight] > _MOST:
        raise ValueError(
            f"`steps` must be so few that there are at most {_MOST:,} paths. Received: "
            f"steps={steps!r}, with {counts[weight]:,}."
        )
    found = list(unrolled.walk(unrolled.output, steps, weight))
    return GradientPaths(
        steps=steps,
        counts=counts,
        weight=weight,
        paths=tuple(path for path, _ in found),
        products=tuple(number for _, number in found),
    )


class _Unrolled:
    """A cell's flow, whose states are those that the step before has made."""

    def __init__(self, cell, nodes):
        self.nodes = nodes
        new = [n for n in nodes if n.kind in ("new", "output")][: len(cell.state_names)]
        states = [p for p, node in enumerate(nodes) if node.kind == "state"]
        self.before = {p: n.inputs[0] for p, n in zip(states, new, strict=True)}
        self.names = {}
        for name, node in zip(cell.state_names, new, strict=True):
            self.names.setdefault(node.inputs[0], name)
        self.kernels = [
            tuple(w for w in node.weights if re.match(r"[WU](_|$)", w))
            if node.kind in ("unit", "product", "element")
            else ()
            for node in nodes
        ]
        for place, kernels in enumerate(self.kernels):
            if kernels:
                block = kernels[0].partition("_")[2] or cell.blocks[0]
                block = f"{block}\u0303" if block in cell.state_names else block
                self.names.setdefault(place, block)
        self.output = next(n.inputs[0] for n in nodes if n.kind == "output")

    def _below(self, place, step):
        """What a value is computed from: pairs of a place and its step."""
        if place in self.before:
            return [(self.before[place], step - 1)] if step > 1 else []
        return [(one, step) for one in self.nodes[place].inputs]

    @functools.cache  # noqa: B019 - as long as one call of `gradient_paths`
    def count(self, place, step, weight):
        here = self.kernels[place].count(weight) if place not in self.before else 0
        return here + sum(self.count(*one, weight) for one in self._below(place, step))

    def walk(self, place, step, weight):
        """Yields pairs of a path and of the recurrent kernels that it leads through."""
        state = place in self.before
        name = None if state else self.names.get(place)
        here = (f"{name}_{step}",) if name else ()
        kernels = () if state else self.kernels[place]
        for _ in range(kernels.count(weight)):
            yield (*here, weight), 0
        multiplied = any(one[0] == "U" for one in kernels)
        for below in self._below(place, step):
            through = multiplied and below[0] in self.before
            if not self.count(*below, weight):
                continue
            for rest, number in self.walk(*below, weight):
                yield (*here, *rest), number + through
