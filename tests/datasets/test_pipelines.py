"""Pipelines: every example once an epoch, padded, bucketed, reproducible."""

import os
import re
import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import datasets
from keras_rnn_zoo.datasets import codec, corpus

WNUT17_DIR = os.environ.get("KRZ_WNUT17_DIR")


@pytest.fixture(scope="session")
def tokens(data_dir):
    return datasets.load("krz_py_tokens", data_dir=data_dir)


@pytest.fixture(scope="session")
def cursor(data_dir):
    return datasets.load("krz_py_cursor", data_dir=data_dir)


@pytest.fixture(scope="session")
def functions(data_dir):
    return datasets.load("krz_py_functions", data_dir=data_dir)


@pytest.fixture(scope="session")
def digits(data_dir):
    return datasets.load("krz_digits", data_dir=data_dir)


def unpadded(dataset):
    """The examples of a padded dataset of tokens, as tuples, in order."""
    for x, y in dataset.as_numpy_iterator():
        for tokens, label in zip(x, y, strict=True):
            n = np.count_nonzero(tokens)
            assert not tokens[n:].any()
            if label.ndim:
                assert not label[n:].any()
                label = tuple(label[:n].tolist())
            yield (
                tuple(tokens[:n].tolist()),
                label if isinstance(label, tuple) else int(label),
            )


def as_tuples(raw):
    return [
        (tuple(x.tolist()), tuple(y.tolist()) if y.ndim else int(y)) for x, y in raw
    ]


@pytest.mark.parametrize("name", ["tokens", "cursor", "functions"])
def test_every_example_once_an_epoch(request, name):
    data = request.getfixturevalue(name)
    for split in ("train", "validation", "test"):
        dataset, raw = getattr(data, split), as_tuples(data.raw[split])
        received = list(unpadded(dataset))
        assert Counter(received) == Counter(raw)
        assert (received == raw) == (split != "train")
        assert dataset.cardinality() == sum(1 for _ in dataset)


def test_order_is_the_seed_s_and_changes_by_epoch(data_dir, functions):
    def epochs(seed, count=2):
        train = datasets.load("krz_py_functions", data_dir=data_dir, seed=seed).train
        return [[x for x, _ in unpadded(train)] for _ in range(count)]

    first, second = epochs(3)
    assert first != second and Counter(first) == Counter(second)
    assert epochs(3) == [first, second]
    assert epochs(4, 1) != [first]
    test = [x for x, _ in unpadded(functions.test)]
    assert test == [x for x, _ in unpadded(functions.test)]


def test_buckets_keep_lengths_together_and_padding_low(tokens):
    steps = filled = 0
    for x, y in tokens.train:
        assert x.dtype == y.dtype == tf.int32 and x.shape == y.shape
        assert x.shape[0] <= 32
        assert np.count_nonzero(x, axis=1).max() == x.shape[1]
        steps, filled = steps + tf.size(x).numpy(), filled + np.count_nonzero(x)
    assert filled == tokens.facts["train steps"]
    unsorted = sum(tf.size(x).numpy() for x, _ in tokens.test)
    assert steps / filled < 1.15 < unsorted / tokens.facts["test steps"]


def test_tokens_are_characters_with_their_class(tokens):
    assert tokens.vocabulary[:2] == ("", "\N{REPLACEMENT CHARACTER}")
    assert tokens.labels == corpus.TOKEN_CLASSES
    assert (tokens.vocabulary_size, tokens.num_outputs) == (99, 7)
    assert tokens.num_features is None
    for (x, y), text in zip(tokens.raw["test"], tokens.texts["test"], strict=True):
        assert tokens.decode(x) == text
        assert y.tolist() == corpus.token_classes(text)
        assert 1 not in x
    assert tokens.facts["interpreter"] == corpus.interpreter()
    assert tokens.facts["corpus sha256"] == corpus.corpus_sha256()
    assert tokens.encode("a\u20ac").tolist() == [tokens.vocabulary.index("a"), 1]
    assert tokens.encode("").shape == (0,)


def test_cursor_asks_for_the_class_of_the_last_character(cursor):
    expected = []
    for function in corpus.functions():
        if function.split == "test":
            classes = corpus.token_classes(function.text)
            for n in corpus.prefix_lengths(function.text):
                expected.append((function.text[:n], classes[n - 1]))
    received = [(cursor.decode(x), int(y)) for x, y in cursor.raw["test"]]
    assert received == expected
    assert [text for text, _ in received] == cursor.texts["test"]
    assert all(y.shape == () and y.dtype == np.int32 for _, y in cursor.raw["test"])
    assert min(len(x) for x, _ in cursor.raw["train"]) == 9


