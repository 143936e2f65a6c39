"""Weights of classes: rare ones count as much as frequent ones."""

import tensorflow as tf

from keras_rnn_zoo.datasets.statistics import balanced_class_weights, class_counts
from keras_rnn_zoo.layers.core.head import heads
from keras_rnn_zoo.tasks import TASKS


def weighted(dataset, recipe, pipelines):
    """Return batches with the weights of `training.class_weights`.

    "balanced" gives each answer the weight n / (classes · count) of its true class,
    counted in the training data: of each sequence, as Keras's `class_weight`, or of
    each step. Losses are weighted, of training and of validation; metrics are not, so
    that `monitor = "val_loss"` is what chooses an epoch by all classes alike.

    Args:
        dataset: `tf.data.Dataset` of (x, y).
        recipe: `Recipe`.
        pipelines: the data.

    Returns:
        The data set of (x, y, sample_weight), sample_weight of the shape of y; as it
        was if there are no weights.

    Raises:
        ValueError: if the model's answers are no classes, or a CRF chooses them
            together.
    """
    if recipe.training.class_weights is None:
        return dataset
    head = recipe.model.head
    name = head.get("name") if isinstance(head, dict) else head
    known = heads(True) | heads(False)
    whole = name in known and known[name].weighs is not None
    if not TASKS[recipe.task].class_weights or whole:
        raise ValueError(
            "`training.class_weights` must be left out but for tagging and "
            "classification without a CRF, whose loss is of whole sequences. Received: "
            f"class_weights={recipe.training.class_weights!r}, task={recipe.task!r}, "
            f"head={name!r}."
        )
    counts = class_counts(pipelines.raw["train"], pipelines.num_outputs)
    weights = tf.constant(balanced_class_weights(counts))
    return dataset.map(lambda x, y: (x, y, tf.gather(weights, y)))
