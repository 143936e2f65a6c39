"""Where the native kernels are taken, that they agree, and that no file holds them."""

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
from keras_rnn_zoo.layers.core import engine
from tests.cases import CASES
from tests.compare import assert_same, randomise, run
from tests.fresh import run_without_the_zoo

SUPPORTED = [case for case in CASES if engine.why_not_native(case.make_layer()) is None]
pytestmark = pytest.mark.skipif(
    not SUPPORTED, reason="the kernels cannot be built here"
)


@pytest.fixture
def paths(monkeypatch):
    """The list of paths that layers take from now on."""
    taken, choose = [], engine.choose

    def note(layer, training):
        taken.append(choose(layer, training))
        return taken[-1]

    monkeypatch.setattr(engine, "choose", note)
    return taken


def model(**options):
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(9, 6, mask_zero=True),
            zoo.Bidirectional(zoo.LSTM(8, return_sequences=True, **options)),
            zoo.GRU(8, **options),
            keras.layers.Dense(1),
        ]
    )


@pytest.mark.parametrize("case", SUPPORTED, ids=[case.id for case in SUPPORTED])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("drop", [0.0, 0.4])
def test_native_equals_loop(case, backwards, drop, rng):
    options = dict(
        return_state=True,
        return_sequences=True,
        go_backwards=backwards,
        dtype="float64",
        recurrent_dropout=drop,
        seed=1,
    )
    native, loop = (
        case.make_layer(implementation=i, **options) for i in ("native", "loop")
    )
    for layer in (native, loop):
        layer.build((None, None, 3))
    randomise(native, rng)
    loop.set_weights(native.get_weights())
    inputs = rng.normal(size=(3, 6, 3))
    states = [rng.normal(size=(3, n)) for n in native.state_size]
    for mask in (None, rng.random((3, 6)) > 0.4):
        assert_same(
            run(native, inputs, states, mask, training=drop > 0),
            run(loop, inputs, states, mask, training=drop > 0),
            "float64",
        )


def test_a_keras_model_takes_it_in_its_steps(paths, rng):
    network = model()
    network.compile("adam", "mse")
    x, y = rng.integers(0, 9, size=(16, 7)), rng.normal(size=(16, 1))
    for act in (
        lambda: network.fit(x, y, verbose=0),
        lambda: network.evaluate(x, y, verbose=0),
        lambda: network.predict(x, verbose=0),
    ):
        paths.clear()
        act()
        assert paths and set(paths) == {"native"}


def test_no_file_holds_a_native_op(paths, tmp_path, rng):
    network = model()
    network.compile("adam", "mse")
    x, y = rng.integers(0, 9, size=(16, 7)), rng.normal(size=(16, 1))
    network.fit(x, y, verbose=0)
    expected = network.predict(x, verbose=0)
    paths.clear()
    network.export(tmp_path / "exported", verbose=False)
    tf.saved_model.save(network, str(tmp_path / "saved"))
    signature = [tf.TensorSpec((None, None), tf.int32)]
    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint("serve", network.call, input_signature=signature)
    archive.write_out(tmp_path / "archive", verbose=False)
    assert paths and "native" not in paths
    for name in ("exported", "saved", "archive"):
        graph = (tmp_path / name / "saved_model.pb").read_bytes()
        assert b"KerasRnnZoo" not in graph and b"_XlaMustCompile" not in graph
    served = run_without_the_zoo(
        "import sys, numpy as np, tensorflow as tf\n"
        "loaded = tf.saved_model.load(sys.argv[1])\n"
        "x = np.load(sys.argv[2])\n"
        "np.save(sys.argv[3], loaded.serve(tf.constant(x, tf.int32)))\n",
        tmp_path,
        x,
    )
    np.testing.assert_allclose(served, expected, rtol=1e-4, atol=1e-6)


def test_a_function_of_the_user_stays_portable(paths, rng):
    network = model()
    x = rng.integers(1, 9, size=(4, 5))
    network(x)
    paths.clear()
    tf.function(network)(x)
    assert set(paths) == {"loop"}


def test_asked_for_by_name_where_it_cannot_be():
    layer = zoo.MGU(4, implementation="native")
    with pytest.raises(ValueError, match="no kernel for this MGUCell.*'native'"):
        layer(np.zeros((2, 5, 3)))
    layer = zoo.LSTM(4, implementation="native", truncate=2)
    with pytest.raises(ValueError, match="truncate and checkpoint.*'native'"):
        layer(np.zeros((2, 5, 3)))


def test_a_subclass_with_its_own_equations_takes_another_path(paths, rng):
    class DoubledCell(zoo.LSTMCell):
        def call(self, inputs, states, training=False):
            h, states = super().call(inputs, states, training)
            return 2 * h, states

    class Renamed(zoo.LSTMCell):
        pass

    x = rng.normal(size=(2, 5, 3)).astype("float32")
    doubled, plain = zoo.RNN(DoubledCell(4)), zoo.LSTM(4)
    for layer in (doubled, plain):
        layer.build((None, None, 3))
    doubled.set_weights(plain.get_weights())
    np.testing.assert_allclose(doubled(x), 2 * plain(x), rtol=1e-5)
    zoo.RNN(Renamed(4))(x)
    assert paths == ["loop", "native", "native"]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_takes_another_path(paths, policy, rng):
    zoo.LSTM(4, dtype=policy)(rng.normal(size=(2, 5, 3)).astype("float32"))
    assert "native" not in paths


