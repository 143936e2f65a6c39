"""How far what was written is from what should be there: edits and their rates."""

import operator
from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.metrics.shapes import check_weights


def edit_distance(a: Any, b: Any, a_lengths: Any, b_lengths: Any) -> Any:
    """The least number of insertions, deletions and substitutions from a to b.

    Reference: Levenshtein, 1966, "Binary codes capable of correcting deletions,
    insertions, and reversals"; Wagner & Fischer, 1974.

    Args:
        a: int `(batch, time a)`.
        b: int `(batch, time b)`.
        a_lengths: int `(batch,)`. Tokens behind them do not count.
        b_lengths: int `(batch,)`.

    Returns:
        int32 `(batch,)`.

    Example:
    >>> a, b = np.array([[1, 2, 3, 0]]), np.array([[2, 3, 4]])
    >>> edit_distance(a, b, np.array([3]), np.array([3])).numpy()
    array([2], dtype=int32)
    """
    a, b, a_lengths, b_lengths = (
        ops.cast(ops.convert_to_tensor(one), "int32")
        for one in (a, b, a_lengths, b_lengths)
    )
    places = ops.arange(ops.shape(b)[1] + 1, dtype="int32")
    steps = places[:, None] - places[None]  # insertions from place k to place j
    far = ops.cast(ops.shape(a)[1] + ops.shape(b)[1] + 1, "int32")
    insertions = ops.where(steps >= 0, steps, far)

    def body(i, row):
        differs = ops.cast(ops.take(a, i, axis=1)[:, None] != b, "int32")
        from_above = ops.minimum(row[:, 1:] + 1, row[:, :-1] + differs)
        new = ops.concatenate([row[:, :1] + 1, from_above], axis=1)
        new = ops.min(new[:, None] + insertions[None], axis=-1)
        return i + 1, ops.where((i < a_lengths)[:, None], new, row)

    first = ops.zeros_like(a_lengths)[:, None] + places[None]
    zero = ops.zeros((), "int32")
    _, row = ops.while_loop(lambda i, _: i < ops.shape(a)[1], body, (zero, first))
    return ops.take_along_axis(row, b_lengths[:, None], axis=1)[:, 0]


