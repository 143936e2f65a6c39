"""Derivatives of every kind on every path: those of the loop, or words that name it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from tests.paths import KINDS, all_close, at, built, outcome, says, ways

BATCH, TIME, FEATURES, UNITS = 2, 3, 2, 3
FIRST = ("LSTM", "MGU")
# Second derivatives of a spread of three numbers lose digits.
FACTOR = 100.0


def _tried(case, path, place):
    """All of one cell; of the others what is taken unless one asks for it."""
    if path in ("loop", "hoisted"):
        return place == "eager" and case.id == "LSTM"
    if case.id == "LSTM":  # what only a cell with a kernel has
        return path in ("auto", "native") and place != "keras"
    return case.id == "MGU" or (path, place) == ("auto", "graph")


WAYS = [
    pytest.param(case, *way, id="-".join((case.id, *way)))
    for case in KINDS
    for way in ways(case)
    if _tried(case, *way)
]
EAGER = [
    pytest.param(case, path, id=f"{case.id}-{path}")
    for case in KINDS
    if case.id in FIRST
    for path in ("auto", "hoisted", "graph")
    if path != "hoisted" or case.id == "MGU"
]


def pair(case, path, rng, **options):
    loop = built(
        case,
        rng,
        features=FEATURES,
        implementation="loop",
        units=UNITS,
        dtype="float64",
    )
    options = {"implementation": path, "dtype": "float64", **options}
    layer = built(case, like=loop, features=FEATURES, units=UNITS, **options)
    return loop, layer, tf.constant(rng.normal(size=(BATCH, TIME, FEATURES)))


def equal_or_refused(function, expected):
    """The numbers of the loop, or one error that says how to get them."""
    found, error = outcome(function)
    if error is not None:
        assert "implementation" in str(error) and "loop" in str(error), repr(error)[
            :500
        ]
        return
    all_close(found, expected, "float64", factor=FACTOR)


def penalty(layer, x, power=1, training=True, of_weights=True):
    """As of a critic: the gradient of the squared slope of a sum of outputs.

    With power 1 the slope of the loss is a constant, with 2 it depends on the output.
    Where only the weights' gradient is asked for, no tape leads through the inputs.
    """
    weights = {w.path.split("/")[-1]: w.value for w in layer.trainable_weights}
    with tf.GradientTape() as outer:
        if not of_weights:
            outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = layer(x, training=training)
            y = tf.reduce_sum(y**2 if power == 2 else y)  # y**1 is no constant slope
        slope = inner.gradient(y, x)
        total = tf.reduce_sum(slope**2)
    sources = weights if of_weights else {"x": x, **weights}
    gradients = outer.gradient(total, sources, unconnected_gradients="zero")
    return {"slope": slope, **gradients}


def assert_is_not_flat(found):
    """The comparison would prove nothing of zeros."""
    assert all(np.abs(value).max() > 0 for value in found.values())


@pytest.mark.parametrize(("case", "path", "place"), WAYS)
def test_gradient_of_a_gradient(case, path, place, rng):
    loop, layer, x = pair(case, path, rng)
    for options in ({"of_weights": True}, {"of_weights": False, "power": 2}):
        expected = penalty(loop, x, **options)
        assert np.abs(expected["kernel"]).max() > 1e-6
        equal_or_refused(
            lambda o=options: at(place, lambda x: penalty(layer, x, **o), x), expected
        )


@pytest.mark.parametrize("place", ["eager", "graph", "keras"])
@pytest.mark.parametrize("case", KINDS[1:2], ids=lambda case: case.id)
@pytest.mark.parametrize("option", ["checkpoint", "truncate", "inference"])
def test_gradient_of_a_gradient_with_options(case, place, option, rng):
    loop, layer, x = pair(case, "auto", rng)
    training = option != "inference"
    if option == "checkpoint":
        _, layer, x = pair(case, "graph", rng, checkpoint=2)
        layer.set_weights(loop.get_weights())
    if option == "truncate":
        loop, layer = (
            built(
                *(case, rng),
                like=layer,
                features=FEATURES,
                units=UNITS,
                truncate=2,
                dtype="float64",
                implementation=path,
            )
            for path in ("loop", "auto")
        )
    expected = penalty(loop, x, training=training)
    equal_or_refused(
        lambda: at(place, lambda x: penalty(layer, x, training=training), x), expected
    )


@pytest.mark.parametrize(("case", "path"), EAGER)
def test_jacobian_and_hessian(case, path, rng):
    loop, layer, x = pair(case, path, rng)

    def jacobian(layer):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        return [tape.jacobian(y, x)]

    def hessian(layer):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(layer(x)[:, 0])
            slope = inner.gradient(y, x)
        return [outer.jacobian(slope, x)]

    expected = jacobian(loop)
    assert_is_not_flat({"jacobian": expected[0]})
    equal_or_refused(lambda: jacobian(layer), expected)
    equal_or_refused(lambda: hessian(layer), hessian(loop))


@pytest.mark.parametrize(("case", "path"), EAGER)
def test_forward_mode(case, path, rng):
    """Jacobian times a vector, with respect to the inputs and to a weight.

    Eagerly: TensorFlow has no forward mode for a loop in a graph.
    """
    loop, layer, x = pair(case, path, rng)
    direction = tf.constant(rng.normal(size=x.shape))

    def products(layer, x):
        with tf.autodiff.ForwardAccumulator(x, direction) as inputs:
            y = layer(x)
        kernel = layer.trainable_weights[0].value
        ones = tf.ones_like(kernel)
        with tf.autodiff.ForwardAccumulator(kernel, ones) as weights:
            z = layer(x)
        return {"inputs": inputs.jvp(y), "weights": weights.jvp(z)}

    with tf.GradientTape() as tape:  # the same without the forward mode
        tape.watch(x)
        y = loop(x)
    jacobian = tape.jacobian(y, x)
    known = tf.einsum("bubtf,btf->bu", jacobian, direction)
    expected = products(loop, x)
    all_close([expected["inputs"]], [known], "float64", factor=FACTOR)
    equal_or_refused(lambda: products(layer, x), expected)


@pytest.mark.parametrize("place", ["eager", "graph"])
@pytest.mark.parametrize("path", ["auto", "graph"])
def test_meta_learning(path, place, rng):
    """A step of gradient descent, differentiated, as MAML does."""
    loop, layer, x = pair(KINDS[1], path, rng)

    def after_a_step(layer, x):
        weights = [w.value for w in layer.trainable_weights]
        with tf.GradientTape() as outer:
            outer.watch(weights)
            with tf.GradientTape() as inner:
                inner.watch(weights)
                loss = tf.reduce_mean(layer(x, training=True) ** 2)
            slopes = inner.gradient(loss, weights)
            total = sum(tf.reduce_sum(s**3) for s in slopes)
        return {str(k): g for k, g in enumerate(outer.gradient(total, weights))}

    expected = after_a_step(loop, x)
    assert_is_not_flat(expected)
    equal_or_refused(lambda: at(place, lambda x: after_a_step(layer, x), x), expected)


# --- Gradients that are not dense, or None


def picked(layer, x, how):
    """Gradients of losses that read some rows, steps or states only."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y, *states = layer(x, training=True)
        loss = {
            "rows": lambda: tf.reduce_sum(tf.gather(states[-1], [1, 0, 1]) ** 2),
            "ops.take": lambda: tf.reduce_sum(
                keras.ops.take(states[0], [1, 1], axis=0) ** 2
            ),
            "steps": lambda: tf.reduce_sum(tf.gather(y, [2, 0, 2], axis=1) ** 2),
            "last state": lambda: tf.reduce_sum(states[-1] ** 2),
            "one and all": lambda: (
                tf.reduce_sum(tf.gather(states[0], [1])) + tf.reduce_sum(states[0] ** 2)
            ),
        }[how]()
    names = ["x", *(w.path.split("/")[-1] for w in layer.trainable_weights)]
    sources = [x, *(w.value for w in layer.trainable_weights)]
    gradients = tape.gradient(loss, sources, unconnected_gradients="zero")
    return dict(zip(names, map(tf.convert_to_tensor, gradients), strict=True))


