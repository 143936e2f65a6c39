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
        (zoo.IntersectionRNN, TypeError, {"gate_bias": "1"}, r"`gate_bias`.*'1'"),
        (zoo.SCRN, ValueError, {"context_units": 0}, r"positive.*context_units=0"),
        (zoo.SCRN, ValueError, {"alpha": 1.0}, r"`alpha` must be.*< 1.*alpha=1\.0"),
        (zoo.PhasedLSTM, ValueError, {"open_ratio": 0.0}, r"0 < .*open_ratio=0\.0"),
        (zoo.PhasedLSTM, ValueError, {"open_ratio": 1.1}, r"<= 1.*open_ratio=1\.1"),
        (zoo.PhasedLSTM, TypeError, {"open_ratio": "1"}, r"<= 1.*open_ratio='1'"),
        (zoo.MLSTM, TypeError, {"forget_bias": None}, r"`forget_bias` must.*None"),
        (zoo.RHN, ValueError, {"depth": 0}, r"`depth` must be a positive.*depth=0"),
        (zoo.RHN, TypeError, {"transform_bias": "-2"}, r"`transform_bias`.*'-2'"),
        (zoo.LMU, ValueError, {"theta": 0.0}, r"`theta` must be a pos.*theta=0\.0"),
        (zoo.LMU, TypeError, {"memory_size": 2.5}, r"positive.*memory_size=2\.5"),
        (zoo.ClockworkRNN, ValueError, {"groups": 5}, r"no more.*groups=5, units=4"),
        (zoo.ClockworkRNN, TypeError, {"groups": "2"}, r"`groups` must be.*'2'"),
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


@pytest.mark.parametrize(
    ("cell", "starts"),
    [
        (zoo.IntersectionRNNCell(2), [1, 1, 0, 0, 1, 1, 0, 0]),
        (zoo.IntersectionRNNCell(2, gate_bias=0.5), [0.5, 0.5, 0, 0, 0.5, 0.5, 0, 0]),
        (zoo.RHNCell(2, depth=2), [0, 0, -2, -2, 0, 0, -2, -2]),
        (zoo.RHNCell(1, depth=2, transform_bias=-4.0), [0, -4, 0, -4]),
        (zoo.MLSTMCell(1), [0, 0, 0, 0, 0, 3]),
        (zoo.PhasedLSTMCell(1), [0, 1, 0, 0]),
    ],
)
def test_where_biases_start(cell, starts):
    cell.build((None, 3))
    np.testing.assert_array_equal(cell.bias, starts)


def test_the_other_blocks_of_a_bias_start_from_its_initializer():
    cell = zoo.RHNCell(1, depth=2, bias_initializer="ones")
    cell.build((None, 3))
    np.testing.assert_array_equal(cell.bias, [1, -2, 1, -2])


def test_a_phased_lstm_needs_a_feature_beside_the_time():
    with pytest.raises(ValueError, match="as the last of them, the time.*1 feature"):
        zoo.PhasedLSTM(4)(np.zeros((2, 5, 1)))


def test_a_closed_unit_keeps_its_state_and_leaks_in_training(rng):
    cell = zoo.PhasedLSTMCell(4, open_ratio=0.5, shift_initializer="zeros")
    cell.build((None, 3))
    cell.period.assign([8.0, 8.0, 16.0, 16.0])
    x = rng.normal(size=(2, 3)).astype("float32")
    x[:, 2] = 7.0  # behind the open half of 8, within that of 16
    states = [rng.normal(size=(2, 4)).astype("float32") for _ in range(2)]
    for training in (False, True):
        _, new = cell(x, states, training=training)
        for state, old in zip(new, states, strict=True):
            moved = np.abs(np.asarray(state) - old)
            assert moved[:, 2:].min() > 1e-3 > moved[:, :2].max()
            assert (moved[:, :2] > 0).all() == training


def test_groups_of_a_clockwork_move_when_their_time_comes(rng):
    layer = zoo.ClockworkRNN(6, groups=3, return_sequences=True, return_state=True)
    x = rng.normal(size=(2, 9, 3)).astype("float32")
    y, _, t = layer(x)
    y = np.concatenate([np.zeros((2, 1, 6)), y], 1)
    moved = (y[:, 1:] != y[:, :-1]).all(0)
    for unit, period in enumerate([1, 1, 2, 2, 4, 4]):
        assert moved[:, unit].tolist() == [t % period == 0 for t in range(9)]
    np.testing.assert_array_equal(t, [[1.0], [1.0]])
    half = zoo.ClockworkRNN(6, groups=3, return_state=True, dtype="mixed_bfloat16")
    assert np.asarray(half(np.zeros((1, 603, 3)))[2]).item() == 603 % 4


def test_a_fast_group_of_a_clockwork_says_nothing_to_a_slow_one():
    cell = zoo.ClockworkRNNCell(3, groups=3, recurrent_initializer="ones")
    cell.build((None, 3))
    read = np.asarray(cell.all_weights()["recurrent_kernel"])
    np.testing.assert_array_equal(read, np.tril(np.ones((3, 3))))


@pytest.mark.parametrize(
    ("form", "low", "high"), [("henaff", -np.pi, np.pi), ("cayley", -1.0, 0.0)]
)
def test_first_angles_of_an_orthogonal_recurrence(form, low, high):
    first = zoo.SkewBlocks(form, seed=1)
    values = np.asarray(first((401, 401)))
    assert np.count_nonzero(values) == 200
    angles = values[np.arange(0, 400, 2), np.arange(1, 400, 2)]
    spread = high - low
    assert low <= angles.min() < low + 0.1 * spread
    assert high - 0.1 * spread < angles.max() <= high
    again = zoo.SkewBlocks.from_config(first.get_config())
    np.testing.assert_array_equal(again((401, 401)), values)
    two = [np.asarray(zoo.SkewBlocks(form)((9, 9))) for _ in range(2)]
    assert np.abs(two[0] - two[1]).max() > 0.01
    with pytest.raises(ValueError, match="`form` must be 'henaff' or.*form='cay'"):
        zoo.SkewBlocks("cay")


def test_a_list_of_zoneout_rates_leaves_out_what_is_no_memory():
    cell = zoo.MLSTMCell(4, zoneout=[0.1, 0.2])
    assert cell.zoneout_rates == [0.1, 0.2, 0.0]
    with pytest.raises(ValueError, match=r"or 2 in the order \[c, n\]"):
        zoo.MLSTMCell(4, zoneout=[0.1, 0.2, 0.3])
