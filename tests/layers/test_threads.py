"""Nothing of a call is left on a layer: threads, calls inside of calls, and traces.

`KERAS_RNN_ZOO_THREAD_CALLS=200` makes each of the threads call so often.
"""

import concurrent.futures
import os
import sys
import threading
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from tests.cases import CASES, ONE_EACH, mostly_slow
from tests.compare import assert_close, randomise

# What has to trace is tried on one cell of each kind.
KINDS = [c for c in CASES if c.id in ("LSTM", "MGU", "LayerNormLSTM", "IndRNN")]
WITH_ACTIVATION = [case for case in CASES if "activation" in case.cell.arguments]
each_kind = pytest.mark.parametrize("case", KINDS, ids=lambda case: case.id)
THREADS = 8
CALLS = int(os.environ.get("KERAS_RNN_ZOO_THREAD_CALLS", "1"))
BATCH, STEPS, FEATURES = 2, 3, 4  # as many features as units, as in a stack of layers
# Normalising four numbers divides by a spread that may be small.
FACTORS = {case.id: 10.0 if "LayerNorm" in case.id else 1.0 for case in CASES}


@pytest.fixture
def many_switches():
    """Threads take turns as often as Python can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(*jobs, calls=CALLS, threads=THREADS):
    """Runs the jobs in turn in each of the threads; the results, a list a job."""
    start = threading.Barrier(threads)

    def work(k):
        start.wait()
        return [(k + n, jobs[(k + n) % len(jobs)]()) for n in range(calls * len(jobs))]

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work, k) for k in range(threads)]
        done = [pair for future in futures for pair in future.result(timeout=300)]
    results = [[] for _ in jobs]
    for k, result in done:
        results[k % len(jobs)].append(result)
    return results


def built(case, rng, **options):
    layer = case.make_layer(return_sequences=True, **options)
    layer.build((None, None, FEATURES))
    randomise(layer, rng)
    return layer


def draw(rng, batch=BATCH, steps=STEPS):
    return rng.normal(size=(batch, steps, FEATURES)).astype("float32")


def rates(case, rate):
    names = ("dropout", "recurrent_dropout")
    return {name: rate for name in names if name in case.cell.arguments}


def gradients(layer, x, training=False):
    """The output and the gradients of a loss with respect to all weights."""
    with tf.GradientTape() as tape:
        output = layer(x, training=training)
        loss = tf.reduce_sum(output**2)
    return [output, *tape.gradient(loss, [w.value for w in layer.trainable_weights])]


def all_close(actual, expected, what, factor):
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected, strict=True):
        assert_close(a, b, what=what, factor=factor)


# --- Threads


@mostly_slow(ONE_EACH)
def test_calls_from_threads_are_calls(case, rng, many_switches):
    """Inference, training with and without dropout, at once; the layer stays as it was.

    With dropout the draws of one thread come between those of another, so that there
    only the shape, and that all is finite, can be promised.
    """
    layer, factor = built(case, rng), FACTORS[case.id]
    dropped = built(case, rng, seed=3, **rates(case, 0.3))
    dropped.set_weights(layer.get_weights())
    x, other = tf.constant(draw(rng)), tf.constant(draw(rng, 3, 2))
    mask = rng.random((3, 2)) > 0.4
    jobs = (
        lambda: [layer(x)],
        lambda: [layer(other, mask=mask)],
        lambda: gradients(layer, x, True),
    )
    expected = [job() for job in jobs]

    def with_dropout():
        output = np.asarray(dropped(x, training=True))
        assert output.shape == (BATCH, STEPS, layer.cell.output_size)
        assert np.isfinite(output).all()

    *results, _ = at_once(*jobs, with_dropout, calls=CALLS)
    for k, (found, known) in enumerate(zip(results, expected, strict=True)):
        assert len(found) == THREADS * CALLS
        for one in found:
            all_close(one, known, f"job {k}", factor)
    for k, (job, known) in enumerate(zip(jobs, expected, strict=True)):
        all_close(job(), known, f"job {k}, afterwards", factor)
    assert_close(dropped(x), expected[0][0], what="afterwards", factor=factor)


class Crossing:
    """An activation in which two threads meet: the first one in is the first one out.

    Contexts that are left in another order than the reverse of their entering put back
    what is not theirs.
    """

    def __init__(self, function):
        self.function = function
        self.second_is_in, self.first_is_out = threading.Event(), threading.Event()
        self.waiting = {"first", "second"}

    def __call__(self, value):
        name = threading.current_thread().name
        if name in self.waiting:
            self.waiting.remove(name)
            if name == "first":
                assert self.second_is_in.wait(60)
            else:
                self.second_is_in.set()
                assert self.first_is_out.wait(60)
        return self.function(value)


@pytest.mark.parametrize("case", WITH_ACTIVATION, ids=lambda case: case.id)
def test_two_calls_that_cross(case, rng):
    """The switch between two threads made certain, as any slow step makes it."""
    activation = Crossing(keras.ops.tanh)
    layer = built(case, rng, activation=activation)
    x, other = draw(rng), draw(rng, 3, 2)
    expected = np.asarray(layer(x)), np.asarray(layer(other))
    results, errors = {}, []

    def run(name, inputs):
        try:
            results[name] = np.asarray(layer(inputs))
        except Exception as error:
            errors.append(error)
        finally:
            event = {"first": activation.first_is_out}
            event.get(name, activation.second_is_in).set()

    threads = [
        threading.Thread(target=run, name=name, args=(name, inputs))
        for name, inputs in (("first", x), ("second", other))
    ]
    threads[0].start()
    while "first" in activation.waiting and threads[0].is_alive():
        time.sleep(0.001)
    threads[1].start()
    for thread in threads:
        thread.join(120)
    factor = FACTORS[case.id]
    assert not errors, errors
    assert_close(results["first"], expected[0], what="first", factor=factor)
    assert_close(results["second"], expected[1], what="second", factor=factor)
    assert_close(layer(x), expected[0], what="afterwards", factor=factor)
    if case in KINDS:
        graph = tf.function(layer)(x)
        assert_close(graph, expected[0], what="afterwards, in a graph", factor=factor)


def test_predict_from_threads(rng, many_switches):
    """One model that holds a unit of each kind, from its first call on."""
    features = keras.Input((None, FEATURES))
    outputs = [case.make_layer(return_sequences=True)(features) for case in KINDS]
    model = keras.Model(features, keras.layers.Concatenate()(outputs))
    randomise(model, rng)
    batches = draw(rng), draw(rng, 3, 2)
    expected = [np.asarray(model(x)) for x in batches]
    jobs = [lambda x=x: model.predict_on_batch(x) for x in batches]
    for found, known in zip(at_once(*jobs), expected, strict=True):
        for one in found:
            assert_close(one, known, factor=10.0)
    for x, known in zip(batches, expected, strict=True):
        assert_close(model(x), known, factor=10.0, what="afterwards")


@each_kind
def test_traces_from_threads(case, rng, many_switches):
    """Each thread makes functions of its own of the same layer."""
    x, factor = tf.constant(draw(rng)), FACTORS[case.id]
    layer = built(case, rng)
    expected = gradients(layer, x, True)

    def trained():
        return tf.function(lambda x: gradients(layer, x, True))(x)

    for found in at_once(trained, calls=1, threads=3)[0]:
        all_close(found, expected, "", factor)
    all_close(gradients(layer, x, True), expected, "afterwards", factor)


# --- Calls inside of calls


class Inside:
    """An activation that, once, calls a layer in the midst of a step."""

    def __init__(self, function):
        self.function, self.call, self.results = function, None, []

    def __call__(self, value):
        if self.call is not None:
            call, self.call = self.call, None
            self.results.append(call())
        return self.function(value)


@pytest.mark.parametrize(
    ("case", "graph"),
    [*((case, False) for case in WITH_ACTIVATION), *((case, True) for case in KINDS)],
    ids=lambda value: getattr(value, "id", "graph" if value is True else "eager"),
)
def test_a_call_inside_of_a_call_changes_neither(case, graph, rng):
    activation = Inside(keras.ops.tanh)
    layer = built(case, rng, activation=activation)
    x, other = draw(rng), draw(rng, 3, 2)
    expected, inner = np.asarray(layer(x)), np.asarray(layer(other))

    def call():
        with tf.init_scope():  # an eager call, also while a graph is traced
            return np.asarray(layer(other))

    activation.call = call
    function = tf.function(layer) if graph else layer
    assert_close(function(x), expected, what="outer", factor=FACTORS[case.id])
    [found] = activation.results
    assert_close(found, inner, what="inner", factor=FACTORS[case.id])
    assert_close(layer(x), expected, what="afterwards", factor=FACTORS[case.id])


@each_kind
def test_an_error_inside_of_a_call_leaves_the_layer_as_it_was(case, rng):
    activation = Inside(keras.ops.tanh)
    layer = built(case, rng, activation=activation)
    x = draw(rng)
    expected = np.asarray(layer(x))

    def fail():
        raise KeyError("no such thing")

    for function in (layer, tf.function(layer)):
        activation.call = fail
        with pytest.raises(KeyError):
            function(x)
        assert_close(layer(x), expected, factor=FACTORS[case.id])


@each_kind
def test_one_layer_twice_in_one_graph(case, rng):
    layer = built(case, rng, implementation="graph" if case.id == "MGU" else "auto")
    first, second = keras.Input((None, FEATURES)), keras.Input((None, FEATURES))
    twice = layer(layer(first))
    model = keras.Model([first, second], [twice, layer(second)])
    x, other = draw(rng), draw(rng, BATCH, 5)
    expected = [layer(layer(x)), layer(other)]
    for found in (
        model([x, other]),
        tf.function(lambda a, b: [layer(layer(a)), layer(b)])(x, other),
    ):
        all_close(found, expected, "", FACTORS[case.id])
    if case.id != "MGU":  # what compiles is tried on one
        return
    found = model.predict_on_batch([x, other])
    all_close(found, expected, "predict", FACTORS[case.id])
    model.compile("sgd", "mse")
    known = [np.zeros_like(one) for one in expected]
    assert np.isfinite(model.train_on_batch([x, other], known)).all()


def test_what_is_left_on_a_layer_does_not_grow(rng):
    """The attributes before and after calls of every kind say the same."""

    def attributes(layer):
        return {
            name: repr(value)
            for part in (layer, layer.cell)
            for name, value in vars(part).items()
            if isinstance(value, bool | int | float | str | None | tuple)
        }

    for case in KINDS:
        layer = built(case, rng, seed=1, zoneout=0.2, **rates(case, 0.2))
        layer(draw(rng))
        before = attributes(layer)
        gradients(layer, tf.constant(draw(rng)), True)
        tf.function(layer)(draw(rng))
        zoo.Bidirectional(layer)(draw(rng))
        assert attributes(layer) == before
