"""What cuDNN's op computes, where there is no GPU: for the ways to and from it."""

import tensorflow as tf

BLOCKS = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}


def unpacked(mode, vector, features, units):
    """W's, U's and both biases, by block, of cuDNN's own vector of weights."""
    count = BLOCKS[mode]
    sizes = [units * features] * count + [units * units] * count + [units] * 2 * count
    parts = tf.split(vector, sizes)
    w = [tf.reshape(part, (units, features)) for part in parts[:count]]
    r = [tf.reshape(part, (units, units)) for part in parts[count : 2 * count]]
    return w, r, parts[2 * count : 3 * count], parts[3 * count :]


def one_step(mode, w, r, b_w, b_r, x, h, c):
    """As NVIDIA's manual of `cudnnRNNMode_t` has it."""
    of_x = [tf.matmul(x, m, transpose_b=True) + b for m, b in zip(w, b_w, strict=True)]
    of_h = [tf.matmul(h, m, transpose_b=True) + b for m, b in zip(r, b_r, strict=True)]
    if mode == "gru":
        reset, update = (tf.sigmoid(of_x[k] + of_h[k]) for k in (0, 1))
        new = tf.tanh(of_x[2] + reset * of_h[2])
        return (1 - update) * new + update * h, c
    a = [p + q for p, q in zip(of_x, of_h, strict=True)]
    if mode == "lstm":
        c = tf.sigmoid(a[1]) * c + tf.sigmoid(a[0]) * tf.tanh(a[2])
        return tf.sigmoid(a[3]) * tf.tanh(c), c
    return (tf.tanh(a[0]) if mode == "rnn_tanh" else tf.nn.relu(a[0])), c


class CudnnRNNV3:
    """In the place of `tf.raw_ops.CudnnRNNV3`, with what that does not do refused.

    Padded steps hold no numbers, no rows are an error, and there is no gradient without
    `is_training`. Like the op, it keeps how it described the first sequences of a shape
    to cuDNN: as padded or not. What is not described as padded, and is, fails. In a
    graph each node has its own memory for that; eager calls of one kind share one.
    """

    def __init__(self):
        self.described_as_padded = {}

    def __call__(
        self,
        *,
        input,
        input_h,
        input_c,
        params,
        sequence_lengths,
        rnn_mode,
        is_training,
        time_major,
        **_,
    ):
        eager = tf.executing_eagerly()
        described_as_padded = self.described_as_padded if eager else {}

        def check(shape, lengths):
            key = rnn_mode, is_training, time_major, *shape
            steps, rows = shape[:2] if time_major else shape[1::-1]
            padded = bool((lengths < steps).any())
            described = described_as_padded.setdefault(key, padded or not time_major)
            if not rows or padded > described or not (lengths > 0).all():
                raise RuntimeError("Failed to call DoRnnForward")
            return True

        shape = tf.shape(input)
        if eager:
            check(tuple(shape.numpy()), sequence_lengths.numpy())
            checked = []
        else:
            checked = [
                tf.numpy_function(
                    lambda shape, lengths: check(tuple(shape), lengths),
                    [shape, sequence_lengths],
                    "bool",
                )
            ]
        with tf.control_dependencies(checked):
            x = tf.identity(input)
        layers = 0 if time_major else 1
        h, c = (tf.squeeze(state, layers) for state in (input_h, input_c))
        if not time_major:
            x = tf.transpose(x, [1, 0, 2])
        weights = unpacked(rnn_mode, params, x.shape[-1], h.shape[-1])
        outputs = tf.TensorArray(x.dtype, tf.shape(x)[0], element_shape=h.shape)

        def step(t, h, c, outputs):
            on = (t < sequence_lengths)[:, None]
            new_h, new_c = one_step(rnn_mode, *weights, x[t], h, c)
            outputs = outputs.write(t, tf.where(on, new_h, float("nan")))
            return t + 1, tf.where(on, new_h, h), tf.where(on, new_c, c), outputs

        start = (0, h, c, outputs)
        _, h, c, outputs = tf.while_loop(lambda t, *_: t < tf.shape(x)[0], step, start)
        outputs = outputs.stack()
        if not time_major:
            outputs = tf.transpose(outputs, [1, 0, 2])
        h, c = (tf.expand_dims(state, layers) for state in (h, c))
        if not is_training:
            outputs, h, c = map(_without_gradient, (outputs, h, c))
        return outputs, h, c, None, None


@tf.custom_gradient
def _without_gradient(tensor):
    def gradient(_):
        raise ValueError("is_training must be True for a gradient")

    return tf.identity(tensor), gradient
