r"""Readers of one's own files: CoNLL, CSV, JSON lines, TFRecord and plain text.

| task | file |
|---|---|
| tagging | `.conll`, `.conllu`, `.bio`, `.iob2`, `.tsv`, `.txt`, …: columns, a token \
a line; blank lines part sentences |
| tagging | `.csv`: columns `token` (or `word`) and `tag`, a token a line; blank lines \
part sentences, or what a column `sentence` says anew |
| tagging | `.jsonl`: `{"tokens": ["Ada", "wrote"], "tags": ["B-person", "O"]}` a line |
| classification | `.csv`: columns `text` and `label` |
| classification | `.jsonl`: `{"text": "well done", "label": "good"}` a line |
| language_model | `.txt`: texts with a blank line between them |
| language_model | `.jsonl`: `{"text": "once"}` a line; `.csv`: column `text` |
| classification | `.jsonl`: `{"steps": [[0.5, 1], [2, 0.1]], "label": "a"}` a line: \
real-valued steps, as many as there are, all of one width |
| regression | `.csv`: a column `value`, the next value a line; optionally `time` |
| tagging, classification, language_model | `.tfrecord`: see `datasets.records` |

Columns are parted by tabs, or else by spaces. The first is the token, the last its tag,
as in CoNLL 2003 (token, part of speech, chunk, name). Where the first one counts the
tokens of each sentence, as in CoNLL-U and `.iob2`, the second is the token, and its tag
the last one that holds nothing but tags of names; or else, of the ten of CoNLL-U, UPOS;
or else the last. `token_column` and `tag_column` say it otherwise: by number, from 1,
or by a name of CoNLL-U, of a comment `# global.columns = …` or of the first line. Tags
of names are recognised in all schemes, see `datasets.tags`, and become BIO.

Files are UTF-8, with or without a byte order mark, with lines that end in LF or CRLF; a
CSV field has at most 131,072 characters; `datasets.limits` bounds lines and sequences.
Nothing is skipped in silence: what cannot be read is an error with file and line, and
so is what an exported model could not give back: a token with white space inside, half
of a surrogate pair. Left out by definition: blank lines, white space around columns,
the lines `-DOCSTART-` of CoNLL 2003, and of CoNLL-U the comments (`# …` before a
sentence, not of as many columns as the tokens), words of several tokens (`1-2`) and
empty nodes (`1.1`).
"""

import datetime
import hashlib
import itertools
import json
import os
import pathlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from keras_rnn_zoo.datasets import records, tags
from keras_rnn_zoo.datasets.columns import Columns, csv_sentences
from keras_rnn_zoo.datasets.examples import (
    COLUMNS,
    LABELLED,
    RECORDS,
    SERIES,
    SUFFIXES,
    TAGGED,
    TEXTS,
    Example,
    as_example,
    keys_of,
)
from keras_rnn_zoo.datasets.lines import (
    DataError,
    check_growth,
    csv_rows,
    lines_of,
    short,
)
from keras_rnn_zoo.own_files import fields_of

#: The largest float32: what is above becomes infinite in a model.
_LARGEST = 3.4028234663852886e38


def read_file(
    path: str | os.PathLike,
    task: str,
    *,
    token_column: str | int | None = None,
    tag_column: str | int | None = None,
) -> list[Example]:
    """Return the examples of a file, in its order, with the tags that it has.

    Args:
        path: the file; its suffix tells the format, see the module.
        task: "tagging", "classification" or "language_model".
        token_column: of taggers, where the tokens are: the name or the number, from 1,
            of a column; the key of a JSON object; the feature of a record. None: see
            the module.
        tag_column: where the tags are, likewise.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if `task` is none of the above, no format of it has this suffix, or
            a column is given for another task.
        DataError: if the file is empty, is not UTF-8, or a line is not as it must be.
    """
    fields = fields_of(task, but=SERIES)
    columns = (token_column, tag_column)
    for name, column in zip(("token_column", "tag_column"), columns, strict=True):
        right = isinstance(column, str | int) and not isinstance(column, bool)
        if column is not None and (fields != TAGGED or not right):
            raise ValueError(
                f"`{name}` must be the name or the number of a column, for tagging "
                f"only. Received: {name}={column!r}, task={task!r}."
            )
    path, suffix = _check_path(path, fields, task)
    if suffix in RECORDS:
        return records.read_fields(path, fields, columns)
    if fields == TAGGED and suffix == ".csv":
        examples = list(_read_tagged(csv_sentences(path, *columns), path))
    elif suffix == ".csv":
        examples = list(_read_csv(path, fields))
    elif suffix == ".jsonl":
        examples = list(_read_jsonl(path, fields, columns))
    elif fields == TAGGED:
        examples = list(_read_tagged(_read_conll(path, *columns), path))
    else:
        examples = list(_read_texts(path))
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
    path, _ = _check_path(path, SERIES)
    values, times, before = [], [], None
    for row, line in _rows(path, SERIES):
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


def _check_path(path, fields, task=None):
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"`path` must be a file. Received: path={str(path)!r}.")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES[fields]:
        what = "a series" if task is None else f"the task {task!r}"
        raise ValueError(
            f"`path` must end with {', '.join(SUFFIXES[fields])} for {what}. "
            f"Received: path={str(path)!r}."
        )
    return path, suffix


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


def check_labels(
    train: Sequence[Example], others: Sequence[Example], path, implied=()
) -> None:
    """Check that labels of another file occur in training, and that steps are as wide.

    Args:
        train: examples of training.
        others: those of the other file.
        path: the other file.
        implied: labels that need not occur.

    Raises:
        DataError: if one does not, or a step has not as many numbers.
    """
    unit = "record" if str(path).lower().endswith(RECORDS) else "line"
    known, width = set().union(implied, *map(_labels, train)), _width(train[0])
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
                one.lines[one.target.index(unknown[0])] if one.lines else one.line,
                unit,
            )


