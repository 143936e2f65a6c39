"""The solution of a liquid time constant, written down instead of computed."""

from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


def lecun_tanh(x):
    """A hyperbolic tangent that is x at -1 and at 1."""
    return 1.7159 * ops.tanh(0.666 * x)


@register
class CfCCell(GatedCell):
    """Closed-form continuous-time network: two heads, mixed by a gate of time.

        k_t = τ(x_t W + h_{t-1} U + b)
        p_t, q_t = τ(k_t V_p + c_p), τ(k_t V_q + c_q)
        g_t = σ(-(k_t V_a + c_a) Δ + k_t V_b + c_b)
        h_t = p_t ⊙ (1 - g_t) + g_t ⊙ q_t

    σ is `recurrent_activation`; τ(a) = 1.7159 tanh(0.666 a); Δ is the time from one
    step to the next. Row vectors, as in the code. The output is h_t.
    When to use it: signals and control, where an ordinary differential equation is the
    right picture and its solver too slow.

    Reference: Hasani et al., 2021, "Closed-form Continuous-time Neural Networks",
    https://arxiv.org/abs/2106.13898. Differs from the paper: one hidden layer; Δ is the
    same for all steps.

    Args:
        backbone_units: int. Width of the hidden layer.
        elapsed: number above 0. Δ. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, backbone_units)`, recurrent_kernel `(units, backbone_units)`,
        bias `(backbone_units,)`. head_kernel `(backbone_units, 4 * units)`, head_bias
        `(4 * units,)`, which are V and c; blocks p, q, a, b.

    Raises:
        TypeError: if `units` is not an integer, or `backbone_units` is none.
        ValueError: if `units` is not positive, or another argument not above 0.

    Example:
    >>> cell = CfCCell(3, backbone_units=2)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("k",)
    without_arguments = ("activation",)
    extra_arguments = {
        "backbone_units": Argument("positive integer", 128, "units"),
        "elapsed": Argument("positive number", 1.0, "backbone_units"),
    }

    def block_size(self, block):
        return self.backbone_units

    def further_weights(self, features):
        shape = (self.backbone_units, 4 * self.units)
        return [
            Weight("head_kernel", shape, self.kernel_initializer),
            Weight("head_bias", shape[1:]),
        ]

    def step(self, x, states, u):
        [h] = states
        k = lecun_tanh(u(h, plus=x).k)
        p, q, a, b = ops.split(u.product(k, u.head_kernel) + u.head_bias, 4, axis=-1)
        g = self.recurrent_activation(-a * self.elapsed + b)
        h = lecun_tanh(p) * (1 - g) + g * lecun_tanh(q)
        return h, [h]


@register
class CfC(RecurrentLayer):
    """Closed-form continuous-time network over a sequence; equations in `CfCCell`.

    Args: those of `CfCCell` and of `RNN`.

    Example:
    >>> CfC(8, backbone_units=2, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = CfCCell
