"""The window network against NumPy; masks, files, errors."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import WindowClassifier
from tests.compare import assert_close, randomise
from tests.topologies.shared import SERVED


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def reference(model, x, mask, reach=None, length=None):
    """The docstring's lines, one row and one step at a time."""
    weights = {w.path.split("/")[-2] + "/" + w.name: w.numpy() for w in model.weights}
    weights = {name: w.astype("float64") for name, w in weights.items()}
    if model.vocabulary_size:
        x = weights["embedding/embeddings"][x]
    x = np.where(mask[..., None], x, 0.0)
    v, c = weights["output/kernel"], weights["output/bias"]

    def hidden(h):
        for i in (1, 2):
            h = h @ weights[f"hidden_{i}/kernel"] + weights[f"hidden_{i}/bias"]
            h = np.maximum(h, 0)
        return h

    rows = []
    for row in x:
        time, features = row.shape
        if length:
            whole = np.concatenate([row, np.zeros((length - time, features))])
            o = hidden(whole.ravel()) @ v + c
            rows.append(o.reshape(length, -1)[:time] if len(o) > 3 else o)
        else:
            zero = np.zeros((reach, features))
            wide = np.concatenate([zero, row, zero])
            rows.append(
                [
                    hidden(wide[t : t + 2 * reach + 1].ravel()) @ v + c
                    for t in range(time)
                ]
            )
    return softmax(np.array(rows))


MODELS = {
    "window": {"window": 2},
    "step": {"window": 0},
    "every step of the whole": {"length": 6},
    "whole": {"length": 6, "return_sequences": False},
}


def make(name, **options):
    return WindowClassifier(3, [5, 4], **MODELS[name] | options)


def make_inputs(rng, tokens):
    mask = rng.random((4, 6)) < 0.7
    if tokens:
        return rng.integers(1, 7, mask.shape) * mask, mask
    x = rng.normal(size=(4, 6, 2)).astype("float32")
    return np.where(mask[..., None], x, np.float32(9.0)), mask


@pytest.mark.parametrize("tokens", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_numpy_and_keras_file(name, tokens, rng, tmp_path):
    reading = {"vocabulary_size": 7} if tokens else {"num_features": 2, "mask_value": 9}
    model = make(name, **reading)
    randomise(model, rng)
    x, mask = make_inputs(rng, tokens)
    sizes = {"reach": MODELS[name].get("window"), "length": MODELS[name].get("length")}
    expected = reference(model, x, mask, **sizes)
    assert_close(model(x), expected)
    assert model(x).shape == model.compute_output_shape(x.shape)
    short = reference(model, x[:1, :2], mask[:1, :2], **sizes)
    assert_close(model(x[:1, :2]), short)
    assert_close(model.predict(x, verbose=0), expected)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(x), model(x))


def test_a_fresh_process_serves_them_all(rng, tmp_path):
    x, _ = make_inputs(rng, tokens=True)
    inputs, expected = {"whole": x.astype("int32"), "short": x[:1, :2]}, {}
    inputs["short"] = inputs["short"].astype("int32")
    for name in MODELS:
        model, path = make(name, vocabulary_size=7), tmp_path / name
        randomise(model, rng)
        model.export(path / "model", verbose=False)
        np.savez(path / "inputs.npz", **inputs)
        expected[path] = {key: model(value) for key, value in inputs.items()}
    paths = json.dumps([str(path) for path in expected])
    subprocess.run([sys.executable, "-c", SERVED, paths], check=True)
    for path, outputs in expected.items():
        served = np.load(path / "served.npz")
        for key, output in outputs.items():
            assert_close(served[key], output)


@pytest.mark.parametrize("name", MODELS)
def test_plain_fit_and_padding_does_not_count(name, rng):
    x = np.where(
        np.arange(6) < rng.integers(2, 7, (64, 1)), rng.integers(1, 7, (64, 6)), 0
    )
    y = (x % 3) * (x > 0)
    if name == "whole":
        y = y.max(axis=1)
    model = make(name, vocabulary_size=7, dropout=0.1, seed=1)
    model.compile(
        keras.optimizers.Adam(0.02),
        "sparse_categorical_crossentropy",
        weighted_metrics=["accuracy"],
    )
    model.fit(
        tf.data.Dataset.from_tensor_slices((x, y)).batch(16), epochs=15, verbose=0
    )
    loss, accuracy = model.evaluate(x, y, batch_size=64, verbose=0)
    assert accuracy > 0.8
    p = np.asarray(model(x), "float64")
    losses = -np.log(np.take_along_axis(p, y[..., None], -1)[..., 0])
    counts = x > 0 if y.ndim == 2 else np.ones(64, bool)
    assert loss == pytest.approx(losses[counts].mean(), rel=1e-4)


def test_mixed_precision_keeps_the_softmax_in_float32(rng):
    for name in MODELS:
        model = make(name, vocabulary_size=7, dtype="mixed_float16")
        assert model.get_layer("hidden_1").compute_dtype == "float16"
        assert model(np.ones((2, 3), "int32")).dtype == "float32"


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"window": None}, ValueError, "not both.*window=None, length=None"),
        ({"length": 4}, ValueError, "not both.*window=2, length=4"),
        ({"window": -1}, ValueError, "an integer of at least 0.*window=-1"),
        ({"window": 1.5}, TypeError, "an integer of at least 0.*window=1.5"),
        ({"window": None, "length": 0}, ValueError, "positive.*length=0"),
        ({"return_sequences": False}, ValueError, "return_sequences=False"),
        ({"return_sequences": 1}, TypeError, "return_sequences=1"),
        ({"units": []}, ValueError, r"units=\[\]"),
        ({"dropout": 1}, ValueError, "dropout=1"),
        ({"num_features": 3}, ValueError, "vocabulary_size=7, num_features=3"),
        ({"num_outputs": 0}, ValueError, "num_outputs=0"),
    ],
)
def test_arguments(options, error, message):
    arguments = {"num_outputs": 3, "window": 2, "vocabulary_size": 7}
    with pytest.raises(error, match=message):
        WindowClassifier(**arguments | options)


def test_a_sequence_that_is_too_long():
    model, x = make("whole", vocabulary_size=7), np.ones((2, 7), "int32")
    with pytest.raises(ValueError, match="at most `length`=6 steps.*of 7 steps"):
        model(x)
    run = tf.function(model, input_signature=[tf.TensorSpec((None, None), "int32")])
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most `length`=6"):
        run(tf.constant(x))
