"""A cell drawn from its declaration: the data flow of one step, as vector graphics."""

import dataclasses
import html
import pathlib
import re
from typing import Any

import keras

from keras_rnn_zoo.inspection import cell_graph
from keras_rnn_zoo.inspection.layered import Box, arrange
from keras_rnn_zoo.layers.core.base import GatedCell
from keras_rnn_zoo.layers.core.registry import recurrent_layers

#: A drawing of more nodes than this is folded.
LEGIBLE = 34
_FEATURES, _UNITS = 32, 64
_FONT = "'DejaVu Sans', Verdana, Arial, sans-serif"
_INK = "#1a1a1a"
#: Fill and border, by what a node does.
_COLOURS = {
    "σ": ("#fdf0cf", "#b07d00"),
    "tanh": ("#dcf1e8", "#00805c"),
    "product": ("#e2eef8", "#0072b2"),
    "function": ("#f3e6f2", "#8e4585"),
    "many": ("#ededed", "#555555"),
    "element": ("#ffffff", _INK),
}
_LINES = ("#d55e00", "#0072b2", "#a05a9c", "#7f3b08", "#b07d00")  # of the states
_OF_INPUT = "#00805c"
_ORDERED = ("−", "÷")  # where it matters which line is the second
_INDEX = re.compile(r"(\w+?)_\{([^}]*)\}|(?<!\w)(\w)_(\w+)")
_TEXT, _SMALL = 14, 12.5


@dataclasses.dataclass(frozen=True)
class CellDrawing:
    """What `draw_cell` drew; a notebook shows it.

    Attributes:
        name: of the cell.
        nodes: tuple of dicts with the `kind`, `label`, `inputs` (numbers of nodes) and
            `weights` of each node.
        folded: bool. Whether what works element by element was put into few boxes,
            because the whole would not be legible.
        notes: tuple of str, below the drawing: what derived weights are made of, and
            what was folded.
        alt: str. The drawing in words.
        svg: str. The drawing.
    """

    name: str
    nodes: tuple
    folded: bool
    notes: tuple
    alt: str
    svg: str

    def _repr_svg_(self):
        return self.svg

    def save(self, path: Any) -> pathlib.Path:
        """Writes the drawing as an SVG file; returns its path."""
        path = pathlib.Path(path)
        path.write_text(self.svg, encoding="utf-8")
        return path


def draw_cell(cell: Any, fold: bool | None = None) -> CellDrawing:
    """Draws the data flow of one step of a cell, as its `step` computes it.

    States come in on the left and leave on the right, the input comes from below. The
    letters are those of the equations: W multiplies the input, U a state, σ and tanh
    stand on the sums that they are applied to, ⊙ multiplies element by element. Dropout
    and zoneout are not drawn. Nothing is written for a cell to be drawn: its `step` is
    run once, on symbols.

    Args:
        cell: a cell of the zoo or of your own (a `GatedCell`), its layer, or the name
            of a layer, such as "LSTM".
        fold: bool. Whether nodes that work element by element are put into few boxes;
            None: only where there are too many to be read.

    Returns:
        `CellDrawing`.

    Raises:
        ValueError: if there is no layer of that name.
        TypeError: if `cell` is no such cell, layer or name.

    Example:
    >>> drawing = draw_cell("GRU")
    >>> drawing.folded, drawing.svg[:4]
    (False, '<svg')
    """
    cell = built(cell)
    name = type(cell).__name__
    nodes, made_of = cell_graph.flow_of(cell, cell.kernel.shape[0])
    whole = len(nodes)
    fold = whole > LEGIBLE if fold is None else fold
    notes = [
        f"{n}: made of {', '.join(parts)}" for n, parts in made_of.items() if parts
    ]
    if fold:
        nodes = cell_graph.folded(nodes)
        notes.append(
            f"Folded: {whole} nodes are drawn as {len(nodes)}; a grey box holds what "
            "works element by element."
        )
    alt = _in_words(name, nodes)
    return CellDrawing(
        name=name,
        nodes=tuple(
            {
                "kind": n.kind,
                "label": n.label,
                "inputs": tuple(n.inputs),
                "weights": tuple(n.weights),
            }
            for n in nodes
        ),
        folded=bool(fold),
        notes=tuple(notes),
        alt=alt,
        svg=_svg(nodes, notes, alt),
    )


