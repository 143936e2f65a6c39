"""Words with their characters: the codec, one's own file, batches, real sentences."""

import json
import os
import re

import numpy as np
import pytest

from keras_rnn_zoo import datasets
from keras_rnn_zoo.datasets.codec import PADDING, UNKNOWN, characters_of

WNUT17_DIR = os.environ.get("KRZ_WNUT17_DIR")
WORDS = (PADDING, UNKNOWN, "in", "rome", "\u00e9t\u00e9")
LETTERS = (PADDING, UNKNOWN, *"eimnort\u00e9R")


def codec(**changes):
    arguments = {"tokens": WORDS, "unit": "word", "lowercase": True}
    arguments |= {"characters": LETTERS, "max_characters": 4}
    return datasets.Codec(**arguments | changes)


def test_a_word_is_its_id_and_those_of_its_characters_as_written():
    ids = codec().encode("In  Rome \u00c9T\u00c9 metro!")
    assert ids.dtype == "int32"
    assert ids.tolist() == [
        [2, 1, 5, 0, 0],  # "I" is unknown, the word is not
        [3, 10, 6, 4, 2],
        [4, 1, 1, 1, 0],
        [1, 4, 2, 8, 7],  # cut after four
    ]
    assert codec().encode("").shape == (0, 5)
    assert codec().encode(("In", "Rome")).tolist() == ids[:2].tolist()
    assert codec(lowercase=False).encode("Rome rome")[:, 0].tolist() == [1, 3]
    padded = np.concatenate([ids, np.zeros((2, 5), "int32")])
    assert codec().decode(padded) == f"{UNKNOWN}n Rome {3 * UNKNOWN} metr"


def test_characters_are_counted_in_training_words():
    texts = [("Ada", "a\u2003a"), (UNKNOWN, "b")]
    assert characters_of(texts) == (PADDING, UNKNOWN, "A", "a", "b", "d")
    assert characters_of(texts, min_count=2) == (PADDING, UNKNOWN, "a")


def test_a_codec_with_characters_survives_json():
    config = json.loads(json.dumps(codec().get_config()))
    assert datasets.Codec(**config) == codec()
    assert codec() != codec(max_characters=5)
    old = {"tokens": WORDS, "unit": "word", "lowercase": True, "boundary": None}
    assert datasets.Codec(**old).encode("in").tolist() == [2]  # as shipped before


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"max_characters": None}, TypeError, "Received: max_characters=None"),
        ({"max_characters": 0}, ValueError, "at least 1. Received: max_characters=0"),
        ({"characters": None}, ValueError, "be given with `max_characters`.*=4"),
        ({"characters": ("a",)}, ValueError, re.escape("characters=('a',)")),
        ({"unit": "character"}, ValueError, "None but for unit='word'.*'character'"),
        ({"boundary": "in"}, ValueError, "without a boundary. .*boundary='in'"),
    ],
)
def test_what_a_codec_with_characters_must_have(arguments, error, message):
    with pytest.raises(error, match=message):
        codec(**arguments)


def conll(count=40):
    """Made-up sentences: names begin with a capital letter."""
    rng, lines = np.random.default_rng(3), []
    for _ in range(count):
        for _ in range(rng.integers(1, 6)):
            word = "".join(rng.choice([*"abcdefgh"], rng.integers(1, 8)))
            name = rng.random() < 0.3
            lines.append(f"{word.title() if name else word}\t{'B-x' if name else 'O'}")
        lines.append("")
    return "\n".join(lines)


def test_a_file_of_one_s_own(tmp_path):
    path = tmp_path / "my.conll"
    path.write_text(conll())
    options = {"path": str(path), "task": "tagging", "lowercase": True, "min_count": 2}
    plain = datasets.load("file", **options)
    data = datasets.load("file", **options, max_characters=5, batch_size=7)
    assert data.vocabulary == plain.vocabulary and data.labels == ("O", "B-x")
    letters = {*data.codec.characters, " "}
    assert set("BCbc") <= letters and "A" not in letters  # seen once
    for split in ("train", "validation", "test"):
        for (x, y), (ids, _), words in zip(
            data.raw[split], plain.raw[split], data.texts[split], strict=True
        ):
            assert x.shape == (len(words), 6) and y.shape == (len(words),)
            np.testing.assert_array_equal(x[:, 0], ids)
            known = "".join(c if c in letters else UNKNOWN for c in " ".join(words))
            assert data.decode(x) == " ".join(word[:5] for word in known.split(" "))
    batches = [(x.numpy(), y.numpy()) for x, y in data.train]
    rows = [
        (tuple(map(tuple, x[x[:, 0] != 0])), tuple(y[x[:, 0] != 0]))
        for xs, ys in batches
        for x, y in zip(xs, ys, strict=True)
    ]
    expected = [(tuple(map(tuple, x)), tuple(y)) for x, y in data.raw["train"]]
    assert sorted(rows) == sorted(expected)
    assert all(x.shape[2] == 6 and x.dtype == "int32" for x, _ in batches)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"max_characters": 0}, ValueError, "at least 1. Received: max_characters=0"),
        ({"max_characters": "5"}, TypeError, "Received: max_characters='5'"),
        (
            {"max_characters": 5, "task": "language_model"},
            ValueError,
            "tagging, which reads words. Received: .*task='language_model'",
        ),
    ],
)
def test_wrong_options_of_a_file(options, error, message, tmp_path):
    path = tmp_path / "my.conll"
    path.write_text(conll())
    with pytest.raises(error, match=message):
        datasets.load("file", **{"path": str(path), "task": "tagging"} | options)


def test_wrong_options_of_wnut17():
    with pytest.raises(ValueError, match="at least 1. Received: max_characters=-1"):
        datasets.load("krz_wnut17", max_characters=-1)


@pytest.mark.skipif(not WNUT17_DIR, reason="KRZ_WNUT17_DIR names no directory")
def test_wnut17_with_characters(tmp_path):
    arguments = {"data_dir": tmp_path / "tfds", "manual_dir": WNUT17_DIR}
    data = datasets.load("krz_wnut17", max_characters=16, **arguments)
    words, (x, _) = data.texts["train"][0], data.raw["train"][0]
    assert words[:3] == ("@paulwalk", "It", "'s") and x.shape == (len(words), 17)
    assert data.decode(x).split() == [word[:16] for word in words]
    plain = datasets.load("krz_wnut17", **arguments)
    np.testing.assert_array_equal(x[:, 0], plain.raw["train"][0][0])
    letters = data.codec.characters
    assert 80 < len(letters) < 120 and {"A", "z", "#", "@"} <= set(letters)
