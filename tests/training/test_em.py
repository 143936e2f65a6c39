"""Baum-Welch and counting."""

import itertools

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st

from keras_rnn_zoo import HMM, LSTM, Markov
from keras_rnn_zoo.training.counting import fit_counts
from keras_rnn_zoo.training.em import fit_em

MODELS = {
    "categorical": HMM(3, num_symbols=4, mask_value=-1, dtype="float64"),
    "gaussian": HMM(3, "gaussian", num_features=2, mask_value=-1, dtype="float64"),
}


@pytest.mark.parametrize("emission", MODELS)
@hypothesis.settings(max_examples=12)
@hypothesis.given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.01, 5.0))
def test_em_never_lowers_the_likelihood(emission, seed, scale):
    rng, hmm = np.random.default_rng(seed), MODELS[emission]
    hmm.set_weights([rng.normal(scale=scale, size=w.shape) for w in hmm.weights])
    mask = rng.random((5, 6)) < 0.8
    mask[0] = True
    if emission == "categorical":
        x = np.where(mask, rng.integers(0, 4, (5, 6)), -1).astype("int32")
    else:
        x = np.where(mask[..., None], scale * rng.normal(size=(5, 6, 2)), -1.0)
    before = np.sum(hmm.log_prob(x))
    history = fit_em(hmm, [x[:2], x[2:]], epochs=8, tolerance=0, min_variance=1e-6)
    found = history["log_prob"]
    assert found[0] == pytest.approx(before)
    assert found[-1] == pytest.approx(np.sum(hmm.log_prob(x)))
    for lower, higher in itertools.pairwise(found):
        assert higher >= lower - 1e-9 * abs(lower)


def test_em_finds_the_clusters_and_stops(rng):
    truth = HMM(2, "gaussian", num_features=1)
    truth.transition.assign(np.log([[0.9, 0.1], [0.2, 0.8]]))
    truth.mean.assign([[100.0], [103.0]])
    states, x = truth.sample(40, 50, seed=0)
    hmm = HMM(2, "gaussian", num_features=1)
    data = tf.data.Dataset.from_tensor_slices((x, states)).batch(16)
    history = fit_em(hmm, data, epochs=200, initialize=True, seed=2)
    assert 3 < len(history["log_prob"]) < 100
    assert history["log_prob"][-1] > np.sum(truth.log_prob(x)) - 1
    order = np.argsort(hmm.mean.numpy()[:, 0])
    np.testing.assert_allclose(hmm.mean.numpy()[order, 0], [100, 103], atol=0.15)
    moves = np.exp(hmm.transition.numpy())[np.ix_(order, order)]
    np.testing.assert_allclose(moves, [[0.9, 0.1], [0.2, 0.8]], atol=0.03)


def test_pseudocounts_and_states_that_never_come():
    hmm = HMM(2, num_symbols=3, dtype="float64")
    hmm.initial.assign([0.0, -np.inf])  # State 1 never begins, and is never reached.
    hmm.transition.assign([[0.0, -np.inf], [0.5, 0.0]])
    kept = hmm.emission.numpy()[1]
    x = np.array([[0, 0, 1]])
    fit_em(hmm, [x], epochs=1)
    np.testing.assert_allclose(np.exp(hmm.emission[0]), [2 / 3, 1 / 3, 0])
    np.testing.assert_array_equal(hmm.emission[1], kept)
    np.testing.assert_array_equal(hmm.transition[1], [0.5, 0.0])
    assert np.isfinite(hmm.log_prob(x))[0] and hmm.log_prob([[2]])[0] == -np.inf
    fit_em(hmm, [x], epochs=1, pseudocount=1)
    np.testing.assert_allclose(np.exp(hmm.emission[0]), [3 / 6, 2 / 6, 1 / 6])
    np.testing.assert_allclose(np.exp(hmm.initial), [2 / 3, 1 / 3])


def test_known_states_are_counted():
    x = np.array([[0, 2, 9, 1], [1, 9, 9, 9], [9, 9, 9, 9]])
    states = np.array([[0, 1, -3, 1], [0, 7, 7, 7], [7, 7, 7, 7]])
    hmm = HMM(2, num_symbols=3, mask_value=9)
    assert fit_counts(hmm, [(x[:1], states[:1]), (x[1:], states[1:])]) is hmm
    np.testing.assert_allclose(np.exp(hmm.initial), [1, 0])
    np.testing.assert_allclose(np.exp(hmm.transition), [[0, 1], [0, 1]])
    np.testing.assert_allclose(np.exp(hmm.emission), [[0.5, 0.5, 0], [0, 0.5, 0.5]])
    best = np.sum(hmm.joint_log_prob(states, x))
    assert best == pytest.approx(4 * np.log(0.5))
    fit_counts(hmm, [(x, states)], pseudocount=0.5)
    np.testing.assert_allclose(np.exp(hmm.initial), [2.5 / 3, 0.5 / 3], rtol=1e-6)
    hmm = HMM(2, "gaussian", num_features=1, mask_value=-1)
    y = np.array([[[10.0], [14.0], [-1.0], [30.0]]], "float32")
    fit_counts(hmm, [(y, np.array([[0, 0, 5, 1]]))], min_variance=0.25)
    np.testing.assert_allclose(hmm.mean, [[12.0], [30.0]], rtol=1e-6)
    np.testing.assert_allclose(np.exp(hmm.log_variance), [[4.0], [0.25]], rtol=1e-5)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"hmm": 3}, TypeError, "an `HMM`.*hmm=3"),
        ({"epochs": 0}, ValueError, "positive integer.*epochs=0"),
        ({"tolerance": -1}, ValueError, "at least 0.*tolerance=-1"),
        ({"pseudocount": None}, TypeError, "at least 0.*pseudocount=None"),
        ({"min_variance": "a"}, TypeError, "at least 0.*min_variance='a'"),
        ({"initialize": True}, ValueError, "categorical.*initialize=True"),
        ({"dataset": []}, ValueError, "one unmasked step.*no batches"),
        ({"dataset": [np.array([[-1]])]}, ValueError, "nothing but masked steps"),
    ],
)
def test_em_arguments(options, error, message):
    arguments = {"hmm": MODELS["categorical"], "dataset": [np.array([[0, 1]])]}
    with pytest.raises(error, match=message):
        fit_em(**arguments | options)


def test_too_few_steps_to_start_from():
    with pytest.raises(ValueError, match="Received: 1 steps, num_states=3"):
        fit_em(MODELS["gaussian"], [np.zeros((1, 1, 2))], initialize=True)


@pytest.mark.parametrize(
    "model, batch, error, message",
    [
        (LSTM(2), 0, TypeError, "an `HMM` or a `Markov`.*LSTM"),
        (MODELS["categorical"], np.array([[0]]), TypeError, "pairs.*ndarray"),
        (
            MODELS["categorical"],
            (np.array([[0]]), np.array([[3]])),
            ValueError,
            "`states`.*0 to 2.*tag 3",
        ),
        (Markov(1, 4), (1, 2), TypeError, "tokens alone.*tuple of 2"),
        (Markov(1, 4), np.zeros((1, 2)), TypeError, r"integer.*float64 of shape"),
        (Markov(1, 4), np.array([[1, 4]]), ValueError, "0 to 3.*token 4"),
        (Markov(1, 4), np.array([[0, 0]]), ValueError, "one token.*1 sequences"),
    ],
)
def test_counting_arguments(model, batch, error, message):
    with pytest.raises(error, match=message):
        fit_counts(model, [batch])
