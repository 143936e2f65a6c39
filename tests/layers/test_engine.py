"""Our back-propagation through time equals plain differentiation of the plain loop."""

import os
import subprocess
import sys

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.layers.core import engine
from keras_rnn_zoo.ops.bptt import bptt, pieces, recursion
from tests.cases import ANATOMIES, BY_ID, CASES, ONE_EACH, mostly_slow
from tests.compare import assert_close, assert_same, randomise, run, tensors

few_cases = mostly_slow(CASES)
each_anatomy = pytest.mark.parametrize("case", ANATOMIES, ids=lambda case: case.id)
FEATURES = 3


def pair(case, implementation, rng, **options):
    """The same layer through the engine and through the loop."""
    options = {"return_state": True, "return_sequences": True, **options}
    of_loop = {key: value for key, value in options.items() if key != "checkpoint"}
    fast = case.make_layer(implementation=implementation, **options)
    loop = case.make_layer(implementation="loop", **of_loop)
    for layer in (fast, loop):
        layer.build((None, None, FEATURES))
    randomise(fast, rng)
    loop.set_weights(fast.get_weights())
    return fast, loop


def draw(rng, layer, batch, time, dtype):
    inputs = rng.normal(size=(batch, time, FEATURES)).astype(dtype)
    sizes = keras.tree.flatten(layer.state_size)
    return inputs, [rng.normal(size=(batch, n)).astype(dtype) for n in sizes]


@few_cases
@hypothesis.settings(max_examples=5)
@hypothesis.given(
    batch=st.integers(1, 4),
    time=st.integers(1, 6),
    masked=st.booleans(),
    backwards=st.booleans(),
    sequences=st.booleans(),
    zero=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 1000),
)
def test_graph_equals_loop(
    case, batch, time, masked, backwards, sequences, zero, dtype, seed
):
    rng = np.random.default_rng(seed)
    fast, loop = pair(
        case,
        "graph",
        rng,
        dtype=dtype,
        go_backwards=backwards,
        return_sequences=sequences,
        zero_output_for_mask=zero,
    )
    inputs, states = draw(rng, loop, batch, time, dtype)
    mask = rng.random((batch, time)) > 0.4 if masked else None
    actual = run(fast, inputs, states, mask)
    # Normalising four numbers divides by a spread that may be small.
    factor = 10.0 if "LayerNorm" in case.id else 1.0
    assert_same(actual, run(loop, inputs, states, mask), dtype, factor)


@pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.id)
def test_every_unit_has_a_fast_path_that_is_the_loop(case, rng):
    """Once and for all; the tests below try more, on fewer."""
    fast, loop = pair(case, "graph", rng, dtype="float64", zoneout=0.2, seed=2)
    inputs, states = draw(rng, loop, 3, 4, "float64")
    mask = rng.random((3, 4)) > 0.3
    actual = run(fast, inputs, states, mask, training=True)
    assert_same(actual, run(loop, inputs, states, mask, training=True), "float64")


@each_anatomy
@pytest.mark.parametrize("masked", [False, True])
def test_xla_equals_loop(case, masked, rng):
    fast, loop = pair(case, "xla", rng, dtype="float64", go_backwards=masked)
    inputs, states = draw(rng, loop, 3, 6, "float64")
    mask = rng.random((3, 6)) > 0.4 if masked else None
    actual = run(fast, inputs, states, mask)
    assert_same(actual, run(loop, inputs, states, mask), "float64")


