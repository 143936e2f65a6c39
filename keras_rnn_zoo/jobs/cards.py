"""Cards of models, and the tables of all: made of their measured figures alone."""

import contextlib
import json
import pathlib

from keras_rnn_zoo.presets.model_directory import FIGURES_FILE, METADATA_FILE
from keras_rnn_zoo.tasks import TASKS, direction

#: What the licence of training data asks to be said beside weights that learnt of it.
NOTICES = {
    "PSF-2.0": (
        "The training data are the source files of Python's standard library, "
        "copyright © 2001 Python Software Foundation; all rights reserved; used under "
        "the PSF License Agreement, version 2 (docs.python.org/3/license.html). They "
        "are read from the interpreter that runs; of them this package holds only the "
        "few functions that a picture may show. The weights are numbers fitted to them."
    ),
    "CC BY 4.0": (
        "The training data are under CC BY 4.0 (creativecommons.org/licenses/by/4.0), "
        "which asks to name their source: see below. The weights are numbers fitted to "
        "them."
    ),
    "CC BY-SA 4.0": (
        "The training data are under CC BY-SA 4.0 "
        "(creativecommons.org/licenses/by-sa/4.0), which asks to name their source, "
        "see below, and to pass on what is made of them under the same licence: so are "
        "the sentences of a picture here. The weights are numbers fitted to them; this "
        "package does not hold the data."
    ),
    "BSD-2-Clause": (
        "The training data are the CMU Pronouncing Dictionary, copyright © 1993-2015 "
        "Carnegie Mellon University; all rights reserved; they may be used and passed "
        "on with this notice and without any warranty (see the dictionary's licence). "
        "This package does not hold them; the weights are numbers fitted to them."
    ),
    "MIT": (
        "The training data are copyright © 2017 Sean Robertson, under the MIT licence "
        "(opensource.org/license/mit), without any warranty. The weights are numbers "
        "fitted to them; of the data this package holds the few surnames of a picture."
    ),
    "public domain": "The training data are in the public domain.",
    "none needed": "The training data are generated.",
    "not stated": (
        "No licence of the training data is stated: see below what is known. The "
        "weights are numbers fitted to them; this package does not hold the data."
    ),
}


def card(metadata: dict) -> str:
    """Return the text of a model's README.md.

    Args:
        metadata: content of its `metadata.json`, or of its `figures.json` if the
            weights are not shipped.
    """
    name, seeds = metadata["name"], metadata["seeds"]
    seconds = sorted(metadata["training_seconds"])
    shipped = "files" in metadata
    parts = [
        f"# {name}",
        f"<!-- Made of {METADATA_FILE if shipped else FIGURES_FILE}; do not edit. -->",
        f"{metadata['title']}.",
        *_picture(metadata),
        _facts_table(metadata),
        "## Figures",
        f"On the test data. {_seeds(metadata)} "
        "Settings and epoch were chosen on validation data only.",
        _figures_table(metadata),
        *_published(metadata),
        *_notes(metadata),
        *(_use(metadata) if shipped else []),
        "## Train it again",
        f"```\nkeras-rnn-zoo train {name} {_seed_options(seeds)}\n```",
        f"The training itself took {_span(seconds)} seconds a seed"
        + (f" on {metadata['hardware']}." if metadata.get("hardware") else ".")
        + f" {_versions(metadata)}.",
        "## Data and licences",
        (
            f"Weights: {metadata['licence']}. "
            if shipped
            else "The weights are not here. "
        )
        + f"Data: {metadata['data_licence']}."
        + (f" {metadata['notice']}" if metadata.get("notice") else ""),
        _table(["data", ""], metadata["data"].items()),
    ]
    if metadata.get("notes"):
        parts += ["## Limits", "\n".join(f"* {one}" for one in metadata["notes"])]
    return "\n\n".join(parts) + "\n"


def _picture(metadata):
    if not metadata.get("picture"):
        return []
    return [f"![Answers of {metadata['name']} on test data]({metadata['picture']})"]


def _seeds(metadata):
    seeds, shipped = metadata["seeds"], "files" in metadata
    if len(seeds) == 1:
        return f"One seed, {seeds[0]}: the spread is not known."
    text = (
        f"Mean ± standard deviation of {len(seeds)} seeds "
        f"({', '.join(map(str, seeds))})"
    )
    if not shipped:
        return f"{text}."
    return (
        f"{text}; the weights here are those of seed {metadata['seed']}, the first, "
        "whose own figures are in the last column."
    )