def built(cell):
    """The cell that is meant by a cell, a layer or a name, with its weights."""
    if isinstance(cell, str):
        known = recurrent_layers()
        if cell not in known:
            raise ValueError(
                f"`cell` must be the name of a layer, one of {', '.join(known)}. "
                f"Received: cell={cell!r}."
            )
        cell = known[cell](_UNITS)
    cell = cell.cell if isinstance(cell, keras.layers.RNN) else cell
    if not isinstance(cell, GatedCell):
        raise TypeError(
            "`cell` must be a `GatedCell`, its layer, or the name of a layer. "
            f"Received: cell={cell!r}."
        )
    if not cell.built:
        cell.build((None, _FEATURES))
    return cell


def _in_words(name, nodes):
    """The alternative text: what comes in, what is multiplied, what goes out."""

    def listed(*kinds):
        return [_plain(n.label) for n in nodes if n.kind in kinds]

    units = [
        f"{n.activation} of {_plain(n.label)}" for n in nodes if n.kind == "unit"
    ] + listed("product")
    return (
        f"Data flow of one step of {name}: {', '.join(listed('input', 'state'))} come "
        f"in; boxes: {'; '.join(units) or 'none'}; "
        f"{', '.join(listed('new', 'output'))} go out."
    )


def _plain(label):
    return re.sub(r"_\{([^}]*)\}", r"_\1", label)


# --- Drawing


def _svg(nodes, notes, alt):
    lines_of = [_lines_of(node) for node in nodes]
    boxes = [_box(node, lines) for node, lines in zip(nodes, lines_of, strict=True)]
    states = [p for p, node in enumerate(nodes) if node.kind == "state"]
    for place, before in _spines(nodes, states).items():
        boxes[place].spine = before
    states.sort(key=lambda p: _share_of_products(nodes, p))
    sources = [p for p, node in enumerate(nodes) if node.kind == "input"]
    other = [
        p
        for p, node in enumerate(nodes)
        if not node.inputs and node.kind not in ("state", "input")
    ]
    layout = arrange(boxes, [*states, *other, *sources])
    width = max(layout.width, 12 + max([_width(n, 11) for n in notes], default=0))
    height = layout.height + 16 * len(notes)
    colours = {p: _LINES[k % len(_LINES)] for k, p in enumerate(states)}
    colours |= dict.fromkeys(sources, _OF_INPUT)
    made = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} '
        f'{height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{html.escape(alt)}" font-family="{html.escape(_FONT)}">',
        f"<title>{html.escape(alt)}</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
    ]
    for source, target, points in layout.lines:
        colour = colours.get(source, _INK)
        made.append(_line(points, colour, arrow=target is not None))
        if target is not None and nodes[target].label in _ORDERED:
            if source in nodes[target].inputs[1:]:
                made.append(_sign(nodes[target].label, points))
    for source, (x, y) in layout.dots:
        colour = colours.get(source, _INK)
        made.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.8" fill="{colour}"/>')
    for place, node in enumerate(nodes):
        if layout.places[place] is None:
            continue
        x, y = layout.places[place]
        colour = colours.get(place, _INK)
        made.append(_drawn(node, lines_of[place], boxes[place], x, y, colour))
    for number, note in enumerate(notes):
        y = layout.height + 16 * number + 6
        made.append(_text([note], 14, y, 11, "#444444", anchor="start"))
    return "\n".join([*made, "</svg>"])


def _spines(nodes, states):
    """Dict from a node to what it reads on a state's way to its new value.

    The shortest way that leads through no product; the way of one state at most leads
    through a node.
    """
    found = {}
    new = [p for p, node in enumerate(nodes) if node.kind in ("new", "output")]
    for state, end in zip(states, new, strict=False):
        ways = {state: [state]}
        for place, node in enumerate(nodes):
            read = [ways[one] for one in node.inputs if one in ways]
            if read and node.kind in ("element", "function", "new", "output"):
                ways[place] = [*min(read, key=len), place]
        way = ways.get(end, [])
        if not found.keys() & set(way):
            found |= dict(zip(way[1:], way, strict=False))
    return found


def _leaves(node):
    return node.kind in ("new", "output")


def _share_of_products(nodes, place):
    """How much of a state goes into products: such stand below the others."""
    readers = [node for node in nodes if place in node.inputs]
    multiplied = [node for node in readers if node.kind in ("unit", "product")]
    return len(multiplied) / len(readers) if readers else 0.0


def _lines_of(node):
    """A long sum in several lines."""
    if node.kind not in ("unit", "product", "many"):
        return [node.label]
    joint = "  " if node.kind == "many" else " + "
    lines = [""]
    for part in node.label.split(joint):
        longer = f"{lines[-1]}{joint}{part}" if lines[-1] else part
        if len(longer) > 30 and lines[-1]:
            lines.append(joint.lstrip() + part)
        else:
            lines[-1] = longer
    return lines


