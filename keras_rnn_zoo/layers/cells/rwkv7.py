"""A matrix memory that forgets by column and takes back what it held under a key."""

from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


def _from_slow_to_fast(shape, dtype=None):
    """Decays of the channels of a row: -6 to 0, before σ."""
    return ops.cast(ops.linspace(-6.0, 0.0, shape[0]), dtype)


@register
class RWKV7Cell(GatedCell):
    """RWKV-7's time mixing: a memory with a decay and a learning rate a channel.

        s_t = (x_t ⊙ (1 - μ_s) + x_{t-1} ⊙ μ_s) W_s              s = r, k, v, w, a, g
        d_t = exp(-exp(-1/2) σ(tanh(w_t) D + d_0))
        α_t = σ(a_t A + a_0)
        γ_t = σ(g_t) G
        κ_t = (k_t ⊙ k_κ) / |k_t ⊙ k_κ|,  k'_t = k_t ⊙ (1 + (α_t - 1) ⊙ k_α)
        S_t = S_{t-1} ⊙ d_t - (S_{t-1} κ_tᵀ) (κ_t ⊙ α_t) + v_tᵀ k'_t
        y_t = N(S_t r_tᵀ) ⊙ n + m + (Σ r_t ⊙ k'_t ⊙ ρ) v_t
        h_t = (y_t ⊙ γ_t) W_o

    σ is `recurrent_activation`. S, |…|, N and Σ are those of each head, whose width is
    units / num_heads; N takes mean and variance, with 0.00064 under the root. w, a and
    g are of width `rank`. S has values as rows and keys as columns, d_t fades columns,
    and S_t is linear in S_{t-1}. The state p is x_t ⊙ μ_s times W_s, of the step before
    when it is read; it begins as zero. The output is h_t, which is no state. Row
    vectors, as in the code.
    When to use it: recall of many things, and tracking what becomes of them, with a
    state of a fixed size; in stacks, with residual connections and norms between.

    Reference: Peng et al., 2025, "RWKV-7 'Goose' with Expressive Dynamic State
    Evolution", https://arxiv.org/abs/2503.14456, time mixing, as in the authors' code.
    Differs from the paper: the values are not mixed with those of the first layer, as
    in the first layer there; one rank for all; W_o does not begin as zero, for there is
    no residual connection within.

    Args:
        num_heads: int. Number of heads; it divides `units`.
        rank: int. Width of w, a and g. Other arguments: see `GatedCell`; those of the
            recurrent kernel and of biases do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[s, p]`, `(batch, units * units / num_heads)` and `(batch, 3 * units +
            3 * rank)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [s, p])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units + 3 * rank)`; blocks r, k, v, w, a, g. shift `(6,
        features)`, which is μ, decay_kernel `(rank, units)`, decay_bias `(units,)`,
        rate_kernel `(rank, units)`, rate_bias `(units,)`, gate_kernel `(rank, units)`,
        removal_scale `(units,)`, key_scale `(units,)`, bonus `(units,)`, norm_gamma
        `(units,)`, norm_beta `(units,)`, output_kernel `(units, units)`: D, d_0, A,
        a_0, G, k_κ, k_α, ρ, n, m and W_o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive, or `num_heads` does not divide it.

    Example:
    >>> cell = RWKV7Cell(4, num_heads=2)
    >>> out, [s, p] = cell(np.ones((2, 3)), cell.get_initial_state(2))
    >>> out.shape, s.shape
    (TensorShape([2, 4]), TensorShape([2, 8]))
    """

    blocks = ("r", "k", "v", "w", "a", "g")
    state_names = ("s", "p")
    bookkeeping = ("p",)  # a part of the input
    linear = "full"
    recurrent_shape = None
    use_bias = False
    extra_arguments = {
        "num_heads": Argument("positive integer", 1),
        "rank": Argument("positive integer", 16),
    }
    without_arguments = (
        *("activation", "use_bias"),
        *("bias_initializer", "bias_regularizer", "bias_constraint"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.units % self.num_heads:
            raise ValueError(
                f"`num_heads` must divide `units`, {self.units}. "
                f"Received: num_heads={self.num_heads!r}."
            )

    def block_size(self, block):
        return self.rank if block in ("w", "a", "g") else self.units

    @property
    def state_shapes(self):
        width = self.units // self.num_heads
        return [(self.num_heads, width, width), (3 * self.units + 3 * self.rank,)]

    @property
    def output_size(self):
        return self.units

    def further_weights(self, features):
        def constant(value):
            return keras.initializers.Constant(value)

        one, low = (self.units,), (self.rank, self.units)
        return [
            Weight("shift", (6, features), constant(0.5)),
            Weight("decay_kernel", low, self.kernel_initializer),
            Weight("decay_bias", one, _from_slow_to_fast),
            Weight("rate_kernel", low, self.kernel_initializer),
            Weight("rate_bias", one, "zeros"),
            Weight("gate_kernel", low, self.kernel_initializer),
            Weight("removal_scale", one, constant(0.71)),
            Weight("key_scale", one, constant(1.02)),
            Weight("bonus", one, constant(-0.04)),
            Weight("norm_gamma", one, "ones"),
            Weight("norm_beta", one, "zeros"),
            Weight("output_kernel", (self.units, self.units), self.kernel_initializer),
        ]

    def terms(self, inputs, w):
        x = w.dropped(inputs)
        matrices = list(w.blocks(w.kernel))

        def mixed(shares):
            parts = [w.product(x * shares[j], W) for j, W in enumerate(matrices)]
            return ops.concatenate(parts, -1)

        return w.blocks(mixed(1 - w.shift)).also(p=mixed(w.shift))

    def by_head(self, a: Any) -> Any:
        """`(…, units)` as `(…, heads, width)`."""
        width = self.units // self.num_heads
        return ops.reshape(a, (*ops.shape(a)[:-1], self.num_heads, width))

    def step(self, x, states, u):
        s, p = states
        sigma = self.recurrent_activation
        now = ops.concatenate(list(x), -1) + p
        sizes = [self.block_size(block) for block in self.blocks]
        ends = [sum(sizes[:k]) for k in range(1, len(sizes))]
        r, k, v, w, a, g = ops.split(now, ends, axis=-1)
        decay = u.product(ops.tanh(w), u.decay_kernel) + u.decay_bias
        decay = ops.exp(-0.6065306597126334 * sigma(decay))  # exp(-1/2)
        rate = sigma(u.product(a, u.rate_kernel) + u.rate_bias)
        gate = u.product(sigma(g), u.gate_kernel)
        removed = self.by_head(k * u.removal_scale)
        squares = ops.sum(removed * removed, -1, keepdims=True)
        removed = removed * ops.rsqrt(ops.maximum(squares, 1e-12))
        k = k * (1 + (rate - 1) * u.key_scale)
        decay, rate, r, k, v = map(self.by_head, (decay, rate, r, k, v))
        held = ops.sum(s * removed[..., None, :], -1)
        s = (
            s * decay[..., None, :]
            - held[..., None] * (removed * rate)[..., None, :]
            + v[..., None] * k[..., None, :]
        )
        y = ops.sum(s * r[..., None, :], -1)
        y = y - ops.mean(y, -1, keepdims=True)
        y = y * ops.rsqrt(ops.mean(y * y, -1, keepdims=True) + 64e-5)
        flat = ops.shape(gate)
        y = ops.reshape(y, flat) * u.norm_gamma + u.norm_beta
        bonus = ops.sum(r * k * self.by_head(u.bonus), -1, keepdims=True) * v
        h = u.product((y + ops.reshape(bonus, flat)) * gate, u.output_kernel)
        return h, [s, x.p]


@register
class RWKV7(RecurrentLayer):
    """RWKV-7's time mixing over a sequence; equations in `RWKV7Cell`.

    Args: those of `RWKV7Cell` and of `RNN`.

    Example:
    >>> RWKV7(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = RWKV7Cell
