"""What an example is read from: one array, or several of the same steps, by name."""

from collections.abc import Callable
from typing import Any

import numpy as np


def steps_of(x: Any) -> int:
    """Returns the number of steps of an array, or of a dict of arrays.

    Example:
    >>> steps_of(np.zeros((5, 2))), steps_of({"a": np.zeros((3, 2)), "b": [1, 2, 3]})
    (5, 3)
    """
    return len(next(iter(x.values()))) if isinstance(x, dict) else len(x)


def each(x: Any, function: Callable[[Any], Any]) -> Any:
    """Returns a function of an array, or a dict of those of a dict's arrays.

    Example:
    >>> each({"a": 1, "b": 2}, str)
    {'a': '1', 'b': '2'}
    """
    if isinstance(x, dict):
        return {name: function(one) for name, one in x.items()}
    return function(x)


def together(examples: Any) -> Any:
    """Returns a list of the arrays of several, or a dict of such lists.

    Example:
    >>> together([{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    {'a': [1, 3], 'b': [2, 4]}
    """
    first = examples[0]
    if isinstance(first, dict):
        return {name: [one[name] for one in examples] for name in first}
    return list(examples)


def width_of(x: Any) -> int | None:
    """Returns the width of real-valued features; of a dict, of its only ones, or None.

    Example:
    >>> width_of({"tokens": np.zeros(4, "int32"), "features": np.zeros((4, 3))})
    3
    """
    arrays = x.values() if isinstance(x, dict) else [x]
    widths = [
        int(one.shape[-1])
        for one in map(np.asarray, arrays)
        if one.ndim == 2 and one.dtype.kind == "f"
    ]
    return widths[0] if len(widths) == 1 else None
