"""Models that were traced before the kernels were there, and take them afterwards."""

import threading
import types

import keras
import numpy as np
import pytest

import keras_rnn_zoo as zoo
from keras_rnn_zoo.layers.core import engine
from keras_rnn_zoo.native import build


@pytest.fixture
def taken(monkeypatch):
    """The paths that layers take, as they are traced."""
    paths, run = [], engine.run
    monkeypatch.setattr(
        engine, "run", lambda path, *rest: (paths.append(path), run(path, *rest))[1]
    )
    return paths


@pytest.fixture
def builder(monkeypatch):
    """A compiler at work until `done` is set; then the real library is there."""
    if build.load(wait=None) is None or engine.has_gpu():
        pytest.skip("a layer takes no kernels here")
    path = build.status().path
    busy = types.SimpleNamespace(done=threading.Event(), path=path, error=None)
    for name, value in (("_loaded", {}), ("_reasons", {}), ("_said", set())):
        monkeypatch.setattr(build, name, value)
    monkeypatch.setattr(build, "_builders", {"float32": busy})
    monkeypatch.setattr(build.load, "__defaults__", ("float32", 0.01))
    return busy


def model_of(kind=keras.Sequential):
    model = kind([keras.Input((None, 3)), zoo.LSTM(4, seed=1), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def data(rng=None):
    rng = rng or np.random.default_rng(7)
    return rng.normal(size=(8, 5, 3)).astype("f"), rng.normal(size=(8, 1)).astype("f")


def loop_of(model, x, y):
    """The same model of the plain loop, after the same steps."""
    other = keras.models.clone_model(
        model,
        clone_function=lambda layer: type(layer).from_config(
            {**layer.get_config(), "implementation": "loop"}
            if isinstance(layer, zoo.LSTM)
            else layer.get_config()
        ),
    )
    other.set_weights(model.get_weights())
    other.compile("sgd", "mse")
    return other


def test_the_next_fit_takes_the_kernel(builder, taken, capsys):
    model, (x, y) = model_of(), data()
    plain = loop_of(model, x, y)
    for _ in range(2):
        model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    assert "native" not in taken and taken
    count = len(taken)
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    assert len(taken) == count  # nothing is traced again before they are there
    builder.done.set()
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    assert set(taken[count:]) == {"native"}
    for _ in range(4):
        plain.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), plain.get_weights(), strict=True):
        assert np.abs(a - b).max() <= 1e-5 * np.abs(b).max()
    assert capsys.readouterr().err.count("not compiled yet") == 1


def test_in_the_midst_of_a_fit(builder, taken):
    """The rest of a long first epoch is not left without them."""

    class Ends(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                builder.done.set()

    model, (x, y) = model_of(), data()
    model.fit(x, y, batch_size=1, verbose=0, callbacks=[Ends()])
    assert taken[0] != "native" and taken[-1] == "native"


def test_evaluate_and_predict(builder, taken):
    model, (x, y) = model_of(), data()
    before = model.predict(x, verbose=0), model.evaluate(x, y, verbose=0)
    assert "native" not in taken
    builder.done.set()
    after = model.predict(x, verbose=0), model.evaluate(x, y, verbose=0)
    assert taken.count("native") >= 2
    np.testing.assert_allclose(after[0], before[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(after[1], before[1], rtol=1e-5)


def test_compiled_anew_meanwhile(builder, taken):
    """What `compile` makes is not replaced by what was there before."""
    model, (x, y) = model_of(), data()
    model.fit(x, y, verbose=0)
    old = model.train_function
    model.compile("sgd", "mae")
    builder.done.set()
    model.fit(x, y, verbose=0)
    assert model.train_function is not old and taken[-1] == "native"


def test_the_compiler_fails(builder, taken):
    """Then what was traced stays, and nothing is traced again."""
    model, (x, y) = model_of(), data()
    model.fit(x, y, verbose=0)
    count = len(taken)
    builder.error = build.NativeBuildError("no")
    builder.done.set()
    model.fit(x, y, verbose=0)
    model.fit(x, y, verbose=0)
    assert len(taken) == count


def test_a_model_with_a_fit_of_its_own(builder, taken):
    """It may hand over to Keras's; the innermost one is the model's."""

    class Own(keras.Sequential):
        def fit(self, x, y):
            return super().fit(x, y, verbose=0)

    model, (x, y) = model_of(Own), data()
    model.fit(x, y)
    builder.done.set()
    model.fit(x, y)
    assert taken[-1] == "native"
