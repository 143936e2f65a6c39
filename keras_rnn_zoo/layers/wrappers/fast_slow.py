"""Several cells that take turns within a step, and one that is asked once."""

from collections.abc import Sequence
from typing import Any, Self

import keras
from keras import ops, tree

from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.wrapper import (
    checked_cell,
    flat_step,
    names_of_states,
    refuse_dropout,
    width_of,
)


@register
class FastSlow(keras.Layer):
    """Fast cells that pass one state along within a step, and a slow one beside them.

        y, s^F = F_1(x_t, s^F_{t-1})
        z_t, s^S_t = S(y, s^S_{t-1})
        y, s^F = F_2(z_t, s^F)
        y, s^F = F_k(nothing, s^F)                                          k = 3, 4, …

    The output is the last y, and s^F_t the last s^F. Between S and itself there is one
    step a time step, between F and itself there are as many as there are fast cells.
    When to use it: sequences with structure on two scales, as characters and words.

    Reference: Mujika, Meier & Steger, 2017, "Fast-Slow Recurrent Neural Networks",
    https://arxiv.org/abs/1705.08639, section 3.1. Differs from the paper: no dropout
    between the cells. An LSTM's c is passed along with its h, and "nothing" is a zero
    of width one, both as in the authors' code.

    Args:
        fast_cells: list of at least two cell instances with states of the same widths.
        slow_cell: a cell instance.
        **kwargs: `name`, `dtype` (that of the cells, if left out), `trainable`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[…those of the fast cells, …those of the slow cell]`.
        training: bool. Matters only with zoneout.

    Returns:
        `(y, states)`.

    Weights: those of the cells.

    Masking: as of any cell; carried by the plain loop.

    Raises:
        TypeError: if one of them is no cell instance.
        ValueError: if there are fewer than two fast cells, if their states differ in
            width, or if a cell has dropout, whose masks would be drawn at every step.

    Example:
    >>> cell = FastSlow([LSTMCell(4), LSTMCell(4)], GRUCell(6))
    >>> RNN(cell)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 4])
    """

    is_pure = False

    def __init__(
        self, fast_cells: Sequence[Any], slow_cell: Any, **kwargs: Any
    ) -> None:
        if not isinstance(fast_cells, list | tuple) or len(fast_cells) < 2:
            raise ValueError(
                "`fast_cells` must be a list of at least two cells. "
                f"Received: fast_cells={fast_cells!r}."
            )
        for cell in fast_cells:
            checked_cell("fast_cells", cell)
            refuse_dropout("fast_cells", cell)
        refuse_dropout("slow_cell", checked_cell("slow_cell", slow_cell))
        sizes = [tree.flatten(cell.state_size) for cell in fast_cells]
        if any(size != sizes[0] for size in sizes):
            raise ValueError(
                "`fast_cells` must have states of the same widths, for they pass one "
                f"along. Received: fast_cells with states of widths {sizes}."
            )
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = getattr(slow_cell, "dtype_policy", None)
        super().__init__(**kwargs)
        self.fast_cells, self.slow_cell = list(fast_cells), slow_cell

    @property
    def cells_in_order(self) -> list[Any]:
        """The fast cells, and the slow one last."""
        return [*self.fast_cells, self.slow_cell]

    @property
    def state_size(self) -> Any:
        """Widths of the fast states and of the slow ones."""
        both = self.fast_cells[0].state_size, self.slow_cell.state_size
        return tree.flatten(both)

    @property
    def output_size(self) -> int:
        """Width of the output of the last fast cell."""
        return width_of(self.fast_cells[-1])

    @property
    def state_names(self) -> Sequence[str]:
        """`fast_h`, `slow_h`, … after the names of the cells."""
        both = ("fast", self.fast_cells[0]), ("slow", self.slow_cell)
        return [
            f"{kind}_{name}" for kind, cell in both for name in names_of_states(cell)
        ]

    def get_initial_state(self, batch_size: Any = None) -> Any:
        """Those of the first fast cell and of the slow one."""
        return [
            state
            for cell in (self.fast_cells[0], self.slow_cell)
            for state in tree.flatten(cell.get_initial_state(batch_size=batch_size))
        ]

    def build(self, input_shape: Any) -> None:
        rows, features = input_shape[0], input_shape[-1]
        first, second, *others = self.fast_cells
        widths = [
            (first, features),
            (self.slow_cell, width_of(first)),
            (second, width_of(self.slow_cell)),
            *((cell, 1) for cell in others),
        ]
        for cell, width in widths:
            if not cell.built:
                cell.build((rows, width))
                cell.built = True

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        count = len(tree.flatten(self.fast_cells[0].state_size))
        fast, slow = list(states[:count]), list(states[count:])

        def take(cell, x, states):
            return flat_step(cell, training)(x, states)

        first, second, *others = self.fast_cells
        y, fast = take(first, inputs, fast)
        z, slow = take(self.slow_cell, y, slow)
        y, fast = take(second, z, fast)
        for cell in others:
            y, fast = take(cell, ops.zeros_like(y[:, :1]), fast)
        return y, [*fast, *slow]

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "fast_cells": [serialize(cell) for cell in self.fast_cells],
            "slow_cell": serialize(self.slow_cell),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        make = keras.saving.deserialize_keras_object
        fast = [make(cell) for cell in config["fast_cells"]]
        return cls(
            **{**config, "fast_cells": fast, "slow_cell": make(config["slow_cell"])}
        )
