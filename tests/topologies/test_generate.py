"""Text from a many-to-many model, one token after the other."""

import keras
import numpy as np
import pytest

from keras_rnn_zoo import layers
from keras_rnn_zoo.ops import RandomSampler, TopKSampler, TopPSampler
from keras_rnn_zoo.topologies import ManyToMany
from tests.compare import randomise

VOCABULARY = 9


def make(rng, units=(6, 5), cell="LSTM", scale=1.5, **options):
    options = {"vocabulary_size": VOCABULARY, "embedding_dim": 4, **options}
    model = ManyToMany(VOCABULARY, list(units), cell, **options)
    randomise(model, rng, scale)
    return model


def reread(model, prompt, steps, choose):
    """The slow way: the whole text is read again for each token."""
    tokens = list(prompt)
    for _ in range(steps):
        p = model(np.array([tokens]))[0, -1].numpy().astype("float64")
        p[0] = 0.0
        tokens.append(int(choose(p)))
    return np.array(tokens)


CASES = {
    "two layers": {},
    "SimpleRNN, one layer": {"cell": "SimpleRNN", "units": [6]},
    "a Keras cell": {"cell": keras.layers.LSTMCell},
    "our cell, three layers": {"cell": layers.GRUCell(6), "units": [6, 6, 6]},
    "logits, dropout": {
        "output_activation": None,
        "dropout": 0.5,
        "recurrent_dropout": 0.5,
        "output_dropout": 0.5,
    },
}


@pytest.mark.parametrize("case", CASES)
def test_equals_reading_the_whole_text_again(case, rng):
    model = make(rng, **CASES[case])
    if case.startswith("logits"):
        probabilities = make(rng)
        probabilities.set_weights(model.get_weights())
        slow = reread(probabilities, [3, 1, 4], 12, np.argmax)
    else:
        slow = reread(model, [3, 1, 4], 12, np.argmax)
    fast = model.generate(np.array([3, 1, 4]), 12, temperature=0.0)
    np.testing.assert_array_equal(fast, slow)
    assert fast.dtype == "int32"


def test_draws_follow_the_probabilities(rng):
    model = make(rng)
    prompts = np.tile([[3, 1, 4]], (6000, 1))
    p = model(prompts[:1])[0, -1].numpy()
    p[0] = 0.0

    def shares(**options):
        drawn = model.generate(prompts, 1, seed=1, **options)[:, -1]
        return np.bincount(drawn, minlength=VOCABULARY) / len(drawn)

    np.testing.assert_allclose(shares(), p / p.sum(), atol=0.03)
    flat = p**0.5
    np.testing.assert_allclose(shares(temperature=2.0), flat / flat.sum(), atol=0.03)
    best = np.where(p >= np.sort(p)[-3], p, 0.0)
    np.testing.assert_allclose(shares(top_k=3), best / best.sum(), atol=0.03)
    # The second token depends on the first.
    drawn = model.generate(prompts, 2, seed=1)
    first = p.argmax()
    after = drawn[drawn[:, 3] == first, 4]
    p = model(np.array([[3, 1, 4, first]]))[0, -1].numpy()
    p[0] = 0.0
    actual = np.bincount(after, minlength=VOCABULARY) / len(after)
    np.testing.assert_allclose(actual, p / p.sum(), atol=0.06)


def test_cold_draws_are_the_most_likely_tokens(rng):
    model = make(rng)
    prompt = np.array([[3, 1, 4], [2, 2, 2]])
    greedy = model.generate(prompt, 20, temperature=0)
    np.testing.assert_array_equal(
        model.generate(prompt, 20, temperature=1e-4, seed=3), greedy
    )
    np.testing.assert_array_equal(model.generate(prompt, 20, top_k=1, seed=3), greedy)
    assert (model.generate(prompt, 20, temperature=5.0, seed=3) != greedy).any()


def test_the_seed_repeats_the_text(rng):
    model = make(rng)
    prompt = np.array([3, 1, 4])
    first = model.generate(prompt, 30, seed=1)
    np.testing.assert_array_equal(model.generate(prompt, 30, seed=1), first)
    np.testing.assert_array_equal(model.generate(prompt, 10, seed=1), first[:13])
    assert (model.generate(prompt, 30, seed=2) != first).any()
    assert (model.generate(prompt, 30) != model.generate(prompt, 30)).any()


def test_padding_is_never_generated(rng):
    model = make(rng)
    bias = model.get_layer("output").bias
    bias.assign(np.eye(VOCABULARY)[0] * 50)  # Nearly sure of padding.
    for options in ({}, {"temperature": 0}, {"top_k": 2}, {"top_k": 100}):
        assert (model.generate(np.array([[3, 1]] * 50), 20, **options) > 0).all()


def test_prompts_of_different_length(rng):
    model = make(rng)
    prompt = np.array([[3, 1, 4], [0, 2, 0], [5, 7, 0]])
    actual = model.generate(prompt, 6, temperature=0)
    assert actual.shape == (3, 9)
    for row, given in zip(actual, prompt, strict=True):
        given = given[given != 0]
        expected = reread(model, given, 6, np.argmax)
        np.testing.assert_array_equal(row[: len(expected)], expected)
        assert (row[len(expected) :] == 0).all()


