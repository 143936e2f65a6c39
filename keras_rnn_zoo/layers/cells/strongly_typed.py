"""A recurrent network whose states are only ever averaged."""

from keras import ops

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
    without_arguments = (
        "activation",
        "recurrent_initializer",
        "recurrent_regularizer",
        "recurrent_constraint",
        "recurrent_dropout",
    )

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
