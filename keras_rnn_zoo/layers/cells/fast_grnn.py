"""Recurrent networks of kilobytes."""

import keras
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight

ONES = Argument("initializer", {"class_name": "Constant", "config": {"value": 1.0}})


@register
class FastRNNCell(GatedCell):
    """FastRNN: a simple recurrent network beside a leak, with two weights for the mix.

        n_t = φ(x_t W + h_{t-1} U + b)
        h_t = σ(α) n_t + σ(β) h_{t-1}

    φ is `activation`, σ is `recurrent_activation`; α and β are one trained number each.
    Row vectors, as in the code. The output is h_t.
    When to use it: a simple recurrent network that can be trained over hundreds of
    steps, for two numbers more.

    Reference: Kusupati et al., 2019, "FastGRNN: A Fast, Accurate, Stable and Tiny
    Kilobyte Sized Gated Recurrent Neural Network", https://arxiv.org/abs/1901.02358.
    Differs from the paper: nothing.

    Args:
        bias_initializer: initializer of b; 1 by default, as in the authors' code. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`, bias `(units,)`.
        alpha `(1,)`, beta `(1,)`.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = FastRNNCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    extra_arguments = {"bias_initializer": ONES}

    def further_weights(self, features):
        return [
            Weight("alpha", (1,), keras.initializers.Constant(-3.0)),
            Weight("beta", (1,), keras.initializers.Constant(3.0)),
        ]

    def step(self, x, states, u):
        [h] = states
        n = self.activation(u(h, plus=x).h)
        h = (
            self.recurrent_activation(u.alpha) * n
            + self.recurrent_activation(u.beta) * h
        )
        return h, [h]


@register
class FastRNN(RecurrentLayer):
    """FastRNN over a sequence; equations in `FastRNNCell`.

    Args: those of `FastRNNCell` and of `RNN`.

    Example:
    >>> FastRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = FastRNNCell


@register
class FastGRNNCell(GatedCell):
    """FastGRNN: one pair of matrices for the gate and for the candidate.

        a_t = x_t W + h_{t-1} U
        z_t = σ(a_t + b_z)
        n_t = φ(a_t + b_h)
        h_t = z_t ⊙ h_{t-1} + (σ(ζ) (1 - z_t) + σ(ν)) ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`; ζ and ν are one trained number each.
    Row vectors, as in the code. The output is h_t.
    When to use it: microcontrollers: as small as a simple recurrent network, and nearly
    as good as a GRU.

    Reference: Kusupati et al., 2019, "FastGRNN: A Fast, Accurate, Stable and Tiny
    Kilobyte Sized Gated Recurrent Neural Network", https://arxiv.org/abs/1901.02358.
    Differs from the paper: matrices of full rank, dense, and not quantised.

    Args:
        bias_initializer: initializer of b; 1 by default, as in the authors' code. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`; bias `(2 *
        units,)`; blocks z, h. zeta `(1,)`, nu `(1,)`.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = FastGRNNCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    bias_blocks = ("z", "h")
    extra_arguments = {"bias_initializer": ONES}

    def further_weights(self, features):
        return [
            Weight("zeta", (1,), keras.initializers.Constant(1.0)),
            Weight("nu", (1,), keras.initializers.Constant(-4.0)),
        ]

    def split_bias(self, bias):
        return None, None  # two different ones are added to one sum

    def step(self, x, states, u):
        [h] = states
        a = u(h, plus=x).h
        b_z, b_h = ops.split(u.bias, 2) if self.use_bias else (0, 0)
        z = self.recurrent_activation(a + b_z)
        n = self.activation(a + b_h)
        zeta = self.recurrent_activation(u.zeta)
        nu = self.recurrent_activation(u.nu)
        h = z * h + (zeta * (1 - z) + nu) * n
        return h, [h]


@register
class FastGRNN(RecurrentLayer):
    """FastGRNN over a sequence; equations in `FastGRNNCell`.

    Args: those of `FastGRNNCell` and of `RNN`.

    Example:
    >>> FastGRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = FastGRNNCell
