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
    few = [t[:1] for t in x]
    sequence = Sequence(
        step,
        project(few, weights, constants),
        states,
        weights,
        constants,
        mask is not None,
        truncate,
        compiled,
    )

    def count_of(x):
        return -(-tf.shape(x[0])[0] // every)

    def segment(number, x, states, weights):
        place = number * every
        part = [t[place : place + every] for t in masks]
        terms = project(x, weights, constants)
        return sequence.run(None, place, terms, states, weights, constants, part)

    def cut(tensors, number):
        return [t[number * every : (number + 1) * every] for t in tensors]

    def array(tensor, count):
        return tf.TensorArray(
            tensor.dtype,
            count,
            element_shape=[None, *tensor.shape[1:]],
            infer_shape=False,
            clear_after_read=False,
        )

    known = x, sequence.extend(states), weights

    def forward(args, _):
        x, states, weights = tf.nest.pack_sequence_as(known, args)
        batch = tf.shape(states[0])[0]
        like = tf.zeros((1, batch, sequence.form.output), states[0].dtype)
        count = count_of(x)

        def one_segment(number, states, starts, outputs):
            starts = write(starts, number, states)
            piece, new = segment(number, cut(x, number), states, weights)
            if last_only:
                outputs = tf.ensure_shape(piece[-1:], outputs.shape)
            else:
                outputs = outputs.write(number, piece)
            return number + 1, of_shapes(new, states), starts, outputs

        _, last, starts, outputs = tf.while_loop(
            lambda number, *_: number < count,
            one_segment,
            (
                0,
                states,
                [array(s, count) for s in states],
                like if last_only else array(like, count),
            ),
            maximum_iterations=count,
        )

        def backward(deltas):
            delta_outputs, *delta_states = deltas
            count = count_of(x)

            def one_segment(number, delta_states, delta_weights, delta_x):
                x_s, s_s = cut(x, number), [a.read(number) for a in starts]
                with tf.GradientTape() as tape:
                    tape.watch([x_s, s_s, weights])
                    piece, ends = segment(number, x_s, s_s, weights)
                if last_only:
                    is_last = tf.cast(number == count - 1, piece.dtype)
                    before = tf.zeros_like(piece[1:])
                    delta_piece = tf.concat([before, is_last * delta_outputs], 0)
                else:
                    [delta_piece] = cut([delta_outputs], number)
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
                one_segment,
                (count - 1, list(delta_states), zeros, [array(t, count) for t in x]),
                maximum_iterations=count,
                parallel_iterations=1,  # or several segments are computed at once
            )
            return [*(a.concat() for a in delta_x), *delta_states, *delta_weights]

        return [outputs if last_only else outputs.concat(), *last], backward

    others = constants, masks

    def reference(args, rest):
        x, states, weights = tf.nest.pack_sequence_as(known, args)
        constants, masks = tf.nest.pack_sequence_as(others, rest)
        terms = project(x, weights, constants)
        outputs, *last = sequence.plain(
            None, 0, terms, states, weights, constants, masks
        )
        return [outputs[-1:] if last_only else outputs, *last]

    args, rest = tf.nest.flatten(known), tf.nest.flatten(others)
    again = not compiled
    outputs, *states = with_reference(forward, reference, args, rest, again)
    if last_only:
        any_step = [tf.reduce_any(m, axis=0, keepdims=True) for m in masks]
        return sequence.settle(outputs, states, any_step)
    return sequence.settle(outputs, states, masks)
