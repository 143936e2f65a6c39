"""Answers in a terminal: coloured there, a line an answer in a pipe."""

import itertools

from rich.console import Group
from rich.table import Table
from rich.text import Text

from keras_rnn_zoo.terminal import shown

#: Terminal styles of classes in their order; readable on dark and on light ground.
_STYLES = (
    "dim",
    "bold blue",
    "default",
    "dark_orange3",
    "green",
    "italic magenta",
    "bold yellow",
    "cyan",
    "red",
    "bold green",
)

#: Styles of kinds of names, on dark and on light ground; other words are plain.
_NAME_STYLES = (
    "bold reverse blue",
    "bold reverse green",
    "bold reverse magenta",
    "bold reverse dark_orange3",
    "bold reverse cyan",
    "bold reverse red",
)

#: What a text of several lines keeps of what is not printable.
LINES = "\n\t"


def print_classes(console, result):
    """Print what was read and the three most probable classes."""
    if result.values is not None:
        console.print(pixels(result.values))
    else:
        cursor = Text(shown(result.separator.join(result.tokens), keep=LINES))
        cursor.append("▏", "bold red")
        console.print(cursor)
    for i in result.probabilities.argsort()[::-1][:3]:
        console.print(
            f"{shown(result.labels[i]):<12} {result.probabilities[i]:.4f}",
            style=_style(i),
        )
    if result.truth is not None:
        console.print(f"The truth: {shown(result.labels[int(result.truth)])}")


def print_tagged(console, result):
    """Print tokens in the colours of their classes."""
    runs = _stretches(result)
    if console.is_terminal:
        legend = Text("  ").join(
            Text(shown(label), _style(i)) for i, label in enumerate(result.labels)
        )
        answer = Text()
        for piece, i in runs:
            answer.append(shown(piece, keep=LINES), _style(i))
            answer.append(result.separator)
        console.print(Group(legend, Text(), answer))
    else:  # no colours in a pipe: one stretch a line
        for piece, i in runs:
            print(f"{shown(result.labels[i])}\t{shown(repr(piece))}")
    if result.truth is not None:
        wrong = int((result.truth != result.predicted).sum())
        console.print(f"{wrong} of {len(result.predicted)} tokens wrong")


def print_names(console, result):
    """Print a sentence with its names in colour, and a list of them below."""
    if not console.is_terminal:  # no colours in a pipe: a word and its tag a line
        for token, tag in zip(result.tokens, result.tags, strict=True):
            print(f"{shown(token)}\t{shown(tag)}")
        return
    tokens = [shown(token) for token in result.tokens]
    kinds = list(dict.fromkeys(label[2:] for label in result.labels if label[2:]))
    styles = {k: _NAME_STYLES[i % len(_NAME_STYLES)] for i, k in enumerate(kinds)}
    answer, end, apart = Text(), 0, result.separator
    for first, stop, kind in result.names:
        answer.append("".join(f"{token}{apart}" for token in tokens[end:first]))
        answer.append(apart.join(tokens[first:stop]), styles[kind]).append(apart)
        end = stop
    answer.append(apart.join(tokens[end:]))
    legend = Text("  ").join(
        Text(f" {shown(kind)} ", style) for kind, style in styles.items()
    )
    console.print(Group(legend, Text(), answer, Text()))
    names = {"": result.names}
    if result.true_names is not None:
        names = {"found  ": result.names, "truth  ": result.true_names}
    for heading, those in names.items():
        for first, stop, kind in those:
            width = max(len(shown(one)) for one in kinds)
            line = Text(f"{heading}{shown(kind):<{width}}  ")
            console.print(line.append(apart.join(tokens[first:stop]), "bold"))
        if not those:
            console.print(f"{heading}no names")


def print_sounds(console, result):
    """One line a step: what was read, what comes next, and the truth of it."""
    table = Table(box=None, pad_edge=False)
    table.add_column("step", justify="right")
    table.add_column("reads")
    table.add_column("then, with its probability")
    if result.truth is not None:
        table.add_column("the truth")

    def names(sounds):
        pairs = zip(result.labels, sounds, strict=True)
        return " ".join(shown(label) for label, sound in pairs if sound) or "–"

    for step, p in enumerate(result.probabilities):
        pairs = zip(result.labels, p, strict=True)
        likely = [f"{shown(label)} {one:.2f}" for label, one in pairs if one > 0.5]
        row = [str(step + 1), names(result.values[step]), "  ".join(likely) or "–"]
        if result.truth is not None:
            row.append(names(result.truth[step]))
        table.add_row(*row)
    console.print(table)


def _style(i):
    return _STYLES[i % len(_STYLES)]


def _stretches(result):
    pairs = zip(result.tokens, result.predicted, strict=True)
    for i, group in itertools.groupby(pairs, key=lambda pair: int(pair[1])):
        yield result.separator.join(token for token, _ in group), i


def pixels(values):
    """Return numbers from 0 to the largest as shades."""
    top = max(float(values.max()), 1e-9)
    return Text("\n".join(_shaded(row / top) for row in values))


def _shaded(row):
    """Two characters for each number, the darker the nearer to 1."""
    return "".join(2 * " ░▒▓█"[round(min(max(0.0, float(v)), 1.0) * 4)] for v in row)


def print_candidates(console, result):
    """Print the best answers with their scores, and what the first one looked at."""
    for rank, (tokens, score) in enumerate(result.candidates, start=1):
        line = Text(f"{rank}  {score:7.3f}  ", "dim")
        line.append(shown(" ".join(tokens)), "bold" if rank == 1 else "default")
        console.print(line, soft_wrap=True)
    if result.truth is not None:
        for one in result.truth:
            ids = [int(i) for i in one if i]
            said = " ".join(result.labels[i] for i in ids[:-1])
            if said:
                console.print(f"The truth: {shown(said)}", soft_wrap=True)
    if result.alignment is None:
        return
    console.print(Text("\nWhere each one looked, the darker the more:", "dim"))
    said = result.candidates[0][0]
    width = max(len(shown(one)) for one in (*said, ""))
    console.print(
        Text(" " * (width + 1) + "".join(f"{shown(one):<2}" for one in result.tokens))
    )
    for token, weights in zip(said, result.alignment, strict=True):
        console.print(Text(f"{shown(token):<{width}} {_shaded(weights)}"))
