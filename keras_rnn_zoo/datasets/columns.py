"""What is where in files with a token a line: columns of CoNLL and its kin, and of CSV.

`datasets.files` tells the rules.
"""

import re

from keras_rnn_zoo.datasets import tags
from keras_rnn_zoo.datasets.lines import (
    DataError,
    check_growth,
    csv_rows,
    lines_of,
    short,
)

#: Comments of CoNLL-U, and of the shared task of 2012.
_COMMENT = re.compile(r"#(\s|$|(begin|end) document)")
_CONLLU = "ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC".split()


class Columns:
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
            if column is not None and self.width:
                found[name] = self._index_of(name, column)
        self.token, self.tag = found["token_column"], found["tag_column"]

    def _first_row(self):
        """Number of columns, and whether tabs part them."""
        first = None
        for _, line in lines_of(self.path):
            fields = _fields(line)
            if fields and fields[0] != "-DOCSTART-":
                first = first or (len(fields), "\t" in line)
                if not _COMMENT.match(line):
                    return len(fields), "\t" in line
        return first or (0, False)  # nothing but comments, or tokens that are "#"

    def _find_names(self):
        for _, line in lines_of(self.path):
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
                is_extra, is_next = _is_extra(fields[0]), fields[0] == str(place + 1)
                place += is_next
                counts = counts and (is_next or is_extra)
                if not is_extra:
                    tagged = {i for i in tagged if tags.is_name_tag(fields[i])}
        return counts, tagged

    def sentences(self):
        """Yield each sentence: a list of (number of the line, fields)."""
        rows, heading = [], self._has_heading
        for number, line in lines_of(self.path):
            line = line.removesuffix("\r")
            if "\r" in line:
                raise DataError(
                    f"lines must end in LF or CRLF. Received: {short(line)}.",
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
                    f"Received: {short(line)}.",
                    self.path,
                    number,
                )
            if heading:
                heading = False
            elif not (self._has_index and _is_extra(fields[0])):
                rows.append((number, fields))
                check_growth(len(rows), "tokens", self.path, rows[0][0])
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


def csv_sentences(path, token_column, tag_column):
    """Yield the sentences of a CSV file with a token and its tag a line.

    Args:
        path: the file.
        token_column: as in `files.read_file`.
        tag_column: as in `files.read_file`.

    Yields:
        list of (token, tag, line).
    """
    rows = csv_rows(path)
    header, line = next(((row, at) for row, at in rows if any(row)), ([], 1))
    names = [name.strip() for name in header]
    token, tag = (
        _csv_column(argument, column, names, usual, path, line)
        for argument, column, usual in zip(
            ("token_column", "tag_column"),
            (token_column, tag_column),
            (_TOKEN_NAMES, _TAG_NAMES),
            strict=True,
        )
    )
    lowered = [name.lower() for name in names]
    sentence = next((lowered.index(n) for n in _SENTENCE_NAMES if n in lowered), None)
    words, before = [], ""
    for row, line in rows:
        is_gap = not any(map(str.strip, row))
        if not is_gap and len(row) != len(header):
            raise DataError(
                f"must have {len(header)} fields as the first line. Received: "
                f"{len(row)}: {short(row)}.",
                path,
                line,
            )
        if is_gap or (sentence is not None and row[sentence] not in ("", before)):
            if words:
                yield words
            words = []
        if not is_gap:
            if sentence is not None:
                before = row[sentence] or before
            words.append((row[token].strip(), row[tag].strip(), line))
            check_growth(len(words), "tokens", path, words[0][2])
    if words:
        yield words


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
        + f". Received: {given}columns {short(names)}.",
        path,
        line,
    )