# Two logical devices can only be made before TensorFlow starts.
FITS = """
import contextlib
import tensorflow as tf
[cpu] = tf.config.list_physical_devices("CPU")
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
import keras, numpy as np
import keras_rnn_zoo as zoo
from keras_rnn_zoo.layers.core import engine

taken, choose = set(), engine.choose
def note(*arguments):
    taken.add((choose(*arguments), tf.compat.v1.get_default_graph().name))
    return choose(*arguments)
engine.choose = note
rng = np.random.default_rng(0)
x, y = rng.normal(size=(32, 5, 3)), rng.normal(size=(32, 1))

def fit(implementation, scope, steps):
    keras.utils.set_random_seed(1)
    taken.clear()
    with scope:
        layers = [zoo.Bidirectional(zoo.LSTM(4, implementation=implementation)),
                  keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((None, 3)), *layers])
        model.compile(keras.optimizers.SGD(0.1), "mse", steps_per_execution=steps)
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    return model.get_weights()

def mirrored():
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope()

expected = fit("loop", contextlib.nullcontext(), 1)
for scope, steps in [(contextlib.nullcontext(), 4), (mirrored(), 1)]:
    found = fit("auto", scope, steps)
    errors = [abs(a - b).max() for a, b in zip(found, expected, strict=True)]
    paths = {path for path, graph in taken if "step" in graph}
    print([float(max(errors)), sorted(paths)])
"""


def test_several_steps_at_once_and_two_replicas_train_as_the_loop_does():
    """Keras itself fails where both are asked for at once."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FITS],
        cwd=pathlib.Path(__file__).parents[2],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [ast.literal_eval(line) for line in done.stdout.splitlines()]
    assert len(lines) == 2
    for error, paths in lines:
        assert error < 1e-6 and paths == ["native"]


class WatchesInput(keras.Sequential):
    """Trains with a penalty on the gradient of what it reads."""

    def train_step(self, data):
        x, y = tf.nest.map_structure(lambda one: tf.cast(one, "float64"), data)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.reduce_mean(tf.square(self(x, training=True) - y))
            of_input = tape.gradient(loss, x)
            loss += tf.reduce_mean(tf.square(of_input))
        weights = [w.value for w in self.trainable_variables]
        self.optimizer.apply(outer.gradient(loss, weights), self.trainable_variables)
        return {"loss": loss, "of_input": tf.reduce_sum(of_input)}


def test_the_gradient_of_data_is_there_for_who_wants_it(paths, rng):
    """In `fit` it is computed apart, to be left out where nobody does."""
    x, y = rng.normal(size=(6, 5, 3)), rng.normal(size=(6, 1))
    seen = {}
    for implementation in ("auto", "loop"):
        keras.utils.set_random_seed(3)
        model = WatchesInput(
            [
                keras.layers.Masking(dtype="float64"),
                zoo.LSTM(4, implementation=implementation, dtype="float64"),
                keras.layers.Dense(1, dtype="float64"),
            ]
        )
        model.compile(keras.optimizers.SGD(0.1))
        history = model.fit(x, y, epochs=3, batch_size=6, shuffle=False, verbose=0)
        seen[implementation] = history.history
    assert "native" in paths, paths
    auto, loop = (
        {name: np.array(one[name]) for name in ("loss", "of_input")}
        for one in seen.values()
    )
    assert_same(auto, loop, "float64")


@pytest.mark.parametrize("learned", [False, True])
def test_no_gradient_of_data_is_computed_in_fit(learned):
    """The op that would compute it has nobody that reads it, so it does not run."""
    layers = [zoo.GRU(4, return_sequences=True), zoo.LSTM(4), keras.layers.Dense(1)]
    if learned:
        layers.insert(0, keras.layers.Dense(3))
    model = keras.Sequential([keras.Input((5, 3)), *layers])
    model.compile("sgd", "mse")

    @tf.function(autograph=False)
    def one_step_on_data(x, y):  # as Keras names it
        return model.train_step((x, y))

    specs = tf.TensorSpec((2, 5, 3)), tf.TensorSpec((2, 1))
    graph = one_step_on_data.get_concrete_function(*specs).graph
    # All that what is assigned depends on; TensorFlow splits an IdentityN.
    assigned = [op for op in graph.get_operations() if "Assign" in op.type]
    found = [tensor for op in assigned for tensor in op.inputs]
    runs, seen = set(), set()
    while found:
        tensor = found.pop()
        if tensor.name not in seen:
            seen.add(tensor.name)
            op = tensor.op
            runs.add(op)
            given = list(op.inputs)
            found.extend(
                [given[tensor.value_index]] if op.type == "IdentityN" else given
            )
    wanted = sorted(
        op.get_attr("d_sequences_wanted")
        for op in runs
        if op.type == "KerasRnnZoo>Backward"
    )
    assert wanted == [learned, True]
