"""Surnames in 18 languages: what is read, and that no spelling is in two splits.

`KRZ_NAMES_18_DIR` names a directory with the 18 files, for the real data.
"""

import os

import pytest

from keras_rnn_zoo import datasets
from keras_rnn_zoo.datasets import builders
from keras_rnn_zoo.datasets.builders.names_18_languages import (
    FILES,
    LANGUAGES,
    split_of,
)
from tests.datasets.prepared import prepare

REAL = os.environ.get("KRZ_NAMES_18_DIR")
NAME = "krz_names_18_languages"
NAMES = [f"Name{k}" for k in range(40)]


@pytest.fixture
def data_dir(tmp_path):
    """Data prepared of files that repeat names, have spaces and no last line end."""
    for language in LANGUAGES:
        own = [f"{language}{k}" for k in range(10)]
        lines = [*own, own[0], f" {own[1]} ", "", "Álvarez"]
        if language in ("English", "Scottish"):
            lines += NAMES
        (tmp_path / FILES[language]).write_text("\n".join(lines), encoding="utf-8")
    prepare(builders.KrzNames18Languages, tmp_path)
    return tmp_path


def test_every_name_once_a_language_and_in_one_split(data_dir):
    data = datasets.load(NAME, data_dir=data_dir, min_count=1)
    assert data.labels == LANGUAGES
    found = {split: set() for split in data.raw}
    for split, rows in data.raw.items():
        for text, (x, y) in zip(data.texts[split], rows, strict=True):
            assert data.decode(x) == text or split != "train"
            assert (text, y) not in found[split]
            found[split].add((text, int(y)))
    assert sum(map(len, found.values())) == 18 * 11 + 2 * 40
    spellings = [{text for text, _ in rows} for rows in found.values()]
    assert sum(map(len, spellings)) == len(set.union(*spellings))
    english, scottish = map(LANGUAGES.index, ("English", "Scottish"))
    for name in NAMES:
        assert {(name, english), (name, scottish)} <= found[split_of(name)]
    several = [text for text, _ in found["test"]]
    fact = "test examples of a spelling that has another language too"
    assert data.facts[fact] == len(several) - len(set(several)) > 0
    assert data.facts["licence"] == "MIT"


def test_options(data_dir):
    data = datasets.load(NAME, data_dir=data_dir, lowercase=True, min_count=1)
    assert "á" in data.vocabulary and "Á" not in data.vocabulary
    with pytest.raises(
        TypeError, match="`lowercase` must be a bool. Received: lowercase=1"
    ):
        datasets.load(NAME, data_dir=data_dir, lowercase=1)
    with pytest.raises(ValueError, match="at least 1. Received: min_count=0"):
        datasets.load(NAME, data_dir=data_dir, min_count=0)


def test_without_the_files_the_error_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"put Arabic.txt, Chinese.txt, "):
        datasets.load(NAME, data_dir=tmp_path)
    for name in FILES.values():
        (tmp_path / name).write_text("Abe\n", encoding="utf-8")
    with pytest.raises(ValueError, match="must be the registered ones"):
        datasets.load(NAME, data_dir=tmp_path / "tfds", manual_dir=tmp_path)


@pytest.mark.skipif(not REAL, reason="KRZ_NAMES_18_DIR names no directory")
def test_the_real_files(tmp_path):
    data = datasets.load(NAME, data_dir=tmp_path, manual_dir=REAL)
    sizes = {split: len(rows) for split, rows in data.raw.items()}
    assert sizes == {"train": 12587, "validation": 1812, "test": 3613}
    assert data.texts["train"].count("Nakamura") == 1
