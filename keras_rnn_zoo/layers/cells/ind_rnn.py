"""Independently recurrent neural network."""

from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers.core.arguments import (
    Argument,
    checked,
    number,
    positive_number,
)
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class MaxAbs(keras.constraints.Constraint):
    """Keeps every weight within [-max_value, max_value].

    An `IndRNN` with relu that has to learn over T steps without exploding gradients
    takes max_value = 2 ** (1 / T): the gradient then at most doubles on its way.

    Args:
        max_value: number. The largest absolute value.

    Raises:
        TypeError: if `max_value` is not a number.
        ValueError: if `max_value` is not positive.

    Example:
    >>> print(MaxAbs(1.0)(np.array([-3.0, 0.5])))
    tf.Tensor([-1.   0.5], shape=(2,), dtype=float64)
    """

    def __init__(self, max_value: float) -> None:
        self.max_value = positive_number("max_value", max_value)

    def __call__(self, w: Any) -> Any:
        return ops.clip(w, -self.max_value, self.max_value)

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value}


@register
class UnitUniform(keras.initializers.RandomUniform):
    """Values drawn evenly from [0, 1]: units with memories of every length.

    Args: as `keras.initializers.RandomUniform`, with limits of 0 and 1.

    Example:
    >>> bool((UnitUniform(seed=0)((9,)) > 0).numpy().all())
    True
    """

    def __init__(
        self, minval: float = 0.0, maxval: float = 1.0, seed: int | None = None
    ) -> None:
        super().__init__(
            number("minval", minval),
            number("maxval", maxval),
            seed
            if isinstance(seed, keras.random.SeedGenerator)
            else checked("seed", "seed", seed),
        )


@register
class IndRNNCell(GatedCell):
    """Independently recurrent network: every unit sees of the past only its own.

        h_t = φ(x_t W + u ⊙ h_{t-1} + b)

    φ is `activation`. Row vectors, as in the code. The output is h_t.
    When to use it: long sequences and deep stacks of cheap layers; the units meet only
    in the next layer. A step costs a vector product where others have a matrix. Pass
    `recurrent_constraint=MaxAbs(2 ** (1 / T))` for sequences of T steps.

    Reference: Li et al., 2018, "Independently Recurrent Neural Network (IndRNN):
    Building A Longer and Deeper RNN", https://arxiv.org/abs/1803.04831. Differs from
    the paper: the constraint on u is optional, and none by default; u of a last layer
    starts in [0, 1] like all others.

    Args:
        activation: φ; `"relu"` by default, as in the paper.
        recurrent_initializer: initializer of u; even over [0, 1] by default. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units,)`, bias `(units,)`.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = IndRNNCell(3, recurrent_constraint=MaxAbs(2 ** (1 / 50)))
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> h.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    without_arguments = ("recurrent_activation",)
    extra_arguments = {
        "activation": Argument("activation", "relu"),
        "recurrent_initializer": Argument("initializer", "keras_rnn_zoo>UnitUniform"),
    }

    @property
    def recurrent_shape(self):
        return (self.units,)

    def step(self, x, states, u):
        [h] = states
        h = self.activation(x.h + u.recurrent_kernel * u.dropped(h))
        return h, [h]


@register
class IndRNN(RecurrentLayer):
    """Independently recurrent network over a sequence; equations in `IndRNNCell`.

    Args: those of `IndRNNCell` and of `RNN`.

    Example:
    >>> IndRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = IndRNNCell
