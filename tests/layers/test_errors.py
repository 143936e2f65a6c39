"""One test for each documented error, matching the value that was received."""

import keras
import numpy as np
import pytest

import keras_rnn_zoo as zoo

ONE_STATE = [np.zeros((2, 4), "float32")]


@pytest.mark.parametrize("cls", [zoo.SimpleRNNCell, zoo.LSTM, zoo.GRUCell])
@pytest.mark.parametrize(
    ("error", "arguments", "message"),
    [
        (ValueError, {"units": 0}, r"`units` must be a positive integer.*units=0"),
        (ValueError, {"units": -3}, r"positive integer.*units=-3"),
        (TypeError, {"units": 2.5}, r"positive integer.*units=2\.5"),
        (TypeError, {"units": "8"}, r"positive integer.*units='8'"),
        (TypeError, {"units": True}, r"positive integer.*units=True"),
        (ValueError, {"dropout": 1.0}, r"`dropout` must be.*dropout=1\.0"),
        (ValueError, {"dropout": -0.1}, r"0 <= rate < 1.*dropout=-0\.1"),
        (TypeError, {"dropout": "half"}, r"dropout='half'"),
        (
            ValueError,
            {"recurrent_dropout": 2},
            r"`recurrent_dropout` must be.*recurrent_dropout=2",
        ),
        (TypeError, {"use_bias": "no"}, r"`use_bias` must be True or False.*'no'"),
        (TypeError, {"seed": 0.5}, r"`seed` must be an integer.* or None.*seed=0\.5"),
        (ValueError, {"activation": "tangh"}, r"`activation` must be.*'tangh'"),
        (
            ValueError,
            {"kernel_initializer": "glorot"},
            r"`kernel_initializer` must be an initializer.*'glorot'",
        ),
        (
            ValueError,
            {"recurrent_regularizer": "l3"},
            r"`recurrent_regularizer` must be a regularizer.*'l3'",
        ),
        (
            ValueError,
            {"bias_constraint": "small"},
            r"`bias_constraint` must be a constraint.*'small'",
        ),
    ],
)
def test_constructor(cls, error, arguments, message):
    with pytest.raises(error, match=message):
        cls(**{"units": 4, **arguments})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "LSTM: missing a required argument: 'units'"),
        ({"units": 4, "hidden": 3}, "hidden"),
    ],
)
def test_missing_and_unknown_arguments(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        zoo.LSTM(**arguments)


def test_numpy_integers_are_integers():
    assert zoo.LSTM(np.int64(4)).units == 4
    assert type(zoo.LSTM(np.int64(4)).get_config()["units"]) is int


@pytest.mark.parametrize("value", ["fast", 3, None, True])
def test_implementation(value):
    with pytest.raises(ValueError, match=rf"`implementation`.*={value!r}"):
        zoo.GRU(4, implementation=value)


def test_use_cudnn():
    with pytest.raises(ValueError, match="`use_cudnn`.*use_cudnn='yes'"):
        zoo.LSTM(4, use_cudnn="yes")
    assert zoo.LSTM(4, use_cudnn=False).use_cudnn is False


@pytest.mark.parametrize("implementation", ["auto", "loop", 1, 2])
def test_implementations_of_keras_are_accepted_and_kept(implementation):
    layer = zoo.LSTM(4, implementation=implementation)
    assert layer.get_config()["implementation"] == implementation


def test_states_of_a_cell():
    with pytest.raises(ValueError, match=r"LSTMCell.*2 tensor.*\[h, c\].*1 tensor"):
        zoo.LSTMCell(4)(np.zeros((2, 3)), ONE_STATE)


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (ONE_STATE, r"must hold 2 tensor.*\[h, c\].*1 tensor.*\(2, 4\)"),
        ([np.zeros((2, 4)), np.zeros((2, 5))], r"\(2, 4\), \(2, 5\)"),
        ([np.zeros(4), np.zeros(4)], r"of shape \(4,\), \(4,\)"),
    ],
)
def test_initial_state(states, message):
    with pytest.raises(ValueError, match=message):
        zoo.LSTM(4)(np.zeros((2, 5, 3)), initial_state=states)


def test_reset_state():
    layer = zoo.GRU(4, stateful=True)
    layer(np.zeros((2, 5, 3)))
    with pytest.raises(ValueError, match=r"`states` must hold 1.*\(2, 7\)"):
        layer.reset_state([np.zeros((2, 7))])
    with pytest.raises(ValueError, match="unless the layer is stateful.*1 tensor"):
        zoo.GRU(4).reset_state(ONE_STATE)


def test_features_must_be_known():
    with pytest.raises(ValueError, match=r"known last dimension.*\(None, None\)"):
        zoo.LSTM(4).build((None, None, None))


@pytest.mark.parametrize("shape", [(2, 3), (2, 5, 3, 1)])
def test_rank_of_the_input(shape):
    with pytest.raises(ValueError, match="ndim=3"):
        zoo.LSTM(4)(np.zeros(shape))


@pytest.mark.parametrize(
    ("cell", "units", "error", "message"),
    [
        ("LSTN", 4, ValueError, r"must be one of .*GRU.*LSTM.*cell='LSTN'"),
        (3, 4, TypeError, r"cell=3"),
        (zoo.LSTMCell(4), 5, ValueError, r"the cell instance, 4.*units=5"),
        (zoo.LSTM(4), None, TypeError, r"not a layer.*LSTM"),
    ],
)
def test_make_recurrent(cell, units, error, message):
    with pytest.raises(error, match=message):
        zoo.layers.make_recurrent(cell, units)


def test_make_recurrent_with_dropout_around_a_cell():
    with pytest.raises(ValueError, match=r"`dropout` must be 0.*dropout=0\.5"):
        zoo.layers.make_recurrent(zoo.LSTMCell(4), dropout=0.5)


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("lstm", zoo.LSTM),
        ("LSTMCell", zoo.LSTM),
        ("simple_rnn", zoo.SimpleRNN),
        (zoo.GRUCell, zoo.GRU),
        (zoo.GRU, zoo.GRU),
        (keras.layers.GRU, keras.layers.GRU),
        (keras.layers.GRUCell, zoo.RNN),
        (zoo.LSTMCell(4, use_bias=False), zoo.RNN),
    ],
)
def test_make_recurrent_finds(cell, kind):
    layer = zoo.layers.make_recurrent(cell, 4, return_sequences=True)
    assert type(layer) is kind
    assert layer(np.zeros((2, 5, 3))).shape == (2, 5, 4)
