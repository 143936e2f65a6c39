"""Two gates out of one sum and one difference."""

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class ATRCell(GatedCell):
    """Addition-subtraction twin-gated network: two gates for one pair of matrices.

        p_t = x_t W + b
        q_t = h_{t-1} U
        i_t = σ(p_t + q_t)
        f_t = σ(p_t - q_t)
        h_t = i_t ⊙ p_t + f_t ⊙ h_{t-1}

    σ is `recurrent_activation`. Row vectors, as in the code. The output is h_t.
    When to use it: translation and other long texts at a third of a GRU's weights; an
    element that has just been written is let go, one that has not is kept.

    Reference: Zhang, Xiong, Su, Lin & Zhang, 2018, "Simplifying Neural Machine
    Translation with Addition-Subtraction Twin-Gated Recurrent Networks",
    https://arxiv.org/abs/1810.12546. Differs from the paper: the bias b.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`, bias `(units,)`.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = ATRCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    without_arguments = ("activation",)

    def step(self, x, states, u):
        [h] = states
        p, q = x.h, u.h(h)
        i = self.recurrent_activation(p + q)
        f = self.recurrent_activation(p - q)
        h = i * p + f * h
        return h, [h]


@register
class ATR(RecurrentLayer):
    """Addition-subtraction twin-gated network over a sequence; equations in `ATRCell`.

    Args: those of `ATRCell` and of `RNN`.

    Example:
    >>> ATR(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = ATRCell
