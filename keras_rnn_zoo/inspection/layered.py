"""Places for the nodes of a flow: in columns from left to right, with lines between.

Columns are longest paths; within them the order with few crossings is looked for; then
neighbours are put at one height where that is free. Lines run horizontally, and
vertically between two columns, each on a track of its own.
"""

import dataclasses
import itertools


@dataclasses.dataclass
class Box:
    """What is to be placed: its size, what it reads, and where it may stand.

    Attributes:
        width, height: of the drawn node.
        inputs: numbers of the nodes that it reads.
        round: whether lines may come in from above and below as well.
        last: whether it stands in the last column.
        below: whether it is read from below all others, without a place of its own.
        spine: number of what it reads along a line that should be straight, or None.
    """

    width: float
    height: float
    inputs: list
    round: bool = False
    last: bool = False
    below: bool = False
    spine: int | None = None


@dataclasses.dataclass
class Layout:
    """Where everything stands.

    Attributes:
        places: the centre of each node.
        lines: `(source, target, points)`.
        dots: `(source, point)` where a line parts.
        width, height: of the whole.
    """

    places: list
    lines: list
    dots: list
    width: float
    height: float


_GAP, _TRACK, _ROOM, _SWEEPS = 25, 11, 20, 41


def arrange(boxes, first):
    """Places boxes; each must stand after those that it reads.

    Args:
        boxes: list of `Box`.
        first: numbers of the sources, from above to below.

    Returns:
        `Layout`.
    """
    columns, chains, nodes = _columns(boxes, first)
    _order(columns, nodes)
    heights = _heights(columns, nodes)
    return _lines(boxes, columns, chains, nodes, heights)


class _Node:
    """A box, or a place where a line passes a column."""

    def __init__(self, box, number, column):
        self.box, self.number, self.column = box, number, column
        self.before, self.after = [], []
        self.height = 6 if box is None else box.height
        self.spine = box is not None and box.spine is not None

    def is_spine_of(self, before):
        """Whether the line from the node before it is one that should be straight."""
        if self.box is None:
            return self.spine
        return self.box.spine == before.number


def _columns(boxes, first):
    on_spine = {n for n, box in enumerate(boxes) if box.spine is not None}
    level = []
    for box in boxes:
        level.append(1 + max((level[one] for one in box.inputs), default=-1))
    last = max(level)
    for number, box in enumerate(boxes):
        if box.last:
            level[number] = last
    nodes = [_Node(box, n, level[n]) for n, box in enumerate(boxes)]
    columns = [[] for _ in range(last + 1)]
    for number in first:
        columns[0].append(nodes[number])
    for number in sorted(range(len(boxes)), key=lambda n: n not in on_spine):
        if number not in first:
            columns[level[number]].append(nodes[number])
    chains = {}  # (source, column): the node that stands for the source there
    for number, node in enumerate(nodes):
        readers = [n for n, box in enumerate(boxes) if number in box.inputs]
        if not readers:
            continue
        chains[number, level[number]] = node
        ends = max(level[n] for n in readers)
        for column in range(level[number] + 1, ends):
            passing = _Node(None, number, column)
            passing.spine = any(boxes[n].spine == number for n in readers)
            _join(chains[number, column - 1], passing)
            chains[number, column] = passing
            columns[column].insert(0 if passing.spine else 10**6, passing)
        for reader in readers:
            _join(chains[number, level[reader] - 1], nodes[reader])
    return columns, chains, nodes


def _join(before, after):
    before.after.append(after)
    after.before.append(before)


def _order(columns, nodes):
    def place():
        return {id(n): i for column in columns for i, n in enumerate(column)}

    def crossings():
        at, count = place(), 0
        for column in columns[:-1]:
            edges = [(at[id(n)], at[id(m)]) for n in column for m in n.after]
            for (a, b), (c, d) in itertools.combinations(edges, 2):
                count += (a - c) * (b - d) < 0
        return count

    best = crossings(), [list(column) for column in columns]
    for sweep in range(12):
        down = sweep % 2 == 0
        chosen = range(1, len(columns)) if down else range(len(columns) - 2, 0, -1)
        for c in chosen:
            at = place()

            def middle(node, down=down, at=at):
                near = node.before if down else node.after
                if not near:
                    return at[id(node)]
                total = sum(at[id(one)] for one in near) / len(near)
                return total

            columns[c].sort(key=middle)
        found = crossings()
        if found < best[0]:
            best = found, [list(column) for column in columns]
    for c, column in enumerate(best[1]):
        columns[c][:] = column
    improved = True
    while improved:
        improved = False
        for column in columns[1:]:
            for i in range(len(column) - 1):
                before = crossings()
                column[i], column[i + 1] = column[i + 1], column[i]
                if crossings() < before:
                    improved = True
                else:
                    column[i], column[i + 1] = column[i + 1], column[i]


