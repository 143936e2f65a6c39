"""Griffin's linear recurrence, whose decay reads the input."""

import keras
from keras import ops

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


def slow_decay(shape, dtype=None):
    """Λ for which the state keeps 0.9 to 0.999 of itself a step, at r = 1 / 8."""
    kept = ops.sqrt(keras.random.uniform(shape, 0.9**2, 0.999**2, dtype=dtype))
    return ops.log(1 / kept - 1)


@register
class RGLRUCell(GatedCell):
    """Real-gated linear recurrent unit: what is forgotten depends on the input.

        r_t = σ(x_t W_r + b_r)
        i_t = σ(x_t W_i + b_i)
        a_t = exp(-8 r_t ⊙ softplus(Λ))
        h_t = a_t ⊙ h_{t-1} + √(1 - a_t²) ⊙ i_t ⊙ (x_t W_h)

    σ is `recurrent_activation`; decay is Λ. The output is h_t. h_t is linear in
    h_{t-1}, unit by unit. Row vectors, as in the code.
    When to use it: very long sequences, with a convolution before it and other
    layers between.

    Reference: De et al., 2024, "Griffin: Mixing Gated Linear Recurrences with Local
    Attention for Efficient Language Models", https://arxiv.org/abs/2402.19427, eq.
    (1)-(4). Differs from the paper: x_t W_h stands for x_t, so that widths may
    differ; the gates' matrices are full, where the authors' code has blocks; the
    first step is a step like others.

    Args:
        Other arguments: see `GatedCell`; those of the recurrent kernel
            do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`; blocks r, i, h. bias `(2 * units,)`; blocks
        r, i. decay `(units,)`.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = RGLRUCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("r", "i", "h")
    bias_blocks = ("r", "i")
    gates = ("r", "i")
    linear = "diagonal"
    recurrent_shape = None
    without_arguments = (
        "activation",
        "recurrent_initializer",
        "recurrent_regularizer",
        "recurrent_constraint",
        "recurrent_dropout",
    )

    def split_bias(self, bias):
        return ops.concatenate([bias, ops.zeros_like(bias[: self.units])]), None

    def further_weights(self, features):
        return [Weight("decay", (self.units,), slow_decay)]

    def step(self, x, states, u):
        [h] = states
        r = self.recurrent_activation(x.r)
        i = self.recurrent_activation(x.i)
        log_a = -8.0 * r * ops.softplus(u.decay)
        h = ops.exp(log_a) * h + ops.sqrt(-ops.expm1(2.0 * log_a)) * i * x.h
        return h, [h]


@register
class RGLRU(RecurrentLayer):
    """Real-gated linear recurrent unit over a sequence; equations in `RGLRUCell`.

    Args: those of `RGLRUCell` and of `RNN`.

    Example:
    >>> RGLRU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = RGLRUCell
