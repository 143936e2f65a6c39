"""Accuracy, bits per character and likelihood over the steps that are no padding.

Keras's `Mean` averages over time inside each batch first, so that a step in a batch of
long sequences weighs less than one in a batch of short ones. With batches bucketed by
length that is not the average over all steps which baselines report. The metrics here
add up steps.
"""

import math
import operator
from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.metrics.shapes import check_weights

_LOG_2 = math.log(2.0)


class _StepMean(keras.metrics.Mean):
    """Mean over single values, however they lie in the tensors that are passed."""

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        if sample_weight is not None:
            sample_weight = ops.cast(sample_weight, self.dtype)
            while len(sample_weight.shape) < len(values.shape):
                sample_weight = ops.expand_dims(sample_weight, -1)
            sample_weight = ops.broadcast_to(sample_weight, ops.shape(values))
            sample_weight = ops.reshape(sample_weight, (-1,))
        return super().update_state(ops.reshape(values, (-1,)), sample_weight)


# `MeanMetricWrapper.update_state` turns the Keras mask of `y_pred` into weights and
# hands values and weights to the next class in line, which is `_StepMean`.
class _MaskedStepMean(keras.metrics.MeanMetricWrapper, _StepMean):
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        steps = y_pred.shape[:-1]
        check_weights("sample_weight", sample_weight, steps)
        check_weights("mask", getattr(y_pred, "_keras_mask", None), steps)
        return super().update_state(y_true, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("fn", None)
        return config


def _is_right(y_true, y_pred):
    predicted = ops.argmax(y_pred, axis=-1)
    y_true = _as_classes(y_true, predicted)
    return ops.cast(ops.equal(y_true, ops.cast(predicted, y_true.dtype)), "float32")


def _bits(y_true, y_pred):
    y_pred = ops.cast(y_pred, "float32")
    y_true = ops.cast(_as_classes(y_true, y_pred[..., 0]), "int32")
    chosen = ops.take_along_axis(y_pred, ops.expand_dims(y_true, -1), axis=-1)[..., 0]
    total = ops.sum(y_pred, axis=-1)
    return -ops.log(ops.maximum(chosen / total, keras.config.epsilon())) / _LOG_2


def _as_classes(y_true, like):
    """Drop the last axis of (…, 1) class ids that have one axis too many."""
    if len(y_true.shape) == len(like.shape) + 1:
        return ops.squeeze(y_true, -1)
    return y_true


@keras.saving.register_keras_serializable(package="keras_rnn_zoo")
class TokenAccuracy(_MaskedStepMean):
    """Share of unmasked steps whose most probable class is the true one.

    Works on one output per step, `(batch, time, classes)`, and on one per sequence,
    `(batch, classes)`. A step counts unless the Keras mask of `y_pred` or
    `sample_weight` says otherwise.

    Args:
        name: str. Name of the metric.
        dtype: dtype of the metric's result. None: float32.
        ignore_class: int. Steps whose true class it is do not count. None: all do.

    Raises:
        TypeError: if `ignore_class` is neither an integer nor None.

    Call arguments:
        y_true: int, `(batch, time)` or `(batch,)`. Class ids.
        y_pred: float, `(batch, time, classes)` or `(batch, classes)`. Probabilities or
            logits.

    Example:
    >>> import numpy as np
    >>> metric = TokenAccuracy()
    >>> metric.update_state(np.array([[0, 1]]), np.array([[[0.9, 0.1], [0.8, 0.2]]]))
    >>> float(metric.result())
    0.5
    """

    def __init__(
        self,
        name: str | None = "accuracy",
        dtype: Any = None,
        ignore_class: int | None = None,
    ) -> None:
        super().__init__(_is_right, name=name, dtype=dtype)
        self.ignore_class = None
        if ignore_class is not None:
            try:
                if isinstance(ignore_class, bool):
                    raise TypeError
                self.ignore_class = operator.index(ignore_class)
            except TypeError:
                raise TypeError(
                    "`ignore_class` must be an integer or None. Received: "
                    f"ignore_class={ignore_class!r}."
                ) from None

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if self.ignore_class is not None:
            check_weights("sample_weight", sample_weight, y_pred.shape[:-1])
            classes = _as_classes(ops.convert_to_tensor(y_true), y_pred[..., 0])
            counts = ops.cast(ops.not_equal(classes, self.ignore_class), self.dtype)
            weight = 1.0 if sample_weight is None else sample_weight
            sample_weight = counts * ops.cast(weight, self.dtype)
        return super().update_state(y_true, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "ignore_class": self.ignore_class}


@keras.saving.register_keras_serializable(package="keras_rnn_zoo")
class BitsPerCharacter(_MaskedStepMean):
    """Mean of -log2 p(true character) over unmasked steps: smaller is better.

        bits = -1/N Σ_t log2 ŷ_t[y_t]

    N is the number of unmasked steps. Probabilities are normalised over the last axis
    and are at least `keras.config.epsilon()`.

    Args:
        name: str. Name of the metric.
        dtype: dtype of the metric's result. None: float32.

    Call arguments:
        y_true: int, `(batch, time)`. Class ids.
        y_pred: float, `(batch, time, classes)`. Probabilities, not logits.

    Example:
    >>> import numpy as np
    >>> metric = BitsPerCharacter()
    >>> metric.update_state(np.array([[0, 1]]), np.array([[[0.5, 0.5], [0.75, 0.25]]]))
    >>> float(metric.result())
    1.5
    """

    def __init__(
        self, name: str | None = "bits_per_character", dtype: Any = None
    ) -> None:
        super().__init__(_bits, name=name, dtype=dtype)


@keras.saving.register_keras_serializable(package="keras_rnn_zoo")
def frame_nll(y_true: Any, y_pred: Any) -> Any:
    """Return -log p of every step's set of classes, in nats: a loss for `compile`.

        L_t = -Σ_k (y_tk log ŷ_tk + (1 - y_tk) log(1 - ŷ_tk))

    The sum, not the mean, over the classes: Keras's `BinaryCrossentropy` times their
    number. Probabilities are kept `keras.config.epsilon()` away from 0 and 1.

    Args:
        y_true: `(…, classes)`. 1 where a class is true, else 0.
        y_pred: float, `(…, classes)`. Probabilities of independent classes.

    Returns:
        `(…)`, float32.

    Example:
    >>> round(float(frame_nll(np.array([1.0, 0.0]), np.array([0.5, 0.25]))), 4)
    0.9808
    """
    y_pred = ops.cast(y_pred, "float32")
    y_true = ops.cast(y_true, "float32")
    return ops.sum(ops.binary_crossentropy(y_true, y_pred), axis=-1)


@keras.saving.register_keras_serializable(package="keras_rnn_zoo")
class FrameNLL(_MaskedStepMean):
    """Mean of `frame_nll` over unmasked steps, in nats: smaller is better.

    The usual figure of models of polyphonic music, whose classes are keys of a piano.

    Reference: Boulanger-Lewandowski, Bengio & Vincent, 2012, "Modeling Temporal
    Dependencies in High-Dimensional Sequences", https://arxiv.org/abs/1206.6392.

    Args:
        name: str. Name of the metric.
        dtype: dtype of the metric's result. None: float32.

    Call arguments:
        y_true: `(batch, time, classes)`. 1 where a class is true, else 0.
        y_pred: float, `(batch, time, classes)`. Probabilities of independent classes.

    Example:
    >>> metric = FrameNLL()
    >>> metric.update_state(np.array([[[1, 0], [0, 0]]]), np.full((1, 2, 2), 0.5))
    >>> round(float(metric.result()), 4)
    1.3863
    """

    def __init__(self, name: str | None = "nll", dtype: Any = None) -> None:
        super().__init__(frame_nll, name=name, dtype=dtype)
