"""From a recurrent layer to the loops of `keras_rnn_zoo.ops` and back."""

import tensorflow as tf
from keras import ops

from keras_rnn_zoo.ops import bptt


def run(layer, sequences, states, mask, training):
    """Carries `layer.cell` through `(batch, time, features)`.

    Args:
        layer: an `RNN` whose cell is a `GatedCell`, inside of `masks_for_one_call`.
        sequences: `(batch, time, features)`.
        states: list of `(batch, size)` tensors.
        mask: bool `(batch, time)`, or None.
        training: bool.

    Returns:
        `(last_output, outputs, states)` as `keras.layers.RNN.inner_loop` does.
    """
    cell, states = layer.cell, list(states)
    terms = cell.input_terms(ops.transpose(sequences, (1, 0, 2)), training)
    recurrent_mask = cell._masks[1] if training else None
    constants = [] if recurrent_mask is None else [recurrent_mask]
    names = [w.name for w in cell.step_weights()]

    def one_step(x, states, weights, constants, product):
        recurrent = constants[0] if constants else None
        with cell.staged(product, dict(zip(names, weights, strict=True)), recurrent):
            return cell(x[0], states, training=training)

    if mask is not None:
        mask = tf.transpose(ops.cast(mask, "bool"))[..., None]
    outputs, states = bptt.bptt(
        bptt.Step(one_step, training),
        [terms],
        states,
        [tf.convert_to_tensor(w.value) for w in cell.step_weights()],
        constants,
        mask=mask,
        backwards=layer.go_backwards,
        compiled=layer.implementation == "xla",
    )
    if mask is not None and layer.zero_output_for_mask:
        order = mask[::-1] if layer.go_backwards else mask
        outputs = tf.where(order, outputs, tf.zeros_like(outputs))
    last = outputs[-1]
    if not layer.return_sequences:
        return last, last[:, None], states
    return last, ops.transpose(outputs, (1, 0, 2)), states
