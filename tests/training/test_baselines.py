"""Baselines: by hand on small data, and the measured figures on the real data."""

import dataclasses
import math
import sys

import numpy as np
import pytest

from keras_rnn_zoo import datasets
from keras_rnn_zoo.tasks import baselines, character_names
from keras_rnn_zoo.tasks.baselines import ngrams, tables
from keras_rnn_zoo.tasks.baselines import values as figures

NGRAM = "best Witten-Bell n-gram"


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "tfds"
    path.mkdir(exist_ok=True)
    return path


def made_up(train, test, labels, unit="character", tokens="abcdef", **more):
    """Pipelines of hand-written (text, labels) examples."""
    codec = datasets.Codec(("", "\N{REPLACEMENT CHARACTER}", *tokens), unit=unit)
    texts = {"train": [t for t, _ in train], "test": [t for t, _ in test]}
    raw = {
        split: [(codec.encode(t), np.array(y, "int32")) for t, y in rows]
        for split, rows in (("train", train), ("test", test))
    }
    texts = {split: [codec.split(t) for t in rows] for split, rows in texts.items()}
    fields = dict.fromkeys(datasets.Pipelines.__dataclass_fields__)
    fields |= {"name": "made_up", "vocabulary": codec.tokens, "labels": labels}
    return datasets.Pipelines(**fields | {"raw": raw, "texts": texts, "codec": codec})


def values(pipelines, which=None):
    return {b.name: b.value for b in baselines.compute(pipelines, which)}


def test_window_tables_back_off_to_narrower_windows():
    # "b" is 1 after "a", else 0; "c" is 2.
    train = [("abc", [0, 1, 2]), ("abc", [0, 1, 2]), ("cbbb", [2, 0, 0, 0])]
    test = [("ab", [0, 1]), ("abc", [0, 1, 2]), ("cbf", [2, 0, 1])]
    data = made_up(train, test, ("x", "y", "z"))
    received = values(data)
    # Always 0: 3 of 8. By character, b is 0 (3 of 5 times): a, a, c, c and cb's b.
    assert received["majority"] == 3 / 8
    assert received["most frequent class of the character"] == 5 / 8
    # ±1: "abc" and "cb" at the start are known, and so b as 1 in the second text;
    # "ab" at the end of a text and "bf" are not: b alone, then the majority.
    assert received["±1-character window table"] == 6 / 8
    assert list(received) == list(baselines.names(data))


def test_ties_go_to_the_class_that_is_more_frequent_in_all():
    keys, labels = np.array([5, 5, 7, 7, 7]), np.array([0, 1, 1, 1, 0])
    asked = np.array([5, 7, 6, 9, 1])
    assert tables.most_frequent(keys, labels, asked).tolist() == [1, 1, -1, -1, -1]


def test_last_characters_look_no_further_and_back_off():
    train = [("abc", 0), ("fbc", 1), ("fbc", 1), ("fefbcc", 2)] * 3
    test = [("abc", 0), ("bc", 1), ("ddddddc", 1), ("dcc", 2), ("aaafbcc", 0)]
    data = made_up(train, test, ("x", "y", "z"))
    which = ["majority", "last 3 characters with back-off"]
    # "ddddddc" ends in c, which is 1 most often; "bcc" is always 2, and so wrong here.
    assert values(data, which) == {which[0]: 2 / 5, which[1]: 4 / 5}


def test_names_of_the_training_texts_are_found_again():
    labels = ("O", "B-x", "I-x", "B-y", "I-y")
    # "ab" is an x twice and a y once, "abc" a y; "d" is a name once of three times.
    train = [
        ("abeabeabcd", [1, 2, 0, 3, 4, 0, 3, 4, 4, 1]),
        ("eabedd", [0, 1, 2, 0, 0, 0]),
    ]
    texts, tags = zip(*train, strict=True)
    names = character_names.names_of(texts, tags, labels)
    assert names == {"ab": "x", "abc": "y"}
    assert character_names.look_up("dabcabe", names, labels).tolist() == [
        *(0, 3, 4, 4, 1, 2, 0)
    ]
    assert character_names.look_up("ab", {}, labels).tolist() == [0, 0]
    test = [("abc", [3, 4, 4]), ("eab", [0, 3, 4])]
    data = made_up(train, test, labels)
    received = [
        (b.metric, b.value)
        for b in baselines.compute(data, ["majority", "list of the training names"])
    ]
    assert received == [
        *(("span_f1", 0), ("accuracy", 1 / 6)),
        *(("span_f1", 0.5), ("accuracy", 4 / 6)),
    ]
    plain = dataclasses.replace(data, labels=tuple("vwxyz"))
    assert len(baselines.names(plain)) == 5


def test_windows_of_characters_find_names_by_their_neighbours():
    pytest.importorskip("sklearn")
    rows = character_names.features("abc")
    assert set(rows[1]) == {"-1=a", "-1=ab", "0=b", "0=bc", "1=c", "-1=abc"}
    train = [(f"e{one}f", [0, 1, 0]) for one in "abc"]
    train += [(f"f{one}e", [0, 0, 0]) for one in "abc"]
    data = made_up(9 * train, [("edf", [0, 1, 0])], ("O", "B-x", "I-x"))
    data.raw["validation"], data.texts["validation"] = (
        one["train"] for one in (data.raw, data.texts)
    )
    first, _ = baselines.compute(data, ["logistic regression on ±2 characters"])
    assert (first.metric, first.value) == ("span_f1", 1)
    assert "chosen on validation data" in first.note


