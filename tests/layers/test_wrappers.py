"""Cells around cells: the papers' steps, in any RNN, on every path and in a file."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo import RNN
from keras_rnn_zoo.export import export_saved_model
from keras_rnn_zoo.layers import (
    DropConnect,
    FastSlow,
    HighwayCell,
    MultiplicativeIntegration,
    Nested,
    ResidualCell,
)
from tests.cases import BY_ID
from tests.compare import assert_close, assert_same, randomise, run
from tests.references import gru, lstm, nested_lstm, over_time
from tests.references import wrappers as reference

UNITS = FEATURES = 3


def a_gru():
    return zoo.GRUCell(UNITS, reset_after=False)


CELLS = {
    "residual": (
        lambda: ResidualCell(zoo.LSTMCell(UNITS)),
        reference.residual(lstm.step),
    ),
    "highway": (
        lambda: HighwayCell(zoo.LSTMCell(UNITS)),
        reference.highway(lstm.step),
    ),
    "highway of a highway": (
        lambda: HighwayCell(HighwayCell(zoo.LSTMCell(UNITS))),
        reference.highway(reference.highway(lstm.step)),
    ),
    "residual of Keras's": (
        lambda: ResidualCell(keras.layers.LSTMCell(UNITS)),
        reference.residual(lstm.step),
    ),
    "highway of Keras's": (
        lambda: HighwayCell(keras.layers.LSTMCell(UNITS)),
        reference.highway(lstm.step),
    ),
    "integration": (
        lambda: MultiplicativeIntegration(zoo.LSTMCell(UNITS)),
        reference.multiplicative_lstm,
    ),
    "integration of a GRU": (
        lambda: MultiplicativeIntegration(a_gru()),
        reference.multiplicative_gru,
    ),
    "residual integration": (
        lambda: ResidualCell(MultiplicativeIntegration(zoo.LSTMCell(UNITS))),
        reference.residual(reference.multiplicative_lstm),
    ),
    "drop connect": (lambda: DropConnect(zoo.LSTMCell(UNITS)), lstm.step),
    "fast and slow": (
        lambda: FastSlow([zoo.LSTMCell(UNITS) for _ in range(3)], zoo.LSTMCell(5)),
        reference.fast_slow(lstm.step, lstm.step, 2, 3),
    ),
    "nested": (
        lambda: Nested(a_gru()),
        reference.nested(gru.reset_before_step),
    ),
    "nested in a nested": (
        lambda: Nested(Nested(zoo.LSTMCell(UNITS))),
        reference.nested(reference.nested(lstm.step)),
    ),
    "nested around Keras's": (
        lambda: Nested(keras.layers.LSTMCell(UNITS)),
        nested_lstm.step,
    ),
}
each = pytest.mark.parametrize("kind", CELLS)


def layer_of(kind, carry=RNN, **options):
    with_dtype = keras.config.dtype_policy().name
    layer = carry(
        CELLS[kind][0](),
        return_sequences=True,
        return_state=True,
        dtype=with_dtype,
        **options,
    )
    layer.build((None, None, FEATURES))
    return layer


def drawn(layer, rng, dtype):
    randomise(layer, rng)
    x = rng.normal(size=(2, 5, FEATURES)).astype(dtype)
    sizes = keras.tree.flatten(layer.cell.state_size)
    states = [rng.normal(size=(2, size)).astype(dtype) for size in sizes]
    return x, states, rng.random((2, 5)) > 0.3


@each
@pytest.mark.parametrize("carry", [RNN, keras.layers.RNN])
def test_the_papers_step_in_any_rnn_with_a_mask(kind, carry, rng):
    keras.config.set_dtype_policy("float64")
    layer = layer_of(kind, carry)
    x, states, mask = drawn(layer, rng, "float64")
    for given in (None, mask):
        outputs, *last = layer(x, initial_state=states, mask=given)
        expected, known = over_time(
            CELLS[kind][1], x, states, layer.get_weights(), given
        )
        assert_close(outputs, expected, "float64")
        for state, one in zip(last, known, strict=True):
            assert_close(state, one, "float64")


@pytest.mark.parametrize("kind", ["highway of a highway", "residual integration"])
@pytest.mark.parametrize("path", ["hoisted", "graph"])
def test_every_path_and_its_derivatives(kind, path, rng):
    loop = layer_of(kind, implementation="loop")
    x, states, mask = drawn(loop, rng, "float32")
    other = layer_of(kind, implementation=path)
    other.set_weights(loop.get_weights())
    expected = run(loop, x, states, mask)
    assert all(np.abs(g).max() > 0 for n, g in expected.items() if n.startswith("d "))
    assert_same(run(other, x, states, mask), expected)


def said(config):
    """A config without what Keras notes of where and when it was written."""
    if isinstance(config, list | tuple):
        return [said(one) for one in config]
    if not isinstance(config, dict):
        return config
    noted = ("build_config", "shared_object_id")
    return {key: said(value) for key, value in config.items() if key not in noted}


@each
def test_it_comes_back_from_a_file_and_leaves_as_a_saved_model(kind, rng, tmp_path):
    model = keras.Sequential(
        [
            keras.Input((None, FEATURES)),
            RNN(CELLS[kind][0](), return_sequences=True),
        ]
    )
    randomise(model, rng)
    x = rng.normal(size=(2, 4, FEATURES)).astype("float32")
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert said(again.layers[0].get_config()) == said(model.layers[0].get_config())
    assert_close(again(x), model(x))
    if kind in (
        "highway of a highway",
        "integration",
        "drop connect",
        "fast and slow",
        "nested",
    ):
        export_saved_model(model, tmp_path / "saved")
        loaded = tf.saved_model.load(tmp_path / "saved").signatures
        [answer] = loaded["serving_default"](tf.constant(x)).values()
        assert_close(answer, model(x))
        assert "step" in loaded


# --- Dropped weights


@pytest.mark.parametrize("path", ["loop", "hoisted", "graph"])
def test_weights_are_dropped_once_a_sequence_and_in_training_alone(path, rng):
    def layer_and_cell(seed):
        cell = DropConnect(zoo.LSTMCell(UNITS, dtype="float64"), 0.4, seed)
        options = {"return_sequences": True, "return_state": True}
        layer = RNN(cell, implementation=path, dtype="float64", **options)
        layer.build((None, None, FEATURES))
        return layer, cell

    layer, _ = layer_and_cell(5)
    x, states, _ = drawn(layer, rng, "float64")
    _, twin = layer_and_cell(5)
    twin.set_weights(layer.get_weights())
    dropped = np.asarray(twin.all_weights(training=True)["recurrent_kernel"])
    kernel, recurrent, bias = layer.get_weights()
    assert 0 < np.count_nonzero(dropped) < dropped.size
    kept = dropped != 0
    np.testing.assert_allclose(dropped[kept], recurrent[kept] / 0.6)
    outputs = layer(x, initial_state=states, training=True)[0]
    expected, _ = over_time(lstm.step, x, states, [kernel, dropped, bias])
    assert_close(outputs, expected, "float64")
    again = layer(x, initial_state=states, training=True)[0]
    assert np.abs(np.asarray(again) - expected).max() > 1e-3
    plain, _ = over_time(lstm.step, x, states, layer.get_weights())
    assert_close(layer(x, initial_state=states)[0], plain, "float64")


def test_dropped_weights_in_fit_and_what_a_foreign_loop_is_told(rng):
    cell = DropConnect(ResidualCell(zoo.GRUCell(4, dropout=0.2)), 0.5, seed=1)
    layer = RNN(cell, implementation="graph")
    model = keras.Sequential([keras.Input((None, 4)), layer, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    x, y = rng.normal(size=(8, 6, 4)), rng.normal(size=(8, 1))
    before = cell.cell.cell.recurrent_kernel.numpy()
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])
    assert np.abs(cell.cell.cell.recurrent_kernel.numpy() - before).max() > 0
    with pytest.warns(UserWarning, match="DropConnect.*at every step"):
        keras.layers.RNN(cell)(x, training=True)


# --- What it is around


def test_integration_takes_sums_and_refuses_what_is_none():
    for name in ("SimpleRNN", "PeepholeLSTM", "RAN", "LayerNormSimpleRNN", "LEM"):
        MultiplicativeIntegration(BY_ID[name].make_cell())
    for name in ("GRU", "NAS", "ATR", "IndRNN", "MinGRU", "MultiplicativeLSTM", "RHN"):
        cell = BY_ID[name].make_cell()
        with pytest.raises(ValueError, match=f"sum only.*{type(cell).__name__}"):
            MultiplicativeIntegration(cell)


def test_a_nested_memory_is_a_state_that_the_cell_gives_and_reads():
    for name in ("SimpleRNN", "RHN", "LMU", "SLSTM", "ClockworkRNN", "MinGRU", "LEM"):
        Nested(BY_ID[name].make_cell())
    for name, why in {
        "NAS": "whose output is no state, or not its first one",
        "QRNN": "whose output is no state",
        "S4D": "whose first state has 12",
        "PhasedLSTM": "which reads more than features",
    }.items():
        cell = BY_ID[name].make_cell()
        with pytest.raises(
            ValueError, match=f"first state.*{type(cell).__name__}.*{why}"
        ):
            Nested(cell)

    class Forgetful(keras.layers.SimpleRNNCell):
        def call(self, inputs, states, training=False):
            return super().call(inputs, [0 * states[0]], training)

    with pytest.raises(ValueError, match="does not depend on its first state"):
        Nested(Forgetful(3))
    with pytest.raises(ValueError, match=r"no dropout.*LSTMCell with dropout=0\.5"):
        Nested(zoo.LSTMCell(3, dropout=0.5))
    with pytest.raises(TypeError, match="`unit_forget_bias`.*'yes'"):
        Nested(zoo.LSTMCell(3), unit_forget_bias="yes")


def test_wrappers_stack_and_go_both_ways(rng):
    stack = [ResidualCell(a_gru()), HighwayCell(zoo.GRUCell(3, dropout=0.5))]
    layer = zoo.Bidirectional(RNN(stack, return_sequences=True))
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    once, again = (np.asarray(layer(x, training=True)) for _ in range(2))
    assert once.shape == (2, 5, 6) and np.abs(once - again).max() > 0
    model = zoo.ManyToOne(2, cell=ResidualCell(zoo.GRUCell(3)), num_features=3)
    assert model(x).shape == (2, 2)


def test_what_cannot_be_is_refused():
    with pytest.raises(TypeError, match="`cell` must be a cell instance.*'gru'"):
        ResidualCell("gru")
    with pytest.raises(TypeError, match="Of a layer, pass its `cell`"):
        DropConnect(zoo.GRU(3))
    with pytest.raises(ValueError, match=r"width 4.*\(None, 3\).*Dense\(4\)"):
        ResidualCell(zoo.GRUCell(4)).build((None, 3))
    with pytest.raises(ValueError, match=r"no dropout.*LSTMCell with dropout=0\.5"):
        HighwayCell(keras.layers.LSTMCell(3, dropout=0.5))
    with pytest.raises(TypeError, match="`transform_bias`.*'1'"):
        HighwayCell(zoo.GRUCell(3), transform_bias="1")
    with pytest.raises(ValueError, match=r"`rate` must be.*rate=1\.0"):
        DropConnect(zoo.GRUCell(3), 1.0)
    for cell in (zoo.MinGRUCell(3), keras.layers.GRUCell(3)):
        with pytest.raises(
            ValueError, match=f"recurrent kernel.*{type(cell).__name__}"
        ):
            DropConnect(cell)
    with pytest.raises(ValueError, match="only a call is known"):
        MultiplicativeIntegration(keras.layers.LSTMCell(3))
    with pytest.raises(ValueError, match="`beta1_initializer` must be.*'half'"):
        MultiplicativeIntegration(zoo.LSTMCell(3), beta1_initializer="half")
    with pytest.raises(ValueError, match="at least two.*fast_cells="):
        FastSlow([zoo.GRUCell(3)], zoo.GRUCell(3))
    with pytest.raises(ValueError, match=r"same widths.*\[\[3\], \[4\]\]"):
        FastSlow([zoo.GRUCell(3), zoo.GRUCell(4)], zoo.GRUCell(3))
    with pytest.raises(ValueError, match=r"slow_cell.*recurrent_dropout=0\.1"):
        FastSlow([a_gru(), a_gru()], zoo.GRUCell(3, recurrent_dropout=0.1))
    with pytest.raises(ValueError, match="`implementation`.*'graph'"):
        RNN(FastSlow([a_gru(), a_gru()], a_gru()), implementation="graph")
