"""What people see: text of others made harmless, errors of libraries made short.

Imports nothing heavy; every room may use it.
"""

import errno
import os
import pathlib
import re
import sys
import traceback
import unicodedata
import zipfile
import zlib

#: Controls, invisible and direction-changing characters, halves of surrogate pairs,
#: separators of lines and paragraphs.
_ACTING = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NODES = re.compile(r"\{\{\w+ [^}]*\}\}|\[Op:\w+\]( name:.*)?")
#: Beginnings of lines in which Keras and TensorFlow say where, and not what.
_WHERE = (
    *("Exception encountered when calling", "Graph execution error", "Detected at"),
    *("<stack traces", "Original stack trace", "Arguments received by", "File "),
)


def shown(text, keep: str = "") -> str:
    r"""Return a text in which no character acts on a terminal or hides.

    What would, is written as Python writes it, such as `\x1b` or `\u202e`. Everything
    that is not ours goes through here before it is printed: texts, tokens, labels,
    names of files and recipes, messages of libraries.

    Args:
        text: what is to be printed; what is no string is made one.
        keep: characters that stay as they are, such as line breaks of a whole text.

    Example:
    >>> print(shown("\x1b[2Jé\u202e\t"))
    \x1b[2Jé\u202e\t
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(
        one
        if one in keep or unicodedata.category(one) not in _ACTING
        else ascii(one)[1:-1]
        for one in text
    )


def one_line(error: BaseException | str) -> str:
    """Return the line of a long message that says what is wrong.

    Keras and TensorFlow begin with where they are: functions, nodes, arguments.
    """
    text = _COLOURS.sub("", str(error))
    lines = [
        cleaned
        for line in text.splitlines()
        if line[:1] not in (" ", "\t")
        and (cleaned := _NODES.sub("", line).strip())
        and not cleaned.startswith(_WHERE)
    ]
    kind = type(error).__name__ if isinstance(error, BaseException) else ""
    return lines[0] if lines else text.strip().partition("\n")[0] or kind


def words_of(error: Exception) -> str:
    """Return what an error says to people, in a line wherever a library wrote it.

    Args:
        error: any error that a command ended with.
    """
    text = _COLOURS.sub("", str(error))
    if _is_full(error, text):
        file = getattr(error, "filename", None)
        where = f" Received: {file}." if file else f" Received: {one_line(error)}."
        return f"The disk must have room for what is written, and is full.{where}"
    if isinstance(error, MemoryError) or _is_of_tensorflow(error, "Exhausted"):
        said = one_line(error)
        received = "" if said == type(error).__name__ else f" Received: {said}."
        return (
            f"This needs more memory than there is.{received} Take fewer units, steps "
            "or sequences, or a smaller batch."
        )
    if _is_of_tensorflow(error, ""):
        return f"TensorFlow: {one_line(error)}"
    if isinstance(error, OverflowError):
        return f"A number must be smaller to be computed with. Received: {text}."
    if isinstance(error, UnicodeError):
        return f"A text must be valid Unicode. Received: {text}."
    if isinstance(error, EOFError | zipfile.BadZipFile | zlib.error):
        received = text or "a file that ends too early"
        return f"A file must be whole. Received: {received}."
    if isinstance(error, RecursionError):
        return f"Tables and lists must not be nested so deeply. Received: {text}."
    if isinstance(error, ValueError | TypeError | OSError | ImportError | RuntimeError):
        return text or type(error).__name__
    return (
        f"{type(error).__name__}: {one_line(error)}{_place(error)}. That should have "
        "been said in words: please report it."
    )


def _is_full(error, text):
    full = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
    if isinstance(error, OSError):
        if error.errno in full:
            return True
        if "free space" in text:  # what NumPy says
            return True
    return os.strerror(errno.ENOSPC) in text and (
        isinstance(error, OSError | RuntimeError) or _is_of_tensorflow(error, "")
    )


def _is_of_tensorflow(error, kind):
    """Whether an error is one of TensorFlow's, without importing it."""
    if "tensorflow" not in sys.modules:
        return False
    names = [one.__name__ for one in type(error).__mro__]
    return "OpError" in names and kind in names[0]


def _place(error):
    """Where in this package an error came from, such as " (jobs/train.py, line 7)"."""
    package = pathlib.Path(__file__).parent
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = pathlib.Path(frame.filename)
        if path.is_relative_to(package):
            return f" ({path.relative_to(package)}, line {frame.lineno})"
    return ""
