"""One gate, and no weights but the gate's own."""

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class SGRNCell(GatedCell):
    """Simple gated recurrent network: the gate's sum of inputs is also the candidate.

        a_t = x_t W + b
        f_t = σ(a_t + h_{t-1} U)
        h_t = φ((1 - f_t) ⊙ a_t + f_t ⊙ h_{t-1})

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: small models of signals, at a simple recurrent network's size.

    Reference: "Simple gated recurrent network" for detecting power quality
    disturbances, 2021, IET Generation, Transmission & Distribution,
    https://doi.org/10.1049/gtd2.12056. Differs from the paper:
    not known; it was read in the libraries torchrecurrent and RecurrentLayers.jl.

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
    >>> cell = SGRNCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("f",)
    gates = ("f",)

    def step(self, x, states, u):
        [h] = states
        f = self.recurrent_activation(x.f + u.f(h))
        h = self.activation((1 - f) * x.f + f * h)
        return h, [h]


@register
class SGRN(RecurrentLayer):
    """Simple gated recurrent network over a sequence; equations in `SGRNCell`.

    Args: those of `SGRNCell` and of `RNN`.

    Example:
    >>> SGRN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = SGRNCell
