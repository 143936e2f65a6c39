"""The picture at the top of the README: a drawn cell, and a trained model's answer.

`python -m zoo_site.hero`, in docs/, or `make hero`, writes it anew.
"""

import html
import itertools
import pathlib
import re

import keras_rnn_zoo
from keras_rnn_zoo import presets
from keras_rnn_zoo.datasets import Codec
from keras_rnn_zoo.datasets.corpus import token_classes
from keras_rnn_zoo.inspection import draw_cell
from keras_rnn_zoo.inspection.report_plots import colour_of

PATH = pathlib.Path(__file__).parents[1] / "pages" / "assets" / "hero.svg"
MODEL = "py_tagger_bilstm"
CODE = '''\
def season(month, north=True):
    """Names the season of a month."""
    names = ["winter", "spring"]
    names += ['summer', 'autumn']
    # half a year apart in the south
    shift = 0 if north else 6
    return names[(month + shift) % 12 // 3]
'''
_WIDTH, _HEIGHT, _LEFT = 1240, 402, 660
_LINE, _SIZE = 32, 19
_MONO = "'DejaVu Sans Mono', Consolas, Menlo, monospace"
_SANS = "'DejaVu Sans', Verdana, Arial, sans-serif"


def picture():
    """The picture as SVG."""
    drawn = draw_cell("LSTM").svg
    drawn = re.sub(r"<svg ", '<svg x="8" y="30" ', drawn, count=1)
    drawn = re.sub(r"<title>.*?</title>", "", drawn)
    labels = presets.read_assets(MODEL).labels
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img" font-family="{_SANS}" '
        'aria-label="The data flow of an LSTM cell, and Python source coloured by a '
        'trained tagger">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _title(16, 'draw_cell("LSTM")'),
        drawn,
        f'<line x1="{_LEFT}" x2="{_LEFT}" y1="16" y2="{_HEIGHT - 16}" '
        'stroke="#cccccc"/>',
        _title(_LEFT + 22, f"keras-rnn-zoo predict {MODEL}"),
        _legend(labels),
        _coloured(labels),
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _title(x, text):
    return (
        f'<text x="{x}" y="27" font-size="16" font-weight="bold" fill="#1a1a1a" '
        f'font-family="{_MONO}">{html.escape(text)}</text>'
    )


def _legend(labels):
    spans = "".join(
        f'<tspan fill="{colour_of(i)}" dx="{10 * (i > 1)}">{label}</tspan>'
        for i, label in enumerate(labels)
        if label != "space"
    )
    return (
        f'<text x="{_LEFT + 22}" y="68" font-size="15" font-weight="bold">{spans}'
        "</text>"
    )


def _coloured(labels):
    """The code, each character in the colour of the class that the model gives it."""
    model = keras_rnn_zoo.load(MODEL)
    ids = Codec(**presets.read_assets(MODEL).codec).encode(CODE)
    said = model(ids[None])[0].numpy().argmax(-1)
    truth = token_classes(CODE)
    lines, line = [], []
    for character, kind, true in zip(CODE, said, truth, strict=True):
        if character == "\n":
            lines.append(line)
            line = []
        else:
            line.append((character, int(kind), kind == true))
    pairs = zip(CODE, said, truth, strict=True)
    wrong = [f"“{one}”" for one, kind, true in pairs if kind != true]
    made = [
        f'<text x="{_LEFT + 22}" y="{_HEIGHT - 22}" font-size="14" fill="#555555">'
        f"{len(CODE) - len(wrong)} of {len(CODE)} characters right; boxed: "
        f"{', '.join(wrong) or 'none'}</text>"
    ]
    for number, line in enumerate(lines):
        y = 124 + _LINE * number
        for column, (_, _, right) in enumerate(line):
            if not right:
                x = _LEFT + 22 + column * _SIZE * 0.602 - 1
                made.append(
                    f'<rect x="{x:.1f}" y="{y - 17}" width="{_SIZE * 0.602 + 2:.1f}" '
                    'height="23" fill="#fde3e8" stroke="#e0002b"/>'
                )
        spans = []
        for kind, run in itertools.groupby(line, lambda one: one[1]):
            text = html.escape("".join(character for character, *_ in run))
            text = text.replace(" ", "\u00a0")
            weight = ' font-weight="bold"' if labels[kind] == "keyword" else ""
            spans.append(f'<tspan fill="{colour_of(kind)}"{weight}>{text}</tspan>')
        made.append(
            f'<text x="{_LEFT + 22}" y="{y}" font-size="{_SIZE}" '
            f'font-family="{_MONO}">{"".join(spans)}</text>'
        )
    return "\n".join(made)


if __name__ == "__main__":
    PATH.write_text(picture(), encoding="utf-8")
    print(PATH)
