"""A forget gate and nothing else."""

import keras
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument, first_value
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class JANETCell(GatedCell):
    """Just another network: an LSTM of which only the forget gate is left.

        s_t = x_t W_f + h_{t-1} U_f + b_f
        n_t = φ(x_t W_c + h_{t-1} U_c + b_c)
        h_t = σ(s_t) ⊙ h_{t-1} + (1 - σ(s_t - β)) ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`; the paper's c_t is this h_t. Row
    vectors, as in the code. The output is h_t.
    When to use it: long memories at half an LSTM's cost, with `longest` set to the
    longest dependency.

    Reference: van der Westhuizen & Lasenby, 2018, "The Unreasonable Effectiveness of
    the Forget Gate", https://arxiv.org/abs/1804.04849. Differs from the paper: b_f
    starts from `bias_initializer` unless `longest` is given.

    Args:
        beta: number. The constant β by which the unit writes more than it forgets.
        longest: int or None. T_max of the paper's chrono initialisation: b_f starts at
            log(u) with u drawn evenly from [1, T_max - 1] (Tallec & Ollivier, 2018,
            https://arxiv.org/abs/1804.11188). Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`, recurrent_kernel `(units, 2 * units)`,
        bias `(2 * units,)`; blocks f, c.

    Raises:
        TypeError: if `units` or `longest` is not an integer, or `beta` not a number.
        ValueError: if `units` or `longest` is not positive, or `beta` not finite.

    Example:
    >>> cell = JANETCell(3, longest=500)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> h.shape
    TensorShape([2, 3])
    """

    blocks = ("f", "c")
    gates = ("f",)
    kept_by = "f"
    extra_arguments = {
        "beta": Argument("number", 1.0),
        "longest": Argument("positive integer or None", None),
    }

    def initial_bias(self, shape, dtype=None):
        if self.longest is None:
            return first_value(self.bias_initializer, shape, dtype)
        lags = keras.initializers.RandomUniform(1, max(self.longest - 1, 1), self.seed)
        times = lags((self.units,), dtype=dtype)
        rest = first_value(self.bias_initializer, (self.units,), dtype)
        return ops.concatenate([ops.log(times), rest])

    def step(self, x, states, u):
        [h] = states
        s, a_c = u(h, plus=x)
        n = self.activation(a_c)
        f = self.recurrent_activation(s)
        i = 1 - self.recurrent_activation(s - self.beta)
        h = f * h + i * n
        return h, [h]


@register
class JANET(RecurrentLayer):
    """A forget gate alone over a sequence; equations in `JANETCell`.

    Args: those of `JANETCell` and of `RNN`.

    Example:
    >>> JANET(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = JANETCell