def test_fewer_prefixes_of_every_function(data_dir, cursor):
    fewer = datasets.load("krz_py_cursor", data_dir=data_dir, prefixes_per_function=2)
    assert len(fewer.raw["train"]) == len(cursor.raw["train"]) // 4
    assert set(fewer.texts["train"]) <= set(cursor.texts["train"])
    assert fewer.texts["test"] == cursor.texts["test"]
    # The third and the seventh of eight.
    assert fewer.texts["train"][:2] == cursor.texts["train"][2:8:4]


def test_a_language_model_predicts_every_character_and_the_end(functions):
    assert functions.labels == functions.vocabulary
    end = functions.vocabulary.index("\x03")
    for (x, y), text in zip(
        functions.raw["test"], functions.texts["test"], strict=True
    ):
        assert x[0] == y[-1] == end and x[1:].tolist() == y[:-1].tolist()
        assert functions.decode(x) == functions.decode(y) == text
        assert functions.encode(text).tolist() == x.tolist()
    kept = [f.text for f in corpus.without_near_duplicates().functions]
    assert sorted(sum(functions.texts.values(), [])) == sorted(kept)
    assert functions.facts["near-duplicates left out"] == len(corpus.functions()) - len(
        kept
    )


def test_digits_come_as_rows_or_pixels(data_dir, digits):
    x, y = next(iter(digits.train))
    assert x.shape == (32, 8, 8) and x.dtype == tf.float32 and y.shape == (32,)
    assert 0 <= x.numpy().min() and x.numpy().max() == 1
    assert (digits.num_features, digits.num_outputs, digits.vocabulary) == (8, 10, None)
    assert digits.vocabulary_size is None and digits.labels == tuple("0123456789")
    seen = Counter(
        (a.tobytes(), int(b))
        for xs, ys in digits.train.as_numpy_iterator()
        for a, b in zip(xs, ys, strict=True)
    )
    assert seen == Counter((a.tobytes(), int(b)) for a, b in digits.raw["train"])
    pixels = datasets.load("krz_digits", data_dir=data_dir, view="pixels")
    assert next(iter(pixels.test))[0].shape == (32, 64, 1)
    assert np.array_equal(
        pixels.raw["test"][0][0].ravel(), digits.raw["test"][0][0].ravel()
    )
    last = datasets.load("krz_digits", data_dir=data_dir, split="last")
    assert len(last.raw["test"]) == 359
    with pytest.raises(ValueError, match="real-valued|name='krz_digits'"):
        digits.encode("3")


def test_a_plain_fit_trains_on_a_pipeline(digits):
    import keras

    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    model.fit(digits.train, epochs=4, verbose=0, validation_data=digits.validation)
    assert model.evaluate(digits.test, verbose=0)[1] > 0.8


def test_a_second_load_reads_and_says_nothing(data_dir, tokens, capfd):
    prepared = sorted(data_dir.rglob("krz_py_tokens/**/*.tfrecord*"))
    times = [path.stat().st_mtime_ns for path in prepared]
    datasets.load("krz_py_tokens", data_dir=data_dir)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    assert prepared and times == [path.stat().st_mtime_ns for path in prepared]


def test_the_first_load_says_one_line(tmp_path):
    code = (
        "import logging\n"
        "from keras_rnn_zoo import datasets\n"
        "def load(split):\n"
        f"    where = {str(tmp_path)!r}\n"
        "    datasets.load('krz_digits', split=split, data_dir=where)\n"
        "load('random')\n"  # while nobody has set up logging
        "logging.warning('mine')\n"
        "load('last')\n"  # now that a handler is there
        "print('theirs')\n"
    )
    env = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=env,
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if "cuda" not in line.lower()]
    ours = re.compile("Preparing krz_digits in .*(random|last).*once|WARNING:root:mine")
    assert [bool(ours.search(line)) for line in lines[-3:]] == [True] * 3, lines
    assert not re.search("%|:absl:|Downloading|Generating", done.stderr)
    assert done.stdout == "theirs\n"


# === Names in sentences ===


