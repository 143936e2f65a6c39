"""From a recurrent layer to the loops of `keras_rnn_zoo.ops`, and which of them."""

import inspect

import keras
import tensorflow as tf
from keras import ops, tree

from keras_rnn_zoo.ops import bptt
from keras_rnn_zoo.ops.loop import loop

IMPLEMENTATIONS = ("auto", "loop", "graph", "xla", 1, 2)


def takes_engine(cell):
    """Whether a cell declares its terms, as a `GatedCell` does."""
    return hasattr(cell, "staged") and hasattr(cell, "input_terms")


def choose(layer, training):
    """The path of one call of `layer`: "loop", "graph" or "xla".

    Inference takes the loop: it has nothing to keep for a way back, and an exported
    model must hold neither a compiled function nor a gradient.
    """
    wanted = layer.implementation
    if (
        wanted in ("loop", 1, 2)
        or keras.config.backend() != "tensorflow"
        or not takes_engine(layer.cell)
    ):
        return "loop"
    if wanted != "auto":
        return wanted
    if training is not True or tf.executing_eagerly():
        return "loop"
    return "graph"


def run(path, layer, sequences, states, mask, training):
    """Carries `layer.cell` through `(batch, time, features)`.

    Args:
        path: "graph" or "xla".
        layer: an `RNN` whose cell declares its terms, inside `masks_for_one_call`.
        sequences: `(batch, time, features)`.
        states: list of `(batch, size)` tensors.
        mask: bool `(batch, time)`, or None.
        training: bool.

    Returns:
        `(last_output, outputs, states)` as `keras.layers.RNN.inner_loop` does.
    """
    cell = layer.cell
    masks = cell._masks if training else (None, None)
    present = [m for m in masks if m is not None]
    of_step = [tf.convert_to_tensor(w.value) for w in cell.step_weights()]
    names = [w.name for w in cell.step_weights()]

    def masks_from(constants):
        given = iter(constants)
        return tuple(None if m is None else next(given) for m in masks)

    def one_step(x, states, weights, constants, product):
        values = dict(zip(names, weights, strict=False))
        with cell.staged(product, values, masks_from(constants)[1]):
            return cell(x[0], states, training=training)

    options = {
        "mask": None if mask is None else time_major(ops.cast(mask, "bool"))[..., None],
        "backwards": layer.go_backwards,
        "truncate": layer.truncate,
        "compiled": path == "xla",
    }
    step = bptt.Step(one_step, training)
    steps = time_major(sequences)
    if layer.checkpoint is None:
        terms = cell.input_terms(steps, training)
        outputs, states = bptt.bptt(step, [terms], states, of_step, present, **options)
    else:
        of_input = [w for w in cell.weights if w.name in cell.input_weights]
        all_weights = of_step + [tf.convert_to_tensor(w.value) for w in of_input]

        def project(x, weights, constants):
            pairs = list(zip(of_input, weights[len(names) :], strict=True))
            with (
                keras.StatelessScope(state_mapping=pairs),
                cell.given_masks(masks_from(constants)),
            ):
                return [cell.input_terms(x[0], training)]

        outputs, states = bptt.checkpointed_bptt(
            step,
            project,
            [steps],
            states,
            all_weights,
            present,
            every=layer.checkpoint,
            **options,
        )
    return _results(layer, outputs, states, options["mask"])


def truncated_loop(layer, sequences, states, mask, training):
    """The plain loop that stops the gradient every `layer.truncate` steps."""
    if mask is not None:
        mask = time_major(ops.cast(mask, "bool"))[..., None]
    steps, order = time_major(sequences), mask
    if layer.go_backwards:
        steps, order = steps[::-1], mask if mask is None else mask[::-1]
    outputs, states = loop(
        step_function(layer.cell, training),
        steps,
        list(states),
        mask=order,
        truncate=layer.truncate,
    )
    return _results(layer, outputs, states, mask)


def _results(layer, outputs, states, mask):
    if mask is not None and layer.zero_output_for_mask:
        order = mask[::-1] if layer.go_backwards else mask
        outputs = tf.where(order, outputs, tf.zeros_like(outputs))
    last = outputs[-1]
    if not layer.return_sequences:
        return last, last[:, None], states
    return last, time_major(outputs), states


def time_major(x):
    """Exchanges the first two axes."""
    return ops.transpose(x, (1, 0, *range(2, len(x.shape))))


def step_function(cell, training):
    """`step(inputs, states)` of any cell, with `training` if it takes that."""
    takes_training = isinstance(cell, keras.Layer) and (
        "training" in inspect.signature(cell.call).parameters
    )
    options = {"training": training} if takes_training else {}

    def step(inputs, states):
        output, new_states = cell(inputs, states, **options)
        if not tree.is_nested(new_states):
            new_states = [new_states]
        return output, list(new_states)

    return step
