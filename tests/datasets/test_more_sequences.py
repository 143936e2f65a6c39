"""Chorales, speakers and the copy memory problem: read right, told apart from padding.

`KRZ_JSB_DIR` names a directory with JSB_Chorales.mat, for what needs the real file.
"""

import importlib.util
import os
import sys
import types

import numpy as np
import pytest
import tensorflow_datasets as tfds

from keras_rnn_zoo import datasets
from keras_rnn_zoo.datasets import builders, chorales, series, vowels
from keras_rnn_zoo.datasets.files import DataError
from keras_rnn_zoo.datasets.source import sha256_of
from keras_rnn_zoo.tasks import baselines

JSB_DIR = os.environ.get("KRZ_JSB_DIR")
CELLS = {"train": "traindata", "validation": "validdata", "test": "testdata"}


def write_mat(path, rolls):
    """A file as Boulanger-Lewandowski et al. made them: a cell for each split."""
    from scipy.io import savemat

    content = {}
    for split, members in rolls.items():
        cell = np.empty((1, len(members)), object)
        cell[0] = members
        content[CELLS[split]] = cell
    savemat(path, content)


def some_rolls(rng):
    return {
        split: [
            (rng.random((int(n), 88)) < 0.05).astype("uint8")
            for n in rng.integers(5, 20, count)
        ]
        for split, count in (("train", 6), ("validation", 3), ("test", 4))
    }


# === Chorales ===


def test_keys_have_their_names():
    assert len(chorales.KEYS) == 88
    assert (chorales.KEYS[0], chorales.KEYS[-1]) == ("A0", "C8")
    assert chorales.KEYS[60 - 21] == "C4"
    assert chorales.KEYS[69 - 21] == "A4" and chorales.KEYS[61 - 21] == "C♯4"


def test_piano_rolls_out_of_a_file(rng, tmp_path):
    rolls = some_rolls(rng)
    write_mat(tmp_path / "music.mat", rolls)
    found = chorales.read_mat(tmp_path / "music.mat")
    assert list(found) == ["train", "validation", "test"]
    for split in rolls:
        assert len(found[split]) == len(rolls[split])
        for one, other in zip(found[split], rolls[split], strict=True):
            np.testing.assert_array_equal(one, other)
    good = rolls["validation"][1]
    rolls["validation"][1] = good + 1
    write_mat(tmp_path / "two.mat", rolls)
    with pytest.raises(ValueError, match=r"two.mat .*0 and 1.*number 2 of validdata"):
        chorales.read_mat(tmp_path / "two.mat")
    rolls["validation"][1] = good
    del rolls["test"]
    write_mat(tmp_path / "short.mat", rolls)
    with pytest.raises(ValueError, match="short.mat must hold .*without testdata"):
        chorales.read_mat(tmp_path / "short.mat")


def test_chorales_without_scipy_name_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(ImportError, match=r"pip install 'keras_rnn_zoo\[data\]'"):
        chorales.read_mat(tmp_path / "x.mat")


def test_a_step_is_predicted_from_those_before(rng, tmp_path):
    rolls = some_rolls(rng)
    rolls["train"][0][-1] = 0
    tfds.dataset_builders.store_as_tfds_dataset(
        name="krz_jsb_chorales",
        version="1.0.0",
        features=tfds.builder("krz_jsb_chorales", data_dir=tmp_path).info.features,
        split_datasets={
            split: [(i, {"roll": roll}) for i, roll in enumerate(members)]
            for split, members in rolls.items()
        },
        data_dir=tmp_path,
        disable_shuffling=True,
    )
    found = datasets.load("krz_jsb_chorales", data_dir=tmp_path, batch_size=4)
    for split in rolls:
        for (x, y), roll in zip(found.raw[split], rolls[split], strict=True):
            np.testing.assert_array_equal(x, roll[:-1])
            np.testing.assert_array_equal(y, roll[1:])
    assert found.padding == -1.0 and found.labels == chorales.KEYS
    assert (found.num_features, found.vocabulary_size) == (88, None)
    for x, y in found.train:
        lengths = (x.numpy() >= 0).all(-1).sum(1)
        padded = np.arange(x.shape[1]) >= lengths[:, None]
        assert (x.numpy()[padded] == -1).all() and (y.numpy()[padded] == 0).all()
    for x, y in found.test:
        assert x.shape == y.shape and float(x.numpy().min()) == -1.0
    assert found.facts["data sha256"] == sha256_of(found.raw)
    assert found.facts["licence"] == "not stated"


