"""Every unit against its paper in NumPy float64, from a state that is not zero."""

import numpy as np
import pytest

from tests.cases import CASES, IDS
from tests.compare import assert_close, randomise
from tests.references import over_time

BATCH, TIME, FEATURES = 3, 5, 3
each_case = pytest.mark.parametrize("case", CASES, ids=IDS)


def draw(case, layer, rng, dtype):
    layer.build((None, None, FEATURES))
    randomise(layer, rng)
    inputs = rng.normal(size=(BATCH, TIME, FEATURES)).astype(dtype)
    sizes = layer.state_size
    states = [rng.normal(size=(BATCH, size)).astype(dtype) for size in sizes]
    assert len(states) == case.states
    return inputs, states


@each_case
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_step(case, dtype, rng):
    cell = case.make_cell(dtype=dtype)
    cell.build((None, FEATURES))
    randomise(cell, rng)
    x = rng.normal(size=(BATCH, FEATURES)).astype(dtype)
    states = [rng.normal(size=(BATCH, n)).astype(dtype) for n in cell.state_sizes]
    output, new_states = cell(x, states)
    expected = case.reference(
        x.astype("float64"),
        [s.astype("float64") for s in states],
        [w.astype("float64") for w in cell.get_weights()],
    )
    assert_close(output, expected[0], dtype)
    for state, known in zip(new_states, expected[1], strict=True):
        assert_close(state, known, dtype)


@each_case
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_sequence(case, backwards, masked, rng):
    layer = case.make_layer(
        dtype="float64",
        return_sequences=True,
        return_state=True,
        go_backwards=backwards,
    )
    inputs, states = draw(case, layer, rng, "float64")
    mask = rng.random((BATCH, TIME)) > 0.4 if masked else None
    outputs, *last = layer(inputs, initial_state=states, mask=mask)
    expected, expected_last = over_time(
        case.reference, inputs, states, layer.get_weights(), mask, backwards
    )
    assert_close(outputs, expected, "float64")
    for state, known in zip(last, expected_last, strict=True):
        assert_close(state, known, "float64")


@each_case
def test_control_swapped_blocks_are_noticed(case, rng):
    """With two gate blocks exchanged the reference must not agree any more."""
    layer = case.make_layer(dtype="float64", return_sequences=True)
    inputs, states = draw(case, layer, rng, "float64")
    outputs = layer(inputs, initial_state=states)
    for index, name in enumerate(case.weights):
        weights = layer.get_weights()
        weights[index] = exchanged(weights[index], len(case.cell.blocks))
        wrong, _ = over_time(case.reference, inputs, states, weights)
        assert np.abs(np.asarray(outputs) - wrong).max() > 1e-3, name


def exchanged(weight, gates):
    """The weight with its first two gate blocks exchanged; flipped if it has none."""
    if weight.size == 1:
        return weight + 1
    if gates < 2 or weight.shape[-1] % gates:
        return weight[::-1]
    first, second, *rest = np.split(weight, gates, axis=-1)
    return np.concatenate([second, first, *rest], -1)


def test_control_constant_weights_notice_nothing():
    """Why every weight above is drawn: with equal ones no order of blocks is wrong."""
    for case in CASES:
        if case.id not in ("LSTM", "GRU"):
            continue
        layer = case.make_layer(dtype="float64", return_sequences=True)
        layer.build((None, None, FEATURES))
        weights = [np.full(w.shape, 0.01) for w in layer.get_weights()]
        layer.set_weights(weights)
        blocks = np.split(weights[0], len(case.cell.blocks), axis=-1)
        swapped = [np.concatenate(blocks[::-1], -1), *weights[1:]]
        inputs = np.ones((BATCH, TIME, FEATURES))
        states = [np.ones((BATCH, size)) for size in layer.state_size]
        outputs = layer(inputs, initial_state=states)
        same, _ = over_time(case.reference, inputs, states, swapped)
        assert_close(outputs, same, "float64")
