"""Batches: every example once an epoch, little padding, reproducible."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_rnn_zoo import datasets
from keras_rnn_zoo.datasets.batches import (
    MAX_PADDING,
    batches,
    padding_share,
    training_padding,
)
from keras_rnn_zoo.datasets.statistics import class_counts
from keras_rnn_zoo.jobs.stations import _describe_data


def rows_of(lengths):
    """Rows that differ, with one label a step."""
    ids = itertools.count(1)
    rows = [np.array(list(itertools.islice(ids, n)), "int32") for n in lengths]
    return [(x, x + 1) for x in rows]


def epoch(dataset):
    """The rows of one epoch in their order, without padding."""
    return [
        (tuple(a[a > 0].tolist()), tuple(b[b > 0].tolist()))
        for x, y in dataset.as_numpy_iterator()
        for a, b in zip(x, y, strict=True)
    ]


def skewed(count=1000, longest=400):
    rng = np.random.default_rng(0)
    lengths = rng.lognormal(np.log(20), 1.0, count).astype(int)
    return np.clip(lengths, 2, longest)


LENGTHS = {
    "one length": [7] * 50,
    "even": np.random.default_rng(1).integers(40, 60, 100).tolist(),
    "skewed": skewed(100).tolist(),
    "one example": [3],
    "mostly single steps": [1] * 40 + [2, 300],
}


@pytest.mark.parametrize("name", LENGTHS)
def test_every_example_once_in_an_order_of_seed_and_epoch(name):
    rows = rows_of(LENGTHS[name])
    expected = Counter((tuple(x.tolist()), tuple(y.tolist())) for x, y in rows)
    dataset = batches(rows, 8, seed=3)
    first, second = epoch(dataset), epoch(dataset)
    assert Counter(first) == Counter(second) == expected
    assert dataset.cardinality() == sum(1 for _ in dataset)
    assert max(len(x) for x, _ in dataset) <= 8
    again = batches(rows, 8, seed=3)
    assert [epoch(again), epoch(again)] == [first, second]
    if len(rows) > 1:
        assert first != second and epoch(batches(rows, 8, seed=4)) != first


@settings(max_examples=15)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=60), st.integers(1, 9))
def test_nothing_is_lost_whatever_the_lengths(lengths, batch_size):
    dataset = batches(rows_of(lengths), batch_size, seed=0)
    sizes = [len(x) for x, _ in dataset]
    assert sorted(map(len, (x for x, _ in epoch(dataset)))) == sorted(lengths)
    assert max(sizes) <= batch_size and len(sizes) == dataset.cardinality()


def test_skewed_lengths_waste_little_in_batches_of_one_size():
    lengths = skewed()
    dataset = batches(rows_of(lengths), 32, seed=0)
    sizes = Counter(len(x) for x, _ in dataset)
    assert sum(sizes.values()) == -(-len(lengths) // 32) and set(sizes) == {31, 32}
    longest = [
        max((x.numpy() for x, _ in dataset), key=lambda x: x.shape[1]) for _ in range(4)
    ]
    together = {tuple(sorted((x > 0).sum(1).tolist())) for x in longest}
    assert len(together) > 1, "who shares a batch differs from epoch to epoch"
    shuffled = np.random.default_rng(0).permutation(lengths)
    plain = sum(len(b) * b.max() for b in np.array_split(shuffled, 32))
    assert 1 - lengths.sum() / plain > 0.75
    assert padding_share(dataset) < 0.3
    # What can be reached at all: sorted once for all epochs.
    best = sum(len(b) * b.max() for b in np.array_split(np.sort(lengths), 32))
    assert padding_share(dataset) < 1 - lengths.sum() / best + 0.06


def test_long_batches_come_anywhere_in_an_epoch():
    dataset = batches(rows_of(skewed()), 32, seed=0)
    places = [int(np.argmax([x.shape[1] for x, _ in dataset])) for _ in range(12)]
    assert min(places) < 12 and max(places) > 20


def test_lengths_that_differ_little_stay_in_groups():
    lengths = np.random.default_rng(0).integers(40, 200, 600)
    share = training_padding(lengths, 32)
    assert 0.02 < share < MAX_PADDING
    edges = np.unique(np.quantile(lengths, np.arange(1, 6) / 6, method="lower"))
    for x, _ in batches(rows_of(lengths), 32, seed=0):
        groups = np.digitize(np.count_nonzero(x, axis=1), edges)
        assert len(set(groups.tolist())) == 1


def test_the_share_of_padding():
    rows = rows_of([2, 4, 1])
    assert padding_share(batches(rows, 2)) == pytest.approx(1 - 7 / 9)
    assert training_padding([9], 4) == 0
    lengths = skewed(200)
    measured = padding_share(batches(rows_of(lengths), 16, seed=5))
    assert training_padding(lengths, 16, seed=5) == pytest.approx(measured)
    x = np.array([[[0.0, 0], [1, 0], [0, 0]], [[1, 1], [2, 2], [3, 3]]])
    assert padding_share([(x, None)]) == pytest.approx(1 / 6)
    assert padding_share([x], padding=3) == pytest.approx(1 / 6)
    assert padding_share([x], padding=-1) == 0


def test_real_values_and_answers_of_one_shape():
    rng = np.random.default_rng(0)
    rows = [(rng.normal(size=(n, 3)).astype("float32"), np.int32(n)) for n in (1, 4, 2)]
    [(x, y)] = batches(rows, 3, padding=-9)
    assert x.shape == (3, 4, 3) and y.numpy().tolist() == [1, 4, 2]
    np.testing.assert_array_equal(x[0, 1:], np.full((3, 3), -9))
    np.testing.assert_array_equal(x[1], rows[1][0])


def test_what_is_said_about_a_data_set(tmp_path):
    path = tmp_path / "a.csv"
    lines = [
        f"{'ab' * (1 + i % 9)}{i},{'often' if i % 5 else 'rare'}" for i in range(60)
    ]
    path.write_text("text,label\n" + "\n".join(lines))
    found = datasets.load("file", path=path, task="classification", batch_size=8)
    lengths = [len(x) for part in found.raw.values() for x, _ in part]
    said = f"{min(lengths)} to {max(lengths)}, median {np.median(lengths):g}"
    assert found.facts["lengths"] == said
    share = padding_share(found.train)
    assert found.facts["padding in training batches"] == f"{share:.1%}" != "0.0%"
    counts = class_counts(found.raw["train"], 2)
    assert found.labels == ("often", "rare") and counts[0] > 3 * counts[1]
    first, second = _describe_data(found)
    assert f"{share:.1%} padding in batches)" in first
    most, least = (
        f"{label} ({n / counts.sum():.1%})"
        for label, n in zip(found.labels, counts, strict=True)
    )
    assert second.endswith(f"most frequent class in training {most}, rarest {least}")