@each_anatomy
@pytest.mark.parametrize("time", [1, 3, 7])
def test_xla_in_pieces_equals_loop(case, time, rng, monkeypatch):
    """Of an unknown length XLA compiles pieces: here of three steps; 9 rows are 16."""
    monkeypatch.setattr(engine, "PIECE", 3)
    options = dict(dtype="float64", go_backwards=time == 7, truncate=2, seed=1)
    if time == 7:
        options.update(dropout=0.3, zoneout=0.2)
    fast, loop = pair(case, "xla", rng, **options)
    loop.truncate = fast.truncate
    inputs, states = draw(rng, loop, 9, time, "float64")
    mask = rng.random((9, time)) > 0.3 if time > 1 else None
    expected = run(loop, inputs, states, mask, training=True)
    shapes = [value.shape for value in expected.values()][: 1 + len(states)]
    lengths, counts, names = [], pieces.Pieces._counts, []
    monkeypatch.setattr(
        pieces.Pieces, "_counts", lambda *a: lengths.append(a[1]) or counts(*a)
    )

    given = [inputs] if mask is None else [inputs, mask]
    signature = [
        tf.TensorSpec([None, None, *x.shape[2:]], x.dtype) for x in map(np.array, given)
    ]

    # As in Keras's fit, where XLA may be taken.
    @tf.function(input_signature=signature)
    def one_step_on_data(inputs, mask=None):
        results = tensors(fast, inputs, states, mask, True, shapes=shapes)
        names.extend(results)
        return list(results.values())

    actual = dict(zip(names, map(np.asarray, one_step_on_data(*given)), strict=True))
    assert len(lengths) == 2, "both ways go in pieces"
    assert_same(actual, expected, "float64")


COUNT_PROGRAMS = """
import pathlib, sys
import keras, numpy as np, tensorflow as tf, keras_rnn_zoo as zoo
model = keras.Sequential([keras.Input((None, 3)), zoo.LSTM(4, implementation="xla")])
model.compile("sgd", "mse")
for rows, time in ((16, 40), (16, 7), (9, 90)):
    data = tf.data.Dataset.from_tensors((np.ones((rows, time, 3)), np.ones((rows, 4))))
    specs = tf.TensorSpec((None, None, 3)), tf.TensorSpec((None, 4))
    loose = tf.data.Dataset.from_generator(lambda: iter(data), output_signature=specs)
    model.fit(loose, verbose=0)
    print(len(list(pathlib.Path(sys.argv[1]).glob("*before_optimizations.txt"))))
"""


