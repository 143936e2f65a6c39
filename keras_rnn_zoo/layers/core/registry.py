"""Names: what Keras saves a class under, and what each shelf holds."""

import importlib
import pkgutil
from typing import TypeVar

import keras

PACKAGE = "keras_rnn_zoo"
_classes = {}
T = TypeVar("T")


def register(cls: type[T]) -> type[T]:
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


def recurrent_layers() -> dict[str, type]:
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


def shelf(package, path):
    """Imports every module of a package: a new file is all that a new class needs.

    Args:
        package: str, the package's `__name__`.
        path: its `__path__`.

    Returns:
        A dict from name to class of what its modules have registered.
    """
    for _, name, _ in sorted(pkgutil.iter_modules(path)):
        importlib.import_module(f"{package}.{name}")
    return {
        name: cls
        for name, cls in sorted(_classes.items())
        if cls.__module__.startswith(f"{package}.") and not name.startswith("_")
    }
