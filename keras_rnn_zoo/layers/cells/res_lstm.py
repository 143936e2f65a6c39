"""An LSTM with a short cut from its input to its output."""

from keras import ops

from keras_rnn_zoo.layers.cells.lstm import ForgetGateCell
from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class ResLSTMCell(ForgetGateCell):
    """Residual LSTM: the output gate lets the memory and the input through.

        i_t = σ(x_t W_i + h_{t-1} U_i + p_i ⊙ c_{t-1} + b_i)
        f_t = σ(x_t W_f + h_{t-1} U_f + p_f ⊙ c_{t-1} + b_f)
        g_t = φ(x_t W_c + h_{t-1} U_c + b_c)
        c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
        o_t = σ(x_t W_o + h_{t-1} U_o + p_o ⊙ c_t + b_o)
        h_t = o_t ⊙ (φ(c_t) P + x_t R)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: stacks of five to ten layers, as for distant speech.

    Reference: Kim, El-Khamy & Lee, 2017, "Residual LSTM: Design of a Deep Recurrent
    Architecture for Distant Speech Recognition", https://arxiv.org/abs/1701.03360.
    Differs from the paper: R is always a matrix, where the paper leaves it out for
    inputs of the output's width; the projection has the width of the memory; b_f may
    start at one.

    Args:
        unit_forget_bias: bool. Start b_f at one instead of `bias_initializer`.
        peephole_initializer: initializer of p. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, c])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`, recurrent_kernel `(units, 4 * units)`, bias `(4
        * units,)`; blocks i, f, c, o. peephole_kernel `(3 * units,)`; blocks i, f, o.
        projection_kernel `(units, units)`, residual_kernel `(features, units)`, which
        are P and R.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = ResLSTMCell(3)
    >>> out, [h, c] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("i", "f", "c", "o")
    extra_arguments = {
        **ForgetGateCell.extra_arguments,
        "peephole_initializer": Argument("initializer", "random_uniform"),
    }

    def further_weights(self, features):
        n = self.units
        return [
            Weight("peephole_kernel", (3 * n,), self.peephole_initializer),
            Weight("projection_kernel", (n, n), self.recurrent_initializer),
            Weight("residual_kernel", (features, n), self.kernel_initializer),
        ]

    def terms(self, inputs, w):
        return w(inputs).also(rest=w.product(w.dropped(inputs), w.residual_kernel))

    def step(self, x, states, u):
        h, c = states
        a = u(h, plus=x)
        p_i, p_f, p_o = ops.split(u.peephole_kernel, 3)
        i = self.recurrent_activation(a.i + p_i * c)
        f = self.recurrent_activation(a.f + p_f * c)
        c = f * c + i * self.activation(a.c)
        o = self.recurrent_activation(a.o + p_o * c)
        h = o * (u.product(self.activation(c), u.projection_kernel) + x.rest)
        return h, [h, c]


@register
class ResLSTM(RecurrentLayer):
    """Residual LSTM over a sequence; equations in `ResLSTMCell`.

    Args: those of `ResLSTMCell` and of `RNN`.

    Example:
    >>> ResLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = ResLSTMCell
