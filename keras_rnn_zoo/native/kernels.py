"""The native kernels as a differentiable TensorFlow function."""

import collections
import functools
from typing import Any, NamedTuple

import tensorflow as tf

from keras_rnn_zoo.native.build import DTYPES, load
from keras_rnn_zoo.native.build import status as build_status
from keras_rnn_zoo.native.context import are_data_of_a_trainer

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


def supports(cell: Any, dtype: str) -> bool:
    """True if `rnn` can compute `cell` in `dtype` on this machine.

    The first call for a dtype may wait for the library to be compiled, but not longer
    than `WAIT_SECONDS`: then it is False until the library is there. Never raises.

    Args:
        cell: a name. Any value that is not in `CELLS` gives False.
        dtype: a dtype's name.
    """
    return isinstance(cell, str) and cell in CELLS and load(dtype) is not None


@tf.autograph.experimental.do_not_convert
def rnn(
    cell: Any,
    sequences: Any,
    initial_states: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any = None,
    *,
    peepholes: Any = None,
    mask: Any = None,
    recurrent_dropout_mask: Any = None,
    go_backwards: bool = False,
    zero_output_for_mask: bool = False,
    return_sequences: bool = True,
    training: bool = False,
) -> Any:
    """Runs a recurrent cell over sequences, as `keras.layers.RNN.inner_loop` would.

    Differentiable once with respect to the sequences, the initial states, the weights
    and the peepholes. Steps that the mask excludes are not computed.

    Args:
        cell: one of `CELLS`. "simple_rnn" has tanh, "simple_rnn_relu" relu; "gru"
            resets after the product, "gru_reset_before" before it; "coupled_lstm" is
            the LSTM with i = 1 - f and blocks f, c, o.
        sequences: `(batch, time, features)`. They and all that follows are cast to the
            kernel's dtype.
        initial_states: list of `(batch, units)`: `[h]`, or `[h, c]`.
        kernel: `(features, blocks * units)`, with Keras's order of blocks, float32 or
            float64.
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
        None, and a list of `(batch, units)`. Without steps, `last_output` is zero and
        the states are the initial ones.

    Raises:
        ValueError: if `cell` is not in `CELLS`, or `initial_states` has another length.
        TypeError: if `kernel` is neither float32 nor float64.
        tf.errors.InvalidArgumentError: if shapes do not fit; nothing is broadcast but
            `recurrent_dropout_mask`. (A ValueError if that is known in a graph.)
        RuntimeError: if the library is not available; see `status`. One that is being
            compiled is waited for.
        NotImplementedError: if a second derivative is asked for.
    """
    kernel, ops = _checked(cell, kernel, initial_states)
    dtype, blocks = kernel.dtype, CELLS[cell][0]

    def tensor(value):
        return tf.zeros([0], dtype) if value is None else tf.cast(value, dtype)

    sequences = tensor(sequences)
    mask = tf.zeros([0], "bool") if mask is None else tf.cast(mask, "bool")
    if not tf.executing_eagerly():
        # The way back of a `tf.cond` is not fed a bool from outside as it is.
        mask = tf.identity(mask)
    recurrent_kernel = tensor(recurrent_kernel)
    if recurrent_dropout_mask is not None:
        factors = tf.cast(recurrent_dropout_mask, dtype)
        shape = [tf.shape(sequences)[0], blocks, tf.shape(recurrent_kernel)[0]]
        recurrent_dropout_mask = tf.broadcast_to(factors, shape)
    op = _Op(
        ops,
        mask,
        tensor(recurrent_dropout_mask),
        bool(training),
        {
            "cell": cell,
            "go_backwards": bool(go_backwards),
            "zero_output_for_mask": bool(zero_output_for_mask),
            "return_sequences": bool(return_sequences),
            "threads": threads(),
        },
    )
    arguments = [
        sequences,
        kernel,
        recurrent_kernel,
        tensor(bias),
        tensor(peepholes),
        *[tensor(state) for state in initial_states],
    ]
    if tf.executing_eagerly():
        last, outputs, *states = op.with_gradient(*arguments)
    else:  # with the gradient below, which a tape tells what is wanted
        forward = op.run(*arguments)[1]
        last, outputs, states = forward.last, forward.outputs, list(forward.states)
    if not return_sequences:
        return last, None, states
    # The C API for ops cannot tell the op's shape function of `return_sequences`.
    outputs.set_shape([*sequences.shape[:2], recurrent_kernel.shape[0]])
    return last, outputs, states


