"""A state space for each channel, whose matrix is a diagonal."""

import keras
import numpy as np
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


def held_for_a_step(w, dt):
    """What zero-order hold makes of A = -exp(log_decay) + i frequency.

    Returns:
        dict with the parts of exp(Δ A), `kept_`, and (exp(Δ A) - 1) / A, `into_`.
    """
    a_re, a_im = -ops.exp(w.log_decay), w.frequency
    size = ops.exp(dt * a_re)
    re, im = size * ops.cos(dt * a_im), size * ops.sin(dt * a_im)
    norm = a_re**2 + a_im**2
    into_re = ((re - 1) * a_re + im * a_im) / norm
    into_im = (im * a_re - (re - 1) * a_im) / norm
    return {"kept_re": re, "kept_im": im, "into_re": into_re, "into_im": into_im}


@register
class S4DCell(GatedCell):
    """S4D: each channel drives oscillations of its own, and is read from them.

        v_t = x_t W
        A = -exp(α) + i ω
        Ā = exp(Δ A),  B̄ = (Ā - 1) / A                    Δ = exp(δ), held for a step
        s_t = Ā ⊙ s_{t-1} + B̄ ⊙ v_t                       complex, (units, num_pairs)
        y_t = 2 Re Σ (C ⊙ s_t) + D ⊙ v_t                  the sum is over num_pairs

    α is log_decay, ω frequency, δ log_step (one a channel), C is readout, Re and Im, D
    is skip. Of each pair of conjugates one is held, as real and imaginary part. The
    output is y_t, which is no state. Row vectors, as in the code.
    When to use it: signals, and very long sequences, several layers deep with something
    that is not linear between them: the unit itself is linear in its input. Give Δ and
    A a small learning rate and no weight decay.

    Reference: Gu et al., 2022, "On the Parameterization and Initialization of Diagonal
    State Space Models", https://arxiv.org/abs/2206.11893, S4D-Lin with zero-order hold
    and B = 1. Differs from the paper: W takes any number of features to the channels,
    and may have a bias; the activation and the product behind the unit are not part of
    it.

    Args:
        num_pairs: int. Complex numbers of each channel: half of the paper's N.
        use_bias: bool; False by default.
        min_step, max_step: positive numbers, between which Δ starts, evenly in its
            logarithm. Other arguments: see `GatedCell`; those of activations and of the
            recurrent kernel do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[re, im]`, each `(batch, units * num_pairs)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(y, [re, im])`, y of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, log_step `(units,)`, log_decay `(units, num_pairs)`,
        frequency `(units, num_pairs)`, readout `(2, units, num_pairs)`, skip
        `(units,)`.

    Raises:
        TypeError: if `units` or `num_pairs` is not an integer, or a step not a number.
        ValueError: if one of them is not positive.

    Example:
    >>> cell = S4DCell(3)
    >>> out, states = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    state_names = ("re", "im")
    linear = "diagonal"
    recurrent_shape = None
    without_arguments = ("activation", "recurrent_activation")

    extra_arguments = {
        "num_pairs": Argument("positive integer", 32, "units"),
        "use_bias": Argument("flag", False),
        "min_step": Argument("positive number", 0.001),
        "max_step": Argument("positive number", 0.1),
    }

    @property
    def state_shapes(self):
        return [(self.units, self.num_pairs)] * 2

    @property
    def output_size(self):
        return self.units

    def further_weights(self, features):
        shape = (self.units, self.num_pairs)
        drawn = keras.initializers.RandomUniform
        log_steps = drawn(np.log(self.min_step), np.log(self.max_step), self.seed)
        normal = keras.initializers.RandomNormal(0, 0.5**0.5, self.seed)  # Re and Im
        return [
            Weight("log_step", (self.units,), log_steps),
            Weight("log_decay", shape, keras.initializers.Constant(np.log(0.5))),
            Weight("frequency", shape, self._first_frequency),
            Weight("readout", (2, *shape), normal),
            Weight("skip", (self.units,), keras.initializers.RandomNormal(0, 1)),
        ]

    def _first_frequency(self, shape, dtype=None):
        rows = np.ones((self.units, 1)) * np.pi * np.arange(self.num_pairs)
        return ops.convert_to_tensor(rows, dtype=dtype)

    def derived(self, w):
        return held_for_a_step(w, ops.exp(w.log_step)[:, None])

    def step(self, x, states, u):
        s_re, s_im = states
        v = x.h[..., None]
        re = u.kept_re * s_re - u.kept_im * s_im + u.into_re * v
        im = u.kept_re * s_im + u.kept_im * s_re + u.into_im * v
        read = ops.sum(u.readout[0] * re - u.readout[1] * im, axis=-1)
        return 2 * read + u.skip * x.h, [re, im]


@register
class S4D(RecurrentLayer):
    """S4D over a sequence; equations in `S4DCell`.

    Args: those of `S4DCell` and of `RNN`.

    Example:
    >>> S4D(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = S4DCell
