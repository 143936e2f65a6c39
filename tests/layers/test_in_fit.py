"""Options and paths where they are used: inside of `fit`, and in call after call."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from tests.paths import KINDS, all_close, built, outcome, says

ROWS, TIME, FEATURES = 9, 6, 2


def weights_after(run, layer, batch=None, **compiled):
    """The weights of a model of `layer` after `run(model)`."""
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((None, FEATURES), batch_size=batch), layer()])
    model.compile(keras.optimizers.SGD(0.1), "mse", **compiled)
    run(model)
    return [w.numpy() for w in model.trainable_weights]


def draw(rng, rows=ROWS):
    x = rng.normal(size=(rows, TIME, FEATURES)).astype("float32")
    return x, np.ones((rows, 3), "float32")


# --- Checkpoints

X, Y = draw(np.random.default_rng(0), 8)
RUNS = {
    "fit": (lambda m: m.fit(X, Y, batch_size=4, shuffle=False, verbose=0), None, {}),
    "a smaller last batch": (
        lambda m: m.fit(X[:7], Y[:7], batch_size=4, shuffle=False, verbose=0),
        *(None, {}),
    ),
    "train_on_batch": (lambda m: m.train_on_batch(X, Y), None, {}),
    "stateful": (
        lambda m: m.fit(X, Y, batch_size=4, shuffle=False, verbose=0),
        *(4, {"stateful": True}),
    ),
    "drop_remainder": (
        lambda m: m.fit(
            tf.data.Dataset.from_tensor_slices((X, Y)).batch(3, drop_remainder=True),
            verbose=0,
        ),
        *(None, {}),
    ),
}


@pytest.mark.parametrize("how", [how for how in RUNS if how != "fit"])
def test_checkpoints_train_as_the_loop_does(how):
    run, batch, options = RUNS[how]
    [case] = [case for case in KINDS if case.id == "MGU"]

    def make(**more):
        return lambda: case.make_layer(units=3, **options, **more)

    expected = weights_after(run, make(implementation="loop"), batch)
    found = weights_after(run, make(implementation="graph", checkpoint=4), batch)
    all_close(found, expected)


@pytest.mark.parametrize("case", KINDS[1:], ids=lambda case: case.id)
def test_checkpoints_of_every_kind_train(case):
    """One with the path that is taken unless one asks for another."""
    run = RUNS["fit"][0]
    path = "auto" if case.id == "MGU" else "graph"  # to compile takes seconds

    def make(**more):
        return lambda: case.make_layer(units=3, **more)

    expected = weights_after(run, make(implementation="loop"))
    found = weights_after(run, make(checkpoint=2, implementation=path))
    all_close(found, expected, factor=10.0)


class Counting:
    """An activation that counts how often it is computed, also inside of graphs."""

    def __init__(self):
        self.count = 0

    def _note(self):
        self.count += 1
        return np.float32(0)

    def __call__(self, x):
        noted = tf.numpy_function(self._note, [], "float32", stateful=True)
        return tf.tanh(x) + tf.stop_gradient(tf.ensure_shape(noted, []))


@pytest.mark.parametrize("place", ["eager", "fit"])
@pytest.mark.parametrize(
    "kind", ["loop", "hoisted", "graph", "foreign cell", "stacked cells"]
)
def test_checkpoints_compute_again_or_say_that_they_do_not(kind, place, rng):
    """What takes `checkpoint` without a word has to do with fewer states."""
    activation = Counting()
    x, y = draw(rng, 2)

    def make():
        if kind == "foreign cell":
            cell = keras.layers.SimpleRNNCell(3, activation=activation)
            return zoo.RNN(cell, checkpoint=2)
        if kind == "stacked cells":
            return zoo.RNN([zoo.MGUCell(3, activation=activation)], checkpoint=2)
        return zoo.MGU(3, activation=activation, checkpoint=2, implementation=kind)

    def train():
        layer = make()
        model = keras.Sequential([keras.Input((TIME, FEATURES)), layer])
        model.compile("sgd", "mse", jit_compile=False, run_eagerly=place == "eager")
        activation.count = 0
        model.train_on_batch(x, y)

    _, error = outcome(train)
    if error is None:
        # Keras's loop computes the first step once more.
        again = activation.count - TIME - 1
        assert again >= TIME - 3, "every state was kept, without a word"
    else:
        assert isinstance(error, ValueError), repr(error)
        says(error, "`checkpoint` must", "Received")


@pytest.mark.parametrize("path", ["native", "cudnn"])
def test_a_path_that_was_asked_for_is_taken_or_refused(path):
    for make in (
        lambda: zoo.RNN([zoo.MGUCell(3)], implementation=path),
        lambda: zoo.RNN(keras.layers.LSTMCell(3), implementation=path),
        lambda: zoo.RNN(
            [zoo.MGUCell(3), keras.layers.LSTMCell(3)], implementation=path
        ),
        lambda: zoo.MGU(3, implementation=path),
    ):
        _, error = outcome(lambda make=make: make()(np.ones((1, 2, 2), "float32")))
        assert isinstance(error, ValueError), repr(error)
        says(error, "`implementation` must", f"implementation='{path}'")


# --- Rows that XLA adds


def root(x):
    """Finite everywhere, with an infinite slope at 0 alone."""
    return tf.sign(x) * tf.sqrt(tf.abs(x))


def logarithm(x):
    """Not a number at 0 alone."""
    return tf.tanh(x * tf.math.log(tf.abs(x)))


@pytest.mark.parametrize("activation", [root, logarithm], ids=lambda f: f.__name__)
def test_padding_never_counts(activation, rng):
    x, y = draw(rng)
    x = np.abs(x) + 1
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(ROWS)

    def train(model):
        model.fit(data, verbose=0)

    def make(path):
        return lambda: zoo.SimpleRNN(
            3,
            activation=activation,
            implementation=path,
            kernel_initializer="ones",
            recurrent_initializer="zeros",
        )

    expected = weights_after(train, make("loop"))
    assert all(np.isfinite(w).all() for w in expected)
    found = weights_after(train, make("xla"))
    assert all(np.isfinite(w).all() for w in found)
    all_close(found, expected, factor=10.0)


# --- What belongs to the layer is made once


def seconds(function, times):
    """The least of some runs: what a run costs where nothing else is at work."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return min(found)


