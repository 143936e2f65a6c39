"""Losses that layers and models compute themselves keep to what Keras promises."""

import ast
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from tests.paths import outcome, says

TAGS = np.array([[0, 0, 1, 0, 0]] * 4)


def first_loss(head, loss, x=None, y=TAGS, **options):
    keras.utils.set_random_seed(0)
    model = zoo.ManyToMany(3, units=3, num_features=2, head=head)
    # A fit by itself, without what it costs to trace one.
    model.compile(keras.optimizers.SGD(0.0), loss, run_eagerly=True)
    x = np.ones((*y.shape, 2), "float32") if x is None else x
    return model.fit(x, y, verbose=0, **options).history["loss"][0]


# --- Weights of classes


@pytest.mark.parametrize(
    ("head", "loss"),
    [("crf", zoo.CRFLoss()), ("dense", "sparse_categorical_crossentropy")],
    ids=["crf", "dense"],
)
def test_class_weights_weigh_tags_or_are_refused(head, loss):
    """Never by the place of a tag in its row."""
    by_tag = {0: 1.0, 1: 0.0, 2: 0.0}
    found, error = outcome(first_loss, head, loss, class_weight=by_tag)
    if error is not None:
        says(error, "class_weight", "sample_weight")
        return
    assert head == "dense", "a path through all tags has no class"
    for k, weight in by_tag.items():
        one = np.full_like(TAGS, k)
        found = first_loss(head, loss, y=one, class_weight=by_tag)
        np.testing.assert_allclose(
            found, weight * first_loss(head, loss, y=one), rtol=1e-5
        )
    same = first_loss(head, loss, class_weight={0: 1.0, 1: 1.0, 2: 1.0})
    np.testing.assert_allclose(same, first_loss(head, loss), rtol=1e-5)


def test_class_weights_of_whole_sequences_stay_keras_s(rng):
    model = zoo.ManyToOne(2, 3, "GRU", num_features=2)
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    x, y = rng.normal(size=(4, 3, 2)), np.array([0, 1, 1, 0])
    loss = model.fit(x, y, class_weight={0: 0.0, 1: 0.0}, verbose=0).history["loss"]
    assert loss == [0.0]


# --- Weights of samples


