"""Recipes: one TOML file holds everything that is needed to train a model again.

A recipe has a few lines on its own (`title`, `task`, `seed`) and three tables: `[data]`
(which data set, how it is batched), `[model]` (which topology, which cell, how many
units) and `[training]` (epochs, learning rate, when to stop); a fourth, `[search]`,
says which of all that a search may change, and how far. Keys that are left out
keep the default of the code they are handed to. Every problem in a recipe is reported
with the file, the key and the line:

    models/mine/recipe.toml, line 7: unknown key `model.unit`. Did you mean `units`?
"""

import dataclasses
import datetime
import difflib
import json
import math
import os
import pathlib
import re
import tomllib
import types
import typing
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal

from keras_rnn_zoo.presets.model_directory import models_directories
from keras_rnn_zoo.tasks import TASKS

RECIPE_FILE = "recipe.toml"

_READING = frozenset(
    "units embedding_dim mask_value dropout recurrent_dropout output_dropout".split()
)
_HIDDEN = _READING | {
    *("characters", "cell", "bidirectional", "output_activation", "head"),
}
#: The keys of `[model]` that each topology understands.
TOPOLOGY_KEYS: Mapping[str, frozenset[str]] = {
    "ManyToMany": _HIDDEN,
    "ManyToOne": _HIDDEN,
    "OutputRecurrence": _READING
    | {"activation", "training_feedback", "feedback", "sampling_schedule"},
    "WindowClassifier": frozenset(
        "units window length return_sequences embedding_dim mask_value activation "
        "output_activation dropout".split()
    ),
    "EncoderDecoder": frozenset(
        "cell units embedding_dim bidirectional dropout attention query start end "
        "num_layers bridge input_feeding tie_weights copying sampling_schedule".split()
    ),
}


#: The keys that a table `[search]` can name, each with the table it belongs to.
SEARCHABLE: Mapping[str, str] = {
    "batch_size": "data",
    **dict.fromkeys(
        "cell units embedding_dim bidirectional activation dropout recurrent_dropout "
        "output_dropout".split(),
        "model",
    ),
    **dict.fromkeys(
        "learning_rate schedule final_learning_rate warmup_epochs clipnorm".split(),
        "training",
    ),
}


#: The largest integer, of units, steps or a seed, that TensorFlow can be given.
_LARGEST = 2**31 - 1


class RecipeError(ValueError):
    """A recipe that cannot be used; the message names the file, the key and the line.

    Attributes:
        path: the file, as it was given.
        key: dotted key (`"model.units"`), None if the file as a whole is at fault.
        line: 1-based line number, None if there is no line to point at.
    """

    def __init__(self, problem, path, key=None, line=None):
        self.path, self.key, self.line = path, key, line
        where = f"{path}" if line is None else f"{path}, line {line}"
        super().__init__(f"{where}: {problem}")


@dataclasses.dataclass(frozen=True)
class DataRecipe:
    """Which data a model learns from.

    Attributes:
        name: str. A data set of `keras_rnn_zoo.datasets`.
        batch_size: int. Sequences in a batch.
        limit: int. Train on about this many sequences an epoch, in whole batches;
            validation and test stay whole. None: on all.
        options: table. Handed to `keras_rnn_zoo.datasets.load` as keyword arguments.
    """

    name: str
    batch_size: int = 32
    limit: int | None = None
    options: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class ModelRecipe:
    """Which topology is built; a key left out keeps the topology's own default.

    Attributes:
        topology: name of a class in `keras_rnn_zoo.topologies`.
        cell: name of a cell, or a table: `name`, and arguments of that cell.
        characters: as in that class, without what the data tell: `vocabulary_size` and
            `max_characters`, which is an option of the data.
        head: as in that class; a table may also hold `scheme`, such as "BIO", from
            which and the labels the constraints of a CRF follow.
        sampling_schedule: as in that class, or a table: `class`, the name of a
            schedule in `keras_rnn_zoo.layers`, and its arguments.
        Other attributes: arguments of that class, see there.
    """

    topology: Literal[*TOPOLOGY_KEYS]  # pyright: ignore[reportInvalidTypeForm]
    cell: str | dict[str, Any] | None = None
    units: int | list[int] | None = None
    embedding_dim: int | None = None
    characters: dict[str, Any] | None = None
    bidirectional: bool | None = None
    output_activation: str | None = None
    head: str | dict[str, Any] | None = None
    activation: str | None = None
    mask_value: float | None = None
    dropout: float | None = None
    recurrent_dropout: float | None = None
    output_dropout: float | None = None
    training_feedback: str | None = None
    feedback: str | None = None
    sampling_schedule: str | float | dict[str, Any] | None = None
    attention: str | None = None
    query: str | None = None
    start: int | None = None
    end: int | None = None
    num_layers: int | None = None
    bridge: str | None = None
    input_feeding: bool | None = None
    tie_weights: bool | None = None
    copying: bool | None = None
    window: int | None = None
    length: int | None = None
    return_sequences: bool | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments for the topology: the keys that were set."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "topology" and getattr(self, field.name) is not None
        }


