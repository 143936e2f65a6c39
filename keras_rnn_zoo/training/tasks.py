"""The kinds of answers a model can give: how each is learnt, watched and judged.

A class for each task. It names the loss and the Keras metrics of the training, the one
it is judged by first; an instance judges a trained model, one example at a time.
"""

from typing import Any

import keras
import numpy as np

from keras_rnn_zoo.metrics import (
    BitsPerCharacter,
    FrameNLL,
    SpanF1,
    TokenAccuracy,
    frame_nll,
)


class Task:
    """One kind of answer.

    Attributes:
        per_step: bool. Whether there is an answer for every step.
    """

    per_step = True

    @staticmethod
    def loss():
        """Return what the training makes small."""
        return keras.losses.SparseCategoricalCrossentropy()

    @staticmethod
    def metrics() -> list[keras.metrics.Metric]:
        """Return new metrics, the one the task is judged by first."""
        return [TokenAccuracy()]

    @staticmethod
    def decide(answer: np.ndarray) -> np.ndarray:
        """Return what a model's output says: class ids, here."""
        return answer.argmax(-1)

    def add(self, y, answer) -> tuple[Any, Any]:
        """Judge one example.

        Args:
            y: array. The truth, without padding.
            answer: float64 array. The model's output for it, without padding.

        Returns:
            `(prediction, confidence)`, as in `Evaluation`; None for what the task does
            not keep.
        """
        raise NotImplementedError

    def result(self) -> dict[str, float]:
        """Return the figures over all examples so far, the main one first."""
        raise NotImplementedError


class Tagging(Task):
    """A class for every step."""

    def __init__(self):
        self.table = 0  # [truth, prediction]: how often

    def add(self, y, answer):
        predicted, num_classes = answer.argmax(-1), answer.shape[-1]
        table = np.zeros((num_classes, num_classes), "int64")
        np.add.at(table, (y, predicted), 1)
        self.table = self.table + table
        return predicted, answer.max(-1)

    def result(self):
        accuracy = float(np.trace(self.table) / self.table.sum())
        return {"accuracy": accuracy, "macro_f1": macro_f1(self.table)}


class NameTagging(Tagging):
    """Tags O, B-… and I-… of names, which are right from the first word to the last.

    Args:
        labels: the tags, index = class id.
    """

    def __init__(self, labels):
        super().__init__()
        self.labels = tuple(labels)
        self.truths, self.predictions = [], []

    def metrics(self):
        return [SpanF1(self.labels), TokenAccuracy()]

    def add(self, y, answer):
        predicted, confidence = super().add(y, answer)
        self.truths.append(y)
        self.predictions.append(predicted)
        return predicted, confidence

    def result(self):
        f1 = span_f1(self.labels, self.truths, self.predictions)
        return {"span_f1": f1, **super().result()}


class Classification(Tagging):
    """One class for a whole sequence."""

    per_step = False


class Recall(Tagging):
    """A class for every step, of which the first, class 0, says that there is none.

    What counts are the steps of the other classes; the loss is over all of them.
    """

    def __init__(self):
        super().__init__()
        self.nats = 0.0

    @staticmethod
    def metrics():
        return [TokenAccuracy("recall_accuracy", ignore_class=0), TokenAccuracy()]

    def add(self, y, answer):
        self.nats += _nats(y, answer)
        return super().add(y, answer)

    def result(self):
        recalled = self.table[1:]
        return {
            "recall_accuracy": float(np.trace(recalled, offset=1) / recalled.sum()),
            "accuracy": float(np.trace(self.table) / self.table.sum()),
            "nll": float(self.nats / self.table.sum()),
        }


class LanguageModel(Task):
    """The next token, at every step."""

    def __init__(self):
        self.nats, self.right, self.total = 0.0, 0, 0

    @staticmethod
    def metrics():
        return [BitsPerCharacter(), TokenAccuracy()]

    def add(self, y, answer):
        self.nats += _nats(y, answer)
        self.right += int(np.sum(answer.argmax(-1) == y))
        self.total += y.size
        return None, None

    def result(self):
        return {
            "bits_per_character": self.nats / np.log(2) / self.total,
            "accuracy": self.right / self.total,
        }


