"""Gates from a window of two inputs."""

from typing import Any

from keras import ops

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


class TwoInputsCell(GatedCell):
    """Base of cells that read this input and the one before: x_t W + x_{t-1} V + b.

    The state p is x_t V, of the step before when it is read; it begins as zero.
    """

    blocks = ("z", "f", "o")
    bookkeeping = ("p",)  # a part of the input
    kept_by = "f"
    linear = "diagonal"
    recurrent_shape = None

    @property
    def state_shapes(self):
        return [(self.units,), (3 * self.units,)]

    @property
    def output_size(self):
        return self.units

    def further_weights(self, features):
        shape = (features, 3 * self.units)
        return [Weight("previous_kernel", shape, self.kernel_initializer)]

    def terms(self, inputs, w):
        return w(inputs).also(p=w.product(w.dropped(inputs), w.previous_kernel))

    def sums(self, x: Any, p: Any) -> Any:
        """z, f and o of both inputs, before their activations."""
        p_z, p_f, p_o = ops.split(p, 3, axis=-1)
        return x.z + p_z, x.f + p_f, x.o + p_o


@register
class QRNNCell(TwoInputsCell):
    """Quasi-recurrent network with fo-pooling: gates from this input and the last.

        z_t = φ(x_t W_z + x_{t-1} V_z + b_z)
        f_t = σ(x_t W_f + x_{t-1} V_f + b_f)
        o_t = σ(x_t W_o + x_{t-1} V_o + b_o)
        c_t = f_t ⊙ c_{t-1} + (1 - f_t) ⊙ z_t
        h_t = o_t ⊙ c_t

    σ is `recurrent_activation`, φ is `activation`; V is previous_kernel. The state
    p is x_{t-1} V, zero at first. The output is h_t, which is no state; c_t is
    linear in c_{t-1}, unit by unit. Row vectors, as in the code.
    When to use it: text and other sequences in which neighbours belong together.

    Reference: Bradbury et al., 2016, "Quasi-Recurrent Neural Networks",
    https://arxiv.org/abs/1611.01576, eq. (5) with windows of two. Differs from the
    paper: a bias is added; the window is 2. The authors' later code swaps f and 1 -
    f.

    Args:
        activation: φ; tanh by default.
            Other arguments: see `GatedCell`; those of the recurrent kernel
            do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[c, p]`, `(batch, units)` and `(batch, 3 * units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [c, p])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, bias `(3 * units,)`, previous_kernel
        `(features, 3 * units)`; blocks z, f, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = QRNNCell(3)
    >>> out, [c, p] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    state_names = ("c", "p")
    gates = ("f", "o")

    def step(self, x, states, u):
        c, p = states
        z, f, o = self.sums(x, p)
        z = self.activation(z)
        f = self.recurrent_activation(f)
        o = self.recurrent_activation(o)
        c = f * c + (1 - f) * z
        return o * c, [c, x.p]


@register
class QRNN(RecurrentLayer):
    """Quasi-recurrent network over a sequence; equations in `QRNNCell`.

    Args: those of `QRNNCell` and of `RNN`.

    Example:
    >>> QRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = QRNNCell
