"""A recurrence of several highway layers a step."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class RHNCell(GatedCell):
    """Recurrent highway network: `depth` gated layers from one step to the next.

        s_0 = h_{t-1}
        n_l = φ([l = 1] x_t W_h + s_{l-1} U_hl + b_hl)
        z_l = σ([l = 1] x_t W_t + s_{l-1} U_tl + b_tl)
        s_l = z_l ⊙ n_l + (1 - z_l) ⊙ s_{l-1}            for l = 1 … L
        h_t = s_L

    σ is `recurrent_activation`, φ is `activation`, L is `depth`. x_t enters the first
    layer alone. Row vectors, as in the code. The output is h_t.
    When to use it: where a step has much to work out, as in language models of
    characters; each layer is one more product that waits for the one before.

    Reference: Zilly et al., 2017, "Recurrent Highway Networks",
    https://arxiv.org/abs/1607.03474, eq. (6)-(9), with the carry gate 1 - z of its
    experiments. Differs from the paper: dropout draws a mask for each layer and block,
    where the authors' code has one for all.

    Args:
        depth: int. L, the layers of a step.
        transform_bias: number. Where all b_t start: below zero, so that at first most
            is carried on. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`; blocks h, t. recurrent_kernel
        `(units, 2 * depth * units)`, bias `(2 * depth * units,)`; blocks h1, t1, h2,
        t2, ….

    Raises:
        TypeError: if `units` or `depth` is not an integer, or `transform_bias` not a
            number.
        ValueError: if `units` or `depth` is not positive.

    Example:
    >>> cell = RHNCell(3, depth=5)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> h.shape
    TensorShape([2, 3])
    """

    blocks = ("h", "t")
    extra_arguments = {
        "depth": Argument("positive integer", 3, "units"),
        "transform_bias": Argument("number", -2.0, "bias_initializer"),
    }

    @property
    def recurrent_blocks(self) -> list[str]:
        return [f"{kind}{n + 1}" for n in range(self.depth) for kind in self.blocks]

    bias_blocks = recurrent_blocks

    @property
    def bias_starts(self):
        return {f"t{n + 1}": self.transform_bias for n in range(self.depth)}

    def split_bias(self, bias):
        return None, bias

    def step(self, x, states, u):
        [s] = states
        for n in range(1, self.depth + 1):
            a_h, a_t = u(s, [f"h{n}", f"t{n}"], plus=x if n == 1 else None)
            z = self.recurrent_activation(a_t)
            s = z * self.activation(a_h) + (1 - z) * s
        return s, [s]


@register
class RHN(RecurrentLayer):
    """Recurrent highway network over a sequence; equations in `RHNCell`.

    Args: those of `RHNCell` and of `RNN`.

    Example:
    >>> RHN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = RHNCell
