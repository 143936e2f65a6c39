"""State spaces in heads, each of which fades as one."""

from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers.cells.s6 import first_steps
from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class Mamba2Cell(GatedCell):
    """Mamba-2: a selective state space in which a head fades as one number.

        v_t, B_t, C_t = x_t W_v, x_t W_B, x_t W_C
        Δ_t = softplus(x_t W_r + d)                             one number a head
        S_t = exp(-Δ_t exp(α)) S_{t-1} + Δ_t v_tᵀ B_t           for each head
        y_t = C_t S_tᵀ + D v_t                                  the heads side by side

    A head's v is units / num_heads wide, and its S as high and memory_size broad; B and
    C are the same for all heads. α is log_decay, d step_bias, D skip, one number a head
    each. The output is y_t, which is no state. Row vectors, as in the code.
    When to use it: as `S6Cell`, with a larger memory at the same cost: S is scaled by
    one number a head.

    Reference: Dao & Gu, 2024, "Transformers are SSMs: Generalized Models and Efficient
    Algorithms Through Structured State Space Duality",
    https://arxiv.org/abs/2405.21060, the recurrent form of SSD. Differs from the paper:
    W_v takes any number of features to the channels; convolution, gate, normalisation
    and products around it are not part of it.

    Args:
        memory_size: int. N, the width of B and C.
        num_heads: int. How many heads the channels are divided into.
        use_bias: bool; False by default, as in the authors' code. Other arguments: see
            `GatedCell`; those of activations and of the recurrent kernel do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[s]`, `(batch, units * memory_size)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(y, [s])`, y of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units + 2 * memory_size + num_heads)`; blocks v, b, c, r.
        step_bias `(num_heads,)`, log_decay `(num_heads,)`, skip `(num_heads,)`.

    Raises:
        TypeError: if `units`, `memory_size` or `num_heads` is not an integer.
        ValueError: if one of them is not positive, or `num_heads` does not divide
            `units`.

    Example:
    >>> cell = Mamba2Cell(3)
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
        "memory_size": Argument("positive integer", 32, "units"),
        "num_heads": Argument("positive integer", 1, "memory_size"),
        "use_bias": Argument("flag", False),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.units % self.num_heads:
            raise ValueError(
                "`num_heads` must divide `units`. "
                f"Received: num_heads={self.num_heads}, units={self.units}."
            )

    def block_size(self, block):
        sizes = {"v": self.units, "r": self.num_heads}
        return sizes.get(block, self.memory_size)

    @property
    def state_shapes(self):
        width = self.units // self.num_heads
        return [(self.num_heads, width, self.memory_size)]

    @property
    def output_size(self):
        return self.units

    def further_weights(self, features):
        size = (self.num_heads,)
        return [
            Weight("step_bias", size, first_steps(self.seed)),
            Weight("log_decay", size, self._first_decay),
            Weight("skip", size, "ones"),
        ]

    def _first_decay(self, shape, dtype=None):
        draw = keras.initializers.RandomUniform(1.0, 16.0, self.seed)
        return ops.log(draw(shape, dtype=dtype))

    def step(self, x, states, u):
        [s] = states
        heads = self.num_heads, self.units // self.num_heads
        v = ops.reshape(x.v, (*ops.shape(x.v)[:-1], *heads))
        dt = ops.softplus(x.r + u.step_bias)
        kept = ops.exp(-dt * ops.exp(u.log_decay))
        b, c = x.b[..., None, None, :], x.c[..., None, None, :]
        s = kept[..., None, None] * s + (dt[..., None] * v)[..., None] * b
        y = ops.sum(s * c, axis=-1) + u.skip[:, None] * v
        return ops.reshape(y, ops.shape(x.v)), [s]


@register
class Mamba2(RecurrentLayer):
    """Mamba-2 over a sequence; equations in `Mamba2Cell`.

    Args: those of `Mamba2Cell` and of `RNN`.

    Example:
    >>> Mamba2(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = Mamba2Cell
