"""A cell that begins anew where it is told to: for rows of several sequences."""

from typing import Any, Self

import keras
from keras import ops, tree

from keras_rnn_zoo.layers.core.registry import register


@register
class ResetCell(keras.Layer):
    """A cell whose states are set back where the last feature is 1.

        s_{t-1} ← s_0 where r_t > 0;  y_t, s_t = cell(x_t, s_{t-1})

    s_0 is the cell's own initial state. Steps before a reset have no part in what comes
    after it, neither forward nor in the gradient. Used in an `RNN`, in one direction;
    see `keras_rnn_zoo.datasets.packing` for the rows and the resets.

    Args:
        cell: a cell instance, without dropout.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: `(batch, features + 1)`; the last feature is r.
        states: those of the cell.
        training: bool.

    Returns:
        Output and states of the cell.

    Raises:
        ValueError: if the cell has dropout, whose masks a wrapped cell would keep from
            one batch to the next.

    Example:
    >>> x = np.ones((1, 4, 1))
    >>> resets = np.array([0, 0, 1, 0])[None, :, None]
    >>> layer = RNN(ResetCell(GRUCell(2)), return_sequences=True)
    >>> y = layer(np.concatenate([x, resets], -1))
    >>> bool(np.allclose(y[:, :2], y[:, 2:]))
    True
    """

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for key in ("dropout", "recurrent_dropout", "zoneout"):
            if getattr(cell, key, 0):
                raise ValueError(
                    f"`cell` must have no dropout. Received: {key}="
                    f"{getattr(cell, key)!r}. Put a Dropout layer before or behind."
                )
        self.cell = cell
        self.state_size = cell.state_size
        self.output_size = getattr(cell, "output_size", None)

    def build(self, input_shape: Any) -> None:
        if not self.cell.built:
            self.cell.build((*input_shape[:-1], input_shape[-1] - 1))

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        reset = inputs[..., -1:] > 0
        start = self.cell.get_initial_state(batch_size=ops.shape(inputs)[0])
        if not tree.is_nested(start):
            start = [start]
        states = [
            ops.where(reset, ops.cast(s0, s.dtype), s)
            for s0, s in zip(start, states, strict=True)
        ]
        return self.cell(inputs[..., :-1], states, training=training)

    def get_initial_state(self, batch_size: Any = None) -> Any:
        return self.cell.get_initial_state(batch_size=batch_size)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "cell": keras.saving.serialize_keras_object(self.cell),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        cell = keras.saving.deserialize_keras_object(config["cell"])
        return cls(**config | {"cell": cell})
