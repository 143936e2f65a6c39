"""The user's own numbers: a series to forecast, real-valued sequences to classify."""

import itertools
import pathlib

import numpy as np

from keras_rnn_zoo.datasets import files, series
from keras_rnn_zoo.datasets.source import Content

#: Where validation and test begin in a series, as shares of its values.
SPLIT = (0.7, 0.85)


def load_series(path, context=24, horizon=8):
    """Values up to some time to the next ones; the parts follow each other in time.

    No target of a part lies in another one; inputs may reach back into the part before,
    as those of a forecaster do, never forward. Values are scaled by mean and standard
    deviation of the training part.
    """
    values, times = files.read_series(path)
    values = np.array(values)
    edges = _edges(len(values), context, horizon)
    if edges is None:
        needed = next(
            n for n in itertools.count() if _edges(n, context, horizon) is not None
        )
        raise files.DataError(
            f"must have at least {needed} values, for windows of {context} + {horizon} "
            f"in training, validation and test. Received: {len(values)} values.",
            path,
        )
    mean, deviation = values[: edges[1]].mean(), values[: edges[1]].std()
    if deviation == 0:
        raise files.DataError(
            f"the values of the training part, the first {edges[1]}, must not all be "
            f"the same. Received: {values[0]:g}.",
            path,
        )
    raw = {
        split: series.windows(
            (values - mean) / deviation,
            np.arange(len(values)),
            context,
            horizon,
            edges[i],
            edges[i + 1],
        )
        for i, split in enumerate(("train", "validation", "test"))
    }
    names = times or range(1, len(values) + 1)
    facts = {
        "source": pathlib.Path(path).name,
        "licence": "the reader's own",
        "unit": f"standard deviations ({deviation:.6g}) from the mean ({mean:.6g})",
        "split": f"targets before {names[edges[1]]} train, before {names[edges[2]]} "
        "validation, then test",
    }
    labels = [f"{i} step{'s' if i > 1 else ''} ahead" for i in range(1, horizon + 1)]
    return Content(raw, labels, facts)


def _edges(count, context, horizon):
    """Where the three parts begin and the last one ends; None if one has no window."""
    edges = [0, *(round(share * count) for share in SPLIT), count]
    room = [edges[1] - context, edges[2] - edges[1], edges[3] - edges[2]]
    return edges if min(room) >= horizon else None


def sequences_content(examples, facts):
    """Real-valued sequences to their label, see `files.read_file`.

    Padded steps hold 0, or -1 below the smallest number if a step holds nothing but 0.

    Args:
        examples: dict of split to list of `files.Example`.
        facts: dict.
    """
    labels = sorted({one.target for one in examples["train"]})
    raw = {
        split: [
            (np.array(one.text, "float32"), np.int32(labels.index(one.target)))
            for one in part
        ]
        for split, part in examples.items()
    }
    steps = np.concatenate([x for part in raw.values() for x, _ in part])
    padding = 0.0 if steps.any(axis=1).all() else float(np.floor(steps.min()) - 1)
    return Content(raw, labels, facts, padding=padding)
