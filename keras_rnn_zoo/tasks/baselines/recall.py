"""Symbols to be recalled."""

import numpy as np

from keras_rnn_zoo.tasks.baselines.base import labels_of
from keras_rnn_zoo.tasks.baselines.tables import table_predictions, windows_of


def frequent_symbol(pipelines):
    """The symbol that is most often to be recalled, always."""
    best = np.bincount(labels_of(pipelines, "train"))[1:].argmax() + 1
    return _recalled(pipelines, best), f"always {pipelines.labels[best]!r}"


def recall_of_table(pipelines):
    """The most frequent class of a window of characters."""
    return _recalled(pipelines, table_predictions(pipelines, windows_of(3))), (
        "narrower windows where the training text does not have it"
    )


def _recalled(pipelines, predicted):
    """Share of right answers where the truth is not class 0."""
    truth = labels_of(pipelines, "test")
    return float(np.mean((predicted == truth)[truth != 0]))


def memoryless(pipelines):
    """How often each class is true at each step from the first on."""
    train, test = [
        np.stack([y for _, y in pipelines.raw[split]]) for split in ("train", "test")
    ]
    counts = np.eye(pipelines.num_outputs)[train].sum(0)
    p = (counts + 1e-6) / (counts + 1e-6).sum(-1, keepdims=True)
    nll = -np.log(p[np.arange(test.shape[1]), test]).mean()
    predicted = np.tile(p.argmax(-1), len(test))
    return {"recall_accuracy": _recalled(pipelines, predicted), "nll": float(nll)}, (
        "how often each symbol stands there; without a memory nothing is better"
    )
