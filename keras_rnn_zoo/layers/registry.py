"""Names: what Keras saves a class under, and how a user's word finds a layer."""

import inspect

import keras

PACKAGE = "keras_rnn_zoo"
_classes = {}


def register(cls):
    """Registers a public class with Keras under the package `keras_rnn_zoo`.

    Keras overwrites an earlier class of the same name silently, so that a saved model
    would load as something else. Here it is an error.

    Args:
        cls: class with a `get_config`.

    Returns:
        The same class.

    Raises:
        ValueError: if another class is registered under that name.

    Example:
    >>> keras.saving.get_registered_name(LSTM)
    'keras_rnn_zoo>LSTM'
    """
    known = _classes.get(cls.__name__)
    identity = (cls.__module__, cls.__qualname__)
    if known is not None and (known.__module__, known.__qualname__) != identity:
        raise ValueError(
            f"`cls` must have a name of its own. Received: cls={cls.__qualname__!r} "
            f"from {cls.__module__}, but {known.__module__} registered it first."
        )
    _classes[cls.__name__] = cls
    return keras.saving.register_keras_serializable(package=PACKAGE)(cls)


def registered():
    """Returns a dict from name to class of all that `register` has seen."""
    return dict(_classes)


def recurrent_layers():
    """Returns a dict from name to class: the zoo's recurrent layers.

    Example:
    >>> "GRU" in recurrent_layers()
    True
    """
    return {
        name: cls
        for name, cls in sorted(_classes.items())
        if getattr(cls, "cell_class", None) is not None
    }


def declaration_of(cell):
    """What tells of a cell: its class; of one of Keras's, the zoo's of the same name.

    Args:
        cell: a cell instance.

    Returns:
        A subclass of `GatedCell`, or None.
    """
    cls = type(cell)
    if getattr(keras.layers, cls.__name__, None) is cls:
        cls = _classes.get(cls.__name__)
    return cls if hasattr(cls, "blocks") else None


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


def make_recurrent(cell, units=None, **arguments):
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
    from keras_rnn_zoo.layers.rnn import RNN

    arguments = _without_zero_rates(arguments)
    if isinstance(cell, str):
        return _layer_by_name(cell)(units, **arguments)
    if inspect.isclass(cell):
        if issubclass(cell, keras.layers.RNN):
            return cell(units, **arguments)
        layer = _layer_for_cell_class(cell)
        if layer is not None:
            return layer(units, **arguments)
        if hasattr(cell, "call"):
            return RNN(cell(units), **_for_the_loop(arguments))
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
