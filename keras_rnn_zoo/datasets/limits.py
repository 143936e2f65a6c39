"""How much of somebody's data is read at once, and how it is said that it is too much.

A sequence of millions of steps is a mistake more often than not: a file without line
ends, a text without blank lines. It would be found by running out of memory.
"""

import io
import os

#: Steps of a sequence that is read, as of a row of an exported model.
MAX_STEPS = 10_000

#: Bytes of a line, of a record, and of what a model is to answer on: more than a
#: sequence of `MAX_STEPS` steps takes.
MAX_BYTES = 2**24

#: Tokens that `generate` writes at most.
MAX_WRITTEN = 1_000_000


def too_long(count: int, unit: str, advice: str = "Cut it into several.") -> str:
    """Return what is wrong with a sequence of more than `MAX_STEPS` steps."""
    return (
        f"a sequence must have at most {MAX_STEPS:,} {unit}. Received: {count:,}. "
        f"{advice}"
    )


def read_bytes(file: str | os.PathLike | io.BufferedIOBase) -> bytes:
    """Return all that a file or a binary stream holds, or `MAX_BYTES` + 1 of it."""
    if isinstance(file, str | os.PathLike):
        with open(file, "rb") as opened:
            return opened.read(MAX_BYTES + 1)
    return file.read(MAX_BYTES + 1)


def surrogate_in(text: str) -> str | None:
    r"""Return the first half of a surrogate pair in a text: UTF-8 has none.

    Example:
    >>> surrogate_in("cut off \ud83d"), surrogate_in("whole \U0001f600")
    ('\ud83d', None)
    """
    if text.isascii():
        return None
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return text[error.start]
    return None
