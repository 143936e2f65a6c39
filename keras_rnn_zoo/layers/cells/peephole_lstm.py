"""Long short-term memory whose gates see the memory."""

from keras import ops

from keras_rnn_zoo.layers.cells.lstm import ForgetGateCell
from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class PeepholeLSTMCell(ForgetGateCell):
    """LSTM with peepholes: every gate also reads its own memory element.

        i_t = σ(x_t W_i + h_{t-1} U_i + p_i ⊙ c_{t-1} + b_i)
        f_t = σ(x_t W_f + h_{t-1} U_f + p_f ⊙ c_{t-1} + b_f)
        g_t = φ(x_t W_c + h_{t-1} U_c + b_c)
        c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
        o_t = σ(x_t W_o + h_{t-1} U_o + p_o ⊙ c_t + b_o)
        h_t = o_t ⊙ φ(c_t)

    σ is `recurrent_activation`, φ is `activation`. The output gate looks at the new
    memory, the other two at the old one. Row vectors, as in the code. The output is
    h_t.
    When to use it: counting and precise timing, where a gate has to know the memory
    while the output gate hides it; three vectors more than an LSTM.

    Reference: Gers, Schraudolph & Schmidhuber, 2002, "Learning Precise Timing with LSTM
    Recurrent Networks", Journal of Machine Learning Research 3. Differs from the paper:
    one memory cell per block, tanh for both squashing functions (the paper lets c_t out
    without one), gradients through all connections.

    Args:
        unit_forget_bias: bool. Start b_f at one instead of `bias_initializer`.
        peephole_initializer: initializer of p. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, c])`, each of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`, recurrent_kernel `(units, 4 * units)`,
        bias `(4 * units,)`; blocks i, f, c, o. peephole_kernel `(3 * units,)`; blocks
        i, f, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive, or `peephole_initializer` is unknown.

    Example:
    >>> cell = PeepholeLSTMCell(3)
    >>> out, [h, c] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> c.shape
    TensorShape([2, 3])
    """

    blocks = ("i", "f", "c", "o")
    elsewhere = {"native": "peephole_lstm", "onnx": "LSTM"}
    native_weights = {"peepholes": "peephole_kernel"}
    extra_arguments = {
        **ForgetGateCell.extra_arguments,
        "peephole_initializer": Argument("initializer", "random_uniform"),
    }

    def further_weights(self, features):
        shape = (3 * self.units,)
        return [Weight("peephole_kernel", shape, self.peephole_initializer)]

    def step(self, x, states, u):
        h, c = states
        a = u(h, plus=x)
        p_i, p_f, p_o = ops.split(u.peephole_kernel, 3)
        i = self.recurrent_activation(a.i + p_i * c)
        f = self.recurrent_activation(a.f + p_f * c)
        g = self.activation(a.c)
        c = f * c + i * g
        o = self.recurrent_activation(a.o + p_o * c)
        h = o * self.activation(c)
        return h, [h, c]


@register
class PeepholeLSTM(RecurrentLayer):
    """LSTM with peepholes over a sequence; equations in `PeepholeLSTMCell`.

    Args: those of `PeepholeLSTMCell` and of `RNN`.

    Example:
    >>> PeepholeLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = PeepholeLSTMCell
