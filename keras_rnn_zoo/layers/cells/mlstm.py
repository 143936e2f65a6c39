"""The LSTM of xLSTM whose memory is a matrix."""

from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class MLSTMCell(GatedCell):
    """mLSTM: a matrix in which values are stored under keys, and found by queries.

        q_t, v_t = x_t W_q + b_q, x_t W_v + b_v
        k_t = (x_t W_k + b_k) / √units
        ĩ_t, f̃_t = x_t W_i + b_i, x_t W_f + b_f          one number each
        m_t = max(log σ(f̃_t) + m_{t-1}, ĩ_t)
        i_t = exp(ĩ_t - m_t)
        f_t = exp(log σ(f̃_t) + m_{t-1} - m_t)
        C_t = f_t C_{t-1} + i_t k_tᵀ v_t
        n_t = f_t n_{t-1} + i_t k_t
        h_t = σ(x_t W_o + b_o) ⊙ (q_t C_t) / max(|q_t n_tᵀ|, exp(-m_t))

    σ of the output gate is `recurrent_activation`. m only keeps the numbers small: C
    and n stand for C e^m and n e^m, with which the divisor is the paper's
    max(|q_t n_tᵀ|, 1). Row vectors, as in the code; C has keys as rows. The output is
    h_t, which is no state.
    When to use it: recall of many things by what they go with. Nothing reads the step
    before but the memory itself; that has units² numbers a row.

    Reference: Beck et al., 2024, "xLSTM: Extended Long Short-Term Memory",
    https://arxiv.org/abs/2405.04517, eq. (19)-(27), stabilised as in its appendix.
    Differs from the paper: one head; σ for the forget gate, of the two it allows; the
    blocks around it (projections, convolution) are not part of it.

    Args:
        forget_bias: number. Where b_f starts; 3, the least of the authors' heads. Other
            arguments: see `GatedCell`; those of the recurrent kernel do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[c, n, m]`, `(batch, units * units)`, `(batch, units)`, `(batch, 1)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [c, n, m])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units + 2)`, bias `(4 * units + 2,)`; blocks q, k, v, o,
        i, f, the last two of width 1.

    Raises:
        TypeError: if `units` is not an integer, or `forget_bias` not a number.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MLSTMCell(3)
    >>> out, [c, n, m] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape, c.shape, m.shape
    (TensorShape([2, 3]), TensorShape([2, 9]), TensorShape([2, 1]))
    """

    blocks = ("q", "k", "v", "o", "i", "f")
    state_names = ("c", "n", "m")
    bookkeeping = ("m",)  # a scale, which belongs to the other two
    gates = ("o",)
    recurrent_shape = None
    without_arguments = ("activation",)
    extra_arguments = {"forget_bias": Argument("number", 3.0, "bias_initializer")}

    def block_size(self, block):
        return 1 if block in ("i", "f") else self.units

    @property
    def state_shapes(self):
        return [(self.units, self.units), (self.units,), (1,)]

    @property
    def output_size(self):
        return self.units

    @property
    def bias_starts(self):
        return {"f": self.forget_bias}

    def step(self, x, states, u):
        c, n, m = states
        k = x.k * self.units**-0.5
        kept = ops.log_sigmoid(x.f) + m
        m = ops.maximum(kept, x.i)
        i, f = ops.exp(x.i - m), ops.exp(kept - m)
        c = f[..., None] * c + k[..., :, None] * (i * x.v)[..., None, :]
        n = f * n + i * k
        read = ops.sum(x.q[..., :, None] * c, axis=-2)
        scale = ops.abs(ops.sum(x.q * n, axis=-1, keepdims=True))
        h = self.recurrent_activation(x.o) * read / ops.maximum(scale, ops.exp(-m))
        return h, [c, n, m]


@register
class MLSTM(RecurrentLayer):
    """mLSTM over a sequence; equations in `MLSTMCell`.

    Args: those of `MLSTMCell` and of `RNN`.

    Example:
    >>> MLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MLSTMCell
