"""A gated unit that also sees its state of some steps ago."""

from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class TauGRUCell(GatedCell):
    """τ-GRU: a weighted feedback of the state d steps before.

        n_t = φ(x_t W_n + h_{t-1} U_n + b_n)
        z_t = φ(x_t W_z + h_{t-1-d} U_z + b_z)
        g_t = σ(x_t W_g + h_{t-1} U_g + b_g)
        a_t = σ(x_t W_a + h_{t-1} U_a + b_a)
        h_t = (1 - g_t) ⊙ h_{t-1} + g_t ⊙ (n_t + a_t ⊙ z_t)

    σ is `recurrent_activation`, φ is `activation`; d is `delay`. The last d states
    before h_{t-1} are a second state, oldest first, which starts at zero. Row vectors,
    as in the code. The output is h_t.
    When to use it: dependencies of a known distance, such as the row above in an image:
    gradients get across the delay in one step.

    Reference: Erichson, Lim & Mahoney, 2022, "Gated Recurrent Neural Networks with
    Weighted Time-Delay Feedback", https://arxiv.org/abs/2212.00228. Differs from the
    paper: nothing.

    Args:
        delay: int. d, in steps. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, line]`, `(batch, units)`, `(batch, delay * units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, line])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`, recurrent_kernel `(units, 4 * units)`, bias `(4
        * units,)`; blocks n, z, g, a.

    Raises:
        TypeError: if `units` is not an integer, or `delay` is none.
        ValueError: if `units` is not positive, or `delay` not.

    Example:
    >>> cell = TauGRUCell(3, delay=2)
    >>> out, [h, line] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 6))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("n", "z", "g", "a")
    state_names = ("h", "line")
    bookkeeping = ("line",)
    gates = ("g", "a")
    replaced_by = "g"
    extra_arguments = {"delay": Argument("positive integer", 10, "units")}

    @property
    def state_shapes(self):
        return [(self.units,), (self.delay, self.units)]

    def step(self, x, states, u):
        h, line = states
        n = self.activation(x.n + u.n(h))
        z = self.activation(x.z + u.z(line[..., 0, :]))
        g = self.recurrent_activation(x.g + u.g(h))
        a = self.recurrent_activation(x.a + u.a(h))
        line = ops.concatenate([line[..., 1:, :], ops.expand_dims(h, -2)], -2)
        h = (1 - g) * h + g * (n + a * z)
        return h, [h, line]


@register
class TauGRU(RecurrentLayer):
    """τ-GRU over a sequence; equations in `TauGRUCell`.

    Args: those of `TauGRUCell` and of `RNN`.

    Example:
    >>> TauGRU(8, delay=2, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = TauGRUCell
