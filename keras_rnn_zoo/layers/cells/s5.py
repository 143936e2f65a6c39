"""One state space for all channels, whose matrix is a diagonal."""

import keras
import numpy as np
from keras import ops

from keras_rnn_zoo.layers.cells.s4d import S4DCell, held_for_a_step
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


def legendre_frequencies(pairs):
    """ω of S5's first diagonal: the normal part of HiPPO's Legendre matrix.

    Args:
        pairs: int. Half the size of the matrix.

    Returns:
        `(pairs,)`, float64: the positive imaginary parts of its eigenvalues, from the
        smallest. All their real parts are -1/2.

    Example:
    >>> legendre_frequencies(2).round(4)
    array([0.5565, 4.6033])
    """
    root = np.sqrt(2 * np.arange(2 * pairs) + 1)
    skew = -0.5 * np.tril(np.outer(root, root), -1)
    return np.linalg.eigvalsh(1j * (skew - skew.T))[pairs:]


@register
class S5Cell(S4DCell):
    """S5: oscillations that all inputs drive, and all outputs are read from.

        Λ = -exp(α) + i ω
        Λ̄ = exp(Δ Λ),  B̄ = (Λ̄ - 1) / Λ ⊙ B                Δ = exp(δ), held for a step
        s_t = Λ̄ ⊙ s_{t-1} + x_t B̄                         complex
        y_t = 2 Re(s_t C) + x_t D

    α is log_decay, ω frequency, δ log_step, one each for every number of s. Of each
    pair of conjugates one is held, as real and imaginary part; kernel is Re B, Im B and
    D, and readout_kernel is Re C above Im C. The output is y_t, which is no state. Row
    vectors, as in the code.
    When to use it: as `S4DCell`; one state for all channels is smaller, and mixes them.

    Reference: Smith, Warrington & Linderman, 2023, "Simplified State Space Layers for
    Sequence Modeling", https://arxiv.org/abs/2208.04933, with zero-order hold,
    conjugate pairs and one block. Differs from the paper: D is a matrix, so that any
    number of features will do; Re Λ is held as a logarithm, and stays negative; B and C
    are first drawn in the basis of the diagonal; a bias may be added. The activation
    behind the unit is not part of it.

    Args:
        num_pairs: int. Complex numbers of s: half of the paper's P.
        use_bias: bool; False by default, as in the paper.
        min_step, max_step: positive numbers, between which Δ starts, evenly in its
            logarithm. Other arguments: see `GatedCell`; those of activations and of the
            recurrent kernel do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[re, im]`, each `(batch, num_pairs)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(y, [re, im])`, y of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * num_pairs + units)`; blocks re, im, d. log_step
        `(num_pairs,)`, log_decay `(num_pairs,)`, frequency `(num_pairs,)`,
        readout_kernel `(2 * num_pairs, units)`.

    Raises:
        TypeError: if `units` or `num_pairs` is not an integer, or a step not a number.
        ValueError: if one of them is not positive.

    Example:
    >>> cell = S5Cell(3)
    >>> out, states = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("re", "im", "d")
    linear = "diagonal"

    def block_size(self, block):
        return self.units if block == "d" else self.num_pairs

    @property
    def state_shapes(self):
        return [(self.num_pairs,)] * 2

    def further_weights(self, features):
        size = (self.num_pairs,)
        drawn = keras.initializers.RandomUniform
        log_steps = drawn(np.log(self.min_step), np.log(self.max_step), self.seed)
        shape = (2 * self.num_pairs, self.units)
        return [
            Weight("log_step", size, log_steps),
            Weight("log_decay", size, keras.initializers.Constant(np.log(0.5))),
            Weight("frequency", size, self._first_frequency),
            Weight("readout_kernel", shape, "glorot_uniform"),
        ]

    def _first_frequency(self, shape, dtype=None):
        return ops.convert_to_tensor(legendre_frequencies(self.num_pairs), dtype=dtype)

    def derived(self, w):
        return held_for_a_step(w, ops.exp(w.log_step))

    def step(self, x, states, u):
        s_re, s_im = states
        b_re = u.into_re * x.re - u.into_im * x.im
        b_im = u.into_re * x.im + u.into_im * x.re
        re = u.kept_re * s_re - u.kept_im * s_im + b_re
        im = u.kept_re * s_im + u.kept_im * s_re + b_im
        read = u.product(ops.concatenate([re, -im], -1), u.readout_kernel)
        return 2 * read + x.d, [re, im]


@register
class S5(RecurrentLayer):
    """S5 over a sequence; equations in `S5Cell`.

    Args: those of `S5Cell` and of `RNN`.

    Example:
    >>> S5(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = S5Cell
