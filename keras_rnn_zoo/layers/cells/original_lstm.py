"""The first long short-term memory: nothing is ever forgotten."""

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class OriginalLSTMCell(GatedCell):
    """Long short-term memory of 1997: an input and an output gate, no forget gate.

        i_t = σ(x_t W_i + h_{t-1} U_i + b_i)
        g_t = φ(x_t W_c + h_{t-1} U_c + b_c)
        o_t = σ(x_t W_o + h_{t-1} U_o + b_o)
        c_t = c_{t-1} + i_t ⊙ g_t
        h_t = o_t ⊙ φ(c_t)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: short sequences whose end is known, counting, and to see what the
    forget gate is for: here ∂c_t/∂c_{t-1} is 1 along the memory, for ever, and so is
    whatever was once written.

    Reference: Hochreiter & Schmidhuber, 1997, "Long Short-Term Memory", Neural
    Computation 9(8). Differs from the paper: one memory cell per block, tanh for both
    squashing functions (the paper's g and h have ranges of their own), gradients
    through all connections.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, c])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, recurrent_kernel `(units, 3 * units)`, bias `(3
        * units,)`; blocks i, c, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = OriginalLSTMCell(3)
    >>> out, [h, c] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("i", "c", "o")
    state_names = ("h", "c")
    gates = ("i", "o")

    def step(self, x, states, u):
        h, c = states
        a = u(h, plus=x)
        i = self.recurrent_activation(a.i)
        g = self.activation(a.c)
        o = self.recurrent_activation(a.o)
        c = c + i * g
        h = o * self.activation(c)
        return h, [h, c]


@register
class OriginalLSTM(RecurrentLayer):
    """Long short-term memory of 1997 over a sequence; equations in `OriginalLSTMCell`.

    Args: those of `OriginalLSTMCell` and of `RNN`.

    Example:
    >>> OriginalLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = OriginalLSTMCell
