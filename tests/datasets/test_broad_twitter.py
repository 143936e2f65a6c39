"""The Broad Twitter Corpus by itself, and as more training sentences for WNUT 2017.

`KRZ_WNUT17_BTC_DIR` names a directory with its six files and the three of WNUT 2017,
for the real data.
"""

import os

import pytest

from keras_rnn_zoo import datasets
from keras_rnn_zoo.datasets import builders
from keras_rnn_zoo.datasets.loaders import broad_twitter
from tests.datasets.prepared import prepare

REAL = os.environ.get("KRZ_WNUT17_BTC_DIR")
ALONE, BOTH = "krz_broad_twitter", "krz_wnut17_btc"
TAGS = ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")


def conll(*sentences):
    """A file of sentences, such as "Ada/B-PER wrote/O"; ~ is a space in a token."""
    rows = [s.replace("/", "\t").replace(" ", "\n") for s in sentences]
    return "\n\n".join(rows).replace("~", " ") + "\n"


WNUT = {
    "wnut17train.conll": conll(
        "BBC/B-corporation News/I-corporation met/O Muse/B-group in/O"
    ),
    "emerging.dev.conll": conll("Turing/B-person was/O never/O in/O Paris/B-location"),
    "emerging.test.annotated": conll("the/O engine/O is/O not/O here/O"),
}
SECTIONS = {
    "a.conll": conll(
        "@/B-PER ada/B-PER saw/O BBC/B-ORG News/I-ORG in/O Paris/B-LOC",
        "@bob/B-PER Pye/B-PER Ltd/B-ORG /O ♥~/O",
    ),
    "b.conll": conll(
        "RT/O @/B-ORG cay/I-ORG The/O engine/O is/O not/O here/O http:x/O"
    ),
    "e.conll": conll("engine/O here/O", "engine/O here/O"),
    "f.conll": conll("f/O"),
    "g.conll": conll("turing/B-PER was/O never/O in/O paris/B-LOC #fact/O"),
    "h.conll": conll("h1/O", "h2/O", "h3/O"),
}


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    for name, text in (WNUT | SECTIONS).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    # The files are here, though they are not the registered ones.
    monkeypatch.setattr(builders.KrzWnut17, "_has_files", lambda *_: True)
    prepare(builders.KrzWnut17, tmp_path)
    prepare(builders.KrzBroadTwitter, tmp_path)
    return tmp_path


def tags_of(data, split, place):
    return [data.labels[i] for i in data.raw[split][place][1]]


def test_alone_it_has_its_own_tags_and_the_split_of_its_authors(data_dir):
    data = datasets.load(ALONE, data_dir=data_dir, min_count=1, lowercase=False)
    assert data.labels == TAGS
    assert data.texts["validation"] == [("h2",), ("h3",)]
    assert data.texts["test"] == [("f",)]
    assert data.texts["train"][:2] == [
        ("@", "ada", "saw", "BBC", "News", "in", "Paris"),
        ("@bob", "Pye", "Ltd", "♥"),
    ]
    assert data.texts["train"][-1] == ("h1",)
    expected = ["B-PER", "B-PER", "O", "B-ORG", "I-ORG", "O", "B-LOC"]
    assert tags_of(data, "train", 0) == expected
    assert data.facts["licence"] == "CC BY 4.0"


def test_its_names_are_called_as_in_wnut(data_dir):
    data = datasets.load(BOTH, data_dir=data_dir, min_count=1, repeat=2)
    assert data.labels == datasets.load("krz_wnut17", data_dir=data_dir).labels
    own = ("BBC", "News", "met", "Muse", "in")
    assert data.texts["train"][:2] == [own, own]
    assert tags_of(data, "train", 1)[:2] == ["B-corporation", "I-corporation"]
    # Names of users are none; the organisation is what WNUT's sentence calls it.
    assert tags_of(data, "train", 2) == [
        *("O", "O", "O", "B-corporation", "I-corporation", "O", "B-location")
    ]
    assert tags_of(data, "train", 3) == ["O", "B-person", "B-group", "O"]
    # Those of section f and h are training sentences here, what WNUT holds out is not.
    rest = [" ".join(words) for words in data.texts["train"][4:]]
    assert rest == ["engine here", "engine here", "h1", "h2", "h3", "f"]
    assert "8 of the Broad Twitter Corpus, without 2 " in str(data.facts)
    for split in ("validation", "test"):
        assert len(data.raw[split]) == 1
    assert data.texts["validation"][0][0] == "Turing"


def test_words_are_counted_once_however_often_a_sentence_is_read(data_dir):
    once = datasets.load(BOTH, data_dir=data_dir)
    thrice = datasets.load(BOTH, data_dir=data_dir, repeat=3)
    assert once.vocabulary == thrice.vocabulary
    assert "muse" not in thrice.vocabulary and "bbc" in thrice.vocabulary
    assert len(thrice.raw["train"]) == len(once.raw["train"]) + 2
    assert once.facts["data sha256"] != thrice.facts["data sha256"]


def test_a_kind_that_is_counted_more_often_is_taken():
    tags = [["B-group"], ["B-corporation"], ["B-corporation"]]
    kinds = broad_twitter.kinds_of([(("#Sony",), tag) for tag in tags])
    assert kinds == {"sony": "corporation"}


def test_wrong_options(data_dir):
    with pytest.raises(ValueError, match="at least 1. Received: repeat=0"):
        datasets.load(BOTH, data_dir=data_dir, repeat=0)
    with pytest.raises(TypeError, match="`repeat` must be an int.*repeat='2'"):
        datasets.load(BOTH, data_dir=data_dir, repeat="2")
    for name in (ALONE, BOTH):
        with pytest.raises(ValueError, match="at least 1. Received: min_count=0"):
            datasets.load(name, data_dir=data_dir, min_count=0)


def test_an_unknown_tag_is_refused(tmp_path):
    for name, text in SECTIONS.items():
        text = text.replace("B-LOC", "B-MISC")
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="a.conll, line 7: the tag must be .*'B-MISC'"):
        prepare(builders.KrzBroadTwitter, tmp_path)


def test_without_the_files_the_error_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="put a.conll, b.conll, e.conll, "):
        datasets.load(ALONE, data_dir=tmp_path)
    with pytest.raises(FileNotFoundError, match="put wnut17train.conll, "):
        datasets.load(BOTH, data_dir=tmp_path)
    for name in SECTIONS:
        (tmp_path / name).write_text(conll("a/O"), encoding="utf-8")
    with pytest.raises(ValueError, match="must be the registered ones"):
        datasets.load(ALONE, data_dir=tmp_path / "tfds", manual_dir=tmp_path)


@pytest.mark.skipif(not REAL, reason="KRZ_WNUT17_BTC_DIR names no directory")
def test_the_real_files(tmp_path):
    alone = datasets.load(ALONE, data_dir=tmp_path, manual_dir=REAL)
    sizes = {split: len(rows) for split, rows in alone.raw.items()}
    assert sizes == {"train": 6338, "validation": 1000, "test": 2001}
    both = datasets.load(BOTH, data_dir=tmp_path, manual_dir=REAL)
    sizes = {split: len(rows) for split, rows in both.raw.items()}
    assert sizes == {"train": 12721, "validation": 1009, "test": 1287}
    tags = [both.labels[i] for _, y in both.raw["train"] for i in y]
    assert tags.count("B-person") > 2000
