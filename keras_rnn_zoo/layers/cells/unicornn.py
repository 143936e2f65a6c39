"""Oscillators that do not see each other within a layer."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class UnICORNNCell(GatedCell):
    """UnICORNN: undamped, independent, controlled oscillators.

        z_t = z_{t-1} - Δ σ(c) ⊙ (φ(u ⊙ y_{t-1} + x_t W + b) + α y_{t-1})
        y_t = y_{t-1} + Δ σ(c) ⊙ z_t

    σ is `recurrent_activation`, φ is `activation`; c gives each unit a pace of its own.
    Row vectors, as in the code. The output is y_t.
    When to use it: stacks of layers on very long sequences; a step costs vectors only,
    and can be undone, so that gradients neither explode nor vanish.

    Reference: Rusch & Mishra, 2021, "UnICORNN: A recurrent model for learning very long
    time dependencies", https://arxiv.org/abs/2103.05487. Differs from the paper: no
    residual connections between layers; the defaults are those for permuted images.

    Args:
        time_step: number above 0. Δ.
        frequency: number. α.
        recurrent_initializer: initializer of u; even over [0, 1] by default.
        pace_initializer: initializer of c; even over [-0.1, 0.1] by default. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[y, z]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(y, [y, z])`, y of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units,)`, bias `(units,)`. pace
        `(units,)`, which is c.

    Raises:
        TypeError: if `units` is not an integer, or one of the two not a number.
        ValueError: if `units` is not positive, or `time_step` not above 0.

    Example:
    >>> cell = UnICORNNCell(3)
    >>> out, [y, z] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    state_names = ("y", "z")
    extra_arguments = {
        "time_step": Argument("positive number", 0.19, "units"),
        "frequency": Argument("number", 30.65, "time_step"),
        "recurrent_initializer": Argument("initializer", "keras_rnn_zoo>UnitUniform"),
        "pace_initializer": Argument(
            "initializer",
            {"class_name": "RandomUniform", "config": {"minval": -0.1, "maxval": 0.1}},
        ),
    }

    @property
    def recurrent_shape(self):
        return (self.units,)

    def further_weights(self, features):
        return [Weight("pace", (self.units,), self.pace_initializer)]

    def step(self, x, states, u):
        y, z = states
        pace = self.time_step * self.recurrent_activation(u.pace)
        force = self.activation(u.recurrent_kernel * u.dropped(y) + x.h)
        z = z - pace * (force + self.frequency * y)
        y = y + pace * z
        return y, [y, z]


@register
class UnICORNN(RecurrentLayer):
    """UnICORNN over a sequence; equations in `UnICORNNCell`.

    Args: those of `UnICORNNCell` and of `RNN`.

    Example:
    >>> UnICORNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = UnICORNNCell
