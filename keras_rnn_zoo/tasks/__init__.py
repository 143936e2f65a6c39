"""Kinds of answers a model can give, a file each: what is learnt, judged and shown.

A class with a `name` in a file here is a task, and is named nowhere else: recipes,
trainings, cards and the command line read `TASKS`. Importing this imports neither Keras
nor TensorFlow.
"""

import importlib
import pkgutil
from collections.abc import Iterable

from keras_rnn_zoo import own_files
from keras_rnn_zoo.tasks.base import Figure, Task
from keras_rnn_zoo.tasks.tagging import are_bio as are_bio
from keras_rnn_zoo.tasks.tagging import macro_f1 as macro_f1
from keras_rnn_zoo.tasks.tagging import span_f1 as span_f1

for _, _name, _ in pkgutil.iter_modules(__path__):
    _module = importlib.import_module(f"{__name__}.{_name}")
    for _one in vars(_module).values():
        if isinstance(_one, type) and issubclass(_one, Task):
            globals()[_one.__name__] = _one


def _tasks(cls=Task):
    """All kinds of answers, those that recipes do not name included."""
    for one in cls.__subclasses__():
        yield one
        yield from _tasks(one)


#: Tasks by the name that recipes give them.
TASKS: dict[str, type[Task]] = {
    one.name: one
    for one in sorted(_tasks(), key=lambda one: one.name)
    if "name" in vars(one)
}

for _name, _one in TASKS.items():
    if _one.fields:
        own_files.declare(_name, _one.fields)


def task_of(name: str, labels: Iterable[str] = ()) -> Task:
    """Return a new task by its name.

    Args:
        name: a key of `TASKS`.
        labels: names of the classes, if there are. Tags of names (O, B-…, I-…) make a
            tagging one that judges whole names.

    Raises:
        ValueError: if there is no such task.
    """
    if name not in TASKS:
        raise ValueError(
            f"`task` must be one of {', '.join(TASKS)}. Received: task={name!r}."
        )
    return TASKS[name].of(tuple(labels))


def direction(metric: str, default: str | None = None) -> str:
    """Return "max" for a figure of which more is better, "min" for the others.

    Args:
        metric: a figure of a task, or what a training watches, such as `"val_loss"`.
        default: what to take a figure of others for, in a file that was read.

    Raises:
        ValueError: if no task says which way is better, and there is no default.

    Example:
    >>> direction("bits_per_character"), direction("val_accuracy")
    ('min', 'max')
    """
    known = {"loss": "min"}
    for one in _tasks():
        known |= one.directions
    plain = metric.removeprefix("val_")
    if plain not in known and default is None:
        raise ValueError(
            f"`metric` must be one of {', '.join(sorted(known))}. "
            f"Received: metric={metric!r}."
        )
    return known.get(plain, default or "min")


__all__ = ["TASKS", "Figure", "Task", "direction", "task_of"]
