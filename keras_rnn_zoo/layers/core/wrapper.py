"""What every cell around a cell shares."""

from collections.abc import Sequence
from typing import Any, Self

import keras
from keras import ops, tree

from keras_rnn_zoo.layers.core.engine import step_function, takes_engine
from keras_rnn_zoo.layers.core.step import value_of, warn_of_masks

_DROPOUT = ("dropout", "recurrent_dropout")


def checked_cell(name, cell):
    """Returns `cell`, or raises if it is no cell instance."""
    if (
        not hasattr(cell, "state_size")
        or not hasattr(cell, "call")
        or isinstance(cell, (type, keras.layers.RNN))
    ):
        raise TypeError(
            f"`{name}` must be a cell instance, of the zoo, of Keras or your own. "
            f"Received: {name}={cell!r}. Of a layer, pass its `cell`."
        )
    return cell


def refuse_dropout(name, cell):
    """Raises if masks of a cell, of which only a call is known, were drawn anew."""
    for part in getattr(cell, "cells", [cell]):
        for key in _DROPOUT:
            if getattr(part, key, 0):
                raise ValueError(
                    f"`{name}` must have no {key} here, where a new mask would be "
                    f"drawn at every step. Received: {name} of type "
                    f"{type(part).__name__} with {key}={getattr(part, key)!r}. Put a "
                    "Dropout layer before or behind."
                )


def width_of(cell):
    """Width of a cell's output."""
    return getattr(cell, "output_size", None) or tree.flatten(cell.state_size)[0]


def names_of_states(cell, otherwise="s"):
    """A name for each flat state of a cell: its own, or `s0`, `s1`, …."""
    count = len(tree.flatten(cell.state_size))
    names = list(getattr(cell, "state_names", ()))
    return names if len(names) == count else [f"{otherwise}{k}" for k in range(count)]


def flat_step(cell, training):
    """`step(x, states)` of any cell, of a flat list of states and giving one."""
    call = step_function(cell, training)

    def step(x, states):
        states = tree.pack_sequence_as(cell.state_size, list(states))
        output, new = call(x, states if isinstance(states, list) else [states])
        return output, tree.flatten(new)

    return step


class CellWrapper(keras.Layer):
    """Base of the cells around one cell: all that is not said here is the cell's.

    Around a pure cell of the zoo the whole is pure, too: every `implementation`,
    dropout with one mask a sequence, zoneout, trained initial states. Around another,
    of which only a call is known, the plain loop carries it.

    A subclass adds `own_values`, changes `terms` and `advance`, and for cells of which
    only a call is known, `around`.

    Args:
        cell: a cell instance.
        **kwargs: `name`, `dtype` (that of the cell, if left out), `trainable`.
    """

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        checked_cell("cell", cell)
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = getattr(cell, "dtype_policy", None)
        super().__init__(**kwargs)
        if not takes_engine(cell):
            refuse_dropout("cell", cell)
        self.cell = cell
        # Names of what is added are told apart where one wrapper is around another.
        self._level = 1 + getattr(cell, "_level", 0)

    # --- Keras's view of a cell

    @property
    def state_size(self) -> Any:
        """As of the cell."""
        return self.cell.state_size

    @property
    def output_size(self) -> int:
        """Width of the output: that of the cell."""
        return width_of(self.cell)

    @property
    def state_names(self) -> Sequence[str]:
        """Names of the states: those of the cell, numbered where it has none."""
        return names_of_states(self.cell)

    def get_initial_state(self, batch_size: Any = None) -> Any:
        """As of the cell."""
        return self.cell.get_initial_state(batch_size=batch_size)

    def build(self, input_shape: Any) -> None:
        """Builds the cell for the same input."""
        if not self.cell.built:
            self.cell.build(input_shape)
            self.cell.built = True

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        states = list(states) if tree.is_nested(states) else [states]
        if not self.is_pure:
            step = step_function(self.cell, training)
            output, states = step(inputs, states)
            return self.around(inputs, output), states
        if training and self.draws_masks:
            warn_of_masks(self)
        draws = self.draw(ops.shape(inputs)[0], training=training)
        weights = self.all_weights(training=training)
        x = self.terms(inputs, self.of_input(weights, draws.inputs, training))
        u = self.of_states(weights, draws.states, training)
        return self.advance(x, states, u, draws.keep)

    def around(self, inputs: Any, output: Any) -> Any:
        """The output, of a cell of which only a call is known."""
        return output

    # --- The engine's view of a cell: see `GatedCell`

    @property
    def is_pure(self) -> bool:
        """Whether all of it is known, and not only a call."""
        return takes_engine(self.cell) and type(self).call is CellWrapper.call

    @property
    def draws_masks(self) -> bool:
        """Whether training draws masks that are to last for a sequence."""
        within = getattr(self.cell, "draws_masks", False)
        return within or any(getattr(self.cell, key, 0) for key in _DROPOUT)

    @property
    def zoneout_rates(self) -> Any:
        """As of the cell."""
        return getattr(self.cell, "zoneout_rates", ())

    def own_values(self) -> Any:
        """`{name: variable}` of what the wrapper adds to the cell's weights."""
        return {}

    def named(self, name: str) -> Any:
        """A name of the wrapper's own, which no cell within has."""
        return f"{name}_{self._level}"

    def draw(self, batch_size: Any, time: Any = None, training: bool = False) -> Any:
        """As `GatedCell.draw`."""
        return self.cell.draw(batch_size, time, training=training)

    def all_weights(self, values: Any = None, training: bool = False) -> Any:
        """As `GatedCell.all_weights`, with those of the wrapper."""
        own = {
            self.named(name): value_of(variable, self.compute_dtype)
            for name, variable in self.own_values().items()
        }
        return {**self.cell.all_weights(values, training=training), **own}

    @property
    def own_weights(self) -> Any:
        """As `GatedCell.own_weights`: those of the cell."""
        return self.cell.own_weights

    def of_input(self, weights: Any, mask: Any = None, training: bool = False) -> Any:
        """As `GatedCell.of_input`."""
        return self.cell.of_input(weights, mask, training)

    def of_states(
        self,
        weights: Any,
        mask: Any = None,
        training: bool = False,
        carry_out: Any = None,
    ) -> Any:
        """As `GatedCell.of_states`."""
        return self.cell.of_states(weights, mask, training, carry_out)

    def terms(self, inputs: Any, w: Any) -> Any:
        """As `GatedCell.terms`."""
        return self.cell.terms(inputs, w)

    def advance(self, x: Any, states: Any, u: Any, keep: Any = None) -> Any:
        """As `GatedCell.advance`."""
        return self.cell.advance(x, states, u, keep)

    # --- Config

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "cell": keras.saving.serialize_keras_object(self.cell),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        cell = keras.saving.deserialize_keras_object(config["cell"])
        return cls(**{**config, "cell": cell})
