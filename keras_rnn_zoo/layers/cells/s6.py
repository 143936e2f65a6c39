"""A state space for each channel, of which the input chooses what it keeps."""

import keras
import numpy as np
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


def first_steps(seed):
    """An initializer of d: softplus(d) is even over [0.001, 0.1] in its logarithm."""
    draw = keras.initializers.RandomUniform(np.log(0.001), np.log(0.1), seed)

    def initialize(shape, dtype=None):
        dt = ops.exp(draw(shape, dtype=dtype))
        return dt + ops.log(-ops.expm1(-dt))

    return initialize


@register
class S6Cell(GatedCell):
    """S6: Mamba's selective state space, whose step depends on the input.

        v_t, B_t, C_t = x_t W_v, x_t W_B, x_t W_C
        Δ_t = softplus(x_t W_r V + d)
        S_t = exp(Δ_tᵀ ⊙ A) ⊙ S_{t-1} + (Δ_t ⊙ v_t)ᵀ B_t       A = -exp(α)
        y_t = C_t S_tᵀ + D ⊙ v_t

    S is (units, memory_size); α is log_decay, V step_kernel, d step_bias, D skip. The
    output is y_t, which is no state. Row vectors, as in the code.
    When to use it: long sequences in which most steps do not matter. Nothing reads the
    step before but S itself, which has units · memory_size numbers a row.

    Reference: Gu & Dao, 2023, "Mamba: Linear-Time Sequence Modeling with Selective
    State Spaces", https://arxiv.org/abs/2312.00752, algorithm 2. Differs from the
    paper: B̄ is Δ B, as in the authors' code, where algorithm 2 holds the input for a
    step; W_v takes any number of features to the channels, and B, C and Δ read x_t
    itself. Convolution, gate and products around it are not part of it.

    Args:
        memory_size: int. N, the numbers of each channel.
        step_rank: int or None. Width of x_t W_r; None: ⌈units / 16⌉.
        use_bias: bool; False by default, as in the paper.
        step_initializer: initializer of V. Other arguments: see `GatedCell`; those of
            activations and of the recurrent kernel do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[s]`, `(batch, units * memory_size)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(y, [s])`, y of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units + 2 * memory_size + step_rank)`; blocks v, b, c, r.
        step_kernel `(step_rank, units)`, step_bias `(units,)`, log_decay `(units,
        memory_size)`, skip `(units,)`.

    Raises:
        TypeError: if `units`, `memory_size` or `step_rank` is not an integer.
        ValueError: if one of them is not positive.

    Example:
    >>> cell = S6Cell(3)
    >>> out, states = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("v", "b", "c", "r")
    state_names = ("s",)
    linear = "diagonal"
    recurrent_shape = None
    without_arguments = ("activation", "recurrent_activation")

    extra_arguments = {
        "memory_size": Argument("positive integer", 16, "units"),
        "step_rank": Argument("positive integer or None", None, "memory_size"),
        "use_bias": Argument("flag", False),
        "step_initializer": Argument("initializer", "glorot_uniform"),
    }

    @property
    def rank(self) -> int:
        """Width of what Δ is made of: `step_rank`, or a sixteenth of the units."""
        return self.step_rank or -(-self.units // 16)

    def block_size(self, block):
        sizes = {"v": self.units, "r": self.rank}
        return sizes.get(block, self.memory_size)

    @property
    def state_shapes(self):
        return [(self.units, self.memory_size)]

    @property
    def output_size(self):
        return self.units

    def further_weights(self, features):
        return [
            Weight("step_kernel", (self.rank, self.units), self.step_initializer),
            Weight("step_bias", (self.units,), first_steps(self.seed)),
            Weight("log_decay", (self.units, self.memory_size), self._first_decay),
            Weight("skip", (self.units,), "ones"),
        ]

    def _first_decay(self, shape, dtype=None):
        rows = np.ones((self.units, 1)) * np.log(np.arange(self.memory_size) + 1)
        return ops.convert_to_tensor(rows, dtype=dtype)

    def derived(self, w):
        return {"a": -ops.exp(w.log_decay)}

    def terms(self, inputs, w):
        x = w(inputs)
        dt = ops.softplus(w.product(x.r, w.step_kernel) + w.step_bias)
        return x.also(dt=dt)

    def step(self, x, states, u):
        [s] = states
        kept = ops.exp(x.dt[..., :, None] * u.a)
        s = kept * s + (x.dt * x.v)[..., :, None] * x.b[..., None, :]
        y = ops.sum(s * x.c[..., None, :], axis=-1) + u.skip * x.v
        return y, [s]


@register
class S6(RecurrentLayer):
    """Mamba's selective state space over a sequence; equations in `S6Cell`.

    Args: those of `S6Cell` and of `RNN`.

    Example:
    >>> S6(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = S6Cell
