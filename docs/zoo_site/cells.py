"""A page for each cell, from the catalogue, the declaration and the docstring."""

import csv
import html
import inspect
import pathlib
import re
import textwrap

import keras_rnn_zoo
from keras_rnn_zoo.inspection import catalogue, draw_cell
from zoo_site import maths

ROOT = pathlib.Path(__file__).parents[2]
RESULTS = ROOT / "tests" / "benchmarks" / "results"
WIDTH = 64


def pages():
    """Dict from path to Markdown or drawing: the table, and one page for each cell."""
    entries = catalogue(features=WIDTH, units=WIDTH)
    speed = _speed()
    made = {"cells/index.md": _index(entries)}
    for entry in entries:
        drawing = draw_cell(entry.name)
        made[f"cells/{entry.name}.svg"] = drawing.svg
        made[f"cells/{entry.name}.md"] = _page(
            entry, drawing, speed.get(entry.name, [])
        )
    return made


def _index(entries):
    lines = [
        "# Cells",
        "",
        f"{len(entries)} cells, each with its layer: `LSTMCell` is one step, `LSTM` a "
        "sequence. Any of them goes into any topology by its name, "
        '`ManyToMany(7, cell="MGU", …)`. Weights and multiply-adds of a step are '
        f"those of {WIDTH} features and {WIDTH} units. *Linear* cells can be computed "
        "for all steps at once.",
        "",
        "The list in Python: `keras_rnn_zoo.inspection.catalogue()`; in a terminal: "
        "`keras-rnn-zoo cells`, `keras-rnn-zoo cells MGU`.",
        "",
        "*Also in*: other libraries that have it; with a star, one whose cell is known "
        "to differ, as the cell's page says.",
        "",
        "| cell | year | what it is | states | weights | linear | also in |",
        "| --- | --- | --- | --- | ---: | --- | --- |",
    ]
    for entry in entries:
        title = entry.title.rstrip(".")
        states = ", ".join(f"`{name}`" for name, _ in entry.states)
        also = entry.also_in
        lines.append(
            f"| [`{entry.name}`]({entry.name}.md) | {entry.year or ''} | {title} | "
            f"{states} | {entry.parameters:,} | {entry.linear or ''} | "
            f"{', '.join(f'{one}*' if how else one for one, how in also.items())} |"
        )
    return "\n".join(lines) + "\n"


def _page(entry, drawing, speed):
    layer = getattr(keras_rnn_zoo, entry.name)
    cell = layer.cell_class
    drawn = maths.equations(textwrap.dedent(entry.equations))
    made = layer(WIDTH)
    made.build((None, None, WIDTH))
    return "\n".join(
        [
            f"# {entry.name}",
            "",
            entry.title,
            "",
            f'<div class="drawing"><img src="{entry.name}.svg" '
            f'alt="{html.escape(drawing.alt)}"></div>',
            "",
            f'<div class="equations">{drawn}</div>',
            "",
            *_symbols(cell),
            "",
            *_facts(entry, layer, made),
            "## Use it",
            "",
            "```python",
            example(entry.name),
            "```",
            "",
            *_step(cell),
            *_speed_table(speed),
            "## Reference",
            "",
            *_documented(layer),
            *_documented(cell),
        ]
    )


def _documented(cls):
    place = f"{cls.__module__}.{cls.__qualname__}"
    return [f"::: {place}", "    options:", "      members: false", ""]


def _symbols(cell):
    """The paragraphs between the equations and the paper: symbols, and when to use."""
    doc = inspect.getdoc(cell)
    text = re.search(r"\n\n(?:    .*\n|\n)+(\S[\s\S]*?)\n\n(?=Reference:)", doc)
    if not text:
        return []
    words = text[1].replace("When to use it:", "\n**When to use it:**")
    return re.sub(r"(?<!\n)\n(?=\*\*When)", "\n\n", words).splitlines()


def _facts(entry, layer, made):
    names = [
        f"`{weight.path.rpartition('/')[2]}` {tuple(weight.shape)}"
        for weight in made.weights
        if "seed_generator" not in weight.path
    ]
    signature = inspect.signature(layer).parameters
    options = [f"`{name}={signature[name].default!r}`" for name in entry.options]
    rows = {
        "Paper": entry.paper,
        "States": ", ".join(f"`{name}` {shape}" for name, shape in entry.states),
        "Weights": ", ".join(names),
        "Parameters": f"{entry.parameters:,}",
        "Multiply-adds a step": f"{entry.multiply_adds:,}",
        "Options of its own": ", ".join(options) or "none",
        "Does not take": ", ".join(f"`{one}`" for one in entry.without) or "–",
        "Linear in its states": entry.linear or "no",
        "Also in": ", ".join(
            f"{name} ({how})" if how else name for name, how in entry.also_in.items()
        )
        or "–",
    }
    return [
        f"|  | {WIDTH} features, {WIDTH} units |",
        "| --- | --- |",
        *(f"| **{name}** | {_cell(text)} |" for name, text in rows.items()),
        "",
    ]


def _cell(text):
    return text.replace("|", "\\|")


def example(name):
    """The block of Python on a cell's page."""
    return textwrap.dedent(f"""\
        import numpy as np
        from keras_rnn_zoo import {name}, ManyToMany

        x = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")
        layer = {name}(8, return_sequences=True)
        print(layer(x).shape)  # batch, time, units
        tagger = ManyToMany(3, units=8, cell="{name}", num_features=4)
        print(tagger(x).shape)  # batch, time, classes""")


def _step(cell):
    """The equations as the package computes them."""
    owner = next((one for one in cell.__mro__ if "step" in vars(one)), None)
    if owner is None or not owner.__module__.startswith("keras_rnn_zoo.layers.cells."):
        return []
    source = textwrap.dedent(inspect.getsource(owner.step))
    return [
        "## In code",
        "",
        f"`step` of `{owner.__name__}`: all that is computed at a step; `x` holds the "
        "input's terms, `u` multiplies by the recurrent weights.",
        "",
        '``` { .python .source title="' + owner.__module__.replace(".", "/") + '.py" }',
        source.rstrip(),
        "```",
        "",
    ]


def _speed():
    """Dict from a cell's name to rows of the benchmark of cells, where it is stored."""
    found = {}
    for path in sorted(RESULTS.glob("engine-cells-*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["unit"], []).append({**row, "file": path.name})
    return found


def _speed_table(rows):
    if not rows:
        return []
    return [
        "## Speed",
        "",
        "Milliseconds, and how many times as fast as the same cell in "
        f"`keras.layers.RNN` (`{rows[0]['file']}`; [conditions](../benchmarks.md)).",
        "",
        "| batch, time, features, units | | ours | Keras | ratio |",
        "| --- | --- | ---: | ---: | ---: |",
        *(
            f"| {row['B,T,I,H']} | {row['mode']} | {row['pure ms']} | "
            f"{row['keras ms']} | {row['keras/pure']} |"
            for row in rows
        ),
        "",
    ]
