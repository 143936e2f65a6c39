"""A simple recurrent network with slow units that remember a context."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class SCRNCell(GatedCell):
    """Structurally constrained network: hidden units, and a context that drifts.

        s_t = (1 - α) x_t B + α s_{t-1}
        h_t = φ(x_t A + h_{t-1} R + s_t P)

    φ is `activation`. s is `context_units` wide, h is `units` wide; kernel is A and B,
    recurrent_kernel is R. Row vectors, as in the code. The output is h_t and s_t side
    by side: what the paper's output layer reads.
    When to use it: texts, whose topic the context keeps, at the cost of a simple
    recurrent network. With α of 0.95 the context reaches back some 20 steps.

    Reference: Mikolov et al., 2014, "Learning Longer Memory in Recurrent Neural
    Networks", https://arxiv.org/abs/1412.7753. Differs from the paper: a bias may be
    added; α is the same for all units of the context, and fixed.

    Args:
        units: int. Width of h.
        context_units: int. Width of the context s.
        alpha: number in [0, 1). α, how much of the context stays at a step.
        activation: φ; `"sigmoid"` by default, as in the paper.
        use_bias: bool; False by default, as in the paper.
        context_initializer: initializer of P. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, s]`, `(batch, units)` and `(batch, context_units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `([h, s] side by side, [h, s])`, the first `(batch, units + context_units)`, in
        the cell's compute dtype.

    Weights:
        kernel `(features, units + context_units)`, recurrent_kernel `(units, units)`,
        bias `(units + context_units,)`; blocks h, s. context_kernel
        `(context_units, units)`.

    Raises:
        TypeError: if `units` or `context_units` is not an integer.
        ValueError: if one of them is not positive, or `alpha` not in [0, 1).

    Example:
    >>> cell = SCRNCell(3, context_units=2)
    >>> out, [h, s] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 2))])
    >>> out.shape, s.shape
    (TensorShape([2, 5]), TensorShape([2, 2]))
    """

    blocks = ("h", "s")
    recurrent_blocks = ("h",)
    state_names = ("h", "s")
    without_arguments = ("recurrent_activation",)
    extra_arguments = {
        "context_units": Argument("positive integer", 10, "units"),
        "activation": Argument("activation", "sigmoid"),
        "use_bias": Argument("flag", False),
        "alpha": Argument("rate", 0.95),
        "context_initializer": Argument("initializer", "glorot_uniform"),
    }

    def block_size(self, block):
        return self.context_units if block == "s" else self.units

    @property
    def state_shapes(self):
        return [(self.units,), (self.context_units,)]

    @property
    def output_size(self):
        return self.units + self.context_units

    def further_weights(self, features):
        shape = (self.context_units, self.units)
        return [Weight("context_kernel", shape, self.context_initializer)]

    def step(self, x, states, u):
        h, s = states
        s = (1 - self.alpha) * x.s + self.alpha * s
        h = self.activation(x.h + u.h(h) + u.product(s, u.context_kernel))
        return [h, s], [h, s]


@register
class SCRN(RecurrentLayer):
    """Structurally constrained network over a sequence; equations in `SCRNCell`.

    Args: those of `SCRNCell` and of `RNN`.

    Example:
    >>> SCRN(8, context_units=4, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 12])
    """

    cell_class = SCRNCell
