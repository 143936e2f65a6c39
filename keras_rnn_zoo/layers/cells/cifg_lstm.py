"""Long short-term memory with one gate for keeping and writing."""

from keras_rnn_zoo.layers.cells.lstm import ForgetGateCell
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class CIFGLSTMCell(ForgetGateCell):
    """LSTM with coupled input and forget gate: it writes as much as it forgets.

        f_t = σ(x_t W_f + h_{t-1} U_f + b_f)
        g_t = φ(x_t W_c + h_{t-1} U_c + b_c)
        o_t = σ(x_t W_o + h_{t-1} U_o + b_o)
        c_t = f_t ⊙ c_{t-1} + (1 - f_t) ⊙ g_t
        h_t = o_t ⊙ φ(c_t)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: like an LSTM at three quarters of its cost; c stays within the
    range of φ, so that it cannot count.

    Reference: Greff et al., 2015, "LSTM: A Search Space Odyssey",
    https://arxiv.org/abs/1503.04069, variant CIFG. Differs from the paper: no
    peepholes; the paper computes i and sets f = 1 - i, which is the same up to the
    sign of the gate's weights.

    Args:
        unit_forget_bias: bool. Start b_f at one instead of `bias_initializer`. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, c])`, each of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, recurrent_kernel `(units, 3 * units)`,
        bias `(3 * units,)`; blocks f, c, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = CIFGLSTMCell(3)
    >>> out, [h, c] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> c.shape
    TensorShape([2, 3])
    """

    blocks = ("f", "c", "o")
    gates = ("f", "o")
    elsewhere = {"native": "coupled_lstm", "onnx": "LSTM"}

    def step(self, x, states, u):
        h, c = states
        a = u(h, plus=x)
        f = self.recurrent_activation(a.f)
        g = self.activation(a.c)
        o = self.recurrent_activation(a.o)
        c = f * c + (1 - f) * g
        h = o * self.activation(c)
        return h, [h, c]


@register
class CIFGLSTM(RecurrentLayer):
    """LSTM with one gate for both over a sequence; equations in `CIFGLSTMCell`.

    Args: those of `CIFGLSTMCell` and of `RNN`.

    Example:
    >>> CIFGLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = CIFGLSTMCell
