"""An LSTM whose memory is another LSTM."""

from keras import ops

from keras_rnn_zoo.layers.cells.lstm import ForgetGateCell
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class NestedLSTMCell(ForgetGateCell):
    """Nested LSTM: what an LSTM would add to its memory is read by an LSTM within.

        i_t = σ(x_t W_i + h_{t-1} U_i + b_i)
        f_t = σ(x_t W_f + h_{t-1} U_f + b_f)
        o_t = σ(x_t W_o + h_{t-1} U_o + b_o)
        x'_t = i_t ⊙ (x_t W_c + h_{t-1} U_c + b_c)
        h'_t = f_t ⊙ c_{t-1}
        i'_t, f'_t, o'_t = σ(x'_t V_{i,f,o} + h'_t R_{i,f,o} + d_{i,f,o})
        n_t = f'_t ⊙ n_{t-1} + i'_t ⊙ φ(x'_t V_c + h'_t R_c + d_c)
        c_t = o'_t ⊙ φ(n_t)
        h_t = o_t ⊙ φ(c_t)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: where an event matters to things on two scales of time: the memory
    within lasts longer, for the gates outside decide what reaches it. Almost two
    LSTMs' products a step, and no second layer.

    Reference: Moniz & Krueger, 2017, "Nested LSTMs", https://arxiv.org/abs/1801.10308,
    section 3. Differs from the paper: one LSTM within, as in its experiments, and not
    any number; the outer candidate has no activation, as there.

    Args:
        unit_forget_bias: bool. Start b_f and d_f at one instead of `bias_initializer`.
            Other arguments: see `GatedCell`; those of W hold for V, those of U for R
            and those of b for d.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c, n]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, c, n])`, each of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`, recurrent_kernel `(units, 4 * units)`, bias `(4
        * units,)`, inner_kernel `(units, 4 * units)`, inner_recurrent_kernel `(units, 4
        * units)`, inner_bias `(4 * units,)`; blocks i, f, c, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = NestedLSTMCell(3)
    >>> out, [h, c, n] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> n.shape
    TensorShape([2, 3])
    """

    blocks = ("i", "f", "c", "o")
    state_names = ("h", "c", "n")

    def further_weights(self, features):
        shape, kernel = (self.units, 4 * self.units), "inner_kernel"
        weights = [
            Weight(
                *(kernel, shape, self.kernel_initializer),
                *(self.kernel_regularizer, self.kernel_constraint),
            ),
            Weight(
                *("inner_recurrent_kernel", shape, self.recurrent_initializer),
                *(self.recurrent_regularizer, self.recurrent_constraint),
            ),
            Weight(
                *("inner_bias", shape[1:], self.initial_bias),
                *(self.bias_regularizer, self.bias_constraint),
            ),
        ]
        return weights if self.use_bias else weights[:2]

    def step(self, x, states, u):
        h, c, n = states
        sigma, phi = self.recurrent_activation, self.activation
        a = u(h, plus=x)
        x_in, h_in = sigma(a.i) * a.c, sigma(a.f) * c
        z = u.product(x_in, u.inner_kernel) + u.product(h_in, u.inner_recurrent_kernel)
        i, f, g, o = ops.split(z + u.inner_bias if self.use_bias else z, 4, -1)
        n = sigma(f) * n + sigma(i) * phi(g)
        c = sigma(o) * phi(n)
        h = sigma(a.o) * phi(c)
        return h, [h, c, n]


@register
class NestedLSTM(RecurrentLayer):
    """Nested LSTM over a sequence; equations in `NestedLSTMCell`.

    Args: those of `NestedLSTMCell` and of `RNN`.

    Example:
    >>> NestedLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = NestedLSTMCell