def _seed_options(seeds):
    return f"--seed {seeds[0]}" if len(seeds) == 1 else f"--seeds {_commas(seeds)}"


def _commas(items):
    return ",".join(map(str, items))


def _published(metadata):
    one = metadata.get("published")
    if not one:
        return []
    return [
        f"Published: {_metric(one['metric'])} {number(one['value'])} ({one['source']})."
    ]


def _use(metadata):
    name = metadata["name"]
    task, example = TASKS[metadata["task"]], metadata.get("example", "")
    first = task.start(name, example)
    lines = ["import keras_rnn_zoo", "", f'model = keras_rnn_zoo.load("{name}")']
    if example and task.answered:
        lines[-1] += "  # the Keras model"
        lines[1:1] = ["from keras_rnn_zoo import jobs"]
        quoted = json.dumps(example, ensure_ascii=False)
        lines += [task.asked.format(name=name, example=quoted)]
        lines += [f"print({task.answered})"]
    return [
        "## Use",
        "```python\n" + "\n".join(lines) + "\n```",
        f"```\nkeras-rnn-zoo {first}\n"
        f"keras-rnn-zoo evaluate {name}\nkeras-rnn-zoo export {name}\n```",
    ]


#: What the tables are made of; a neighbour's file of the same name has other keys.
_KEYS = frozenset(
    "name title task test_over_seeds baselines parameters training_seconds hardware "
    "data_licence".split()
)


def _documents(directory, file):
    """Read the files of that name that are ours."""
    found = []
    for path in sorted(pathlib.Path(directory).glob(f"*/{file}")):
        with contextlib.suppress(OSError, ValueError, RecursionError):
            document = json.loads(path.read_text("utf-8"))
            if isinstance(document, dict) and _KEYS <= set(document):
                if document["task"] not in TASKS:
                    continue
                if file == FIGURES_FILE or "files" in document:
                    found.append(document)
    return found


def table(directory: pathlib.Path) -> str:
    """Return the text of the README.md over all model directories in `directory`."""
    documents = _documents(directory, METADATA_FILE)
    measured = _documents(directory, FIGURES_FILE)
    known = {one["name"] for one in [*documents, *measured]}
    recipes = sorted(
        path.parent.name
        for path in pathlib.Path(directory).glob("*/recipe.toml")
        if path.parent.name not in known
    )
    rows = []
    for one in documents:
        best = _best_baseline(one)
        first = one["test_over_seeds"][0]
        rows.append(
            [
                f"[{one['name']}]({one['name']}/README.md)",
                one["title"],
                f"{_metric(first['metric'])} **{mean_and_spread(first)}**",
                "" if best is None else f"{best['name']} {number(best['value'])}",
                f"{one['parameters']:,}",
                f"{size(one) / 1000:,.0f} kB",
                one["data_licence"],
            ]
        )
    parts = [
        "# Models",
        "<!-- Made of the metadata.json files; do not edit. -->",
        'Trained, and loaded by name: `keras_rnn_zoo.load("digits_gru")`. Test '
        "figures, mean ± standard deviation over seeds, beside the best simpler method "
        "that was tried on the same split. Weights: Apache-2.0.",
        _table(
            "model|what it does|test figure|best baseline|weights|size|data".split("|"),
            rows,
        ),
    ]
    reproduced = [one for one in [*documents, *measured] if one.get("published")]
    others = [one for one in measured if not one.get("published")]
    if reproduced:
        parts += [
            "## Published figures, measured again",
            "Test figures of the recipes here beside those of the papers. Time: the "
            "training of one seed.",
            _table(
                "recipe|ours|published|source|best baseline|time, hardware".split("|"),
                [_reproduction(one) for one in sorted(reproduced, key=_by_name)],
            ),
        ]
    if others:
        heading = "recipe|what it does|test figure|best baseline|time, hardware"
        parts += [
            "## Measured, without shipped weights",
            _table(heading.split("|"), [_measured(one) for one in others]),
        ]
    if recipes:
        parts.append(
            "Recipes without shipped weights (`keras-rnn-zoo train NAME`): "
            + ", ".join(f"`{name}`" for name in recipes)
            + "."
        )
    return "\n\n".join(parts) + "\n"


def _by_name(metadata):
    return metadata["name"]