def test_words_are_looked_up_without_case():
    train = [(("In", "Rome", "in"), [0, 1, 0]), (("rome", "ate"), [1, 0])]
    test = [(("ROME", "is", "Oslo"), [1, 0, 1])]
    data = made_up(train, test, ("O", "B-x"), "word", ("in", "rome"))
    which = ["majority", "most frequent tag of the word"]
    received = [(b.metric, b.value) for b in baselines.compute(data, which)]
    # No name; then one of two.
    assert received[:2] == [("span_f1", 0), ("accuracy", 1 / 3)]
    assert received[2:] == [("span_f1", pytest.approx(2 / 3)), ("accuracy", 2 / 3)]
    data = dataclasses.replace(data, labels=("noun", "verb"))
    assert values(data, which) == {which[0]: 1 / 3, which[1]: 2 / 3}


def witten_bell(train, test, order, num_symbols):
    """Bits per symbol by the recursive definition, one probability at a time."""

    def probability(context, symbol, order):
        if order == 0:
            return 1 / num_symbols
        context = context[len(context) - (order - 1) :]
        followers = [
            y[i]
            for x, y in train
            for i in range(len(y))
            if ("_" * 9 + x[: i + 1]).endswith(context) or order == 1
        ]
        lower = probability(context[1:], symbol, order - 1)
        types = len(set(followers))
        if not followers:
            return lower
        return (followers.count(symbol) + types * lower) / (len(followers) + types)

    bits = [
        -math.log2(probability("_" * 9 + x[: i + 1], y[i], order))
        for x, y in test
        for i in range(len(y))
    ]
    return sum(bits) / len(bits)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_ngrams_are_witten_bell_s(order):
    def shifted(texts):
        return [("." + text, text + ".") for text in texts]

    train, test = shifted(["abcab", "abd", "cab"]), shifted(["abcd", "eab", "b"])
    tokens = ".abcde"
    ids = {token: i for i, token in enumerate(("", "?", *tokens))}
    data = made_up(
        [(x, [ids[c] for c in y]) for x, y in train],
        [(x, [ids[c] for c in y]) for x, y in test],
        ("", "\N{REPLACEMENT CHARACTER}", *tokens),
        tokens=tokens,
    )
    received = ngrams.ngram_bits(data, order)
    assert len(received) == order
    assert received[-1] == pytest.approx(witten_bell(train, test, order, 6), rel=1e-12)


def test_the_figures_of_the_tagger_data(data_dir):
    received = values(datasets.load("krz_py_tokens", data_dir=data_dir))
    # Bands, for the corpus depends on the interpreter. Measured on CPython 3.11.7:
    # 0.405, 0.711, 0.843, 0.881, 0.894.
    assert received["majority"] == pytest.approx(0.41, abs=0.03)
    assert received["most frequent class of the character"] == pytest.approx(
        0.71, abs=0.03
    )
    assert received["±1-character window table"] == pytest.approx(0.845, abs=0.02)
    assert received["±3-character window table"] == pytest.approx(0.895, abs=0.02)
    assert sorted(received.values()) == list(received.values())


def test_the_figures_of_the_cursor_data(data_dir):
    data = datasets.load("krz_py_cursor", data_dir=data_dir, prefixes_per_function=2)
    received = values(data)
    # All 8 prefixes on CPython 3.11.7: 0.416, 0.841, 0.861, 0.931.
    assert received["majority"] == pytest.approx(0.42, abs=0.03)
    assert 0.78 < received["last 3 characters with back-off"] < 0.87
    assert 0.78 < received["last 6 characters with back-off"] < 0.88
    assert 0.87 < received["logistic regression, 40 characters of context"] < 0.95


def test_the_figures_of_the_language_model_data(data_dir):
    data = datasets.load("krz_py_functions", data_dir=data_dir)
    unigram, best = baselines.compute(data)
    assert unigram.metric == best.metric == "bits_per_character"
    # CPython 3.11.7: 4.715 and, with order 5, 1.945.
    assert unigram.value == pytest.approx(4.7, abs=0.15)
    assert best.name == NGRAM and 1.75 < best.value < 2.15
    assert best.note.startswith("order ") and "test split in its favour" in best.note


def test_the_figures_of_the_digits(data_dir):
    data = datasets.load("krz_digits", data_dir=data_dir)
    assert values(data) == {
        "majority": pytest.approx(0.100, abs=0.001),
        "logistic regression on the mean over time": pytest.approx(0.593, abs=0.01),
        "flat logistic regression": pytest.approx(0.969, abs=0.005),
        "1-nearest neighbour": pytest.approx(0.981, abs=0.001),
    }


def test_without_scikit_learn_its_baselines_are_skipped(data_dir, monkeypatch):
    data = datasets.load("krz_digits", data_dir=data_dir)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    results = {b.name: b for b in baselines.compute(data)}
    skipped = results["flat logistic regression"]
    assert skipped.value is None
    assert "pip install 'keras_rnn_zoo[data]'" in skipped.note
    assert results["1-nearest neighbour"].value > 0.97


def test_an_unknown_baseline_is_named(data_dir):
    data = datasets.load("krz_digits", data_dir=data_dir)
    with pytest.raises(ValueError, match=r"of krz_digits: majority.*which=\['best'\]"):
        baselines.compute(data, ["best"])


def test_ridge_reads_sequences_of_different_length_from_their_end():
    """What is asked for is the last value but one, which a mean of all cannot know."""
    rng = np.random.default_rng(2)

    def drawn(count):
        rows = [rng.normal(size=(rng.integers(2, 6), 1)) for _ in range(count)]
        return [(x, x[-2]) for x in rows]

    raw = {"train": drawn(200), "validation": drawn(20), "test": drawn(20)}
    fields = dict.fromkeys(datasets.Pipelines.__dataclass_fields__)
    pipelines = datasets.Pipelines(**fields | {"name": "made_up", "raw": raw})
    error, _ = figures.ridge(pipelines)
    assert error < 1e-3 < figures.persistence(pipelines)[0]
