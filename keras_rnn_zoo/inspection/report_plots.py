"""Pictures of a training: curves, and predictions on real test data.

Every function draws one picture and writes it as PNG, or as SVG what matplotlib's font
has no letters for. Matplotlib comes with the extra `plot`; it is imported when a
picture is drawn, and never opens a window.
"""

import html
import pathlib
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_rnn_zoo import extras

#: Colours that people with any kind of colour vision can tell apart on white
#: (Okabe and Ito, 2008), for classes in their order. The first is a quiet grey.
PALETTE = (
    "#8a8a8a",
    "#0072b2",
    "#1a1a1a",
    "#d55e00",
    "#009e73",
    "#a05a9c",
    "#b8860b",
    "#56b4e9",
    "#e69f00",
    "#7f3b08",
)
_ERROR = "#e0002b"
_DPI = 120
_SIZE = 10  # of monospaced text, in points
# Width of a character of DejaVu Sans Mono in inches. Whole pixels, because that is how
# the characters of a longer text are set.
_CHARACTER = round(0.602 * _SIZE * _DPI / 72) / _DPI


def colour_of(index: int) -> str:
    """Return the colour of a class, as `#rrggbb`."""
    return PALETTE[index % len(PALETTE)]


def kinds_of(labels: Sequence[str]) -> tuple[str, ...]:
    """Return what shares a colour: of BIO tags the kind of name, else the label.

    Example:
    >>> kinds_of(["O", "B-person", "I-person"]), kinds_of(["noun", "verb"])
    (('O', 'person', 'person'), ('noun', 'verb'))
    """
    others = [label for label in labels if label != "O"]
    plain = not others or len(others) == len(labels)
    if plain or any(label[:2] not in ("B-", "I-") for label in others):
        return tuple(labels)
    return tuple(label if label == "O" else label[2:] for label in labels)


def _colours_of(labels):
    """The colour of each label, and `{name: colour}` for the legend."""
    kinds = kinds_of(labels)
    palette = PALETTE
    if kinds != tuple(labels):  # names stand out of grey text
        palette = [one for one in PALETTE if one != "#1a1a1a"]
    names = list(dict.fromkeys(kinds))
    legend = {name: palette[i % len(palette)] for i, name in enumerate(names)}
    return [legend[kind] for kind in kinds], legend


def is_available() -> bool:
    """Return whether pictures can be drawn here."""
    return extras.is_installed("matplotlib")


