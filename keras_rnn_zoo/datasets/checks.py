"""Checks of the options of a data set."""

import numpy as np


def check_int(argument, value, minimum, maximum=None):
    """Raise unless an option is an integer between two bounds, both included."""
    bounds = f"at least {minimum}" if maximum is None else f"{minimum} to {maximum}"
    message = (
        f"`{argument}` must be an integer, {bounds}. Received: {argument}={value!r}."
    )
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(message)
    if value < minimum or (maximum is not None and value > maximum):
        raise ValueError(message)


def check_flag(argument, value):
    """Raise unless an option is a bool."""
    if not isinstance(value, bool):
        raise TypeError(f"`{argument}` must be a bool. Received: {argument}={value!r}.")


def check_choice(argument, value, choices):
    """Raise unless an option is one of `choices`."""
    if value not in choices:
        raise ValueError(
            f"`{argument}` must be one of {', '.join(map(repr, choices))}. "
            f"Received: {argument}={value!r}."
        )


def check_words(lowercase, min_count, max_characters):
    """Raise unless the options that say which words are kept are right."""
    check_flag("lowercase", lowercase)
    check_int("min_count", min_count, 1)
    if max_characters is not None:
        check_int("max_characters", max_characters, 1)
