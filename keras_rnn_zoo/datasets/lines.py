"""Lines of somebody's files, and the error that names one."""

import csv
import io

from keras_rnn_zoo.datasets import limits


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


def lines_of(path):
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


def check_growth(count, unit, path, line):
    """Raise if what has no blank line yet is too long, before all of it is read."""
    if count > limits.MAX_STEPS:
        advice = "Put blank lines between sequences."
        raise DataError(limits.too_long(count, unit, advice), path, line)


def short(value):
    """A value as an error shows it."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def csv_rows(path):
    """The rows of a CSV file, blank ones too: (fields, line)."""

    def parts():
        for _, text in lines_of(path):  # a lone CR ends a line as well
            yield from io.StringIO(f"{text}\n", newline="")

    rows, start = csv.reader(parts(), strict=True), 1
    try:
        for row in rows:
            line, start = start, rows.line_num + 1
            yield row, line
    except csv.Error as error:
        raise DataError(f"must be CSV. Received: {error}.", path, start) from error
