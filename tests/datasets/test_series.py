"""Real-valued tasks: windows that do not leak, and the way through all commands."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_rnn_zoo import datasets, jobs
from keras_rnn_zoo.datasets import series
from keras_rnn_zoo.tasks import baselines, regression


def test_windows_do_not_leak_across_the_split():
    values, years = np.arange(309.0), np.arange(1700, 2009)
    bounds = [(1700, 1900), (1900, 1950), (1950, 2009)]
    seen = set()
    for start, stop in bounds:
        targets = set()
        for x, y in series.windows(values, years, 24, 8, start, stop):
            np.testing.assert_array_equal(
                np.concatenate([x[:, 0], y]), np.arange(x[0, 0], x[0, 0] + 32)
            )
            targets |= set((1700 + y).astype(int).tolist())
        assert min(targets) >= start and max(targets) < stop
        assert not targets & seen
        seen |= targets
    assert seen == set(range(1724, 2009)), "no year is lost but the first context"


@given(
    length=st.integers(4, 60),
    context=st.integers(1, 8),
    horizon=st.integers(1, 6),
    cuts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    gaps=st.booleans(),
)
def test_windows_leak_nothing_whatever_the_sizes(length, context, horizon, cuts, gaps):
    steps = np.random.default_rng(length).integers(1, 5, length) if gaps else 1
    times = np.cumsum(np.ones(length, int) * steps)
    edges = [0, *sorted(int(cut * times[-1]) for cut in cuts), times[-1] + 1]
    place = {int(time): i for i, time in enumerate(times)}
    parts = []
    for start, stop in zip(edges, edges[1:], strict=False):
        room = sum(start <= t < stop for t in times[context:])
        try:  # the values are the times: a window tells where it was cut
            found = series.windows(times, times, context, horizon, start, stop)
        except ValueError:
            assert room < horizon, "a part with room for a window has one"
            continue
        assert len(found) == room - horizon + 1
        targets = set()
        for x, y in found:
            window = [place[int(t)] for t in np.concatenate([x[:, 0], y])]
            first = window[0]
            assert window == list(range(first, first + context + horizon))
            assert x.max() < y.min() and start <= y.min() and y.max() < stop
            targets |= set(y.tolist())
        parts.append(targets)
    for one, other in itertools.combinations(parts, 2):
        assert not one & other


def test_bad_series(monkeypatch):
    with pytest.raises(
        ValueError, match=r"finite. Received: values\[3\]=nan at time 7"
    ):
        series.windows([1, 2, 3, np.nan, 5], [4, 5, 6, 7, 8], 1, 1, 0, 9)
    with pytest.raises(ValueError, match="window of 3 . 2 steps.*Received: 4 values"):
        series.windows([1, 2, 3, 4], [1, 2, 3, 4], 3, 2, 0, 9)
    with pytest.raises(ValueError, match="`horizon`.*Received: horizon=0"):
        datasets.load("krz_sunspots", horizon=0)
    monkeypatch.setattr(series.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'keras_rnn_zoo\[data\]'"):
        series.sunspots()


def test_sunspots_against_figures_computed_by_hand():
    pytest.importorskip("statsmodels")
    found = datasets.load("krz_sunspots")
    x, y = found.raw["train"][0]
    np.testing.assert_allclose(x[:3, 0], [0.05, 0.11, 0.16])  # 1700, 1701, 1702
    assert y[-1] == np.float32(0.35)  # 1731; 1724 is the first
    figures = {one.name: one.value for one in baselines.compute(found)}
    truth = np.stack([y for _, y in found.raw["test"]])
    last = np.stack([x[-1] for x, _ in found.raw["test"]])
    persistence = np.sqrt(np.mean((truth - last) ** 2))
    assert figures["persistence"] == pytest.approx(persistence)
    assert figures["linear regression on all steps"] < 0.6 * persistence
    train = np.stack([y for _, y in found.raw["train"]]).mean(0)
    mean = np.sqrt(np.mean((truth - train) ** 2))
    assert figures["mean of the training targets"] == pytest.approx(mean)


def test_the_adding_problem():
    found = datasets.load("krz_adding", steps=10, train=200)
    x, y = (np.stack(one) for one in zip(*found.raw["train"], strict=True))
    assert x.shape == (200, 10, 2)
    np.testing.assert_array_equal(x[..., 1].sum(1), 2)
    np.testing.assert_array_equal(x[:, :5, 1].sum(1), 1)
    np.testing.assert_allclose(y[:, 0], (x[..., 0] * x[..., 1]).sum(1), rtol=1e-6)
    again = datasets.load("krz_adding", steps=10, train=200)
    np.testing.assert_array_equal(again.raw["test"][7][0], found.raw["test"][7][0])
    mean = baselines.compute(found, ["mean of the training targets"])[0]
    assert mean.value == pytest.approx(np.sqrt(1 / 6), rel=0.05)


def test_intervals_hold_what_they_promise():
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(400, 2)) * [1, 3]
    zeros = [(np.zeros((1, 1), "float32"), error) for error in errors]

    class Zero:
        def get_config(self):
            return {"num_features": 1}

        def __call__(self, x, training):
            return x[:, 0] * np.zeros((1, 2), "float32")

    widths = regression.interval_widths(Zero(), zeros[:200])
    assert widths == pytest.approx([1.64, 4.9], rel=0.2)
    share = regression.coverage(np.zeros((200, 2)), zeros[200:], widths)
    assert share == pytest.approx(0.9, abs=0.04)


def test_a_forecaster_through_all_commands(tmp_path):
    pytest.importorskip("statsmodels")
    run = tmp_path / "run"
    result = jobs.train("sunspots_gru", units=4, epochs=2, out=run)
    assert (run / "predictions.png").stat().st_size > 20_000
    assert [one.metric for one in result.model] == ["rmse", "rmse_1_step", "coverage"]
    assert [one.metric for one in result.baselines] == ["rmse"] * 3
    again = jobs.evaluate(str(run))
    assert again.model == result.model
    answer = jobs.predict(str(run), example=1)
    assert answer.labels[:2] == ("1 year ahead", "2 years ahead")
    assert answer.predicted.shape == answer.truth.shape == answer.widths.shape == (8,)
    assert (answer.widths > 0.1).all()
    assert jobs.predict(str(run), "0.5 " * 24).predicted.shape == (8,)
