"""Precision, recall and F1 over spans: names found from the first word to the last.

The share of right tags says little where most tags are O. A span is right when its
first step, its last step and its kind all are.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.metrics.shapes import check_weights


class _SpanMetric(keras.metrics.Metric):
    """Counts spans of each kind: right ones, predicted ones, true ones."""

    def __init__(
        self,
        tags: Sequence[str],
        average: str = "micro",
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if not isinstance(average, str) or average not in ("micro", "macro"):
            raise ValueError(
                f"`average` must be 'micro' or 'macro'. Received: average={average!r}."
            )
        self.tags = _texts(tags)
        self.average = average
        self._kinds, self._begins, self._kind_of = _read(self.tags)
        shape = (len(self._kinds),)
        self._right = self.add_variable(shape, "zeros", name="right")
        self._predicted = self.add_variable(shape, "zeros", name="predicted")
        self._true = self.add_variable(shape, "zeros", name="true")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        mask = getattr(y_pred, "_keras_mask", None)
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        if len(y_true.shape) == 3 and y_true.shape[-1] == 1:
            y_true = ops.squeeze(y_true, -1)
        if len(y_pred.shape) == 3:
            y_pred = ops.argmax(y_pred, axis=-1)
        if len(y_pred.shape) != 2 or len(y_true.shape) != 2:
            raise ValueError(
                "`y_true` and `y_pred` must be of shape (batch, time), or `y_pred` of "
                "shape (batch, time, tags). Received: y_true of shape "
                f"{tuple(y_true.shape)}, y_pred of shape {tuple(y_pred.shape)}."
            )
        pairs = zip(y_true.shape, y_pred.shape, strict=True)
        if any(a != b and None not in (a, b) for a, b in pairs):
            raise ValueError(
                "`y_pred` must have the rows and steps of `y_true`. Received: y_true "
                f"of shape {tuple(y_true.shape)}, y_pred of {tuple(y_pred.shape)}."
            )
        check_weights("sample_weight", sample_weight, y_true.shape)
        check_weights("mask", mask, y_true.shape)
        y_true, y_pred = ops.cast(y_true, "int32"), ops.cast(y_pred, "int32")
        counts = ops.ones_like(y_true, dtype="bool")
        if mask is not None:
            counts = ops.logical_and(counts, ops.cast(mask, "bool"))
        if sample_weight is not None:
            weight = ops.convert_to_tensor(sample_weight)
            if len(weight.shape) == 1:
                weight = ops.expand_dims(weight, -1)
            counts = ops.logical_and(counts, ops.cast(weight, "bool"))
        # Steps that count in front, in their order; behind them O.
        time = ops.shape(y_true)[1]
        steps = ops.arange(time, dtype="int32")
        order = ops.argsort(ops.where(counts, steps, steps + time), axis=1)
        counts = ops.take_along_axis(counts, order, axis=1)
        spans = []
        for tags in (y_true, y_pred):
            tags = ops.take_along_axis(tags, order, axis=1)
            spans.append(self._spans(tags, counts))
        (true_kind, true_first, true_last), (kind, first, last) = spans
        same = ops.logical_and(true_first == first, true_kind == kind)
        right = ops.logical_and(ops.logical_and(true_last, last), same)
        for variable, ends, kinds in (
            (self._right, right, kind),
            (self._predicted, last, kind),
            (self._true, true_last, true_kind),
        ):
            one_hot = ops.one_hot(kinds, len(self._kinds), dtype=self.dtype)
            one_hot = one_hot * ops.cast(ops.expand_dims(ends, -1), self.dtype)
            variable.assign_add(ops.sum(one_hot, axis=(0, 1)))

    def _spans(self, tags, counts):
        """Of each step: kind (-1: O), first step of its span, whether it is the last.

        A span begins at B-, at I- after O, and at I- after another kind; what continues
        it is I- of its kind.
        """
        known = ops.logical_and(tags >= 0, tags < len(self.tags))
        safe = ops.where(known, tags, 0)
        kind = ops.take(ops.convert_to_tensor(self._kind_of, dtype="int32"), safe)
        kind = ops.where(ops.logical_and(counts, known), kind, -1)
        begins = ops.take(ops.convert_to_tensor(self._begins, dtype="bool"), safe)
        before = ops.pad(kind, ((0, 0), (1, 1)), constant_values=-1)
        begins = ops.logical_or(begins, kind != before[:, :-2])
        begins = ops.logical_and(begins, kind >= 0)
        ends = ops.logical_or(
            ops.pad(begins, ((0, 0), (0, 1)))[:, 1:], kind != before[:, 2:]
        )
        ends = ops.logical_and(ends, kind >= 0)
        steps = ops.arange(ops.shape(tags)[1], dtype="int32")
        first = _running_maximum(ops.where(begins, steps, -1))
        return kind, first, ends

    def _scores(self):
        """Precision, recall and F1, of each kind or of all; 0 where nothing is."""
        right, predicted, true = self._right, self._predicted, self._true
        right, predicted, true = (
            ops.convert_to_tensor(v) for v in (right, predicted, true)
        )
        if self.average == "micro":
            right, predicted, true = ops.sum(right), ops.sum(predicted), ops.sum(true)
        return (
            ops.divide_no_nan(right, predicted),
            ops.divide_no_nan(right, true),
            ops.divide_no_nan(2 * right, predicted + true),
        )

    def _mean(self, score):
        if self.average == "micro":
            return score
        present = ops.cast(ops.convert_to_tensor(self._true) > 0, self.dtype)
        return ops.divide_no_nan(ops.sum(score * present), ops.sum(present))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {**config, "tags": list(self.tags), "average": self.average}


@keras.saving.register_keras_serializable(package="keras_rnn_zoo")
class SpanPrecision(_SpanMetric):
    """Share of the predicted spans that are right; see `SpanF1`.

    Args:
        tags: list of str. See `SpanF1`.
        average: "micro" or "macro". See `SpanF1`.
        name: str. Name of the metric.
        dtype: dtype of the metric's result. None: float32.

    Example:
    >>> import numpy as np
    >>> metric = SpanPrecision(["O", "B-x", "I-x"])
    >>> metric.update_state(np.array([[1, 2, 0, 0]]), np.array([[1, 2, 0, 1]]))
    >>> float(metric.result())
    0.5
    """

    def __init__(
        self,
        tags: Sequence[str],
        average: str = "micro",
        name: str | None = "span_precision",
        dtype: Any = None,
    ) -> None:
        super().__init__(tags, average, name, dtype)

    def result(self) -> Any:
        """Returns the precision."""
        return self._mean(self._scores()[0])


@keras.saving.register_keras_serializable(package="keras_rnn_zoo")
class SpanRecall(_SpanMetric):
    """Share of the true spans that are found; see `SpanF1`.

    Args:
        tags: list of str. See `SpanF1`.
        average: "micro" or "macro". See `SpanF1`.
        name: str. Name of the metric.
        dtype: dtype of the metric's result. None: float32.

    Example:
    >>> import numpy as np
    >>> metric = SpanRecall(["O", "B-x", "I-x"])
    >>> metric.update_state(np.array([[1, 2, 0, 1]]), np.array([[1, 0, 0, 1]]))
    >>> float(metric.result())
    0.5
    """

    def __init__(
        self,
        tags: Sequence[str],
        average: str = "micro",
        name: str | None = "span_recall",
        dtype: Any = None,
    ) -> None:
        super().__init__(tags, average, name, dtype)

    def result(self) -> Any:
        """Returns the recall."""
        return self._mean(self._scores()[1])


@keras.saving.register_keras_serializable(package="keras_rnn_zoo")
class SpanF1(_SpanMetric):
    """F1 of spans, 2 right / (predicted + true), as seqeval and conlleval count them.

    A span is what B-x and the I-x behind it cover; I-x after O or after another kind
    begins one as well. It is right when its first step, last step and kind are. Steps
    under the Keras mask of `y_pred`, and those of sample weight 0, are as if they were
    not there; other weights count as 1.

    Args:
        tags: list of str, "O" or "B-…" or "I-…"; the index is the class id.
        average: "micro", over all spans; "macro", the mean over the kinds that occur in
            the truth.
        name: str. Name of the metric.
        dtype: dtype of the metric's result. None: float32.

    Call arguments:
        y_true: int, `(batch, time)`. Class ids; others than those of `tags` are O.
        y_pred: float, `(batch, time, tags)`, of which the largest counts; or class ids
            `(batch, time)`.

    Raises:
        TypeError: if `tags` is no sequence of strings.
        ValueError: if a tag is of another form, or `average` is not known; in calls: if
            a shape is another.

    Example:
    >>> import numpy as np
    >>> metric = SpanF1(["O", "B-x", "I-x"])
    >>> metric.update_state(np.array([[1, 2, 0, 1]]), np.array([[1, 2, 0, 0]]))
    >>> round(float(metric.result()), 4)
    0.6667
    """

    def __init__(
        self,
        tags: Sequence[str],
        average: str = "micro",
        name: str | None = "span_f1",
        dtype: Any = None,
    ) -> None:
        super().__init__(tags, average, name, dtype)

    def result(self) -> Any:
        """Returns the F1."""
        return self._mean(self._scores()[2])


def _texts(tags):
    """The tags as a tuple; raises if `tags` is no sequence of strings."""
    if not isinstance(tags, str | bytes):
        with contextlib.suppress(TypeError):  # nothing to go through
            tags = tuple(tags)
    if isinstance(tags, tuple) and all(isinstance(tag, str) for tag in tags):
        return tags
    raise TypeError(
        "`tags` must be a sequence of strings, such as ['O', 'B-name', 'I-name']. "
        f"Received: tags={tags!r}."
    )


def _read(tags):
    """The kinds, and for each tag whether it begins a span and which kind it is of."""
    kinds, begins, kind_of = [], [], []
    for tag in tags:
        letter, dash, kind = str(tag).partition("-")
        if tag != "O" and not (dash and letter in ("B", "I")):
            raise ValueError(
                f"`tags` must be 'O' or begin with B- or I-. Received: tag {tag!r}."
            )
        if tag != "O" and kind not in kinds:
            kinds.append(kind)
        begins.append(letter == "B")
        kind_of.append(-1 if tag == "O" else kinds.index(kind))
    if not kinds:
        raise ValueError(
            f"`tags` must hold a tag other than 'O'. Received: tags={tags!r}."
        )
    return kinds, begins, kind_of


def _running_maximum(x):
    """The maximum so far along the last axis: by doubling, log2(time) rounds."""
    time = ops.shape(x)[1]
    steps = ops.arange(time, dtype="int32")

    def reach_twice_as_far(reach, x):
        earlier = ops.take(x, ops.maximum(steps - reach, 0), axis=1)
        return reach * 2, ops.maximum(x, earlier)

    _, x = ops.while_loop(
        lambda reach, x: reach < time,
        reach_twice_as_far,
        (ops.convert_to_tensor(1, dtype="int32"), x),
    )
    return x
