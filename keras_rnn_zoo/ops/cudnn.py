"""NVIDIA's cuDNN kernels for SimpleRNN, LSTM and GRU, in TensorFlow's op for them.

cuDNN has sequences of different length, but no other masks; every row needs at least
one step. Where `takes(mask)` is not true, another path must be taken.
"""

import tensorflow as tf

# cuDNN's name of a kernel, and its order of the blocks that Keras has.
ORDERS = {
    "rnn_tanh": (0,),
    "rnn_relu": (0,),
    "lstm": (0, 1, 2, 3),
    "gru": (1, 0, 2),  # cuDNN resets first
}
DTYPES = ("float16", "float32", "float64")


def takes(mask):
    """A bool scalar: whether every row is padded on the right, after at least a step.

    Args:
        mask: bool `(batch, time)`.
    """
    mask = tf.cast(mask, tf.int32)
    return tf.reduce_all(mask[:, 1:] <= mask[:, :-1]) & tf.reduce_all(mask[:, :1] == 1)


def parameters(cell, kernel, recurrent_kernel, bias):
    """All weights as cuDNN has them: one vector, W's then U's then both biases.

    Each W and each U is transposed. cuDNN adds a bias to x W and one to h U; only the
    GRU that resets after the product has a use for the second.

    Args:
        cell: a name in `ORDERS`.
        kernel: `(features, blocks * units)`.
        recurrent_kernel: `(units, blocks * units)`.
        bias: `(blocks * units,)`, for "gru" `(2, blocks * units)`, or None.
    """
    order = ORDERS[cell]

    def blocks(weights):
        parts = tf.split(weights, len(order), axis=-1)
        return [parts[place] for place in order]

    if bias is None:
        bias = tf.zeros((2, recurrent_kernel.shape[-1]), kernel.dtype)
    elif len(bias.shape) == 1:
        bias = tf.stack([bias, tf.zeros_like(bias)])
    matrices = [*blocks(kernel), *blocks(recurrent_kernel)]
    vectors = [*blocks(bias[0]), *blocks(bias[1])]
    return tf.concat(
        [tf.reshape(tf.transpose(m), [-1]) for m in matrices] + vectors, axis=0
    )


def rnn(
    cell,
    sequences,
    initial_states,
    kernel,
    recurrent_kernel,
    bias,
    *,
    mask=None,
    go_backwards=False,
    zero_output_for_mask=False,
):
    """Runs a recurrent cell over sequences, as `keras.layers.RNN.inner_loop` would.

    Args:
        cell: a name in `ORDERS`.
        sequences: `(batch, time, features)`, one of `DTYPES`.
        initial_states: `[h]`, or `[h, c]` for "lstm", `(batch, units)` each.
        kernel: as in `parameters`.
        recurrent_kernel: as in `parameters`.
        bias: as in `parameters`.
        mask: bool `(batch, time)` for which `takes` is true, or None.
        go_backwards: bool. From the last step to the first; outputs in that order.
        zero_output_for_mask: bool. The output of a masked step is zero; else it is the
            previous output, and zero before the first step that counts.

    Returns:
        `(last_output, outputs, states)`.
    """
    sequences = tf.convert_to_tensor(sequences)
    rows, steps = tf.unstack(tf.shape(sequences)[:2])
    if mask is None:
        lengths = tf.fill([rows], steps)
    else:
        lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
    known_rows = sequences.shape[0]
    if not known_rows:  # perhaps none, of which cuDNN knows nothing: it is given one
        more = tf.maximum(1 - rows, 0)
        lengths = tf.pad(lengths, [[0, more]], constant_values=1)
        sequences = tf.pad(sequences, [[0, more], [0, 0], [0, 0]])
        initial_states = [tf.pad(s, [[0, more], [0, 0]]) for s in initial_states]
    if go_backwards:
        sequences = tf.reverse_sequence(sequences, lengths, seq_axis=1, batch_axis=0)
    # TensorFlow's op keeps cuDNN's description of the first sequences of a shape. Of
    # those whose time comes first it does not describe padding where it sees none, and
    # then fails for the next ones, which have some. Where rows come first it always
    # does.
    time_major = mask is None
    layers = 0 if time_major else 1  # the axis of a state that counts its one layer
    first = [
        tf.expand_dims(tf.cast(state, sequences.dtype), layers)
        for state in initial_states
    ]
    if time_major:
        sequences = tf.transpose(sequences, [1, 0, 2])
    outputs, h, c, *_ = tf.raw_ops.CudnnRNNV3(
        input=sequences,
        input_h=first[0],
        input_c=first[1] if len(first) > 1 else tf.zeros_like(first[0]),
        params=parameters(cell, kernel, recurrent_kernel, bias),
        sequence_lengths=lengths,
        rnn_mode=cell,
        is_training=True,  # else there is no gradient
        time_major=time_major,
    )
    if time_major:
        outputs = tf.transpose(outputs, [1, 0, 2])
    # Without a memory c is a scalar.
    states = [tf.squeeze(state, layers) for state in (h, c)[: len(first)]]
    if not known_rows:
        outputs, states = outputs[:rows], [state[:rows] for state in states]
        lengths = lengths[:rows]
    last = states[0]
    if mask is not None:
        # TensorFlow has cuDNN fill these with a float's zero, which is none of float64.
        outputs = tf.where(mask[..., None], outputs, tf.zeros_like(outputs))
        if go_backwards:  # the steps that are masked come first
            outputs = tf.reverse_sequence(outputs, lengths, seq_axis=1, batch_axis=0)
            outputs = outputs[:, ::-1]
        elif zero_output_for_mask:
            last = tf.where(mask[:, -1:], last, tf.zeros_like(last))
        else:
            outputs = tf.where(mask[..., None], outputs, last[:, None])
    return last, outputs, states
