"""The input is mapped once, and one gate decides whether it is taken."""

from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class MinimalRNNCell(GatedCell):
    """MinimalRNN: states that are means of mapped inputs.

        z_t = φ(x_t W + b_z)
        u_t = σ(h_{t-1} U + z_t V + b_u)
        h_t = u_t ⊙ h_{t-1} + (1 - u_t) ⊙ z_t

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: very long sequences, for its theory tells how to start it; states
    stay among the mapped inputs and can be read as such.

    Reference: Chen, 2017, "MinimalRNN: Toward More Interpretable and Trainable
    Recurrent Neural Networks", https://arxiv.org/abs/1711.06788. Differs from the
    paper: the map of the input is one dense layer, as in the paper's experiments; its
    bias.

    Args:
        mapped_initializer: initializer of V. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`, bias `(2 *
        units,)`; blocks z, u. mapped_kernel `(units, units)`, which is V.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MinimalRNNCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("z",)
    recurrent_blocks = ("u",)
    bias_blocks = ("z", "u")
    gates = ("u",)
    extra_arguments = {"mapped_initializer": Argument("initializer", "glorot_uniform")}

    def further_weights(self, features):
        shape = (self.units, self.units)
        return [Weight("mapped_kernel", shape, self.mapped_initializer)]

    def split_bias(self, bias):
        return ops.split(bias, 2)

    def terms(self, inputs, w):
        x = w(inputs)
        return x.also(gate=w.product(self.activation(x.z), w.mapped_kernel))

    def step(self, x, states, u):
        [h] = states
        z = self.activation(x.z)
        g = self.recurrent_activation(u.u(h) + x.gate)
        h = g * h + (1 - g) * z
        return h, [h]


@register
class MinimalRNN(RecurrentLayer):
    """MinimalRNN over a sequence; equations in `MinimalRNNCell`.

    Args: those of `MinimalRNNCell` and of `RNN`.

    Example:
    >>> MinimalRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MinimalRNNCell
