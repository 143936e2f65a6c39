"""Many-to-many and many-to-one: equations, padding, cells, files, training."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import layers
from keras_rnn_zoo.topologies import ManyToMany, ManyToOne
from tests.compare import assert_close, randomise
from tests.references import many_to_many, many_to_one
from tests.topologies.shared import (
    compiled,
    finite_differences,
    padded,
    tokens_of,
    train_values,
)

VOCABULARY, CLASSES = 6, 4
BOTH = pytest.mark.parametrize("topology", [ManyToMany, ManyToOne])
REFERENCES = {ManyToMany: many_to_many, ManyToOne: many_to_one}


def make(topology, rng=None, **options):
    model = topology(
        CLASSES,
        **{
            "units": 5,
            "cell": "SimpleRNN",
            "vocabulary_size": VOCABULARY,
            "embedding_dim": 3,
            **options,
        },
    )
    if rng is not None:
        randomise(model, rng)
    return model


def draw(topology, rng, time=6):
    x, y = tokens_of(rng, VOCABULARY, time, classes=CLASSES)
    return x, (y if topology is ManyToMany else y[:, 0])


def real(outputs, x):
    """The outputs that count."""
    outputs = np.asarray(outputs)
    return outputs[x != 0] if outputs.ndim == 3 else outputs


# --- Equations


@BOTH
@pytest.mark.parametrize("units", [5, [5, 3]], ids=["one", "deep"])
@pytest.mark.parametrize("total", [False, True], ids=["mean", "sum"])
def test_outputs_loss_and_gradients_against_the_equations(topology, units, total, rng):
    model = make(topology, rng, units=units, dtype="float64")
    compiled(model, "sum" if total else "sum_over_batch_size")
    x, y = draw(topology, rng)
    weights = model.get_weights()
    reference = REFERENCES[topology]
    expected = reference.outputs(x, weights)
    assert_close(real(model(x), x), real(expected, x), "float64")

    loss, gradients = train_values(model, x, y)
    assert loss == pytest.approx(reference.loss(x, y, weights, total), rel=1e-6)
    known = finite_differences(lambda: reference.loss(x, y, weights, total), weights)
    for gradient, by_differences in zip(gradients, known, strict=True):
        np.testing.assert_allclose(gradient, by_differences, atol=2e-6)

    # Control: with input and recurrent weights of other layers the sums differ.
    weights[1] = weights[1][::-1]
    with pytest.raises(AssertionError):
        expected = reference.outputs(x, weights)
        assert_close(real(model(x), x), real(expected, x), "float64")


@BOTH
def test_bidirectional_reads_both_ways(topology, rng):
    """Each half of the last hidden layer is that of a model for one direction."""
    model = make(topology, rng, bidirectional=True)
    x, _ = draw(topology, rng)
    E, *both, V, c = model.get_weights()
    ahead, back = make(topology), make(topology)
    zero = np.zeros_like(c)
    ahead.set_weights([E, *both[:3], V[:5], zero])
    back.set_weights([E, *both[3:], V[5:], zero])
    for row in x:
        row = row[row != 0][None]
        turned = np.asarray(tf.math.log(back(row[:, ::-1])))
        turned = turned[:, ::-1] if topology is ManyToMany else turned
        logits = np.asarray(tf.math.log(ahead(row))) + turned + c
        expected = tf.nn.softmax(logits)
        assert_close(model(row), expected)


@BOTH
@pytest.mark.parametrize("bidirectional", [False, True])
def test_each_layer_reads_the_one_below(topology, bidirectional, rng):
    model = make(topology, units=[5, 3, 2], bidirectional=bidirectional)
    widths = [model.get_layer(f"recurrent_{i}").output.shape[-1] for i in (1, 2, 3)]
    assert widths == [w * (1 + bidirectional) for w in (5, 3, 2)]
    x, y = draw(topology, rng)
    compiled(model)
    _, gradients = train_values(model, x, y)
    assert len(gradients) == len(model.trainable_weights)
    assert all(np.abs(g).max() > 0 for g in gradients)


# --- Padding


PADDED = [
    (ManyToMany, "LSTM", True, "sum_over_batch_size"),
    (ManyToMany, "GRU", False, "sum"),
    (ManyToOne, "SimpleRNN", True, "sum"),
    (ManyToOne, "LSTM", False, "sum_over_batch_size"),
]


@pytest.mark.parametrize(("topology", "cell", "bidirectional", "reduction"), PADDED)
def test_padding_never_counts(topology, cell, bidirectional, reduction, rng):
    model = make(topology, rng, cell=cell, units=[4, 3], bidirectional=bidirectional)
    compiled(model, reduction)
    x, y = draw(topology, rng, time=5)
    longer_y = padded(y, 4, 3) if topology is ManyToMany else y
    longer_x = padded(x, 4)
    assert_close(real(model(longer_x), longer_x), real(model(x), x))
    loss, gradients = train_values(model, x, y)
    longer_loss, longer_gradients = train_values(model, longer_x, longer_y)
    assert longer_loss == pytest.approx(loss, rel=1e-5)
    for a, b in zip(longer_gradients, gradients, strict=True):
        assert_close(a, b)
    metrics = model.evaluate(x, y, verbose=0, return_dict=True)
    longer = model.evaluate(longer_x, longer_y, verbose=0, return_dict=True)
    assert longer == pytest.approx(metrics, rel=1e-5)
    # Control: a target that does count changes the loss.
    y = y.copy()
    y.flat[0] = (y.flat[0] + 1) % CLASSES
    assert abs(train_values(model, x, y)[0] - loss) > 1e-4


@BOTH
def test_padded_features_never_count(topology, rng):
    model = make(topology, rng, vocabulary_size=None, num_features=3, mask_value=-1.0)
    compiled(model)
    x = rng.normal(size=(3, 5, 3)).astype("float32")
    x[1, 3:] = -1.0
    y = rng.integers(0, CLASSES, (3, 5) if topology is ManyToMany else 3)
    longer_x = padded(x, 3, -1.0)
    longer_y = padded(y, 3, 2) if topology is ManyToMany else y
    metrics = model.evaluate(x, y, verbose=0)
    assert model.evaluate(longer_x, longer_y, verbose=0) == pytest.approx(metrics)
    short = model(x[1:2, :3])
    row = model(x)[1:2]
    assert_close(row[:, :3] if topology is ManyToMany else row, short)


def test_a_row_of_padding_alone():
    model = make(ManyToOne, cell="LSTM")
    x = np.array([[1, 2, 3], [0, 0, 0]])
    bias = tf.nn.softmax(model.get_layer("output").bias)
    assert_close(model(x)[1], bias)
    assert np.isfinite(compiled(model).evaluate(x, np.array([1, 2]), verbose=0)[0])


@BOTH
def test_any_length(topology, rng):
    model = make(topology, rng, cell="GRU")
    steps = (None,) if topology is ManyToMany else ()
    assert model.input_shape == (None, None)
    assert model.output_shape == (None, *steps, CLASSES)
    for batch, time in ((1, 1), (3, 7), (2, 2)):
        x = rng.integers(1, VOCABULARY, (batch, time))
        steps = (time,) if topology is ManyToMany else ()
        assert model.predict(x, verbose=0).shape == (batch, *steps, CLASSES)


# --- Cells, config, files


@keras.saving.register_keras_serializable("tests")
class ForeignCell(keras.Layer):
    """A cell of somebody else."""

    def __init__(self, units, scale=0.5, **kwargs):
        super().__init__(**kwargs)
        self.units, self.scale = units, scale
        self.state_size = self.output_size = units

    def build(self, shape):
        self.kernel = self.add_weight((shape[-1], self.units), name="kernel")

    def call(self, inputs, states):
        h = keras.ops.tanh(inputs @ self.kernel + self.scale * states[0])
        return h, [h]

    def get_config(self):
        return {**super().get_config(), "units": self.units, "scale": self.scale}


CELLS = {
    "name": ("gru", layers.GRU),
    "cell name": ("LSTMCell", layers.LSTM),
    "our cell class": (layers.GRUCell, layers.GRU),
    "our layer class": (layers.SimpleRNN, layers.SimpleRNN),
    "our cell": (layers.LSTMCell(5, unit_forget_bias=False), layers.RNN),
    "Keras layer class": (keras.layers.GRU, keras.layers.GRU),
    "Keras cell class": (keras.layers.LSTMCell, layers.RNN),
    "Keras cell": (keras.layers.GRUCell(5, reset_after=False), layers.RNN),
    "foreign cell class": (ForeignCell, layers.RNN),
    "foreign cell": (ForeignCell(5, scale=0.25), layers.RNN),
}


@pytest.mark.parametrize("kind", CELLS)
def test_cells_survive_config_and_file(kind, tmp_path, rng):
    cell, layer = CELLS[kind]
    topology = ManyToMany if "class" in kind else ManyToOne
    model = make(topology, cell=cell, units=[5, 5])
    assert type(model.get_layer("recurrent_1")) is layer
    config = json.loads(json.dumps(model.get_config()))
    again = topology.from_config(config)
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    x, _ = draw(topology, rng)
    np.testing.assert_array_equal(again(x), model(x))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is topology
    np.testing.assert_array_equal(loaded(x), model(x))
    inner = loaded.get_layer("recurrent_1").cell
    if kind in ("our cell", "Keras cell", "foreign cell"):
        for name in ("unit_forget_bias", "reset_after", "scale"):
            assert getattr(inner, name, None) == getattr(cell, name, None)


@BOTH
def test_config_holds_every_argument(topology):
    options = {
        "units": [5, 3],
        "cell": "GRU",
        "vocabulary_size": None,
        "embedding_dim": 7,
        "num_features": 2,
        "mask_value": -1.0,
        "bidirectional": True,
        "output_activation": "sigmoid",
        "dropout": 0.1,
        "recurrent_dropout": 0.2,
        "output_dropout": 0.3,
        "seed": 4,
        "name": "mine",
    }
    model = topology(3, **options, dtype="float64")
    config = model.get_config()
    assert {k: config[k] for k in options} == options
    assert config["num_outputs"] == 3
    assert topology.from_config(config).get_config() == config
    assert topology.from_config(config).dtype == "float64"
    assert keras.saving.get_registered_name(topology) == (
        f"keras_rnn_zoo>{topology.__name__}"
    )


def test_default_units():
    assert make(ManyToMany, units=None).get_config()["units"] == 64
    own = make(ManyToMany, units=None, cell=layers.GRUCell(7))
    assert own.get_layer("recurrent_1").output.shape[-1] == 7


@BOTH
def test_dropout_only_in_training(topology, rng):
    options = {"dropout": 0.5, "recurrent_dropout": 0.5, "output_dropout": 0.5}
    x, _ = draw(topology, rng)
    plain = make(topology, rng, cell="LSTM")
    for name, value in options.items():
        model = make(topology, cell="LSTM", seed=1, **{name: value})
        model.set_weights(plain.get_weights())
        assert_close(model(x), plain(x))  # not everywhere the same kernels
        first, second = (np.asarray(model(x, training=True)) for _ in range(2))
        assert np.abs(real(first, x) - real(second, x)).max() > 1e-4
        again = make(topology, cell="LSTM", seed=1, **{name: value})
        again.set_weights(plain.get_weights())
        np.testing.assert_array_equal(again(x, training=True), first)


@BOTH
def test_mixed_precision(topology, rng):
    x, _ = draw(topology, rng)
    exact = make(topology, rng, cell="LSTM", bidirectional=True)
    half = make(topology, cell="LSTM", bidirectional=True, dtype="mixed_float16")
    half.set_weights(exact.get_weights())
    assert half.get_layer("recurrent_1").compute_dtype == "float16"
    assert half(x).dtype == "float32"
    np.testing.assert_allclose(real(half(x), x), real(exact(x), x), atol=5e-3)


# --- Training


@BOTH
def test_fit_learns_and_goes_on_after_loading(topology, tmp_path, rng):
    """Says whether token 1 came before; the last step's answer is the row's."""
    x, _ = tokens_of(rng, VOCABULARY, 6, lengths=[3, 4, 5, 6] * 16)
    seen = (np.cumsum(x == 1, axis=1) > 0).astype("int32")
    y = seen if topology is ManyToMany else seen[:, -1]
    model = make(topology, cell="GRU", units=8, seed=0)
    compiled(model, optimizer=keras.optimizers.Adam(0.03))
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    history = model.fit(data, epochs=12, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert model.evaluate(data, verbose=0)[1] > 0.9
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    scores = model.evaluate(data, verbose=0)
    assert loaded.evaluate(data, verbose=0) == pytest.approx(scores, rel=1e-5)
    assert int(loaded.optimizer.iterations) == 48
    loaded.fit(data, epochs=1, verbose=0)
    assert int(loaded.optimizer.iterations) == 52


@BOTH
def test_values_instead_of_classes(topology, rng):
    model = topology(2, 4, "GRU", num_features=3, output_activation=None)
    model.compile("adam", "mse")
    x = rng.normal(size=(4, 5, 3)).astype("float32")
    y = rng.normal(size=(4, 5, 2) if topology is ManyToMany else (4, 2))
    history = model.fit(x, y, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    expected = np.mean((model.predict(x, verbose=0) - y) ** 2)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(expected, rel=1e-5)


# --- Errors


@BOTH
@pytest.mark.parametrize(
    ("error", "match", "options"),
    [
        (ValueError, r"num_outputs=0", {"num_outputs": 0}),
        (TypeError, r"num_outputs='3'", {"num_outputs": "3"}),
        (
            ValueError,
            r"vocabulary_size.*not both.*vocabulary_size=None, num_features=None",
            {"vocabulary_size": None},
        ),
        (
            ValueError,
            r"not both.*vocabulary_size=6, num_features=2",
            {"num_features": 2},
        ),
        (ValueError, r"at least 2.*vocabulary_size=1", {"vocabulary_size": 1}),
        (ValueError, r"mask_value.*None.*mask_value=0\.0", {"mask_value": 0.0}),
        (ValueError, r"embedding_dim=-1", {"embedding_dim": -1}),
        (
            ValueError,
            r"num_features=0",
            {"vocabulary_size": None, "num_features": 0},
        ),
        (
            TypeError,
            r"mask_value='pad'",
            {"vocabulary_size": None, "num_features": 2, "mask_value": "pad"},
        ),
        (ValueError, r"units.*list.*units=\[\]", {"units": []}),
        (ValueError, r"units.*units=-3", {"units": [4, -3]}),
        (TypeError, r"units='many'", {"units": "many"}),
        (TypeError, r"bidirectional.*bidirectional='yes'", {"bidirectional": "yes"}),
        (ValueError, r"cell.*one of.*GRU.*cell='GURU'", {"cell": "GURU"}),
        (TypeError, r"cell.*name.*cell=7", {"cell": 7}),
        (ValueError, r"dropout=1\.5", {"dropout": 1.5}),
        (ValueError, r"recurrent_dropout=1\.0", {"recurrent_dropout": 1.0}),
        (TypeError, r"output_dropout=None", {"output_dropout": None}),
    ],
)
def test_constructor_errors(topology, error, match, options):
    defaults = {"num_outputs": 3, "vocabulary_size": 6}
    with pytest.raises(error, match=match):
        topology(**{**defaults, **options})


def test_a_class_that_is_not_registered_says_so():
    class Unknown(ForeignCell):
        pass

    config = make(ManyToMany, cell=Unknown).get_config()
    with pytest.raises(ValueError, match="cell='Unknown'.*register_keras_serializable"):
        ManyToMany.from_config(config)
    again = ManyToMany.from_config(config, custom_objects={"Unknown": Unknown})
    assert isinstance(again.get_layer("recurrent_1").cell, Unknown)


@pytest.mark.parametrize("cell", layers.recurrent_layers())
def test_every_cell_by_its_name(cell, rng):
    x, _ = draw(ManyToMany, rng)
    model = make(ManyToMany, rng, cell=cell)
    again = ManyToMany.from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert_close(again(x), np.asarray(model(x)))
