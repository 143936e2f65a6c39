r"""Readers of one's own files: CoNLL, CSV, JSON lines and plain text.

| task | file |
|---|---|
| tagging | `.conll`, `.bio`, `.iob`, `.tsv`: token … tag; blank lines part sentences |
| tagging | `.jsonl`: `{"tokens": ["Ada", "wrote"], "tags": ["B-person", "O"]}` a line |
| classification | `.csv`: columns `text` and `label` |
| classification | `.jsonl`: `{"text": "well done", "label": "good"}` a line |
| language_model | `.txt`: texts with a blank line between them |
| language_model | `.jsonl`: `{"text": "once"}` a line; `.csv`: column `text` |

Files are UTF-8. Nothing is skipped in silence: what cannot be read is an error with
file and line. Two things are left out by definition: blank lines, and the lines
`-DOCSTART-` of CoNLL 2003.
"""

import csv
import hashlib
import io
import json
import os
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass

TASKS = ("tagging", "classification", "language_model")
_CONLL = (".conll", ".bio", ".iob", ".iob2", ".tsv")
_SUFFIXES = {
    "tagging": (*_CONLL, ".jsonl"),
    "classification": (".csv", ".jsonl"),
    "language_model": (".txt", ".jsonl", ".csv"),
}


class DataError(ValueError):
    """A file that cannot be used as data; the message names the file and the line.

    Attributes:
        path: the file, as it was given.
        line: 1-based line number, None if the file as a whole is at fault.
    """

    def __init__(self, problem, path, line=None):
        self.path, self.line = path, line
        where = f"{path}" if line is None else f"{path}, line {line}"
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True)
class Example:
    """One example of a file.

    Attributes:
        text: str, or a tuple of words.
        target: tuple of str, one a word; str, the label; None for language models.
        line: int. Where it begins, counted from 1.
    """

    text: str | tuple[str, ...]
    target: tuple[str, ...] | str | None
    line: int


def read_file(path: str | os.PathLike, task: str) -> list[Example]:
    """Return the examples of a file, in its order.

    Args:
        path: the file; its suffix tells the format, see the module.
        task: "tagging", "classification" or "language_model".

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if `task` is none of the above, or no format of it has this suffix.
        DataError: if the file is empty, is not UTF-8, or a line is not as it must be.
    """
    if task not in TASKS:
        raise ValueError(
            f"`task` must be one of {', '.join(TASKS)}. Received: task={task!r}."
        )
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"`path` must be a file. Received: path={str(path)!r}.")
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES[task]:
        raise ValueError(
            f"`path` must end with {', '.join(_SUFFIXES[task])} for the task {task!r}. "
            f"Received: path={str(path)!r}."
        )
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"must be UTF-8. Received: the byte 0x{data[error.start]:02x} "
            f"({error.reason}).",
            path,
            data[: error.start].count(b"\n") + 1,
        ) from error
    if suffix in _CONLL:
        examples = list(_read_conll(text, path))
    elif suffix == ".csv":
        examples = list(_read_csv(text, path, task))
    elif suffix == ".jsonl":
        examples = list(_read_jsonl(text, path, task))
    else:
        examples = list(_read_texts(text))
    if not examples:
        raise DataError("must hold examples. Received: an empty file.", path)
    return examples


def split(
    examples: Sequence[Example], fractions: tuple[float, float] = (0.1, 0.1)
) -> dict[str, list[Example]]:
    """Divide examples into train, validation and test, always in the same way.

    The order of the hashes of their texts decides, so that equal texts stay in one
    part: nothing leaks. Examples of validation and test with a label that train would
    not have go to train.

    Args:
        examples: of one file.
        fractions: parts of the different texts for validation and for test.

    Returns:
        dict of split to examples, in the order of the file.

    Raises:
        ValueError: if a part would be empty.

    Example:
    >>> parts = split([Example(f"text {i}", "good", i) for i in range(30)])
    >>> [len(part) for part in parts.values()]
    [24, 3, 3]
    """
    keys = [hashlib.sha256(repr(one.text).encode()).hexdigest() for one in examples]
    order = sorted(set(keys))
    sizes = [int(round(fraction * len(order))) for fraction in fractions]
    first, second = sizes[0], sum(sizes)
    place = {key: "validation" for key in order[:first]}
    place |= {key: "test" for key in order[first:second]}
    labels = set()
    for one, key in zip(examples, keys, strict=True):
        if key not in place:
            labels |= _labels(one)
    for one, key in zip(examples, keys, strict=True):
        if key in place and not _labels(one) <= labels:
            del place[key]
            labels |= _labels(one)
    parts = {"train": [], "validation": [], "test": []}
    for one, key in zip(examples, keys, strict=True):
        parts[place.get(key, "train")].append(one)
    for name, part in parts.items():
        if not part:
            raise ValueError(
                f"`examples` must be enough for a part {name!r}. Received: "
                f"{len(examples)} examples, {len(order)} of them different. Give more, "
                "or files of their own for validation and test."
            )
    return parts


