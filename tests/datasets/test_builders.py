"""The TFDS builders: registered, prepared without a network, never mixed."""

import inspect
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

import keras_rnn_zoo
from keras_rnn_zoo import datasets
from keras_rnn_zoo.datasets import builders, corpus, source
from keras_rnn_zoo.datasets.builders import _splits, python_source, wnut17

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
    here = python_source._stdlib_configs()[0].name
    assert corpus.fingerprint() in here
    assert here == builders.KrzPyTokens.BUILDER_CONFIGS[0].name
    monkeypatch.setattr(corpus, "interpreter", lambda: "CPython 3.99.0")
    corpus.fingerprint.cache_clear()
    other = python_source._stdlib_configs()[0].name
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
    rest, test = _splits.stratified_cut(np.arange(len(labels)), labels)
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
        wnut17.files_in(tmp_path)


def test_checksums_of_all_three_files_are_registered():
    infos = builders.KrzWnut17.url_infos
    urls = {wnut17.URL + name for name in wnut17.FILES.values()}
    assert urls <= set(infos)
    assert {infos[url].filename for url in urls} == set(wnut17.FILES.values())


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
            tf.compat.v1.test.mock.patch.object(wnut17, "require_network")
        )


# === A data set is two files ===

BUILDER = """
import numpy as np
import tensorflow_datasets as tfds


class KrzThree(tfds.core.GeneratorBasedBuilder):
    name = "krz_three"
    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self, features=tfds.features.FeaturesDict({"n": np.int64})
        )

    def _split_generators(self, dl_manager):
        return {one: self._examples() for one in ("train", "validation", "test")}

    def _generate_examples(self):
        raise NotImplementedError

    def _examples(self):
        yield from ((k, {"n": k}) for k in range(3))
"""
LOADER = """
import numpy as np

from keras_rnn_zoo.datasets.source import Content, data_set


@data_set("krz_three")
def load_three(source, times=2):
    \"\"\"A number to a multiple of it. Option `times` (default 2).\"\"\"
    _, examples = source.read("krz_three")
    raw = {
        split: [(np.full((2, 1), n, "float32"), np.float32([times * n])) for n in rows]
        for split, rows in ((one, examples[one]["n"]) for one in examples)
    }
    return Content(raw, ["product"], {"licence": "none needed"})
"""
USE = """
import sys
from keras_rnn_zoo import datasets
data = datasets.load("krz_three", data_dir=sys.argv[1], times=5)
assert '* "krz_three": A number to a multiple' in datasets.load.__doc__
print(datasets.__file__, sorted(float(y[0]) for _, y in data.raw["test"]))
"""


def test_a_data_set_is_a_builder_and_a_loader_and_no_line_elsewhere(tmp_path):
    package = tmp_path / "keras_rnn_zoo"
    here = pathlib.Path(keras_rnn_zoo.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__", "_models")
    shutil.copytree(here, package, ignore=ignored)
    (package / "datasets" / "builders" / "three.py").write_text(BUILDER)
    (package / "datasets" / "loaders" / "three.py").write_text(LOADER)
    done = subprocess.run(
        [sys.executable, "-c", USE, str(tmp_path / "data")],
        cwd=tmp_path,  # the first place where `-c` looks
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(package))
    assert done.stdout.endswith("[0.0, 5.0, 10.0]\n")


def test_two_loaders_of_one_data_set_are_refused():
    with pytest.raises(ValueError, match="one loader. Received: name='krz_digits'"):
        source.data_set("krz_digits")(len)


def test_load_says_every_data_set_with_all_its_options():
    for name, loader in source.LOADERS.items():
        said = datasets.load.__doc__.partition(f'* "{name}": ')[2].partition("* ")[0]
        assert said, name
        for option in list(inspect.signature(loader).parameters)[1:]:
            assert f"`{option}`" in said or "Options as of" in said, (name, option)
