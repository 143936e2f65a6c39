"""A memory that is a weighted sum of inputs and nothing else."""

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class RANCell(GatedCell):
    """Recurrent additive network: the memory is a gated sum of its inputs.

        i_t = σ(x_t W_i + h_{t-1} U_i + b_i)
        f_t = σ(x_t W_f + h_{t-1} U_f + b_f)
        c_t = i_t ⊙ (x_t W_c) + f_t ⊙ c_{t-1}
        h_t = φ(c_t)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: to see which inputs a state is made of: each has a weight, a product
    of gates; language models at two thirds of an LSTM.

    Reference: Lee, Levy & Zettlemoyer, 2017, "Recurrent Additive Networks",
    https://arxiv.org/abs/1705.07393. Differs from the paper: nothing.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, c])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`; blocks i, f, c. recurrent_kernel `(units, 2 *
        units)`, bias `(2 * units,)`; blocks i, f.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = RANCell(3)
    >>> out, [h, c] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("i", "f", "c")
    recurrent_blocks = bias_blocks = ("i", "f")
    state_names = ("h", "c")
    gates = ("i", "f")
    kept_by = "f"

    def split_bias(self, bias):
        return None, bias

    def step(self, x, states, u):
        h, c = states
        a = u(h)
        i = self.recurrent_activation(x.i + a.i)
        f = self.recurrent_activation(x.f + a.f)
        c = i * x.c + f * c
        h = self.activation(c)
        return h, [h, c]


@register
class RAN(RecurrentLayer):
    """Recurrent additive network over a sequence; equations in `RANCell`.

    Args: those of `RANCell` and of `RNN`.

    Example:
    >>> RAN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = RANCell
