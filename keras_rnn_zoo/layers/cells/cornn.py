"""Units that are oscillators, driven by the input and by each other."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class CoRNNCell(GatedCell):
    """coRNN: coupled oscillators, with positions y and velocities z.

        z_t = z_{t-1} + Δ (φ(x_t W + y_{t-1} U + z_{t-1} V + b) - γ y_{t-1} - ε z_{t-1})
        y_t = y_{t-1} + Δ z_t

    φ is `activation`; Δ, γ and ε are the step of time, the frequency and the damping.
    Row vectors, as in the code. The output is y_t.
    When to use it: signals, and dependencies over thousands of steps: gradients are
    bounded for small Δ. The three numbers matter; the paper searches them for each
    task.

    Reference: Rusch & Mishra, 2020, "Coupled Oscillatory Recurrent Neural Network
    (coRNN): An accurate and (gradient) stable architecture for learning long time
    dependencies", https://arxiv.org/abs/2010.00951. Differs from the paper: nothing;
    the defaults are those for images read pixel by pixel.

    Args:
        time_step: number above 0. Δ.
        frequency: number. γ, how strongly a unit is drawn back to zero.
        damping: number. ε, how strongly its velocity is. Other arguments: see
            `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[y, z]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(y, [y, z])`, y of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`, bias `(units,)`.
        velocity_kernel `(units, units)`, which is V.

    Raises:
        TypeError: if `units` is not an integer, or one of the three not a number.
        ValueError: if `units` is not positive, or `time_step` not above 0.

    Example:
    >>> cell = CoRNNCell(3)
    >>> out, [y, z] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    state_names = ("y", "z")
    without_arguments = ("recurrent_activation",)
    extra_arguments = {
        "time_step": Argument("positive number", 0.042, "units"),
        "frequency": Argument("number", 2.7, "time_step"),
        "damping": Argument("number", 4.7, "frequency"),
    }

    def further_weights(self, features):
        shape = (self.units, self.units)
        return [Weight("velocity_kernel", shape, self.recurrent_initializer)]

    def step(self, x, states, u):
        y, z = states
        force = self.activation(u(y, plus=x).h + u.product(z, u.velocity_kernel))
        z = z + self.time_step * (force - self.frequency * y - self.damping * z)
        y = y + self.time_step * z
        return y, [y, z]


@register
class CoRNN(RecurrentLayer):
    """coRNN over a sequence; equations in `CoRNNCell`.

    Args: those of `CoRNNCell` and of `RNN`.

    Example:
    >>> CoRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = CoRNNCell