def as_bio(
    parts: Sequence[tuple[str | os.PathLike, Sequence[Example]]],
    scheme: str = "auto",
) -> tuple[str | None, list[list[Example]]]:
    """Return the scheme of the tags of names, and the examples with tags in BIO.

    Args:
        parts: files with their examples, which are of one scheme.
        scheme: what it is, see `datasets.tags`; "auto": what it is recognised to be;
            "none": the tags stay as they are.

    Returns:
        The scheme, or None where the tags are not of names or stay; and the examples
        of each file.

    Raises:
        ValueError: if there is no such scheme.
        DataError: if a tag is not of the scheme, or no scheme has all of them.
    """
    everything = [(path, one) for path, examples in parts for one in examples]
    sentences: Any = [one.target for _, one in everything]
    try:
        if scheme == "none":
            found = None
        elif scheme == "auto":
            found = tags.recognise(sentences)
        else:
            found = tags.scheme_named(scheme)
            tags.check(sentences, found)
    except tags.TagError as error:

        def place(sentence, token):
            path, one = everything[sentence]
            is_shared = one.lines is None
            unit = "record" if str(path).lower().endswith(RECORDS) else "line"
            line = one.line if is_shared else one.lines[token]
            return f"tag {token + 1}: " if is_shared else "", path, line, unit

        where: Any
        which, *where = place(error.sentence, error.token)
        problem = which + str(error)
        if error.other is not None:
            _, path, line, unit = place(*error.other)
            problem += f" The other one is in {path}, {unit} {line}."
        raise DataError(problem, *where) from error
    if found is None:
        return None, [list(examples) for _, examples in parts]

    def converted(one):
        spans = tags.spans_of(one.target, found)
        return replace(one, target=tuple(tags.tags_of(spans, len(one.target))))

    return found, [[converted(one) for one in examples] for _, examples in parts]


def columns_of(path, token_column=None, tag_column=None) -> str:
    """Return which columns of a file of columns are read, for people; "" if it is none.

    Args:
        path: the file.
        token_column: as in `read_file`.
        tag_column: as in `read_file`.
    """
    if pathlib.Path(path).suffix.lower() not in COLUMNS:
        return ""
    layout = Columns(path, token_column, tag_column)
    return f"{layout.token + 1} and {layout.tag + 1} of {layout.width}"


def _width(example):
    """How many numbers a step has; None for texts."""
    is_real = isinstance(example.text, tuple) and isinstance(example.text[0], tuple)
    return len(example.text[0]) if is_real else None


def _labels(example):
    if example.target is None:
        return set()
    return {example.target} if isinstance(example.target, str) else set(example.target)


def _read_conll(path, token_column, tag_column):
    found = Columns(path, token_column, tag_column)
    for rows in found.sentences():
        for number, fields in rows:
            if not fields[found.token] or not fields[found.tag]:
                raise DataError(
                    "a token and its tag must not be empty. Received: "
                    f"{short(fields)}, column {found.token + 1} being the token and "
                    f"{found.tag + 1} the tag.",
                    path,
                    number,
                )
        yield [(fields[found.token], fields[found.tag], at) for at, fields in rows]


def _read_tagged(sentences, path):
    for words in sentences:
        tokens, tagged, lines = zip(*words, strict=True)
        values = {"tokens": list(tokens), "tags": list(tagged)}
        yield as_example(values, TAGGED, path, lines[0], lines=lines)


def _read_csv(path, wanted):
    for values, line in _rows(path, wanted):
        yield as_example(values, wanted, path, line)


def _rows(path, wanted):
    """The rows of a CSV file with the columns `wanted`: (dict, line)."""
    header = None
    for row, line in csv_rows(path):
        if not row:
            continue
        if header is None:
            header = [name.strip() for name in row]
            twice = len(set(header)) < len(header)
            if twice or not set(wanted) <= set(header):
                raise DataError(
                    f"the first line must name the columns {' and '.join(wanted)}, "
                    f"and none twice. Received: {', '.join(header)[:80]}.",
                    path,
                    line,
                )
            continue
        if len(row) != len(header):
            raise DataError(
                f"must have {len(header)} fields as the first line. Received: "
                f"{len(row)}: {short(row)}.",
                path,
                line,
            )
        yield dict(zip(header, row, strict=True)), line


def _read_jsonl(path, wanted, columns):
    width, keys = None, keys_of(wanted, columns)
    for line, content in lines_of(path):
        if not content.strip():
            continue
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"must be a JSON object. Received: {error}.", path, line
            ) from error
        if wanted == LABELLED and width is None:
            real = isinstance(values, dict) and "steps" in values
            wanted, width = (("steps", "label") if real else wanted), 0
            keys = wanted
        if not isinstance(values, dict) or not set(keys) <= set(values):
            raise DataError(
                f"must be a JSON object with {' and '.join(keys)}. "
                f"Received: {short(content.strip())}.",
                path,
                line,
            )
        values = {name: values[key] for name, key in zip(wanted, keys, strict=True)}
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


def _read_texts(path):
    lines, start, size = [], 1, 0
    for number, line in itertools.chain(lines_of(path), [(None, "")]):
        line = line.removesuffix("\r")
        if line.strip():
            start, size = (start, size) if lines else (number, 0)
            lines.append(line)
            size += len(line)
            check_growth(size, "characters", path, start)
        elif lines:
            yield as_example({"text": "\n".join(lines)}, TEXTS, path, start)
            lines = []
