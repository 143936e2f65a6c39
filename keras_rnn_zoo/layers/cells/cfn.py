"""A recurrent network that goes to rest when nothing comes in."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class CFNCell(GatedCell):
    """Chaos-free network: without input, every state goes to zero.

        f_t = σ(x_t W_f + h_{t-1} U_f + b_f)
        i_t = σ(x_t W_i + h_{t-1} U_i + b_i)
        h_t = f_t ⊙ φ(h_{t-1}) + i_t ⊙ φ(x_t W_h)

    σ is `recurrent_activation`, φ is `activation`; the paper's θ is f, its η is i. Row
    vectors, as in the code. The output is h_t.
    When to use it: where the dynamics must be easy to predict: an LSTM and a GRU can
    wander chaotically without input, this one cannot.

    Reference: Laurent & von Brecht, 2016, "A recurrent neural network without chaos",
    https://arxiv.org/abs/1612.06212. Differs from the paper: nothing.

    Args:
        forget_bias: number. Where b_f starts, as in the paper.
        input_bias: number. Where b_i starts, as in the paper. Other arguments: see
            `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`; blocks f, i, h. recurrent_kernel `(units, 2 *
        units)`, bias `(2 * units,)`; blocks f, i.

    Raises:
        TypeError: if `units` is not an integer, or a bias not a number.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = CFNCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("f", "i", "h")
    recurrent_blocks = bias_blocks = ("f", "i")
    gates = ("f", "i")
    extra_arguments = {
        "forget_bias": Argument("number", 1.0, "bias_initializer"),
        "input_bias": Argument("number", -1.0, "forget_bias"),
    }

    @property
    def bias_starts(self):
        return {"f": self.forget_bias, "i": self.input_bias}

    def split_bias(self, bias):
        return None, bias

    def step(self, x, states, u):
        [h] = states
        a = u(h)
        f = self.recurrent_activation(x.f + a.f)
        i = self.recurrent_activation(x.i + a.i)
        h = f * self.activation(h) + i * self.activation(x.h)
        return h, [h]


@register
class CFN(RecurrentLayer):
    """Chaos-free network over a sequence; equations in `CFNCell`.

    Args: those of `CFNCell` and of `RNN`.

    Example:
    >>> CFN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = CFNCell
