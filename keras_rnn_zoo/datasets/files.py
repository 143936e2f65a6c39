r"""Readers of one's own files: CoNLL, CSV, JSON lines, TFRecord and plain text.

| task | file |
|---|---|
| tagging | `.conll`, `.bio`, `.iob`, `.tsv`: token … tag; blank lines part sentences |
| tagging | `.jsonl`: `{"tokens": ["Ada", "wrote"], "tags": ["B-person", "O"]}` a line |
| classification | `.csv`: columns `text` and `label` |
| classification | `.jsonl`: `{"text": "well done", "label": "good"}` a line |
| language_model | `.txt`: texts with a blank line between them |
| language_model | `.jsonl`: `{"text": "once"}` a line; `.csv`: column `text` |
| classification | `.jsonl`: `{"steps": [[0.5, 1], [2, 0.1]], "label": "a"}` a line: \
real-valued steps, as many as there are, all of one width |
| regression | `.csv`: a column `value`, the next value a line; optionally `time` |
| tagging, classification, language_model | `.tfrecord`: see `datasets.records` |

Files are UTF-8, with or without a byte order mark, with lines that end in LF or CRLF; a
CSV field has at most 131,072 characters. Nothing is skipped in silence: what cannot be
read is an error with file and line. Two things are left out by definition: blank lines,
and the lines `-DOCSTART-` of CoNLL 2003.
"""

import csv
import datetime
import hashlib
import io
import json
import os
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass

TASKS = ("tagging", "classification", "language_model")
_CONLL = (".conll", ".bio", ".iob", ".iob2", ".tsv")
_RECORDS = (".tfrecord", ".tfrecords")
_SUFFIXES = {
    "tagging": (*_CONLL, ".jsonl", *_RECORDS),
    "classification": (".csv", ".jsonl", *_RECORDS),
    "language_model": (".txt", ".jsonl", ".csv", *_RECORDS),
    "regression": (".csv",),
}

#: The features of a record, and the keys of a JSON object, by the task.
FIELDS = {
    "tagging": ("tokens", "tags"),
    "classification": ("text", "label"),
    "language_model": ("text",),
}

#: The largest float32: what is above becomes infinite in a model.
_LARGEST = 3.4028234663852886e38


class DataError(ValueError):
    """A file that cannot be used as data; the message names the file and the line.

    Attributes:
        path: the file, as it was given.
        line: 1-based number of the line, or of the record if the file has records;
            None if the file as a whole is at fault.
    """

    def __init__(self, problem, path, line=None, unit="line"):
        self.path, self.line = path, line
        where = f"{path}" if line is None else f"{path}, {unit} {line}"
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True)
class Example:
    """One example of a file.

    Attributes:
        text: str, or a tuple of words, or a tuple of steps, each a tuple of float.
        target: tuple of str, one a word; str, the label; None for language models.
        line: int. Where it begins, counted from 1; of a record, its number.
    """

    text: str | tuple[str, ...] | tuple[tuple[float, ...], ...]
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
    path, suffix = _check_path(path, task)
    if suffix in _RECORDS:
        from keras_rnn_zoo.datasets import records

        return records.read_records(path, task)
    text = _read_text(path)
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


def read_series(path: str | os.PathLike) -> tuple[list[float], list[str] | None]:
    """Return the values of a series, and their times if there is a column `time`.

    Args:
        path: a `.csv` file. Its first line names the columns. `time` holds numbers or
            ISO dates, which rise; that they are as far apart is not checked.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if its name does not end with .csv.
        DataError: if the file is empty or not UTF-8, a value is no finite number, or a
            time is not later than the one before.
    """
    path, _ = _check_path(path, "regression")
    values, times, before = [], [], None
    for row, line in _rows(_read_text(path), path, ("value",)):
        try:
            value = float(row["value"])
        except ValueError:
            value = None
        if value is None or not abs(value) <= _LARGEST:
            raise DataError(
                f"`value` must be a finite number. Received: {row['value']!r}. Fill "
                "the gap, or cut the series there.",
                path,
                line,
            )
        values.append(value)
        if "time" in row:
            before = _later(row["time"], before, path, line)
            times.append(row["time"])
    if not values:
        raise DataError("must hold values. Received: an empty file.", path)
    return values, times or None


def _later(time, before, path, line):
    """The time of a row, a number or a date, checked to come after the one before."""
    for parse in (float, datetime.datetime.fromisoformat):
        try:
            found = parse(time.strip())
            if before is None or found > before:
                return found
        except (ValueError, TypeError):
            pass
    after = "" if before is None else f", after {before}"
    raise DataError(
        f"`time` must be a number or an ISO date, later than the one before. Received: "
        f"{time!r}{after}.",
        path,
        line,
    )


def _check_path(path, task):
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"`path` must be a file. Received: path={str(path)!r}.")
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES[task]:
        raise ValueError(
            f"`path` must end with {', '.join(_SUFFIXES[task])} for the task {task!r}. "
            f"Received: path={str(path)!r}."
        )
    return path, suffix


