"""Numbers that come from outside: what is none raises, by the argument's name."""

import numbers
import operator
from collections.abc import Callable
from typing import Any, NoReturn


def fail(
    name: str,
    expected: str,
    value: object,
    error: type[Exception] = ValueError,
    fix: str = "",
) -> NoReturn:
    """Raises what every argument that is refused is refused with."""
    raise error(f"`{name}` must be {expected}. Received: {name}={value!r}.{fix}")


def integer(name: str, value: Any, expected: str = "an integer") -> int:
    """Returns `value` as an int, or raises if it is none: a bool, or an array."""
    try:
        if not isinstance(value, bool):
            return operator.index(value)
    except TypeError:  # an array has `__index__`, whatever its shape
        pass
    fail(name, expected, value, TypeError)


def positive_integer(name: str, value: Any) -> int:
    """Returns `value` as an int, or raises if it is not a positive integer."""
    if integer(name, value, "a positive integer") <= 0:
        fail(name, "a positive integer", value)
    return operator.index(value)


def integer_from(name: str, value: Any, least: int) -> int:
    """Returns `value` as an int, or raises if it is no integer of at least `least`."""
    expected = f"an integer of at least {least}"
    if integer(name, value, expected) < least:
        fail(name, expected, value)
    return operator.index(value)


def number(name: str, value: Any) -> float:
    """Returns `value` as a float, or raises if it is not a finite number."""
    return _number(name, value, "a finite number", lambda one: True)


def number_from(name: str, value: Any, least: float) -> float:
    """Returns `value` as a float, or raises if it is not finite or below `least`."""
    expected = f"a finite number of at least {least:g}"
    return _number(name, value, expected, lambda one: one >= least)


def positive_number(name: str, value: Any, fix: str = "") -> float:
    """Returns `value` as a float, or raises if it is not a positive finite number."""
    return _number(name, value, "a positive number", lambda one: one > 0, fix)


def number_between(name: str, value: Any, low: float, high: float) -> float:
    """Returns `value` as a float, or raises if it is not from `low` to `high`."""
    expected = f"a number from {low:g} to {high:g}"
    return _number(name, value, expected, lambda one: low <= one <= high)


def fraction(name: str, value: Any) -> float:
    """Returns `value` as a float, or raises if it is not in (0, 1)."""
    expected = "a number between 0 and 1"
    return _number(name, value, expected, lambda one: 0 < one < 1)


def rate(name: str, value: Any) -> float:
    """Returns `value` as a float, or raises if it is not in [0, 1)."""
    return _number(name, value, "a number with 0 <= rate < 1", lambda one: 0 <= one < 1)


def share(name: str, value: Any) -> float:
    """Returns `value` as a float, or raises if it is not in (0, 1]."""
    expected = f"a number with 0 < {name} <= 1"
    return _number(name, value, expected, lambda one: 0 < one <= 1)


def _number(
    name: str,
    value: Any,
    expected: str,
    fits: Callable[[Any], bool],
    fix: str = "",
) -> float:
    if not is_number(value):
        fail(name, expected, value, TypeError)
    # Before it is a float: an integer may be too large for one.
    if not float("-inf") < value < float("inf") or not fits(value):
        fail(name, expected, value, fix=fix)
    try:
        return float(value)
    except OverflowError:
        fail(name, expected, value)


def is_number(value: Any) -> bool:
    """Whether it is a real number, NumPy's too: no bool, no tensor.

    An array of no dimension is one as well: what `x.mean()` or `x[i]` gives.
    """
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        value = value.item()
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
