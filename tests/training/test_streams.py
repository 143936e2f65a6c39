"""Contiguous streams, and states carried through them."""

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.datasets.streams import contiguous_streams, join_streams
from keras_rnn_zoo.training.streams import CarriedStates


@hypothesis.settings(max_examples=30)
@hypothesis.given(
    time=st.integers(2, 60), batch_size=st.integers(1, 4), steps=st.integers(1, 5)
)
def test_streams_are_the_sequence_and_its_next_steps(time, batch_size, steps):
    sequence = np.arange(time)
    if time - 1 < batch_size * steps:
        with pytest.raises(ValueError, match=f"sequence of {time} steps"):
            contiguous_streams(sequence, batch_size, steps)
        return
    streams = contiguous_streams(sequence, batch_size, steps)
    pairs = list(streams.dataset.as_numpy_iterator())
    assert len(pairs) == streams.batches
    assert streams.used + streams.left_out + 1 == time
    assert streams.left_out < batch_size * steps
    x, y = (join_streams(batches) for batches in zip(*pairs, strict=True))
    np.testing.assert_array_equal(x, sequence[: streams.used])
    np.testing.assert_array_equal(y, x + 1)
    for before, after in zip(pairs, pairs[1:], strict=False):
        np.testing.assert_array_equal(before[0][:, -1] + 1, after[0][:, 0])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([1, 2, 3], 0, 1), ValueError, "batch_size=0"),
        (([1, 2, 3], 1, 1.0), TypeError, "steps=1.0"),
        ((np.zeros((2, 2, 2)), 1, 1), ValueError, r"shape \(2, 2, 2\)"),
    ],
)
def test_bad_streams(arguments, error, message):
    with pytest.raises(error, match=message):
        contiguous_streams(*arguments)


def model(stateful, batch_size=8, implementation="auto"):
    return keras.Sequential(
        [
            keras.Input((None,), batch_size=batch_size, dtype="int32"),
            keras.layers.Embedding(4, 4),
            zoo.GRU(
                16,
                return_sequences=True,
                stateful=stateful,
                implementation=implementation,
            ),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )


def memory_task(rng, time):
    """Every fourth token repeats the one twelve steps before; the rest are 0."""
    ids = rng.integers(1, 4, size=time)
    ids[np.arange(time) % 4 != 0] = 0
    for t in range(12, time, 4):
        ids[t] = ids[t - 12]
    return ids


def test_carried_states_know_more_than_a_piece_shows(rng):
    """Pieces of 8 steps: what is asked for lies in an earlier piece."""
    rows = [memory_task(rng, 480) for _ in range(8)]
    streams = contiguous_streams(np.concatenate([*rows, [0]]), 8, 8)
    losses = {}
    for stateful in (True, False):
        keras.utils.set_random_seed(3)
        network = model(stateful)
        network.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
        callbacks = [CarriedStates()] if stateful else []
        history = network.fit(streams.dataset, epochs=6, verbose=0, callbacks=callbacks)
        losses[stateful] = history.history["loss"][-1]
    assert losses[True] < 0.75 * losses[False]


def test_an_epoch_starts_anew_and_validation_leaves_no_trace(rng):
    streams = contiguous_streams(memory_task(rng, 8 * 33), 8, 8)
    network = model(True, implementation="loop")
    network.compile("sgd", "sparse_categorical_crossentropy")
    layer = network.layers[1]
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append(np.abs(layer.states[0]).max())

        def on_test_batch_begin(self, batch, logs=None):
            seen.append(-np.abs(layer.states[0]).max())

    callbacks = [CarriedStates(), Watch()]
    network.fit(streams.dataset, epochs=2, verbose=0, callbacks=callbacks)
    first, *later = seen[: streams.batches]
    assert first == 0 and min(later) > 0
    assert seen[streams.batches] == 0, "the second epoch starts anew"
    before = np.asarray(layer.states[0])
    seen.clear()
    network.evaluate(streams.dataset, verbose=0, callbacks=callbacks)
    assert seen[0] == 0 and max(seen[1:]) < 0
    np.testing.assert_array_equal(layer.states[0], before)


def test_pieces_are_truncated_back_propagation(rng):
    """Gradients of two pieces add up to those of one sequence with `truncate`."""
    x = rng.integers(0, 4, size=(8, 12))
    pieces, whole = model(True), model(False)
    whole.layers[1].truncate = 6
    whole.layers[1].implementation = "graph"
    whole.set_weights(pieces.get_weights())

    def gradient(network, inputs):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(network(inputs, training=True)[..., 0])
        return tape.gradient(loss, [w.value for w in network.trainable_weights])

    expected = gradient(whole, x)
    sums = [gradient(pieces, x[:, s : s + 6]) for s in (0, 6)]
    for a, b, c in zip(*sums, expected, strict=True):
        np.testing.assert_allclose(
            tf.convert_to_tensor(a) + tf.convert_to_tensor(b),
            tf.convert_to_tensor(c),
            rtol=1e-4,
            atol=1e-5,
        )


def test_a_model_without_states_is_refused():
    network = model(False)
    network.compile("sgd", "sparse_categorical_crossentropy")
    x = np.zeros((8, 4), "int32")
    with pytest.raises(ValueError, match="stateful.*a model with none"):
        network.fit(x, x, batch_size=8, callbacks=[CarriedStates()], verbose=0)


# --- Questions to a model in the midst of its training

STREAM = np.random.default_rng(0).integers(0, 4, size=8 * 33)
QUESTIONS = {
    "predict": lambda m: m.predict(np.ones((8, 5), "int32"), batch_size=8, verbose=0),
    "predict_on_batch": lambda m: m.predict_on_batch(np.ones((8, 5), "int32")),
    "evaluate": lambda m: m.evaluate(
        np.ones((8, 5), "int32"), np.ones((8, 5)), batch_size=8, verbose=0
    ),
}


class Ask(keras.callbacks.Callback):
    """As a callback asks that shows a sample each so many batches."""

    def __init__(self, question):
        super().__init__()
        self.question = question

    def on_train_batch_end(self, batch, logs=None):
        if batch % 2 == 0:
            self.question(self.model)


def weights_and_states(callbacks):
    """What an epoch ends with."""
    streams = contiguous_streams(STREAM, 8, 8)
    keras.utils.set_random_seed(3)
    network = model(True, implementation="loop")
    network.compile("sgd", "sparse_categorical_crossentropy")
    network.fit(streams.dataset, verbose=0, callbacks=callbacks)
    return [*network.get_weights(), *network.layers[1].states]


@pytest.fixture(scope="module")
def undisturbed():
    return weights_and_states([CarriedStates()])


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_within_an_epoch_leaves_the_stream_where_it_was(
    question, undisturbed
):
    """Whichever callback comes first."""
    ask = Ask(QUESTIONS[question])
    callbacks = [CarriedStates(), ask]
    if question == "predict":
        callbacks.reverse()
    asked = weights_and_states(callbacks)
    for found, expected in zip(asked, undisturbed, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
