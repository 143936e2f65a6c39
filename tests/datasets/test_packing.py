"""Packed rows: nothing lost, nothing leaks over a boundary."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from keras_rnn_zoo import GRUCell, LSTMCell, MGUCell
from keras_rnn_zoo.datasets.packing import plan_packing
from keras_rnn_zoo.layers import RNN, ResetCell


@given(st.lists(st.integers(1, 12), min_size=1, max_size=40), st.integers(12, 30))
def test_unpack_is_the_inverse(lengths, max_steps):
    rng = np.random.default_rng(0)
    sequences = [rng.normal(size=(n, 2)) for n in lengths]
    plan = plan_packing(lengths, max_steps)
    rows = plan.pack(sequences, padding=9)
    assert rows.shape == (*plan.segment_ids.shape, 2)
    for one, other in zip(plan.unpack(rows), sequences, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (rows[plan.segment_ids == 0] == 9).all()
    ids = plan.segment_ids
    assert (ids > 0).sum() == sum(lengths) and plan.resets.sum() == len(lengths)
    for row in ids:
        row = row[: np.count_nonzero(row)]
        assert row[0] == 1 and set(np.diff(row).tolist()) <= {0, 1}
        assert (np.diff(np.bincount(row)[1:]) <= 0).all(), "the longest first"
    # No two rows could have been one: that is what first fit promises.
    used = np.sort((ids > 0).sum(1))
    assert len(used) == 1 or used[0] + used[1] > max_steps
    again = plan_packing(lengths, max_steps)
    assert again.places == plan.places


def test_arguments_of_packing():
    with pytest.raises(ValueError, match=r"max_steps=3.*Received: lengths=\[4\]"):
        plan_packing([4], 3)
    with pytest.raises(ValueError, match=r"Received: lengths=\[0, 1\]"):
        plan_packing([0, 1], 3)
    with pytest.raises(ValueError, match=r"Received: lengths=\[\]"):
        plan_packing([], 3)
    with pytest.raises(TypeError, match="Received: max_steps=3.0"):
        plan_packing([1], 3.0)
    with pytest.raises(ValueError, match=r"planned lengths. Received: 1 of.*\[3\]"):
        plan_packing([2], 3).pack([[1, 2, 3]])
    with pytest.raises(ValueError, match="no dropout. Received: dropout=0.5"):
        ResetCell(GRUCell(2, dropout=0.5))


@pytest.mark.parametrize("cell", [LSTMCell, GRUCell, MGUCell, keras.layers.LSTMCell])
def test_a_packed_row_is_its_sequences_alone(cell, rng):
    lengths = [3, 1, 5, 2, 4, 1]
    plan = plan_packing(lengths, 8)
    assert plan.segment_ids.max() > 1
    sequences = [rng.normal(size=(n, 3)) for n in lengths]
    goals = [rng.normal(size=(n, 4)) for n in lengths]
    packed = RNN(
        ResetCell(cell(4, dtype="float64"), dtype="float64"), True, dtype="float64"
    )
    alone = RNN(packed.cell.cell, True, dtype="float64")
    x = np.concatenate([plan.pack(sequences), plan.resets], -1)
    mask = plan.segment_ids > 0
    packed(x, mask=mask)
    alone(sequences[0][None])
    shapes = [w.shape for w in packed.get_weights()]
    packed.set_weights([rng.normal(scale=0.7, size=shape) for shape in shapes])
    with tf.GradientTape() as tape:
        y = packed(x, mask=mask)
        loss = tf.reduce_sum((y - plan.pack(goals)) ** 2 * mask[..., None])
    ours = tape.gradient(loss, [w.value for w in packed.trainable_weights])
    with tf.GradientTape() as tape:
        ys = [alone(s[None])[0] for s in sequences]
        loss = sum(tf.reduce_sum((a - b) ** 2) for a, b in zip(ys, goals, strict=True))
    theirs = tape.gradient(loss, [w.value for w in packed.trainable_weights])
    for one, other in zip(plan.unpack(y), ys, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-10)


def test_a_tagger_of_packed_rows_fits_saves_and_is_exported(rng, tmp_path):
    lengths = rng.integers(1, 9, 40)
    xs = [rng.integers(1, 6, n).astype("int32") for n in lengths]
    ys = [np.append(1, x[:-1] > 3).astype("int32") for x in xs]  # 1: the beginning
    plan = plan_packing(lengths, 16)
    tokens = keras.Input((None,), dtype="int32")
    resets = keras.Input((None, 1))
    read = keras.layers.Embedding(6, 8, mask_zero=True)(tokens)
    read = keras.layers.Concatenate()([read, resets])
    states = RNN(ResetCell(GRUCell(8)), return_sequences=True)(read)
    model = keras.Model(
        [tokens, resets], keras.layers.Dense(2, activation="softmax")(states)
    )
    model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
    inputs = [plan.pack(xs), plan.resets]
    losses = model.fit(inputs, plan.pack(ys), epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.15 < 0.5 < losses[0]
    y = model.predict(inputs, verbose=0)
    model.save(tmp_path / "a.keras")
    again = keras.models.load_model(tmp_path / "a.keras")
    np.testing.assert_allclose(again.predict(inputs, verbose=0), y, atol=1e-6)
    model.export(tmp_path / "saved", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "saved"))
    np.testing.assert_allclose(served.serve(inputs), y, atol=1e-5)
