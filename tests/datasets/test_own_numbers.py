"""One's own numbers: a series in time, real-valued sequences with a label."""

import datetime
import json

import numpy as np
import pytest

from keras_rnn_zoo import datasets, jobs
from keras_rnn_zoo.datasets.files import DataError, read_file, read_series
from keras_rnn_zoo.tasks import baselines
from keras_rnn_zoo.training import recipes


def write_series(path, values, times=None):
    lines = [f"{v}" for v in values] if times is None else []
    lines = lines or [f"{t},{v}" for t, v in zip(times, values, strict=True)]
    path.write_text("\n".join(["value" if times is None else "time,value", *lines]))
    return path


def write_sequences(path, count=60, seed=0, zero_steps=False, longest=6):
    """Rising and falling sequences of 2 to `longest` steps of two numbers."""
    rng = np.random.default_rng(seed)
    with open(path, "w", encoding="utf-8") as file:
        for i in range(count):
            rise = np.linspace(-1, 1, rng.integers(2, longest + 1))
            steps = np.stack([rise * (-1) ** i, rng.normal(size=len(rise))], 1)
            if zero_steps:
                steps[0] = 0
            label = "falls" if i % 2 else "rises"
            file.write(json.dumps({"steps": steps.round(3).tolist(), "label": label}))
            file.write("\n")
    return path


def test_a_series_is_split_in_time(tmp_path):
    path = write_series(tmp_path / "a.csv", np.arange(100.0) * 3 + 7)
    found = datasets.load("file", path=path, task="regression", context=5, horizon=3)
    train = np.arange(70.0) * 3 + 7
    targets = {}
    for split, examples in found.raw.items():
        targets[split] = set()
        for x, y in examples:
            assert x.shape == (5, 1) and y.shape == (3,) and x.dtype == np.float32
            values = np.concatenate([x[:, 0], y]) * train.std() + train.mean()
            steps = (values - 7) / 3
            np.testing.assert_allclose(steps, steps[0] + np.arange(8), atol=1e-4)
            targets[split] |= set(np.rint(steps[5:]).astype(int).tolist())
    assert targets["train"] == set(range(5, 70))
    assert targets["validation"] == set(range(70, 85))
    assert targets["test"] == set(range(85, 100))
    assert found.labels == ("1 step ahead", "2 steps ahead", "3 steps ahead")
    assert found.num_features == 1 and found.vocabulary is None
    assert found.facts["split"] == (
        "targets before 71 train, before 86 validation, then test"
    )
    unit = f"standard deviations ({train.std():.6g}) from the mean (110.5)"
    assert found.facts["unit"] == unit
    names = [one.name for one in baselines.compute(found)]
    assert "persistence" in names and "linear regression on all steps" in names


def test_the_future_does_not_reach_the_scale(tmp_path):
    values = np.sin(np.arange(200.0))
    options = {"task": "regression", "context": 4, "horizon": 2}
    one = datasets.load(
        "file", path=write_series(tmp_path / "a.csv", values), **options
    )
    values[140:] *= 1000
    two = datasets.load(
        "file", path=write_series(tmp_path / "b.csv", values), **options
    )
    for (x, y), (x2, y2) in zip(one.raw["train"], two.raw["train"], strict=True):
        np.testing.assert_array_equal(x, x2)
        np.testing.assert_array_equal(y, y2)
    assert np.abs(two.raw["test"][0][1]).max() > 100


