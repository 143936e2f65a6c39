"""Packages that an extra of this one brings, and how to get them.

Imports nothing heavy; every room may use it.
"""

import importlib.util


def is_installed(module: str) -> bool:
    """Return whether a module can be found; it is not imported, its parents are."""
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:  # of a parent
        return False


def command(extra: str) -> str:
    """Return the command that installs an extra.

    Example:
    >>> command("plot")
    "pip install 'keras_rnn_zoo[plot]'"
    """
    return f"pip install 'keras_rnn_zoo[{extra}]'"


def hint(extra: str) -> str:
    """Return the sentence that ends a message about what is missing."""
    return f"Install it with: {command(extra)}"


def require(
    extra: str, needs: str, *modules: str, error: type[Exception] = ImportError
) -> None:
    """Raise an error that says how to install what is missing.

    Args:
        extra: the extra that brings it.
        needs: a sentence: what needs what.
        *modules: names of the modules that must be there.
        error: class of the error.
    """
    if not all(map(is_installed, modules)):
        raise error(f"{needs} {hint(extra)}")
