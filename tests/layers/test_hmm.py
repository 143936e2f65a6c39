"""The hidden Markov model against enumeration and hmmlearn, in `fit`, and as files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import HMM
from keras_rnn_zoo.training.em import fit_em
from tests.compare import randomise
from tests.fresh import run_without_the_zoo
from tests.references import chains as reference


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def make(emission, rng, dtype=None, **options):
    size = {"num_symbols": 4} if emission == "categorical" else {"num_features": 2}
    hmm = HMM(3, emission, **size, dtype=dtype, **options)
    randomise(hmm, rng, 1.0)
    return hmm


def data(emission, rng, batch=4, time=5):
    mask = rng.random((batch, time)) < 0.6
    mask[0], mask[1] = False, True
    if emission == "categorical":
        return np.where(mask, rng.integers(0, 4, (batch, time)), 99), mask
    x = rng.normal(size=(batch, time, 2)).astype("float32")
    return np.where(mask[..., None], x, np.nan), mask


def scores(hmm, x, mask):
    """Log probabilities from the weights, in float64: emission, transition, initial."""
    weights = {w.name: w.numpy().astype("float64") for w in hmm.weights}
    if hmm.emission_kind == "categorical":
        table = np.log(softmax(weights["emission"]))
        unary = table.T[np.where(mask, x, 0)]
    else:
        x = np.where(mask[..., None], x, 0)[:, :, None]
        deviation = np.exp(weights["log_variance"] / 2)
        z = (x - weights["mean"]) / deviation
        density = np.exp(-(z**2) / 2) / (deviation * np.sqrt(2 * np.pi))
        unary = np.log(density).sum(-1)
    return (
        unary,
        np.log(softmax(weights["transition"])),
        np.log(softmax(weights["initial"])),
    )


@pytest.mark.parametrize("emission", ["categorical", "gaussian"])
def test_enumeration(emission, rng):
    hmm = make(emission, rng)
    x, mask = data(emission, rng)
    unary, transition, initial = scores(hmm, x, mask)
    expected = reference.summary(unary, transition, mask, initial)
    near = {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(hmm.log_prob(x, mask), expected["log_norm"], **near)
    np.testing.assert_allclose(hmm(x, mask=mask), expected["log_norm"], **near)
    np.testing.assert_allclose(hmm.posterior(x, mask), expected["marginals"], **near)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(hmm.log_prob(x, mask))
    # What is masked, be it nan, leaves no trace.
    gradients = tape.gradient(total, [w.value for w in hmm.trainable_weights])
    assert all(np.isfinite(tf.convert_to_tensor(g)).all() for g in gradients)
    states, best = hmm.viterbi(x, mask)
    np.testing.assert_array_equal(states, expected["path"])
    np.testing.assert_allclose(best, expected["score"], **near)
    np.testing.assert_allclose(hmm.joint_log_prob(states, x, mask), best, **near)
    other = rng.integers(0, 3, mask.shape)
    joint = []
    for row in range(4):
        steps = np.flatnonzero(mask[row])
        every, each = reference.paths(unary[row, steps], transition, initial)
        joint.append(each[(every == other[row, steps]).all(1)][0])
    other[~mask] = -5
    np.testing.assert_allclose(hmm.joint_log_prob(other, x, mask), joint, **near)


@pytest.mark.parametrize("emission", ["categorical", "gaussian"])
def test_hmmlearn(emission, rng):
    learn = pytest.importorskip("hmmlearn.hmm")
    hmm = make(emission, rng, dtype="float64", mask_value=-1)
    lengths = [7, 3, 9]
    if emission == "categorical":
        rows = [rng.integers(0, 4, n) for n in lengths]
        other = learn.CategoricalHMM(3, n_iter=1, init_params="", n_features=4)
        other.emissionprob_ = softmax(hmm.emission.numpy())
        flat = np.concatenate(rows)[:, None]
    else:
        rows = [rng.normal(size=(n, 2)) for n in lengths]
        other = learn.GaussianHMM(
            3, n_iter=1, init_params="", covars_prior=0, covars_weight=1, min_covar=0
        )
        other.means_ = hmm.mean.numpy()
        other.covars_ = np.exp(hmm.log_variance.numpy())
        flat = np.concatenate(rows)
    other.startprob_ = softmax(hmm.initial.numpy())
    other.transmat_ = softmax(hmm.transition.numpy())
    x = np.full((3, 9, *rows[0].shape[1:]), -1.0)
    for row, values in zip(x, rows, strict=True):
        row[: len(values)] = values
    x = x.astype("int32" if emission == "categorical" else "float64")
    mask = np.arange(9) < np.array(lengths)[:, None]

    total = np.sum(hmm.log_prob(x))
    np.testing.assert_allclose(total, other.score(flat, lengths), rtol=1e-9)
    best, path = other.decode(flat, lengths)
    states, mine = hmm.viterbi(x)
    np.testing.assert_array_equal(states.numpy()[mask], path)
    np.testing.assert_allclose(np.sum(mine), best, rtol=1e-9)
    posterior = other.predict_proba(flat, lengths)
    np.testing.assert_allclose(hmm.posterior(x).numpy()[mask], posterior, atol=1e-9)

    history = fit_em(hmm, [x], epochs=1, min_variance=0)
    other.fit(flat, lengths)
    assert history["log_prob"][0] == pytest.approx(total)
    near = {"rtol": 1e-7, "atol": 1e-10}
    pairs = [(hmm.initial, other.startprob_), (hmm.transition, other.transmat_)]
    if emission == "categorical":
        pairs.append((hmm.emission, other.emissionprob_))
    for weight, expected in pairs:
        np.testing.assert_allclose(softmax(weight.numpy()), expected, **near)
    if emission == "gaussian":
        np.testing.assert_allclose(hmm.mean, other.means_, **near)
        variance = [np.diag(c) for c in other.covars_]
        np.testing.assert_allclose(np.exp(hmm.log_variance), variance, rtol=1e-6)


def test_mask_value_pads(rng):
    for emission, value in (("categorical", 0), ("gaussian", -7.0)):
        hmm = make(emission, rng, mask_value=value)
        x = rng.integers(1, 4, (2, 4)) if emission == "categorical" else None
        x = rng.normal(size=(2, 4, 2)).astype("float32") if x is None else x
        padding = np.full((2, 3, *x.shape[2:]), value, x.dtype)
        if emission == "gaussian":
            x[0, 1, 0] = value  # One feature alone is no padding.
            free = HMM(3, emission, num_features=2)
            free.set_weights(hmm.get_weights())
            np.testing.assert_allclose(free(x), hmm(x), rtol=1e-6)
        longer = np.concatenate([x, padding], axis=1)
        np.testing.assert_allclose(hmm(longer), hmm(x), rtol=1e-6)
        assert not hmm.log_prob(padding).numpy().any()
        assert hmm.log_prob(padding[:, :0]).numpy().tolist() == [0, 0]


def test_plain_fit_raises_the_likelihood_without_and_with_states(rng):
    truth = make("categorical", rng)
    truth.emission.assign(np.array([[3.0, 0, 0, 0], [0, 3, 0, 0], [0, 0, 3, 0]]))
    states, x = truth.sample(64, 12, seed=0)
    hmm = HMM(3, num_symbols=4, seed=3)
    hmm.compile(keras.optimizers.Adam(0.1))
    first = hmm.evaluate(x, verbose=0)
    assert first == pytest.approx(-np.mean(hmm.log_prob(x)), rel=1e-5)
    weights = np.arange(64.0)
    history = hmm.fit(x, epochs=10, verbose=0).history["loss"]
    assert hmm.evaluate(x, verbose=0) < first - 1 and history[-1] < history[0]
    data = tf.data.Dataset.from_tensor_slices((x, states)).batch(16)
    hmm.fit(data, epochs=40, verbose=0)
    joint = -np.asarray(hmm.joint_log_prob(states, x))
    assert hmm.evaluate(data, verbose=0) == pytest.approx(joint.mean(), rel=1e-5)
    best = -np.mean(truth.joint_log_prob(states, x))
    assert joint.mean() < best + 0.1
    weighted = hmm.evaluate(x, states, sample_weight=weights, batch_size=64, verbose=0)
    assert weighted == pytest.approx(np.mean(joint * weights), rel=1e-5)
    found, _ = hmm.viterbi(x)
    assert np.mean(found.numpy() == states) > 0.7


def test_samples_follow_the_weights(rng):
    hmm = make("categorical", rng)
    states, x = hmm.sample(20000, 2, seed=1)
    assert states.dtype == x.dtype == "int32"
    again, _ = hmm.sample(20000, 2, seed=1)
    np.testing.assert_array_equal(states, again)
    pairs = np.zeros((3, 3))
    np.add.at(pairs, (states[:, 0], states[:, 1]), 1 / len(states))
    pi, a = softmax(hmm.initial.numpy()), softmax(hmm.transition.numpy())
    np.testing.assert_allclose(pairs, pi[:, None] * a, atol=0.015)
    shown = np.zeros((3, 4))
    np.add.at(shown, (states.ravel(), x.ravel()), 1)
    shown /= shown.sum(1, keepdims=True)
    np.testing.assert_allclose(shown, softmax(hmm.emission.numpy()), atol=0.03)
    hmm = make("gaussian", rng)
    states, x = hmm.sample(20000, 1, seed=2)
    for state in range(3):
        here = x[states == state]
        np.testing.assert_allclose(here.mean(0), hmm.mean[state], atol=0.15)
        variance = np.exp(hmm.log_variance[state])
        np.testing.assert_allclose(here.var(0), variance, rtol=0.1)


SERVE = """
import numpy as np, tensorflow as tf
served, x = tf.saved_model.load(sys.argv[1]), tf.constant(np.load(sys.argv[2]))
states, best = served.viterbi(x)
columns = [served.serve(x), best, served.posterior(x)[:, 0, 0]]
np.save(sys.argv[3], np.concatenate([np.stack(columns, 1), states], 1))
"""


@pytest.mark.parametrize("emission", ["categorical", "gaussian"])
def test_files(emission, rng, tmp_path):
    hmm = make(emission, rng, mask_value=-1, name="hidden")
    hmm.compile("sgd")
    x, mask = data(emission, rng)
    x[~mask] = -1
    x = x.astype("int32" if emission == "categorical" else "float32")
    hmm.save(tmp_path / "hmm.keras")
    again = keras.saving.load_model(tmp_path / "hmm.keras")
    assert again.name == "hidden" and again.mask_value == -1
    np.testing.assert_array_equal(again(x), hmm(x))
    if emission == "categorical":
        archive = keras.export.ExportArchive()
        archive.track(hmm)
        signature = [tf.TensorSpec((None, None), "int32")]
        for name in ("serve", "viterbi", "posterior"):
            function = hmm.call if name == "serve" else getattr(hmm, name)
            archive.add_endpoint(name, function, signature)
        archive.write_out(tmp_path / "exported", verbose=False)
        served = run_without_the_zoo(SERVE, tmp_path, x)
        states, best = hmm.viterbi(x)
        columns = np.stack([hmm(x), best, hmm.posterior(x)[:, 0, 0]], 1)
        np.testing.assert_allclose(served[:, :3], columns, rtol=1e-6)
        np.testing.assert_array_equal(served[:, 3:], states)


# === Bad input ===


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"num_states": 0}, ValueError, "positive integer.*num_states=0"),
        ({"emission": "poisson"}, ValueError, "'gaussian'.*emission='poisson'"),
        ({"num_symbols": None}, ValueError, "`num_symbols`.*num_symbols=None"),
        ({"num_features": 2}, ValueError, "no other size.*num_features=2"),
        ({"emission": "gaussian"}, ValueError, "`num_features`.*num_symbols=3"),
        ({"num_symbols": 1.5}, TypeError, "positive integer.*num_symbols=1.5"),
        ({"mask_value": "x"}, TypeError, "finite number.*mask_value='x'"),
    ],
)
def test_arguments(options, error, message):
    with pytest.raises(error, match=message):
        HMM(**{"num_states": 2, "num_symbols": 3} | options)


def test_calls(rng):
    hmm = make("categorical", rng)
    with pytest.raises(ValueError, match=r"`observations`.*0 to 3.*the tag 4 at.*0, 1"):
        hmm.log_prob(np.array([[0, 4]]))
    with pytest.raises(ValueError, match=r"`states`.*0 to 2.*the tag 3 at"):
        hmm.joint_log_prob(np.array([[0, 3]]), np.array([[0, 1]]))
    with pytest.raises(ValueError, match=r"\(batch, time\).*of shape \(2,\)"):
        hmm.viterbi(np.array([0, 1]))
    with pytest.raises(ValueError, match=r"\(batch, time, 2\).*of shape \(1, 2, 3\)"):
        make("gaussian", rng).posterior(np.zeros((1, 2, 3)))
    with pytest.raises(ValueError, match="positive integer.*length=0"):
        hmm.sample(1, 0)
    hmm.compile("sgd")
    with pytest.raises(tf.errors.InvalidArgumentError, match="0 to 3.*with tags from"):
        hmm.fit(np.array([[0, 4]]), verbose=0)
