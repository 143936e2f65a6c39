"""The TFDS builders: registered, prepared without a network, never mixed."""

import pathlib
import tempfile
import time

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_rnn_zoo.datasets import builders, corpus

NAMES = [f"krz_{n}" for n in "py_tokens py_cursor py_functions wnut17 digits".split()]


@pytest.mark.parametrize("name", NAMES)
def test_builders_are_registered(name):
    assert name in tfds.list_builders()
    assert tfds.builder_cls(name).name == name


def test_tfds_load_gives_the_functions_with_their_labels(data_dir):
    dataset, info = tfds.load(
        "krz_py_tokens", data_dir=data_dir, split="test", with_info=True
    )
    expected = [f for f in corpus.functions() if f.split == "test"]
    received = list(tfds.as_numpy(dataset))
    assert [row["text"].decode() for row in received] == [f.text for f in expected]
    assert [row["module"].decode() for row in received] == [f.module for f in expected]
    for row in received[::20]:
        assert row["labels"].tolist() == corpus.token_classes(row["text"].decode())
    assert info.features["labels"].feature.names == list(corpus.TOKEN_CLASSES)
    assert info.metadata["corpus_sha256"] == corpus.corpus_sha256()
    assert info.metadata["interpreter"] == corpus.interpreter()
    text, labels = next(
        iter(tfds.load("krz_py_tokens", data_dir=data_dir, split="test", **SUPERVISED))
    )
    assert labels.shape == (len(text.numpy()),)


SUPERVISED = {"as_supervised": True, "download": False}


def test_prepared_data_of_two_interpreters_never_mix(monkeypatch):
    here = builders._stdlib_configs()[0].name
    assert corpus.fingerprint() in here
    assert here == builders.KrzPyTokens.BUILDER_CONFIGS[0].name
    monkeypatch.setattr(corpus, "interpreter", lambda: "CPython 3.99.0")
    corpus.fingerprint.cache_clear()
    other = builders._stdlib_configs()[0].name
    corpus.fingerprint.cache_clear()
    assert other.startswith("cpython_3_99_0_") and other[-8:] != here[-8:]


def test_both_digit_splits_hold_every_digit_once(data_dir):
    from sklearn.datasets import load_digits

    images = load_digits().images.astype("uint8")
    for config in ("random", "last"):
        splits = tfds.load(f"krz_digits/{config}", data_dir=data_dir)
        parts = {
            split: np.stack([row["rows"] for row in tfds.as_numpy(dataset)])
            for split, dataset in splits.items()
        }
        assert abs(len(parts["test"]) - 1797 / 5) < 1.5
        together = np.concatenate(list(parts.values())).reshape(-1, 64)
        assert sorted(map(tuple, together)) == sorted(
            map(tuple, images.reshape(-1, 64))
        )
    assert np.array_equal(parts["test"], images[-359:])
    row = next(iter(tfds.as_numpy(splits["train"])))
    assert row["pixels"].tolist() == row["rows"].ravel().tolist()


def test_every_class_gives_a_fifth_to_the_random_test_split():
    labels = np.repeat(np.arange(10), np.arange(20, 120, 10))
    rest, test = builders._stratified_cut(np.arange(len(labels)), labels)
    assert np.bincount(labels[test]).tolist() == [
        round(n / 5) for n in range(20, 120, 10)
    ]
    assert sorted([*rest, *test]) == list(range(len(labels)))
    last_class = test[labels[test] == 9]
    assert np.ptp(last_class) >= len(last_class), "one run, not drawn at random"


def test_digits_without_scikit_learn_name_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"pip install 'keras_rnn_zoo\[data\]'"):
        tfds.builder("krz_digits", data_dir=tmp_path).download_and_prepare()


def test_no_network_fails_at_once_with_what_to_do():
    start = time.monotonic()
    url = "https://no-such-host.invalid/file"
    with pytest.raises(ConnectionError, match=r"Received: \w+ from " + url) as error:
        builders.require_network(url, "krz_wnut17")
    assert "downloads/manual" in str(error.value)
    assert time.monotonic() - start < 5


def test_a_server_that_never_answers_is_not_waited_for():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        start = time.monotonic()
        with pytest.raises(ConnectionError, match="Received: (no answer|ReadTimeout)"):
            builders.require_network(url, "krz_wnut17", seconds=0.3)
        assert time.monotonic() - start < 3


def test_a_changed_file_is_refused(tmp_path):
    (tmp_path / "wnut17train.conll").write_text("a\tO\n")
    with pytest.raises(ValueError, match="must have the sha256 731820e1.*Received: "):
        builders.wnut17_files_in(tmp_path)


def test_checksums_of_all_three_files_are_registered():
    infos = builders.KrzWnut17.url_infos
    urls = {builders.WNUT17_URL + name for name in builders.WNUT17_FILES.values()}
    assert urls <= set(infos)
    assert {infos[url].filename for url in urls} == set(builders.WNUT17_FILES.values())


class TestKrzDigits(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = builders.KrzDigits
    SPLITS = {"train": 1151, "validation": 287, "test": 359}
    BUILDER_CONFIG_NAMES_TO_TEST = ["random"]
    EXAMPLE_DIR = tempfile.mkdtemp()  # must exist; nothing is downloaded


class TestKrzWnut17(tfds.testing.DatasetBuilderTestCase):
    """On three made-up files: TFDS's test case stands in for the download."""

    DATASET_CLASS = builders.KrzWnut17
    SPLITS = {"train": 2, "validation": 1, "test": 1}
    EXAMPLE_DIR = tempfile.mkdtemp()
    DL_DOWNLOAD_RESULT = {split: f"{split}.txt" for split in SPLITS}

    @classmethod
    def setUpClass(cls):
        texts = {"train": "Ada\tB-person\nwrote\tO\n\t\nhi\tO\n"}
        for split in cls.SPLITS:
            path = pathlib.Path(cls.EXAMPLE_DIR, f"{split}.txt")
            path.write_text(texts.get(split, f"in\tO\n{split}\tB-location\n"))
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.enter_context(
            tf.compat.v1.test.mock.patch.object(builders, "require_network")
        )
