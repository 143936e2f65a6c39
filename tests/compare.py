"""Helpers that compare layers: outputs, states and every gradient."""

import numpy as np
import tensorflow as tf


def assert_close(actual, expected, dtype="float32", what="", factor=1.0):
    """max|a-b| <= factor * 1e-5 max|b| in float32, 1e-10 in float64."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, (what, actual.shape, expected.shape)
    if not expected.size:
        return
    limit = {"float32": factor * 1e-5, "float64": 1e-10}[dtype]
    scale = max(np.abs(expected).max(), 1e-3 if dtype == "float32" else 1e-6)
    worst = np.abs(actual - expected).max()
    assert worst <= limit * scale, f"{what}: max|a-b| = {worst:.3g}, scale {scale:.3g}"


def randomise(layer, rng, scale=0.5):
    """Gives every weight distinct random values."""
    layer.set_weights(
        [rng.normal(scale=scale, size=w.shape) for w in layer.get_weights()]
    )


def run(*args, **kwargs):
    """As `tensors`, in arrays."""
    return {name: np.asarray(value) for name, value in tensors(*args, **kwargs).items()}


def tensors(layer, inputs, states, mask=None, training=False, seed=0, shapes=None):
    """Returns `{name: tensor}` of outputs, states and gradients of a random loss.

    `layer` must return its states. The gradients are with respect to the inputs, the
    initial states and the trainable weights. `shapes` are those of the results, where
    a graph does not know them.
    """
    inputs = tf.convert_to_tensor(inputs)
    states = [tf.constant(state) for state in states]
    with tf.GradientTape() as tape:
        tape.watch([inputs, *states])
        results = layer(inputs, initial_state=states, mask=mask, training=training)
        rng = np.random.default_rng(seed)
        loss = sum(
            tf.reduce_sum(r * tf.constant(rng.normal(size=shape), r.dtype))
            for r, shape in zip(
                results, shapes or [r.shape for r in results], strict=True
            )
        )
    weights = [w.value for w in layer.trainable_weights]
    gradients = tape.gradient(
        loss, [inputs, *states, *weights], unconnected_gradients="zero"
    )
    names = ["output"] + [f"state {k}" for k in range(len(results) - 1)]
    names += ["d inputs"] + [f"d state {k}" for k in range(len(states))]
    names += [f"d {w.name}" for w in layer.trainable_weights]
    return dict(zip(names, [*results, *gradients], strict=True))


def assert_same(actual, expected, dtype="float32", factor=1.0):
    assert list(actual) == list(expected)
    for name in expected:
        assert_close(actual[name], expected[name], dtype, name, factor)