def test_xla_compiles_once_for_all_lengths_and_smaller_last_batches(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", COUNT_PROGRAMS, str(tmp_path)],
        env={**os.environ, "XLA_FLAGS": f"--xla_dump_to={tmp_path}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, second, third = map(int, done.stdout.split())
    assert 0 < first == second == third


def test_xla_is_left_out_of_functions_that_may_be_exported(rng):
    fast, _ = pair(BY_ID["LSTM"], "xla", rng)
    graph = tf.function(fast).get_concrete_function(tf.TensorSpec((None, None, 3)))
    functions = graph.graph.as_graph_def().library.function
    assert functions and not any("_XlaMustCompile" in f.attr for f in functions)


@few_cases
def test_hoisted_equals_loop(case, rng):
    """Inputs projected before the loop, with masks, dropout and zoneout."""
    drops = {
        n: 0.3 for n in ("dropout", "recurrent_dropout") if n in case.cell.arguments
    }
    for options in ({}, {"go_backwards": True, "zoneout": 0.2, "seed": 2, **drops}):
        fast, loop = pair(case, "hoisted", rng, dtype="float64", **options)
        inputs, states = draw(rng, loop, 3, 5, "float64")
        mask = rng.random((3, 5)) > 0.3
        actual = run(fast, inputs, states, mask, training=True)
        expected = run(loop, inputs, states, mask, training=True)
        assert_same(actual, expected, "float64")


@few_cases
def test_gradients_are_finite_differences(case, rng):
    fast, _ = pair(case, "graph", rng, dtype="float64")
    inputs, states = draw(rng, fast, 2, 4, "float64")
    mask = np.array([[1, 1, 0, 1], [1, 1, 1, 0]], bool)
    gradients = run(fast, inputs, states, mask)
    generator = np.random.default_rng(0)
    shapes = [(2, 4, fast.cell.output_size)]
    shapes += [(2, n) for n in keras.tree.flatten(fast.state_size)]
    directions = [generator.normal(size=shape) for shape in shapes]

    def loss(inputs, states):
        results = fast(inputs, initial_state=states, mask=mask)
        return sum(
            float(np.sum(r * d)) for r, d in zip(results, directions, strict=True)
        )

    def difference(change, eps=1e-6):
        return (change(eps) - change(-eps)) / (2 * eps)

    direction = rng.normal(size=inputs.shape)
    slope = difference(lambda e: loss(inputs + e * direction, states))
    np.testing.assert_allclose(
        (gradients["d inputs"] * direction).sum(), slope, rtol=1e-6, atol=1e-8
    )
    for weight in fast.trainable_weights:
        value = np.asarray(weight)
        direction = rng.normal(size=value.shape)

        def moved(e, weight=weight, value=value, direction=direction):
            weight.assign(value + e * direction)
            result = loss(inputs, states)
            weight.assign(value)
            return result

        expected = (gradients[f"d {weight.name}"] * direction).sum()
        np.testing.assert_allclose(
            expected, difference(moved), rtol=1e-6, atol=1e-8, err_msg=weight.name
        )


@few_cases
@pytest.mark.parametrize("option", ["dropout", "recurrent_dropout"])
def test_dropout_takes_the_engine_too(case, option, rng):
    """One seed: the same masks, so the same outputs and gradients."""
    if option not in case.cell.arguments:
        pytest.skip(f"{case.id} has no {option}")
    fast, loop = pair(case, "graph", rng, seed=3, **{option: 0.4})
    inputs, states = draw(rng, loop, 3, 5, "float32")
    actual = run(fast, inputs, states, training=True)
    assert_same(actual, run(loop, inputs, states, training=True))
    plain = run(loop, inputs, states, training=False)
    assert np.abs(actual["output"] - plain["output"]).max() > 1e-3


@each_anatomy
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(case, policy, rng):
    fast, loop = pair(case, "graph", rng, dtype=policy)
    inputs, states = draw(rng, loop, 2, 5, "float32")
    for a, b in zip(
        fast(inputs, initial_state=states),
        loop(inputs, initial_state=states),
        strict=True,
    ):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(
            np.asarray(a, "float32"), np.asarray(b, "float32"), atol=0.04
        )


def test_one_trace_serves_every_batch_and_length(rng):
    fast, loop = pair(BY_ID["LSTM"], "graph", rng)

    @tf.function(input_signature=[tf.TensorSpec((None, None, FEATURES))])
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(fast(x)[0] ** 2)
        return tape.gradient(loss, x)

    for batch, time in [(2, 6), (1, 1), (4, 3)]:
        x = rng.normal(size=(batch, time, FEATURES)).astype("float32")
        with tf.GradientTape() as tape:
            variable = tf.Variable(x)
            loss = tf.reduce_sum(loop(variable)[0] ** 2)
        assert_close(gradient(x), tape.gradient(loss, variable))


def test_control_a_wrong_backward_pass_is_noticed(rng, monkeypatch):
    """A product whose gradient is not that of the product must fail the comparison."""
    right = recursion.recalling

    def wrong(products, sums):
        product = right(products, sums)
        return lambda linear, a, plus=None: product(linear, 1.01 * a, plus)

    monkeypatch.setattr(recursion, "recalling", wrong)
    fast, loop = pair(BY_ID["LSTM"], "graph", rng, dtype="float64")
    inputs, states = draw(rng, loop, 2, 4, "float64")
    with pytest.raises(AssertionError, match="max.a-b"):
        assert_same(run(fast, inputs, states), run(loop, inputs, states), "float64")


def test_a_shorter_length_leaves_the_rest_alone(rng):
    def one_step(x, states, weights, constants, product):
        [z] = [product(lambda a: a @ weights[0], states[0])]
        h = tf.tanh(x[0] + z)
        return h, [h]

    x = rng.normal(size=(6, 2, 3))
    h, u = rng.normal(size=(2, 3)), rng.normal(size=(3, 3))
    tensors = [tf.constant(t) for t in (x, h, u)]
    for backwards in (False, True):
        results = []
        for steps, length in [(x[:4], None), (x, tf.constant(4))]:
            steps = tf.constant(steps)
            with tf.GradientTape() as tape:
                tape.watch([steps, *tensors[1:]])
                outputs, [last] = bptt(
                    one_step,
                    [steps],
                    [tensors[1]],
                    [tensors[2]],
                    length=length,
                    backwards=backwards,
                )
                loss = tf.reduce_sum(outputs[:4] ** 2) + tf.reduce_sum(last)
            gradients = tape.gradient(loss, [steps, *tensors[1:]])
            results.append((outputs, last, gradients))
        (short, last, gradients), (long, long_last, long_gradients) = results
        assert_close(long[:4], short, "float64")
        assert np.all(np.asarray(long[4:]) == 0)
        assert_close(long_last, last, "float64")
        assert_close(long_gradients[0][:4], gradients[0], "float64")
        for a, b in zip(long_gradients[1:], gradients[1:], strict=True):
            assert_close(a, b, "float64")


def test_fit_through_the_engine_is_fit_through_the_loop(rng):
    x = rng.normal(size=(32, 7, 3)).astype("float32")
    y = x.sum(axis=(1, 2))
    losses = []
    for implementation in ("loop", "graph", "xla"):
        keras.utils.set_random_seed(1)
        model = keras.Sequential(
            [
                keras.Input((None, 3)),
                keras.layers.Masking(),
                zoo.Bidirectional(
                    zoo.LSTM(8, implementation=implementation, return_sequences=True)
                ),
                zoo.GRU(8, implementation=implementation),
                keras.layers.Dense(1),
            ]
        )
        model.compile("adam", "mse")
        history = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
        losses.append(history.history["loss"])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    np.testing.assert_allclose(losses[2], losses[0], rtol=1e-4)


@each_anatomy
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("implementation", ["graph", "loop"])
def test_truncated_gradients_are_those_of_detached_chunks(
    case, masked, implementation, rng
):
    """`truncate=3` over 8 steps is chunks of 3, 3 and 2 with detached states."""
    short, loop = pair(
        case, implementation, rng, dtype="float64", truncate=3, go_backwards=masked
    )
    inputs, states = draw(rng, loop, 2, 8, "float64")
    mask = rng.random((2, 8)) > 0.3 if masked else None
    actual = run(short, inputs, states, mask)

    whole = case.make_layer(return_sequences=True, return_state=True, dtype="float64")
    whole.build((None, None, FEATURES))
    whole.set_weights(short.get_weights())
    if masked:
        inputs, mask = inputs[:, ::-1], mask[:, ::-1]
    x, first = tf.constant(inputs), [tf.constant(s) for s in states]
    generator = np.random.default_rng(0)
    with tf.GradientTape() as tape:
        tape.watch([x, *first])
        pieces, carried, before = [], first, None
        for start in (0, 3, 6):
            chunk = slice(start, start + 3)
            of_chunk = None if mask is None else mask[:, chunk]
            piece, *carried = whole(x[:, chunk], initial_state=carried, mask=of_chunk)
            if of_chunk is not None and before is not None:
                begun = np.cumsum(of_chunk, 1) > 0
                piece = tf.where(begun[..., None], piece, before[:, None])
            before = tf.stop_gradient(piece[:, -1])
            pieces.append(piece)
            last, carried = carried, [tf.stop_gradient(s) for s in carried]
        results = [tf.concat(pieces, 1), *last]
        loss = sum(tf.reduce_sum(r * generator.normal(size=r.shape)) for r in results)
    gradients = tape.gradient(
        loss,
        [x, *first, *[w.value for w in whole.trainable_weights]],
        unconnected_gradients="zero",
    )
    if masked:
        gradients[0] = gradients[0][:, ::-1]
    values = zip(actual, [*results, *gradients], strict=True)
    for name, expected in values:
        assert_close(actual[name], expected, "float64", name)


@each_anatomy
@pytest.mark.parametrize("every", [1, 3, 4, 10])
def test_checkpointed_equals_loop(case, every, rng):
    masked = every != 3
    options = dict(dtype="float64", go_backwards=every == 4, seed=1)
    options.update(return_sequences=every < 4)
    if every == 4:
        options.update(dropout=0.3, recurrent_dropout=0.3)
    fast, loop = pair(case, "graph", rng, checkpoint=every, **options)
    inputs, states = draw(rng, loop, 2, 8, "float64")
    mask = rng.random((2, 8)) > 0.3 if masked else None
    actual = run(fast, inputs, states, mask, training=True)
    assert_same(actual, run(loop, inputs, states, mask, training=True), "float64")
