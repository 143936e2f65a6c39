"""Attention layers and the cell around them, against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import (
    RNN,
    AttentionCell,
    BahdanauAttention,
    GRUCell,
    LocationAttention,
    LSTMCell,
    LuongAttention,
    MonotonicAttention,
    SimpleRNNCell,
    StackedRNNCells,
)
from tests.references import attention as reference

LENGTHS = np.array([5, 3, 0])
CASES = {
    "bahdanau": (lambda: BahdanauAttention(7), reference.bahdanau),
    "normalized": (lambda: BahdanauAttention(7, normalize=True), reference.bahdanau),
    "dot": (
        lambda: LuongAttention("dot"),
        lambda *given: reference.luong(*given, "dot"),
    ),
    "scaled": (
        lambda: LuongAttention("scaled"),
        lambda *given: reference.luong(*given, "scaled"),
    ),
    "general": (
        lambda: LuongAttention("general"),
        lambda *given: reference.luong(*given, "general"),
    ),
    "location": (
        lambda: LocationAttention(7, filters=2, kernel_size=4),
        reference.location,
    ),
    "monotonic": (lambda: MonotonicAttention(7), reference.monotonic),
    "hard": (
        lambda: MonotonicAttention(7, hard=True, score_bias=0.0),
        lambda *given: reference.monotonic(*given, hard=True),
    ),
}


def randomize(layer, rng):
    for w in layer.weights:
        w.assign(rng.normal(size=w.shape))


def in_numpy(layer):
    return {w.name: np.asarray(w, "float64") for w in layer.weights}


def given(rng, steps=5, features=4):
    q, m = rng.normal(size=(3, 4)), rng.normal(size=(3, steps, features))
    previous = rng.dirichlet(np.ones(steps), size=3)
    mask = np.arange(steps) < LENGTHS[:, None]
    return q, m, previous * mask, mask


@pytest.mark.parametrize("name", CASES)
def test_weights_and_context_are_those_of_the_paper(name, rng):
    make, paper = CASES[name]
    layer = make()
    features = 4 if name in ("dot", "scaled") else 6
    q, m, previous, mask = given(rng, features=features)
    layer(q, m)
    randomize(layer, rng)
    behind = np.where(mask[..., None], m, np.nan)  # what is padding is never read
    got = layer(q, behind, memory_mask=mask, previous=previous)
    context, weights = (np.asarray(one) for one in got)
    for row, length in enumerate(LENGTHS):
        own = m[row, :length]
        expected = paper(q[row], own, previous[row, :length], in_numpy(layer))
        np.testing.assert_allclose(weights[row, :length], expected, atol=2e-6)
        np.testing.assert_array_equal(weights[row, length:], 0)
        np.testing.assert_allclose(context[row], expected @ own, atol=2e-5)
    if not layer.looks_back:
        together = layer(np.stack([q, -q], 1), m, memory_mask=mask)[1]
        np.testing.assert_allclose(together[:, 0], weights, atol=1e-6)
        alone = layer(-q, m, memory_mask=mask)[1]
        np.testing.assert_allclose(together[:, 1], alone, atol=1e-6)
    again = type(layer).from_config(layer.get_config())
    again(q, m)
    again.set_weights(layer.get_weights())
    repeated = again(q, behind, memory_mask=mask, previous=previous)[1]
    np.testing.assert_array_equal(repeated, weights)


@pytest.mark.parametrize("name", ["bahdanau", "location", "monotonic"])
def test_gradients_are_finite_also_of_an_empty_source(name, rng):
    layer = CASES[name][0]()
    q, m, previous, mask = given(rng)
    with tf.GradientTape() as tape:
        context, weights = layer(q, m, memory_mask=mask, previous=previous)
        loss = tf.reduce_sum(context**2) + tf.reduce_sum(weights**2)
    for gradient in tape.gradient(loss, layer.trainable_variables):
        assert np.isfinite(gradient).all() and np.any(gradient)


def test_a_source_may_have_one_step(rng):
    q, m, _, _ = given(rng)
    for name in ("general", "location", "monotonic"):
        layer = CASES[name][0]()
        layer(q, m)
        assert layer(q, m[:, :1])[1].shape == (3, 1)
    np.testing.assert_array_equal(CASES["general"][0]()(q, m[:, :1])[1], 1)


def test_noise_is_for_training_alone(rng):
    q, m, _, _ = given(rng)
    layer = MonotonicAttention(7, noise=2.0, seed=3)
    quiet = np.asarray(layer(q, m)[1])
    np.testing.assert_array_equal(layer(q, m)[1], quiet)
    assert np.abs(layer(q, m, training=True)[1] - quiet).max() > 0.01


def one_by_one(cell, x, memory, length, h):
    """AttentionCell around a SimpleRNNCell, in NumPy, for one row."""
    w, general = in_numpy(cell.cell), in_numpy(cell.attention)
    kernel, a, outputs = np.asarray(cell.kernel, "float64"), np.zeros(cell.units), []

    def attend(q):
        weights = reference.luong(q, memory[:length], None, general, "general")
        return weights @ memory[:length]

    for x_t in x:
        if cell.query == "before":
            c = attend(h)
            x_t = np.concatenate([x_t, c])
        elif cell.input_feeding:
            x_t = np.concatenate([x_t, a])
        h = np.tanh(x_t @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"])
        if cell.query == "after":
            c = attend(h)
        a = np.tanh(np.concatenate([h, c]) @ kernel)
        outputs.append(a)
    return np.array(outputs)


@pytest.mark.parametrize("options", [{}, {"input_feeding": True}, {"query": "before"}])
@pytest.mark.parametrize("carry", [RNN, keras.layers.RNN])
def test_the_cell_is_the_papers_step_in_any_rnn(options, carry, rng):
    x, m = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 5, 6))
    h0 = rng.normal(size=(2, 8)).astype("float32")
    cell = AttentionCell(SimpleRNNCell(8), LuongAttention(), (5, 6), units=7, **options)
    layer = carry(cell, return_sequences=True, return_state=True)
    layer.build(x.shape)
    randomize(layer, rng)
    mask = np.arange(5) < LENGTHS[:2, None]
    start = cell.initial_state(m.astype("float32"), mask, [h0])
    outputs, *states = layer(x.astype("float32"), initial_state=start)
    for row in range(2):
        expected = one_by_one(cell, x[row], m[row], LENGTHS[row], h0[row])
        np.testing.assert_allclose(outputs[row], expected, atol=2e-5)
    np.testing.assert_allclose(np.sum(states[2], -1), 1, atol=1e-6)
    assert not np.any(states[2][1, 3:])


def test_stacked_cells_and_foreign_ones_come_back_from_their_config(rng):
    stack = StackedRNNCells([LSTMCell(4), keras.layers.GRUCell(5)])
    cell = AttentionCell(stack, MonotonicAttention(3), (5, 6), query="before")
    x, m = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 5, 6))
    layer = RNN(cell)
    layer.build(x.shape)
    layer.get_initial_state(2)
    expected = layer(x, initial_state=cell.initial_state(m))
    again = RNN.from_config(layer.get_config())
    again.build(x.shape)
    again.set_weights(layer.get_weights())
    start = again.cell.initial_state(m)
    np.testing.assert_array_equal(again(x, initial_state=start), expected)


def test_what_cannot_be_is_refused(rng):
    q, m, _, _ = given(rng)
    with pytest.raises(ValueError, match=r"one step.*\(3, 1, 4\)"):
        MonotonicAttention(3)(q[:, None], m)
    with pytest.raises(ValueError, match="general.*score='dot' for widths 4 and 6"):
        LuongAttention("dot")(q, np.zeros((3, 5, 6)))
    with pytest.raises(ValueError, match="dot.*score='cosine'"):
        LuongAttention("cosine")
    with pytest.raises(ValueError, match="noise=-1.0"):
        MonotonicAttention(3, noise=-1.0)
    with pytest.raises(ValueError, match=r"memory of shape \(3, 4\)"):
        BahdanauAttention(3)(q, q)
    with pytest.raises(TypeError, match="attention=None"):
        AttentionCell(GRUCell(3), None, (5, 4))
    with pytest.raises(TypeError, match="cell='gru'"):
        AttentionCell("gru", LuongAttention(), (5, 4))
    with pytest.raises(ValueError, match="before.*input_feeding=True"):
        AttentionCell(
            *(GRUCell(3), LuongAttention(), (5, 4)), query="before", input_feeding=True
        )
    cell = AttentionCell(GRUCell(3), LuongAttention(), (None, 4))
    with pytest.raises(ValueError, match=r"memory_shape=\(None, 4\)"):
        RNN(cell)
    cell = AttentionCell(GRUCell(3), LuongAttention(), (5, 4))
    with pytest.raises(ValueError, match=r"\(batch, 5, 4\).*\(3, 6, 4\)"):
        cell.initial_state(np.zeros((3, 6, 4)))
