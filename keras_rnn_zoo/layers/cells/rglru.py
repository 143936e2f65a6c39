"""A leaky mean with gates from the input, whose size stays the same."""

from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class RGLRUCell(GatedCell):
    """Real-gated linear recurrent unit: how fast a memory fades depends on the input.

        r_t = σ(x_t W_r + b_r)
        i_t = σ(x_t W_i + b_i)
        a_t = σ(Λ) to the power of 8 r_t
        h_t = a_t ⊙ h_{t-1} + √(1 - a_t²) ⊙ i_t ⊙ (x_t W_h + b_h)

    σ of the gates is `recurrent_activation`. The output is h_t. Row vectors, as in the
    code.
    When to use it: long sequences, several layers deep, between layers that are not
    linear; with attention over a short window beside it, as in Griffin. h_t is linear
    in h_{t-1}.

    Reference: De et al., 2024, "Griffin: Mixing Gated Linear Recurrences with Local
    Attention for Efficient Language Models", https://arxiv.org/abs/2402.19427, eq.
    (1)-(4). Differs from the paper: the product that stands before the unit in its
    block is W_h, so that any width will do, and the gates read x_t itself, through full
    matrices; 1 - a_t² is at least 1e-7. The authors' code lets the first step in whole;
    here, as in the paper, it is like every other.

    Args: as `GatedCell`; those of the recurrent kernel do not exist, nor
        `activation`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, bias `(3 * units,)`; blocks r, i, h. decay
        `(units,)`.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = RGLRUCell(3)
    >>> out, states = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("r", "i", "h")
    gates = ("r", "i")
    linear = "diagonal"
    recurrent_shape = None
    without_arguments = ("activation",)

    def further_weights(self, features):
        return [Weight("decay", (self.units,), self._first_decay)]

    def _first_decay(self, shape, dtype=None):
        """Λ such that σ(Λ) to the power of 8 is even over [0.9, 0.999]."""
        draw = keras.initializers.RandomUniform(0.9, 0.999, self.seed)
        log_a = ops.log(draw(shape, dtype=dtype)) / 8
        return log_a - ops.log(-ops.expm1(log_a))

    def step(self, x, states, u):
        [h] = states
        h = self.remember(h, x.h, x.r, x.i, u.decay)
        return h, [h]

    def remember(self, h: Any, v: Any, r: Any, i: Any, decay: Any) -> Any:
        """h_t of h_{t-1}, of what is new, and of the gates before σ."""
        r, i = self.recurrent_activation(r), self.recurrent_activation(i)
        log_a = 8 * r * ops.log_sigmoid(decay)
        size = ops.sqrt(ops.maximum(-ops.expm1(2 * log_a), 1e-7))
        return ops.exp(log_a) * h + size * i * v


@register
class RGLRU(RecurrentLayer):
    """Real-gated linear recurrent unit over a sequence; equations in `RGLRUCell`.

    Args: those of `RGLRUCell` and of `RNN`.

    Example:
    >>> RGLRU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = RGLRUCell
