"""What a layer says of itself to stand where `head` of a model names it."""

from typing import Any, ClassVar

import keras

from keras_rnn_zoo.layers.core.registry import registered


class Head(keras.Layer):
    """Base of the output layers that `head` of a model may name; "dense" is Keras's.

    The first argument is the number of outputs, the others are given by keyword: those
    that a table `head` holds. A registered subclass is a head by being there: models,
    recipes, trainings and exports read what it declares.

    Attributes:
        head_name: str. What `head` calls it.
        per_step: bool. Whether it stands behind every step, or behind the last one.
            None: both.
        step_by_step: bool. Whether the answer at a step depends on that step alone.
        answers: what the numbers are: "softmax" and "sigmoid" (probabilities), "path",
            one-hot, or "unknown" (values).
        weighs: the shape of `sample_weight`; None: that of the model.
        joins_steps: bool. Whether the answers of neighbouring steps are chosen
            together.
    """

    head_name: ClassVar[str]
    per_step: ClassVar[bool | None] = None
    step_by_step: ClassVar[bool] = True
    answers: Any = "unknown"
    weighs: ClassVar[str | None] = None
    joins_steps: ClassVar[bool] = False

    @staticmethod
    def own_loss() -> keras.losses.Loss | None:
        """Return the only loss that reads the output; None: that of the task."""
        return None


def heads(per_step: bool) -> dict[str, type[Head]]:
    """Returns a dict from name to class: the heads there are for a model.

    Args:
        per_step: bool. Whether the model answers at every step.
    """
    return {
        cls.head_name: cls
        for _, cls in sorted(registered().items())
        if issubclass(cls, Head) and cls.per_step in (None, per_step)
    }


def feeds_back(layer: Any) -> bool:
    """Returns whether a layer is recurrent through its answers alone.

    Such a layer declares `feeds_back = True`; it has `num_outputs`, `units`, `draws`
    (whether what it feeds back is drawn) and `step(x, before)`, which gives the answers
    at a step and what is fed back.
    """
    return getattr(layer, "feeds_back", False) is True
