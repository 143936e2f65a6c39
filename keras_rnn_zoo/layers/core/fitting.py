"""What the models say where Keras's `fit` or backend would do something else."""

import functools
import inspect
from typing import Any

import keras


def needs_tensorflow(cls):
    """Raises, naming the class, unless Keras's backend is TensorFlow."""
    backend = keras.config.backend()
    if backend != "tensorflow":
        raise ValueError(
            f"Keras's backend must be TensorFlow for `{cls.__name__}`. Received: "
            f"backend={backend!r}. Set KERAS_BACKEND=tensorflow before Keras is "
            "imported."
        )


#: What it stands before: a `keras.Model`.
_Model: Any = object


class NoClassWeights(_Model):
    """A model that refuses `class_weight` where Keras would weigh something else.

    Keras gives a whole row one weight, and looks for its class along the last axis: of
    one answer for each step that is the place of a class in the row, not a class.
    """

    # The shape of `sample_weight` to use instead; None: there is one class for a row.
    _weighs = "(batch, time)"

    def _refuse_class_weight(self, method, args, kwargs):
        given = inspect.signature(method).bind(self, *args, **kwargs).arguments
        weights = given.get("class_weight")
        if weights is None or self._weighs is None:
            return
        of = "whole sequences" if self._weighs == "(batch,)" else "each step"
        raise ValueError(
            "`class_weight` must be None for a model with an answer at every step. "
            f"Received: class_weight={weights!r}. Give `sample_weight` of shape "
            f"{self._weighs}, the weights of {of}, instead."
        )

    @functools.wraps(keras.Model.fit)
    def fit(self, *args, **kwargs):
        self._refuse_class_weight(keras.Model.fit, args, kwargs)
        return super().fit(*args, **kwargs)

    @functools.wraps(keras.Model.train_on_batch)
    def train_on_batch(self, *args, **kwargs):
        self._refuse_class_weight(keras.Model.train_on_batch, args, kwargs)
        return super().train_on_batch(*args, **kwargs)
