"""A linear recurrence of complex numbers that turn and fade."""

import keras
import numpy as np
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class LRUCell(GatedCell):
    """Linear recurrent unit: complex numbers that turn and fade, each at its pace.

        λ = exp(-exp(ν) + i exp(θ))
        s_t = λ ⊙ s_{t-1} + exp(γ) ⊙ x_t B                complex
        y_t = Re(s_t C) + x_t D

    s is held as real and imaginary part, each `memory_size` wide; kernel is Re B, Im B
    and D, and readout_kernel is Re C above Im C. |λ| < 1, whatever is learned. The
    output is y_t, which is no state. Row vectors, as in the code.
    When to use it: very long sequences, several layers deep with something that is not
    linear between them: the unit itself is linear in its input.

    Reference: Orvieto et al., 2023, "Resurrecting Recurrent Neural Networks for Long
    Sequences", https://arxiv.org/abs/2303.06349, with ν, θ and γ first as in its
    section 3. Differs from the paper: a bias may be added; first weights of B, C and D
    are Keras's; the block around it (normalisation, gated linear unit) is not part of
    it.

    Args:
        memory_size: int. How many complex numbers s has.
        use_bias: bool; False by default, as in the paper.
        min_radius: number in [0, 1). Where |λ| starts at least; the area between the
            radii is drawn from evenly. 0.9 for long tasks.
        max_radius: number in (0, 1]. Where |λ| starts at most.
        max_phase: positive number. Where the angle of λ starts at most. Other
            arguments: see `GatedCell`; those of activations and of the recurrent kernel
            do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[re, im]`, each `(batch, memory_size)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(y, [re, im])`, y of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * memory_size + units)`; blocks re, im, d. decay
        `(memory_size,)`, phase `(memory_size,)`, gain `(memory_size,)`, readout_kernel
        `(2 * memory_size, units)`.

    Raises:
        TypeError: if `units` or `memory_size` is not an integer.
        ValueError: if one of them is not positive, or a radius out of its range.

    Example:
    >>> cell = LRUCell(3)
    >>> out, states = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("re", "im", "d")
    state_names = ("re", "im")
    linear = "diagonal"
    recurrent_shape = None
    without_arguments = ("activation", "recurrent_activation")

    extra_arguments = {
        "memory_size": Argument("positive integer", 32, "units"),
        "use_bias": Argument("flag", False),
        "min_radius": Argument("rate", 0.0),
        "max_radius": Argument("share", 1.0),
        "max_phase": Argument("positive number", 2 * np.pi),
    }

    def block_size(self, block):
        return self.units if block == "d" else self.memory_size

    @property
    def state_shapes(self):
        return [(self.memory_size,)] * 2

    @property
    def output_size(self):
        return self.units

    def further_weights(self, features):
        size = (self.memory_size,)
        shape = (2 * self.memory_size, self.units)
        return [
            Weight("decay", size, self._first_decay),
            Weight("phase", size, self._first_phase),
            Weight("gain", size, self._first_gain),
            Weight("readout_kernel", shape, "glorot_uniform"),
        ]

    def _first_decay(self, shape, dtype=None):
        draw = keras.initializers.RandomUniform(1e-5, 1 - 1e-5, self.seed)
        low, high = self.min_radius**2, self.max_radius**2
        return ops.log(-0.5 * ops.log(low + (high - low) * draw(shape, dtype=dtype)))

    def _first_phase(self, shape, dtype=None):
        seed = None if self.seed is None else self.seed + 1
        draw = keras.initializers.RandomUniform(1e-5, 1.0, seed)
        return ops.log(self.max_phase * draw(shape, dtype=dtype))

    def _first_gain(self, shape, dtype=None):
        """√(1 - |λ|²): of white noise, s is as large as what one step adds."""
        gain = 0.5 * ops.log(-ops.expm1(-2 * ops.exp(self.decay)))
        return ops.cast(gain, dtype or self.variable_dtype)

    def derived(self, w):
        radius, angle = ops.exp(-ops.exp(w.decay)), ops.exp(w.phase)
        turn = {"turn_re": radius * ops.cos(angle), "turn_im": radius * ops.sin(angle)}
        return {**turn, "scale": ops.exp(w.gain)}

    def step(self, x, states, u):
        s_re, s_im = states
        re = u.turn_re * s_re - u.turn_im * s_im + u.scale * x.re
        im = u.turn_re * s_im + u.turn_im * s_re + u.scale * x.im
        read = u.product(ops.concatenate([re, -im], -1), u.readout_kernel)
        return read + x.d, [re, im]


@register
class LRU(RecurrentLayer):
    """Linear recurrent unit over a sequence; equations in `LRUCell`.

    Args: those of `LRUCell` and of `RNN`.

    Example:
    >>> LRU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = LRUCell
