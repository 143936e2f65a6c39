"""A recurrence that is a stable differential equation, solved step by step."""

from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


class _TurningCell(GatedCell):
    """Base of the two: of U what turns is left, and a little that shrinks."""

    extra_arguments = {
        "step_size": Argument("positive number", 0.1, "units"),
        "diffusion": Argument("number", 0.01, "step_size"),
    }

    def derived(self, w):
        a = w.recurrent_kernel
        shrink = self.diffusion * ops.eye(self.units, dtype=self.compute_dtype)
        return {"recurrent_kernel": a - ops.transpose(a) - shrink}


@register
class AntisymmetricRNNCell(_TurningCell):
    """Antisymmetric RNN: a state that turns, and neither grows nor fades.

        M = U - Uᵀ - γ I
        h_t = h_{t-1} + ε φ(x_t W + h_{t-1} M + b)

    φ is `activation`; M is made once a sequence. Row vectors, as in the code. The
    output is h_t.
    When to use it: dependencies over hundreds of steps in a cell without gates: the
    eigenvalues of U - Uᵀ are imaginary.

    Reference: Chang, Chen, Haber & Chi, 2019, "AntisymmetricRNN: A Dynamical System
    View on Recurrent Neural Networks", https://arxiv.org/abs/1902.09689. Differs from
    the paper: nothing.

    Args:
        step_size: number above 0. ε, the step of the differential equation that is
            solved; the paper tries 0.01 to 1.
        diffusion: number. γ, which makes the solution stable. Other arguments: see
            `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`, bias `(units,)`.

    Raises:
        TypeError: if `units` is not an integer, or `step_size` or `diffusion` not a
            number.
        ValueError: if `units` is not positive, or `step_size` not above 0.

    Example:
    >>> cell = AntisymmetricRNNCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    without_arguments = ("recurrent_activation",)

    def step(self, x, states, u):
        [h] = states
        h = h + self.step_size * self.activation(u(h, plus=x).h)
        return h, [h]


@register
class AntisymmetricRNN(RecurrentLayer):
    """Antisymmetric RNN over a sequence; equations in `AntisymmetricRNNCell`.

    Args: those of `AntisymmetricRNNCell` and of `RNN`.

    Example:
    >>> AntisymmetricRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = AntisymmetricRNNCell


@register
class GatedAntisymmetricRNNCell(_TurningCell):
    """Gated antisymmetric RNN: a gate for the length of the step.

        M = U - Uᵀ - γ I
        z_t = σ(x_t W_z + h_{t-1} M + b_z)
        h_t = h_{t-1} + ε z_t ⊙ φ(x_t W_h + h_{t-1} M + b_h)

    σ is `recurrent_activation`, φ is `activation`; M, which both share, is made once a
    sequence. Row vectors, as in the code. The output is h_t.
    When to use it: where an antisymmetric RNN also has to ignore inputs.

    Reference: Chang, Chen, Haber & Chi, 2019, "AntisymmetricRNN: A Dynamical System
    View on Recurrent Neural Networks", https://arxiv.org/abs/1902.09689. Differs from
    the paper: nothing.

    Args:
        step_size: number above 0. ε, the step of the differential equation that is
            solved; the paper tries 0.01 to 1.
        diffusion: number. γ, which makes the solution stable. Other arguments: see
            `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`, bias `(2 * units,)`; blocks z, h.
        recurrent_kernel `(units, units)`.

    Raises:
        TypeError: if `units` is not an integer, or `step_size` or `diffusion` not a
            number.
        ValueError: if `units` is not positive, or `step_size` not above 0.

    Example:
    >>> cell = GatedAntisymmetricRNNCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("z", "h")
    recurrent_blocks = ("h",)
    gates = ("z",)

    def step(self, x, states, u):
        [h] = states
        m = u.h(h)
        z = self.recurrent_activation(x.z + m)
        h = h + self.step_size * z * self.activation(x.h + m)
        return h, [h]


@register
class GatedAntisymmetricRNN(RecurrentLayer):
    """Gated antisymmetric RNN over a sequence; see `GatedAntisymmetricRNNCell`.

    Args: those of `GatedAntisymmetricRNNCell` and of `RNN`.

    Example:
    >>> GatedAntisymmetricRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = GatedAntisymmetricRNNCell
