"""Sums and maxima over paths against the enumeration of all paths."""

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import ops
from keras_rnn_zoo.ops import chains
from tests.references import chains as reference

SHAPES = [(3, 1, 1), (3, 1, 3), (4, 2, 2), (4, 4, 4), (6, 5, 3), (2, 0, 3)]


def draw(seed, batch, time, states, dtype="float64", forbidden=0.0):
    """unary, transition, mask, initial, final, weights of rows; -inf with a chance."""
    rng = np.random.default_rng(seed)

    def scores(*shape):
        values = rng.normal(size=shape, scale=2.0)
        return np.where(rng.random(shape) < forbidden, -np.inf, values).astype(dtype)

    mask = rng.random((batch, time)) < 0.7
    mask[0] = False
    mask[-1] = True
    rows = rng.normal(size=batch).astype(dtype)
    unary = scores(batch, time, states)
    return (
        *(unary, scores(states, states), mask),
        *(scores(states), scores(states), rows),
    )


@tf.function(autograph=False)
def compute(unary, transition, mask, initial, final, rows):
    """Everything at once, and every gradient of Σ rows log Z."""
    arguments = unary, transition, mask, initial, final
    with tf.GradientTape() as tape:
        tape.watch([unary, transition, initial, final])
        log_norm = chains.log_norm(*arguments)
        total = tf.reduce_sum(log_norm * rows)
    gradients = tape.gradient(total, [unary, transition, initial, final])
    path, score = chains.viterbi(*arguments)
    again = chains.path_score(unary, path, transition, mask, initial, final)
    marginals, transitions = chains.expectations(*arguments, weight=rows)
    return (
        *(log_norm, path, score, again, marginals, transitions),
        *(chains.marginals(*arguments), *gradients),
    )


@pytest.mark.parametrize("forbidden", [0.0, 0.4])
@pytest.mark.parametrize(
    "shape, dtype",
    [(shape, "float32") for shape in SHAPES] + [((4, 4, 4), "float64")],
    ids=str,
)
def test_enumeration(shape, dtype, forbidden):
    for seed in range(4):
        arguments = draw(seed, *shape, dtype, forbidden)
        unary, transition, mask, initial, final, rows = arguments
        with np.errstate(invalid="ignore"):
            expected = reference.summary(
                *(a.astype("float64") for a in (unary, transition)),
                *(mask, initial.astype("float64"), final.astype("float64")),
            )
        results = [np.asarray(r) for r in compute(*map(tf.constant, arguments))]
        log_norm, path, score, again, weighted, transitions, marginals = results[:7]
        d_unary, d_transition, d_initial, d_final = results[7:]
        near = {"rtol": 1e-5, "atol": 1e-5} if dtype == "float32" else {"rtol": 1e-9}
        possible = np.isfinite(expected["score"])
        row = rows[:, None, None]
        for name, actual, value in (
            ("log Z", log_norm, expected["log_norm"]),
            ("score", score, expected["score"]),
            ("score of the path", again[possible], expected["score"][possible]),
            ("marginals", marginals, expected["marginals"]),
            ("weighted", weighted, expected["marginals"] * row),
            ("transitions", transitions, (expected["transitions"] * row).sum(0)),
            ("d unary", d_unary, expected["marginals"] * row),
            ("d transition", d_transition, (expected["transitions"] * row).sum(0)),
            ("d initial", d_initial, (expected["firsts"] * row[..., 0]).sum(0)),
            ("d final", d_final, (expected["lasts"] * row[..., 0]).sum(0)),
        ):
            near["atol"] = max(near.get("atol", 0), 1e-12)
            np.testing.assert_allclose(actual, value, err_msg=name, **near)
        np.testing.assert_array_equal(path, expected["path"])
        if forbidden and shape[1] == 5:
            assert seed or not possible.all()  # the case is there


