"""The native kernels as a differentiable TensorFlow function."""

import tensorflow as tf

from keras_rnn_zoo.native.build import DTYPES, load
from keras_rnn_zoo.native.build import status as build_status

# name of the cell: (blocks of the kernels, states)
CELLS = {
    "simple_rnn": (1, 1),
    "simple_rnn_relu": (1, 1),
    "lstm": (4, 2),
    "peephole_lstm": (4, 2),
    "coupled_lstm": (3, 2),
    "gru": (3, 1),
    "gru_reset_before": (3, 1),
}


def supports(cell, dtype):
    """True if `rnn` can compute `cell` in `dtype` on this machine.

    The first call for a dtype may compile the library, which takes some seconds.

    Args:
        cell: a name. Any value that is not in `CELLS` gives False.
        dtype: a dtype's name.
    """
    return cell in CELLS and load(dtype) is not None


@tf.autograph.experimental.do_not_convert
def rnn(
    cell,
    sequences,
    initial_states,
    kernel,
    recurrent_kernel,
    bias=None,
    *,
    peepholes=None,
    mask=None,
    recurrent_dropout_mask=None,
    go_backwards=False,
    zero_output_for_mask=False,
    return_sequences=True,
    training=False,
):
    """Runs a recurrent cell over sequences, as `keras.layers.RNN.inner_loop` would.

    Differentiable once with respect to the sequences, the initial states, the weights
    and the peepholes. Steps that the mask excludes are not computed.

    Args:
        cell: one of `CELLS`. "simple_rnn" has tanh, "simple_rnn_relu" relu; "gru"
            resets after the product, "gru_reset_before" before it; "coupled_lstm" is
            the LSTM with i = 1 - f and blocks f, c, o.
        sequences: `(batch, time, features)`, float32 or float64.
        initial_states: list of `(batch, units)`: `[h]`, or `[h, c]`.
        kernel: `(features, blocks * units)`, with Keras's order of blocks.
        recurrent_kernel: `(units, blocks * units)`.
        bias: `(blocks * units,)`, for "gru" `(2, blocks * units)`; None for no bias.
        peepholes: `(3 * units,)`, blocks i, f, o; only with "peephole_lstm".
        mask: bool `(batch, time)` or `(batch, time, 1)`, any pattern; None: all True.
        recurrent_dropout_mask: `(batch, blocks, units)` or `(batch, 1, units)`:
            factors of h in each block's product, the same at all steps; None: ones. It
            gets no gradient.
        go_backwards: bool. From the last step to the first; outputs in that order.
        zero_output_for_mask: bool. The output of a masked step is zero; else it is the
            previous output, and zero before the first step that counts.
        return_sequences: bool. Without, only the last output is written.
        training: bool. Keep what the gradient needs. Without, the gradient is the same
            but computes the sequence once more.

    Returns:
        `(last_output, outputs, states)`: `(batch, units)`, `(batch, time, units)` or
        None, and a list of `(batch, units)`.

    Raises:
        ValueError: if `cell` is not in `CELLS`, or `initial_states` has another length.
        TypeError: if `sequences` are neither float32 nor float64.
        RuntimeError: if the library is not available; see `status`.
        NotImplementedError: if a second derivative is asked for.
    """
    if cell not in CELLS:
        raise ValueError(
            f"`cell` must be one of {sorted(CELLS)}. Received: cell={cell!r}."
        )
    blocks, num_states = CELLS[cell]
    sequences = tf.convert_to_tensor(sequences)
    dtype = sequences.dtype
    if dtype.name not in DTYPES:
        raise TypeError(
            "`sequences` must be float32 or float64. "
            f"Received: sequences of dtype {dtype.name}."
        )
    if len(initial_states) != num_states:
        raise ValueError(
            f"`initial_states` must hold {num_states} tensors. "
            f"Received: {len(initial_states)} tensors."
        )
    ops = load(dtype.name)
    if ops is None:
        raise RuntimeError(
            f"The native kernels are not available: {build_status(dtype.name).reason}"
        )

    def tensor(value):
        return tf.zeros([0], dtype) if value is None else tf.cast(value, dtype)

    if mask is None:
        mask = tf.zeros([0], "bool")
    else:
        mask = tf.reshape(tf.cast(mask, "bool"), tf.shape(sequences)[:2])
    if recurrent_dropout_mask is not None:
        factors = tf.cast(recurrent_dropout_mask, dtype)
        shape = [tf.shape(sequences)[0], blocks, tf.shape(recurrent_kernel)[0]]
        recurrent_dropout_mask = tf.broadcast_to(factors, shape)
    dropout = tensor(recurrent_dropout_mask)
    options = {
        "cell": cell,
        "go_backwards": bool(go_backwards),
        "zero_output_for_mask": bool(zero_output_for_mask),
    }

    def run_forward(inputs, weights, states, keep):
        return ops.keras_rnn_zoo_forward(
            sequences=inputs,
            mask=mask,
            kernel=weights[0],
            recurrent_kernel=weights[1],
            bias=weights[2],
            peepholes=weights[3],
            dropout=dropout,
            initial_states=states,
            return_sequences=bool(return_sequences),
            keep=keep,
            **options,
        )

    @tf.custom_gradient
    def differentiable(inputs, kernel, recurrent_kernel, bias, peepholes, *states):
        weights = [kernel, recurrent_kernel, bias, peepholes]
        forward = run_forward(inputs, weights, states, bool(training))

        def gradient(d_last, d_outputs, *d_states):
            kept = forward
            if not training:
                kept = run_forward(inputs, weights, states, True)
            backward = ops.keras_rnn_zoo_backward(
                sequences=inputs,
                mask=mask,
                kernel=kernel,
                recurrent_kernel=recurrent_kernel,
                bias=bias,
                peepholes=peepholes,
                dropout=dropout,
                gates=kept.gates,
                kept=kept.kept,
                d_last=d_last,
                d_outputs=d_outputs,
                d_states=d_states,
                **options,
            )
            return (
                backward.d_sequences,
                backward.d_kernel,
                backward.d_recurrent_kernel,
                backward.d_bias,
                backward.d_peepholes,
                *backward.d_initial_states,
            )

        return (forward.last, forward.outputs, *forward.states), gradient

    last, outputs, *states = differentiable(
        sequences,
        tensor(kernel),
        tensor(recurrent_kernel),
        tensor(bias),
        tensor(peepholes),
        *[tensor(state) for state in initial_states],
    )
    return last, outputs if return_sequences else None, states