@dataclasses.dataclass(frozen=True)
class TrainingRecipe:
    """How a model learns. The optimizer is Adam.

    Attributes:
        epochs: int. Most epochs to run.
        learning_rate: float. Highest learning rate of the schedule.
        schedule: `"constant"`; `"cosine"`: falls along a half cosine to
            `final_learning_rate` at the last step; `"exponential"`: falls
            geometrically to it.
        final_learning_rate: float. Where the schedule ends.
        warmup_epochs: float. Rise linearly from 0 during this part first (cosine only).
        clipnorm: float. Largest norm of a weight's gradient. None: no clipping.
        monitor: str. Validation quantity that chooses the epoch to keep, such as
            `"val_accuracy"` (larger is better) or `"val_loss"` (smaller is better).
        patience: int. Stop after this many epochs without a better one. None: never.
        initial_weights: str. File (`.weights.h5` or `.keras`) to start from; in the
            recipe relative to it, here absolute. None: start from random weights.
        class_weights: `"balanced"`: in the loss, and so in `"val_loss"`, all classes
            count alike, however rare (see `class_weights.weighted`). None: all answers.
    """

    epochs: int
    learning_rate: float = 0.001
    schedule: Literal["constant", "cosine", "exponential"] = "constant"
    final_learning_rate: float = 0.0
    warmup_epochs: float = 0.0
    clipnorm: float | None = None
    monitor: str = "val_loss"
    patience: int | None = None
    initial_weights: str | None = None
    class_weights: Literal["balanced"] | None = None


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One model, its data and its training. `load` reads one, `to_toml` writes one.

    Attributes:
        name: str. Name of the model: that of the directory, unless the file says more.
            Letters, digits, `_`, `-`, `.`; it names the directory of a run as well.
        title: str. One line for people.
        task: a name of `keras_rnn_zoo.tasks`, such as `"tagging"`: what the model
            answers.
        data, model, training: the three tables.
        seed: int. Seed of the weights, the shuffling and the dropout.
        notes: list of str. What to know before using the model; on its card.
        example: str. A text to try the model on: what to read, or how to begin.
        published: table. A published figure of the same task and split to compare with:
            `metric`, `value` and `source`.
        search: table. What a search may change: a key of `SEARCHABLE` to a range,
            `[lowest, highest]`, or to `{choices = [...]}`. Learning rates are drawn on
            a logarithmic scale. Without a search the table means nothing.
    """

    name: str
    title: str
    task: Literal[*TASKS]  # pyright: ignore[reportInvalidTypeForm]
    data: DataRecipe
    model: ModelRecipe
    training: TrainingRecipe
    seed: int = 1
    notes: list[str] = dataclasses.field(default_factory=list)
    example: str = ""
    published: dict[str, Any] = dataclasses.field(default_factory=dict)
    search: dict[str, Any] = dataclasses.field(default_factory=dict)

    def replace(self, **changes) -> "Recipe":
        """Return a copy with dotted or plain keys changed; None means no change.

        Args:
            **changes: new values by key; a key of a table is written with two
                underscores: `recipe.replace(seed=2, training__epochs=3)`.

        Raises:
            RecipeError: if a key is unknown or a value does not fit it.
        """
        document = _as_document(self)
        for key, value in changes.items():
            if value is None:
                continue
            *tables, last = key.split("__")
            table: Any = document
            for name in tables:
                table = table.setdefault(name, {})
            table[last] = value
        return _build(document, f"recipe {self.name!r} with changes", "", self.name)

    def settings(self) -> dict[str, Any]:
        """Return all that is set and matters to the training, by dotted key.

        Example:
        >>> load("digits_gru").settings()["training.epochs"]
        30
        """

        def flat(table: dict[str, Any], *keys: str):
            for key, value in table.items():
                if isinstance(value, dict):
                    yield from flat(value, *keys, key)
                else:
                    yield ".".join((*keys, key)), value

        remarks = {"title", "notes", "published", "search", "example"}
        document = _as_document(self)
        return dict(flat({k: v for k, v in document.items() if k not in remarks}))

    def to_toml(self) -> str:
        """Return the text of a recipe file from which `load` makes this recipe."""
        lines, tables = [], []
        for key, value in _as_document(self).items():
            if isinstance(value, dict):
                tables.append((key, value))
            else:
                lines.append(f"{key} = {_toml_value(value)}")
        for name, table in tables:
            lines += ["", f"[{name}]"]
            for key, value in table.items():
                if not isinstance(value, dict) or not value:
                    lines.append(f"{_toml_key(key)} = {_toml_value(value)}")
            for key, value in table.items():
                if isinstance(value, dict) and value:
                    lines += ["", f"[{name}.{_toml_key(key)}]"]
                    lines += [
                        f"{_toml_key(k)} = {_toml_value(v)}" for k, v in value.items()
                    ]
        return "\n".join(lines) + "\n"


def names() -> list[str]:
    """Return the names of all recipes that come with the package, sorted."""
    found = {
        path.parent.name
        for directory in models_directories()
        for path in directory.glob(f"*/{RECIPE_FILE}")
        if path.is_file()
    }
    return sorted(found)


def find(name: str | os.PathLike) -> pathlib.Path:
    """Return the recipe file of a model's name, of a directory or of a file.

    Raises:
        FileNotFoundError: if there is none; the message lists the names there are.
    """
    if str(name) and os.sep not in str(name):
        for directory in models_directories():
            path = directory / name / RECIPE_FILE
            if path.is_file():
                return path
    path = pathlib.Path(name)
    if str(name) and path.is_dir() and (path / RECIPE_FILE).is_file():
        return path / RECIPE_FILE
    if path.is_file():
        return path
    known = names()
    raise FileNotFoundError(
        f"`name` must be one of the recipes {', '.join(known)}, or the path of a "
        f"recipe file. Received: name={str(name)!r}.{_did_you_mean(str(name), known)}"
    )


def load(name: str | os.PathLike, *, check_files: bool = True) -> Recipe:
    """Read and check a recipe.

    Args:
        name: name of a model that comes with the package (see `names`), or the path
            of a recipe file or of a directory with one.
        check_files: bool. Whether files named in the recipe must exist.

    Raises:
        FileNotFoundError: if there is no such recipe.
        RecipeError: if the file is not TOML, has an unknown key, lacks a required
            one, holds a value of the wrong kind, or names a file that is not there.
    """
    path = find(name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise RecipeError(
            f"the file is not UTF-8 text ({error.reason})", path, line=line
        ) from error
    return parse(text, path, check_files=check_files)


def parse(
    text: str, path: str | os.PathLike = "recipe.toml", *, check_files: bool = True
) -> Recipe:
    """Make a recipe of a text; `path` is for messages and for relative file names."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise RecipeError(f"this is not TOML: {error}", path, line=line) from error
    directory = pathlib.Path(os.path.abspath(path)).parent
    weights = document.get("training", {})
    if isinstance(weights, dict) and isinstance(weights.get("initial_weights"), str):
        weights["initial_weights"] = str(directory / weights["initial_weights"])
    return _build(document, path, text, _name_of(directory.name), check_files)


