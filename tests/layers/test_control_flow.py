"""Layers inside TensorFlow's own control flow: the same answers and gradients."""

import numpy as np
import pytest
import tensorflow as tf

from tests.cases import CASES
from tests.compare import assert_close, randomise

# One of each kind: weights in products alone, beside them, inside the step; matrices.
NAMES = (
    "SimpleRNN",
    "GRU",
    "LSTM",
    "PeepholeLSTM",
    "LayerNormLSTM",
    "IndRNN",
    "DeltaNet",
)
TABLE = {case.id: case for case in CASES}
MASK = np.array([[1, 1, 1, 1, 1], [0, 1, 0, 1, 1], [1, 1, 0, 0, 0]], bool)


def plain(yes, layer, x, mask):
    return layer(layer(x, mask=mask, training=True), mask=mask, training=True)


def in_cond(yes, layer, x, mask):
    def once(x):
        return layer(x, mask=mask, training=True)

    x = tf.cond(yes, lambda: once(x), lambda: 2.0 * once(x))
    return tf.cond(yes & tf.reduce_any(x > 0), lambda: once(x), lambda: x)


def in_case(yes, layer, x, mask):
    def twice():
        return plain(yes, layer, x, mask)

    return tf.switch_case(tf.cast(yes, "int32"), [lambda: x, twice, lambda: 2.0 * x])


def in_loop(yes, layer, x, mask):
    def once(i, x):
        x.set_shape([None, None, 4])
        return i + 1, tf.ensure_shape(
            layer(x, mask=mask, training=True), [None, None, 4]
        )

    return tf.while_loop(lambda i, _: i < 2, once, (0, x))[1]


def answers(case, where, path, mask, weights, x, **options):
    """The output, and the gradients of the input and all weights, from a graph."""
    layer = case.make_layer(
        units=4, implementation=path, return_sequences=True, **options
    )
    layer.build((None, None, 4))
    layer.set_weights(weights)

    @tf.function(
        input_signature=[
            tf.TensorSpec((), "bool"),
            tf.TensorSpec((None, None, 4)),
            tf.TensorSpec((None, None), "bool"),
        ]
    )
    def run(yes, x, there):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = where(yes, layer, x, there if mask else None)
            n = tf.cast(tf.range(tf.size(y)), y.dtype)
            loss = tf.reduce_sum(y * tf.reshape(tf.cos(n), tf.shape(y)))
        return y, tape.gradient(loss, [x, *(w.value for w in layer.trainable_weights)])

    y, gradients = run(tf.constant(True), tf.constant(x), tf.constant(MASK))
    assert all(gradient is not None for gradient in gradients)
    return [y, *gradients], [w.path for w in layer.trainable_weights]


@pytest.fixture(scope="module")
def expected():
    """What the loop says, where no control flow is around it."""
    known = {}

    def of(case, mask):
        if (case.id, mask) not in known:
            rng = np.random.default_rng(5)
            layer = case.make_layer(units=4)
            layer.build((None, None, 4))
            randomise(layer, rng)
            weights, x = layer.get_weights(), rng.normal(size=(3, 5, 4))
            x = x.astype("float32")
            given = answers(case, plain, "loop", mask, weights, x)
            known[case.id, mask] = weights, x, given
        return known[case.id, mask]

    return of


def compare(case, where, path, mask, expected, **options):
    weights, x, (target, names) = expected(case, mask)
    found, _ = answers(case, where, path, mask, weights, x, **options)
    for name, one, other in zip(["y", "x", *names], found, target, strict=True):
        assert_close(one, other, what=name, factor=5)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_the_loop(name, expected):
    compare(TABLE[name], in_cond, "graph", True, expected)


@pytest.mark.parametrize("where", [in_cond, in_case, in_loop])
@pytest.mark.parametrize(
    ("path", "options"),
    [("native", {}), ("graph", {}), ("graph", {"checkpoint": 2})],
    ids=["native", "graph", "checkpoint"],
)
def test_any_control_flow(path, options, where, expected):
    compare(TABLE["GRU"], where, path, True, expected, **options)


@pytest.mark.parametrize("path", ["hoisted", "xla", "auto"])
def test_other_paths_without_a_mask(path, expected):
    compare(TABLE["GRU"], in_cond, path, False, expected)