def test_baselines_of_chorales_against_the_definition(rng, tmp_path):
    x = (rng.random((400, 3)) < [0.5, 0.2, 0.05]).astype("float32")
    x[:, 2] = 0  # never heard
    y = np.where(rng.random(x.shape) < 0.9, x, 1 - x).astype("float32")
    y[:, 2] = 0
    raw = {"train": [(x[:200], y[:200])], "validation": [(x[200:300], y[200:300])]}
    raw["test"] = [(x[300:350], y[300:350]), (x[350:], y[350:])]
    fields = dict.fromkeys(datasets.Pipelines.__dataclass_fields__)
    data = datasets.Pipelines(**fields | {"name": "made up", "raw": raw})
    found = {one.name: one for one in baselines.compute(data)}
    assert {one.metric for one in found.values()} == {"nll"}

    def nll(p):
        truth = y[300:]
        return -(truth * np.log(p) + (1 - truth) * np.log(1 - p)).sum(1).mean()

    p = [(y[:200, k].sum() + 1) / 202 for k in range(3)]
    assert found["each key by its frequency"].value == pytest.approx(nll(np.array(p)))
    p = np.empty((100, 3))
    for i in range(100):
        for k in range(3):
            same = [j for j in range(200) if x[j, k] == x[300 + i, k]]
            p[i, k] = (sum(y[j, k] for j in same) + 1) / (len(same) + 2)
    tables = found["each key by itself one step before"].value
    assert tables == pytest.approx(nll(p))
    # Each key hangs on itself alone: the regression can learn no more than the table.
    regression = found["logistic regression on the step before"].value
    assert regression == pytest.approx(tables, rel=0.1)


def test_without_the_file_the_error_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"JSB_Chorales.mat into .*download"):
        datasets.load("krz_jsb_chorales", data_dir=tmp_path)
    manual = tmp_path / "mine"
    manual.mkdir()
    (manual / "JSB_Chorales.mat").write_bytes(b"something else")
    with pytest.raises(ValueError, match="must be the registered ones"):
        datasets.load("krz_jsb_chorales", data_dir=tmp_path, manual_dir=manual)


def test_the_file_is_registered():
    [(url, info)] = builders.KrzJsbChorales.url_infos.items()
    assert (info.size, info.filename) == (96095, "JSB_Chorales.mat")
    assert info.checksum.startswith("ac0e608527cc")


@pytest.mark.skipif(not JSB_DIR, reason="KRZ_JSB_DIR names no directory")
def test_the_real_chorales(data_dir):
    found = datasets.load("krz_jsb_chorales", data_dir=data_dir, manual_dir=JSB_DIR)
    assert [len(part) for part in found.raw.values()] == [229, 76, 77]
    assert found.facts["test steps"] == 4725 - 77
    assert found.facts["data sha256"].startswith("b261333296b3")
    names = ["each key by its frequency", "each key by itself one step before"]
    values = [one.value for one in baselines.compute(found, names)]
    np.testing.assert_allclose(values, [11.0923, 10.4919], atol=1e-4)


# === Speakers ===


def test_speakers_out_of_an_installed_package(data_dir):
    if importlib.util.find_spec("sktime") is None:
        pytest.skip("sktime is not installed")
    found = datasets.load("krz_japanese_vowels", data_dir=data_dir, batch_size=16)
    counts = {
        split: np.bincount([int(y) for _, y in part])
        for split, part in found.raw.items()
    }
    assert counts["train"].tolist() == [24] * 9
    assert counts["validation"].tolist() == [6] * 9
    assert counts["test"].tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    assert found.facts["lengths"].startswith("7 to 29") and found.num_features == 12
    assert found.facts["data sha256"].startswith("a2dac2b55949")
    # No frame is what padding looks like.
    assert found.padding == 0.0
    assert not any(
        (x == 0).all(1).any() for part in found.raw.values() for x, _ in part
    )
    # The first training line of the file, by hand.
    first = vowels.read_ts(vowels.find_file("TRAIN"))[0]
    np.testing.assert_allclose(first[0][:2, 0], [1.860936, 1.891651])
    np.testing.assert_allclose(first[0][0, :3], [1.860936, -0.207383, 0.261557])
    assert first[0].shape == (20, 12) and first[1] == "1"
    everything = [x.tobytes() for part in found.raw.values() for x, _ in part]
    assert len(set(everything)) == 640, "no utterance stands in two splits"
    values = {one.name: one.value for one in baselines.compute(found)}
    assert values["majority"] == 31 / 370
    np.testing.assert_allclose(
        [
            values[f"logistic regression on the {s}"]
            for s in ("last step", "mean over time")
        ],
        [0.9595, 0.9676],
        atol=0.003,
    )


