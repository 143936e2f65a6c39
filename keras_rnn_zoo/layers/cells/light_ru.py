"""A candidate that does not look back."""

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class LightRUCell(GatedCell):
    """LightRU: the candidate reads the input alone, the gate reads both.

        n_t = φ(x_t W_h + b_h)
        f_t = σ(x_t W_f + h_{t-1} U_f + b_f)
        h_t = (1 - f_t) ⊙ h_{t-1} + f_t ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: small devices: one recurrent matrix, and a state that is a mean of
    candidates and cannot explode.

    Reference: Ye, Zhang, Jia, Zhao & Wang, 2024, "Lightweight Recurrent Unit",
    Electronics 13(16):3204, https://doi.org/10.3390/electronics13163204. Differs from
    the paper: nothing that the equations say.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`; blocks f, h. recurrent_kernel `(units, units)`;
        block f. bias `(2 * units,)`; blocks f, h.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = LightRUCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("f", "h")
    recurrent_blocks = ("f",)
    gates = ("f",)
    replaced_by = "f"

    def step(self, x, states, u):
        [h] = states
        f = self.recurrent_activation(x.f + u.f(h))
        h = (1 - f) * h + f * self.activation(x.h)
        return h, [h]


@register
class LightRU(RecurrentLayer):
    """LightRU over a sequence; equations in `LightRUCell`.

    Args: those of `LightRUCell` and of `RNN`.

    Example:
    >>> LightRU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = LightRUCell
