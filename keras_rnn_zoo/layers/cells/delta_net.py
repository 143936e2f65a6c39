"""A memory that corrects what it holds under a key."""

from keras import ops

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


def unit_length(v):
    """V / |v|, with 1e-6 under the root."""
    return v * ops.rsqrt(ops.sum(v * v, axis=-1, keepdims=True) + 1e-6)


def corrected(s, k, v, beta):
    """S + kᵀ β (v - k S): what lies under k is replaced by v, by a share β."""
    found = ops.sum(k[..., :, None] * s, axis=-2)
    return s + k[..., :, None] * (beta * (v - found))[..., None, :]


class DeltaCell(GatedCell):
    """A square memory, and a gate for how much of it is corrected: the base of two."""

    state_names = ("s",)
    gates = ("beta",)
    linear = "full"
    recurrent_shape = None
    without_arguments = ("activation",)

    def block_size(self, block):
        return 1 if block in ("beta", "g") else self.units

    @property
    def state_shapes(self):
        return [(self.units, self.units)]

    @property
    def output_size(self):
        return self.units


@register
class DeltaNetCell(DeltaCell):
    """DeltaNet: a matrix memory that corrects what it holds under a key.

        q_t, k_t = x_t W_q + b_q, x_t W_k + b_k, each divided by its length
        v_t = x_t W_v + b_v
        β_t = σ(x_t W_β + b_β)                             one number
        R_t = S_{t-1}
        S_t = R_t + k_tᵀ β_t (v_t - k_t R_t)
        h_t = q_t S_t / √units

    σ is `recurrent_activation`. The output is h_t, which is no state. S has keys as
    rows, and S_t is linear in S_{t-1}. Row vectors, as in the code.
    When to use it: recall of what was said last of many things.

    Reference: Yang et al., 2024, "Parallelizing Linear Transformers with the Delta
    Rule over Sequence Length", https://arxiv.org/abs/2406.06484. Differs from the
    paper: one head; biases; the convolutions, activations and norms around it are
    not part of it.

    Args: see `GatedCell`; those of the recurrent kernel do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[s]`, `(batch, units * units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [s])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units + 1)`, bias `(3 * units + 1,)`; blocks q, k, v,
        beta, the last of width 1.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = DeltaNetCell(3)
    >>> out, [s] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("q", "k", "v", "beta")

    def step(self, x, states, u):
        [s] = states
        q, k = unit_length(x.q), unit_length(x.k)
        s = corrected(s, k, x.v, self.recurrent_activation(x.beta))
        h = ops.sum(q[..., :, None] * s, axis=-2) * self.units**-0.5
        return h, [s]


@register
class DeltaNet(RecurrentLayer):
    """DeltaNet over a sequence; equations in `DeltaNetCell`.

    Args: those of `DeltaNetCell` and of `RNN`.

    Example:
    >>> DeltaNet(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = DeltaNetCell