def _reproduction(metadata):
    """One row of the table of published figures."""
    name, published = metadata["name"], metadata.get("published", {})
    metric = published.get("metric", metadata["test_over_seeds"][0]["metric"])
    [ours] = [
        one
        for one in metadata["test_over_seeds"]
        if one["metric"] == metric and one["name"].partition(",")[0] == name
    ][:1]
    best = _best_baseline(metadata, metric)
    seconds = sorted(metadata["training_seconds"])
    return [
        f"[{name}]({name}/README.md)",
        f"{_metric(metric)} **{mean_and_spread(ours)}**",
        number(published["value"]) if published else "",
        published.get("source", ""),
        "" if best is None else f"{best['name']} {number(best['value'])}",
        ", ".join(filter(None, (f"{_span(seconds)} s", metadata["hardware"]))),
    ]


def _measured(metadata):
    name, ours, _, _, best, time = _reproduction(metadata)
    return [name, metadata["title"], ours, best, time]


def size(metadata: dict) -> int:
    """Return the bytes of a model's files, as far as loading reads them."""
    return sum(file["bytes"] for file in metadata["files"].values())


def mean_and_spread(figure: dict) -> str:
    """Return "mean ± standard deviation" with two digits of the latter.

    Example:
    >>> mean_and_spread({"mean": 0.97403, "standard_deviation": 0.00161})
    '0.9740 ± 0.0016'
    """
    mean, spread = figure["mean"], figure["standard_deviation"]
    if spread is None:
        return f"{number(mean)} (one seed)"
    return f"{number(mean)} ± {number(spread)}"


def number(value: float) -> str:
    """Return a figure with four digits after the point, or three if it is above 10."""
    return f"{value:.3f}" if abs(value) >= 10 else f"{value:.4f}"


def _best_baseline(metadata, main=None):
    main = main or metadata["test_over_seeds"][0]["metric"]
    found = [
        one
        for one in metadata["baselines"]
        if one["metric"] == main and one["value"] is not None
    ]
    if not found:
        return None
    choose = min if direction(main, "max") == "min" else max
    return choose(found, key=lambda one: one["value"])


def _facts_table(metadata):
    model = dict(metadata["model"])
    topology = model.pop("topology")
    rows = [
        ("answers", TASKS[metadata["task"]].words),
        ("reads", metadata["reads"]),
        (
            "model",
            f"`{topology}`: " + ", ".join(f"{k} {_short(v)}" for k, v in model.items()),
        ),
        ("weights", f"{metadata['parameters']:,}"),
    ]
    if "files" in metadata:
        rows[-1] = (
            "weights",
            f"{metadata['parameters']:,}; {size(metadata) / 1000:,.0f} kB",
        )
    return _table(["", ""], rows)


def _short(value):
    if isinstance(value, dict):
        return "(" + ", ".join(f"{k} {_short(v)}" for k, v in value.items()) + ")"
    return f"{value}"


def _figures_table(metadata):
    own = {(one["name"], one["metric"]): one["value"] for one in metadata["test"]}
    rows = [
        (
            f"**{one['name']}**",
            _metric(one["metric"]),
            f"**{mean_and_spread(one)}**",
            number(own[one["name"], one["metric"]]),
        )
        for one in metadata["test_over_seeds"]
    ]
    for one in metadata["baselines"]:
        shown = "–" if one["value"] is None else number(one["value"])
        rows.append((one["name"], _metric(one["metric"]), shown, ""))
    if "files" not in metadata:
        return _table(["method", "metric", "test"], [row[:3] for row in rows])
    return _table(["method", "metric", "test", "these weights"], rows)


def _notes(metadata):
    notes = {}
    for one in [*metadata["test"], *metadata["baselines"]]:
        if one["note"]:
            name = one["name"]
            name = "coverage" if one["metric"] == "coverage" else name
            notes.setdefault(one["note"], []).append(name)
    lines = [f"* {', '.join(dict.fromkeys(v))}: {k}" for k, v in notes.items()]
    return ["\n".join(lines)] if lines else []


def _metric(name):
    text = name.replace("_", " ")
    return f"{text} (less is better)" if direction(name, "max") == "min" else text


def _span(seconds):
    low, high = f"{seconds[0]:.0f}", f"{seconds[-1]:.0f}"
    return low if low == high else f"{low}-{high}"


def _versions(metadata):
    shown = [f"{name} {version}" for name, version in metadata["versions"].items()]
    return "Versions: " + ", ".join(shown)


def _table(heading, rows):
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"
        for row in lines
    )
