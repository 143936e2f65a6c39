"""What a model does on a split, every unpadded step counted once."""

import dataclasses
import itertools
from typing import Any

import numpy as np

from keras_rnn_zoo.tasks.base import Task


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What a model does on one split, every unpadded step counted once.

    Attributes:
        metrics: dict of name → value, as the task gives them.
        predictions: list of arrays, one an example in the order of `raw`: class ids
            `(time,)` or a class id, or values, or probabilities where several classes
            may be true; empty for language models.
        confidences: list like `predictions`: probability of the predicted class; empty
            where there is no such class.
        num_examples: int.
    """

    metrics: dict[str, float]
    predictions: list[Any]
    confidences: list[Any]
    num_examples: int


def forward(model, *, teacher_forced=False):
    """Return a compiled function of a batch that gives the model's output.

    One graph serves all batch sizes and lengths.

    Args:
        model: the model.
        teacher_forced: bool. Whether the function takes `(x, y)`, y the true outputs
            that a model with `can_be_forced` is to feed back.
    """
    import tensorflow as tf

    from keras_rnn_zoo.layers.core.graphs import graphs_of

    config = model.get_config()
    num_features = config.get("num_features")
    if (declared := graphs_of(model)) is not None:
        x = {i.name: tf.TensorSpec(i.shape(), i.dtype) for i in declared.inputs}
    elif num_features is not None:
        x = tf.TensorSpec((None, None, num_features), "float32")
    elif config.get("characters") is not None:
        width = 1 + config["characters"]["max_characters"]
        x = tf.TensorSpec((None, None, width), "int32")
    else:
        x = tf.TensorSpec((None, None), "int32")
    if teacher_forced:
        signature = [x, tf.TensorSpec((None, None), "int32")]
        function = tf.function(
            lambda x, y: model((x, y), training=False), input_signature=signature
        )
    else:
        function = tf.function(lambda x: model(x, training=False), input_signature=[x])
    # Traced here and now, once for each model, which TensorFlow would otherwise take
    # for one function traced over and over, and warn of, after a few models.
    return function.get_concrete_function()


def evaluate(
    model, task: str | Task, examples, *, labels=(), batch_size=64, teacher_forced=False
) -> Evaluation:
    """Evaluate a model on un-padded examples.

    Examples are sorted by length, padded batch by batch, and put back into their order,
    so that the answer belongs to the example and little padding is computed.

    Args:
        model: the model.
        task: name of one of `tasks.TASKS`, or a new one of them.
        examples: list of `(x, y)` NumPy arrays, as in `Pipelines.raw`.
        labels: names of the classes; with BIO tags of names, whole names are judged.
        batch_size: int.
        teacher_forced: bool. Feed back the true outputs, see `forward`.

    Raises:
        ValueError: if there are no examples.
    """
    if not examples:
        raise ValueError("`examples` must not be empty. Received: examples=[].")
    from keras_rnn_zoo.datasets.inputs import steps_of
    from keras_rnn_zoo.tasks import task_of

    judge = task if isinstance(task, Task) else task_of(task, labels)
    run = judge.run(model, teacher_forced)
    order = sorted(range(len(examples)), key=lambda i: steps_of(examples[i][0]))
    predictions, confidences = [None] * len(order), [None] * len(order)
    for chosen in _chunks(order, batch_size):
        x = pad([examples[i][0] for i in chosen], padding_of(model))
        inputs = (x, pad([examples[i][1] for i in chosen])) if teacher_forced else (x,)
        answers = np.asarray(run(*inputs), "float64")
        for answer, i in zip(answers, chosen, strict=True):
            y = np.asarray(examples[i][1])
            answer = answer[: len(y)] if judge.per_step else answer
            predictions[i], confidences[i] = judge.add(y, answer)
    return Evaluation(
        judge.result(),
        [] if predictions[0] is None else predictions,
        [] if confidences[0] is None else confidences,
        len(examples),
    )


def bits_of(model, examples) -> list[np.ndarray]:
    """Return -log2 p of each true token, one array an example.

    Args:
        model: a language model.
        examples: list of `(x, y)` NumPy arrays, as in `Pipelines.raw`.
    """
    run, answers = forward(model), []
    for x, y in examples:
        p = np.asarray(run(pad([x])), "float64")[0]
        p = p[np.arange(len(y)), y] / p.sum(-1)
        answers.append(-np.log2(np.maximum(p, 1e-12)))
    return answers


def padding_of(model) -> float:
    """Return what stands in steps that a model takes for padding: 0 if it knows none.

    Tokens are padded with 0, features with the model's `mask_value`.
    """
    return model.get_config().get("mask_value") or 0


def pad(sequences: Any, value: float = 0) -> Any:
    """Pad sequences on the right with a value to the longest of them.

    Of sequences of several inputs, dicts, each; integers among them are padded with 0.

    Example:
    >>> pad([np.array([3, 4, 5]), np.array([6])])
    array([[3, 4, 5],
           [6, 0, 0]], dtype=int32)
    """
    if isinstance(sequences[0], dict):
        from keras_rnn_zoo.datasets.inputs import each, together

        return each(
            together(sequences),
            lambda rows: pad(
                rows, value if np.asarray(rows[0]).dtype.kind == "f" else 0
            ),
        )
    first = np.asarray(sequences[0])
    dtype = "int32" if np.issubdtype(first.dtype, np.integer) else "float32"
    longest = max(len(one) for one in sequences)
    padded = np.full((len(sequences), longest, *first.shape[1:]), value, dtype)
    for row, one in zip(padded, sequences, strict=True):
        row[: len(one)] = one
    return padded


def _chunks(items, size):
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
