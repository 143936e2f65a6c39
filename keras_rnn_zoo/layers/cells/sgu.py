"""Gates that multiply the state."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class SGUCell(GatedCell):
    """Simple gated unit: a gate that multiplies the state instead of adding to it.

        g_t = φ(((x_t W_g + b_g) ⊙ h_{t-1}) U_g)
        o_t = ψ(g_t ⊙ h_{t-1})
        z_t = σ(x_t W_z + h_{t-1} U_z + b_z)
        h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ o_t

    σ is `recurrent_activation`, φ is `activation`, ψ is `output_activation`. Row
    vectors, as in the code. The output is h_t.
    When to use it: short sequences that have to be learned fast, at two thirds of a
    GRU. With softplus for ψ states are positive and may grow.

    Reference: Gao & Glowacka, 2016, "Deep Gate Recurrent Neural Network",
    https://arxiv.org/abs/1604.02910. Differs from the paper: σ is the logistic
    function, where the paper has a piecewise linear one (Keras's `"hard_sigmoid"` has
    another slope).

    Args:
        output_activation: ψ; `"softplus"` by default. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`, recurrent_kernel `(units, 2 * units)`, bias `(2
        * units,)`; blocks g, z.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = SGUCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("g", "z")
    gates = ("z",)
    replaced_by = "z"
    extra_arguments = {
        "output_activation": Argument("activation", "softplus", "recurrent_activation"),
    }

    def step(self, x, states, u):
        [h] = states
        g = self.activation(u.g(x.g * h))
        o = self.output_activation(g * h)
        z = self.recurrent_activation(x.z + u.z(h))
        h = (1 - z) * h + z * o
        return h, [h]


@register
class SGU(RecurrentLayer):
    """Simple gated unit over a sequence; equations in `SGUCell`.

    Args: those of `SGUCell` and of `RNN`.

    Example:
    >>> SGU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = SGUCell


@register
class DSGUCell(GatedCell):
    """Deep simple gated unit: a simple gated unit with one more matrix.

        g_t = φ(((x_t W_g + b_g) ⊙ h_{t-1}) U_g)
        o_t = ψ((g_t ⊙ h_{t-1}) V)
        z_t = σ(x_t W_z + h_{t-1} U_z + b_z)
        h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ o_t

    σ is `recurrent_activation`, φ is `activation`, ψ is `output_activation`. Row
    vectors, as in the code. The output is h_t.
    When to use it: where `SGU` is too weak; a GRU's size.

    Reference: Gao & Glowacka, 2016, "Deep Gate Recurrent Neural Network",
    https://arxiv.org/abs/1604.02910. Differs from the paper as `SGUCell` does.

    Args:
        output_activation: ψ; `"sigmoid"` by default. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`, recurrent_kernel `(units, 2 * units)`, bias `(2
        * units,)`; blocks g, z. output_kernel `(units, units)`, which is V.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = DSGUCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("g", "z")
    gates = ("z",)
    replaced_by = "z"
    extra_arguments = {
        "output_activation": Argument("activation", "sigmoid", "recurrent_activation"),
    }

    def further_weights(self, features):
        shape = (self.units, self.units)
        return [Weight("output_kernel", shape, self.recurrent_initializer)]

    def step(self, x, states, u):
        [h] = states
        g = self.activation(u.g(x.g * h))
        o = self.output_activation(u.product(g * h, u.output_kernel))
        z = self.recurrent_activation(x.z + u.z(h))
        h = (1 - z) * h + z * o
        return h, [h]


@register
class DSGU(RecurrentLayer):
    """Deep simple gated unit over a sequence; equations in `DSGUCell`.

    Args: those of `DSGUCell` and of `RNN`.

    Example:
    >>> DSGU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = DSGUCell
