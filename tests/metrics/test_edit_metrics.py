"""Edit distance and error rates against the table of Wagner and Fischer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo.metrics import PhoneErrorRate, WordErrorRate, edit_distance

END = 2


def table(a, b):
    d = np.add.outer(np.arange(len(a) + 1), np.arange(len(b) + 1))
    for i, x in enumerate(a, 1):
        for j, y in enumerate(b, 1):
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + (x != y))
    return d[-1, -1]


def until_the_end(row):
    stop = [i for i, token in enumerate(row) if token in (0, END)]
    return list(row[: stop[0]]) if stop else list(row)


def test_the_distance_is_that_of_the_table(rng):
    a, b = rng.integers(3, 6, (40, 7)), rng.integers(3, 6, (40, 5))
    m, n = rng.integers(0, 8, 40), rng.integers(0, 6, 40)
    expected = [table(a[i, : m[i]], b[i, : n[i]]) for i in range(40)]
    np.testing.assert_array_equal(edit_distance(a, b, m, n), expected)
    traced = tf.function(edit_distance)(a, b, m, n)
    np.testing.assert_array_equal(traced, expected)


def test_the_rates_take_the_nearest_of_the_right_answers(rng):
    true, pred = rng.integers(0, 6, (30, 3, 6)), rng.integers(0, 6, (30, 7))
    true[:5, :2], pred[:5, :6] = true[:5, 2:], true[:5, 2]
    pred[:5, 6] = END
    distances = lengths = wrong = 0
    for row, said in zip(true, pred, strict=True):
        answers = [until_the_end(one) for one in row]
        answers = [one for k, one in enumerate(answers) if one or k == 0]
        each = [table(until_the_end(said), one) for one in answers]
        best = int(np.argmin(each))
        distances += each[best]
        lengths += len(answers[best])
        wrong += each[best] > 0
    per, wer = PhoneErrorRate(END), WordErrorRate(END)
    for metric in (per, wer):
        metric.update_state(true[:11], pred[:11])
        metric.update_state(true[11:], pred[11:])
    np.testing.assert_allclose(per.result(), distances / lengths, rtol=1e-6)
    np.testing.assert_allclose(wer.result(), wrong / 30, rtol=1e-6)
    assert 0 < wrong < 30
    again = keras.metrics.deserialize(keras.metrics.serialize(wer))
    assert again.end == END and again.name == "wer"


def test_weights_and_probabilities():
    true = np.array([[3, 4, END], [5, END, 0]])
    pred = np.array([[3, 3, END], [5, END, 5]])
    wer = WordErrorRate(END)
    wer.update_state(true, np.eye(6)[pred], sample_weight=np.array([1.0, 3.0]))
    np.testing.assert_allclose(wer.result(), 0.25)
    with pytest.raises(ValueError, match=r"y_pred of shape \(2,\)"):
        wer.update_state(true, pred[:, 0])
    with pytest.raises(TypeError, match="end='e'"):
        WordErrorRate("e")
