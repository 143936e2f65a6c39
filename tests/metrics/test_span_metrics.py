"""Span metrics against seqeval and against a count by hand."""

import keras
import numpy as np
import pytest

from keras_rnn_zoo.metrics import SpanF1, SpanPrecision, SpanRecall

TAGS = ["O", "B-x", "I-x", "B-y", "I-y", "B-z", "I-z"]
METRICS = {"precision": SpanPrecision, "recall": SpanRecall, "f1": SpanF1}


def draw(seed, batch=8, time=12):
    """True and predicted tags that agree often, and a mask with gaps."""
    rng = np.random.default_rng(seed)
    true = rng.choice(7, (batch, time), p=[0.3, 0.15, 0.2, 0.1, 0.15, 0.05, 0.05])
    noise = rng.random((batch, time)) < 0.2
    predicted = np.where(noise, rng.integers(0, 7, (batch, time)), true)
    mask = rng.random((batch, time)) < 0.8
    mask[0] = False
    return true, predicted, mask


def spans(tags):
    """(kind, first, last) of a list of tag names, read like an automaton."""
    found, open_ = set(), None
    for i, tag in enumerate([*tags, "O"]):
        letter, _, kind = tag.partition("-")
        if open_ and not (letter == "I" and kind == open_[0]):
            found.add((*open_, i - 1))
            open_ = None
        if letter != "O" and open_ is None:
            open_ = (kind, i)
    return found


def by_hand(rows, average):
    """(precision, recall, f1) of pairs of lists of tag names."""
    true, predicted = (
        {(row, *s) for row, tags in enumerate(side) for s in spans(tags)}
        for side in zip(*rows, strict=True)
    )
    kinds = sorted({s[1] for s in true}) if average == "macro" else [None]
    scores = []
    for kind in kinds:
        t, p = ({s for s in side if kind in (None, s[1])} for side in (true, predicted))
        right = len(t & p)
        scores.append(
            [right / max(len(p), 1), right / max(len(t), 1), 2 * right / len([*t, *p])]
        )
    return np.mean(scores, axis=0)


def names(tags, mask):
    return [TAGS[t] for t in tags[mask]]


@pytest.mark.parametrize(
    "how, average",
    [
        *(("ids", "micro"), ("ids", "macro"), ("mask", "micro"), ("mask", "macro")),
        *(("weights", "micro"), ("compiled", "micro")),
    ],
)
def test_counted_by_hand_and_by_seqeval(how, average):
    metrics = [cls(TAGS, average=average) for cls in METRICS.values()]
    rows = []
    for seed in (1, 2):
        true, predicted, mask = draw(seed)
        if how == "ids":
            mask[:] = True
        pairs = [
            (names(a, m), names(b, m))
            for a, b, m in zip(true, predicted, mask, strict=True)
        ]
        rows += pairs
        y_true = np.where(mask, true, -1)
        y_pred = predicted if how == "ids" else np.eye(7, dtype="float32")[predicted]
        y_pred = keras.ops.convert_to_tensor(y_pred)
        if how == "mask":
            y_pred._keras_mask = keras.ops.convert_to_tensor(mask)
        weights = mask if how in ("weights", "compiled") else None
        for metric in metrics:
            update = metric.update_state
            if how == "compiled":
                import tensorflow as tf

                update = tf.function(update, jit_compile=True)
            update(y_true[..., None] if how == "mask" else y_true, y_pred, weights)
    received = [float(metric.result()) for metric in metrics]
    np.testing.assert_allclose(received, by_hand(rows, average), rtol=1e-5)
    if average == "micro":
        judge = pytest.importorskip("seqeval.metrics")
        true, predicted = map(list, zip(*rows, strict=True))
        expected = [
            getattr(judge, f"{name}_score")(true, predicted) for name in METRICS
        ]
        np.testing.assert_allclose(received, expected, rtol=1e-5)


def test_in_fit_with_the_mask_of_a_model(rng):
    from keras_rnn_zoo import ManyToMany

    x = rng.integers(1, 5, (16, 7)) * (np.arange(7) < rng.integers(1, 8, (16, 1)))
    y = rng.integers(0, 7, (16, 7))
    model = ManyToMany(7, units=4, vocabulary_size=5)
    metrics = [cls(TAGS) for cls in METRICS.values()]
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=metrics)
    model.fit(x, y, verbose=0)
    found = model.evaluate(x, y, batch_size=5, verbose=0, return_dict=True)
    tags = model.predict(x, verbose=0).argmax(-1)
    rows = [(names(a, m), names(b, m)) for a, b, m in zip(y, tags, x > 0, strict=True)]
    expected = by_hand(rows, "micro")
    received = [found[f"span_{name}"] for name in METRICS]
    np.testing.assert_allclose(received, expected, rtol=1e-5)


def test_macro_is_over_the_kinds_of_the_truth():
    metric = SpanF1(TAGS, average="macro")
    metric.update_state(np.array([[1, 0, 0]]), np.array([[1, 0, 3]]))
    assert float(metric.result()) == 1.0  # x is found; y does not occur


def test_nothing_to_find_is_zero_and_states_are_reset():
    for cls in METRICS.values():
        metric = cls(TAGS, name="other")
        assert float(metric.result()) == 0.0
        metric.update_state(np.array([[1, 2]]), np.array([[1, 2]]))
        assert float(metric.result()) == 1.0
        metric.reset_state()
        metric.update_state(np.zeros((2, 3), int), np.zeros((2, 3), int))
        metric.update_state(np.zeros((2, 0), int), np.zeros((2, 0), int))
        assert float(metric.result()) == 0.0
        config = keras.saving.serialize_keras_object(metric)
        again = keras.saving.deserialize_keras_object(config)
        assert type(again) is cls and again.get_config() == metric.get_config()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((["O", "S-x"],), "begin with B- or I-.*tag 'S-x'"),
        ((["O"],), r"other than 'O'.*tags=\('O',\)"),
        ((TAGS, "weighted"), "'macro'.*average='weighted'"),
    ],
)
def test_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        SpanF1(*arguments)
    with pytest.raises(ValueError, match=r"y_true of shape \(2,\), y_pred of shape"):
        SpanF1(TAGS).update_state(np.zeros(2), np.zeros(2))