def test_speakers_without_the_package_name_the_extra(monkeypatch):
    monkeypatch.setattr(vowels.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        ImportError, match=r"sktime.*pip install 'keras_rnn_zoo\[data\]'"
    ):
        vowels.find_file("TRAIN")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,x:3,4,5:a", r"series.ts, line 4: no such numbers .*'x'"),
        ("1,2:3,4,5:a", "line 4: no such numbers"),
        ("1,2,3:a", "line 4: .*in 2 dimensions, and a label. Received: '1,2,3:a'"),
        ("1,nan:3,4:a", "line 4: .*finite numbers"),
        ("a", "line 4: .*Received: 'a'"),
    ],
)
def test_a_bad_line_is_named(line, message, tmp_path):
    path = tmp_path / "series.ts"
    path.write_text(f"#1,2:3\n@data\n1,2,3:4,5,6:b\n{line}\n")
    with pytest.raises(DataError, match=message):
        vowels.read_ts(path)
    path.write_text("@data\n1,2,3:4,5,6:b\n\n")
    [(x, label)] = vowels.read_ts(path)
    assert x.tolist() == [[1, 4], [2, 5], [3, 6]] and label == "b"
    path.write_text("1,2,3:4,5,6:b\n")
    with pytest.raises(DataError, match="no example after a line `@data`"):
        vowels.read_ts(path)


# === Copying ===


def test_the_copy_memory_problem():
    parts = series.copying(blanks=5, train=30)
    assert [len(part) for part in parts.values()] == [30, 1000, 1000]
    for x, y in parts["test"]:
        assert len(x) == len(y) == 25
        assert x[10:] == "....>.........." and y == "." * 15 + x[:10]
    assert set("".join(x[:10] for x, _ in parts["test"])) == set("abcdefgh")
    assert parts == series.copying(blanks=5, train=30)

    found = datasets.load("krz_copy", blanks=5, train=300)
    assert found.labels == (".", *"abcdefgh") and found.padding is None
    text, (x, y) = found.texts["test"][0], found.raw["test"][0]
    assert found.decode(x) == text
    assert "".join(found.labels[i] for i in y) == "." * 15 + text[:10]
    for option in ({"blanks": 0}, {"train": 0}):
        with pytest.raises(ValueError, match=f"`{next(iter(option))}`"):
            datasets.load("krz_copy", **option)


def test_without_a_memory_one_symbol_in_eight_is_right():
    found = datasets.load("krz_copy", blanks=20, train=2000)
    values = {
        (b.name, b.metric): b.value for b in baselines.compute(found, task="recall")
    }
    name = "memoryless: the number of the step"
    assert values[name, "recall_accuracy"] == pytest.approx(1 / 8, abs=0.02)
    assert values[name, "nll"] == pytest.approx(10 * np.log(8) / 40, rel=0.01)
    for one in ("most frequent symbol", "±3-character window table"):
        assert values[one, "recall_accuracy"] < 0.15
    assert list(dict.fromkeys(n for n, _ in values)) == list(
        baselines.names(found, "recall")
    )


def test_the_hash_is_that_of_the_content():
    raw = {"train": [(np.arange(3), np.int32(1))], "test": [(np.ones((2, 2)), 0)]}
    same = {"train": [(np.arange(3), np.int32(1))], "test": [(np.ones((2, 2)), 0)]}
    assert sha256_of(raw) == sha256_of(same) and len(sha256_of(raw)) == 64
    same["test"][0][0][1, 1] = 2
    assert sha256_of(raw) != sha256_of(same)
    assert sha256_of(raw) != sha256_of({"test": raw["test"], "train": raw["train"]})


def test_a_feature_that_never_changes_is_no_trouble(rng):
    raw = {}
    for split, count in (("train", 40), ("validation", 9), ("test", 20)):
        labels = rng.integers(0, 2, count)
        raw[split] = [
            (np.stack([np.full(4, y), np.ones(4)], -1).astype("float32"), np.int32(y))
            for y in labels
        ]
    made = types.SimpleNamespace(
        name="made",
        raw=raw,
        labels=("a", "b"),
        codec=None,
        vocabulary=None,
        num_features=2,
        num_outputs=2,
        padding=-1.0,
    )
    found = {one.name: one.value for one in baselines.compute(made)}
    assert found["logistic regression on the mean over time"] == 1