def _checked(cell, kernel, initial_states):
    """The kernel as a tensor, and the library for it, which is waited for."""
    if cell not in CELLS:
        raise ValueError(
            f"`cell` must be one of {sorted(CELLS)}. Received: cell={cell!r}."
        )
    kernel = tf.convert_to_tensor(kernel)
    name, num_states = kernel.dtype.name, CELLS[cell][1]
    if name not in DTYPES:
        raise TypeError(f"`kernel` must be float32 or float64. Received: dtype {name}.")
    if len(initial_states) != num_states:
        raise ValueError(
            f"`initial_states` must hold {num_states} tensors. "
            f"Received: {len(initial_states)} tensors."
        )
    ops = load(name, wait=None)  # there is no other way to compute it here
    if ops is None:
        raise RuntimeError(
            f"The native kernels are not available: {build_status(name).reason}"
        )
    return kernel, ops


class _Op(NamedTuple):
    """The op with all that gets no gradient.

    Attributes:
        ops: the library.
        mask: bool tensor, of no elements for none.
        dropout: factors of h, likewise.
        keep: bool. Whether what the gradient needs is kept.
        options: attributes of the op.
    """

    ops: Any
    mask: Any
    dropout: Any
    keep: bool
    options: dict[str, Any]

    def run(self, sequences, kernel, recurrent_kernel, bias, peepholes, *states):
        """What the op is given but for the states, and what it gives."""
        weights = kernel, recurrent_kernel, bias, peepholes
        given = sequences, self.mask, *weights, self.dropout
        return given, self.ops.keras_rnn_zoo_forward(
            *given, initial_states=states, keep=self.keep, **self.options
        )

    def with_gradient(self, *arguments):
        """Last output, outputs and states, for tapes that watch eagerly."""

        @tf.custom_gradient
        def run(*arguments):
            given, forward = self.run(*arguments)

            def gradient(d_last, d_outputs, *d_states):
                return _backward(
                    self.ops, given, arguments[5:], forward, d_last, d_outputs,
                    d_states, keep=self.keep, wanted=True, **self.options,
                )  # fmt: skip

            return (forward.last, forward.outputs, *forward.states), gradient

        return run(*arguments)


@functools.cache
def threads():
    """How many threads the user has given to an op; 0 for the machine's choice.

    It cannot change any more once TensorFlow has begun, and looking is slow.
    """
    return tf.config.threading.get_intra_op_parallelism_threads()


def _backward(ops, given, states, kept, d_last, d_outputs, d_states, **options):
    """The gradients of sequences, weights and states, from those of the results."""
    wanted = options.pop("wanted")
    if not options.pop("keep"):
        kept = ops.keras_rnn_zoo_forward(
            *given, initial_states=states, keep=True, **options
        )
    del options["return_sequences"]
    backward = ops.keras_rnn_zoo_backward(
        *given,
        gates=kept.gates,
        kept=kept.kept,
        d_last=d_last,
        d_outputs=d_outputs,
        d_states=d_states,
        d_sequences_wanted=wanted,
        **options,
    )
    return (
        backward.d_sequences if wanted else None,
        backward.d_kernel,
        backward.d_recurrent_kernel,
        backward.d_bias,
        backward.d_peepholes,
        *backward.d_initial_states,
    )


_Kept = collections.namedtuple("_Kept", "gates kept")


def _dense(gradient):
    """A tensor; gradients of gathered rows come as `IndexedSlices`."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    return tf.math.unsorted_segment_sum(
        gradient.values, gradient.indices, gradient.dense_shape[0]
    )


def _gradient_in_graphs(op, d_last, d_outputs, d_gates, d_kept, *d_states):
    """The gradient of the op, as TensorFlow asks for it while a graph is made."""
    del d_gates, d_kept
    names = ("cell", "go_backwards", "zero_output_for_mask", "return_sequences")
    options = {name: op.get_attr(name) for name in (*names, "threads", "keep")}
    given, states = list(op.inputs[:7]), list(op.inputs[7:])
    # A tape that does not watch the sequences says so.
    wanted = 0 not in (getattr(op, "skip_input_indices", None) or ())

    def gradients(wanted):
        return _backward(
            load(given[0].dtype.name),
            given,
            states,
            _Kept(op.outputs[2], op.outputs[3]),
            _dense(d_last),
            _dense(d_outputs),
            [_dense(d) for d in d_states],
            wanted=wanted,
            **options,
        )

    # What nobody asks for, TensorFlow leaves out of a function: it need not run.
    apart = wanted and are_data_of_a_trainer(given[0])
    d_sequences, d_kernel, d_recurrent, d_bias, d_peepholes, *d_initial = gradients(
        wanted and not apart
    )
    if apart:
        d_sequences = gradients(True)[0]
    # The mask and the factors of recurrent dropout have none.
    weights = (d_kernel, d_recurrent, d_bias, d_peepholes)
    return (d_sequences, None, *weights, None, *d_initial)


def _refused(op, *gradients):
    raise NotImplementedError(
        "The native kernels have no second derivative. "
        'Build the layer with implementation="loop".'
    )


# By name, before there is a library; so a process does it once.
for _name, _gradient in (("Forward", _gradient_in_graphs), ("Backward", _refused)):
    tf.RegisterGradient(f"KerasRnnZoo>{_name}")(_gradient)
