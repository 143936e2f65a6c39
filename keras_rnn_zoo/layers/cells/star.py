"""A cell made so that gradients keep their size from layer to layer."""

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class STARCell(GatedCell):
    """Stackable recurrent cell: one gate, and a squashed mean.

        z_t = φ(x_t W_z + b_z)
        k_t = σ(x_t W_k + h_{t-1} U + b_k)
        h_t = φ((1 - k_t) ⊙ h_{t-1} + k_t ⊙ z_t)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: stacks of eight and more layers, whose gradients it keeps at one
    size in depth as well as in time.

    Reference: Turkoglu, D'Aronco, Wegner & Schindler, 2019, "Gating Revisited: Deep
    Multi-layer RNNs That Can Be Trained", https://arxiv.org/abs/1911.11033. Differs
    from the paper: nothing.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`, bias `(2 * units,)`; blocks z, k.
        recurrent_kernel `(units, units)`; block k.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = STARCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("z", "k")
    recurrent_blocks = ("k",)
    gates = ("k",)

    def step(self, x, states, u):
        [h] = states
        z = self.activation(x.z)
        k = self.recurrent_activation(x.k + u.k(h))
        h = self.activation((1 - k) * h + k * z)
        return h, [h]


@register
class STAR(RecurrentLayer):
    """Stackable recurrent cell over a sequence; equations in `STARCell`.

    Args: those of `STARCell` and of `RNN`.

    Example:
    >>> STAR(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = STARCell
