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

import csv
import datetime
import hashlib
import io
import itertools
import json
import os
import pathlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from keras_rnn_zoo.datasets import limits, tags
from keras_rnn_zoo.datasets.codec import END_OF_TEXT

TASKS = ("tagging", "classification", "language_model")
_CONLL = (
    *(".conll", ".conllu", ".conllup", ".bio", ".bioes", ".iob", ".iob1", ".iob2"),
    *(".tsv", ".txt"),
)
_RECORDS = (".tfrecord", ".tfrecords")
_SUFFIXES = {
    "tagging": (*_CONLL, ".csv", ".jsonl", *_RECORDS),
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
        lines: tuple of int, the line of each word; None where they share one.
    """

    text: str | tuple[str, ...] | tuple[tuple[float, ...], ...]
    target: tuple[str, ...] | str | None
    line: int
    lines: tuple[int, ...] | None = field(default=None, compare=False, repr=False)


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
    if task not in TASKS:
        raise ValueError(
            f"`task` must be one of {', '.join(TASKS)}. Received: task={task!r}."
        )
    columns = (token_column, tag_column)
    for name, column in zip(("token_column", "tag_column"), columns, strict=True):
        right = isinstance(column, str | int) and not isinstance(column, bool)
        if column is not None and (task != "tagging" or not right):
            raise ValueError(
                f"`{name}` must be the name or the number of a column, for tagging "
                f"only. Received: {name}={column!r}, task={task!r}."
            )
    path, suffix = _check_path(path, task)
    if suffix in _RECORDS:
        from keras_rnn_zoo.datasets import records

        return records.read_records(path, task, *columns)
    if task == "tagging" and suffix == ".csv":
        examples = list(_read_csv_tags(path, columns))
    elif suffix == ".csv":
        examples = list(_read_csv(path, task))
    elif suffix == ".jsonl":
        examples = list(_read_jsonl(path, task, columns))
    elif task == "tagging":
        examples = list(_read_conll(path, columns))
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
    path, _ = _check_path(path, "regression")
    values, times, before = [], [], None
    for row, line in _rows(path, ("value",)):
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


def _lines(path):
    """The lines of a file, without what ends them, and their numbers from 1.

    No more than a line is held at once. A byte order mark is left out at the beginning
    of a line: that of the file, and those of files that were joined to one.
    """
    with open(path, "rb") as file:
        number = 0
        while line := file.readline(limits.MAX_BYTES + 1):
            number += 1
            if len(line) > limits.MAX_BYTES:
                raise DataError(
                    f"a line must have at most {limits.MAX_BYTES:,} bytes. Received: "
                    "more than that without a line end.",
                    path,
                    number,
                )
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise DataError(
                    f"must be UTF-8. Received: the byte 0x{line[error.start]:02x} "
                    f"({error.reason}).",
                    path,
                    number,
                ) from error
            yield number, text.removesuffix("\n").lstrip("\ufeff")


def _check_growth(count, unit, path, line):
    """Raise if what has no blank line yet is too long, before all of it is read."""
    if count > limits.MAX_STEPS:
        advice = "Put blank lines between sequences."
        raise DataError(limits.too_long(count, unit, advice), path, line)


def _short(value):
    """A value as an error shows it."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


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
    unit = "record" if str(path).lower().endswith(_RECORDS) else "line"
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
    sentences = [one.target for _, one in everything]
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
            unit = "record" if str(path).lower().endswith(_RECORDS) else "line"
            line = one.line if is_shared else one.lines[token]
            return f"tag {token + 1}: " if is_shared else "", path, line, unit

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
    if pathlib.Path(path).suffix.lower() not in _CONLL:
        return ""
    layout = _Conll(path, token_column, tag_column)
    return f"{layout.token + 1} and {layout.tag + 1} of {layout.width}"


def _width(example):
    """How many numbers a step has; None for texts."""
    is_real = isinstance(example.text, tuple) and isinstance(example.text[0], tuple)
    return len(example.text[0]) if is_real else None


def _labels(example):
    if example.target is None:
        return set()
    return {example.target} if isinstance(example.target, str) else set(example.target)


def _read_conll(path, columns):
    layout = _Conll(path, *columns)
    for rows in layout.sentences():
        for number, fields in rows:
            if not fields[layout.token] or not fields[layout.tag]:
                raise DataError(
                    "a token and its tag must not be empty. Received: "
                    f"{_short(fields)}, column {layout.token + 1} being the token and "
                    f"{layout.tag + 1} the tag.",
                    path,
                    number,
                )
        words = [(fields[layout.token], fields[layout.tag]) for _, fields in rows]
        tokens, tags = map(list, zip(*words, strict=True))
        lines = tuple(number for number, _ in rows)
        values = {"tokens": tokens, "tags": tags}
        yield as_example(values, FIELDS["tagging"], path, lines[0], lines=lines)


#: Comments of CoNLL-U, and of the shared task of 2012.
_COMMENT = re.compile(r"#(\s|$|(begin|end) document)")
_CONLLU = "ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC".split()


class _Conll:
    """What is where in a file of columns: found in a first reading.

    Attributes:
        token: int. Index of the column of the tokens.
        tag: int. Index of that of the tags.
        names: list of str, or None. What the columns are called.
    """

    def __init__(self, path, token_column, tag_column):
        self.path, self.names = path, None
        self.width, self.has_tabs = self._first_row()
        self._has_heading = self._has_index = False
        columns = {"token_column": token_column, "tag_column": tag_column}
        if any(
            isinstance(one, str) and not _is_number(one) for one in columns.values()
        ):
            self._find_names()
        self._has_index, tagged = self._look_through()
        standard = self._has_index and self.width == len(_CONLLU)
        if self.names is None and standard:
            self.names = _CONLLU
        found = {"token_column": int(self._has_index), "tag_column": self.width - 1}
        if self._has_index and tagged:
            found["tag_column"] = max(tagged)
        elif standard:
            found["tag_column"] = _CONLLU.index("UPOS")
        for name, column in columns.items():
            if column is not None:
                found[name] = self._index_of(name, column)
        self.token, self.tag = found["token_column"], found["tag_column"]

    def _first_row(self):
        """Number of columns, and whether tabs part them."""
        first = None
        for _, line in _lines(self.path):
            fields = _fields(line)
            if fields and fields[0] != "-DOCSTART-":
                first = first or (len(fields), "\t" in line)
                if not _COMMENT.match(line):
                    return len(fields), "\t" in line
        return first or (0, False)  # nothing but comments, or tokens that are "#"

    def _find_names(self):
        for _, line in _lines(self.path):
            if not line.strip():
                continue
            heading = line.partition("global.columns =")[2].split()
            if line.startswith("#") and len(heading) == self.width:
                self.names = heading
            elif not self._is_comment(line, _fields(line)):
                break
        else:
            return
        if self.names is None:
            # CoNLL-U needs no heading; other files must have one.
            fields = _fields(line)
            counts = fields[0].isdecimal() or _is_extra(fields[0])
            if self.width != len(_CONLLU) or not counts:
                self.names, self._has_heading = fields, True

    def _index_of(self, argument, column):
        if self.names is not None and column in self.names:
            return self.names.index(column)
        if _is_number(column) and 1 <= int(column) <= self.width:
            return int(column) - 1
        known = f"the number of one, 1 to {self.width}"
        if self.names is not None:
            known += f", or a name: {', '.join(self.names)}"
        raise DataError(
            f"`{argument}` must be a column, {known}. Received: {argument}={column!r}.",
            self.path,
        )

    def _look_through(self):
        """Whether the first column counts, and which hold nothing but tags of names."""
        counts, tagged = self.width > 2, set(range(1, self.width))
        for rows in self.sentences():
            place = 0
            for _, fields in rows:
                place += fields[0] == str(place + 1)
                counts = counts and (fields[0] == str(place) or _is_extra(fields[0]))
                if not _is_extra(fields[0]):
                    tagged = {i for i in tagged if tags.is_name_tag(fields[i])}
        return counts, tagged

    def sentences(self):
        """Yield each sentence: a list of (number of the line, fields)."""
        rows, heading = [], self._has_heading
        for number, line in _lines(self.path):
            line = line.removesuffix("\r")
            if "\r" in line:
                raise DataError(
                    f"lines must end in LF or CRLF. Received: {_short(line)}.",
                    self.path,
                    number,
                )
            fields = _fields(line)
            if not fields or fields[0] == "-DOCSTART-":
                if rows:
                    yield rows
                rows = []
                continue
            if not rows and self._is_comment(line, fields):
                continue
            if len(fields) < 2 or len(fields) != self.width:
                width = self.width
                expected = f"{width} columns" if width > 1 else "2 columns or more"
                raise DataError(
                    f"must be {expected}, the token first and its tag last unless told "
                    "otherwise, with tabs or spaces between them. "
                    f"Received: {_short(line)}.",
                    self.path,
                    number,
                )
            if heading:
                heading = False
            elif not (self._has_index and _is_extra(fields[0])):
                rows.append((number, fields))
                _check_growth(len(rows), "tokens", self.path, rows[0][0])
        if rows:
            yield rows

    def _is_comment(self, line, fields):
        """A line of as many columns as the others is none: its token is "#"."""
        as_others = (len(fields), "\t" in line) == (self.width, self.has_tabs)
        return not as_others and _COMMENT.match(line) is not None


def _fields(line):
    """The columns of a line: between tabs, or else between spaces."""
    if "\t" in line:
        fields = line.split("\t")
        return [one.strip() for one in fields] if line.strip() else []
    line = line.strip()
    return re.split(" +", line) if line else []


def _is_number(column):
    return isinstance(column, int) or column.isdecimal()


def _is_extra(index):
    """Whether a line of CoNLL-U stands for several words, or for one left out."""
    return re.fullmatch(r"\d+(-|\.)\d+", index) is not None


#: Columns of a CSV file with a token a line, if nothing else is said.
_TOKEN_NAMES = ("token", "word", "form", "tokens", "words")
_TAG_NAMES = ("tag", "ner", "ner_tag", "tags", "ner_tags", "label", "labels")
_SENTENCE_NAMES = ("sentence", "sentence #", "sentence_id", "sent_id")


def _read_csv_tags(path, columns):
    """Sentences of a CSV file with a token and its tag a line."""
    rows = _csv(path)
    header, line = next(((row, at) for row, at in rows if any(row)), ([], 1))
    names = [name.strip() for name in header]
    token, tag = (
        _csv_column(argument, column, names, usual, path, line)
        for argument, column, usual in zip(
            ("token_column", "tag_column"),
            columns,
            (_TOKEN_NAMES, _TAG_NAMES),
            strict=True,
        )
    )
    lowered = [name.lower() for name in names]
    sentence = next((lowered.index(n) for n in _SENTENCE_NAMES if n in lowered), None)
    words, before = [], ""

    def example():
        tokens, tags, lines = zip(*words, strict=True)
        values = {"tokens": list(tokens), "tags": list(tags)}
        return as_example(values, FIELDS["tagging"], path, lines[0], lines=lines)

    for row, line in rows:
        is_gap = not any(map(str.strip, row))
        if not is_gap and len(row) != len(header):
            raise DataError(
                f"must have {len(header)} fields as the first line. Received: "
                f"{len(row)}: {_short(row)}.",
                path,
                line,
            )
        if is_gap or (sentence is not None and row[sentence] not in ("", before)):
            if words:
                yield example()
            words = []
        if not is_gap:
            if sentence is not None:
                before = row[sentence] or before
            words.append((row[token].strip(), row[tag].strip(), line))
            _check_growth(len(words), "tokens", path, words[0][2])
    if words:
        yield example()


def _csv_column(argument, column, names, usual, path, line):
    lowered = [name.lower() for name in names]
    if column is None:
        found = next((lowered.index(name) for name in usual if name in lowered), None)
        if found is not None:
            return found
    elif column in names:
        return names.index(column)
    elif _is_number(column) and 1 <= int(column) <= len(names):
        return int(column) - 1
    given = f"{argument}={column!r}, " if column is not None else ""
    raise DataError(
        f"`{argument}` must be one of the columns that the first line names"
        + ("" if given else f", for none is called {', '.join(usual)}")
        + f". Received: {given}columns {_short(names)}.",
        path,
        line,
    )


def _read_csv(path, task):
    wanted = FIELDS[task]
    for values, line in _rows(path, wanted):
        yield as_example(values, wanted, path, line)


def _csv(path):
    """The rows of a CSV file, blank ones too: (fields, line)."""

    def lines():
        for _, text in _lines(path):  # a lone CR ends a line as well
            yield from io.StringIO(f"{text}\n", newline="")

    rows, start = csv.reader(lines(), strict=True), 1
    try:
        for row in rows:
            line, start = start, rows.line_num + 1
            yield row, line
    except csv.Error as error:
        raise DataError(f"must be CSV. Received: {error}.", path, start) from error


def _rows(path, wanted):
    """The rows of a CSV file with the columns `wanted`: (dict, line)."""
    header = None
    for row, line in _csv(path):
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
                f"{len(row)}: {_short(row)}.",
                path,
                line,
            )
        yield dict(zip(header, row, strict=True)), line