def test_nothing_to_generate(rng):
    prompt = np.array([3, 1, 4])
    np.testing.assert_array_equal(make(rng).generate(prompt, 0), prompt)


def test_weights_that_change_change_the_text(rng):
    model = make(rng)
    prompt = np.array([3, 1, 4])
    model.generate(prompt, 5, temperature=0)
    randomise(model, rng, 1.5)
    np.testing.assert_array_equal(
        model.generate(prompt, 12, temperature=0), reread(model, prompt, 12, np.argmax)
    )


def test_a_model_that_generated_is_saved(rng, tmp_path):
    model = make(rng)
    text = model.generate(np.array([3]), 9, seed=1)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.generate(np.array([3]), 9, seed=1), text)


def test_mixed_precision(rng):
    model = make(rng, dtype="mixed_bfloat16")
    assert model.generate(np.array([3, 1, 4]), 10, seed=1).min() > 0


def test_the_loop_is_compiled_once_for_all_lengths(rng, monkeypatch):
    model = make(rng, units=[64, 64])
    steps, step = [], model._next_logits
    monkeypatch.setattr(
        model, "_next_logits", lambda *args: steps.append(args) or step(*args)
    )
    text = model.generate(np.array([3, 1, 4]), 10, seed=1)
    traced = len(steps)
    assert 1 <= traced < 4  # not once a token
    longer = model.generate(np.array([[3, 1, 4], [1, 5, 0]]), 500, seed=1)
    assert len(steps) == traced and text.shape == (13,) and longer.shape == (2, 503)


@pytest.mark.parametrize(
    ("error", "match", "arguments"),
    [
        (TypeError, r"prompt.*integer.*float64", {"prompt": np.ones(3)}),
        (ValueError, r"prompt.*\(time,\).*shape \(0,\)", {"prompt": np.ones(0, int)}),
        (
            ValueError,
            r"prompt.*shape \(1, 1, 1\)",
            {"prompt": np.ones((1, 1, 1), int)},
        ),
        (ValueError, r"prompt.*0 to 8.*from 3 to 9", {"prompt": np.array([3, 9])}),
        (ValueError, r"prompt.*from -1 to 3", {"prompt": np.array([3, -1])}),
        (
            ValueError,
            r"prompt.*padding in row 1",
            {"prompt": np.array([[3, 1], [0, 0]])},
        ),
        (ValueError, r"steps.*steps=-1", {"steps": -1}),
        (TypeError, r"steps.*steps=2\.5", {"steps": 2.5}),
        (ValueError, r"temperature.*temperature=-0\.5", {"temperature": -0.5}),
        (TypeError, r"temperature='hot'", {"temperature": "hot"}),
        (ValueError, r"top_k=0", {"top_k": 0}),
        (TypeError, r"top_k=1\.5", {"top_k": 1.5}),
        (ValueError, r"seed.*seed=-1", {"seed": -1}),
        (TypeError, r"seed.*seed='a'", {"seed": "a"}),
    ],
)
def test_errors(error, match, arguments, rng):
    model = make(rng)
    with pytest.raises(error, match=match):
        model.generate(**{"prompt": np.array([3, 1]), "steps": 2, **arguments})


@pytest.mark.parametrize(
    ("match", "options"),
    [
        (r"bidirectional=True", {"bidirectional": True}),
        (
            r"num_outputs=9, vocabulary_size=None",
            {"vocabulary_size": None, "num_features": 2},
        ),
        (r"num_outputs=9, vocabulary_size=7", {"vocabulary_size": 7}),
        (r"output_activation='sigmoid'", {"output_activation": "sigmoid"}),
    ],
)
def test_models_that_cannot_generate(match, options, rng):
    with pytest.raises(ValueError, match=match):
        make(rng, **options).generate(np.array([1]), 2)


def test_samplers_are_those_of_the_encoder_decoder(rng):
    model = make(rng)
    prompt = np.array([3, 1, 4])

    def same(sampler, **options):
        ours = model.generate(prompt, 12, seed=3, **options)
        np.testing.assert_array_equal(
            model.generate(prompt, 12, seed=3, sampler=sampler), ours
        )

    same("greedy", temperature=0.0)
    same(RandomSampler(), temperature=1.0)
    same(RandomSampler(temperature=0.7), temperature=0.7)
    same(TopKSampler(k=3, temperature=0.7), temperature=0.7, top_k=3)
    own = model.generate(prompt, 12, sampler=RandomSampler(seed=3))
    np.testing.assert_array_equal(model.generate(prompt, 12, seed=3), own)
    nucleus = model.generate(prompt, 12, sampler=TopPSampler(p=1e-6))
    np.testing.assert_array_equal(nucleus, model.generate(prompt, 12, temperature=0.0))
    with pytest.raises(ValueError, match="sampler=BeamSampler"):
        model.generate(prompt, 2, sampler="beam")
    with pytest.raises(ValueError, match="top_k=2"):
        model.generate(prompt, 2, top_k=2, sampler="greedy")
