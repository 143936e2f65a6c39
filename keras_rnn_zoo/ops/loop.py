"""The plain loop over time, differentiated automatically: the readable reference."""

import keras
import tensorflow as tf
from keras import ops


def loop(
    step,
    x,
    states,
    *,
    output_size,
    mask=None,
    backwards=False,
    truncate=None,
    unroll=False,
    zero_output_for_mask=False,
):
    """Carries `step` over a sequence.

        (y_t, s_t) = step(x_t, s_{t-1})

    Args:
        step: `step(x, states)` returns `(output, states)`, all `(batch, size)`.
        x: list of `(time, batch, size)` tensors.
        states: list of `(batch, size)` tensors, s_0.
        output_size: int. Width of the output.
        mask: bool `(time, batch, 1)`, or None. At False the states are kept, and the
            output before is repeated, which is zero before the first step.
        backwards: bool. From the last step to the first; outputs in that order.
        truncate: int k, or None. No gradient flows from step nk to the step before it,
            n = 1, 2, …; the states flow on.
        unroll: bool. One copy of the step for each step; `time` must be known.
        zero_output_for_mask: bool. The output at a masked step is zero instead.

    Returns:
        `(last output, outputs, states)`: `(batch, size)`, `(time, batch, size)`, and
        the list of last states.
    """
    states = list(states)
    given = [*x] if mask is None else [*x, mask]
    if backwards:
        given = [ops.flip(tensor, axis=0) for tensor in given]

    def masked_step(t, given, carried):
        *x_t, keep = given if mask is not None else [*given, None]
        if truncate:
            stop = ops.logical_and(t > 0, t % truncate == 0)
            carried = [ops.where(stop, ops.stop_gradient(v), v) for v in carried]
        output, *states = carried
        new_output, new = step(x_t, states)
        if keep is not None:
            before = ops.zeros_like(output) if zero_output_for_mask else output
            new_output = ops.where(keep, new_output, before)
            new = [ops.where(keep, n, old) for n, old in zip(new, states, strict=True)]
        return new_output, [new_output, *new]

    rows = states[0].shape[0]
    rows = ops.shape(states[0])[0] if rows is None else rows
    first = ops.zeros((rows, output_size), dtype=states[0].dtype)
    carry = unrolled if unroll else in_loop
    outputs, (last, *states) = carry(masked_step, given, [first, *states], output_size)
    return last, outputs, states


def in_loop(step, x, states, output_size):
    """The loop itself: `step(t, x, states)` returns `(output, states)`.

    Args:
        step: callable, for t = 0, 1, …
        x: list of `(time, …)` tensors.
        states: list of tensors, which keep their shapes.
        output_size: int. The output is `(batch, output_size)`.

    Returns:
        `(outputs, states)`: `(time, batch, output_size)`, and the last states.
    """
    if keras.config.backend() != "tensorflow":

        def scanned(carried, x):
            t, *states = carried
            output, new = step(t, x, states)
            return [t + 1, *new], output

        zero = ops.zeros((), dtype="int32")
        (_, *states), outputs = ops.scan(scanned, [zero, *states], x)
        return outputs, states
    time = x[0].shape[0]
    time = tf.shape(x[0])[0] if time is None else time
    arrays = [
        tf.TensorArray(t.dtype, time, element_shape=t.shape[1:]).unstack(t) for t in x
    ]
    shape = (states[0].shape[0], output_size)
    outputs = tf.TensorArray(states[0].dtype, time, element_shape=shape)

    def body(t, states, outputs):
        output, new = step(t, [a.read(t) for a in arrays], states)
        # The rows of a mask or an input may be known where those of a state are not.
        new = [tf.ensure_shape(n, s.shape) for n, s in zip(new, states, strict=True)]
        return t + 1, new, outputs.write(t, tf.ensure_shape(output, shape))

    _, states, outputs = tf.while_loop(
        lambda t, *_: t < time,
        body,
        (tf.constant(0), list(states), outputs),
        maximum_iterations=time,
    )
    return outputs.stack(), list(states)


def unrolled(step, x, states, output_size):
    """As `in_loop`, with one copy of the step for each step; `time` must be known."""
    outputs = []
    for t in range(x[0].shape[0]):
        output, states = step(t, [tensor[t] for tensor in x], states)
        outputs.append(output)
    if not outputs:
        return ops.zeros((0, *states[0].shape), dtype=states[0].dtype), states
    return ops.stack(outputs), states


def in_place(linear, a, plus=None):
    """`linear(a) + plus`, where and when a step asks for it."""
    # Not `ops.add`, which takes two tensors of no rows for one and its bias.
    return linear(a) if plus is None else plus + linear(a)
