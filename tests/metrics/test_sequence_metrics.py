"""Metrics over masked sequences, against NumPy."""

import keras
import numpy as np
import pytest

from keras_rnn_zoo.metrics import BitsPerCharacter, TokenAccuracy


def batches(seed):
    """Two batches of different length, right-padded, and their masks."""
    rng = np.random.default_rng(seed)
    for lengths, time in (((3, 9, 5), 9), ((2, 4), 4)):
        y = rng.integers(0, 5, size=(len(lengths), time)).astype("int32")
        p = rng.dirichlet(np.ones(5), size=y.shape).astype("float32")
        yield y, p, np.arange(time)[None] < np.array(lengths)[:, None]


def reference(seed):
    """Accuracy and bits over all unmasked steps of both batches, in float64."""
    right, bits = [], []
    for y, p, mask in batches(seed):
        p = p.astype("float64")
        right += list((p.argmax(-1) == y)[mask])
        bits += list(-np.log2(np.take_along_axis(p, y[..., None], -1)[..., 0])[mask])
    return np.mean(right), np.mean(bits)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("how", ["mask", "weights"])
def test_padding_does_not_count_and_every_step_weighs_the_same(seed, how):
    metrics = TokenAccuracy(), BitsPerCharacter()
    for y, p, mask in batches(seed):
        if how == "mask":
            p = keras.ops.convert_to_tensor(p)
            p._keras_mask = keras.ops.convert_to_tensor(mask)
        for metric in metrics:
            metric.update_state(y, p, mask if how == "weights" else None)
    np.testing.assert_allclose(
        [float(metric.result()) for metric in metrics], reference(seed), rtol=1e-5
    )


def test_the_mask_of_a_model_reaches_the_metrics_in_evaluate():
    inputs = keras.Input((None,), dtype="int32")
    embedded = keras.layers.Embedding(6, 4, mask_zero=True)(inputs)
    hidden = keras.layers.RNN(keras.layers.LSTMCell(3), return_sequences=True)(embedded)
    model = keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(hidden))
    model.compile(
        loss="sparse_categorical_crossentropy",
        metrics=[TokenAccuracy(), BitsPerCharacter()],
    )
    rng = np.random.default_rng(0)
    x = rng.integers(1, 6, size=(4, 7)).astype("int32")
    y = rng.integers(0, 5, size=(4, 7)).astype("int32")
    mask = np.arange(7)[None] < np.array([7, 2, 4, 1])[:, None]
    x, y = x * mask, y * mask
    p = np.asarray(model(x), "float64")
    bits = -np.log2(np.take_along_axis(p, y[..., None], -1)[..., 0])[mask].mean()
    result = model.evaluate(x, y, batch_size=2, verbose=0, return_dict=True)
    np.testing.assert_allclose(result["bits_per_character"], bits, rtol=1e-5)
    np.testing.assert_allclose(
        result["accuracy"], (p.argmax(-1) == y)[mask].mean(), rtol=1e-5
    )


def test_one_output_per_sequence():
    metric = TokenAccuracy()
    metric.update_state(np.array([1, 0, 1]), np.array([[0.2, 0.8], [0.1, 0.9], [0, 1]]))
    assert float(metric.result()) == pytest.approx(2 / 3)


def test_a_probability_of_zero_stays_finite():
    metric = BitsPerCharacter()
    metric.update_state(np.array([[1]]), np.array([[[1.0, 0.0]]], "float32"))
    assert float(metric.result()) == pytest.approx(-np.log2(keras.config.epsilon()))


@pytest.mark.parametrize("cls", [TokenAccuracy, BitsPerCharacter])
def test_round_trip_and_reset(cls):
    metric = cls(name="other")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(metric)
    )
    assert type(again) is cls and again.name == "other"
    metric.update_state(np.array([[0]]), np.array([[[0.4, 0.6]]]))
    metric.reset_state()
    assert float(metric.result()) == 0.0
