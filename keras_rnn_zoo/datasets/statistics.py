"""What a data set is made of: lengths, padding, classes and their weights."""

import numpy as np

from keras_rnn_zoo.datasets.inputs import steps_of


def class_counts(examples, num_classes: int) -> np.ndarray:
    """Returns how often each class is the answer: of sequences, or of their steps.

    Args:
        examples: list of (x, y), y a class id or an int array `(time,)` of them.
        num_classes: int.

    Returns:
        `(num_classes,)`, int64.

    Example:
    >>> class_counts([("ab", np.array([0, 2])), ("c", np.array([2]))], 4).tolist()
    [1, 0, 2, 0]
    """
    y = np.concatenate([np.ravel(y) for _, y in examples])
    return np.bincount(y, minlength=num_classes)


def balanced_class_weights(counts) -> np.ndarray:
    """Returns weights with which all classes count alike: n / (classes · count).

    n is the sum of the counts, and the weights of all n answers are 1 on average.
    Classes that never occur are left out of `classes`; their weight, which nothing is
    ever multiplied by, is 1.

    Args:
        counts: `(num_classes,)`, see `class_counts`.

    Returns:
        `(num_classes,)`, float32.

    Example:
    >>> balanced_class_weights([8, 2, 0]).tolist()
    [0.625, 2.5, 1.0]
    """
    counts = np.asarray(counts)
    present = counts > 0
    weights = counts.sum() / (present.sum() * np.maximum(counts, 1))
    return np.where(present, weights, 1).astype("float32")


def describe(examples, num_classes: int | None = None) -> dict[str, object]:
    """Returns statistics of examples.

    Args:
        examples: list of (x, y) without padding.
        num_classes: int. None: y is no class id.

    Returns:
        dict of `sequences`, `steps`; `shortest`, `median` and `longest` sequence;
        `padding`: the share of padding, were all as long as the longest; and
        `class_counts`, if there are classes.

    Example:
    >>> found = describe([(np.ones(n), 0) for n in (1, 2, 2, 5)])
    >>> found["steps"], found["median"], found["padding"]
    (10, 2.0, 0.5)
    """
    lengths = np.array([steps_of(x) for x, _ in examples])
    found = {
        "sequences": len(lengths),
        "steps": int(lengths.sum()),
        "shortest": int(lengths.min()),
        "median": float(np.median(lengths)),
        "longest": int(lengths.max()),
        "padding": float(1 - lengths.mean() / lengths.max()),
    }
    if num_classes is not None:
        found["class_counts"] = class_counts(examples, num_classes).tolist()
    return found
