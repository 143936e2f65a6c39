"""What single units promise beyond the table: arguments, first weights, limits."""

import keras
import numpy as np
import pytest

import keras_rnn_zoo as zoo
from tests.compare import assert_close


@pytest.mark.parametrize(
    ("cls", "error", "arguments", "message"),
    [
        (
            zoo.ProjectedLSTM,
            ValueError,
            {"projection_units": 0},
            r"`projection_units` must be a positive integer.*projection_units=0",
        ),
        (
            zoo.ProjectedLSTM,
            TypeError,
            {"projection_units": 2.5},
            r"projection_units=2",
        ),
        (
            zoo.ProjectedLSTM,
            ValueError,
            {"projection_initializer": "glorot"},
            r"`projection_initializer` must be.*'glorot'",
        ),
        (
            zoo.PeepholeLSTM,
            ValueError,
            {"peephole_initializer": "small"},
            r"`peephole_initializer` must be an initializer.*'small'",
        ),
        (zoo.JANET, TypeError, {"beta": "1"}, r"`beta` must be a finite.*beta='1'"),
        (zoo.JANET, ValueError, {"beta": float("inf")}, r"`beta`.*beta=inf"),
        (zoo.JANET, ValueError, {"longest": -5}, r"`longest` must be.*longest=-5"),
        (zoo.JANET, TypeError, {"longest": 9.0}, r"`longest` must be.*longest=9\.0"),
        *(
            (cls, error, {"epsilon": value}, rf"`epsilon` must be a pos.*={value!r}")
            for cls in (zoo.LayerNormLSTM, zoo.LayerNormGRU, zoo.LayerNormSimpleRNN)
            for error, value in ((ValueError, 0.0), (TypeError, "tiny"))
        ),
        (
            zoo.LayerNormGRU,
            ValueError,
            {"gamma_initializer": "unit"},
            r"`gamma_initializer` must be.*'unit'",
        ),
        (zoo.MinGRU, ValueError, {"recurrent_dropout": 0.5}, r"recurrent_dropout"),
    ],
)
def test_errors(cls, error, arguments, message):
    for unit in (cls, cls.cell_class):
        with pytest.raises(error, match=message):
            unit(4, **arguments)


@pytest.mark.parametrize(
    ("error", "value"), [(ValueError, 0.0), (ValueError, -1), (TypeError, "1")]
)
def test_errors_of_the_constraint(error, value):
    with pytest.raises(error, match=rf"`max_value` must be.*max_value={value!r}"):
        zoo.MaxAbs(value)


def test_the_constraint_holds_while_training(rng):
    bound = 2 ** (1 / 6)
    layer = zoo.IndRNN(5, recurrent_constraint=zoo.MaxAbs(bound))
    model = keras.Sequential([keras.Input((6, 3)), layer])
    model.compile(keras.optimizers.SGD(100.0), "mse")
    x = rng.normal(size=(8, 6, 3)).astype("float32")
    model.fit(x, 50 * np.ones((8, 5), "float32"), epochs=2, verbose=0)
    largest = np.abs(layer.cell.recurrent_kernel.numpy()).max()
    np.testing.assert_allclose(largest, bound, rtol=1e-6)
    again = zoo.IndRNN.from_config(layer.get_config())
    assert again.recurrent_constraint.max_value == bound
    assert_close(zoo.MaxAbs(2.0)(np.array([-3.0, 1.0, 5.0])), [-2.0, 1.0, 2.0])


def test_first_weights_of_ind_rnn_lie_between_zero_and_one():
    layers = [zoo.IndRNN(400), zoo.IndRNN(400)]
    for layer in layers:
        layer.build((None, None, 3))
    first, second = (layer.cell.recurrent_kernel.numpy() for layer in layers)
    assert 0 <= first.min() < 0.05 and 0.95 < first.max() <= 1
    assert np.abs(first - second).max() > 0.1
    config = layers[0].get_config()["recurrent_initializer"]
    assert config["registered_name"] == "keras_rnn_zoo>UnitUniform"


@pytest.mark.parametrize(
    "cls",
    [zoo.LSTM, zoo.PeepholeLSTM, zoo.ProjectedLSTM, zoo.CIFGLSTM, zoo.LayerNormLSTM],
)
@pytest.mark.parametrize("unit_forget_bias", [True, False])
def test_forget_gate_starts_open(cls, unit_forget_bias):
    layer = cls(4, unit_forget_bias=unit_forget_bias, bias_initializer="random_normal")
    layer.build((None, None, 3))
    blocks = np.split(layer.cell.bias.numpy(), len(layer.cell.blocks))
    for gate, block in zip(layer.cell.blocks, blocks, strict=True):
        assert (block == 1).all() == (gate == "f" and unit_forget_bias), gate


def test_chrono_initialisation_spreads_the_memory():
    """σ(log u) = u / (1 + u): a memory of u steps, for u even over [1, T - 1]."""
    layer = zoo.JANET(2000, longest=101, seed=1)
    layer.build((None, None, 3))
    bias_f, bias_c = np.split(layer.cell.bias.numpy(), 2)
    lags = np.exp(bias_f)
    assert 1 - 1e-5 <= lags.min() < 2 and 99 < lags.max() < 100.001
    np.testing.assert_allclose(np.histogram(lags, 4)[0], 500, rtol=0.15)
    assert (bias_c == 0).all()
    shortest = zoo.JANET(4, longest=1)
    shortest.build((None, None, 3))
    assert (shortest.cell.bias.numpy() == 0).all()


def test_projection_is_half_of_the_units_unless_said():
    assert zoo.ProjectedLSTM(7)(np.zeros((2, 5, 3))).shape == (2, 4)
    layer = zoo.layers.make_recurrent("projected_lstm", 8, return_state=True)
    output, h, c = layer(np.zeros((2, 5, 3)))
    assert output.shape == h.shape == (2, 4) and c.shape == (2, 8)


def test_min_gru_takes_the_candidate_of_the_log_space_form(rng):
    def g(v):
        return keras.ops.where(v >= 0, v + 0.5, keras.ops.sigmoid(v))

    layer = zoo.MinGRU(4, activation=g, return_sequences=True)
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    assert np.asarray(layer(x)).min() > 0
    assert np.asarray(zoo.MinGRU(4)(x)).min() < 0


def test_layer_norm_does_not_see_the_scale_of_its_input(rng):
    x = rng.normal(size=(2, 6, 3))
    for cls in (zoo.LayerNormLSTM, zoo.LayerNormGRU):
        layer = cls(8, epsilon=1e-12, dtype="float64")
        assert_close(layer(1000 * x), layer(x), "float64")


def test_layer_norm_keeps_its_statistics_in_float32(rng):
    """Squares of 300 are beyond float16."""
    layer = zoo.LayerNormLSTM(8, dtype="mixed_float16", return_sequences=True)
    x = 3000 * rng.normal(size=(2, 6, 3)).astype("float32")
    plain = zoo.LayerNormLSTM(8, return_sequences=True)
    plain.build((None, None, 3))
    layer.build((None, None, 3))
    layer.set_weights(plain.get_weights())
    np.testing.assert_allclose(np.asarray(layer(x), "float32"), plain(x), atol=0.03)