def _read_jsonl(path, task, columns):
    wanted, width = FIELDS[task], None
    keys = keys_of(task, columns)
    for line, content in _lines(path):
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
            keys = wanted
        if not isinstance(values, dict) or not set(keys) <= set(values):
            raise DataError(
                f"must be a JSON object with {' and '.join(keys)}. "
                f"Received: {_short(content.strip())}.",
                path,
                line,
            )
        values = {name: values[key] for name, key in zip(wanted, keys, strict=True)}
        if "steps" in wanted:
            values["steps"] = _steps(values["steps"], width, path, line)
            width = len(values["steps"][0])
        yield as_example(values, wanted, path, line)


def keys_of(task, columns):
    """What is called as `FIELDS` has it, unless there are other names for it."""
    return tuple(
        str(other) if other is not None else name
        for name, other in itertools.zip_longest(FIELDS[task], columns)
    )[: len(FIELDS[task])]


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


def as_example(values, wanted, path, line, unit="line", lines=None):
    """Return the example of a dict with the keys `wanted`, checked.

    Args:
        values: dict.
        wanted: what of it, as in `FIELDS`.
        path: the file.
        line: where the example begins.
        unit: what `line` counts.
        lines: the line of each word, where each has its own.

    Raises:
        DataError: if a text is empty, too long or no text, holds what a model cannot
            read, or there are not as many tags as tokens.
    """

    def fail(problem, at=line):
        raise DataError(problem, path, at, unit)

    def check_text(name, text, at=line):
        half = limits.surrogate_in(text)
        if half is not None:
            fail(
                f"`{name}` must be text. Received: {half!r} in {_short(text)}, one "
                "half of a surrogate pair: a character was cut in two.",
                at,
            )

    if "tokens" in wanted:
        tokens, tags = values["tokens"], values["tags"]
        for name, items in (("tokens", tokens), ("tags", tags)):
            at = line
            right = isinstance(items, list) and items
            if right and lines is not None and not all(items):
                at = lines[items.index("")]
            if not right or not all(isinstance(i, str) and i.strip() for i in items):
                fail(
                    f"`{name}` must be a list of strings, none of them empty. "
                    f"Received: {_short(items)}.",
                    at,
                )
            if len(items) > limits.MAX_STEPS:
                fail(limits.too_long(len(items), name))
            for i, item in enumerate(items):
                check_text(name, item, line if lines is None else lines[i])
        for i, token in enumerate(tokens):
            if token.split() != [token]:
                fail(
                    "a token must be without white space, at which a text is split "
                    f"into tokens. Received: {_short(token)}. Make several tokens of "
                    "it, each with its tag, or put another character there.",
                    line if lines is None else lines[i],
                )
        if len(tokens) != len(tags):
            fail(
                "`tags` must be as many as `tokens`. Received: "
                f"{len(tokens)} tokens and {len(tags)} tags."
            )
        return Example(tuple(tokens), tuple(tags), line, lines)
    for name in wanted:
        text = values[name]
        if name == "steps":
            continue
        if not isinstance(text, str) or not text.strip():
            fail(
                f"`{name}` must be a text, not an empty one. Received: {_short(text)}."
            )
        check_text(name, text)
    text = values[wanted[0]]
    if len(text) > limits.MAX_STEPS:
        fail(limits.too_long(len(text), "steps" if "steps" in wanted else "characters"))
    if "label" not in wanted and END_OF_TEXT in text:
        fail(
            f"a text must be without {END_OF_TEXT!r}, which ends a text for the model. "
            f"Received: it is character {text.index(END_OF_TEXT) + 1}."
        )
    return Example(text, values["label"] if "label" in wanted else None, line)


def _read_texts(path):
    lines, start, size = [], 1, 0
    wanted = FIELDS["language_model"]
    for number, line in itertools.chain(_lines(path), [(None, "")]):
        line = line.removesuffix("\r")
        if line.strip():
            start, size = (start, size) if lines else (number, 0)
            lines.append(line)
            size += len(line)
            _check_growth(size, "characters", path, start)
        elif lines:
            yield as_example({"text": "\n".join(lines)}, wanted, path, start)
            lines = []
