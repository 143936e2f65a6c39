"""Long short-term memory with a forget gate."""

import keras
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument, first_value
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


class ForgetGateCell(GatedCell):
    """Base of the LSTMs: states h and c, and a gate "f" whose bias may start at one.

    Args:
        unit_forget_bias: bool. Start b_f at one instead of `bias_initializer`. Other
            arguments: see `GatedCell`.
    """

    state_names = ("h", "c")
    gates = ("i", "f", "o")
    kept_by = "f"
    extra_arguments = {
        "unit_forget_bias": Argument("flag", True, after="bias_initializer")
    }

    def initial_bias(self, shape, dtype=None):
        if not self.unit_forget_bias:
            return first_value(self.bias_initializer, shape, dtype)
        before = self.blocks.index("f") * self.units
        after = shape[-1] - before - self.units
        parts = [
            first_value(self.bias_initializer, (before,), dtype),
            keras.initializers.Ones()((self.units,), dtype=dtype),
            first_value(self.bias_initializer, (after,), dtype),
        ]
        return ops.concatenate([part for part in parts if part.shape[0]])


@register
class LSTMCell(ForgetGateCell):
    """Long short-term memory: a memory c that is kept, written and read by gates.

        i_t = σ(x_t W_i + h_{t-1} U_i + b_i)
        f_t = σ(x_t W_f + h_{t-1} U_f + b_f)
        g_t = φ(x_t W_c + h_{t-1} U_c + b_c)
        o_t = σ(x_t W_o + h_{t-1} U_o + b_o)
        c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
        h_t = o_t ⊙ φ(c_t)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: the default choice where something has to be remembered for long;
    the gradient along c is a product of forget gates, not of matrices.

    Reference: Hochreiter & Schmidhuber, 1997, "Long Short-Term Memory", Neural
    Computation 9(8); forget gate: Gers, Schmidhuber & Cummins, 2000, "Learning to
    Forget", Neural Computation 12(10). Differs from the papers: no peepholes, one cell
    per block, tanh for both squashing functions.

    Args:
        unit_forget_bias: bool. Start b_f at one instead of `bias_initializer`
            (Jozefowicz et al., 2015). Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, each `(batch, units)`.
        training: bool. Matters only with dropout.

    Returns:
        `(h, [h, c])`, each of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`, recurrent_kernel `(units, 4 * units)`,
        bias `(4 * units,)`; blocks i, f, c, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = LSTMCell(3)
    >>> out, [h, c] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> c.shape
    TensorShape([2, 3])
    """

    blocks = ("i", "f", "c", "o")
    elsewhere = {"native": "lstm", "cudnn": "lstm", "onnx": "LSTM", "torch": "ifco"}

    def step(self, x, states, u):
        h, c = states
        a = u(h, plus=x)
        i = self.recurrent_activation(a.i)
        f = self.recurrent_activation(a.f)
        g = self.activation(a.c)
        o = self.recurrent_activation(a.o)
        c = f * c + i * g
        h = o * self.activation(c)
        return h, [h, c]


@register
class LSTM(RecurrentLayer):
    """Long short-term memory over a sequence; equations in `LSTMCell`.

    Args: those of `LSTMCell` and of `RNN`, named and ordered as in
        `keras.layers.LSTM`.

    Example:
    >>> LSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = LSTMCell
