"""Paths of a gradient through a cell, and the states that a model takes on."""

import numpy as np
import pytest

from keras_rnn_zoo import LSTM, ManyToOne, inspection


def test_the_paths_through_an_lstm_are_those_of_the_notes():
    found = inspection.gradient_paths("LSTM", 3, "W_f")
    memory = [path for path in found.paths if path[1] == "c_3"]
    kinds = [("c_2" in path, "c_1" in path) for path in memory]
    assert len(found.paths) == found.counts["W_f"] == len(set(found.paths)) == 30
    assert len(memory) == 24 and kinds.count((True, True)) == 16
    assert kinds.count((True, False)) == 4
    assert kinds.count((False, True)) + kinds.count((False, False)) == 4
    straight = [p for p, n in zip(found.paths, found.products, strict=True) if n == 0]
    assert sorted(straight, key=len) == [
        ("h_3", "c_3", "f_3", "W_f"),
        ("h_3", "c_3", "c_2", "f_2", "W_f"),
        ("h_3", "c_3", "c_2", "c_1", "f_1", "W_f"),
    ]
    assert inspection.gradient_paths(LSTM(2)).weight == "W_f"
    assert any("c\u0303_2" in path for path in found.paths)


def test_each_step_of_a_simple_cell_is_one_path():
    found = inspection.gradient_paths("SimpleRNN", 5, "W")
    assert found.products == (0, 1, 2, 3, 4) and found.counts == {"U": 5, "W": 5}
    ax = found.plot()
    assert [bar.get_height() for bar in ax.patches] == [1] * 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("GRU", 0), "`steps` must be .*steps=0"),
        (("GRU", 2, "W_q"), "`weight` must be one of .*W_z.*weight='W_q'"),
        (("GRU", 12), "at most 100,000 paths. Received: steps=12"),
    ],
)
def test_paths_that_there_are_not(arguments, message):
    with pytest.raises(ValueError, match=message):
        inspection.gradient_paths(*arguments)


def test_the_states_are_those_of_the_layer():
    layer = LSTM(3, return_sequences=True, return_state=True, name="lstm")
    x = np.random.default_rng(0).normal(size=(2, 4, 5)).astype("float32")
    outputs, _, c = layer(x)
    found = inspection.state_activations(layer, x, labels="abcd")
    np.testing.assert_allclose(found.states["lstm"]["h"], outputs, atol=1e-6)
    np.testing.assert_allclose(found.states["lstm"]["c"][:, -1], c, atol=1e-6)
    first, second = found.plot()
    assert (first.get_title(), second.get_title()) == ("state h", "state c")
    model = ManyToOne(2, units=3, cell="GRU", vocabulary_size=5)
    [states] = inspection.state_activations(
        model, np.array([[1, 2, 0]])
    ).states.values()
    assert np.isnan(states["h"][0, 2]).all() and np.isfinite(states["h"][0, :2]).all()
    with pytest.raises(ValueError, match="`labels` must hold one label for each of 4"):
        inspection.state_activations(layer, x, labels="ab")
