"""A cell whose memory is computed by another cell."""

from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from keras import ops, tree

from keras_rnn_zoo.layers.core.arguments import checked
from keras_rnn_zoo.layers.core.kinds import Activation, Initializer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import matmul, value_of
from keras_rnn_zoo.layers.core.wrapper import (
    checked_cell,
    flat_step,
    names_of_states,
    refuse_dropout,
    width_of,
)


@register
class Nested(keras.Layer):
    """Gates around a memory that another cell computes.

        i_t = σ(x_t W_i + h_{t-1} U_i + b_i)
        f_t = σ(x_t W_f + h_{t-1} U_f + b_f)
        o_t = σ(x_t W_o + h_{t-1} U_o + b_o)
        g_t = x_t W_c + h_{t-1} U_c + b_c
        c_t, s_t = cell(i_t ⊙ g_t, [f_t ⊙ c_{t-1}, s_{t-1}])
        h_t = o_t ⊙ φ(c_t)

    σ is `recurrent_activation`, φ is `activation`; s are the states of the cell beyond
    its first one, which is its output c. An LSTM would add i_t ⊙ g_t and f_t ⊙ c_{t-1};
    here the first is what the cell reads, and the second what it last said. Around an
    `LSTMCell` it is `NestedLSTM`; around a `Nested`, three memories are in each other.
    When to use it: where an event matters on several scales of time: what is within
    lasts longer, for the gates outside decide what reaches it, and what is seen of it.

    Reference: Moniz & Krueger, 2017, "Nested LSTMs", https://arxiv.org/abs/1801.10308,
    section 3. Differs from the paper: any cell is within, and not an LSTM alone; g_t
    has no activation, as in its experiments.

    Args:
        cell: a cell instance, of the zoo, of Keras or your own, whose output is its
            first state; as wide as this is to be.
        activation: φ.
        recurrent_activation: σ.
        kernel_initializer: initializer of W.
        recurrent_initializer: initializer of U.
        unit_forget_bias: bool. Start b_f at one instead of zero, as all else of b.
        **kwargs: `name`, `dtype` (that of the cell, if left out), `trainable`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, …those of the cell]`, the first of which is c.
        training: bool. Matters only with zoneout of the cell.

    Returns:
        `(h, states)`.

    Weights: kernel `(features, 4 * units)`, recurrent_kernel `(units, 4 * units)`, bias
        `(4 * units,)`, blocks i, f, c, o; and those of the cell.

    Masking: as of any cell; carried by the plain loop.

    Raises:
        TypeError: if `cell` is no cell instance.
        ValueError: if the cell cannot be a memory: its output is not its first state,
            or does not depend on the one before it, or it reads more than features; if
            it has dropout, whose masks would be drawn at every step.

    Example:
    >>> cell = Nested(GRUCell(4))
    >>> RNN(cell)(np.zeros((2, 5, 3))).shape, cell.state_names
    (TensorShape([2, 4]), ['h', 'inner_h'])
    """

    is_pure = False

    def __init__(
        self,
        cell: Any,
        activation: Activation = "tanh",
        recurrent_activation: Activation = "sigmoid",
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        unit_forget_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        refuse_dropout("cell", checked_cell("cell", cell))
        if reason := _why_no_memory(cell):
            raise ValueError(
                "`cell` must be one whose output is its first state, of which the next "
                f"one is made. Received: cell of type {type(cell).__name__}, {reason}. "
                "Take for example `keras_rnn_zoo.GRUCell`."
            )
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = getattr(cell, "dtype_policy", None)
        super().__init__(**kwargs)
        self.cell = cell
        self.activation = checked("activation", "activation", activation)
        self.recurrent_activation = checked(
            "activation", "recurrent_activation", recurrent_activation
        )
        self.kernel_initializer = checked(
            "initializer", "kernel_initializer", kernel_initializer
        )
        self.recurrent_initializer = checked(
            "initializer", "recurrent_initializer", recurrent_initializer
        )
        self.unit_forget_bias = checked("flag", "unit_forget_bias", unit_forget_bias)

    @property
    def units(self) -> int:
        """Width of the output: that of the cell."""
        return width_of(self.cell)

    output_size = units

    @property
    def state_size(self) -> Any:
        """Widths of h and of the cell's states."""
        return [self.units, *tree.flatten(self.cell.state_size)]

    @property
    def state_names(self) -> Sequence[str]:
        """`h`, and `inner_…` after the names of the cell's."""
        return ["h", *(f"inner_{name}" for name in names_of_states(self.cell))]

    def get_initial_state(self, batch_size: Any = None) -> Any:
        """Zeros, and the cell's own."""
        within = tree.flatten(self.cell.get_initial_state(batch_size=batch_size))
        return [ops.zeros((batch_size, self.units), self.compute_dtype), *within]

    def build(self, input_shape: Any) -> None:
        units = self.units
        shapes = {
            "kernel": ((input_shape[-1], 4 * units), self.kernel_initializer),
            "recurrent_kernel": ((units, 4 * units), self.recurrent_initializer),
            "bias": ((4 * units,), self._first_bias),
        }
        for name, (shape, initializer) in shapes.items():
            weight = self.add_weight(shape=shape, name=name, initializer=initializer)
            setattr(self, name, weight)
        if not self.cell.built:
            self.cell.build((input_shape[0], units))
            self.cell.built = True

    def _first_bias(self, shape, dtype=None):
        i, f, c, o = ops.split(ops.zeros(shape, dtype), 4)
        return ops.concatenate([i, f + 1 if self.unit_forget_bias else f, c, o])

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        h, c, *within = states
        sigma, phi = self.recurrent_activation, self.activation
        W, U, b = (
            value_of(w, self.compute_dtype)
            for w in (self.kernel, self.recurrent_kernel, self.bias)
        )
        x = ops.cast(inputs, self.compute_dtype)
        i, f, g, o = ops.split(matmul(x, W) + matmul(h, U) + b, 4, -1)
        step = flat_step(self.cell, training)
        c, states = step(sigma(i) * g, [sigma(f) * c, *within])
        h = sigma(o) * phi(c)
        return h, [h, *states]

    def get_config(self) -> dict[str, Any]:
        activations, initializers = keras.activations, keras.initializers
        return {
            **super().get_config(),
            "cell": keras.saving.serialize_keras_object(self.cell),
            "activation": activations.serialize(self.activation),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "unit_forget_bias": self.unit_forget_bias,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        cell = keras.saving.deserialize_keras_object(config["cell"])
        return cls(**{**config, "cell": cell})


def _why_no_memory(cell):
    """What keeps a cell from being a memory; None if nothing does. It is tried."""
    if isinstance(cell, Nested):
        return None  # its output is its h, which its gates read
    width, sizes = width_of(cell), tree.flatten(cell.state_size)
    if sizes[0] != width:
        return f"whose output has width {width} and whose first state has {sizes[0]}"
    rows = getattr(cell, "kernel_rows", lambda features: features)
    if rows(width) != width:
        return "which reads more than features"
    with tf.init_scope():
        return _why_no_step(cell, width, sizes)


def _why_no_step(cell, width, sizes):
    config = {**cell.get_config(), "name": None, "dtype": "float32"}
    for key in ("kernel_initializer", "recurrent_initializer"):
        if key in config:  # quicker than orthogonal ones
            config[key] = "random_normal"
    rng = np.random.default_rng(0)

    def normal(size):
        return ops.convert_to_tensor(rng.normal(size=(1, size)), dtype="float32")

    copy = type(cell).from_config(config)
    copy.build((None, width))
    copy.built = True
    step = flat_step(copy, False)
    x, states = normal(width), [normal(size) for size in sizes]
    output, new = step(x, states)
    if not np.allclose(output, new[0], 1e-3, 1e-5):
        return "whose output is no state, or not its first one"
    other, _ = step(x, [states[0] + 1.0, *states[1:]])
    if np.allclose(output, other, 1e-6, 1e-6):
        return "whose output does not depend on its first state"
    return None
