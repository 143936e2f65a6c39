"""The models that every kind of file is tried with, small and with drawn weights."""

import contextlib
import string

import keras
import numpy as np

import keras_rnn_zoo as zoo
from keras_rnn_zoo.export import StepModel
from keras_rnn_zoo.presets import Assets
from tests.cases import ONE_EACH

CHARACTERS = ["", "\N{REPLACEMENT CHARACTER}", *string.ascii_lowercase, " ", "\n", "é"]
WITH_BOUNDARY = [*CHARACTERS[:2], "\x03", *CHARACTERS[2:]]
WORDS = ["", "\N{REPLACEMENT CHARACTER}", "the", "cat", "sat", "ÿes"]
FACTS = {"licence": "CC BY 4.0"}


def assets(task, tokens, labels, unit="character", lowercase=False, boundary=None):
    codec = {
        "tokens": tokens,
        "unit": unit,
        "lowercase": lowercase,
        "boundary": boundary,
    }
    return Assets(task, "drawn", codec, tuple(labels), None, FACTS)


TAGS = assets("tagging", CHARACTERS, ["name", "number", "blank"])
TEXTS = assets(
    "language_model", WITH_BOUNDARY, WITH_BOUNDARY, boundary=WITH_BOUNDARY[2]
)
SENTENCES = assets("classification", WORDS, ["no", "yes"], "word", lowercase=True)


def every_cell():
    """All units side by side, so that a wrong one shows in its own columns."""
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(9, 3, mask_zero=True)(tokens)
    outputs = [case.make_layer(return_sequences=True)(x) for case in ONE_EACH]
    return keras.Model(tokens, keras.layers.Concatenate()(outputs))


def stateful():
    return keras.Sequential(
        [
            keras.Input((None, 4), batch_size=2),
            zoo.LSTM(5, return_sequences=True, stateful=True, implementation="xla"),
            keras.layers.GRU(4, return_sequences=True, stateful=True),
            zoo.PeepholeLSTM(3, truncate=2, trainable_initial_state=True),
            keras.layers.Dense(2),
        ]
    )


def mixed():
    """Trained for a step in half precision."""
    model = zoo.ManyToMany(
        len(WITH_BOUNDARY),
        [6, 5],
        vocabulary_size=len(WITH_BOUNDARY),
        embedding_dim=4,
        dtype="mixed_bfloat16",
        dropout=0.1,
    )
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    x = np.arange(12).reshape(2, 6) % 9 + 3
    model.fit(x, x, verbose=0)
    return model


def stacked_cells():
    cells = [zoo.GRUCell(4), keras.layers.LSTMCell(3)]
    return keras.Sequential(
        [
            keras.Input((None, 3)),
            zoo.RNN(cells, return_sequences=True, name="stack"),
            keras.layers.LayerNormalization(),
            zoo.SimpleRNN(3, return_sequences=True),
        ]
    )


SIZE = len(CHARACTERS)
# name: (a function that makes the model, its assets)
MODELS = {
    "tagger": (
        lambda: zoo.ManyToMany(3, [5, 4], vocabulary_size=SIZE, bidirectional=True),
        TAGS,
    ),
    "conditional random field": (
        lambda: zoo.ManyToMany(
            3, 5, "GRU", vocabulary_size=SIZE, bidirectional=True, head="crf"
        ),
        TAGS,
    ),
    "language model": (mixed, TEXTS),
    "sentences": (
        lambda: zoo.ManyToOne(2, 5, "GRU", vocabulary_size=len(WORDS)),
        SENTENCES,
    ),
    "masked features": (
        lambda: zoo.ManyToOne(3, [5, 4], "GRU", num_features=4, mask_value=0.0),
        None,
    ),
    "forecaster": (
        lambda: zoo.ManyToMany(2, 6, "GRU", num_features=2, output_activation=None),
        None,
    ),
    "output recurrence": (
        lambda: zoo.OutputRecurrence(3, 8, vocabulary_size=SIZE),
        TAGS,
    ),
    "every cell": (every_cell, None),
    "stateful": (stateful, None),
    "stacked cells": (stacked_cells, None),
}


def make(name, rng):
    """`(model, assets)`, with drawn weights where no training has drawn them."""
    build, its_assets = MODELS[name]
    model = build()
    if name != "language model":
        weights = [w for w in model.weights if "state" not in w.name]
        for weight in weights:
            if weight.dtype.startswith("float") and len(weight.shape):
                weight.assign(rng.normal(scale=0.4, size=weight.shape))
    return model, its_assets


def first_states(copy, rows):
    """What a stream begins with, by name: for `rows` rows."""
    step = StepModel(copy)
    states = step.initial_state(rows)
    return {s.name: np.array(v) for s, v in zip(step.states, states, strict=True)}


def forget(model):
    """Stateful layers of a model start anew."""
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()


def no_steps(name):
    """Whether a model reads backwards, so that there is no step."""
    return name in ("tagger", "conditional random field")


def number_of(answer):
    """The name of the numbers in an answer."""
    return next(key for key in ("probabilities", "path", "values") if key in answer)


@contextlib.contextmanager
def looking_at(name):
    """Says in an error which model it is about.

    The tests loop over the models instead of being one each: so the files are written
    by one process, not by each that gets some of the tests.
    """
    try:
        yield
    except Exception as error:
        error.add_note(f"model: {name}")
        raise
