"""Gated cells whose units see of the past only their own."""

from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class ParaGRUCell(GatedCell):
    """A GRU whose recurrent matrices are diagonal.

        z_t = σ(x_t W_z + a_z ⊙ h_{t-1} + b_z)
        r_t = σ(x_t W_r + a_r ⊙ h_{t-1} + b_r)
        n_t = φ(x_t W_h + a_h ⊙ r_t ⊙ h_{t-1} + b_h)
        h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`; recurrent_kernel is a. The
    output is h_t. Row vectors, as in the code.
    When to use it: long sequences for which a GRU's matrix is too dear; units meet
    in the next layer.

    Reference: Danieli et al., 2025, "ParaRNN: Unlocking Parallel Training of
    Nonlinear RNNs for Large Language Models", https://arxiv.org/abs/2510.21450.
    Differs from the paper: W is a full matrix, not one of blocks; steps are taken
    one by one.

    Args:
        recurrent_initializer: initializer of a; even over ±0.5 by default. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, recurrent_kernel `(3 * units,)`, bias `(3 *
        units,)`; blocks z, r, h.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = ParaGRUCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("z", "r", "h")
    gates = ("z", "r")
    replaced_by = "z"
    extra_arguments = {
        "recurrent_initializer": Argument(
            "initializer",
            {"class_name": "RandomUniform", "config": {"minval": -0.5, "maxval": 0.5}},
        )
    }

    @property
    def recurrent_shape(self):
        return (3 * self.units,)

    def step(self, x, states, u):
        [h] = states
        a_z, a_r, a_h = ops.split(u.recurrent_kernel, 3)
        seen = u.dropped(h)
        z = self.recurrent_activation(x.z + a_z * seen)
        r = self.recurrent_activation(x.r + a_r * seen)
        n = self.activation(x.h + a_h * r * seen)
        h = (1 - z) * h + z * n
        return h, [h]


@register
class ParaGRU(RecurrentLayer):
    """A GRU with diagonal recurrence over a sequence; equations in `ParaGRUCell`.

    Args: those of `ParaGRUCell` and of `RNN`.

    Example:
    >>> ParaGRU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = ParaGRUCell


@register
class ParaLSTMCell(GatedCell):
    """An LSTM with coupled gates, whose recurrent matrices are diagonal.

        f_t = σ(x_t W_f + a_f ⊙ h_{t-1} + p_f ⊙ c_{t-1} + b_f)
        c_t = f_t ⊙ c_{t-1} + (1 - f_t) ⊙ φ(x_t W_c + a_c ⊙ h_{t-1} + b_c)
        o_t = σ(x_t W_o + a_o ⊙ h_{t-1} + p_o ⊙ c_t + b_o)
        h_t = o_t ⊙ φ(c_t)

    σ is `recurrent_activation`, φ is `activation`; recurrent_kernel is a,
    peephole_kernel is p. The output is h_t. Row vectors, as in the code.
    When to use it: as ParaGRU, where a memory beside the output helps.

    Reference: Danieli et al., 2025, "ParaRNN: Unlocking Parallel Training of
    Nonlinear RNNs for Large Language Models", https://arxiv.org/abs/2510.21450.
    Differs from the paper: W is a full matrix, not one of blocks; steps are taken
    one by one.

    Args:
        recurrent_initializer: initializer of a and p; even over ±0.5 by default. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, c])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, recurrent_kernel `(3 * units,)`, bias `(3 *
        units,)`; blocks f, o, c. peephole_kernel `(2 * units,)`; blocks f, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = ParaLSTMCell(3)
    >>> out, [h, c] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("f", "o", "c")
    state_names = ("h", "c")
    gates = ("f", "o")
    kept_by = "f"
    extra_arguments = {
        "recurrent_initializer": Argument(
            "initializer",
            {"class_name": "RandomUniform", "config": {"minval": -0.5, "maxval": 0.5}},
        )
    }

    @property
    def recurrent_shape(self):
        return (3 * self.units,)

    def further_weights(self, features):
        shape = (2 * self.units,)
        return [Weight("peephole_kernel", shape, self.recurrent_initializer)]

    def step(self, x, states, u):
        h, c = states
        a_f, a_o, a_c = ops.split(u.recurrent_kernel, 3)
        p_f, p_o = ops.split(u.peephole_kernel, 2)
        seen = u.dropped(h)
        f = self.recurrent_activation(x.f + a_f * seen + p_f * c)
        c = f * c + (1 - f) * self.activation(x.c + a_c * seen)
        o = self.recurrent_activation(x.o + a_o * seen + p_o * c)
        h = o * self.activation(c)
        return h, [h, c]


@register
class ParaLSTM(RecurrentLayer):
    """A coupled, diagonal LSTM over a sequence; equations in `ParaLSTMCell`.

    Args: those of `ParaLSTMCell` and of `RNN`.

    Example:
    >>> ParaLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = ParaLSTMCell
