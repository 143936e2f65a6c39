"""What the gates read of the memory is another thing than what is let out."""

from keras_rnn_zoo.layers.cells.lstm import ForgetGateCell
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class MemoryControllerLSTMCell(ForgetGateCell):
    """LSTM with a memory controller: one gate for the output, one for the gates.

        i_t = σ(x_t W_i + v_{t-1} U_i + b_i)
        f_t = σ(x_t W_f + v_{t-1} U_f + b_f)
        g_t = φ(x_t W_c + v_{t-1} U_c + b_c)
        o_t = σ(x_t W_o + v_{t-1} U_o + b_o)
        m_t = σ(x_t W_m + v_{t-1} U_m + b_m)
        c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
        h_t = o_t ⊙ φ(c_t)
        v_t = m_t ⊙ φ(c_t)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t, which is no state.
    When to use it: where what is to be said and what is to be remembered of the memory
    differ at a step; a quarter more than an LSTM.

    Reference: the "MCLSTM" of a workshop of NIPS 2017. Differs from the paper:
    not known; it was read in the libraries torchrecurrent and RecurrentLayers.jl. Not
    the mass-conserving LSTM of the same initials.

    Args:
        unit_forget_bias: bool. Start b_f at one instead of `bias_initializer`. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[v, c]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [v, c])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 5 * units)`, recurrent_kernel `(units, 5 * units)`, bias `(5
        * units,)`; blocks i, f, c, o, m.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MemoryControllerLSTMCell(3)
    >>> out, [v, c] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("i", "f", "c", "o", "m")
    state_names = ("v", "c")
    gates = ("i", "f", "o", "m")

    def step(self, x, states, u):
        v, c = states
        a = u(v, plus=x)
        i = self.recurrent_activation(a.i)
        f = self.recurrent_activation(a.f)
        g = self.activation(a.c)
        o = self.recurrent_activation(a.o)
        m = self.recurrent_activation(a.m)
        c = f * c + i * g
        h = o * self.activation(c)
        v = m * self.activation(c)
        return h, [v, c]


@register
class MemoryControllerLSTM(RecurrentLayer):
    """LSTM with a memory controller over a sequence; see `MemoryControllerLSTMCell`.

    Args: those of `MemoryControllerLSTMCell` and of `RNN`.

    Example:
    >>> MemoryControllerLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MemoryControllerLSTMCell