@pytest.mark.parametrize("given", ["nothing", "states"])
def test_weights_of_sequences_reach_the_hmm(given, rng):
    """Two rows of which one weighs nothing train as the other one alone."""
    x = rng.integers(0, 3, (4, 6))
    y = () if given == "nothing" else (x * 0,)

    def fit(rows, weights):
        hmm = zoo.HMM(2, num_symbols=3, seed=0)
        hmm.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
        targets = tuple(one[rows] for one in y)
        options = {} if weights is None else {"sample_weight": weights}
        loss = hmm.fit(x[rows], *targets, verbose=0, **options).history["loss"]
        return loss, hmm.get_weights()

    every = slice(None)
    result, error = outcome(fit, every, np.zeros(4))
    if error is not None:
        says(error, "sample_weight")
        return
    loss, _ = result
    np.testing.assert_allclose(loss, 0.0, atol=1e-6)
    plain_loss, plain = fit(every, None)
    loss, weights = fit(every, np.ones(4))
    np.testing.assert_allclose(loss, plain_loss, rtol=1e-5)
    for a, b in zip(weights, plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    _, first = fit(slice(0, 2), np.array([2.0, 0.0]))
    _, alone = fit(slice(0, 1), None)
    for a, b in zip(first, alone, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_weights_of_rows_reach_the_crf(rng):
    x = rng.normal(size=(4, 5, 2)).astype("float32")
    weights = np.array([4.0, 0.0, 0.0, 0.0])
    found = first_loss("crf", zoo.CRFLoss(), x, sample_weight=weights)
    alone = first_loss("crf", zoo.CRFLoss(), x[:1], TAGS[:1])
    np.testing.assert_allclose(found, alone, rtol=1e-5)


# --- Several replicas

# Two logical devices can only be made before TensorFlow starts.
REPLICAS = """
import tensorflow as tf
[cpu] = tf.config.list_physical_devices("CPU")
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
import keras, numpy as np, keras_rnn_zoo as zoo

rng = np.random.default_rng(0)
x = rng.normal(size=(8, 5, 2)).astype("float32")
tags = rng.integers(0, 3, size=(8, 5))

def crf():
    return zoo.ManyToMany(3, units=3, cell="SimpleRNN", num_features=2, head="crf")

def hmm():
    return zoo.HMM(2, "gaussian", num_features=2, seed=0)

def fit(name, strategy):
    keras.utils.set_random_seed(3)
    make, losses, y = {
        "crf": (crf, [zoo.CRFLoss()], [tags]),
        "hmm": (hmm, [], []),
    }[name]
    with strategy.scope():
        model = make()
        model.compile(keras.optimizers.SGD(0.1), *losses)
    history = model.fit(x, *y, batch_size=8, shuffle=False, verbose=0).history
    return [np.array(history["loss"]), *model.get_weights()]

replicas = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for name in ("crf", "hmm"):
    expected = fit(name, tf.distribute.get_strategy())
    try:
        found = fit(name, replicas)
    except Exception as error:
        print([name, type(error).__name__ + ": " + str(error)[:300]])
        continue
    pairs = zip(found, expected, strict=True)
    print([name, max(float(np.abs(a - b).max()) for a, b in pairs)])
"""


def test_two_replicas_train_as_one():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REPLICAS],
        cwd=pathlib.Path(__file__).parents[2],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    results = dict(map(ast.literal_eval, lines))
    assert set(results) == {"crf", "hmm"}
    for name, worst in results.items():
        assert isinstance(worst, float) and worst < 1e-5, (name, worst)


# --- Words


@pytest.mark.parametrize(
    "loss", ["sparse_categorical_crossentropy", "mse", "categorical_crossentropy"]
)
def test_a_crf_with_another_loss_says_which_it_needs(loss):
    y = TAGS
    if loss == "categorical_crossentropy":
        y = np.eye(3)[TAGS]
    _, error = outcome(first_loss, "crf", loss, np.ones((4, 5, 2), "float32"), y)
    assert isinstance(error, ValueError), repr(error)
    says(error, "CRFLoss")


def test_the_best_path_says_that_it_has_no_gradient():
    model = keras.Sequential([keras.Input((5, 2)), zoo.CRF(3)])
    model.compile("sgd", "categorical_crossentropy", run_eagerly=True)
    x, y = np.ones((4, 5, 2), "float32"), np.eye(3)[TAGS]
    _, error = outcome(model.train_on_batch, x, y)
    says(error, "CRFLoss", "returns='marginals'")
    assert np.isfinite(model.test_on_batch(x, y))


def test_what_a_crf_masks_touches_no_weight():
    crf = zoo.CRF(3)
    x, mask = np.ones((2, 5, 2), "float32"), np.ones((2, 5), bool)
    mask[0, 3:] = mask[1] = False
    x[~mask] = np.nan
    with tf.GradientTape() as tape:
        loss = zoo.CRFLoss()(TAGS[:2], crf(x, mask=mask))
    for gradient in tape.gradient(loss, [w.value for w in crf.trainable_weights]):
        assert np.isfinite(gradient).all()


# --- Dropout of our cells in the layer of Keras


def test_a_sequence_has_one_mask_and_a_step_by_itself_says_that_it_has_not():
    """Of constant inputs and an identity the outputs show the mask itself."""

    def outputs(layer):
        cell = zoo.SimpleRNNCell(
            *(40, "linear"),
            dropout=0.5,
            kernel_initializer="identity",
            recurrent_initializer="zeros",
        )
        layer = layer(cell, return_sequences=True)
        return np.asarray(layer(np.ones((3, 5, 40)), training=True))

    y = outputs(zoo.RNN)
    assert 0.2 < (y == 0).mean() < 0.8
    np.testing.assert_array_equal(y, np.repeat(y[:, :1], 5, axis=1))
    assert (outputs(zoo.RNN) != y).any(), "and another one for another sequence"
    # A cell keeps nothing of a call, and Keras's layer calls it for each step.
    with pytest.warns(UserWarning, match=r"keras_rnn_zoo\.RNN"):
        outputs(keras.layers.RNN)
