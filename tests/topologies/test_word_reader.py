"""Words with their characters: numbers, padding, unknown words, files, learning."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import CRFLoss
from keras_rnn_zoo.layers.readers.word_reader import UNKNOWN_ID, WordReader
from keras_rnn_zoo.topologies import ManyToMany, ManyToOne
from tests.compare import assert_close, randomise
from tests.references import word_reader
from tests.topologies.shared import compiled, finite_differences, train_values

WORDS, LETTERS, MOST = 7, 6, 4
CHARACTERS = {
    "vocabulary_size": LETTERS,
    "max_characters": MOST,
    "embedding_dim": 3,
    "units": 2,
}
BOTH = pytest.mark.parametrize("topology", [ManyToMany, ManyToOne])


def tokens_of(rng, lengths=(4, 1, 3), time=5):
    """Sentences of words of one to four characters, one word of none; padded with 0."""
    x = np.zeros((len(lengths), time, 1 + MOST), "int32")
    for row, length in zip(x, lengths, strict=True):
        row[:length, 0] = rng.integers(1, WORDS, length)
        for word in row[:length]:
            count = rng.integers(1, MOST + 1)
            word[1 : 1 + count] = rng.integers(1, LETTERS, count)
    x[0, 1, 1:] = 0
    return x


def make(topology=ManyToMany, rng=None, characters=CHARACTERS, **options):
    arguments = {"vocabulary_size": WORDS, "embedding_dim": 3, "units": 5}
    model = topology(3, **arguments, characters=characters, **options)
    if rng is not None:
        randomise(model, rng)
    return model


def test_the_numbers_are_those_of_each_word_by_itself(rng):
    characters = {**CHARACTERS, "cell": "SimpleRNN"}
    layer = WordReader(WORDS, 3, characters, dtype="float64")
    x = tokens_of(rng)
    layer(x)
    randomise(layer, rng)
    weights = layer.get_weights()
    expected = word_reader.outputs(x, weights)
    assert_close(layer(x), expected, "float64")
    np.testing.assert_array_equal(layer.compute_mask(x), x[..., 0] != 0)
    assert tuple(layer(x).shape) == layer.compute_output_shape(x.shape)

    targets = rng.normal(size=expected.shape)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum((layer(x) - targets) ** 2)
    gradients = tape.gradient(loss, [w.value for w in layer.trainable_weights])
    known = finite_differences(
        lambda: np.sum((word_reader.outputs(x, weights) - targets) ** 2), weights
    )
    for gradient, by_differences in zip(gradients, known, strict=True):
        gradient = tf.convert_to_tensor(gradient)
        np.testing.assert_allclose(gradient, by_differences, atol=2e-6)


@pytest.mark.parametrize("implementation", ["eager", "fit", "another graph"])
def test_padding_changes_nothing(implementation, rng):
    """More steps, more rows, and words that are padding whatever their characters."""
    model = make(rng=rng, bidirectional=True)
    call = {
        "eager": model,
        "fit": lambda x: model.predict(x, verbose=0),
        "another graph": tf.function(lambda x: model(x, training=False)),
    }[implementation]
    x = tokens_of(rng)
    expected = np.asarray(call(x))
    real = x[..., 0] != 0
    longer = np.pad(x, ((0, 1), (0, 3), (0, 0)))
    longer[0, -1, 1:] = 2  # characters without a word
    answer = np.asarray(call(longer))
    assert np.isfinite(answer).all()
    assert_close(answer[:-1, : x.shape[1]][real], expected[real])
    for row, length, those in zip(x, real.sum(1), expected, strict=True):
        assert_close(call(row[None, :length])[0], those[:length])
    # Control: a character more is seen.
    x[1, 0, 1] = x[1, 0, 1] % (LETTERS - 1) + 1
    assert np.abs(np.asarray(call(x)) - expected)[1, 0].max() > 1e-4


def test_padding_changes_no_gradient_and_every_weight_has_one(rng):
    model = compiled(make(rng=rng, bidirectional=True))
    x = tokens_of(rng)
    y = rng.integers(0, 3, x.shape[:2])
    loss, gradients = train_values(model, x, y)
    assert len(gradients) == len(model.trainable_weights)
    assert all(np.isfinite(g).all() and np.abs(g).max() > 0 for g in gradients)
    more = ((0, 0), (0, 2))
    again = train_values(model, np.pad(x, (*more, (0, 0))), np.pad(y, more))
    assert again[0] == pytest.approx(loss, rel=1e-5)
    for before, after in zip(gradients, again[1], strict=True):
        np.testing.assert_allclose(after, before, atol=1e-6)


def test_a_batch_of_nothing_is_answered():
    x = np.zeros((2, 3, 1 + MOST), "int32")
    assert np.isfinite(make(ManyToOne)(x)).all()
    assert make()(x[:0]).shape == (0, 3, 3)


def test_words_are_forgotten_in_training_only(rng):
    layer = WordReader(WORDS, 3, {**CHARACTERS, "word_dropout": 0.5}, seed=3)
    x = np.tile(tokens_of(rng), (40, 1, 1))
    x[x[..., 0] == UNKNOWN_ID, 0] = 2
    full = np.asarray(layer(x))
    answer = np.asarray(layer(x, training=True))
    unknown = np.asarray(layer.words.embeddings)[UNKNOWN_ID]
    forgotten = (answer[..., :3] == unknown).all(-1)
    real = x[..., 0] != 0
    assert 0.4 < forgotten[real].mean() < 0.6 and not forgotten[~real].any()
    np.testing.assert_array_equal(answer[~forgotten], full[~forgotten])
    np.testing.assert_array_equal(answer[..., 3:], full[..., 3:])
    again = np.asarray(layer(x, training=True))
    assert ((again[..., :3] == unknown).all(-1) != forgotten).any()


@BOTH
@pytest.mark.parametrize(
    "dtype", [None, pytest.param("mixed_bfloat16", marks=pytest.mark.slow)]
)
def test_config_files_and_half_precision(topology, dtype, rng, tmp_path):
    characters = {**CHARACTERS, "cell": "GRU", "word_dropout": 0.25}
    model = make(topology, characters=characters, seed=4, dtype=dtype)
    config = model.get_config()
    assert config["characters"] == characters
    same = topology.from_config(config)
    assert same.get_config() == config
    x = tokens_of(rng)
    if dtype is not None:
        words = model.get_layer("words")
        assert words(x).dtype == "bfloat16" and model(x).dtype == "float32"
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    y = np.zeros(x.shape[: 2 if topology is ManyToMany else 1])
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"]).all()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
    reader = model.get_layer("words")
    assert WordReader.from_config(reader.get_config()).characters == characters


def test_the_characters_tell_what_an_unknown_word_is():
    """All words are unknown; the tag depends on the first and the last character."""
    rng = np.random.default_rng(2)
    x = np.ones((200, 6, 1 + MOST), "int32")
    x[..., 1:] = rng.integers(1, LETTERS, x[..., 1:].shape)
    count = rng.integers(1, MOST + 1, (200, 6, 1))
    last = np.take_along_axis(x, count, -1)[..., 0]
    x[..., 1:] *= np.arange(MOST) < count
    y = (x[..., 1] > 3).astype("int32") + (last > 3)
    model = make(head="crf", bidirectional=True, seed=1)
    model.compile(keras.optimizers.Adam(0.02), CRFLoss(), jit_compile=False)
    model.fit(x[:150], y[:150], epochs=12, batch_size=25, verbose=0)
    found = np.argmax(model.predict(x[150:], verbose=0), -1)
    assert (found == y[150:]).mean() > 0.9


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"characters": 5}, TypeError, "must be a dict.*Received: characters=5"),
        ({"characters": {}}, ValueError, "'vocabulary_size' and 'max_characters'"),
        (
            {"characters": {**CHARACTERS, "dropout": 0.1}},
            ValueError,
            "any of 'embedding_dim', 'units', 'cell', 'word_dropout'.*'dropout': 0.1",
        ),
        (
            {"characters": {**CHARACTERS, "max_characters": 0}},
            ValueError,
            r"`characters\['max_characters'\]` must be a positive.*Received.*=0",
        ),
        (
            {"characters": {**CHARACTERS, "vocabulary_size": 1}},
            ValueError,
            "at least 2: id 0 is the padding",
        ),
        (
            {"characters": {**CHARACTERS, "word_dropout": 1}},
            ValueError,
            "rate < 1. Received.*=1",
        ),
        (
            {"characters": {**CHARACTERS, "cell": "elman"}},
            ValueError,
            "one of .*GRU.*Received: cell='elman'",
        ),
        (
            {"characters": {**CHARACTERS, "cell": 3}},
            TypeError,
            "name of a cell.*Received: cell=3",
        ),
        (
            {"vocabulary_size": None, "num_features": 3},
            ValueError,
            "`characters` must be None for real-valued.*num_features=3",
        ),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    given = {"vocabulary_size": WORDS, "characters": CHARACTERS, **arguments}
    with pytest.raises(error, match=message):
        ManyToMany(3, **given)


def test_words_with_characters_are_not_generated(rng):
    model = ManyToMany(WORDS, vocabulary_size=WORDS, characters=CHARACTERS)
    with pytest.raises(ValueError, match="`characters` must be None to generate"):
        model.generate(np.array([3, 1]), steps=2)