def test_times_of_a_series(tmp_path):
    days = [datetime.date(2024, 2, 20) + datetime.timedelta(i) for i in range(40)]
    path = write_series(tmp_path / "a.csv", range(40), days)
    assert read_series(path) == (list(map(float, range(40))), list(map(str, days)))
    found = datasets.load("file", path=path, task="regression", context=4, horizon=2)
    assert found.facts["split"].startswith("targets before 2024-03-19 train")
    path = write_series(tmp_path / "b.csv", [1, 2], ["-3", "1e3"])
    assert read_series(path)[1] == ["-3", "1e3"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", None, "must hold values. Received: an empty file"),
        ("value\n\n", None, "must hold values"),
        ("x\n1\n", 1, "the columns value, and none twice. Received: x"),
        ("value,value\n1,2\n", 1, "none twice. Received: value, value"),
        ("value\n1\nnan\n", 3, "finite number. Received: 'nan'. Fill the gap"),
        ("value\n1\n\ninf\n", 4, "finite number. Received: 'inf'"),
        ("value\n1e39\n", 2, "finite number. Received: '1e39'"),
        ("value\n1\nhigh\n", 3, "finite number. Received: 'high'"),
        ("value,time\n1,1\n,2\n", 3, "finite number. Received: ''"),
        ("value\n1\n1;5\n2,5\n", 3, "finite number. Received: '1;5'"),
        ("value\n1\n2,5\n", 3, r"1 fields as the first line. Received: 2: \['2', '5'"),
        ("time,value\n1,1\n1,2\n", 3, "later than the one before. Received: '1', aft"),
        ("time,value\nMay,1\n", 2, "a number or an ISO date.*Received: 'May'"),
        ("time,value\n1,1\n2024-01-01,2\n", 3, "Received: '2024-01-01', after 1.0"),
        ("time,value\n1,1\nnan,2\n", 3, "Received: 'nan', after 1.0"),
    ],
)
def test_bad_series_are_named_by_line(text, line, message, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        datasets.load("file", path=path, task="regression")
    assert caught.value.line == line and str(caught.value).startswith(str(path))


def test_series_that_cannot_be_used(tmp_path):
    options = {"task": "regression", "context": 4, "horizon": 3}
    path = write_series(tmp_path / "a.csv", range(16))
    with pytest.raises(DataError, match="at least 19 values, for windows of 4 . 3.*16"):
        datasets.load("file", path=path, **options)
    write_series(path, range(19))
    assert {
        k: len(v) for k, v in datasets.load("file", path=path, **options).raw.items()
    }
    write_series(path, range(18))
    with pytest.raises(DataError, match="at least 19.*Received: 18 values"):
        datasets.load("file", path=path, **options)
    write_series(path, [5] * 100)
    with pytest.raises(DataError, match="the first 70, must not all be the same.*: 5"):
        datasets.load("file", path=path, **options)
    with pytest.raises(ValueError, match="must be None for a series.*validation='b'"):
        datasets.load("file", path=path, **options, validation="b", test="c")
    with pytest.raises(ValueError, match="`horizon`.*Received: horizon=0"):
        datasets.load("file", path=path, task="regression", horizon=0)
    with pytest.raises(ValueError, match="end with .csv for a series"):
        read_series(write_series(tmp_path / "a.txt", [1]))


def test_sequences_of_several_lengths(tmp_path):
    path = write_sequences(tmp_path / "a.jsonl")
    found = datasets.load("file", path=path, task="classification", batch_size=4)
    assert {k: len(v) for k, v in found.raw.items()} == {
        **{"train": 48, "validation": 6, "test": 6}
    }
    assert found.labels == ("falls", "rises") and found.num_features == 2
    assert found.padding == 0 and found.texts is None
    first = json.loads(path.read_text().splitlines()[0])
    lengths = {len(x) for part in found.raw.values() for x, _ in part}
    assert lengths == {2, 3, 4, 5, 6}
    rows = [x.tolist() for part in found.raw.values() for x, _ in part]
    assert np.float32(first["steps"]).tolist() in rows
    for x, y in found.raw["train"]:
        assert found.labels[y] == ("rises" if x[0, 0] < x[-1, 0] else "falls")


def test_a_step_of_zeros_is_no_padding(tmp_path):
    path = write_sequences(tmp_path / "a.jsonl", zero_steps=True)
    found = datasets.load("file", path=path, task="classification", batch_size=4)
    assert found.padding < min(x.min() for p in found.raw.values() for x, _ in p)
    for x, _ in found.train:
        kept = (x.numpy() != found.padding).any(-1)
        assert kept[:, :2].all() and (np.diff(kept.astype(int), axis=1) <= 0).all()
    path = write_sequences(tmp_path / "b.jsonl", zero_steps=True, longest=2)
    found = datasets.load("file", path=path, task="classification")
    assert found.padding is None, "one length: nothing is padded"


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ('{"text": "a", "label": "x"}', "with steps and label. Received: '{\"text"),
        ('{"steps": [[1, 2]]}', "with steps and label"),
        ('{"steps": [], "label": "x"}', r"none of them empty. Received: \[\]"),
        ('{"steps": [[]], "label": "x"}', r"none of them empty. Received: \[\[\]\]"),
        ('{"steps": [1, 2], "label": "x"}', r"each a list of numbers.*: \[1, 2\]"),
        ('{"steps": "12", "label": "x"}', "each a list of numbers.*: 12"),
        ('{"steps": [[1, 2], [1]], "label": "x"}', "2 numbers.*Received: 1 in step 2"),
        ('{"steps": [[1]], "label": "x"}', "2 numbers.*Received: 1 in step 1"),
        ('{"steps": [[1, NaN]], "label": "x"}', "finite.*Received: nan in step 1"),
        ('{"steps": [[1, 1e39]], "label": "x"}', "finite.*Received: 1e.39 in step 1"),
        ('{"steps": [[1, true]], "label": "x"}', "finite.*Received: True in step 1"),
        ('{"steps": [[1, "2"]], "label": "x"}', "finite.*Received: '2' in step 1"),
        ('{"steps": [[1, null]], "label": "x"}', "finite.*Received: None in step 1"),
        ('{"steps": [[1, 2]], "label": 3}', "`label` must be a text.*Received: 3"),
    ],
)
def test_bad_sequences_are_named_by_line(second, message, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"steps": [[1, 2]], "label": "x"}\n\n' + second)
    with pytest.raises(DataError, match=message) as caught:
        read_file(path, "classification")
    assert caught.value.line == 3