def _name_of(directory_name):
    """Make a name for a model of that of its directory."""
    name = unicodedata.normalize("NFC", directory_name)
    name = re.sub(r"[^\w.-]+", "_", name)
    return name if _is_name(name) else f"recipe_{name.strip('.-_')}".rstrip("_")


def _is_name(text):
    """Whether a text can name a model and a directory for its runs."""
    return re.fullmatch(r"[A-Za-z0-9.][\w.-]*", text) and text not in (".", "..")


def line_of(text: str, *keys: str) -> int | None:
    """Return the 1-based line on which a TOML text sets a key.

    Falls back to the line of the innermost table around the key that is written out,
    and to None if there is none.

    Args:
        text: a TOML document.
        *keys: the key as a path, such as `"model", "units"`.
    """
    best, best_depth = None, 0
    table, quote = (), None
    for number, line in enumerate(text.splitlines(), 1):
        if quote:  # inside a string of several lines
            quote = None if quote in line else quote
            continue
        header = re.match(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$", line)
        entry = re.match(r"\s*([\w.\-\"' ]+?)\s*=", line)
        if header:
            table = _split_key(header[1])
            path = table
        elif entry:
            path = table + _split_key(entry[1])
        else:
            continue
        value = line.partition("=")[2]
        for mark in ('"""', "'''"):
            if value.count(mark) % 2:
                quote = mark
        depth = len(path) if path == keys[: len(path)] else 0
        if depth > best_depth:
            best, best_depth = number, depth
    return best


def _split_key(text):
    return tuple(part.strip().strip("\"'") for part in text.split("."))


def _build(document, path, text, directory_name, check_files=True):
    """Check a parsed document against the data classes and make a `Recipe` of it."""
    document = {"name": directory_name, **document}
    recipe = _read_table(Recipe, document, (), path, text)
    _check_values(recipe, path, text)
    _check_search(recipe, path, text)
    weights = recipe.training.initial_weights
    if check_files and weights is not None and not pathlib.Path(weights).is_file():
        raise RecipeError(
            "`training.initial_weights` must name a file that exists. Received: "
            f"initial_weights={weights!r}.",
            path,
            "training.initial_weights",
            line_of(text, "training", "initial_weights"),
        )
    return recipe


def _read_table(cls, table, keys, path, text):
    """Make an instance of the data class `cls` from a table; nested ones included."""
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    for key in table:
        if key not in fields:
            raise RecipeError(
                f"unknown key `{_dotted(keys, key)}`."
                + (_did_you_mean(key, fields) or f" Known: {', '.join(fields)}."),
                path,
                _dotted(keys, key),
                line_of(text, *keys, key),
            )
    values = {}
    for name, field in fields.items():
        if name in table:
            values[name] = _read_value(
                hints[name], table[name], (*keys, name), path, text
            )
        elif (
            field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
        ):
            kind = _describe(hints[name])
            raise RecipeError(
                f"the key `{_dotted(keys, name)}` ({kind}) is missing.",
                path,
                _dotted(keys, name),
                line_of(text, *keys) if keys else None,
            )
    return cls(**values)


def _read_value(hint, value, keys, path, text):
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return _read_table(hint, value, keys, path, text)
    if not _fits(hint, value):
        problem = (
            f"`{'.'.join(keys)}` must be {_describe(hint)}. Received: "
            f"{keys[-1]}={value!r}."
        )
        if typing.get_origin(hint) is Literal and isinstance(value, str):
            problem += _did_you_mean(value, typing.get_args(hint))
        raise RecipeError(problem, path, ".".join(keys), line_of(text, *keys))
    return float(value) if _is_float(hint) and value is not None else value


def _is_float(hint):
    return hint is float or hint == float | None


def _fits(hint, value):
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(option, value) for option in typing.get_args(hint))
    if origin is Literal:
        return value in typing.get_args(hint)
    if origin is list:
        (item,) = typing.get_args(hint)
        return isinstance(value, list) and all(_fits(item, one) for one in value)
    if origin is dict:
        return isinstance(value, dict)
    if hint is type(None):
        return value is None
    if dataclasses.is_dataclass(hint):
        return False  # a table was handled before; anything else is wrong
    if isinstance(value, bool):
        return hint is bool
    if hint is float:
        return isinstance(value, int | float)
    return isinstance(value, hint)


