"""Read the JSON files that this package writes, and say what is wrong with one."""

import json
import os
import pathlib
from typing import Any

NUMBER = (int, float)
#: A `Figure` of a run: value None where it could not be measured.
FIGURE = {"name": str, "metric": str, "value": (*NUMBER, None)}

_WORDS = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    None: "null",
}


def read_json(path: str | os.PathLike, shape: Any = dict, *, hint: str = "") -> Any:
    """Return the content of a JSON file that has the shape it must have.

    Args:
        path: the file.
        shape: a type; None for null; a tuple of shapes, one of which it must have;
            `[shape]` for a list of such, `[shape, ...]` for one that is not empty; a
            dict of keys, all of which an object must have, to their shapes; `{str:
            shape}` for an object with any keys.
        hint: what to do about a wrong file.

    Raises:
        OSError: if the file is not there or cannot be read.
        ValueError: if it is not JSON or has another shape. The message names the file,
            and the line or the key.

    Example:
    >>> read_json("models/digits_gru/assets/assets.json", {"labels": [str]})["task"]
    'classification'
    """
    path = pathlib.Path(path)
    hint = hint and f" {hint}"
    data = path.read_bytes()
    try:
        document = json.loads(data.decode("utf-8"))
    except json.JSONDecodeError as error:
        received = f"{error.msg} in line {error.lineno}, column {error.colno}"
        if not data.strip():
            received = "an empty file"
        raise ValueError(
            f"{path} must be a JSON document. Received: {received}.{hint}"
        ) from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{path} must be a JSON document in UTF-8. Received: {error.reason} in "
            f"line {line}.{hint}"
        ) from error
    except (ValueError, RecursionError) as error:  # endless numbers, or lists in lists
        raise ValueError(
            f"{path} must be a JSON document of ours. Received: {error}.{hint}"
        ) from error
    if wrong := _misfit(document, shape):
        _, expected, received = wrong
        raise ValueError(f"{path} must be {expected}. Received: {received}.{hint}")
    return document


def _misfit(value, shape, where=""):
    """Return `(key, what the file must be, what is there)`; None if it is so."""
    if isinstance(shape, tuple):
        found = [_misfit(value, one, where) for one in shape]
        if None in found:
            return None
        deeper = [one for one in found if one[0] != where]
        if deeper:
            return deeper[0]
        kinds = " or ".join(dict.fromkeys(_WORDS[_kind(one)] for one in shape))
        return where, _whose(where, kinds), found[0][2]
    kind = _kind(shape)
    if not _is(value, kind):
        return where, _whose(where, _WORDS[kind]), _short(value)
    parts = []
    if isinstance(shape, list):
        if len(shape) > 1 and not value:
            return where, _whose(where, "a list that is not empty"), "[]"
        parts = [(f"{where}[{i}]", one, shape[0]) for i, one in enumerate(value)]
    elif isinstance(shape, dict):
        if str in shape:
            shape = dict.fromkeys(value, shape[str])
        inside = f"{where}." if where else ""
        for key in shape:
            if key not in value:
                expected = f"a JSON document with `{inside}{key}`"
                return f"{inside}{key}", expected, "one without it"
        parts = [(f"{inside}{key}", value[key], one) for key, one in shape.items()]
    for place, one, its in parts:
        if wrong := _misfit(one, its, place):
            return wrong
    return None


def _kind(shape):
    return type(shape) if isinstance(shape, dict | list) else shape


def _whose(where, expected):
    if not where:
        return f"a JSON document that is {expected}"
    return f"a JSON document whose `{where}` is {expected}"


def _is(value, kind):
    if kind is None:
        return value is None
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, kind)


def _short(value, most=60):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else f"{text[:most]} …"
