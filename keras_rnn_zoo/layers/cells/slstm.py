"""The LSTM of xLSTM whose gates are exponential."""

from keras import ops

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class SLSTMCell(GatedCell):
    """sLSTM: an LSTM with an exponential input gate, and a count to divide by.

        ĩ_t, f̃_t, z̃_t, õ_t = x_t W + h_{t-1} U + b, by block
        m_t = max(log σ(f̃_t) + m_{t-1}, ĩ_t); ĩ_t where n_{t-1} = 0
        i_t = exp(ĩ_t - m_t)
        f_t = exp(log σ(f̃_t) + m_{t-1} - m_t)
        c_t = f_t ⊙ c_{t-1} + i_t ⊙ φ(z̃_t)
        n_t = f_t ⊙ n_{t-1} + i_t
        h_t = σ(õ_t) ⊙ c_t / n_t

    σ of the output gate is `recurrent_activation`, φ is `activation`. m only keeps
    the numbers small. The output is h_t. Row vectors, as in the code.
    When to use it: where a later input must be able to overrule all that came
    before.

    Reference: Beck et al., 2024, "xLSTM: Extended Long Short-Term Memory",
    https://arxiv.org/abs/2405.04517, stabilised as in its appendix. Differs from
    the paper: one head; σ for the forget gate, of the two it allows; first weights
    are Keras's; the blocks around it are not part of it.

    Args:
        as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c, n, m]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, c, n, m])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`, recurrent_kernel `(units, 4 * units)`, bias
        `(4 * units,)`; blocks i, f, z, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = SLSTMCell(3)
    >>> out, [h, c, n, m] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("i", "f", "z", "o")
    state_names = ("h", "c", "n", "m")
    bookkeeping = ("n", "m")  # a count and a scale, which belong to c
    gates = ("o",)

    def step(self, x, states, u):
        h, c, n, m = states
        a = u(h, plus=x)
        kept = ops.log_sigmoid(a.f) + m
        m = ops.where(n == 0, a.i, ops.maximum(kept, a.i))
        i, f = ops.exp(a.i - m), ops.exp(ops.minimum(kept - m, 0.0))
        c = f * c + i * self.activation(a.z)
        n = f * n + i
        h = self.recurrent_activation(a.o) * c / n
        return h, [h, c, n, m]


@register
class SLSTM(RecurrentLayer):
    """sLSTM over a sequence; equations in `SLSTMCell`.

    Args: those of `SLSTMCell` and of `RNN`.

    Example:
    >>> SLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = SLSTMCell