def _describe(hint):
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        options = [o for o in typing.get_args(hint) if o is not type(None)]
        return " or ".join(_describe(option) for option in options)
    if origin is Literal:
        return "one of " + ", ".join(json.dumps(o) for o in typing.get_args(hint))
    if origin is list:
        (item,) = typing.get_args(hint)
        return "a list of " + {int: "integers", str: "strings"}[item]
    if origin is dict or dataclasses.is_dataclass(hint):
        return "a table"
    return {
        str: "a string",
        int: "an integer",
        float: "a number",
        bool: "true or false",
    }[hint]


#: Settings with a range: their table and keys, what must be so, and how that is said.
_RANGES = {
    ("training", ("epochs", "patience")): (lambda v: v > 0, "a positive integer"),
    ("training", ("learning_rate", "clipnorm")): (lambda v: v > 0, "a positive number"),
    ("training", ("final_learning_rate", "warmup_epochs")): (
        lambda v: v >= 0,
        "a number, at least 0",
    ),
    ("data", ("batch_size", "limit")): (lambda v: v > 0, "a positive integer"),
    ("model", ("dropout", "recurrent_dropout", "output_dropout")): (
        lambda v: 0 <= v < 1,
        "at least 0, below 1",
    ),
}


def _check_values(recipe, path, text):
    """Check what the kind of a value does not say."""
    _check_numbers(dataclasses.asdict(recipe), (), path, text)

    def fail(keys, problem):
        raise RecipeError(problem, path, ".".join(keys), line_of(text, *keys))

    def require(keys, value, condition, expected):
        if value is not None and not condition(value):
            fail(
                keys,
                f"`{'.'.join(keys)}` must be {expected}. Received: "
                f"{keys[-1]}={value!r}.",
            )

    require(
        ("name",),
        recipe.name,
        _is_name,
        "letters, digits, '_', '-' and '.', of which the first is a plain letter, a "
        "digit or '.'",
    )
    for (table, keys), (condition, expected) in _RANGES.items():
        for key in keys:
            value = getattr(getattr(recipe, table), key)
            require((table, key), value, condition, expected)
    require(
        ("training", "monitor"),
        recipe.training.monitor,
        lambda v: v.startswith("val_"),
        "a validation quantity, such as 'val_loss'",
    )
    kinds = {key: type(value) for key, value in recipe.published.items()}
    require(
        ("published",),
        recipe.published,
        lambda _: kinds in ({}, {"metric": str, "value": float, "source": str}),
        "a table of `metric`, `value` with a point and `source`, or be left out",
    )
    model = recipe.model
    units = model.units if isinstance(model.units, list) else [model.units]
    require(
        ("model", "units"),
        model.units,
        lambda _: units and min(units) > 0,
        "a positive integer or a list of them",
    )
    known = TOPOLOGY_KEYS[model.topology]
    for key in model.arguments():
        if key not in known:
            fail(
                ("model", key),
                f"`{model.topology}` has no `{key}`. "
                f"It takes: {', '.join(sorted(known))}.",
            )


