"""Recurrent networks whose gates never read their own states."""

from typing import Any

from keras import ops

from keras_rnn_zoo.layers.cells.qrnn import TwoInputsCell
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class TRNNCell(GatedCell):
    """Strongly typed recurrent network: a running average of the features.

        z_t = x_t W_z
        f_t = σ(x_t W_f + b_f)
        h_t = f_t ⊙ h_{t-1} + (1 - f_t) ⊙ z_t

    σ is `recurrent_activation`. The output is h_t. h_t is linear in h_{t-1}, unit
    by unit. Row vectors, as in the code.
    When to use it: where one wants to read off a state what it averages: h_t is a
    weighted mean of z.

    Reference: Balduzzi & Ghifary, 2016, "Strongly-Typed Recurrent Neural Networks",
    https://arxiv.org/abs/1602.02218, T-RNN. Differs from the paper: nothing.

    Args:
        Other arguments: see `GatedCell`; those of the recurrent kernel
            do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`; blocks z, f. bias `(units,)`; block f.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = TRNNCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("z", "f")
    bias_blocks = ("f",)
    gates = ("f",)
    kept_by = "f"
    linear = "diagonal"
    recurrent_shape = None
    without_arguments = ("activation",)

    def split_bias(self, bias):
        return ops.concatenate([ops.zeros_like(bias), bias]), None

    def step(self, x, states, u):
        [h] = states
        f = self.recurrent_activation(x.f)
        h = f * h + (1 - f) * x.z
        return h, [h]


@register
class TRNN(RecurrentLayer):
    """Strongly typed recurrent network over a sequence; equations in `TRNNCell`.

    Args: those of `TRNNCell` and of `RNN`.

    Example:
    >>> TRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = TRNNCell


class _StronglyTypedCell(TwoInputsCell):
    """The three sums of both, of which only the gate's goes through σ."""

    gates = ("f",)

    def gated(self, x: Any, p: Any) -> Any:
        """`(z, f, o)` of the terms of this input and of the one before."""
        z, f, o = self.sums(x, p)
        return z, self.recurrent_activation(f), self.activation(o)


@register
class TGRUCell(_StronglyTypedCell):
    """Strongly typed GRU: features are added to a memory that fades.

        z_t = x_t W_z + x_{t-1} V_z + b_z
        f_t = σ(x_t W_f + x_{t-1} V_f + b_f)
        o_t = φ(x_t W_o + x_{t-1} V_o + b_o)
        h_t = f_t ⊙ h_{t-1} + z_t ⊙ o_t

    σ is `recurrent_activation`, φ is `activation`. The output is h_t, linear in
    h_{t-1}, unit by unit. The state p is x_t V, of the step before when it is read; it
    begins as zero. Row vectors, as in the code.
    When to use it: as `TRNN`, where two inputs in a row make a feature.

    Reference: Balduzzi & Ghifary, 2016, "Strongly-Typed Recurrent Neural Networks",
    https://arxiv.org/abs/1602.02218, T-GRU. Differs from the paper: nothing.

    Args:
        Other arguments: see `GatedCell`; those of the recurrent kernel
            do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, p]`, `(batch, units)` and `(batch, 3 * units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, p])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, bias `(3 * units,)`, previous_kernel `(features,
        3 * units)`, which is V; blocks z, f, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = TGRUCell(3)
    >>> out, [h, p] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> p.shape
    TensorShape([2, 9])
    """

    state_names = ("h", "p")

    def step(self, x, states, u):
        h, p = states
        z, f, o = self.gated(x, p)
        h = f * h + z * o
        return h, [h, x.p]


@register
class TGRU(RecurrentLayer):
    """Strongly typed GRU over a sequence; equations in `TGRUCell`.

    Args: those of `TGRUCell` and of `RNN`.

    Example:
    >>> TGRU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = TGRUCell


@register
class TLSTMCell(_StronglyTypedCell):
    """Strongly typed LSTM: a running average of features, let out by a gate.

        z_t = x_t W_z + x_{t-1} V_z + b_z
        f_t = σ(x_t W_f + x_{t-1} V_f + b_f)
        o_t = φ(x_t W_o + x_{t-1} V_o + b_o)
        c_t = f_t ⊙ c_{t-1} + (1 - f_t) ⊙ z_t
        h_t = c_t ⊙ o_t

    σ is `recurrent_activation`, φ is `activation`. The output is h_t, which is no
    state: nothing reads it. c_t is linear in c_{t-1}, unit by unit. The state p is x_t
    V, of the step before when it is read; it begins as zero. Row vectors, as in the
    code.
    When to use it: as `TGRU`, with a memory that stays within what it has averaged.

    Reference: Balduzzi & Ghifary, 2016, "Strongly-Typed Recurrent Neural Networks",
    https://arxiv.org/abs/1602.02218, T-LSTM. Differs from the paper: nothing.

    Args:
        Other arguments: see `GatedCell`; those of the recurrent kernel
            do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[c, p]`, `(batch, units)` and `(batch, 3 * units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [c, p])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, bias `(3 * units,)`, previous_kernel `(features,
        3 * units)`, which is V; blocks z, f, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = TLSTMCell(3)
    >>> out, [c, p] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    state_names = ("c", "p")

    def step(self, x, states, u):
        c, p = states
        z, f, o = self.gated(x, p)
        c = f * c + (1 - f) * z
        h = c * o
        return h, [c, x.p]


@register
class TLSTM(RecurrentLayer):
    """Strongly typed LSTM over a sequence; equations in `TLSTMCell`.

    Args: those of `TLSTMCell` and of `RNN`.

    Example:
    >>> TLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = TLSTMCell
