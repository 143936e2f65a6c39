"""A memory that fades, and corrects what it holds under a key."""

from keras import ops

from keras_rnn_zoo.layers.cells.delta_net import DeltaCell, corrected, unit_length
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class GatedDeltaNetCell(DeltaCell):
    """Gated DeltaNet: a matrix memory that fades, and corrects itself.

        q_t, k_t = x_t W_q + b_q, x_t W_k + b_k, each divided by its length
        v_t = x_t W_v + b_v
        β_t = σ(x_t W_β + b_β)                             one number
        g_t = -exp(a) softplus(x_t W_g + b_g)               one number
        R_t = exp(g_t) S_{t-1}
        S_t = R_t + k_tᵀ β_t (v_t - k_t R_t)
        h_t = q_t S_t / √units

    σ is `recurrent_activation`. log_decay is a. The output is h_t, which is no
    state. S has keys as rows, and S_t is linear in S_{t-1}. Row vectors, as in the
    code.
    When to use it: recall of what was said last of many things, where the rest may
    be forgotten.

    Reference: Yang, Kautz & Hatamizadeh, 2025, "Gated Delta Networks: Improving
    Mamba2 with Delta Rule", https://arxiv.org/abs/2412.06464. Differs from the
    paper: one head; biases; the convolutions, activations and norms around it are
    not part of it. a starts at 0, where the authors draw it.

    Args: see `GatedCell`; those of the recurrent kernel do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[s]`, `(batch, units * units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [s])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units + 2)`, bias `(3 * units + 2,)`; blocks q, k, v,
        beta, g, the last two of width 1. log_decay `(1,)`.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = GatedDeltaNetCell(3)
    >>> out, [s] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("q", "k", "v", "beta", "g")

    def further_weights(self, features):
        return [Weight("log_decay", (1,), "zeros")]

    def step(self, x, states, u):
        [s] = states
        q, k = unit_length(x.q), unit_length(x.k)
        g = -ops.exp(u.log_decay) * ops.softplus(x.g)
        s = ops.exp(g)[..., None] * s
        s = corrected(s, k, x.v, self.recurrent_activation(x.beta))
        h = ops.sum(q[..., :, None] * s, axis=-2) * self.units**-0.5
        return h, [s]


@register
class GatedDeltaNet(RecurrentLayer):
    """Gated DeltaNet over a sequence; equations in `GatedDeltaNetCell`.

    Args: those of `GatedDeltaNetCell` and of `RNN`.

    Example:
    >>> GatedDeltaNet(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = GatedDeltaNetCell
