"""n-grams against their definition, computed one probability at a time."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import Markov
from keras_rnn_zoo.training.counting import fit_counts
from tests.fresh import run_without_the_zoo

TRAIN = ["abcab", "abd", "cab", "b"]
LETTERS = "_abcde"  # _ is the padding, e never occurs


def tokens_of(texts, width=6):
    return np.array([[LETTERS.index(c) for c in t.ljust(width, "_")] for t in texts])


def probability(context, symbol, order, smoothing, highest=True, discount=0.75):
    """By the recursive definition, from the texts themselves."""
    if order < 0:
        return 1 / 5
    context = context[len(context) - order :]
    grams = [
        ("_" * 9 + text)[i + 9 - order : i + 10]
        for text in TRAIN
        for i in range(len(text))
    ]
    if smoothing == "kneser_ney" and not highest:
        longer = {
            ("_" * 9 + text)[i + 8 - order : i + 10]
            for text in TRAIN
            for i in range(len(text))
        }
        grams = [gram[1:] for gram in longer]
    followers = [gram[-1] for gram in grams if gram[:-1] == context]
    lower = probability(context[1:], symbol, order - 1, smoothing, False, discount)
    if not followers:
        return lower
    count, types, total = followers.count(symbol), len(set(followers)), len(followers)
    if smoothing == "witten_bell":
        return (count + types * lower) / (total + types)
    return (max(count - discount, 0) + discount * types * lower) / total


def counted(order, smoothing="witten_bell", **options):
    model = Markov(order, 6, smoothing=smoothing, dtype="float64", **options)
    data = tf.data.Dataset.from_tensor_slices(tokens_of(TRAIN)).batch(3)
    return fit_counts(model, data)


@pytest.mark.parametrize("smoothing", ["witten_bell", "kneser_ney"])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_the_definition(order, smoothing):
    model = counted(order, smoothing)
    asked = ["abcd", "eab", "b", "", "dabca"]
    expected = np.zeros((5, 6))
    for row, text in enumerate(asked):
        for i, c in enumerate(text):
            p = probability("_" * 9 + text[:i], c, order, smoothing)
            expected[row, i] = np.log(p)
    x = tokens_of(asked)
    np.testing.assert_allclose(model(x), expected, rtol=1e-12)
    np.testing.assert_allclose(model.log_prob(x), expected.sum(1), rtol=1e-12)
    perplexity = np.exp(-expected.sum() / sum(map(len, asked)))
    assert model.perplexity(x) == pytest.approx(perplexity, rel=1e-12)
    batches = tf.data.Dataset.from_tensor_slices(x).batch(2)
    assert model.perplexity(batches) == pytest.approx(perplexity, rel=1e-12)
    # Padding is not there, wherever it stands.
    gaps = np.zeros((5, 12), int)
    gaps[:, 1::2] = x
    np.testing.assert_allclose(model(gaps)[:, 1::2], expected, rtol=1e-12)
    following = model.next_probabilities(gaps).numpy()
    np.testing.assert_allclose(following.sum(1), 1, rtol=1e-12)
    for row, text in enumerate(asked):
        p = [probability("_" * 9 + text, c, order, smoothing) for c in "abcde"]
        np.testing.assert_allclose(following[row, 1:], p, rtol=1e-12)


def test_shorter_contexts_of_the_same_model():
    model, x = counted(3), tokens_of(["abcab", "dab"])
    for order in range(4):
        same = counted(order).log_prob(x)
        np.testing.assert_allclose(model.log_prob(x, order=order), same, rtol=1e-12)
    with pytest.raises(ValueError, match="from 0 to 3.*order=4"):
        model.perplexity(x, order=4)
    with pytest.raises(ValueError, match="order=1, smoothing='kneser_ney'"):
        counted(2, "kneser_ney").log_prob(x, order=1)


def test_samples_follow_the_probabilities():
    model = counted(1)
    x = model.sample(4000, 2, seed=0)
    np.testing.assert_array_equal(x, model.sample(4000, 2, seed=0))
    pairs = np.zeros((6, 6))
    np.add.at(pairs, (x[:, 0], x[:, 1]), 1 / 4000)
    first = model.next_probabilities(np.zeros((1, 0), int)).numpy()[0]
    second = model.next_probabilities(np.arange(6)[:, None]).numpy()
    expected = first[:, None] * second
    np.testing.assert_allclose(pairs, expected, atol=0.02)


SERVE = """
import numpy as np, tensorflow as tf
served = tf.saved_model.load(sys.argv[1])
np.save(sys.argv[3], served.serve(tf.constant(np.load(sys.argv[2]))))
"""


def test_files(tmp_path):
    model, x = counted(2, "kneser_ney", discount=0.6, name="tri"), tokens_of(["abe"])
    model.save(tmp_path / "markov.keras")
    again = keras.saving.load_model(tmp_path / "markov.keras")
    assert again.name == "tri" and again.discount == 0.6
    np.testing.assert_array_equal(again(x), model(x))
    Markov(1, 6).save(tmp_path / "empty.keras")
    keras.saving.load_model(tmp_path / "empty.keras")
    signature = [keras.InputSpec(shape=(None, None), dtype="int32")]
    model.export(tmp_path / "exported", input_signature=signature, verbose=False)
    served = run_without_the_zoo(SERVE, tmp_path, x.astype("int32"))
    np.testing.assert_allclose(served, model(x), rtol=1e-12)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"order": -1}, ValueError, "at least 0.*order=-1"),
        ({"order": 1.0}, TypeError, "at least 0.*order=1.0"),
        ({"vocabulary_size": 0}, ValueError, "positive.*vocabulary_size=0"),
        ({"smoothing": "add_one"}, ValueError, "'kneser_ney'.*'add_one'"),
        ({"discount": 1}, ValueError, "between 0 and 1.*discount=1"),
        ({"discount": "a"}, TypeError, "between 0 and 1.*discount='a'"),
        ({"excluded": (0, 4)}, ValueError, r"from 0 to 3.*excluded=\(0, 4\)"),
        ({"excluded": range(4)}, ValueError, r"not all.*excluded=\(0, 1, 2, 3\)"),
    ],
)
def test_arguments(options, error, message):
    with pytest.raises(error, match=message):
        Markov(**{"order": 1, "vocabulary_size": 4} | options)


def test_calls():
    with pytest.raises(ValueError, match="Received: no counts"):
        Markov(1, 4).log_prob(np.array([[1]]))
    model = counted(1)
    with pytest.raises(ValueError, match="0 to 5. Received: token 6"):
        model.log_prob(np.array([[1, 6]]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="tokens up to.*6"):
        tf.function(model.log_prob)(tf.constant([[1, 6]]))
    with pytest.raises(ValueError, match=r"\(batch, time\).*int64 of shape \(2,\)"):
        model.log_prob(np.array([1, 2]))
    with pytest.raises(ValueError, match="one token.*not padding"):
        model.perplexity(np.zeros((2, 2), int))
    with pytest.raises(ValueError, match="positive integer.*length=0"):
        model.sample(2, 0)