def test_what_xla_compiles_is_the_same():
    arguments = [tf.constant(a) for a in draw(3, 4, 5, 3, "float32", 0.1)]
    compiled = tf.function(compute.python_function, jit_compile=True, autograph=False)
    for actual, expected in zip(compiled(*arguments), compute(*arguments), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_gradients_of_gradients_and_of_marginals():
    unary, transition, mask, *_ = (tf.constant(a) for a in draw(5, 3, 4, 3))
    direction = tf.constant(np.random.default_rng(0).normal(size=unary.shape))

    def slope(unary):
        with tf.GradientTape() as tape:
            tape.watch(unary)
            total = tf.reduce_sum(chains.log_norm(unary, transition, mask))
        return tf.reduce_sum(tape.gradient(total, unary) * direction)

    def mean(unary):
        return tf.reduce_sum(chains.marginals(unary, transition, mask) * direction)

    for function in (slope, mean, tf.function(slope)):
        with tf.GradientTape() as tape:
            tape.watch(unary)
            value = function(unary)
        actual = tf.reduce_sum(tape.gradient(value, unary) * direction)
        step = 1e-5
        ends = [function(unary + s * direction) for s in (step, -step)]
        expected = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(actual, expected, rtol=1e-7)


def test_float32_is_enough_for_a_thousand_steps():
    unary, transition, *_ = draw(1, 3, 1000, 4)
    mask = np.arange(1000) < np.array([[1000], [637], [0]])
    transition[0, 1:] = -np.inf  # A state that is never left,
    unary[:, :900, 0] = -50.0  # and is far too expensive at first.
    results = {}
    for dtype in ("float32", "float64"):
        with tf.GradientTape() as tape:
            x, a = tf.constant(unary, dtype), tf.constant(transition, dtype)
            tape.watch([x, a])
            log_norm = chains.log_norm(x, a, mask)
        gradients = tape.gradient(log_norm, [x, a])
        marginals = chains.marginals(x, a, mask)
        path, score = chains.viterbi(x, a, mask)
        results[dtype] = [log_norm, *gradients, marginals, path, score]
    for actual, expected in zip(*results.values(), strict=True):
        assert np.all(np.isfinite(actual))
        np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(
        np.sum(results["float32"][3], -1), mask, rtol=1e-5, atol=1e-6
    )


def test_nan_is_not_hidden():
    unary = np.zeros((1, 3, 2), "float32")
    unary[0, 1, 0] = np.nan
    assert np.isnan(chains.log_norm(unary, np.zeros((2, 2), "float32")))


# === Under the names of TensorFlow Addons ===

LENGTHS = np.array([5, 3, 1, 0])


@pytest.fixture
def problem(rng):
    x = rng.normal(size=(4, 5, 3)).astype("float32")
    a = rng.normal(size=(3, 3)).astype("float32")
    y = rng.integers(0, 3, size=(4, 5))
    bitmap = rng.random((4, 5, 3)) < 0.6
    bitmap[np.arange(4)[:, None], np.arange(5), y] = True
    mask = np.arange(5) < LENGTHS[:, None]
    return x, a, y, bitmap, mask


def test_crf_functions_by_enumeration(problem):
    x, a, y, bitmap, mask = problem
    full = reference.summary(x.astype("float64"), a.astype("float64"), mask)
    some = reference.summary(np.where(bitmap, x, -np.inf), a, mask)
    unary = np.array(
        [sum(x[b, t, y[b, t]] for t in range(n)) for b, n in enumerate(LENGTHS)]
    )
    binary = np.array(
        [
            sum(a[y[b, t - 1], y[b, t]] for t in range(1, n))
            for b, n in enumerate(LENGTHS)
        ]
    )
    # What lies behind a sequence is not read, whatever it is.
    x = np.where(mask[..., None], x, np.nan)
    y, bitmap = np.where(mask, y, -7), bitmap & mask[..., None]
    likelihood, given = ops.crf_log_likelihood(x, y, LENGTHS, a)
    np.testing.assert_array_equal(given, a)
    filtered = np.asarray(ops.crf_filtered_inputs(x, bitmap))
    np.testing.assert_array_equal(filtered, np.where(bitmap, x, -np.inf))
    tags, score = ops.crf_decode(x, a, LENGTHS)
    few, few_score = ops.crf_constrained_decode(x, bitmap, a, LENGTHS)
    for actual, expected in (
        (ops.crf_unary_score(y, LENGTHS, x), unary),
        (ops.crf_binary_score(y, LENGTHS, a), binary),
        (ops.crf_sequence_score(x, y, LENGTHS, a), unary + binary),
        (ops.crf_log_norm(x, LENGTHS, a), full["log_norm"]),
        (likelihood, unary + binary - full["log_norm"]),
        (
            ops.crf_multitag_sequence_score(x, bitmap, LENGTHS, a),
            some["log_norm"],
        ),
        (tags, full["path"]),
        (score, full["score"]),
        (few, some["path"]),
        (few_score, some["score"]),
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


def test_transitions_are_made_when_none_are_given(problem):
    x, _, y, _, _ = problem
    likelihood, made = ops.crf_log_likelihood(x, y, LENGTHS)
    assert isinstance(made, tf.Variable) and made.shape == (3, 3)
    assert 0 < np.abs(made).max() <= 1.0
    again, _ = ops.crf_log_likelihood(x, y, LENGTHS, made)
    np.testing.assert_array_equal(likelihood, again)


def test_where_every_path_is_forbidden(problem):
    x, a, y, bitmap, _ = problem
    bitmap[0, 2] = False
    tags, score = ops.crf_constrained_decode(x, bitmap, a, LENGTHS)
    assert score[0] == -np.inf and not np.any(tags[0])
    assert np.all(np.isfinite(score[1:]))
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = ops.crf_multitag_sequence_score(x, bitmap, LENGTHS, a)
    assert total[0] == -np.inf
    gradient = tape.gradient(total, x)
    assert np.all(np.isfinite(gradient)) and not np.any(gradient[0])


@pytest.mark.parametrize("tag", [-1, 3])
def test_a_tag_out_of_range(problem, tag):
    x, a, y, _, _ = problem
    y[1, 2] = tag
    arguments = (x, y.astype("int32"), LENGTHS, a)
    expected = rf"from 0 to 2 at unmasked steps.*tag {tag} at \(row, step\) \(1, 2\)"
    with pytest.raises(ValueError, match=expected):
        ops.crf_log_likelihood(*arguments)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"with tags.*{tag}"):
        tf.function(ops.crf_sequence_score)(*map(tf.constant, arguments))
    # XLA cannot raise: the row has no score, and the others have theirs.
    compiled = tf.function(ops.crf_sequence_score, jit_compile=True)
    score = compiled(*map(tf.constant, arguments))
    np.testing.assert_array_equal(np.isnan(score), [False, True, False, False])


@pytest.mark.parametrize(
    "change, message",
    [
        ({"inputs": np.zeros((2, 3))}, r"\(batch, time, tags\).*shape \(2, 3\)"),
        ({"transition_params": np.zeros((3, 2))}, r"\(tags, tags\).*shape \(3, 2\)"),
        ({"sequence_lengths": 3}, r"`sequence_lengths`.*shape \(\)"),
        ({"tag_indices": np.zeros((4, 4), int)}, r"\(4, 5\) here.*shape \(4, 4\)"),
    ],
)
def test_shapes_that_do_not_fit(problem, change, message):
    x, a, y, _, _ = problem
    arguments = {
        "inputs": x,
        "tag_indices": y,
        "sequence_lengths": LENGTHS,
        "transition_params": a,
    }
    with pytest.raises(ValueError, match=message):
        ops.crf_log_likelihood(**arguments | change)
