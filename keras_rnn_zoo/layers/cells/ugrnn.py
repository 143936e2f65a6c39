"""One gate between what was and what comes."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class UGRNNCell(GatedCell):
    """Update gate RNN: one gate chooses between the old state and a new one.

        g_t = σ(x_t W_g + h_{t-1} U_g + b_g)
        n_t = φ(x_t W_h + h_{t-1} U_h + b_h)
        h_t = g_t ⊙ h_{t-1} + (1 - g_t) ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: the simplest gated cell that is easy to train, at half an LSTM's
    cost; unlike a GRU's, its two products do not wait for each other.

    Reference: Collins, Sohl-Dickstein & Sussillo, 2016, "Capacity and Trainability in
    Recurrent Neural Networks", https://arxiv.org/abs/1611.09913. Differs from the
    paper: nothing.

    Args:
        gate_bias: number. Where b_g starts: open towards the past. Other arguments: see
            `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`, recurrent_kernel `(units, 2 * units)`, bias `(2
        * units,)`; blocks g, h.

    Raises:
        TypeError: if `units` is not an integer, or `gate_bias` not a number.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = UGRNNCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("g", "h")
    gates = ("g",)
    kept_by = "g"
    extra_arguments = {"gate_bias": Argument("number", 1.0, "bias_initializer")}

    @property
    def bias_starts(self):
        return {"g": self.gate_bias}

    def step(self, x, states, u):
        [h] = states
        a = u(h, plus=x)
        g = self.recurrent_activation(a.g)
        h = g * h + (1 - g) * self.activation(a.h)
        return h, [h]


@register
class UGRNN(RecurrentLayer):
    """Update gate RNN over a sequence; equations in `UGRNNCell`.

    Args: those of `UGRNNCell` and of `RNN`.

    Example:
    >>> UGRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = UGRNNCell
