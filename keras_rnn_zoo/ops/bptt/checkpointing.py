"""`bptt` that keeps few states, and computes the others again."""

import tensorflow as tf

from keras_rnn_zoo.ops.bptt.recursion import of_shapes, write
from keras_rnn_zoo.ops.bptt.sequence import Sequence, reversed_steps
from keras_rnn_zoo.ops.derivatives import with_reference


def checkpointed_bptt(
    step,
    project,
    x,
    states,
    weights,
    constants=(),
    *,
    every,
    last_only=False,
    mask=None,
    backwards=False,
    truncate=None,
    compiled=False,
):
    """`bptt` that keeps the states of every `every`-th step only.

    The sequence is cut into segments. The way forward keeps the states at their
    starts; the way back computes one segment after the other again, the last one
    first, and runs `bptt` on it. That costs one more pass forward, and memory for one
    segment (and for inputs and outputs) instead of the whole sequence.

    Args:
        step: as in `bptt`.
        project: `project(x, weights, constants)` turns a list of inputs into what the
            step reads; it is computed segment by segment as well.
        x: list of `(time, batch, size)` tensors: the inputs.
        states: as in `bptt`.
        weights: list of tensors that `project` and the step read.
        constants: as in `bptt`.
        every: int. Steps in a segment; about the square root of `time` needs least.
        last_only: bool. Returns, and keeps, no output but that of the last step.
        mask: as in `bptt`.
        backwards: as in `bptt`.
        truncate: as in `bptt`.
        compiled: as in `bptt`.

    Returns:
        As `bptt`.
    """
    x, states, weights = list(x), list(states), list(weights)
    constants = list(constants)
    time = tf.shape(x[0])[0]
    masks = [] if mask is None else [mask]
    if backwards:
        x, masks = [[reversed_steps(t, time) for t in list_] for list_ in (x, masks)]
    first_terms = project([t[:1] for t in x], weights, constants)
    sequence = Sequence(
        step,
        first_terms,
        states,
        weights,
        constants,
        mask is not None,
        truncate,
        compiled,
    )
    segments = _Segments(sequence, project, constants, masks, every, last_only)
    known = x, sequence.extend(states), weights
    others = constants, masks

    def forward(args, _):
        return segments.forward(*tf.nest.pack_sequence_as(known, args))

    def reference(args, rest):
        given = tf.nest.pack_sequence_as(known, args)
        return segments.plain(*given, *tf.nest.pack_sequence_as(others, rest))

    args, rest = tf.nest.flatten(known), tf.nest.flatten(others)
    again = not compiled
    outputs, *states = with_reference(forward, reference, args, rest, again)
    if last_only:
        masks = [tf.reduce_any(m, axis=0, keepdims=True) for m in masks]
    return sequence.settle(outputs, states, masks)


class _Segments:
    """A sequence cut into segments of `every` steps, the last one shorter."""

    def __init__(self, sequence, project, constants, masks, every, last_only):
        self.sequence = sequence
        self.project = project
        self.constants = constants
        self.masks = masks
        self.every = every
        self.last_only = last_only

    def count(self, x):
        return -(-tf.shape(x[0])[0] // self.every)

    def cut(self, tensors, number):
        """The steps of a segment."""
        return [t[number * self.every : (number + 1) * self.every] for t in tensors]

    def run(self, number, x, states, weights):
        """`(outputs, last states)` of a segment, of its inputs and first states."""
        terms = self.project(x, weights, self.constants)
        masks = self.cut(self.masks, number)
        place = number * self.every
        return self.sequence.run(
            None, place, terms, states, weights, self.constants, masks
        )

    def forward(self, x, states, weights):
        """The outputs and last states, and the function of the way back."""
        count = self.count(x)

        def one(number, states, starts, outputs):
            starts = write(starts, number, states)
            piece, new = self.run(number, self.cut(x, number), states, weights)
            if self.last_only:
                outputs = tf.ensure_shape(piece[-1:], outputs.shape)
            else:
                outputs = outputs.write(number, piece)
            return number + 1, of_shapes(new, states), starts, outputs

        batch = tf.shape(states[0])[0]
        outputs = tf.zeros((1, batch, self.sequence.form.output), states[0].dtype)
        if not self.last_only:
            outputs = _array(outputs, count)
        _, last, starts, outputs = tf.while_loop(
            lambda number, *_: number < count,
            one,
            (0, states, [_array(s, count) for s in states], outputs),
            maximum_iterations=count,
        )

        def backward(deltas):
            return self.backward(x, starts, weights, *deltas)

        return [outputs if self.last_only else outputs.concat(), *last], backward

    def backward(self, x, starts, weights, delta_outputs, *delta_states):
        """The gradients of inputs, first states and weights, from those of the answer.

        Args:
            x: the inputs.
            starts: arrays of the states at the starts of the segments.
            weights: the weights.
            delta_outputs: the gradient of the outputs.
            *delta_states: those of the last states.
        """
        count = self.count(x)

        def one(number, delta_states, delta_weights, delta_x):
            x_s, s_s = self.cut(x, number), [a.read(number) for a in starts]
            with tf.GradientTape() as tape:
                tape.watch([x_s, s_s, weights])
                piece, ends = self.run(number, x_s, s_s, weights)
            delta_piece = self._of_piece(delta_outputs, piece, number, count)
            delta = tape.gradient(
                [piece, *ends],
                [x_s, s_s, weights],
                [delta_piece, *delta_states],
                unconnected_gradients="zero",
            )
            delta_weights = [
                a + b for a, b in zip(delta_weights, delta[2], strict=True)
            ]
            return (
                number - 1,
                of_shapes(delta[1], delta_states),
                delta_weights,
                write(delta_x, number, delta[0]),
            )

        zeros = [tf.zeros_like(w) for w in weights]
        _, delta_states, delta_weights, delta_x = tf.while_loop(
            lambda number, *_: number >= 0,
            one,
            (count - 1, list(delta_states), zeros, [_array(t, count) for t in x]),
            maximum_iterations=count,
            parallel_iterations=1,  # or several segments are computed at once
        )
        return [*(a.concat() for a in delta_x), *delta_states, *delta_weights]

    def _of_piece(self, delta_outputs, piece, number, count):
        """What of the gradient of the outputs belongs to those of a segment."""
        if not self.last_only:
            return self.cut([delta_outputs], number)[0]
        is_last = tf.cast(number == count - 1, piece.dtype)
        before = tf.zeros_like(piece[1:])
        return tf.concat([before, is_last * delta_outputs], 0)

    def plain(self, x, states, weights, constants, masks):
        """As `forward`, by the loop that TensorFlow differentiates."""
        terms = self.project(x, weights, constants)
        outputs, *last = self.sequence.plain(
            None, 0, terms, states, weights, constants, masks
        )
        return [outputs[-1:] if self.last_only else outputs, *last]


def _array(tensor, count):
    """Room for as many tensors as `count`, the first axis of any length."""
    return tf.TensorArray(
        tensor.dtype,
        count,
        element_shape=[None, *tensor.shape[1:]],
        infer_shape=False,
        clear_after_read=False,
    )
