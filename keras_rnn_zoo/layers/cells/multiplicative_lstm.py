"""An LSTM whose recurrent matrix depends on the input."""

from keras import ops

from keras_rnn_zoo.layers.cells.lstm import ForgetGateCell
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class MultiplicativeLSTMCell(ForgetGateCell):
    """Multiplicative LSTM: every input has a transition of its own.

        m_t = (x_t W_m) ⊙ (h_{t-1} U_m)
        i_t = σ(x_t W_i + m_t U_i + b_i)
        f_t = σ(x_t W_f + m_t U_f + b_f)
        g_t = φ(x_t W_c + m_t U_c + b_c)
        o_t = σ(x_t W_o + m_t U_o + b_o)
        c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
        h_t = o_t ⊙ φ(c_t)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: characters and bytes, where the same state has to go on very
    differently after each; a fifth more than an LSTM, and two products that wait for
    each other.

    Reference: Krause, Lu, Murray & Renals, 2016, "Multiplicative LSTM for sequence
    modelling", https://arxiv.org/abs/1609.07959. Differs from the paper: biases of the
    four gates; b_f may start at one.

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
        kernel `(features, 5 * units)`, recurrent_kernel `(units, 5 * units)`; blocks i,
        f, c, o, m. bias `(4 * units,)`; blocks i, f, c, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MultiplicativeLSTMCell(3)
    >>> out, [h, c] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("i", "f", "c", "o", "m")
    bias_blocks = ("i", "f", "c", "o")

    def split_bias(self, bias):
        return ops.concatenate([bias, 0 * bias[: self.units]]), None

    def step(self, x, states, u):
        h, c = states
        m = x.m * u.m(h)
        a = u(m, ["i", "f", "c", "o"])
        i = self.recurrent_activation(x.i + a.i)
        f = self.recurrent_activation(x.f + a.f)
        g = self.activation(x.c + a.c)
        o = self.recurrent_activation(x.o + a.o)
        c = f * c + i * g
        h = o * self.activation(c)
        return h, [h, c]


@register
class MultiplicativeLSTM(RecurrentLayer):
    """Multiplicative LSTM over a sequence; equations in `MultiplicativeLSTMCell`.

    Args: those of `MultiplicativeLSTMCell` and of `RNN`.

    Example:
    >>> MultiplicativeLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MultiplicativeLSTMCell
