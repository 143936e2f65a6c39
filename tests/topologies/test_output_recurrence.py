"""Output recurrence inside plain `fit`: what is fed back, when, and what it costs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo.layers.heads import sampling_schedules as schedules
from keras_rnn_zoo.topologies import OutputRecurrence
from tests.compare import assert_close, randomise
from tests.references import jordan_rnn as reference
from tests.topologies.shared import compiled, padded, tokens_of, train_values

VOCABULARY, CLASSES = 6, 4
MODES = {
    "teacher": {"training_feedback": "teacher"},
    "scheduled": {
        "training_feedback": "scheduled",
        "sampling_schedule": "linear",
        "feedback": "argmax",
    },
    "soft": {"training_feedback": "soft"},
    "soft, some truth": {"training_feedback": "soft", "sampling_schedule": 0.25},
}
EACH_MODE = pytest.mark.parametrize("mode", MODES)


def make(rng=None, **options):
    model = OutputRecurrence(
        CLASSES,
        **{"units": 5, "vocabulary_size": VOCABULARY, "embedding_dim": 3, **options},
    )
    if rng is not None:
        weights = [
            rng.normal(scale=0.8, size=w.shape) if w.ndim else w
            for w in model.get_weights()
        ]
        model.set_weights(weights)
    return model


def expected_outputs(model, x, truth=None, form="probabilities"):
    embedding, *weights = [w for w in model.get_weights() if w.ndim]
    start = np.zeros((len(x), CLASSES))
    return reference.run(embedding[x], weights, start, x != 0, truth, form=form)


def loops_in_training(model):
    """Names of loop operations in the graph of one training step of any length."""

    @tf.function
    def step(x, y):
        return model.train_step((x, y))

    tokens = tf.TensorSpec((None, None), "int32")
    graph = step.get_concrete_function(tokens, tokens).graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    assert any("Adam" in n.name or "AssignSub" in n.op for n in nodes)
    return [n.op for n in nodes if n.op in ("While", "StatelessWhile", "Enter")]


def flags(rng, rows=64):
    """Has token 1 come before? Only the labels so far can carry the answer."""
    x, _ = tokens_of(rng, VOCABULARY, 6, lengths=[3, 4, 5, 6] * (rows // 4))
    y = (np.cumsum(x == 1, axis=1) > 0).astype("int32")
    return x, np.where(x == 0, 0, y)


# --- Equations


@pytest.mark.parametrize("form", ["probabilities", "argmax"])
def test_outputs_and_losses_against_the_equations(form, rng):
    model = make(rng, units=[5, 3], feedback=form, dtype="float64")
    compiled(model)
    x, y = tokens_of(rng, VOCABULARY, 6)
    free, taught = expected_outputs(model, x, form=form), expected_outputs(model, x, y)
    assert_close(model(x), free, "float64")
    assert_close(model.predict(x, verbose=0), free, "float64")
    assert_close(model((x, y)), taught, "float64")
    assert_close(model((x, y), training=True), taught, "float64")
    loss, accuracy = model.evaluate(x, y, verbose=0)
    assert loss == pytest.approx(reference.loss(free, y, x != 0), rel=1e-6)
    assert accuracy == pytest.approx(np.mean((free.argmax(-1) == y)[x != 0]))
    scores = model.evaluate_teacher_forced(x, y, verbose=0, return_dict=True)
    assert scores["loss"] == pytest.approx(reference.loss(taught, y, x != 0), rel=1e-6)
    assert scores["accuracy"] == pytest.approx(
        np.mean((taught.argmax(-1) == y)[x != 0])
    )
    assert abs(scores["loss"] - loss) > 1e-3


def test_evaluate_teacher_forced_on_a_dataset(rng):
    model = compiled(make(rng))
    x, y = tokens_of(rng, VOCABULARY, 6)
    expected = model.evaluate_teacher_forced(x, y, verbose=0)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(3)
    assert model.evaluate_teacher_forced(data, verbose=0) == pytest.approx(expected)
    weights = np.where(x != 0, 1.0, 0.0).astype("float32")
    weighted = tf.data.Dataset.from_tensor_slices((x, y, weights)).batch(3)
    assert model.evaluate_teacher_forced(weighted, verbose=0) == pytest.approx(expected)


@pytest.mark.parametrize("total", [False, True], ids=["mean", "sum"])
def test_fit_reports_the_loss_on_true_outputs(total, rng):
    model = make(rng)
    compiled(
        model,
        "sum" if total else "sum_over_batch_size",
        optimizer=keras.optimizers.SGD(0.0),
    )
    x, y = tokens_of(rng, VOCABULARY, 6)
    expected = reference.loss(expected_outputs(model, x, y), y, x != 0, total)
    history = model.fit(x, y, batch_size=3, verbose=0).history
    assert history["loss"][0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_scheduled_and_soft_fit_between_the_two(probability, rng):
    x, y = tokens_of(rng, VOCABULARY, 6)
    for mode in ("scheduled", "soft"):
        model = make(rng, training_feedback=mode, sampling_schedule=probability)
        compiled(model, optimizer=keras.optimizers.SGD(0.0))
        outputs = expected_outputs(model, x, y if probability else None)
        history = model.fit(x, y, batch_size=3, verbose=0).history
        expected = reference.loss(outputs, y, x != 0)
        assert history["loss"][0] == pytest.approx(expected, rel=1e-5)


# --- No loop


def test_teacher_forcing_trains_without_a_loop():
    assert loops_in_training(compiled(make())) == []


@pytest.mark.parametrize("mode", ["scheduled", "soft"])
def test_the_others_need_the_loop(mode):
    assert loops_in_training(compiled(make(**MODES[mode]))) != []


# --- Padding


@EACH_MODE
def test_padding_never_counts(mode, rng):
    # A constant schedule: coins would fall differently for another length.
    options = {**MODES[mode]}
    if options.get("sampling_schedule") is not None:
        options["sampling_schedule"] = 0.0
    model = compiled(make(rng, **options))
    x, y = tokens_of(rng, VOCABULARY, 5)
    longer_x, longer_y = padded(x, 4), padded(y, 4, 3)
    assert_close(np.asarray(model(longer_x))[longer_x != 0], model(x)[x != 0])
    loss, gradients = train_values(model, x, y, (x, y))
    longer, longer_gradients = train_values(
        model, longer_x, longer_y, (longer_x, longer_y)
    )
    assert longer == pytest.approx(loss, rel=1e-5)
    for a, b in zip(longer_gradients, gradients, strict=True):
        assert_close(a, b)
    scores = model.evaluate(x, y, verbose=0)
    assert model.evaluate(longer_x, longer_y, verbose=0) == pytest.approx(
        scores, rel=1e-5
    )


def test_masked_features(rng):
    model = OutputRecurrence(CLASSES, 5, num_features=3, mask_value=-1.0)
    randomise(model, rng)
    compiled(model)
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    y = rng.integers(0, CLASSES, (2, 6))
    x[1, 2:4] = -1.0
    keep = (x != -1.0).any(-1)
    start = np.zeros((2, CLASSES))
    for truth in (None, y):
        actual = model(x) if truth is None else model((x, y))
        expected = reference.run(x, model.get_weights(), start, keep, truth)
        assert_close(np.asarray(actual)[keep], expected[keep])
        np.testing.assert_array_equal(actual._keras_mask, keep)
    loss = reference.loss(reference.run(x, model.get_weights(), start, keep), y, keep)
    assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(loss, rel=1e-5)
    gapless = OutputRecurrence(CLASSES, 5, num_features=3)
    gapless.set_weights(model.get_weights())
    assert_close(gapless(x), reference.run(x, model.get_weights(), start))


# --- Training


FITTED = [
    ("teacher", "auto"),
    ("teacher", True),
    ("scheduled", "auto"),
]


@pytest.mark.parametrize(("mode", "jit"), FITTED)
def test_fit_save_load_and_fit_again(mode, jit, tmp_path, rng):
    x, y = flags(rng)
    model = make(units=8, seed=1, **MODES[mode])
    compiled(model, optimizer=keras.optimizers.Adam(0.03), jit_compile=jit)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    assert model.jit_compile is (jit is True)
    history = model.fit(data, epochs=12, verbose=0, validation_data=data).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    scores = model.evaluate(data, verbose=0)
    assert scores[1] > 0.85
    assert history["val_accuracy"][-1] == pytest.approx(scores[1], rel=1e-5)

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.get_config() == model.get_config()
    np.testing.assert_array_equal(loaded(x), model(x))
    assert loaded.evaluate(data, verbose=0) == pytest.approx(scores, rel=1e-5)
    again = loaded.fit(data, epochs=1, verbose=0).history
    assert again["loss"][0] == pytest.approx(history["loss"][-1], abs=0.25)
    assert int(loaded.optimizer.iterations) == 13 * 4
    if mode == "scheduled":
        assert int(loaded.recurrence.training_steps) == 13 * 4


def test_the_feedback_is_what_solves_the_task(rng):
    x, y = flags(rng)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    accuracy = {}
    for share in (0.0, 0.9999):
        model = make(units=8, seed=1, recurrent_dropout=share)
        compiled(model, optimizer=keras.optimizers.Adam(0.03)).fit(
            data, epochs=15, verbose=0
        )
        if share:  # It never saw its feedback: take away what is left of it.
            kernel = model.recurrence.recurrent_kernel
            kernel.assign(np.zeros(kernel.shape))
        accuracy[share] = model.evaluate(data, verbose=0)[1]
    assert accuracy[0.0] > accuracy[0.9999] + 0.1


def test_the_schedule_goes_on_in_fit(rng):
    x, y = tokens_of(rng, VOCABULARY, 6)
    model = make(
        training_feedback="scheduled",
        sampling_schedule=schedules.LinearSampling(1.0, 0.25),
        feedback="argmax",
    )
    compiled(model, optimizer=keras.optimizers.SGD(0.0))
    taught = model.evaluate_teacher_forced(x, y, verbose=0)[0]
    free = reference.loss(expected_outputs(model, x, form="argmax"), y, x != 0)
    losses = model.fit(x, y, batch_size=3, epochs=6, verbose=0).history["loss"]
    assert losses[0] == pytest.approx(taught, rel=1e-5)
    assert losses[4] == losses[5] == pytest.approx(free, rel=1e-5)


@pytest.mark.parametrize("form", ["argmax", "sample"])
def test_decode(form, rng):
    model = make(rng, feedback=form, seed=2)
    x, _ = tokens_of(rng, VOCABULARY, 6)
    classes = model.decode(x).numpy()
    assert classes.shape == x.shape and classes.max() < CLASSES
    if form == "argmax":
        best = expected_outputs(model, x, form="argmax").argmax(-1)
        np.testing.assert_array_equal(classes[x != 0], best[x != 0])


def test_sample_weights_and_numpy_rows(rng):
    model = compiled(make(rng), optimizer=keras.optimizers.SGD(0.0))
    x, y = tokens_of(rng, VOCABULARY, 6)
    rows = np.array([1.0, 0.0, 0.0], "float32")
    weights = rows[:, None] * np.ones_like(x)
    taught = expected_outputs(model, x, y)
    each = reference.loss(taught[:1], y[:1], x[:1] != 0, total=True)
    loss = model.fit(x, y, sample_weight=weights, batch_size=3, verbose=0)
    expected = each / (x != 0).sum()
    assert loss.history["loss"][0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("mode", ["teacher", "soft, some truth"])
def test_mixed_precision(mode, rng):
    model = make(dtype="mixed_float16", **MODES[mode])
    compiled(model)
    x, y = tokens_of(rng, VOCABULARY, 6)
    assert model(x).dtype == "float32"
    assert model.recurrence.compute_dtype == "float16"
    history = model.fit(x, y, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    exact = make(**MODES[mode])
    exact.set_weights(model.get_weights())
    np.testing.assert_allclose(
        model.predict(x, verbose=0), exact.predict(x, verbose=0), atol=5e-3
    )


def test_any_length(rng):
    model = make(rng)
    for batch, time in ((1, 1), (2, 7), (5, 3)):
        x = rng.integers(1, VOCABULARY, (batch, time))
        assert_close(model(x), expected_outputs(model, x))
        assert_close(model((x, x % CLASSES)), expected_outputs(model, x, x % CLASSES))


def test_inside_another_model(rng):
    model = make(rng)
    inputs = keras.Input((None,), dtype="int32")
    outer = keras.Model(inputs, model(inputs))
    x, _ = tokens_of(rng, VOCABULARY, 6)
    assert outer.output_shape == (None, None, CLASSES)
    assert_close(outer(x), model(x))


def test_config_holds_every_argument():
    options = {
        "units": [5, 3],
        "vocabulary_size": None,
        "embedding_dim": 7,
        "num_features": 2,
        "mask_value": -1.0,
        "activation": "relu",
        "training_feedback": "soft",
        "feedback": "sample",
        "dropout": 0.1,
        "recurrent_dropout": 0.2,
        "output_dropout": 0.3,
        "seed": 4,
        "name": "mine",
    }
    model = OutputRecurrence(
        CLASSES, **options, sampling_schedule="exponential", dtype="float64"
    )
    config = model.get_config()
    assert {k: config[k] for k in options} == options
    again = OutputRecurrence.from_config(config)
    assert again.get_config() == config
    assert again.dtype == "float64"
    assert keras.saving.get_registered_name(OutputRecurrence) == (
        "keras_rnn_zoo>OutputRecurrence"
    )
    clone = keras.models.clone_model(model)
    assert type(clone) is OutputRecurrence and clone.get_config() == config


# --- Errors


@pytest.mark.parametrize(
    ("error", "match", "options"),
    [
        (ValueError, r"num_outputs=1", {"num_outputs": 1}),
        (TypeError, r"units='8'", {"units": "8"}),
        (
            ValueError,
            r"vocabulary_size=None, num_features=None",
            {"vocabulary_size": None},
        ),
        (ValueError, r"mask_value=0\.0", {"mask_value": 0.0}),
        (ValueError, r"feedback='mean'", {"feedback": "mean"}),
        (ValueError, r"training_feedback='none'", {"training_feedback": "none"}),
        (ValueError, r"sampling_schedule=0\.5", {"sampling_schedule": 0.5}),
    ],
)
def test_constructor_errors(error, match, options):
    with pytest.raises(error, match=match):
        OutputRecurrence(**{"num_outputs": 3, "vocabulary_size": 6, **options})


def test_errors_in_use(rng):
    model = compiled(make())
    x, y = tokens_of(rng, VOCABULARY, 6)
    with pytest.raises(ValueError, match="`y` must hold.*Received: y=None"):
        model.fit(x, verbose=0)
    with pytest.raises(TypeError, match="`y` must be given.*type ndarray"):
        model.evaluate_teacher_forced(x)
    with pytest.raises(ValueError, match=r"targets.*\(batch, 6\).*shape \(3, 5\)"):
        model((x, y[:, :5]))
