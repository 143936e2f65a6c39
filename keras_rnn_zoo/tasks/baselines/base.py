"""What all baselines share: a figure, a reason for none, labels and judging."""

from dataclasses import dataclass

import numpy as np

from keras_rnn_zoo.tasks.tagging import are_bio, span_f1


@dataclass(frozen=True)
class Baseline:
    """A baseline and what it reaches.

    Attributes:
        name: str, e.g. "±3-character window table".
        metric: such as "accuracy", a share of 1: that by which the task is judged.
        value: float, on the test split; None if it was skipped.
        note: str. What to know about it; why it was skipped.
    """

    name: str
    metric: str
    value: float | None
    note: str = ""


class Skipped(Exception):
    """A baseline that cannot be computed here; the message says why."""


def labels_of(pipelines, split):
    """The true classes of a split, of all steps in a row."""
    return np.concatenate([np.atleast_1d(y) for _, y in pipelines.raw[split]])


def judged(pipelines, split, predicted):
    """Figures of one class id a step, of all sentences in a row: the main one first."""
    accuracy = {"accuracy": float(np.mean(predicted == labels_of(pipelines, split)))}
    if not are_bio(pipelines.labels):
        return accuracy
    truths = [y for _, y in pipelines.raw[split]]
    ends = np.cumsum([len(y) for y in truths])[:-1]
    f1 = span_f1(pipelines.labels, truths, np.split(predicted, ends))
    return {"span_f1": f1, **accuracy}
