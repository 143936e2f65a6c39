"""Long short-term memory with a narrow recurrence."""

from keras_rnn_zoo.layers.cells.lstm import ForgetGateCell
from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class ProjectedLSTMCell(ForgetGateCell):
    """LSTM with projection: what goes out and comes back is narrower than the memory.

        i_t = σ(x_t W_i + h_{t-1} U_i + b_i)
        f_t = σ(x_t W_f + h_{t-1} U_f + b_f)
        g_t = φ(x_t W_c + h_{t-1} U_c + b_c)
        o_t = σ(x_t W_o + h_{t-1} U_o + b_o)
        c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
        h_t = (o_t ⊙ φ(c_t)) V

    σ is `recurrent_activation`, φ is `activation`. c is `units` wide, h is
    `projection_units` wide. Row vectors, as in the code. The output is h_t.
    When to use it: large memories; with a projection to a quarter, U and the layer
    above it shrink to a quarter.

    Reference: Sak, Senior & Beaufays, 2014, "Long Short-Term Memory Based Recurrent
    Neural Network Architectures for Large Vocabulary Speech Recognition",
    https://arxiv.org/abs/1402.1128. Differs from the paper: no peepholes, no second,
    non-recurrent projection, no output layer; as `proj_size` in PyTorch.

    Args:
        units: int. Width of the memory c.
        projection_units: int or None. Width of the state h and of the output; None for
            half of `units`, rounded up.
        unit_forget_bias: bool. Start b_f at one instead of `bias_initializer`.
        projection_initializer: initializer of V. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, `(batch, projection_units)` and `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, c])`, of the shapes of the states, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`, recurrent_kernel
        `(projection_units, 4 * units)`, bias `(4 * units,)`; blocks i, f, c, o.
        projection_kernel `(units, projection_units)`.

    Raises:
        TypeError: if `units` or `projection_units` is not an integer.
        ValueError: if `units` or `projection_units` is not positive, or
            `projection_initializer` is unknown.

    Example:
    >>> cell = ProjectedLSTMCell(3, projection_units=2)
    >>> out, [h, c] = cell(np.ones((2, 4)), [np.zeros((2, 2)), np.zeros((2, 3))])
    >>> h.shape, c.shape
    (TensorShape([2, 2]), TensorShape([2, 3]))
    """

    blocks = ("i", "f", "c", "o")
    elsewhere = {"torch": "ifco"}
    extra_arguments = {
        **ForgetGateCell.extra_arguments,
        "projection_units": Argument("positive integer or None", None, after="units"),
        "projection_initializer": Argument("initializer", "glorot_uniform"),
    }

    @property
    def state_shapes(self):
        return [(self.projection_units or -(-self.units // 2),), (self.units,)]

    def further_weights(self, features):
        shape = (self.units, self.output_size)
        return [Weight("projection_kernel", shape, self.projection_initializer)]

    def step(self, x, states, u):
        h, c = states
        a = u(h, plus=x)
        i = self.recurrent_activation(a.i)
        f = self.recurrent_activation(a.f)
        g = self.activation(a.c)
        o = self.recurrent_activation(a.o)
        c = f * c + i * g
        h = u.product(o * self.activation(c), u.projection_kernel)
        return h, [h, c]


@register
class ProjectedLSTM(RecurrentLayer):
    """LSTM with projection over a sequence; equations in `ProjectedLSTMCell`.

    Args: those of `ProjectedLSTMCell` and of `RNN`.

    Example:
    >>> layer = ProjectedLSTM(8, projection_units=2, return_sequences=True)
    >>> layer(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 2])
    """

    cell_class = ProjectedLSTMCell
