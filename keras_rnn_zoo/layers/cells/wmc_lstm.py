"""An LSTM whose gates read the whole memory, squashed."""

from keras import ops

from keras_rnn_zoo.layers.cells.lstm import ForgetGateCell
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class WMCLSTMCell(ForgetGateCell):
    """LSTM with working memory connections: peepholes that are matrices and bounded.

        i_t = σ(x_t W_i + h_{t-1} U_i + φ(c_{t-1} V_i + d_i) + b_i)
        f_t = σ(x_t W_f + h_{t-1} U_f + φ(c_{t-1} V_f + d_f) + b_f)
        g_t = φ(x_t W_c + h_{t-1} U_c + b_c)
        c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
        o_t = σ(x_t W_o + h_{t-1} U_o + φ(c_t V_o + d_o) + b_o)
        h_t = o_t ⊙ φ(c_t)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: where peepholes would help but saturate the gates, as a memory
    grows; three matrices more than an LSTM.

    Reference: Landi, Baraldi, Cornia & Cucchiara, 2021, "Working Memory Connections for
    LSTM", https://arxiv.org/abs/2109.00020. Differs from the paper: the bias d, and
    b_f may start at one.

    Args:
        unit_forget_bias: bool. Start b_f at one instead of `bias_initializer`. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, c])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`, recurrent_kernel `(units, 4 * units)`, bias `(4
        * units,)`; blocks i, f, c, o. memory_kernel `(units, 3 * units)`, memory_bias
        `(3 * units,)`, which are V and d; blocks i, f, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = WMCLSTMCell(3)
    >>> out, [h, c] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("i", "f", "c", "o")

    def further_weights(self, features):
        shape = (self.units, 3 * self.units)
        return [
            Weight("memory_kernel", shape, self.kernel_initializer),
            Weight("memory_bias", shape[1:]),
        ]

    def step(self, x, states, u):
        h, c = states
        a, n = u(h, plus=x), 2 * self.units
        seen = u.product(c, u.memory_kernel[:, :n]) + u.memory_bias[:n]
        p_i, p_f = ops.split(self.activation(seen), 2, axis=-1)
        i = self.recurrent_activation(a.i + p_i)
        f = self.recurrent_activation(a.f + p_f)
        c = f * c + i * self.activation(a.c)
        seen = u.product(c, u.memory_kernel[:, n:]) + u.memory_bias[n:]
        o = self.recurrent_activation(a.o + self.activation(seen))
        h = o * self.activation(c)
        return h, [h, c]


@register
class WMCLSTM(RecurrentLayer):
    """LSTM with working memory connections over a sequence; equations in `WMCLSTMCell`.

    Args: those of `WMCLSTMCell` and of `RNN`.

    Example:
    >>> WMCLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = WMCLSTMCell