class Polyphony(Task):
    """Several classes at every step or none, each for itself: keys of a piano."""

    def __init__(self):
        self.frames = []

    @staticmethod
    def loss():
        return frame_nll

    @staticmethod
    def metrics():
        return [FrameNLL()]

    @staticmethod
    def decide(answer):
        """Return whether each class is more probable than not."""
        return answer > 0.5

    def add(self, y, answer):
        p = np.clip(answer, 1e-7, 1 - 1e-7)
        self.frames.append(-np.sum(np.log(np.where(y > 0.5, p, 1 - p)), axis=-1))
        return answer, None

    def result(self):
        return {
            "nll": float(np.concatenate(self.frames).mean()),
            "nll_per_sequence": float(np.mean([one.mean() for one in self.frames])),
        }


class Regression(Task):
    """Real values for a whole sequence."""

    per_step = False

    def __init__(self):
        self.errors = []

    @staticmethod
    def loss():
        return keras.losses.MeanSquaredError()

    @staticmethod
    def metrics():
        return [keras.metrics.RootMeanSquaredError(name="rmse")]

    @staticmethod
    def decide(answer):
        """Return the values."""
        return answer

    def add(self, y, answer):
        self.errors.append(answer - y)
        return answer, None

    def result(self):
        errors = np.stack(self.errors)
        figures = {"rmse": float(np.sqrt(np.mean(errors**2)))}
        if errors.shape[1] > 1:
            figures["rmse_1_step"] = float(np.sqrt(np.mean(errors[:, 0] ** 2)))
        return figures


#: Tasks by the name that recipes give them.
TASKS = {
    "tagging": Tagging,
    "classification": Classification,
    "recall": Recall,
    "language_model": LanguageModel,
    "polyphony": Polyphony,
    "regression": Regression,
}


def task_of(name: str, labels=()) -> Task:
    """Return a new task by its name.

    Args:
        name: a key of `TASKS`.
        labels: names of the classes, if there are. Tags of names (O, B-…, I-…) make
            "tagging" a `NameTagging`.
    """
    if name == "tagging" and are_bio(labels):
        return NameTagging(labels)
    return TASKS[name]()


def are_bio(labels) -> bool:
    """Whether labels are the BIO tags of names.

    Example:
    >>> are_bio(["O", "B-person", "I-person"]), are_bio(["noun", "verb"])
    (True, False)
    """
    kinds = {label[:2] for label in labels if label != "O"}
    return "O" in labels and "B-" in kinds and kinds <= {"B-", "I-"}


def span_f1(labels, truths, predictions) -> float:
    """Return the F1 of whole names, see `SpanF1`.

    Args:
        labels: the tags, index = class id.
        truths: list of int arrays `(time,)`, without padding.
        predictions: list like `truths`.
    """
    outside = labels.index("O")
    rows = np.full((2, len(truths), max(map(len, truths))), outside, "int32")
    for i, (truth, predicted) in enumerate(zip(truths, predictions, strict=True)):
        rows[0, i, : len(truth)], rows[1, i, : len(truth)] = truth, predicted
    metric = SpanF1(labels)
    metric.update_state(rows[0], rows[1])
    return float(metric.result())


def macro_f1(table) -> float:
    """Return the mean F1 over the classes that occur in the truth.

    Args:
        table: array `(classes, classes)`: how often a truth (row) was answered so.
    """
    present = table.sum(1) > 0
    f1 = 2 * np.diag(table)[present] / (table.sum(1) + table.sum(0))[present]
    return float(f1.mean())


def _nats(y, answer):
    """Sum of -log p of the true classes."""
    p = np.take_along_axis(answer, y[..., None], -1)[..., 0] / answer.sum(-1)
    return -float(np.log(np.maximum(p, 1e-12)).sum())