def _read_text(path):
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"must be UTF-8. Received: the byte 0x{data[error.start]:02x} "
            f"({error.reason}).",
            path,
            data[: error.start].count(b"\n") + 1,
        ) from error


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
    """Check that labels of another file occur in training, and that steps are as wide.

    Raises:
        DataError: if one does not, or a step has not as many numbers.
    """
    unit = "record" if str(path).lower().endswith(_RECORDS) else "line"
    known, width = set().union(*map(_labels, train)), _width(train[0])
    for one in others:
        if _width(one) != width:
            kinds = {True: "texts", False: "steps of {} numbers"}
            expected, received = (
                kinds[w is None].format(w) for w in (width, _width(one))
            )
            raise DataError(
                f"must hold {expected} as the training data do. Received: {received}.",
                path,
                one.line,
                unit,
            )
        unknown = sorted(_labels(one) - known)
        if unknown:
            raise DataError(
                "the label must occur in the training data, as "
                f"{', '.join(sorted(known))} do. Received: {unknown[0]!r}.",
                path,
                one.line,
                unit,
            )


def _width(example):
    """How many numbers a step has; None for texts."""
    is_real = isinstance(example.text, tuple) and isinstance(example.text[0], tuple)
    return len(example.text[0]) if is_real else None


def _labels(example):
    if example.target is None:
        return set()
    return {example.target} if isinstance(example.target, str) else set(example.target)


def _read_conll(text, path):
    tokens, tags, start, width = [], [], 1, None
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if "\r" in line:
            raise DataError(
                f"lines must end in LF or CRLF. Received: {line[:80]!r}.", path, number
            )
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
    wanted = FIELDS[task]
    for values, line in _rows(text, path, wanted):
        yield as_example(values, wanted, path, line)


def _rows(text, path, wanted):
    """The rows of a CSV file with the columns `wanted`: (dict, line)."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header, start = None, 1
    try:
        for row in rows:
            line, start = start, rows.line_num + 1
            if not row:
                continue
            if header is None:
                header = [name.strip() for name in row]
                twice = len(set(header)) < len(header)
                if twice or not set(wanted) <= set(header):
                    raise DataError(
                        f"the first line must name the columns {' and '.join(wanted)}, "
                        f"and none twice. Received: {', '.join(header)}.",
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
            yield dict(zip(header, row, strict=True)), line
    except csv.Error as error:
        raise DataError(f"must be CSV. Received: {error}.", path, start) from error


def _read_jsonl(text, path, task):
    wanted, width = FIELDS[task], None
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"must be a JSON object. Received: {error}.", path, line
            ) from error
        if task == "classification" and width is None:
            real = isinstance(values, dict) and "steps" in values
            wanted, width = (("steps", "label") if real else wanted), 0
        if not isinstance(values, dict) or not set(wanted) <= set(values):
            raise DataError(
                f"must be a JSON object with {' and '.join(wanted)}. "
                f"Received: {content.strip()[:80]!r}.",
                path,
                line,
            )
        if "steps" in wanted:
            values["steps"] = _steps(values["steps"], width, path, line)
            width = len(values["steps"][0])
        yield as_example(values, wanted, path, line)


def _steps(steps, width, path, line):
    """Real-valued steps, checked, as tuples; `width` 0: they say it themselves."""
    right = isinstance(steps, list) and steps
    if not right or not all(isinstance(one, list) and one for one in steps):
        raise DataError(
            "`steps` must be a list of steps, each a list of numbers, none of them "
            f"empty. Received: {str(steps)[:80]}.",
            path,
            line,
        )
    width = width or len(steps[0])
    for i, step in enumerate(steps, 1):
        if len(step) != width:
            raise DataError(
                f"all steps of the file must have {width} numbers as the first one. "
                f"Received: {len(step)} in step {i}.",
                path,
                line,
            )
        for value in step:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not abs(value) <= _LARGEST:
                raise DataError(
                    f"steps must hold finite numbers. Received: {value!r} in step {i}.",
                    path,
                    line,
                )
    return tuple(tuple(map(float, step)) for step in steps)


def as_example(values, wanted, path, line, unit="line"):
    """Return the example of a dict with the keys `wanted`, checked.

    Raises:
        DataError: if a text is empty or no text, or there are not as many tags as
            tokens.
    """

    def fail(problem):
        raise DataError(problem, path, line, unit)

    if "tokens" in wanted:
        tokens, tags = values["tokens"], values["tags"]
        for name, items in (("tokens", tokens), ("tags", tags)):
            right = isinstance(items, list) and items
            if not right or not all(isinstance(i, str) and i.strip() for i in items):
                fail(
                    f"`{name}` must be a list of strings, none of them empty. "
                    f"Received: {items!r}."
                )
        if len(tokens) != len(tags):
            fail(
                "`tags` must be as many as `tokens`. Received: "
                f"{len(tokens)} tokens and {len(tags)} tags."
            )
        return Example(tuple(tokens), tuple(tags), line)
    for name in wanted:
        text = values[name]
        if name != "steps" and (not isinstance(text, str) or not text.strip()):
            fail(f"`{name}` must be a text, not an empty one. Received: {text!r}.")
    target = values["label"] if "label" in wanted else None
    return Example(values[wanted[0]], target, line)


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
