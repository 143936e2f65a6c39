"""A class for every step; of words also tags of names."""

from typing import Any

import numpy as np

from keras_rnn_zoo.tasks.base import Answer, Task


class Tagging(Task):
    """A class for every step."""

    name = "tagging"
    words = "a class for every step"
    fields = ("tokens", "tags")
    directions = {"accuracy": "max", "macro_f1": "max"}
    class_weights = True
    answered = "list(zip(answer.tokens, answer.tags))"

    def __init__(self):
        self.table: Any = 0  # [truth, prediction]: how often

    @classmethod
    def of(cls, labels):
        if cls is Tagging and are_bio(labels):
            return NameTagging.of(labels)
        return super().of(labels)

    def add(self, y, answer):
        predicted, num_classes = answer.argmax(-1), answer.shape[-1]
        table = np.zeros((num_classes, num_classes), "int64")
        np.add.at(table, (y, predicted), 1)
        self.table = self.table + table
        return predicted, answer.max(-1)

    def result(self):
        accuracy = float(np.trace(self.table) / self.table.sum())
        return {"accuracy": accuracy, "macro_f1": macro_f1(self.table)}

    def answer(self, model, codec, inputs, scheme="BIO", text=""):
        found = super().answer(model, codec, inputs, scheme)
        tags = None
        if self.per_step and self.labels:
            tags = tuple(self.labels[i] for i in found.predicted)
        return Answer(found.predicted, found.probabilities, tags=tags)

    def draw(self, path, title, report):
        from keras_rnn_zoo.inspection import report_plots

        report_plots.tagged_texts(path, title, report.some_tagged(), report.labels)

    def show(self, console, result):
        from keras_rnn_zoo.tasks import terminal

        if result.names is not None:
            terminal.print_names(console, result)
        else:
            terminal.print_tagged(console, result)


class NameTagging(Tagging):
    """Tags O, B-… and I-… of names, which are right from the first word to the last."""

    directions = {"span_f1": "max", **Tagging.directions}

    def __init__(self):
        super().__init__()
        self.truths, self.predictions = [], []

    def metrics(self):
        from keras_rnn_zoo.metrics import SpanF1, TokenAccuracy

        return [SpanF1(self.labels), TokenAccuracy()]

    def add(self, y, answer):
        predicted, confidence = super().add(y, answer)
        self.truths.append(y)
        self.predictions.append(predicted)
        return predicted, confidence

    def result(self):
        f1 = span_f1(self.labels, self.truths, self.predictions)
        return {"span_f1": f1, **super().result()}

    def answer(self, model, codec, inputs, scheme="BIO", text=""):
        from keras_rnn_zoo.datasets import tags as schemes

        found: Any = super().answer(model, codec, inputs)
        names = schemes.spans_of(found.tags, "BIO")
        tags = found.tags
        if scheme != "BIO":
            tags = tuple(schemes.tags_of(names, len(tags), scheme))
        return Answer(found.predicted, found.probabilities, names=names, tags=tags)


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
    from keras_rnn_zoo.metrics import SpanF1

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
