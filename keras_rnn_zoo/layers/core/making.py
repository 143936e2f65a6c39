"""A recurrent layer from whatever a user calls a cell."""

import inspect
from typing import Any

import keras

from keras_rnn_zoo.layers.core.registry import recurrent_layers
from keras_rnn_zoo.layers.core.rnn import RNN


def _plain(name):
    name = name.lower().replace("_", "").replace("-", "")
    return name.removesuffix("cell")


def _layer_for_cell_class(cell_class):
    for layer in recurrent_layers().values():
        if layer.cell_class is cell_class:
            return layer
    return None


def _layer_by_name(name):
    layers = recurrent_layers()
    for known, layer in layers.items():
        if _plain(known) == _plain(name):
            return layer
    raise ValueError(
        f"`cell` must be one of {', '.join(layers)}. Received: cell={name!r}."
    )


def make_recurrent(cell: Any, units: int | None = None, **arguments: Any) -> Any:
    """Builds a recurrent layer from whatever the user calls a cell.

    Args:
        cell: the name of a cell or layer of the zoo, upper or lower case (`"LSTM"`,
            `"lstm"`, `"LSTMCell"`); a cell class or a layer class, of the zoo or of
            Keras; or a cell instance, of which a fresh copy is made from its config.
        units: int. Width of the state. A cell instance brings its own; then `units`
            must be None or the same number.
        **arguments: passed to the layer: `return_sequences`, `dropout`, `name`, ….
            Around a cell instance or a foreign cell class only arguments of the loop
            (`return_sequences`, `go_backwards`, …) make sense.

    Returns:
        A `keras.layers.RNN`, not yet built.

    Raises:
        ValueError: if the name is unknown, or `units` contradicts a cell instance.
        TypeError: if `cell` is none of the above.

    Example:
    >>> make_recurrent("gru", 8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """
    arguments = _without_zero_rates(arguments)
    if isinstance(cell, str):
        return _layer_by_name(cell)(units, **arguments)
    if inspect.isclass(cell):
        made: Any = cell
        if issubclass(cell, keras.layers.RNN):
            return made(units, **arguments)
        layer = _layer_for_cell_class(cell)
        if layer is not None:
            return layer(units, **arguments)
        if hasattr(cell, "call"):
            return RNN(made(units), **_for_the_loop(arguments))
    elif hasattr(cell, "state_size") and hasattr(cell, "call"):
        if isinstance(cell, keras.layers.RNN):
            raise TypeError(
                "`cell` must be a cell, not a layer over a sequence, when an instance "
                f"is given. Received: cell={cell!r}. Pass its `cell`, or its class."
            )
        width = getattr(cell, "output_size", None)
        if units is not None and width is not None and units != width:
            raise ValueError(
                "`units` must be None or the width of the cell instance, "
                f"{width}. Received: units={units!r}."
            )
        copy = keras.saving.deserialize_keras_object(
            keras.saving.serialize_keras_object(cell)
        )
        return RNN(copy, **_for_the_loop(arguments))
    raise TypeError(
        "`cell` must be a name, a cell class, a layer class or a cell instance. "
        f"Received: cell={cell!r}."
    )


def _without_zero_rates(arguments):
    """Drops options of the cell that are off: not every cell has them."""
    off = [k for k in ("dropout", "recurrent_dropout") if arguments.get(k) == 0]
    return {key: value for key, value in arguments.items() if key not in off}


def _for_the_loop(arguments):
    """What a layer around a cell takes that is made already: no options of the cell."""
    for name in ("dropout", "recurrent_dropout"):
        if name in arguments:
            raise ValueError(
                f"`{name}` must be 0 when the cell is not one of the zoo's layers: it "
                f"belongs to the cell. Received: {name}={arguments[name]!r}. Give it "
                "to the cell itself."
            )
    return {key: value for key, value in arguments.items() if key != "seed"}
