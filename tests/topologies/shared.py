"""What the tests of the three topologies share."""

import keras
import numpy as np
import tensorflow as tf

LENGTHS = (5, 2, 4)


def tokens_of(rng, vocabulary_size, time, lengths=LENGTHS, classes=4):
    """Right-padded random tokens and, at their steps, classes; padding is 0."""
    x = np.zeros((len(lengths), time), "int32")
    y = np.zeros_like(x)
    for row, length in enumerate(lengths):
        x[row, :length] = rng.integers(1, vocabulary_size, length)
        y[row, :length] = rng.integers(0, classes, length)
    return x, y


def padded(array, count, value=0):
    """Appends `count` steps that hold `value`."""
    widths = [(0, 0), (0, count)] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, widths, constant_values=value)


def train_values(model, x, y, inputs=None):
    """The loss and the gradients that `fit` would use, as arrays."""
    with tf.GradientTape() as tape:
        outputs = model(x if inputs is None else inputs, training=True)
        loss = model.compute_loss(x=x, y=tf.constant(y), y_pred=outputs)
    weights = [w.value for w in model.trainable_weights]
    return float(loss), [
        np.asarray(tf.convert_to_tensor(g)) for g in tape.gradient(loss, weights)
    ]


def finite_differences(loss, weights, step=1e-6):
    """The gradients of `loss()` with respect to arrays it reads, in place."""
    result = []
    for weight in weights:
        gradient = np.zeros_like(weight)
        for index in np.ndindex(weight.shape):
            kept = weight[index]
            weight[index] = kept + step
            above = loss()
            weight[index] = kept - step
            gradient[index] = (above - loss()) / (2 * step)
            weight[index] = kept
        result.append(gradient)
    return result


def compiled(model, reduction="sum_over_batch_size", optimizer="adam", **options):
    model.compile(
        optimizer,
        keras.losses.SparseCategoricalCrossentropy(reduction=reduction),
        weighted_metrics=[],
        metrics=["accuracy"],
        **options,
    )
    return model


SERVED = """
import json, sys
import numpy as np
sys.modules["keras"] = None
sys.modules["keras_rnn_zoo"] = None
import tensorflow as tf
for path in json.loads(sys.argv[1]):
    served = tf.saved_model.load(path + "/model")
    inputs = np.load(path + "/inputs.npz")
    np.savez(path + "/served.npz", **{k: served.serve(inputs[k]) for k in inputs})
"""
