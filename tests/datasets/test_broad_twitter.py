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
        "BBC/B-corporation News/I-corporation met/O Muse/B-group in/O", "not/O one/O"
    ),
    "emerging.dev.conll": conll("Turing/B-person was/O never/O in/O Paris/B-location"),
    "emerging.test.annotated": conll("the/O engine/O is/O not/O here/O"),
}
SECTIONS = {
    "a.conll": conll(
        "@/B-PER ada/B-PER saw/O MUSE/B-ORG in/O Paris/B-LOC Texas/I-LOC",
        "@bob/B-PER Pye/B-PER Ltd/B-ORG Co/I-ORG /O ♥~/O",
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
        ("@", "ada", "saw", "MUSE", "in", "Paris", "Texas"),
        ("@bob", "Pye", "Ltd", "Co", "♥"),
    ]
    assert data.texts["train"][-1] == ("h1",)
    expected = ["B-PER", "B-PER", "O", "B-ORG", "O", "B-LOC", "I-LOC"]
    assert tags_of(data, "train", 0) == expected
    assert data.facts["licence"] == "CC BY 4.0"


def test_its_names_are_called_as_in_wnut(data_dir):
    data = datasets.load(BOTH, data_dir=data_dir, min_count=1)
    assert data.labels == datasets.load("krz_wnut17", data_dir=data_dir).labels
    texts = [" ".join(words) for words in data.texts["train"]]
    assert texts[:2] == ["BBC News met Muse in", "not one"]
    assert tags_of(data, "train", 0)[:2] == ["B-corporation", "I-corporation"]
    # Names of users are none; an organisation is what WNUT's sentences call it.
    assert tags_of(data, "train", 2) == [
        *("O", "O", "O", "B-group", "O", "B-location", "I-location")
    ]
    assert tags_of(data, "train", 3) == [
        *("O", "B-person", "B-corporation", "I-corporation", "O")
    ]
    # All sections are to learn from here, but not what WNUT holds out.
    assert texts[4:] == ["engine here", "engine here", "h1", "h2", "h3", "f"]
    assert "8 of the Broad Twitter Corpus, without 2 that" in str(data.facts)
    assert [len(data.raw[split]) for split in ("validation", "test")] == [1, 1]
    assert data.texts["validation"][0][0] == "Turing"


def test_sentences_with_names_may_be_read_more_often_than_others(data_dir):
    once = datasets.load(BOTH, data_dir=data_dir)
    options = {"repeat": 3, "names_only": True}
    data = datasets.load(BOTH, data_dir=data_dir, **options)
    assert once.vocabulary == data.vocabulary, "each different sentence counts once"
    assert {"muse", "engine"} <= set(data.vocabulary) and "bbc" not in data.vocabulary
    texts = [" ".join(words) for words in data.texts["train"]]
    assert texts[:4] == [
        "BBC News met Muse in",
        "not one",
        *["BBC News met Muse in"] * 2,
    ]
    assert [len(one) for one in data.texts["train"][4:]] == [7, 5]
    assert "3 times an epoch" in str(data.facts)
    assert once.facts["data sha256"] != data.facts["data sha256"]


def test_a_kind_that_is_counted_more_often_is_taken():
    tags = [["B-group"], ["B-corporation"], ["B-corporation"]]
    kinds = broad_twitter.kinds_of([(("#Sony",), tag) for tag in tags])
    assert kinds == {"sony": "corporation"}


def test_wrong_options(data_dir):
    with pytest.raises(ValueError, match="at least 1. Received: repeat=0"):
        datasets.load(BOTH, data_dir=data_dir, repeat=0)
    with pytest.raises(TypeError, match="`repeat` must be an int.*repeat='2'"):
        datasets.load(BOTH, data_dir=data_dir, repeat="2")
    with pytest.raises(TypeError, match="`names_only` must be a bool.*names_only=1"):
        datasets.load(BOTH, data_dir=data_dir, names_only=1)
    for name in (ALONE, BOTH):
        with pytest.raises(ValueError, match="at least 1. Received: min_count=0"):
            datasets.load(name, data_dir=data_dir, min_count=0)


def test_an_unknown_tag_is_refused(tmp_path):
    for name, text in SECTIONS.items():
        text = text.replace("B-LOC", "B-MISC")
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="a.conll, line 6: the tag must be .*'B-MISC'"):
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
    kinds = {tag[2:] for tag in tags if tag != "O"}
    counts = {kind: tags.count(f"B-{kind}") for kind in kinds}
    assert counts == {
        "corporation": 2546,
        "creative-work": 140,
        "group": 375,
        "location": 3217,
        "person": 3243,
        "product": 142,
    }
