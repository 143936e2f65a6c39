"""What is read of one's own file for a task: said by `tasks`, asked by `datasets`.

Tasks stand above data sets, which know what a file can hold but no task. So the answer
is kept here, below both, and who gives it is imported at the first question.
"""

import importlib

_DECLARING = "keras_rnn_zoo.tasks"

_FIELDS: dict[str, tuple[str, ...]] = {}


def declare(task: str, fields: tuple[str, ...]) -> None:
    """Say what is read for a task: a key of `datasets.examples.SUFFIXES`."""
    _FIELDS[task] = fields


def fields_of(task: str, but: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return what is read for a task.

    Args:
        task: its name.
        but: fields that the asker cannot read.

    Raises:
        ValueError: if no such task learns from a file, or one that cannot be read.
    """
    importlib.import_module(_DECLARING)
    known = {name: fields for name, fields in _FIELDS.items() if fields != but}
    if task not in list(known):  # which may be no key at all
        raise ValueError(
            f"`task` must be one of {', '.join(known)}. Received: task={task!r}."
        )
    return known[task]