@pytest.mark.parametrize("path", ["xla", "graph"])
def test_eager_calls_do_not_compile_anew(path, rng):
    """The second step costs what a step of the loop does, not what a program does."""
    x = tf.constant(rng.normal(size=(4, 8, FEATURES)).astype("float32"))
    steps = {}
    for way in ("loop", path):
        layer = zoo.MGU(4, implementation=way)

        def step(layer=layer):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(layer(x, training=True))
            tape.gradient(loss, layer.trainable_variables)

        step()
        steps[way] = seconds(step, 4)
    assert steps[path] < 3 * steps["loop"], steps


def test_a_model_that_runs_eagerly_does_not_trace_at_each_step(rng):
    """Python computes an activation at the first batch only, or step by step."""
    calls = []

    def activation(x):
        calls.append(1)
        return tf.tanh(x)

    x, y = draw(rng, 4)
    layer = zoo.MGU(3, activation=activation, implementation="xla")
    model = keras.Sequential([keras.Input((TIME, FEATURES)), layer])
    model.compile("sgd", "mse", run_eagerly=True)
    for _ in range(2):
        model.train_on_batch(x, y)
    calls.clear()
    model.train_on_batch(x, y)
    assert len(calls) in (0, TIME)


@pytest.mark.parametrize("case", KINDS[:2], ids=lambda case: case.id)
def test_a_fit_is_the_fit_of_the_loop(case, rng):
    """Three epochs with masks, a smaller last batch, and weights of samples."""
    x, y = draw(rng)
    x[2, 3:] = 0
    weights = rng.random(ROWS)

    def run(path):
        keras.utils.set_random_seed(5)
        features = keras.Input((None, FEATURES))
        masked = keras.layers.Masking(0.0)(features)
        model = keras.Model(features, case.make_layer(3, implementation=path)(masked))
        model.compile(keras.optimizers.SGD(0.1), "mse")
        history = model.fit(
            *(x, y),
            batch_size=4,
            epochs=3,
            shuffle=False,
            verbose=0,
            sample_weight=weights,
        )
        return [*history.history["loss"], *model.get_weights()]

    all_close(run("auto" if case.id == "LSTM" else "graph"), run("loop"), factor=30.0)


def test_layers_stay_usable_after_a_failed_fit(rng):
    """A batch of a wrong width raises, and leaves nothing behind."""
    for case in KINDS[:2]:
        layer = built(case, rng, implementation="graph")
        x = rng.normal(size=(2, 4, 3)).astype("float32")
        expected = np.asarray(layer(x))
        _, error = outcome(layer, np.ones((2, 4, 5), "float32"))
        assert error is not None
        all_close([layer(x)], [expected])
