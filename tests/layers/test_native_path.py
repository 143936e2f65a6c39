"""Where the native kernels are taken, that they agree, and that no file holds them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.layers import engine
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
    assert set(paths) == {"hoisted"}


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
    assert paths == ["hoisted", "native", "native"]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_takes_another_path(paths, policy, rng):
    zoo.LSTM(4, dtype=policy)(rng.normal(size=(2, 5, 3)).astype("float32"))
    assert "native" not in paths