class _EditMetric(keras.metrics.Metric):
    """Base: a sum over rows, divided by another one."""

    def __init__(
        self, end: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        try:
            if isinstance(end, bool):
                raise TypeError
            self.end = None if end is None else operator.index(end)
        except TypeError:
            raise TypeError(
                f"`end` must be an integer or None. Received: end={end!r}."
            ) from None
        self.total = self.add_variable((), initializer="zeros", name="total")
        self.count = self.add_variable((), initializer="zeros", name="count")

    def counts(self, distance: Any, length: Any) -> tuple[Any, Any]:
        """What a row adds to the total and to the count."""
        raise NotImplementedError

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        if len(y_pred.shape) == 3:
            y_pred = ops.argmax(y_pred, axis=-1)
        if len(y_true.shape) == 2:
            y_true = ops.expand_dims(y_true, 1)
        if len(y_true.shape) != 3 or len(y_pred.shape) != 2:
            raise ValueError(
                "`y_true` must be of shape (batch, time) or (batch, alternatives, "
                "time), and `y_pred` of (batch, time) or (batch, time, classes). "
                f"Received: y_true of shape {tuple(y_true.shape)}, y_pred of shape "
                f"{tuple(y_pred.shape)}."
            )
        check_weights("sample_weight", sample_weight, y_true.shape[:1])
        batch, several, time = ops.shape(y_true)
        true = ops.cast(ops.reshape(y_true, (-1, time)), "int32")
        pred = ops.repeat(ops.cast(y_pred, "int32"), several, axis=0)
        lengths = self._lengths(true)
        distance = edit_distance(pred, true, self._lengths(pred), lengths)
        shape = (batch, several)
        distance, lengths = ops.reshape(distance, shape), ops.reshape(lengths, shape)
        # An alternative of no tokens is padding, unless it is the first one.
        there = ops.logical_or(lengths > 0, ops.arange(several) == 0)
        distance = ops.where(there, distance, ops.max(distance) + 1)
        best = ops.argmin(distance, axis=1)[:, None]
        distance = ops.take_along_axis(distance, best, axis=1)[:, 0]
        length = ops.take_along_axis(lengths, best, axis=1)[:, 0]
        total, count = (
            ops.cast(one, self.dtype) for one in self.counts(distance, length)
        )
        if sample_weight is not None:
            weight = ops.reshape(ops.cast(sample_weight, self.dtype), (-1,))
            total, count = total * weight, count * weight
        self.total.assign_add(ops.sum(total))
        self.count.assign_add(ops.sum(count))

    def _lengths(self, tokens):
        over = tokens == 0
        if self.end is not None:
            over = ops.logical_or(over, tokens == self.end)
        before = ops.cumsum(ops.cast(over, "int32"), axis=1) == 0
        return ops.sum(ops.cast(before, "int32"), axis=1)

    def result(self) -> Any:
        return ops.divide_no_nan(self.total, self.count)

    def get_config(self) -> dict[str, Any]:
        return {"end": self.end, **super().get_config()}


@keras.saving.register_keras_serializable(package="keras_rnn_zoo")
class PhoneErrorRate(_EditMetric):
    """Edits from what was written to what should be there, per token of the latter.

        PER = Σ_n d(ŷ_n, y_n) / Σ_n |y_n|

    d is the edit distance. Of several right answers, the nearest one counts, and its
    length. It may be above 1. It is a token error rate whatever the tokens are: of
    words, the speech recogniser's word error rate.

    Args:
        end: int or None. A token that ends a sequence, as 0 does; it does not count.
        name: str.
        dtype: dtype of the result. None: float32.

    Call arguments:
        y_true: int, `(batch, time)`, or `(batch, alternatives, time)` where any counts
            as right; alternatives of no tokens are padding.
        y_pred: int, `(batch, time)`, as `generate` returns; or probabilities `(batch,
            time, classes)`, of which the best are taken.
        sample_weight: `(batch,)`, or None.

    Raises:
        TypeError: if `end` is not an integer.
        ValueError: if shapes are others.

    Example:
    >>> metric = PhoneErrorRate(end=2)
    >>> metric.update_state(np.array([[3, 4, 5, 2]]), np.array([[3, 5, 2, 0]]))
    >>> round(float(metric.result()), 4)
    0.3333
    """

    def __init__(
        self, end: int | None = None, name: str | None = "per", dtype: Any = None
    ) -> None:
        super().__init__(end, name=name, dtype=dtype)

    def counts(self, distance: Any, length: Any) -> tuple[Any, Any]:
        return distance, length


@keras.saving.register_keras_serializable(package="keras_rnn_zoo")
class WordErrorRate(_EditMetric):
    """Share of sequences that are not right from beginning to end.

        WER = 1/N Σ_n [d(ŷ_n, y_n) > 0]

    As it is said of letters to phones, where a row is a word. Any of several right
    answers counts as right.

    Args:
        end: int or None. A token that ends a sequence, as 0 does; it does not count.
        name: str.
        dtype: dtype of the result. None: float32.

    Call arguments, raises: see `PhoneErrorRate`.

    Example:
    >>> metric = WordErrorRate(end=2)
    >>> metric.update_state(np.array([[3, 2], [4, 2]]), np.array([[3, 2], [3, 2]]))
    >>> float(metric.result())
    0.5
    """

    def __init__(
        self, end: int | None = None, name: str | None = "wer", dtype: Any = None
    ) -> None:
        super().__init__(end, name=name, dtype=dtype)

    def counts(self, distance: Any, length: Any) -> tuple[Any, Any]:
        return distance > 0, ops.ones_like(length)
