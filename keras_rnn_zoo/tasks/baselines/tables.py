"""Tables that are counted: the most frequent class of what stands there."""

import numpy as np

from keras_rnn_zoo.tasks import character_names
from keras_rnn_zoo.tasks.baselines.base import judged, labels_of


def majority(pipelines):
    """The most frequent class of all sequences."""
    train, test = labels_of(pipelines, "train"), labels_of(pipelines, "test")
    best = np.bincount(train).argmax()
    return float(np.mean(test == best)), f"always {pipelines.labels[best]!r}"


def window_table(width):
    """Most frequent class of the window; narrower windows where it is unknown."""

    def measure(pipelines):
        predicted = table_predictions(pipelines, windows_of(width))
        return judged(pipelines, "test", predicted), (
            "narrower windows where the training text does not have it" if width else ""
        )

    return measure


def windows_of(width):
    """Offsets of windows of characters, the widest first."""
    return [range(-w, w + 1) for w in range(width, -1, -1)]


def last_characters(count):
    """Most frequent class of the last characters; fewer where they are unknown."""

    def measure(pipelines):
        levels = [range(1 - n, 1) for n in range(count, 0, -1)]
        return _table_accuracy(pipelines, levels, last=True), ""

    return measure


def length_table(pipelines):
    """The most frequent class of sequences of that length."""
    train, test = labels_of(pipelines, "train"), labels_of(pipelines, "test")
    lengths = [
        np.array([len(x) for x, _ in pipelines.raw[split]])
        for split in ("train", "test")
    ]
    predicted = most_frequent(lengths[0], train, lengths[1])
    predicted = np.where(predicted < 0, np.bincount(train).argmax(), predicted)
    return float(np.mean(predicted == test)), ""


def word_table(pipelines):
    """The most frequent class of the word."""
    ids = {}
    splits = {
        split: [ids.setdefault(w.lower(), len(ids)) for ws in rows for w in ws]
        for split, rows in pipelines.texts.items()
        if split != "validation"
    }
    train = labels_of(pipelines, "train")
    predicted = most_frequent(
        np.array(splits["train"]), train, np.array(splits["test"])
    )
    predicted = np.where(predicted < 0, np.bincount(train).argmax(), predicted)
    note = "of the lower-cased word; unknown words: the majority"
    return judged(pipelines, "test", predicted), note


def always_most_frequent(pipelines):
    """The most frequent class of all steps."""
    best = np.bincount(labels_of(pipelines, "train")).argmax()
    predicted = np.full(len(labels_of(pipelines, "test")), best)
    note = f"always {pipelines.labels[best]!r}"
    return judged(pipelines, "test", predicted), note


def name_list(pipelines):
    """Names that the training texts have."""
    tags, labels = [y for _, y in pipelines.raw["train"]], pipelines.labels
    train, test = (
        ["".join(text) for text in pipelines.texts[split]]
        for split in ("train", "test")
    )
    names = character_names.names_of(train, tags, labels)
    predicted = [character_names.look_up(text, names, labels) for text in test]
    return judged(pipelines, "test", np.concatenate(predicted)), (
        f"{len(names):,} names, the longest that begins at a place; without those that "
        "are mostly no name"
    )


def _table_accuracy(pipelines, levels, last=False):
    predicted = table_predictions(pipelines, levels, last)
    return float(np.mean(predicted == labels_of(pipelines, "test")))


def table_predictions(pipelines, levels, last=False):
    """Answers of tables over the characters at `levels` of offsets, widest first."""
    train, test = labels_of(pipelines, "train"), labels_of(pipelines, "test")
    predicted = np.full(len(test), -1)
    for offsets in levels:
        keys = [
            _keys(pipelines.raw[split], offsets, pipelines.vocabulary_size, last)
            for split in ("train", "test")
        ]
        found = most_frequent(keys[0], train, keys[1])
        predicted = np.where(predicted < 0, found, predicted)
    return np.where(predicted < 0, np.bincount(train).argmax(), predicted)


def _keys(examples, offsets, base, last=False):
    """One integer for the tokens at `offsets` of each step, or the `last`, of every x.

    Beyond the ends of a sequence stands 0, the padding.
    """
    offsets = list(offsets)
    lengths = np.array([len(x) for x, _ in examples])
    gap = max(0, *offsets, *(-offset for offset in offsets))
    # All sequences in one line, with `gap` zeros before, between and behind them.
    steps = np.arange(lengths.sum())
    steps += np.repeat(gap * np.arange(1, len(lengths) + 1), lengths)
    line = np.zeros(lengths.sum() + gap * (len(lengths) + 1), np.int64)
    line[steps] = np.concatenate([x for x, _ in examples])
    if last:
        steps = steps[np.cumsum(lengths) - 1]
    keys = np.zeros(len(steps), np.int64)
    for offset in offsets:
        keys = keys * base + line[steps + offset]
    return keys


def most_frequent(keys, labels, queries):
    """The most frequent label of each query among `keys`; -1 if there is none.

    Of labels equally frequent with a key, the one more frequent in all wins.
    """
    totals = np.bincount(labels)
    pairs, counts = np.unique(keys * len(totals) + labels, return_counts=True)
    keys, labels = pairs // len(totals), pairs % len(totals)
    order = np.lexsort((-totals[labels], -counts, keys))
    keys, first = np.unique(keys[order], return_index=True)
    place = np.searchsorted(keys, queries).clip(max=len(keys) - 1)
    return np.where(keys[place] == queries, labels[order][first][place], -1)