def _heights(columns, nodes):
    """Dict from a node to its height: near to its neighbours', in order, and apart."""
    placed = [[n for n in column if not _is_below(n)] for column in columns]
    y = {}
    for column in placed:
        top = 0.0
        for node in column:
            y[id(node)] = top + node.height / 2
            top += node.height + _GAP
        for node in column:
            y[id(node)] -= top / 2
    for sweep in range(_SWEEPS):
        for column in placed if sweep % 2 == 0 else placed[::-1]:
            wanted = [_wanted(node, y, sweep % 2 == 0) for node in column]
            heights = _apart(column, wanted, _mean if sweep < _SWEEPS // 2 else _median)
            y |= {id(n): value for n, value in zip(column, heights, strict=True)}
    low = max(y[id(n)] + n.height for column in placed for n in column)
    for node in columns[0]:
        y.setdefault(id(node), low + _GAP)
    return y


def _is_below(node):
    return node.box is not None and node.box.below


def _wanted(node, y, forward):
    """Heights that a node would like, with weights: those of its neighbours.

    Above all of those that were placed just now, from which the sweep comes.
    """
    found = []
    for other in node.before + node.after:
        if _is_below(other):
            continue
        weight = 1 + 3 * (node.box is None) + 3 * (other.box is None)
        if len(node.after) == len(node.before) == 1 or node.box and node.box.last:
            weight *= 2
        low, high = (other, node) if other in node.before else (node, other)
        if high.is_spine_of(low):
            weight += 20
        if (other in node.before) != forward:
            weight *= 0.2
        found.append((y[id(other)], weight))
    return found or [(y[id(node)], 0.01)]


def _mean(pairs):
    return sum(v * w for v, w in pairs) / sum(w for _, w in pairs)


def _median(pairs):
    pairs, half = sorted(pairs), sum(w for _, w in pairs) / 2
    total = 0.0
    for value, weight in pairs:
        total += weight
        if total >= half - 1e-9:
            return value
    return pairs[-1][0]


def _apart(column, wanted, middle):
    """The nearest heights to those wanted that keep the order and the gaps."""
    shift, groups = 0.0, []  # of pairs, the shifts of their nodes, and their middle
    for before, node, pairs in zip([None, *column], column, wanted, strict=False):
        if before is not None:
            gap = 8 if before.box is None and node.box is None else _GAP
            shift += (before.height + node.height) / 2 + gap
        moved = [(value - shift, weight) for value, weight in pairs]
        groups.append((moved, [shift], middle(moved)))
        while len(groups) > 1 and groups[-2][2] > groups[-1][2]:
            pairs, shifts, _ = groups.pop()
            pairs = groups[-1][0] + pairs
            groups[-1] = (pairs, groups[-1][1] + shifts, middle(pairs))
    return [value + one for _, shifts, value in groups for one in shifts]


def _entries(node, y, column):
    """Dict from a source to how its line comes in: height, and "left" or a side."""
    found, near = {}, {}
    lowest = all(y[id(n)] <= y[id(node)] for n in column if n.box is not None)
    for one in node.before:
        near[one.number] = y[id(one)] - y[id(node)]
        alone = sum(n.column == node.column for n in one.after) == 1
        if _is_below(one) and alone and lowest:
            found[one.number] = (node.height / 2 + 9, "below")
            del near[one.number]
    order = sorted(near, key=near.__getitem__)
    taken = "below" if found else None
    if not node.box.round or len(order) > 2:
        step = min(14, node.height / (len(order) + 1))
        for i, source in enumerate(order):
            found[source] = ((i - (len(order) - 1) / 2) * step, "left")
        return found
    spine = node.box.spine
    straight = min(order, key=lambda s: (s != spine, abs(near[s])), default=None)
    for source in order:
        if source == straight:
            found[source] = (0.0, "left")
        elif near[source] < near[straight] or taken:
            found[source] = (-node.height / 2 - 9, "above")
        else:
            found[source] = (node.height / 2 + 9, "below")
    return found


def _lines(boxes, columns, chains, nodes, y):
    entries = {
        id(node): _entries(node, y, columns[node.column])
        for node in nodes
        if node.before
    }

    def ends(source, c):
        """Heights at which a source's line leaves the channel before column c."""
        start = chains.get((source, c - 1))
        if start is None:
            return None
        return [
            (
                target,
                y[id(target)]
                + (0 if target.box is None else entries[id(target)][source][0]),
            )
            for target in start.after
        ]

    widths = [max((n.box.width if n.box else 0) for n in column) for column in columns]
    widths[0] = max([n.box.width for n in columns[0] if not _is_below(n)] + [0])
    ends_at = [
        y[id(n)] + n.height / 2
        for column in columns
        for n in column
        if not _is_below(n)
    ]
    bottom = max(ends_at) + 30
    left, lines, dots, x = 0.0, [], [], widths[0] / 2
    centre, points = {}, {}
    for node in columns[0]:
        centre[node.number] = (x, y[id(node)])
    left = widths[0]
    for c in range(1, len(columns)):
        leaving = {}
        for source in {s for s, column in chains if column == c - 1}:
            found = ends(source, c)
            if found:
                start = chains[source, c - 1]
                under = _is_below(start)
                leaving[source] = (bottom if under else y[id(start)], found, under)
        tracks = _tracks(leaving)
        right = left + 2 * _ROOM + _TRACK * max(0, len(tracks) - 1)
        for source, (begin, found, under) in leaving.items():
            track = (
                left + _ROOM + _TRACK * tracks.index(source)
                if source in tracks
                else None
            )
            start = chains[source, c - 1]
            if under:
                centre[source] = (track, bottom)
                begin_x = track
            elif start.box is None:
                begin_x = points[source]
            else:
                begin_x = centre[source][0] + start.box.width / 2
            begin_point = (begin_x, begin)
            for target, end in found:
                middle = right + widths[c] / 2
                way = [begin_point]
                if under and len(found) == 1 and _from_below(target, source, entries):
                    centre[source] = (middle, bottom)
                    way = [(middle, bottom)]
                elif track is not None and abs(end - begin) > 0.5:
                    way += [(track, begin), (track, end)]
                if target.box is None:
                    way.append((right + widths[c], end))
                else:
                    side = entries[id(target)][source][1]
                    if side == "left":
                        reach = target.box.width / 2
                        if target.box.round and target.box.width == target.box.height:
                            reach = (reach**2 - (end - y[id(target)]) ** 2) ** 0.5
                        way.append((middle - reach, end))
                    else:
                        edge = target.height / 2 * (-1 if side == "above" else 1)
                        way += [(middle, end), (middle, y[id(target)] + edge)]
                lines.append((source, target, way))
            if track is not None and len(found) > 1:
                dots += [
                    (source, point) for point in _partings(begin, found, track, under)
                ]
            points[source] = right + widths[c]
        for node in columns[c]:
            if node.box is not None:
                centre[node.number] = (right + widths[c] / 2, y[id(node)])
        left = right + widths[c]
    top = min(
        min(point[1] for _, _, way in lines for point in way),
        min(y[id(n)] - n.height / 2 for n in nodes if not _is_below(n)),
    )
    move = 14 - top
    places = [
        (centre[n][0] + 14, centre[n][1] + move) if n in centre else None
        for n in range(len(boxes))
    ]
    lines = [
        (
            source,
            None if target.box is None else target.number,
            [(a + 14, b + move) for a, b in way],
        )
        for source, target, way in lines
    ]
    dots = [(source, (a + 14, b + move)) for source, (a, b) in dots]
    return Layout(places, lines, dots, left + 28, bottom + move + 34)


def _from_below(target, source, entries):
    return target.box is not None and entries[id(target)][source][1] == "below"


def _partings(begin, found, track, under):
    """Where the line of a track parts: all ends but the outer ones."""
    ends = sorted({round(end, 1) for _, end in found})
    low, high = min([begin, *ends]), max([begin, *ends])
    inner = [end for end in ends if low + 0.5 < end < high - 0.5]
    made = [(track, end) for end in inner]
    if low + 0.5 < begin < high - 0.5 and not under:
        made.append((track, begin))
    straight = [end for end in ends if abs(end - begin) <= 0.5]
    if straight and len(ends) > 1 and (track, begin) not in made:
        made.append((track, begin))
    return made


def _tracks(leaving):
    """Order of the vertical lines of a channel, from the left, with few crossings."""
    crossing = {
        source: (begin, [end for _, end in found])
        for source, (begin, found, under) in leaving.items()
        if under or any(abs(end - begin) > 0.5 for _, end in found)
    }
    order = sorted(crossing, key=lambda s: crossing[s][0])

    def cost(order):
        total = 0
        for i, a in enumerate(order):
            begin_a, ends_a = crossing[a]
            low, high = min([begin_a, *ends_a]), max([begin_a, *ends_a])
            for j, b in enumerate(order):
                if i == j:
                    continue
                begin_b, ends_b = crossing[b]
                if i < j:  # b's line comes in through a's track
                    total += low < begin_b < high
                    total += 20 * any(abs(begin_b - end) < 4 for end in ends_a)
                else:
                    total += sum(low < end < high for end in ends_b)
        return total

    best, improved = cost(order), True
    while improved:
        improved = False
        for i, j in itertools.combinations(range(len(order)), 2):
            order[i], order[j] = order[j], order[i]
            found = cost(order)
            if found < best:
                best, improved = found, True
            else:
                order[i], order[j] = order[j], order[i]
    return order