def test_wnut17_without_files_fails_at_once(tmp_path):
    start = time.monotonic()
    with pytest.raises(FileNotFoundError, match="Received: download=False") as error:
        datasets.load("krz_wnut17", data_dir=tmp_path)
    assert time.monotonic() - start < 5
    assert str(tmp_path / "downloads" / "manual") in str(error.value)
    assert "wnut17train.conll" in str(error.value)


def test_wnut17_without_network_fails_at_once(tmp_path, monkeypatch):
    # A proxy that refuses connections: the same with and without a network.
    for scheme in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(scheme, "http://127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(ConnectionError, match="Received: ProxyError from https"):
        datasets.load("krz_wnut17", data_dir=tmp_path, download=True)
    assert time.monotonic() - start < 5


@pytest.mark.skipif(not WNUT17_DIR, reason="KRZ_WNUT17_DIR names no directory")
def test_wnut17_from_its_files(data_dir):
    data = datasets.load("krz_wnut17", data_dir=data_dir, manual_dir=WNUT17_DIR)
    sizes = [len(data.raw[split]) for split in ("train", "validation", "test")]
    assert sizes == [3394, 1009, 1287]
    assert len(data.labels) == 13 and data.labels[0] == "O"
    words = data.texts["train"][0]
    x, y = data.raw["train"][0]
    assert words[:3] == ("@paulwalk", "It", "'s") and len(x) == len(y) == len(words)
    assert [data.labels[i] for i in y[14:18]] == [
        *("B-location", "I-location", "I-location", "O")
    ]
    assert data.decode(data.encode("It 's the VIEW")) == "it 's the view"
    counts = Counter(w.lower() for ws in data.texts["train"] for w in ws)
    assert min(counts[word] for word in data.vocabulary[2:]) == 2
    assert 1 in data.raw["train"][1][0] and 1 not in x
    cased = datasets.load("krz_wnut17", data_dir=data_dir, lowercase=False, min_count=1)
    assert "Empire" in cased.vocabulary and 1 not in cased.raw["train"][1][0]
    assert Counter(unpadded(data.train)) == Counter(as_tuples(data.raw["train"]))


# === Errors ===


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"name": "krz_py"}, ValueError, "must be one of krz_adding, .*name='krz_py'"),
        ({"batch_size": 0}, ValueError, "at least 1. Received: batch_size=0"),
        ({"batch_size": 2.0}, TypeError, "at least 1. Received: batch_size=2.0"),
        ({"batch_size": True}, TypeError, "at least 1. Received: batch_size=True"),
        ({"seed": -1}, ValueError, "at least 0. Received: seed=-1"),
        ({"seed": None}, TypeError, "at least 0. Received: seed=None"),
        ({"data_dir": 3}, TypeError, "path or None. Received: data_dir=3"),
        ({"download": "yes"}, TypeError, "a bool. Received: download='yes'"),
        ({"view": "cols"}, ValueError, "'rows', 'pixels'. Received: view='cols'"),
        ({"split": "first"}, ValueError, "'random', 'last'. Received: split='first'"),
        ({"rows": 8}, TypeError, "of krz_digits are: view, split. Received: rows=8"),
        (
            {"name": "krz_py_tokens", "view": "rows"},
            TypeError,
            "of krz_py_tokens are: none. Received: view='rows'",
        ),
        (
            {"name": "krz_py_cursor", "prefixes_per_function": 9},
            ValueError,
            "1 to 8. Received: prefixes_per_function=9",
        ),
        (
            {"name": "krz_wnut17", "min_count": 0},
            ValueError,
            "at least 1. Received: min_count=0",
        ),
        (
            {"name": "krz_wnut17", "lowercase": 1},
            TypeError,
            "a bool. Received: lowercase=1",
        ),
    ],
)
def test_errors_name_what_was_received(arguments, error, message):
    with pytest.raises(error, match=message):
        datasets.load(**{"name": "krz_digits"} | arguments)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"unit": "byte"}, "'character' or 'word'. Received: unit='byte'"),
        ({"tokens": ("a",)}, re.escape("Received: tokens=('a',)")),
        ({"boundary": "b"}, "one of `tokens`. Received: boundary='b'"),
    ],
)
def test_a_codec_checks_its_arguments(arguments, message):
    defaults = {"tokens": (codec.PADDING, codec.UNKNOWN, "a")}
    with pytest.raises(ValueError, match=message):
        datasets.Codec(**defaults | arguments)


def test_a_codec_survives_json(functions):
    import json

    config = json.loads(json.dumps(functions.codec.get_config()))
    assert datasets.Codec(**config) == functions.codec