def test_other_files_have_steps_as_wide(tmp_path):
    path = write_sequences(tmp_path / "a.jsonl")
    other = tmp_path / "b.jsonl"
    options = {"task": "classification", "validation": path, "test": other}
    other.write_text('{"steps": [[1]], "label": "rises"}')
    with pytest.raises(DataError, match="b.jsonl, line 1.*of 2 numbers.*of 1 numbers"):
        datasets.load("file", path=path, **options)
    other.write_text('{"text": "a", "label": "rises"}')
    with pytest.raises(DataError, match="steps of 2 numbers as.*Received: texts"):
        datasets.load("file", path=path, **options)


@pytest.mark.parametrize("recipe", ["sunspots_gru", "digits_gru"])
def test_recipes_learn_ones_own_numbers(recipe, tmp_path):
    if recipe == "sunspots_gru":
        path = write_series(tmp_path / "mine.csv", np.sin(np.arange(260) / 3) * 40 + 9)
    else:
        path = write_sequences(tmp_path / "mine.jsonl", 80, zero_steps=True)
    run = tmp_path / "run"
    epochs = 15 if recipe == "digits_gru" else 4
    result = jobs.train(
        recipe, data=path, units=8, epochs=epochs, out=run, pictures=False
    )
    assert recipes.load(run).data.name == "file"
    assert jobs.evaluate(str(run)).model == result.model
    if recipe == "sunspots_gru":
        assert {one.metric for one in result.model} >= {"rmse", "coverage"}
        answer = jobs.predict(str(run), example=1)
        assert answer.predicted.shape == (8,)
    else:
        figures = {one.metric: one.value for one in result.model}
        assert figures["accuracy"] > 0.8
        assert jobs.predict(str(run), "-1 0 1 0").labels == ("falls", "rises")
    assert all(one.value is not None for one in result.baselines)
