"""One long sequence as contiguous streams, for truncated back-propagation through time.

The sequence is cut into as many rows as a batch has, and the rows into pieces of equal
length. Row i of every batch continues row i of the batch before, so that a stateful
layer carries its states through the whole row while gradients stop at the pieces.
"""

import dataclasses

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Streams:
    """Contiguous streams of one sequence.

    Attributes:
        dataset: a finite `tf.data.Dataset` of `(x, y)`, `(batch_size, steps)` each, or
            `(batch_size, steps, features)`; y is x one step later.
        batches: batches in an epoch.
        used: steps of the sequence that are predicted in an epoch.
        left_out: steps at the end that did not fill the rows.
    """

    dataset: tf.data.Dataset
    batches: int
    used: int
    left_out: int


def contiguous_streams(sequence, batch_size, steps):
    """Cuts a sequence into contiguous streams that predict their next step.

    Args:
        sequence: array `(time,)` of token ids, or `(time, features)`.
        batch_size: int. Rows, each a stream of its own.
        steps: int. Length of the pieces: how far gradients reach.

    Returns:
        `Streams`. `join_streams` of its batches gives the sequence back.

    Raises:
        TypeError: if `batch_size` or `steps` is not an integer.
        ValueError: if one is not positive, or the sequence is too short for one batch.

    Example:
    >>> streams = contiguous_streams(np.arange(9), batch_size=2, steps=2)
    >>> [x.numpy().tolist() for x, y in streams.dataset]
    [[[0, 1], [4, 5]], [[2, 3], [6, 7]]]
    """
    for name, value in (("batch_size", batch_size), ("steps", steps)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"`{name}` must be an integer. Received: {name}={value!r}.")
        if value < 1:
            raise ValueError(f"`{name}` must be positive. Received: {name}={value}.")
    sequence = np.asarray(sequence)
    if sequence.ndim not in (1, 2):
        raise ValueError(
            "`sequence` must have the shape (time,) or (time, features). "
            f"Received: sequence of shape {sequence.shape}."
        )
    batches = (len(sequence) - 1) // (batch_size * steps)
    if batches < 1:
        raise ValueError(
            f"`sequence` must have at least batch_size * steps + 1 = "
            f"{batch_size * steps + 1} steps. Received: sequence of {len(sequence)} "
            "steps. Take fewer rows or shorter pieces."
        )
    length = batches * steps

    def rows(start):
        part = sequence[start : start + batch_size * length]
        return part.reshape(batch_size, batches, steps, *sequence.shape[1:])

    pieces = [np.swapaxes(rows(start), 0, 1) for start in (0, 1)]
    return Streams(
        dataset=tf.data.Dataset.from_tensor_slices(tuple(pieces)).prefetch(2),
        batches=batches,
        used=batch_size * length,
        left_out=len(sequence) - 1 - batch_size * length,
    )


def join_streams(batches):
    """The inverse: the sequence that contiguous batches were cut from.

    Args:
        batches: iterable of arrays `(batch_size, steps, …)`: the x or the y of
            `Streams.dataset`.

    Returns:
        Array `(time, …)`.

    Example:
    >>> join_streams([np.array([[0, 1], [4, 5]]), np.array([[2, 3], [6, 7]])])
    array([0, 1, 2, 3, 4, 5, 6, 7])
    """
    rows = np.concatenate([np.asarray(batch) for batch in batches], axis=1)
    return rows.reshape(-1, *rows.shape[2:])
