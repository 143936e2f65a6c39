"""A memory that holds the last stretch of a signal as a polynomial."""

import numpy as np
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


def legendre_memory(size, theta):
    """Ā and B̄: how the coefficients of a signal's last θ steps move at each step.

    The coefficients are those of the shifted Legendre polynomials; θ m'(t) = A m(t) +
    B u(t), with u held constant for a step (zero-order hold).

    Args:
        size: int. The number of coefficients.
        theta: number. θ, in steps.

    Returns:
        `(Ā, B̄)`, float64 arrays `(size, size)` and `(size,)`: m_t = Ā m_{t-1} + B̄ u_t.

    Example:
    >>> a, b = legendre_memory(1, 10.0)
    >>> a.round(4), b.round(4)
    (array([[0.9048]]), array([0.0952]))
    """
    i, j = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    a = (2 * i + 1) * np.where(i < j, -1.0, (-1.0) ** (i - j + 1))
    b = (2 * i[:, :1] + 1) * (-1.0) ** i[:, :1]
    both = np.pad(np.concatenate([a, b], axis=1) / theta, ((0, 1), (0, 0)))
    halvings = max(0, int(np.ceil(np.log2(np.abs(both).sum(0).max()))) + 1)
    held = np.eye(size + 1)
    for n in range(20, 0, -1):
        held = np.eye(size + 1) + both @ held / (n * 2**halvings)
    held = np.linalg.matrix_power(held, 2**halvings)
    return held[:size, :size], held[:size, size]


@register
class LMUCell(GatedCell):
    """Legendre memory unit: a linear memory of the last θ steps, and a state on top.

        u_t = x_t e_x + h_{t-1} e_h + m_{t-1} e_m + b_u      one number
        m_t = m_{t-1} Āᵀ + u_t B̄ᵀ
        h_t = φ(x_t W_x + h_{t-1} W_h + m_t W_m + b_h)

    φ is `activation`; Ā and B̄ are those of `legendre_memory`, and fixed. m is
    `memory_size` wide, h is `units` wide. kernel is e_x and W_x, recurrent_kernel is
    e_h and W_h. Row vectors, as in the code. The output is h_t.
    When to use it: signals sampled finely over long windows. With θ of some thousand
    steps a memory of a few hundred numbers is enough; it cannot pick what to keep.

    Reference: Voelker, Kajić & Eliasmith, 2019, "Legendre Memory Units: Continuous-Time
    Representation in Recurrent Neural Networks", Advances in Neural Information
    Processing Systems 32, eq. (1)-(7). Differs from the paper: a bias may be added;
    first weights are Keras's, where the paper has LeCun's for e_x and e_h.

    Args:
        units: int. Width of h.
        memory_size: int. d, the order of the polynomials.
        theta: number. θ, the length of the window in steps.
        use_bias: bool; False by default, as in the paper.
        memory_initializer: initializer of W_m.
        encoder_initializer: initializer of e_m; zeros by default, as in the paper.
            Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, m]`, `(batch, units)` and `(batch, memory_size)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, m])`, of the shapes of the states, in the cell's compute dtype.

    Weights:
        kernel `(features, 1 + units)`, recurrent_kernel `(units, 1 + units)`,
        bias `(1 + units,)`; blocks u, h. memory_kernel `(memory_size, units)`,
        memory_encoder `(memory_size, 1)`.

    Raises:
        TypeError: if `units` or `memory_size` is not an integer, or `theta` no number.
        ValueError: if one of them is not positive.

    Example:
    >>> cell = LMUCell(3, memory_size=6, theta=100.0)
    >>> out, [h, m] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 6))])
    >>> m.shape
    TensorShape([2, 6])
    """

    blocks = ("u", "h")
    state_names = ("h", "m")
    without_arguments = ("recurrent_activation",)
    extra_arguments = {
        "memory_size": Argument("positive integer", 32, "units"),
        "theta": Argument("positive number", 100.0, "memory_size"),
        "use_bias": Argument("flag", False),
        "memory_initializer": Argument("initializer", "glorot_uniform"),
        "encoder_initializer": Argument("initializer", "zeros"),
    }

    def block_size(self, block):
        return 1 if block == "u" else self.units

    @property
    def state_shapes(self):
        return [(self.units,), (self.memory_size,)]

    def further_weights(self, features):
        shapes = (self.memory_size, self.units), (self.memory_size, 1)
        return [
            Weight("memory_kernel", shapes[0], self.memory_initializer),
            Weight("memory_encoder", shapes[1], self.encoder_initializer),
        ]

    def derived(self, w):
        a, b = legendre_memory(self.memory_size, self.theta)
        dtype = self.compute_dtype
        return {"kept": ops.cast(a.T, dtype), "written": ops.cast(b, dtype)}

    def step(self, x, states, u):
        h, m = states
        a = u(h, plus=x)
        signal = a.u + u.product(m, u.memory_encoder)
        m = u.product(m, u.kept) + signal * u.written
        h = self.activation(a.h + u.product(m, u.memory_kernel))
        return h, [h, m]


@register
class LMU(RecurrentLayer):
    """Legendre memory unit over a sequence; equations in `LMUCell`.

    Args: those of `LMUCell` and of `RNN`.

    Example:
    >>> LMU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = LMUCell
