"""Files that version 0.1.0 wrote come back, and answer as they did then.

`tests/data/make_before.py` made them, and the answers beside them.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.compare import assert_close
from tests.data import make_before as before

# Normalising three numbers divides by a spread that may be small.
FACTOR = 10.0


@pytest.fixture(scope="module")
def stored():
    return dict(np.load(before.BEFORE / "answers.npz"))


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """Directory of the exports, unpacked: `<model>.<kind>`."""
    import shutil

    root = tmp_path_factory.mktemp("before")
    for archive in before.BEFORE.glob("*.zip"):
        shutil.unpack_archive(archive, root / archive.stem)
    return root


@pytest.mark.parametrize("name", before.MODELS)
def test_keras_file(name, stored):
    model = keras.models.load_model(before.BEFORE / f"{name}.keras")
    assert_close(model(stored["x"]), stored[name], what=name, factor=FACTOR)
    before.forget(model)
    found = model.predict_on_batch(stored["x"])
    assert_close(found, stored[name], what=name, factor=FACTOR)


@pytest.mark.parametrize("name", before.MODELS)
def test_weights_file(name, stored):
    """Into a model made by the code of today, whose first weights are others."""
    model = before.MODELS[name]()
    assert np.abs(model(stored["x"]) - stored[name]).max() > 1e-3
    before.forget(model)
    model.load_weights(before.BEFORE / f"{name}.weights.h5")
    assert_close(model(stored["x"]), stored[name], what=name, factor=FACTOR)


def test_training_goes_on_where_it_stood(stored):
    """The optimizer's numbers find the weights to which they belong."""
    model = keras.models.load_model(before.BEFORE / "trained.keras")
    loss = model.train_on_batch(stored["x"], np.ones((before.ROWS, 2), "float32"))
    assert_close(loss, stored["loss"])
    for k, weight in enumerate(model.get_weights()):
        assert_close(weight, stored[f"trained weight {k}"], what=str(k))


@pytest.mark.parametrize("name", before.EXPORTED)
def test_saved_model(name, stored, unpacked):
    x = tf.constant(stored["x"])
    served = tf.saved_model.load(unpacked / f"{name}.served")
    answer = served.signatures["serving_default"](features=x)
    padding = (stored["x"] == 0).all(-1)
    expected = stored[name]
    if expected.ndim == 3:  # zeros for padding, which Keras answers as the step before
        expected = np.where(padding[..., None], 0, expected)
    assert_close(answer["values"], expected, what=name, factor=FACTOR)
    plain = tf.saved_model.load(unpacked / f"{name}.plain")
    assert_close(plain.serve(x), stored[name], what=name, factor=FACTOR)


def test_steps_of_a_saved_model(stored, unpacked):
    found = before.steps_of_saved_model(unpacked / "cells.served", stored["unpadded"])
    assert_close(found, stored["steps"], factor=FACTOR)
    model = keras.models.load_model(before.BEFORE / "cells.keras")
    assert_close(model(stored["unpadded"]), stored["steps"], factor=FACTOR)


@pytest.mark.parametrize("name", before.EXPORTED)
def test_onnx(name, stored, unpacked):
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(
        unpacked / f"{name}.onnx" / "sequence.onnx", providers=["CPUExecutionProvider"]
    )
    [found] = session.run(None, {"features": stored["x"]})
    expected = stored[name]
    if expected.ndim == 3:
        padding = (stored["x"] == 0).all(-1)
        expected = np.where(padding[..., None], 0, expected)
    assert_close(found, expected, what=name, factor=FACTOR)


@pytest.mark.parametrize("name", before.EXPORTED)
def test_litert(name, stored, unpacked):
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    file = unpacked / f"{name}.litert" / "sequence.tflite"
    run = litert.Interpreter(model_path=str(file)).get_signature_runner()
    found = run(features=stored["x"])
    assert_close(found["values"], stored[name], what=name, factor=FACTOR)