def _figure(width, height):
    """Return a figure that belongs to no window and no global state."""
    extras.require("plot", "Pictures need matplotlib.", "matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def curves(path, history, best_epoch, metric, *, test=None, baselines=(), title=""):
    """Draw loss and metric of training and validation over the epochs.

    Args:
        path: PNG to write.
        history: dict of lists, as in `Fit.history`.
        best_epoch: int. The 1-based epoch that was kept.
        metric: str. Name of the metric in the history.
        test: float. The metric on the test data.
        baselines: pairs of name and value of the same metric, drawn as lines.
        title: str.

    Raises:
        ImportError: without matplotlib.
    """
    figure = _figure(12, 4)
    epochs = np.arange(1, len(history["loss"]) + 1)
    left, right = figure.subplots(1, 2)
    shown, name = np.asarray, metric.replace("_", " ")
    if metric == "accuracy":  # what is left of it differs by orders of magnitude
        shown, name = _share_wrong, "share of wrong answers, 1 - accuracy"
        right.set_yscale("log")
        right.yaxis.set_major_formatter("{x:g}")
        right.yaxis.set_minor_formatter(_two_and_five)
    for axes, key, form in ((left, "loss", np.asarray), (right, metric, shown)):
        for values, colour, label in (
            (history[key], "#0072b2", "training"),
            (history[f"val_{key}"], "#d55e00", "validation"),
        ):
            axes.plot(
                epochs, form(values), "o-", markersize=3, color=colour, label=label
            )
        axes.axvline(best_epoch, color="#8a8a8a", linewidth=0.8, linestyle=":")
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    left.set_title("loss (nats)", fontsize=10)
    right.set_title(name, fontsize=10)
    if test is not None:
        right.plot(
            [best_epoch],
            shown([test]),
            "*",
            color="#009e73",
            markersize=12,
            label=f"test, epoch {best_epoch}: {metric.replace('_', ' ')} {test:.4f}",
        )
    left.legend(fontsize=8, frameon=False)
    right.legend(fontsize=8, framealpha=0.8, edgecolor="none")
    for _, value in baselines:
        right.axhline(float(shown([value])[0]), color="#8a8a8a", linewidth=0.8)
    figure.suptitle(title, fontsize=11)
    figure.tight_layout(rect=(0, 0, 0.78 if baselines else 1, 1))
    lines = [(n, float(shown([v])[0])) for n, v in baselines]
    # A baseline without an error has no place on a logarithmic axis.
    _label_lines(right, [(f"{n}: {v:.3f}", v) for n, v in lines if np.isfinite(v)])
    figure.savefig(path)


def _share_wrong(accuracy):
    """Return 1 - accuracy; none wrong has no place on a logarithmic axis."""
    wrong = 1 - np.asarray(accuracy, "float64")
    return np.where(wrong > 1e-9, wrong, np.nan)


def _two_and_five(value, _):
    """Return the label of a minor tick: only 2 and 5 of each power of ten have one."""
    return f"{value:g}" if f"{value:e}"[0] in "25" else ""


def _label_lines(axes, labels, distance=0.075):
    """Write names of horizontal lines to the right of them, none over another."""
    heights = axes.transAxes.inverted().transform(
        axes.transData.transform([(1, value) for _, value in labels] or [(1, 1)])
    )[:, 1]
    position = -np.inf
    for i in np.argsort(heights[: len(labels)]):
        position = max(heights[i], position + distance)
        axes.annotate(
            labels[i][0],
            (1.0, heights[i]),
            xycoords="axes fraction",
            xytext=(1.03, position),
            textcoords="axes fraction",
            va="center",
            fontsize=7,
            color="#444444",
            arrowprops={
                "arrowstyle": "-",
                "color": "#8a8a8a",
                "linewidth": 0.6,
                "relpos": (0, 0.5),
            },
            annotation_clip=False,
        )


def _drawable(text):
    """Replace tabs by an arrow, and what the font has no picture of by a box."""
    missing = _missing(text)
    return "".join(
        "→" if one == "\t" else "□".ljust(_cells(one)) if one in missing else one
        for one in text
    )


def _missing(text):
    """Return the characters that the font has no picture of."""
    from matplotlib import font_manager

    font = font_manager.get_font(font_manager.findfont("DejaVu Sans Mono"))
    return {one for one in set(text) if not font.get_char_index(ord(one))}


def _cells(text):
    """Return how wide text is: Chinese characters and their like take two places."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


class _Page:
    """Lines of monospaced text with colours, marks and headings, one below the other.

    Things are added from top to bottom and drawn at the end, when the height is known.
    Positions are in characters and lines.
    """

    def __init__(self, columns):
        self.columns, self.line, self.items = columns, 0.0, []

    def heading(self, text, bold=True, space=0.6):
        """Add lines of ordinary text."""
        weight = "bold" if bold else "normal"
        for one in text.split("\n"):
            self.items.append(
                ("text", 0, self.line, one, "#222222", weight, "sans-serif")
            )
            self.line += 1.2
        self.line += space * 0.5

    def legend(self, names, colours):
        """Add a line of coloured names."""
        column = 0
        for name, colour in zip(names, colours, strict=True):
            if column + _cells(name) > self.columns:
                column, self.line = 0, self.line + 1.2
            item = ("text", column, self.line, name, colour, "bold", "monospace")
            self.items.append(item)
            column += _cells(name) + 2
        self.line += 1.9

    def word(self, column, text, colour="#1a1a1a", weight="normal"):
        """Add text on the current line."""
        item = ("text", column, self.line, text, colour, weight, "monospace")
        self.items.append(item)

    def box(self, column, width, colour, fill, outline=None):
        """Add a box behind characters of the current line."""
        self.items.append(("box", column, self.line, width, colour, fill, outline))

    def lines(self, text, colours, boxes: Any = (), notes=(), weights=None):
        """Add text of several lines, coloured character by character.

        Args:
            text: str.
            colours: colour of each character.
            boxes: dict of position in the text → (fill colour, outline colour or None).
            notes: dict of position in the text → remark, written to the right.
            weights: font weight of each character. None: normal.
        """
        boxes, notes = dict(boxes), dict(notes)
        column, run, remarks = 0, None, []
        for position, character in enumerate(text + "\n"):
            if character == "\n" or column >= self.columns:
                if position in boxes and character == "\n":
                    fill, outline = boxes[position]
                    self.box(column, 1, fill, True, outline)
                if position in notes:
                    remarks.append(notes[position])
                self._end_run(run)
                if remarks:
                    remark = "; ".join(dict.fromkeys(remarks))
                    room = self.columns - column - 3
                    if len(remark) > room:
                        remark = remark[: max(room - 1, 0)] + "…"
                    self.word(column + 3, remark, _ERROR)
                column, run, remarks = 0, None, []
                self.line += 1.25
                if character == "\n":
                    continue
            cells = _cells(character)
            if position in boxes:
                fill, outline = boxes[position]
                self.box(column, cells, fill, True, outline)
            if position in notes:
                remarks.append(notes[position])
            weight = "normal" if weights is None else weights[position]
            style = (colours[position], weight)
            if run is None or run[2] != style:
                self._end_run(run)
                run = [column, "", style]
            run[1] += character
            column += cells

    def _end_run(self, run):
        if run is not None and run[1].strip():
            self.word(run[0], run[1], *run[2])

    def gap(self, lines=0.6):
        """Leave room."""
        self.line += lines

    def save(self, path):
        """Draw everything and write the PNG.

        Letters that the font lacks, as of Chinese, would be boxes: then an SVG of the
        same name is written instead, which is shown with the fonts of who looks at it.
        """
        extras.require("plot", "Pictures need matplotlib.", "matplotlib")
        texts = [item[3] for item in self.items if item[0] == "text"]
        if any(one.isalpha() for one in _missing("".join(texts))):
            svg = self._svg()
            pathlib.Path(path).with_suffix(".svg").write_text(svg, encoding="utf-8")
            return
        self._save_png(path)

    def _width(self):
        """Columns that are used."""
        used = [item[1] + _cells(item[3]) for item in self.items if item[0] == "text"]
        return max(min(max(used), self.columns + 2), 60)

    def _svg(self):
        """Everything as SVG: each character has its place, whatever the font."""
        cell, line, margin = 8, 16, 20
        width = self._width() * cell + 2 * margin
        height = round(self.line * line) + 2 * margin
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-size="13.3">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
        ]
        texts = []
        for kind, column, row, *rest in self.items:
            x = margin + column * cell
            if kind == "text":
                text, colour, weight, family = rest
                y = f"{margin + (row + 0.8) * line:g}"
                fonts = "&apos;DejaVu Sans&apos;, Arial, sans-serif"
                if family == "monospace":
                    fonts = "&apos;DejaVu Sans Mono&apos;, Menlo, Consolas, monospace"
                    ends = np.cumsum([0, *map(_cells, text[:-1])])
                    x = " ".join(str(x + cell * int(end)) for end in ends)
                texts.append(
                    f'<text x="{x}" y="{y}" fill="{colour}" font-weight="{weight}" '
                    f'font-family="{fonts}" xml:space="preserve">'
                    f"{html.escape(text.replace(chr(9), '→'))}</text>"
                )
            else:
                span, colour, fill, outline = rest
                parts.append(
                    f'<rect x="{x}" y="{margin + (row - 0.1) * line:g}" '
                    f'width="{span * cell}" height="{1.2 * line:g}" '
                    f'fill="{colour if fill else "none"}" '
                    f'stroke="{outline or "none"}" stroke-width="0.8"/>'
                )
        return "\n".join([*parts, *texts, "</svg>"]) + "\n"

    def _save_png(self, path):
        from matplotlib.patches import Rectangle

        character, line = _CHARACTER, 1.15 * _SIZE / 72
        width = self._width() * character + 0.5
        height = self.line * line + 0.5
        figure = _figure(width, height)

        def at(column, row):
            return (0.25 + column * character) / width, 1 - (0.25 + row * line) / height

        for kind, column, row, *rest in self.items:
            if kind == "text":
                text, colour, weight, family = rest
                if family == "monospace":
                    text = _drawable(text)
                x, y = at(column, row + 1)
                figure.text(
                    x,
                    y,
                    # a dollar sign would start a formula
                    text.replace("$", r"\$"),
                    color=colour,
                    fontsize=_SIZE,
                    fontweight=weight,
                    family="DejaVu Sans Mono" if family == "monospace" else family,
                    verticalalignment="baseline",
                    zorder=2,
                )
            else:
                span, colour, fill, outline = rest
                x, y = at(column, row + 1.22)
                figure.add_artist(
                    Rectangle(
                        (x, y),
                        span * character / width,
                        1.2 * line / height,
                        facecolor=colour if fill else "none",
                        edgecolor=outline or "none",
                        linewidth=0.8,
                        zorder=1,
                    )
                )
        figure.savefig(path)


def tagged_texts(path, title, examples, labels: Sequence[str], *, columns=110):
    """Draw texts whose characters are coloured by the predicted class.

    Wrong characters stand in a red box, with the truth beside the line.

    Args:
        path: PNG to write.
        title: str.
        examples: tuples of heading, text, true class ids, predicted class ids.
        labels: names of the classes.
        columns: int. Characters in a line.

    Raises:
        ImportError: without matplotlib.
    """
    page = _Page(columns)
    page.heading(title)
    colours, legend = _colours_of(labels)
    page.legend(legend, legend.values())
    for heading, text, truth, predicted in examples:
        page.heading(heading, bold=False, space=0)
        wrong = np.flatnonzero(np.asarray(truth) != np.asarray(predicted))
        notes = {
            int(stretch[0]): _remark(
                labels[int(predicted[stretch[0]])], labels[int(truth[stretch[0]])]
            )
            for stretch in _stretches(wrong, truth, predicted)
        }
        page.lines(
            text,
            [colours[int(p)] for p in predicted],
            {int(i): ("#ffd5dc", _ERROR) for i in wrong},
            notes,
        )
        page.gap()
    page.save(path)


def _remark(predicted, truth):
    return f"said {predicted}, is {truth}"


def _stretches(wrong, truth, predicted):
    """Split wrong positions into neighbours with the same confusion."""
    stretches = []
    for i in wrong:
        if stretches:
            last = stretches[-1][-1]
            same = (truth[last], predicted[last]) == (truth[i], predicted[i])
            if last == i - 1 and same:
                stretches[-1].append(i)
                continue
        stretches.append([i])
    return stretches


def recalled_texts(path, title, examples, *, ends=24):
    """Draw what was read, what a model wrote below it, and the wrong answers in red.

    Args:
        path: PNG to write.
        title: str.
        examples: tuples of heading, text read, text written, true text; one character
            a step.
        ends: int. Characters shown of both ends of a longer text.

    Raises:
        ImportError: without matplotlib.
    """
    page = _Page(110)
    page.heading(title)
    for heading, read, written, truth in examples:
        page.heading(heading, bold=False, space=0)
        shown = list(range(len(read)))
        pause = ""
        if len(read) > 3 * ends:
            pause = f" … {len(read) - 2 * ends} steps … "
            shown = shown[:ends] + shown[-ends:]
        for name, text in (("reads ", read), ("writes", written)):
            page.word(0, name, "#666666")
            for place, i in enumerate(shown):
                column = 8 + place + (len(pause) if place >= ends and pause else 0)
                right = text is read or written[i] == truth[i]
                colour = "#8a8a8a" if text[i] == truth[0] else "#0072b2"
                page.word(column, text[i], colour if right else _ERROR, "bold")
                if not right:
                    page.box(column, 1, "#ffd5dc", True, _ERROR)
            if pause:
                page.word(8 + ends, pause, "#8a8a8a")
            page.line += 1.25
        page.gap()
    page.save(path)


def classified_texts(path, title, examples, labels: Sequence[str], *, columns=118):
    """Draw the end of each text, the predicted class and, if it is wrong, the truth.

    Args:
        path: PNG to write.
        title: str.
        examples: tuples of text, true class id, predicted class id, probability of
            the predicted class.
        labels: names of the classes.
        columns: int. Characters in a line.

    Raises:
        ImportError: without matplotlib.
    """
    page = _Page(columns)
    page.heading(title)
    width = columns - 44
    for text, truth, predicted, probability in examples:
        shown = text.replace("\n", "↵")
        if _cells(shown) > width:
            shown = shown[-width:]
            while _cells(shown) >= width:
                shown = shown[1:]
            shown = f"…{shown}"
        page.word(width - _cells(shown), shown[:-1], "#666666")
        right, end = truth == predicted, _cells(shown[-1])
        page.box(width - end, end, "#dff3e8" if right else "#ffd5dc", True, None)
        page.word(width - end, shown[-1], "#1a1a1a", "bold")
        page.word(width + 2, labels[predicted], colour_of(predicted), "bold")
        page.word(width + 2 + max(map(len, labels)) + 1, f"{probability:.3f}")
        if not right:
            column = width + max(map(len, labels)) + 10
            page.word(column, f"wrong: is {labels[truth]}", _ERROR, "bold")
        page.line += 1.35
    page.save(path)


def images(path, title, examples, labels: Sequence[str], *, across=12):
    """Draw small pictures with the predicted label; wrong ones in red with the truth.

    Args:
        path: PNG to write.
        title: str.
        examples: tuples of `(height, width)` array, true class id, predicted class id.
        labels: names of the classes.
        across: int. Pictures in a row.

    Raises:
        ImportError: without matplotlib.
    """
    rows = -(-len(examples) // across)
    height, width = examples[0][0].shape
    ratio = min(max(height / width, 0.25), 3.0)
    figure = _figure(0.95 * across, (0.95 * ratio + 0.3) * rows + 0.5)
    for position, (image, truth, predicted) in enumerate(examples):
        axes = figure.add_subplot(rows, across, position + 1)
        axes.imshow(image, cmap="gray_r", interpolation="nearest", aspect="auto")
        axes.set_xticks([])
        axes.set_yticks([])
        right, said = truth == predicted, labels[int(predicted)]
        axes.set_title(
            said if right else f"{said}, is {labels[truth]}",
            fontsize=9,
            color="#1a1a1a" if right else _ERROR,
            fontweight="normal" if right else "bold",
            pad=3,
        )
        axes.spines[:].set_color("#c8c8c8" if right else _ERROR)
    figure.suptitle(title, fontsize=10)
    figure.tight_layout(rect=(0, 0, 1, 0.99))
    figure.savefig(path)


def piano_rolls(path, title, examples, keys: Sequence[str]):
    """Draw which keys sound, and how probable a model found them one step before.

    Args:
        path: PNG to write.
        title: str.
        examples: tuples of heading, truth `(time, keys)` and probabilities alike.
        keys: their names, from the lowest to the highest.

    Raises:
        ImportError: without matplotlib.
    """
    figure = _figure(12, 3.2 * len(examples) + 0.9)
    sounding = np.concatenate([truth for _, truth, _ in examples]).any(0)
    low, high = np.flatnonzero(sounding)[[0, -1]] + [-2, 3]
    longest = max(len(truth) for _, truth, _ in examples)
    panels = figure.subplots(len(examples), squeeze=False)[:, 0]
    for axes, (heading, truth, probabilities) in zip(panels, examples, strict=True):
        shades = axes.imshow(
            probabilities.T,
            cmap="Blues",
            vmin=0,
            vmax=1,
            aspect="auto",
            origin="lower",
            interpolation="nearest",
        )
        steps, notes = np.nonzero(truth)
        found = probabilities[steps, notes] > 0.5
        for kind, colour, label in (
            (found, "#1a1a1a", "sounds, probability above ½"),
            (~found, _ERROR, "sounds, probability below ½"),
        ):
            axes.hlines(
                notes[kind],
                steps[kind] - 0.42,
                steps[kind] + 0.42,
                color=colour,
                linewidth=1.8,
                label=label,
            )
        axes.set_xlim(-0.5, longest - 0.5)
        axes.set_ylim(low - 0.5, high - 0.5)
        octaves = [i for i, key in enumerate(keys) if key[:-1] in "CEG"]
        axes.set_yticks(octaves, [keys[i] for i in octaves], fontsize=7)
        axes.set_ylim(low - 0.5, high - 0.5)
        axes.set_title(heading, fontsize=9, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
    panels[-1].set_xlabel("step")
    panels[0].legend(
        fontsize=8, frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 0.99)
    )
    figure.suptitle(title, fontsize=10)
    figure.tight_layout(rect=(0, 0, 0.93, 0.99))
    place = figure.add_axes((0.945, 0.3, 0.012, 0.4))
    figure.colorbar(shades, cax=place).set_label("predicted probability", fontsize=8)
    figure.savefig(path)


def alignments(path, title, examples, *, across=3):
    """Draw what each written token looked at.

    Args:
        path: PNG to write.
        title: str.
        examples: tuples of heading, whether it is right, tokens read, tokens written,
            and weights `(written, read)`.
        across: int. Panels side by side.

    Raises:
        ImportError: without matplotlib.
    """
    down = -(-len(examples) // across)
    figure = _figure(4.4 * across, 4.1 * down + 0.8)
    figure.set_layout_engine("constrained", h_pad=0.2, w_pad=0.15)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes in panels[len(examples) :]:
        axes.axis("off")
    for axes, (heading, right, read, written, weights) in zip(
        panels, examples, strict=False
    ):
        axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        axes.set_xticks(range(len(read)), [_drawable(one) for one in read])
        axes.set_yticks(range(len(written)), [_drawable(one) for one in written])
        axes.tick_params(length=0, labelsize=9)
        axes.xaxis.tick_top()
        lines = "\n".join(map(_drawable, heading.split("\n")))
        axes.set_xlabel(lines, color="#1a1a1a" if right else _ERROR)
    figure.suptitle(title)
    figure.savefig(path, dpi=_DPI)


def generated_texts(path, title, surprises, samples, *, columns=100):
    """Draw how surprised a language model is by real text, and what it writes itself.

    Args:
        path: PNG to write.
        title: str.
        surprises: tuples of heading, text, bits of each character.
        samples: tuples of heading, prompt, text generated after it.
        columns: int. Characters in a line.

    Raises:
        ImportError: without matplotlib.
    """
    page = _Page(columns)
    page.heading(title)
    for heading, text, bits in surprises:
        page.heading(heading, bold=False, space=0)
        boxes = {i: (_heat(b), None) for i, b in enumerate(bits)}
        page.lines(text, ["#1a1a1a"] * len(text), boxes)
        page.gap()
    for heading, prompt, text in samples:
        page.heading(heading, bold=False, space=0)
        page.lines(
            prompt + text,
            ["#1a1a1a"] * len(prompt) + ["#0072b2"] * len(text),
            weights=["bold"] * len(prompt) + ["normal"] * len(text),
        )
        page.gap()
    page.save(path)


def _heat(bits):
    """Return a colour from white (0 bits) to orange (8 bits and more)."""
    share = min(max(float(bits), 0.0) / 8, 1.0)
    red, green, blue = 255 - 20 * share, 255 - 135 * share, 255 - 205 * share
    return f"#{round(red):02x}{round(green):02x}{round(blue):02x}"


def forecasts(path, title, examples, unit="", *, widths=(), panels=8):
    """Draw forecasts after what was read, or single values against the truth.

    Args:
        path: PNG to write.
        title: str.
        examples: list of (what was read `(time,)`, truth, prediction).
        unit: str. Of the values.
        widths: half the widths of the prediction intervals, drawn as a band.
        panels: int. How many forecasts are shown, evenly spread.

    Raises:
        ImportError: without matplotlib.
    """
    if len(examples[0][1]) == 1:
        figure = _figure(5, 5)
        axes = figure.subplots()
        truth, predicted = (np.array([one[i][0] for one in examples]) for i in (1, 2))
        ends = [min(truth.min(), predicted.min()), max(truth.max(), predicted.max())]
        axes.plot(ends, ends, color="#8a8a8a", linewidth=0.8)
        axes.plot(truth, predicted, ".", color="#0072b2", markersize=3)
        axes.set_xlabel(f"truth {unit}".strip())
        axes.set_ylabel("prediction")
        axes.spines[["top", "right"]].set_visible(False)
        figure.suptitle(title, fontsize=9)
        figure.savefig(path)
        return
    figure = _figure(12, 6)
    chosen = np.linspace(0, len(examples) - 1, panels).round().astype(int)
    grid = figure.subplots(2, -(-panels // 2), sharex=True, sharey=True)
    for axes, i in zip(grid.ravel(), chosen, strict=False):
        read, truth, predicted = examples[i]
        ahead = np.arange(1, len(truth) + 1)
        axes.plot(np.arange(1 - len(read), 1), read, color="#8a8a8a", label="read")
        axes.plot(ahead, truth, "o-", color="#222222", markersize=3, label="truth")
        axes.plot(
            ahead, predicted, "o-", color="#d55e00", markersize=3, label="forecast"
        )
        if len(widths):
            axes.fill_between(
                ahead,
                predicted - widths,
                predicted + widths,
                color="#d55e00",
                alpha=0.15,
                linewidth=0,
                label="90 % interval",
            )
        axes.set_title(f"test window {i + 1} of {len(examples)}", fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    for axes in grid[-1]:
        axes.set_xlabel("steps ahead")
    for axes in grid[:, 0]:
        axes.set_ylabel(unit)
    grid[0, 0].legend(fontsize=8, frameon=False)
    figure.suptitle(title, fontsize=10)
    figure.savefig(path)
