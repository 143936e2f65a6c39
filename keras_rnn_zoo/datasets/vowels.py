"""Utterances of nine speakers out of an installed package, and files of its format."""

import importlib.util
import pathlib
from typing import Any

import numpy as np

from keras_rnn_zoo import extras
from keras_rnn_zoo.datasets.files import DataError

#: Packages that carry the files, and where.
PACKAGES = ("sktime", "aeon")


def find_file(part: str) -> pathlib.Path:
    """Return the file of one part, "TRAIN" or "TEST", without importing its package.

    Raises:
        ImportError: if no installed package carries it.
    """
    for package in PACKAGES:
        found: Any = importlib.util.find_spec(package)
        if found is not None:
            [place] = found.submodule_search_locations
            path = pathlib.Path(place, "datasets", "data", "JapaneseVowels")
            path /= f"JapaneseVowels_{part}.ts"
            if path.is_file():
                return path
    raise ImportError(
        "krz_japanese_vowels needs the files that sktime carries. "
        + extras.hint("data")
    )


def read_ts(path) -> list[tuple[np.ndarray, str]]:
    """Read the labelled multivariate series of a file in the format `.ts`.

    After a line `@data`, an example a line: the values of each dimension parted by
    commas, the dimensions and the label parted by colons.

    Returns:
        list of (float32 `(time, dimensions)`, label).

    Raises:
        DataError: if a line is not like that; it names file and line.
    """
    path, examples, begun = pathlib.Path(path), [], False
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if not begun or not line:
                begun = begun or line.lower() == "@data"
                continue
            *dimensions, label = line.split(":")
            try:
                columns = [[float(v) for v in one.split(",")] for one in dimensions]
                x = np.array(columns, "float32").T
            except ValueError as error:
                raise DataError(f"no such numbers ({error})", path, number) from error
            width = len(examples[0][0].T) if examples else len(columns)
            if not columns or len(columns) != width or not np.isfinite(x).all():
                raise DataError(
                    f"an example must have finite numbers in {width} dimensions, and a "
                    f"label. Received: {line[:60]!r}.",
                    path,
                    number,
                )
            examples.append((x, label))
    if not examples:
        raise DataError("there is no example after a line `@data`", path)
    return examples
