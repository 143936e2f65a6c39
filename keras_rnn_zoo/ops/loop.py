"""The plain loop over time, differentiated automatically: the readable reference.

Keras has the same loop; this one can also stop the gradient every so many steps.
"""

import tensorflow as tf


def loop(step, x, states, *, mask=None, truncate=None):
    """Carries `step` over a sequence.

    Args:
        step: `step(x, states)` returns `(output, states)`, all `(batch, size)`.
        x: `(time, batch, size)`.
        states: list of `(batch, size)` tensors.
        mask: bool `(time, batch, 1)`, or None. At False the states are kept, and the
            output before is repeated, which is zero before the first step.
        truncate: int k, or None. No gradient flows from step nk to the step before it,
            n = 1, 2, …; the states flow on.

    Returns:
        `(outputs, states)`: `(time, batch, size)`, and the list of last states.
    """
    time = tf.shape(x)[0]
    shape, _ = step(x[0], states)  # only its shape is used
    outputs = tf.TensorArray(shape.dtype, time, element_shape=shape.shape)

    def body(t, output, states, outputs):
        if truncate:
            stop = (t > 0) & (t % truncate == 0)
            output, *states = [
                tf.where(stop, tf.stop_gradient(v), v) for v in [output, *states]
            ]
        new_output, new = step(x[t], states)
        if mask is not None:
            new_output = tf.where(mask[t], new_output, output)
            new = [
                tf.where(mask[t], n, old) for n, old in zip(new, states, strict=True)
            ]
        return t + 1, new_output, list(new), outputs.write(t, new_output)

    _, _, states, outputs = tf.while_loop(
        lambda t, *_: t < time,
        body,
        (tf.constant(0), tf.zeros_like(shape), list(states), outputs),
        maximum_iterations=time,
    )
    return outputs.stack(), states
