"""A gated average whose gate reads the input alone."""

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class GILRCell(GatedCell):
    """Gated impulse linear recurrence: a gated average of what the input says.

        g_t = σ(x_t W_g + b_g)
        h_t = g_t ⊙ h_{t-1} + (1 - g_t) ⊙ φ(x_t W_h + b_h)

    σ is `recurrent_activation`, φ is `activation`. The output is h_t. h_t is linear
    in h_{t-1}, unit by unit. Row vectors, as in the code.
    When to use it: very long sequences; stack it, for one layer alone cannot count.

    Reference: Martin & Cundy, 2018, "Parallelizing Linear Recurrent Neural Nets
    Over Sequence Length", https://arxiv.org/abs/1709.04057. Differs from the paper:
    first weights are Keras's.

    Args:
        activation: φ; tanh by default.
            Other arguments: see `GatedCell`; those of the recurrent kernel
            do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`, bias `(2 * units,)`; blocks g, h.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = GILRCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("g", "h")
    gates = ("g",)
    kept_by = "g"
    linear = "diagonal"
    recurrent_shape = None

    def step(self, x, states, u):
        [h] = states
        g = self.recurrent_activation(x.g)
        h = g * h + (1 - g) * self.activation(x.h)
        return h, [h]


@register
class GILR(RecurrentLayer):
    """Gated impulse linear recurrence over a sequence; equations in `GILRCell`.

    Args: those of `GILRCell` and of `RNN`.

    Example:
    >>> GILR(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = GILRCell
