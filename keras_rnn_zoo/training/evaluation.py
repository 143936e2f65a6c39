"""What a model does on a split, every unpadded step counted once."""

import dataclasses
import itertools
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What a model does on one split, every unpadded step counted once.

    Attributes:
        metrics: dict of name → value: `accuracy` and `macro_f1`, or
            `bits_per_character` and `accuracy`, or `rmse`, and `rmse_1_step` of the
            first value, if there are several.
        predictions: list of arrays, one an example in the order of `raw`: class ids
            `(time,)` or a class id, or values; empty for language models.
        confidences: list like `predictions`: probability of the predicted class.
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
            that `OutputRecurrence` is to feed back.
    """
    import tensorflow as tf

    num_features = model.get_config().get("num_features")
    if num_features is not None:
        x = tf.TensorSpec((None, None, num_features), "float32")
    else:
        x = tf.TensorSpec((None, None), "int32")
    if teacher_forced:
        signature = [x, tf.TensorSpec((None, None), "int32")]
        return tf.function(
            lambda x, y: model((x, y), training=False), input_signature=signature
        )
    return tf.function(lambda x: model(x, training=False), input_signature=[x])


def evaluate(
    model, task: str, examples, *, batch_size=64, teacher_forced=False
) -> Evaluation:
    """Evaluate a model on un-padded examples.

    Examples are sorted by length, padded batch by batch, and put back into their order,
    so that the answer belongs to the example and little padding is computed.

    Args:
        model: the model.
        task: `"tagging"`, `"classification"` or `"language_model"`.
        examples: list of `(x, y)` NumPy arrays, as in `Pipelines.raw`.
        batch_size: int.
        teacher_forced: bool. Feed back the true outputs, see `forward`.

    Raises:
        ValueError: if there are no examples.
    """
    if not examples:
        raise ValueError("`examples` must not be empty. Received: examples=[].")
    run = forward(model, teacher_forced=teacher_forced)
    if task == "regression":
        return _evaluate_values(run, examples, batch_size)
    order = sorted(range(len(examples)), key=lambda i: len(examples[i][0]))
    bits, right, total = 0.0, 0, 0
    predictions, confidences = [None] * len(order), [None] * len(order)
    for chosen in _chunks(order, batch_size):
        x = pad([examples[i][0] for i in chosen])
        inputs = (x, pad([examples[i][1] for i in chosen])) if teacher_forced else (x,)
        probabilities = np.asarray(run(*inputs), "float64")
        for row, i in enumerate(chosen):
            y = np.asarray(examples[i][1])
            p = probabilities[row]
            if task != "classification":
                p = p[: len(y)]
            predicted = p.argmax(-1)
            right += int(np.sum(predicted == y))
            total += y.size
            if task == "language_model":
                p = p / p.sum(-1, keepdims=True)
                chosen_p = np.take_along_axis(p, y[..., None], -1)
                bits -= float(np.log2(np.maximum(chosen_p, 1e-12)).sum())
            else:
                predictions[i], confidences[i] = predicted, p.max(-1)
    metrics = {"accuracy": right / total}
    if task == "language_model":
        metrics = {"bits_per_character": bits / total, **metrics}
        predictions, confidences = [], []
    else:
        metrics["macro_f1"] = macro_f1(
            [y for _, y in examples], predictions, int(probabilities.shape[-1])
        )
    return Evaluation(metrics, predictions, confidences, len(examples))


def _evaluate_values(run, examples, batch_size):
    predictions = []
    for chosen in _chunks(examples, batch_size):
        predictions += list(np.asarray(run(pad([x for x, _ in chosen])), "float64"))
    errors = np.stack(predictions) - np.stack([y for _, y in examples])
    metrics = {"rmse": float(np.sqrt(np.mean(errors**2)))}
    if errors.shape[1] > 1:
        metrics["rmse_1_step"] = float(np.sqrt(np.mean(errors[:, 0] ** 2)))
    return Evaluation(metrics, predictions, [], len(examples))


def interval_widths(model, examples, level=0.9) -> np.ndarray:
    """Return half the width of prediction intervals, one for each value.

    The quantile of the absolute errors on examples that the model was not fitted to
    (split conformal prediction; Vovk et al. 2005): value ± width holds the truth with
    a probability of `level` if the future is like these examples.

    Args:
        model: a regression model.
        examples: list of `(x, y)` NumPy arrays: the validation data.
        level: float in (0, 1).

    Returns:
        `(values,)`, float64.
    """
    found = evaluate(model, "regression", examples)
    errors = np.abs(np.stack(found.predictions) - np.stack([y for _, y in examples]))
    rank = min(1.0, np.ceil((len(errors) + 1) * level) / len(errors))
    return np.quantile(errors, rank, axis=0, method="higher")


def coverage(predictions, examples, widths) -> float:
    """Return the share of true values that lie in their prediction intervals."""
    errors = np.abs(np.stack(predictions) - np.stack([y for _, y in examples]))
    return float(np.mean(errors <= widths))


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


def macro_f1(truths, predictions, num_classes: int) -> float:
    """Return the mean F1 over the classes that occur in the truth."""
    y = np.concatenate([np.ravel(one) for one in truths])
    p = np.concatenate([np.ravel(one) for one in predictions])
    table = np.zeros((num_classes, num_classes), "int64")
    np.add.at(table, (y, p), 1)
    hits = np.diag(table)
    present = table.sum(1) > 0
    f1 = 2 * hits[present] / (table.sum(1) + table.sum(0))[present]
    return float(f1.mean())


def pad(sequences) -> np.ndarray:
    """Pad sequences on the right with zeros to the longest of them.

    Example:
    >>> pad([np.array([3, 4, 5]), np.array([6])])
    array([[3, 4, 5],
           [6, 0, 0]], dtype=int32)
    """
    first = np.asarray(sequences[0])
    dtype = "int32" if np.issubdtype(first.dtype, np.integer) else "float32"
    longest = max(len(one) for one in sequences)
    padded = np.zeros((len(sequences), longest, *first.shape[1:]), dtype)
    for row, one in zip(padded, sequences, strict=True):
        row[: len(one)] = one
    return padded


def _chunks(items, size):
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