def check_labels(train: Sequence[Example], others: Sequence[Example], path) -> None:
    """Check that labels of another file occur in training.

    Raises:
        DataError: if one does not.
    """
    known = set().union(*map(_labels, train))
    for one in others:
        unknown = sorted(_labels(one) - known)
        if unknown:
            raise DataError(
                "the label must occur in the training data, as "
                f"{', '.join(sorted(known))} do. Received: {unknown[0]!r}.",
                path,
                one.line,
            )


def _labels(example):
    if example.target is None:
        return set()
    return {example.target} if isinstance(example.target, str) else set(example.target)


def _read_conll(text, path):
    tokens, tags, start, width = [], [], 1, None
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        fields = line.split("\t") if "\t" in line else line.split()
        if not line.strip() or fields[0] == "-DOCSTART-":
            if tokens:
                yield Example(tuple(tokens), tuple(tags), start)
            tokens, tags = [], []
            continue
        width = width or len(fields)
        if len(fields) < 2 or len(fields) != width or not all(map(str.strip, fields)):
            expected = f"{width} columns" if width > 1 else "2 columns or more"
            raise DataError(
                f"must be {expected}, the token first and its tag last, with tabs or "
                f"spaces between them. Received: {line!r}.",
                path,
                number,
            )
        if not tokens:
            start = number
        tokens.append(fields[0])
        tags.append(fields[-1])
    if tokens:
        yield Example(tuple(tokens), tuple(tags), start)


def _read_csv(text, path, task):
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    wanted = ("text",) if task == "language_model" else ("text", "label")
    header, start = None, 1
    try:
        for row in rows:
            line, start = start, rows.line_num + 1
            if not row:
                continue
            if header is None:
                header = [name.strip() for name in row]
                if not set(wanted) <= set(header):
                    raise DataError(
                        f"the first line must name the columns {' and '.join(wanted)}. "
                        f"Received: {', '.join(header)}.",
                        path,
                        line,
                    )
                continue
            if len(row) != len(header):
                raise DataError(
                    f"must have {len(header)} fields as the first line. Received: "
                    f"{len(row)}: {row!r}.",
                    path,
                    line,
                )
            values = dict(zip(header, row, strict=True))
            yield _example(values, wanted, path, line)
    except csv.Error as error:
        raise DataError(f"must be CSV. Received: {error}.", path, start) from error


def _read_jsonl(text, path, task):
    wanted = {
        "tagging": ("tokens", "tags"),
        "classification": ("text", "label"),
        "language_model": ("text",),
    }[task]
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        try:
            values = json.loads(content)
        except ValueError as error:
            raise DataError(
                f"must be a JSON object. Received: {error}.", path, line
            ) from error
        if not isinstance(values, dict) or not set(wanted) <= set(values):
            raise DataError(
                f"must be a JSON object with {' and '.join(wanted)}. "
                f"Received: {content.strip()[:80]!r}.",
                path,
                line,
            )
        if task != "tagging":
            yield _example(values, wanted, path, line)
            continue
        tokens, tags = values["tokens"], values["tags"]
        for name, items in (("tokens", tokens), ("tags", tags)):
            right = isinstance(items, list) and items
            if not right or not all(isinstance(i, str) and i.strip() for i in items):
                raise DataError(
                    f"`{name}` must be a list of strings, none of them empty. "
                    f"Received: {items!r}.",
                    path,
                    line,
                )
        if len(tokens) != len(tags):
            raise DataError(
                "`tags` must be as many as `tokens`. Received: "
                f"{len(tokens)} tokens and {len(tags)} tags.",
                path,
                line,
            )
        yield Example(tuple(tokens), tuple(tags), line)


def _example(values, wanted, path, line):
    for name in wanted:
        if not isinstance(values[name], str) or not values[name].strip():
            raise DataError(
                f"`{name}` must be a text, not an empty one. "
                f"Received: {values[name]!r}.",
                path,
                line,
            )
    return Example(values["text"], values["label"] if "label" in wanted else None, line)


def _read_texts(text):
    lines, start = [], 1
    for number, line in enumerate([*text.split("\n"), ""], 1):
        line = line.removesuffix("\r")
        if line.strip():
            start = start if lines else number
            lines.append(line)
        elif lines:
            yield Example("\n".join(lines), None, start)
            lines = []
