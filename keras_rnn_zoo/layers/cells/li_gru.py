"""A GRU without a reset gate and with rectified candidates."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class LiGRUCell(GatedCell):
    """Light GRU: no reset gate, and a rectified candidate.

        z_t = σ(x_t W_z + h_{t-1} U_z + b_z)
        n_t = φ(x_t W_h + h_{t-1} U_h + b_h)
        h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: speech and other long signals of frames, with a normalisation of the
    inputs before it; a third less than a GRU.

    Reference: Ravanelli, Brakel, Omologo & Bengio, 2018, "Light Gated Recurrent Units
    for Speech Recognition", https://arxiv.org/abs/1803.10225. Differs from the paper:
    no batch normalisation of x_t W; biases instead.

    Args:
        activation: φ; `"relu"` by default, as in the paper. Other arguments: see
            `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`, recurrent_kernel `(units, 2 * units)`, bias `(2
        * units,)`; blocks z, h.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = LiGRUCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("z", "h")
    gates = ("z",)
    kept_by = "z"
    extra_arguments = {"activation": Argument("activation", "relu")}

    def step(self, x, states, u):
        [h] = states
        a = u(h, plus=x)
        z = self.recurrent_activation(a.z)
        h = z * h + (1 - z) * self.activation(a.h)
        return h, [h]


@register
class LiGRU(RecurrentLayer):
    """Light GRU over a sequence; equations in `LiGRUCell`.

    Args: those of `LiGRUCell` and of `RNN`.

    Example:
    >>> LiGRU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = LiGRUCell
