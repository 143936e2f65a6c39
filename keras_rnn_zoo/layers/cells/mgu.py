"""Minimal gated unit."""

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class MGUCell(GatedCell):
    """Minimal gated unit: a GRU whose one gate both resets and updates.

        f_t = σ(x_t W_f + h_{t-1} U_f + b_f)
        n_t = φ(x_t W_h + (f_t ⊙ h_{t-1}) U_h + b_h)
        h_t = (1 - f_t) ⊙ h_{t-1} + f_t ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: where a GRU is a little too large; two thirds of its weights, but
    two products that wait for each other at every step.

    Reference: Zhou et al., 2016, "Minimal Gated Unit for Recurrent Neural Networks",
    https://arxiv.org/abs/1603.09420. Differs from the paper: nothing.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`, recurrent_kernel `(units, 2 * units)`,
        bias `(2 * units,)`; blocks f, h.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MGUCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> h.shape
    TensorShape([2, 3])
    """

    blocks = ("f", "h")
    gates = ("f",)
    replaced_by = "f"

    def step(self, x, states, u):
        [h] = states
        f = self.recurrent_activation(x.f + u.f(h))
        n = self.activation(x.h + u.h(f * h))
        h = (1 - f) * h + f * n
        return h, [h]


@register
class MGU(RecurrentLayer):
    """Minimal gated unit over a sequence; equations in `MGUCell`.

    Args: those of `MGUCell` and of `RNN`.

    Example:
    >>> MGU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MGUCell
