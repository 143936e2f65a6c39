"""Two memories, each with a step of time that is learned."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class LEMCell(GatedCell):
    """Long expressive memory: two states that move at steps of their own.

        d_t = Δ σ(x_t W_d + y_{t-1} U_d + b_d)
        e_t = Δ σ(x_t W_e + y_{t-1} U_e + b_e)
        z_t = (1 - d_t) ⊙ z_{t-1} + d_t ⊙ φ(x_t W_z + y_{t-1} U_z + b_z)
        y_t = (1 - e_t) ⊙ y_{t-1} + e_t ⊙ φ(x_t W_y + z_t V + b_y)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is y_t, which looks at the new z_t.
    When to use it: signals with slow and fast parts, and long dependencies, at an
    LSTM's cost.

    Reference: Rusch, Mishra, Erichson & Mahoney, 2021, "Long Expressive Memory for
    Sequence Modeling", https://arxiv.org/abs/2110.04744. Differs from the paper:
    nothing.

    Args:
        time_step: number above 0. Δ, the longest step. Other arguments: see
            `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[y, z]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(y, [y, z])`, y of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`, bias `(4 * units,)`; blocks d, e, z, y.
        recurrent_kernel `(units, 3 * units)`; blocks d, e, z. memory_kernel `(units,
        units)`, which is V.

    Raises:
        TypeError: if `units` is not an integer, or `time_step` not a number.
        ValueError: if `units` is not positive, or `time_step` not above 0.

    Example:
    >>> cell = LEMCell(3)
    >>> out, [y, z] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("d", "e", "z", "y")
    recurrent_blocks = ("d", "e", "z")
    state_names = ("y", "z")
    gates = ("d", "e")
    extra_arguments = {"time_step": Argument("positive number", 1.0, "units")}

    def further_weights(self, features):
        shape = (self.units, self.units)
        return [Weight("memory_kernel", shape, self.recurrent_initializer)]

    def step(self, x, states, u):
        y, z = states
        a = u(y)
        d = self.time_step * self.recurrent_activation(x.d + a.d)
        e = self.time_step * self.recurrent_activation(x.e + a.e)
        z = (1 - d) * z + d * self.activation(x.z + a.z)
        y = (1 - e) * y + e * self.activation(x.y + u.product(z, u.memory_kernel))
        return y, [y, z]


@register
class LEM(RecurrentLayer):
    """Long expressive memory over a sequence; equations in `LEMCell`.

    Args: those of `LEMCell` and of `RNN`.

    Example:
    >>> LEM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = LEMCell