def _box(node, lines):
    wide = max(_width(line, _SMALL) for line in lines)
    ends = {"last": _leaves(node), "below": node.kind == "input"}
    if node.kind in ("state", "input", "new", "output"):
        return Box(_width(node.label, 17) + 8, 24, node.inputs, **ends)
    if node.kind in ("unit", "many"):
        head = node.activation or ""
        wide = max(wide, _width(head, _TEXT))
        return Box(wide + 18, 26 + 17 * len(lines), node.inputs)
    if node.kind == "product":
        return Box(wide + 18, 12 + 17 * len(lines), node.inputs)
    if len(node.label) == 1:
        return Box(28, 28, node.inputs, round=True)
    return Box(_width(node.label, _TEXT) + 18, 28, node.inputs, round=True)


def _drawn(node, lines, box, x, y, colour):
    if node.kind == "input":
        return _text(lines, x, y + 16, 17, colour)
    if node.kind in ("state", "new", "output"):
        weight = ' font-weight="bold"' if node.kind == "output" else ""
        return _text(lines, x, y + 5, 17, colour, more=weight)
    sign = node.activation or node.label
    kind = sign if sign in ("σ", "tanh") else node.kind
    kind = "function" if kind == "unit" else kind
    fill, border = _COLOURS[kind]
    left, top = x - box.width / 2, y - box.height / 2
    corner = 14 if node.kind == "element" else 5
    shape = (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="{corner}" fill="{fill}" stroke="{border}" '
        'stroke-width="1.6"/>'
    )
    if node.kind in ("unit", "many"):
        head = _text([node.activation], x, top + 17, _TEXT, _INK, ' font-weight="bold"')
        return shape + head + _text(lines, x, top + 34, _SMALL, _INK)
    size = _SMALL if node.kind == "product" else _TEXT
    if len(node.label) == 1:
        size = 18
    middle = y - 17 * (len(lines) - 1) / 2 + size * 0.36
    return shape + _text(lines, x, middle, size, _INK)


def _sign(label, points):
    """What is subtracted, or divides: its line bears the sign."""
    (a, b), (c, d) = points[-2:]
    x, y = (c - 14, d - 5) if abs(a - c) > 0.5 else (c + 9, d + (12 if b > d else -4))
    return _text([label], x, y, 13, _INK, ' class="sign" font-weight="bold"')


def _line(points, colour, arrow):
    kept = [points[0]]
    for point in points[1:]:
        if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) > 0.05:
            kept.append(point)
    words = " ".join(f"{a:.1f},{b:.1f}" for a, b in kept)
    drawn = (
        f'<polyline points="{words}" fill="none" stroke="{colour}" '
        'stroke-width="1.8" stroke-linejoin="round"/>'
    )
    if not arrow or len(kept) < 2:
        return drawn
    (a, b), (c, d) = kept[-2:]
    length = max(abs(c - a), abs(d - b)) or 1
    e, f = (c - a) / length, (d - b) / length
    back, side = 8, 3.6
    tip = (
        f"{c:.1f},{d:.1f} {c - back * e - side * f:.1f},{d - back * f + side * e:.1f} "
        f"{c - back * e + side * f:.1f},{d - back * f - side * e:.1f}"
    )
    return f'{drawn}<polygon points="{tip}" fill="{colour}"/>'


def _text(lines, x, y, size, colour, more="", anchor="middle"):
    made = []
    for number, line in enumerate(lines):
        made.append(
            f'<text x="{x:.1f}" y="{y + 17 * number:.1f}" font-size="{size}" '
            f'fill="{colour}" text-anchor="{anchor}"{more}>{_marked(line)}</text>'
        )
    return "".join(made)


def _marked(line):
    """Text with its indices set low."""
    made, last, low = [], 0, False
    for found in _INDEX.finditer(line):
        base, index = (found[1], found[2]) if found[1] else (found[3], found[4])
        made.append(_span(line[last : found.start()] + base, low))
        made.append(f'<tspan dy="0.28em" font-size="72%">{html.escape(index)}</tspan>')
        last, low = found.end(), True
    made.append(_span(line[last:], low))
    return "".join(made)


def _span(text, low):
    if not text:
        return ""
    text = html.escape(text).replace(" ", "\u00a0")
    # Back up by what the index went down: 0.28 of its own, smaller, size.
    return f'<tspan dy="-0.2em">{text}</tspan>' if low else text


def _width(line, size):
    total, last = 0.0, 0
    for found in _INDEX.finditer(line):
        base, index = (found[1], found[2]) if found[1] else (found[3], found[4])
        total += len(line[last : found.start()]) + len(base) + 0.72 * len(index)
        last = found.end()
    return (total + len(line[last:])) * size * 0.6