def _check_numbers(value, keys, path, text):
    """Check that all numbers can be computed with: none is nan, inf or endless."""
    if isinstance(value, dict):
        for key, one in value.items():
            _check_numbers(one, (*keys, key), path, text)
    elif isinstance(value, list):
        for one in value:
            _check_numbers(one, keys, path, text)
    elif isinstance(value, float) and not math.isfinite(value):
        expected = "a number that is finite"
    elif isinstance(value, int) and abs(value) > _LARGEST:
        expected = f"at most {_LARGEST}"
    else:
        return
    if isinstance(value, int | float):
        key = ".".join(keys)
        problem = f"`{key}` must be {expected}. Received: {keys[-1]}={value!r}."
        raise RecipeError(problem, path, key, line_of(text, *keys))


def _check_search(recipe, path, text):
    """Check that every setting a search may come to makes a recipe."""
    for key, value in recipe.search.items():

        def fail(problem: str, key: str = key) -> typing.NoReturn:
            keys = ("search", key)
            raise RecipeError(problem, path, ".".join(keys), line_of(text, *keys))

        if key not in SEARCHABLE:
            fail(
                f"unknown key `search.{key}`."
                + (_did_you_mean(key, SEARCHABLE) or f" Known: {', '.join(SEARCHABLE)}")
            )
        numbers = isinstance(value, list) and all(
            isinstance(one, int | float) and not isinstance(one, bool) for one in value
        )
        if numbers and len(value) == 2 and value[0] < value[1]:
            ends = value
        elif isinstance(value, dict) and list(value) == ["choices"]:
            ends = value["choices"]
        else:
            ends = None
        if not isinstance(ends, list) or len(ends) < 2:
            fail(
                f"`search.{key}` must be [lowest, highest], two numbers, or "
                f"{{choices = [...]}}, two or more. Received: {key}={value!r}."
            )
        for one in ends:
            document = _as_document(recipe) | {"search": {}}
            document[SEARCHABLE[key]][key] = one
            try:
                _build(document, path, "", recipe.name, check_files=False)
            except RecipeError as error:
                fail(f"`search.{key}`: {str(error).removeprefix(f'{path}: ')}")


def _as_document(recipe: Any) -> dict[str, Any]:
    """Return nested dicts of all that is set, as `tomllib` would give them."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: clean(v) for k, v in value.items() if v is not None}
        return list(map(clean, value)) if isinstance(value, list) else value

    document = {}
    for field in dataclasses.fields(recipe):
        value = getattr(recipe, field.name)
        if dataclasses.is_dataclass(value):
            document[field.name] = _as_document(value)
        elif field.default_factory is dataclasses.MISSING or value:
            document[field.name] = value  # what is empty by default is left out
    return clean(document)


def _toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for the pairs of surrogates and for DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(one) for one in value) + "]"
    if isinstance(value, dict):
        entries = (f"{_toml_key(k)} = {_toml_value(v)}" for k, v in value.items())
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    raise TypeError(
        "`value` must be a string, number, boolean, list, table or date. Received: "
        f"value={value!r}"
    )


def _toml_key(key):
    """A key as TOML has it: in quotes unless it is letters, digits, `_` and `-`."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml_value(key)


def _dotted(keys, key):
    return ".".join((*keys, key))


def _did_you_mean(word, known):
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean `{close[0]}`?" if close else ""