HOW = ("rows", "ops.take", "steps", "last state", "one and all")


@pytest.mark.parametrize(
    ("case", "path", "place"), [w for w in WAYS if w.values[0].id in FIRST]
)
def test_rows_and_steps_that_are_picked(case, path, place, rng):
    options = {"return_state": True, "return_sequences": True}
    loop, layer = (
        built(
            *(case, rng),
            features=FEATURES,
            units=UNITS,
            dtype="float64",
            implementation=i,
            **options,
        )
        for i in ("loop", path)
    )
    layer.set_weights(loop.get_weights())
    x = tf.constant(rng.normal(size=(BATCH, TIME, FEATURES)))

    def all_of_them(layer, x):
        return {
            f"{how}: {name}": value
            for how in HOW
            for name, value in picked(layer, x, how).items()
        }

    expected = all_of_them(loop, x)
    found = at(place, lambda x: all_of_them(layer, x), x)
    all_close(found, expected, "float64", factor=FACTOR)


@pytest.mark.parametrize("implementation", ["auto", "graph"])
@pytest.mark.parametrize("layer", [zoo.GRU, zoo.MGU])
def test_rows_that_a_model_picks_in_fit(layer, implementation, rng):
    class Picked(keras.Model):
        def __init__(self, recurrent):
            super().__init__()
            self.recurrent, self.dense = recurrent, keras.layers.Dense(1)

        def call(self, x):
            _, state = self.recurrent(x)
            return self.dense(keras.ops.take(state, [1, 0, 3, 2], axis=0))

    x = rng.normal(size=(4, 5, 2)).astype("float32")
    losses = []
    for way in ("loop", implementation):
        keras.utils.set_random_seed(1)
        model = Picked(layer(3, return_state=True, implementation=way))
        model.compile("sgd", "mse")
        history = model.fit(x, np.ones((4, 1)), epochs=3, shuffle=False, verbose=0)
        losses.append(history.history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_the_error_of_a_second_derivative_is_one_sentence_with_a_way_out(rng):
    _, layer, x = pair(KINDS[1], "graph", rng)
    _, error = outcome(penalty, layer, x, of_weights=False)
    if error is not None:
        says(error, "`implementation` must be", "Received", 'implementation="loop"')
