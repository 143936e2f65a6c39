"""The Jordan layer against its equations, in every way of feeding back."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo.layers.heads import sampling_schedules as schedules
from keras_rnn_zoo.layers.heads.jordan_rnn import JordanRNN, previous_outputs
from tests.compare import assert_close, randomise
from tests.references import jordan_rnn as reference

BATCH, TIME, FEATURES, CLASSES, UNITS = 3, 6, 4, 5, 7
GAPS = np.array([[1, 1, 1, 1, 1, 1], [0, 1, 0, 0, 1, 1], [1, 1, 1, 0, 0, 0]], bool)
MASKS = {"no mask": None, "gaps": GAPS}


def make(rng, dtype="float64", units=UNITS, scale=0.8, **options):
    layer = JordanRNN(CLASSES, units, dtype=dtype, **options)
    layer.build((None, None, FEATURES))
    if layer.training_steps is None:
        randomise(layer, rng, scale)
    return layer


def draw(rng, dtype="float64"):
    x = rng.normal(size=(BATCH, TIME, FEATURES)).astype(dtype)
    y = rng.integers(0, CLASSES, (BATCH, TIME))
    start = rng.dirichlet(np.ones(CLASSES), BATCH).astype(dtype)
    return x, y, start


def loops_in(function):
    """Names of the loop operations of a concrete function, nested ones included."""
    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    return [
        node.op for node in nodes if node.op in ("While", "StatelessWhile", "Enter")
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("units", [UNITS, [UNITS, 3, 4]], ids=["one", "deep"])
@pytest.mark.parametrize("form", ["probabilities", "argmax"])
def test_free_run_against_the_equations(dtype, mask, units, form, rng):
    layer = make(rng, dtype, units, feedback=form)
    x, _, start = draw(rng, dtype)
    expected = reference.run(x, layer.get_weights(), start, mask, form=form)
    actual = layer(x, initial_output=start, mask=mask)
    assert_close(actual, expected, dtype)
    classes = layer.decode(x, initial_output=start, mask=mask)
    kept = np.ones((BATCH, TIME), bool) if mask is None else mask
    np.testing.assert_array_equal(classes.numpy()[kept], expected.argmax(-1)[kept])
    # Control: a network without the feedback is a different one.
    weights = layer.get_weights()
    weights[1] = np.zeros_like(weights[1])
    with pytest.raises(AssertionError):
        assert_close(actual, reference.run(x, weights, start, mask), dtype)


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("mode", ["teacher", "scheduled", "soft"])
@pytest.mark.parametrize("training", [False, True])
def test_true_outputs_against_the_equations(mask, mode, training, rng):
    options = {} if mode == "teacher" else {"sampling_schedule": 1.0}
    layer = make(rng, training_feedback=mode, **options)
    x, y, start = draw(rng)
    actual = layer(x, targets=y, initial_output=start, mask=mask, training=training)
    expected = reference.run(x, layer.get_weights(), start, mask, truth=y)
    assert_close(actual, expected, "float64")
    # Control: targets that are not shifted give something else.
    ahead = np.roll(y, -1, axis=1)
    with pytest.raises(AssertionError):
        assert_close(
            actual, reference.run(x, layer.get_weights(), start, mask, ahead), "float64"
        )


def test_the_start_vector_is_zeros(rng):
    layer = make(rng)
    x, y, _ = draw(rng)
    zeros = np.zeros((BATCH, CLASSES))
    weights = layer.get_weights()
    assert_close(layer(x), reference.run(x, weights, zeros), "float64")
    assert_close(
        layer(x, targets=y), reference.run(x, weights, zeros, truth=y), "float64"
    )


def test_targets_as_probabilities_or_with_a_last_axis_of_one(rng):
    layer = make(rng)
    x, y, _ = draw(rng)
    expected = layer(x, targets=y)
    assert_close(layer(x, targets=np.eye(CLASSES)[y]), expected, "float64")
    assert_close(layer(x, targets=y[..., None]), expected, "float64")


@pytest.mark.parametrize("seed", range(5))
def test_previous_outputs_skip_masked_steps(seed):
    rng = np.random.default_rng(seed)
    outputs, start = rng.normal(size=(4, 9, 2)), rng.normal(size=(4, 2))
    mask = rng.random((4, 9)) < 0.5
    expected = np.zeros_like(outputs)
    for row in range(4):
        last = start[row]
        for t in range(9):
            expected[row, t] = last
            last = outputs[row, t] if mask[row, t] else last
    actual = previous_outputs(tf.constant(outputs), tf.constant(start), mask)
    assert_close(actual, expected, "float64")


def gradients_of(layer, x, y, start, mask):
    with tf.GradientTape() as tape:
        p = layer(x, targets=y, initial_output=start, mask=mask, training=True)
        each = -tf.math.log(tf.gather(p, y, batch_dims=2))
        keep = np.ones(y.shape) if mask is None else mask.astype("float64")
        loss = tf.reduce_sum(each * keep) / keep.sum()
    weights = [w.value for w in layer.trainable_weights]
    return float(loss), [g.numpy() for g in tape.gradient(loss, weights)]


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("mode", ["teacher", "soft"])
def test_gradients_against_finite_differences(mode, mask, rng):
    layer = make(rng, units=[3, 2], training_feedback=mode)
    x, y, start = draw(rng)
    truth = y if mode == "teacher" else None
    weights = layer.get_weights()

    def loss():
        p = reference.run(x, weights, start, mask, truth)
        return reference.loss(p, y, mask)

    actual_loss, gradients = gradients_of(layer, x, y, start, mask)
    assert actual_loss == pytest.approx(loss(), rel=1e-12)
    step = 1e-6
    for weight, gradient in zip(weights, gradients, strict=True):
        expected = np.zeros_like(weight)
        for index in np.ndindex(weight.shape):
            kept = weight[index]
            weight[index] = kept + step
            above = loss()
            weight[index] = kept - step
            expected[index] = (above - loss()) / (2 * step)
            weight[index] = kept
        np.testing.assert_allclose(gradient, expected, atol=1e-8)


def test_scheduled_sampling_has_no_gradient_through_the_feedback(rng):
    """Its gradient is that of teacher forcing on what was fed back."""
    layer = make(rng, training_feedback="scheduled", sampling_schedule=0.0)
    x, y, start = draw(rng)
    own = layer(x, initial_output=start).numpy()
    fed = np.concatenate([start[:, None], own[:, :-1]], axis=1)
    _, gradients = gradients_of(layer, x, y, start, None)
    U, W, b, V, c = (tf.constant(w) for w in layer.get_weights())
    with tf.GradientTape() as tape:
        tape.watch([U, W, b, V, c])
        p = tf.nn.softmax(tf.tanh(x @ U + fed @ W + b) @ V + c)
        loss = -tf.reduce_mean(tf.math.log(tf.gather(p, y, batch_dims=2)))
    known = tape.gradient(loss, [U, W, b, V, c])
    for gradient, expected in zip(gradients, known, strict=True):
        assert_close(gradient, expected, "float64")
    soft = make(rng, training_feedback="soft")
    soft.set_weights(layer.get_weights())
    assert (
        np.abs(gradients_of(soft, x, y, start, None)[1][0] - gradients[0]).max() > 1e-4
    )


@pytest.mark.parametrize("mode", ["scheduled", "soft"])
def test_coins_show_the_truth_as_often_as_the_schedule_says(mode, rng):
    layer = make(
        rng,
        training_feedback=mode,
        sampling_schedule=0.3,
        feedback="argmax" if mode == "scheduled" else "probabilities",
        seed=5,
    )
    x = np.repeat(rng.normal(size=(1, 2, FEATURES)), 4000, axis=0)
    own = layer(x[:1]).numpy()
    true = (own[0, 0].argmax() + 1) % CLASSES
    y = np.full((4000, 2), true)
    taught = layer(x[:1], targets=y[:1]).numpy()
    actual = layer(x, targets=y, training=True).numpy()
    is_true = np.abs(actual[:, 1] - taught[0, 1]).max(-1) < 1e-12
    is_own = np.abs(actual[:, 1] - own[0, 1]).max(-1) < 1e-12
    assert (is_true ^ is_own).all()
    # 4000 coins of 0.3: a standard deviation of 0.0072.
    assert is_true.mean() == pytest.approx(0.3, abs=0.03)


def test_sampled_feedback_follows_the_probabilities(rng):
    layer = make(rng, feedback="sample", seed=3, scale=1.5)
    x = np.repeat(rng.normal(size=(1, 2, FEATURES)), 6000, axis=0)
    drawn = layer.decode(x).numpy()
    first = layer(x[:1]).numpy()[0, 0]
    shares = np.bincount(drawn[:, 0], minlength=CLASSES) / len(drawn)
    np.testing.assert_allclose(shares, first, atol=0.03)
    likely = first.argmax()
    after = drawn[drawn[:, 0] == likely, 1]
    expected = layer(x[:1], targets=np.array([[likely, 0]])).numpy()[0, 1]
    shares = np.bincount(after, minlength=CLASSES) / len(after)
    np.testing.assert_allclose(shares, expected, atol=0.05)
    # The outputs beside a drawn sequence are those of its one-hot history.
    p = layer(x).numpy()[:, 1]
    possible = layer(
        np.repeat(x[:1], CLASSES, 0), targets=np.array([[k, 0] for k in range(CLASSES)])
    ).numpy()[:, 1]
    distance = np.abs(p[:, None] - possible[None]).max(-1)
    assert (distance.min(1) < 1e-12).all()
    assert len(np.unique(distance.argmin(1))) > 1


def test_the_seed_repeats_draws(rng):
    x, y, _ = draw(rng)

    def outputs(seed):
        layer = make(np.random.default_rng(1), feedback="sample", seed=seed)
        return layer(x).numpy()

    np.testing.assert_array_equal(outputs(1), outputs(1))
    assert np.abs(outputs(1) - outputs(2)).max() > 1e-6


@pytest.mark.parametrize("form", ["probabilities", "argmax"])
def test_steps_in_a_stream_equal_the_whole(form, rng):
    layer = make(rng, units=[UNITS, 3], feedback=form)
    x, _, start = draw(rng)
    whole = layer(x, initial_output=start)
    feedback = start
    for t in range(TIME):
        p, feedback = layer.step(x[:, t], feedback)
        assert_close(p, whole[:, t], "float64")
    first, _ = layer.step(x[:, 0])
    assert_close(first, layer(x)[:, 0], "float64")


def test_a_stream_of_drawn_classes(rng):
    layer = make(rng, feedback="sample", seed=1)
    _, feedback = layer.step(np.repeat(rng.normal(size=(1, FEATURES)), 200, 0))
    np.testing.assert_array_equal(feedback.numpy().sum(-1), 1.0)
    assert len(np.unique(feedback.numpy().argmax(-1))) > 1


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_no_loop_with_true_outputs(training, masked, rng):
    layer = make(rng, "float32")

    def run(targets):
        @tf.function
        def function(x, y, mask):
            return layer(
                x,
                targets=y if targets else None,
                mask=mask if masked else None,
                training=training,
            )

        return function.get_concrete_function(
            tf.TensorSpec((None, None, FEATURES)),
            tf.TensorSpec((None, None), "int32"),
            tf.TensorSpec((None, None), "bool"),
        )

    assert loops_in(run(targets=True)) == []
    assert loops_in(run(targets=False)) != []


COMPILED = [
    ("teacher", "probabilities", None),
    ("scheduled", "argmax", 0.0),
    ("soft", "probabilities", None),
    ("soft", "sample", 0.5),
]


@pytest.mark.parametrize(("mode", "form", "schedule"), COMPILED)
def test_compiled_equals_eager(mode, form, schedule, rng):
    x, y, _ = draw(rng, "float32")

    def outputs(**options):
        layer = make(
            np.random.default_rng(2),
            "float32",
            training_feedback=mode,
            feedback=form,
            sampling_schedule=schedule,
            seed=4,
        )

        def both():
            trained = layer(x, targets=y, mask=GAPS, training=True)
            return tf.stack([trained, layer(x, mask=GAPS)])

        return tf.function(both, **options)() if options else both()

    eager = outputs()
    assert_close(outputs(jit_compile=False), eager)
    if form == "sample":  # XLA draws other numbers from the same seed.
        np.testing.assert_allclose(
            tf.reduce_sum(outputs(jit_compile=True), -1), 1, 1e-5
        )
    else:
        assert_close(outputs(jit_compile=True), eager)


def test_one_step_and_unknown_sizes(rng):
    layer = make(rng, "float32")
    x, y, _ = draw(rng, "float32")
    assert_close(layer(x[:, :1]), layer(x)[:, :1])
    assert_close(layer(x[:, :1], targets=y[:, :1]), layer(x)[:, :1])
    inputs = keras.Input((None, FEATURES))
    outputs = layer(inputs)
    assert outputs.shape == (None, None, CLASSES)
    model = keras.Model(inputs, outputs)
    for batch, time in ((1, 1), (3, 6), (2, 4)):
        assert_close(model(x[:batch, :time]), layer(x)[:batch, :time])


def test_a_mask_comes_from_the_layer_before_and_goes_on(rng):
    layer = make(rng, "float32")
    x, y, _ = draw(rng, "float32")
    x[~GAPS] = 0.0
    masked = keras.layers.Masking()(x)
    for options in ({}, {"targets": tf.constant(y)}):
        actual = layer(masked, **options)
        assert_close(actual, layer(x, mask=GAPS, **options))
        np.testing.assert_array_equal(actual._keras_mask, GAPS)
    inputs = keras.Input((None, FEATURES))
    model = keras.Model(inputs, layer(keras.layers.Masking()(inputs)))
    assert_close(model(x), layer(x, mask=GAPS))


def test_weights_in_order(rng):
    layer = make(rng, units=[UNITS, 3])
    assert [(w.name, tuple(w.shape)) for w in layer.weights] == [
        ("kernel", (FEATURES, UNITS)),
        ("recurrent_kernel", (CLASSES, UNITS)),
        ("bias", (UNITS,)),
        ("hidden_kernel_1", (UNITS, 3)),
        ("hidden_bias_1", (3,)),
        ("output_kernel", (3, CLASSES)),
        ("output_bias", (CLASSES,)),
    ]
    layer = JordanRNN(CLASSES, UNITS, use_bias=False)
    layer.build((None, None, FEATURES))
    names = [w.name for w in layer.weights]
    assert names == ["kernel", "recurrent_kernel", "output_kernel"]
    x, _, _ = draw(rng, "float32")
    U, W, V = layer.get_weights()
    zeros = np.zeros(UNITS), np.zeros(CLASSES)
    weights = [U, W, zeros[0], V, zeros[1]]
    start = np.zeros((BATCH, CLASSES))
    assert_close(layer(x), reference.run(x, weights, start))


def test_config_and_file(tmp_path, rng):
    layer = JordanRNN(
        CLASSES,
        [UNITS, 3],
        "relu",
        use_bias=False,
        feedback="argmax",
        training_feedback="scheduled",
        sampling_schedule=schedules.LinearSampling(0.9, 0.02, 0.1),
        kernel_initializer="he_normal",
        recurrent_initializer="orthogonal",
        bias_initializer="ones",
        dropout=0.1,
        recurrent_dropout=0.2,
        output_dropout=0.3,
        seed=8,
        name="head",
    )
    config = layer.get_config()
    again = JordanRNN.from_config(config)
    assert again.get_config() == config
    assert isinstance(again.sampling_schedule, schedules.LinearSampling)
    assert again.sampling_schedule.get_config() == {"k": 0.9, "c": 0.02, "minimum": 0.1}
    inputs = keras.Input((None, FEATURES))
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x, _, _ = draw(rng, "float32")
    np.testing.assert_array_equal(loaded(x), model(x))


def test_mixed_precision(rng):
    exact = make(rng, "float32", units=[UNITS, 3])
    half = JordanRNN(CLASSES, [UNITS, 3], dtype="mixed_float16")
    half.build((None, None, FEATURES))
    half.set_weights(exact.get_weights())
    x, y, _ = draw(rng, "float32")
    for options in ({}, {"targets": y}):
        outputs = half(x, mask=GAPS, **options)
        assert outputs.dtype == "float32"
        np.testing.assert_allclose(outputs, exact(x, mask=GAPS, **options), atol=5e-3)
    assert half(keras.Input((None, FEATURES))).dtype == "float32"


@pytest.mark.parametrize("which", ["dropout", "recurrent_dropout", "output_dropout"])
def test_dropout(which, rng):
    """Off at inference; in training one mask for all steps, drawn anew each call."""
    layer = make(rng, **{which: 0.5}, seed=1)
    plain = make(rng)
    plain.set_weights(layer.get_weights())
    x, y, _ = draw(rng)
    assert_close(layer(x, targets=y), plain(x, targets=y), "float64")
    assert_close(layer(x), plain(x), "float64")
    # The same input and the same previous output at every step: so is the output.
    x = np.repeat(x[:, :1], TIME, axis=1)
    y = np.full_like(y, 2)
    first = layer(x, targets=y, training=True).numpy()[:, 1:]
    second = layer(x, targets=y, training=True).numpy()[:, 1:]
    np.testing.assert_allclose(first, np.repeat(first[:, :1], TIME - 1, 1), rtol=1e-12)
    assert np.abs(first - second).max() > 1e-6
    assert np.abs(first - plain(x, targets=y).numpy()[:, 1:]).max() > 1e-6


def test_dropout_keeps_the_mean(rng):
    layer = make(rng, dropout=0.4, seed=1, activation="linear")
    layer.kernel.assign(np.eye(FEATURES, UNITS))
    equations = layer._equations(20000, training=True)
    projected = equations.project(np.ones((20000, FEATURES))).numpy()
    share = projected - layer.bias.numpy()
    np.testing.assert_allclose(share[:, :FEATURES].mean(0), 1.0, atol=0.03)
    assert set(np.round(np.unique(share[:, 0]), 6)) == {0.0, round(1 / 0.6, 6)}


# --- Schedules


def test_schedules_follow_their_formulas():
    steps = np.array([0, 1, 10, 100, 1000, 100000])
    cases = {
        schedules.ConstantSampling(0.4): np.full(6, 0.4),
        schedules.LinearSampling(0.9, 0.005): np.maximum(0, 0.9 - 0.005 * steps),
        schedules.LinearSampling(1, 0.01, 0.25): np.maximum(0.25, 1 - 0.01 * steps),
        schedules.ExponentialSampling(0.97): 0.97**steps,
        schedules.ExponentialSampling(0.97, 0.1): np.maximum(0.1, 0.97**steps),
        schedules.InverseSigmoidSampling(50): 50
        / (50 + np.exp(np.minimum(steps / 50, 500))),
        schedules.InverseSigmoidSampling(50, 0.2): np.maximum(
            0.2, 50 / (50 + np.exp(np.minimum(steps / 50, 500)))
        ),
    }
    for schedule, expected in cases.items():
        actual = [float(schedule(step)) for step in steps]
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)
        again = type(schedule).from_config(schedule.get_config())
        assert again.get_config() == schedule.get_config()
        assert float(again(100)) == float(schedule(100))


def test_schedules_by_name():
    for name, cls in schedules.NAMES.items():
        assert type(schedules.get(name)) is cls
    assert schedules.get(1).get_config() == {"k": 1.0}
    made = schedules.get({"name": "linear", "c": 0.01, "minimum": 0.2})
    assert isinstance(made, schedules.LinearSampling)
    assert made.get_config() == {"k": 1.0, "c": 0.01, "minimum": 0.2}
    layer = JordanRNN(CLASSES, training_feedback="scheduled")
    assert isinstance(layer.sampling_schedule, schedules.InverseSigmoidSampling)
    assert JordanRNN(CLASSES, training_feedback="soft").sampling_schedule is None


def test_a_schedule_of_ones_own(rng):
    @keras.saving.register_keras_serializable("test")
    class EveryOther(schedules.SamplingSchedule):
        def probability(self, step):
            return keras.ops.where(step % 2 == 0, 1.0, 0.0)

    layer = JordanRNN(
        CLASSES, UNITS, training_feedback="scheduled", sampling_schedule=EveryOther()
    )
    layer = JordanRNN.from_config(layer.get_config())
    x, y, _ = draw(rng, "float32")
    taught, own = layer(x, targets=y), layer(x)
    assert_close(layer(x, targets=y, training=True), taught)
    assert_close(layer(x, targets=y, training=True), own)
    assert_close(layer(x, targets=y, training=True), taught)
    assert int(layer.training_steps) == 3


def test_only_training_counts_steps(rng):
    layer = JordanRNN(CLASSES, training_feedback="scheduled")
    x, y, _ = draw(rng, "float32")
    layer(x)
    layer(x, targets=y)
    assert int(layer.training_steps) == 0
    layer(x, targets=y, training=True)
    assert int(layer.training_steps) == 1
    assert not layer.training_steps.trainable


# --- Errors


@pytest.mark.parametrize(
    ("error", "match", "arguments"),
    [
        (ValueError, r"num_outputs.*at least 2.*num_outputs=1", {"num_outputs": 1}),
        (TypeError, r"num_outputs.*integer.*num_outputs=2\.5", {"num_outputs": 2.5}),
        (ValueError, r"units.*positive.*units=0", {"units": 0}),
        (ValueError, r"units.*list.*units=\[\]", {"units": []}),
        (TypeError, r"units.*integer.*units='8'", {"units": [4, "8"]}),
        (ValueError, r"feedback.*argmax.*feedback='hard'", {"feedback": "hard"}),
        (
            ValueError,
            r"training_feedback.*soft.*training_feedback='own'",
            {"training_feedback": "own"},
        ),
        (
            ValueError,
            r"sampling_schedule.*None.*sampling_schedule='linear'",
            {"sampling_schedule": "linear"},
        ),
        (
            ValueError,
            r"sampling_schedule.*linear, exponential.*sampling_schedule='cosine'",
            {"training_feedback": "soft", "sampling_schedule": "cosine"},
        ),
        (
            ValueError,
            r"sampling_schedule.*k, c, minimum.*with slope",
            {
                "training_feedback": "soft",
                "sampling_schedule": {"name": "linear", "slope": 0.1},
            },
        ),
        (
            ValueError,
            r"sampling_schedule.*0 to 1.*sampling_schedule=1\.5",
            {"training_feedback": "soft", "sampling_schedule": 1.5},
        ),
        (
            TypeError,
            r"sampling_schedule.*linear, exponential.*sampling_schedule=\[1\]",
            {"training_feedback": "soft", "sampling_schedule": [1]},
        ),
        (ValueError, r"dropout.*dropout=1\.0", {"dropout": 1.0}),
        (ValueError, r"recurrent_dropout=-0\.1", {"recurrent_dropout": -0.1}),
        (TypeError, r"output_dropout='x'", {"output_dropout": "x"}),
        (TypeError, r"use_bias.*use_bias=3", {"use_bias": 3}),
        (TypeError, r"seed.*integer.*seed='a'", {"seed": "a"}),
    ],
)
def test_constructor_errors(error, match, arguments):
    with pytest.raises(error, match=match):
        JordanRNN(**{"num_outputs": 3, **arguments})


def test_call_errors(rng):
    layer = make(rng, "float32")
    x, y, _ = draw(rng, "float32")
    with pytest.raises(ValueError, match=r"targets.*\(batch, 6\).*shape \(3, 5\)"):
        layer(x, targets=y[:, :5])
    with pytest.raises(ValueError, match=r"targets.*shape \(3, 6, 4\)"):
        layer(x, targets=np.zeros((3, 6, 4)))
    with pytest.raises(ValueError, match=r"initial_output.*5\).*shape \(3, 4\)"):
        layer(x, initial_output=np.zeros((3, 4)))
    with pytest.raises(ValueError, match=r"last dimension.*\(None, None, None\)"):
        JordanRNN(3).build((None, None, None))


@pytest.mark.parametrize(
    ("error", "match", "make"),
    [
        (ValueError, r"`k`.*0 to 1.*k=2", lambda: schedules.ConstantSampling(2)),
        (TypeError, r"`k`.*k='a'", lambda: schedules.LinearSampling("a")),
        (ValueError, r"`c`.*c=-1", lambda: schedules.LinearSampling(1, -1)),
        (
            ValueError,
            r"`minimum`.*minimum=1\.5",
            lambda: schedules.LinearSampling(1, 0.1, 1.5),
        ),
        (ValueError, r"`k`.*0 < k < 1.*k=1", lambda: schedules.ExponentialSampling(1)),
        (
            ValueError,
            r"`k`.*at least 1.*k=0\.5",
            lambda: schedules.InverseSigmoidSampling(0.5),
        ),
        (
            ValueError,
            r"`k`.*finite.*k=inf",
            lambda: schedules.InverseSigmoidSampling(float("inf")),
        ),
    ],
)
def test_schedule_errors(error, match, make):
    with pytest.raises(error, match=match):
        make()
