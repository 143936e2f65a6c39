"""From and to TensorFlow Addons: its formulas in NumPy, its published numbers."""

import numpy as np
import pytest

import keras_rnn_zoo as zoo
from keras_rnn_zoo import convert
from tests.compare import assert_close, randomise
from tests.references import sigmoid

FEATURES, UNITS = 3, 4


def norm(a, gamma, beta=0.0, epsilon=1e-3):
    a = a - a.mean(-1, keepdims=True)
    return gamma * a / np.sqrt((a**2).mean(-1, keepdims=True) + epsilon) + beta


# One step as Addons computes it, of its weights in its order.


def esn(x, states, u, w, b):
    h = 0.3 * states[0] + 0.7 * np.tanh(x @ w + states[0] @ u + b)
    return h, [h]


def nas(x, states, u, w, b):
    c, m = states
    a, m = np.split(x @ w, 8, 1), np.split(m @ u + b, 8, 1)
    kinds = "srsrtsts"
    of = {"s": sigmoid, "t": np.tanh, "r": lambda z: np.maximum(z, 0)}
    n = [
        of[k](a[i] * m[i] if i == 3 else a[i] + m[i])  # as there, a product
        for i, k in enumerate(kinds)
    ]
    one, two = np.tanh(n[0] * n[1]), np.tanh(n[2] + n[3])
    three, four = np.tanh(n[4] * n[5]), sigmoid(n[6] + n[7])
    c = np.tanh(one + c) * two
    m = np.tanh(c * np.tanh(three + four))
    return m, [c, m]


def simple(x, states, w, u, b, gamma):
    h = np.tanh(norm(x @ w + states[0] @ u, gamma, epsilon=1e-5) + b)
    return h, [h]


def peephole(x, states, w, u, b, p_i, p_f, p_o):
    h, c = states
    i, f, g, o = np.split(x @ w + h @ u + b, 4, 1)
    c = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * np.tanh(g)
    h = sigmoid(o + p_o * c) * np.tanh(c)
    return h, [h, c]


def lstm(x, states, w, u, b, *norms):
    h, c = states
    gamma_k, beta_k, gamma_r, beta_r, gamma_s, beta_s = norms
    z = norm(x @ w, gamma_k, beta_k, 0.01) + norm(h @ u, gamma_r, beta_r, 0.01) + b
    i, f, g, o = np.split(z, 4, 1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    c = norm(c, gamma_s, beta_s, 0.01)
    h = sigmoid(o) * np.tanh(c)
    return h, [h, c]


def wide(gates):
    g = gates * UNITS
    return [(FEATURES, g), (UNITS, g), (g,)]


THEIRS = {
    "ESNCell": (esn, [(UNITS, UNITS), (FEATURES, UNITS), (UNITS,)], {"leaky": 0.7}),
    "NASCell": (nas, [wide(8)[k] for k in (1, 0, 2)], {"projection": None}),
    "LayerNormSimpleRNNCell": (simple, [*wide(1), (UNITS,)], {"dtype": "float64"}),
    "PeepholeLSTMCell": (peephole, [*wide(4), *[(UNITS,)] * 3], {"dropout": 0.0}),
    "LayerNormLSTMCell": (
        lstm,
        [*wide(4), *[(4 * UNITS,)] * 4, *[(UNITS,)] * 2],
        {
            "norm_epsilon": 0.01,
            "norm_beta_initializer": {"class_name": "Zeros", "config": {}},
            "norm_gamma_initializer": {"class_name": "Ones", "config": {}},
            "recurrent_initializer": {"class_name": "Orthogonal", "config": {}},
        },
    ),
}


@pytest.mark.parametrize("name", THEIRS)
def test_both_ways_and_the_same_over_steps(name, rng):
    step, shapes, config = THEIRS[name]
    weights = [rng.normal(size=shape) for shape in shapes]
    config = {**config, "units": UNITS, "name": "theirs", "dtype": "float64"}
    cell = convert.from_addons(name, weights, config)
    assert type(cell) is getattr(zoo, name)
    x = rng.normal(size=(2, 5, FEATURES))
    states = [rng.normal(size=(2, UNITS)) for _ in cell.state_names]
    layer = zoo.RNN(cell, return_sequences=True, dtype="float64")
    outputs = layer(x, initial_state=states)
    for t in range(5):
        y, states = step(x[:, t], states, *weights)
        assert_close(outputs[:, t], y, "float64")
    back, given = convert.to_addons(layer)
    assert back["units"] == UNITS and [w.shape for w in given] == shapes
    other = convert.from_addons(name, given, {**back, "dtype": "float64"})
    for one, two in zip(other.weights, cell.weights, strict=True):
        np.testing.assert_array_equal(one, two)
    if name == "LayerNormLSTMCell":
        assert back["norm_epsilon"] == 0.01 and "epsilon" not in back
        assert_close(given[2], weights[2] + weights[4] + weights[6], "float64")


def halves(*shapes):
    return [np.full(shape, 0.5, "float32") for shape in shapes]


def test_its_published_numbers_of_layer_normalisation():
    """Stacked twice; of nine weights of 0.5, but for the norms' ones and zeros."""
    weights = halves((2, 8), (2, 8), (8,))
    weights += [np.ones(8), np.zeros(8)] * 2 + [np.ones(2), np.zeros(2)]
    cells = [
        convert.from_addons("LayerNormLSTMCell", weights, {"norm_epsilon": 1e-12})
        for _ in range(2)
    ]
    states = [[[[0.2, 0.3]], [[0.0, 0.1]]], [[[0.6, 0.7]], [[0.4, 0.5]]]]
    states = [[np.array(s, "float32") for s in of] for of in states]
    output, new = zoo.layers.StackedRNNCells(cells)(np.ones((1, 2), "float32"), states)
    np.testing.assert_allclose(output, [[-0.47406167, 0.47406143]], rtol=1e-5)
    for h, c in new:
        np.testing.assert_allclose(h, [[-0.47406167, 0.47406143]], rtol=1e-5)
        np.testing.assert_allclose(c, [[-1.0, 1.0]], rtol=1e-5)


def test_its_published_numbers_of_nas():
    cell = convert.from_addons("NASCell", halves((6, 48), (4, 48)))
    x = np.repeat([[1.0], [2.0], [3.0]], 4, axis=1).astype("float32")
    output, [c, m] = cell(x, [np.full((3, 6), 0.1, "float32")] * 2)
    m_there, c_there = (
        [0.5767508, 0.6189357, 0.6273934],
        [*(0.7157977, 0.7804162, 0.7945764)],
    )
    for array, known in ((output, m_there), (m, m_there), (c, c_there)):
        np.testing.assert_allclose(array, np.repeat([known], 6, 0).T, rtol=1e-6)


def test_its_published_numbers_of_nas_with_a_projection():
    weights = halves((5, 48), (4, 48), (6, 5))
    cell = convert.from_addons("NASCell", weights, {"units": 6, "projection": 5})
    x = np.repeat([[1.0], [2.0], [3.0]], 4, axis=1).astype("float32")
    states = [np.full((3, n), 0.1, "float32") for n in (6, 5)]
    output, [c, m] = cell(x, states)
    m_there = [1.69741797, 1.84003687, 1.87398517]
    c_there = [0.69855207, 0.77073824, 0.78973997]
    np.testing.assert_allclose(output, np.repeat([m_there], 5, 0).T, rtol=1e-6)
    np.testing.assert_array_equal(output, m)
    np.testing.assert_allclose(c, np.repeat([c_there], 6, 0).T, rtol=1e-6)
    config, back = convert.to_addons(cell)
    assert config["projection"] == 5 and not config["use_bias"]
    for one, two in zip(back, weights, strict=True):
        np.testing.assert_array_equal(one, two)


def test_its_published_numbers_of_peepholes():
    weights = [np.ones((4, 20)), np.zeros((5, 20)), np.repeat([0.0, 1, 0, 0], 5)]
    weights += [np.zeros(5)] * 2 + [np.zeros(5)]
    ones = [*weights[:3], *[np.ones(5)] * 3]
    x = np.eye(5, 4, k=-1, dtype="float32")[[2, 3, 4, 0]]
    expected = np.repeat([[0.417551], [0.417551], [0.417551], [0.0]], 5, axis=1)
    cell = convert.from_addons("PeepholeLSTMCell", ones)
    output, _ = cell(x, cell.get_initial_state(4))
    np.testing.assert_allclose(output, expected, rtol=1e-6, atol=1e-6)
    cell = convert.from_addons("PeepholeLSTMCell", weights)
    assert np.abs(cell(x, cell.get_initial_state(4))[0] - expected).max() > 1e-3


def test_its_names_of_arguments_are_taken():
    layer = zoo.LayerNormLSTM(3, norm_epsilon=0.5, norm_gamma_initializer="zeros")
    assert layer.epsilon == 0.5 and layer.get_config()["epsilon"] == 0.5
    cell = zoo.LayerNormSimpleRNNCell(
        3, layernorm_epsilon=0.5, gamma_regularizer="l2", gamma_constraint="non_neg"
    )
    cell.build((None, 2))
    assert cell.epsilon == 0.5 and len(cell.losses) == 1
    assert cell.gamma.constraint is cell.gamma_constraint
    with pytest.raises(TypeError, match=r"`norm_epsilon` must be left out.*=0\.5"):
        zoo.LayerNormLSTMCell(3, norm_epsilon=0.5, epsilon=0.1)


def test_what_cannot_be_is_refused(rng):
    with pytest.raises(ValueError, match="one of ESNCell.*name='LSTMCell'"):
        convert.from_addons("LSTMCell", [])
    with pytest.raises(ValueError, match="3 of a NASCell.*1 arrays"):
        convert.from_addons("NASCell", halves((4, 32)))
    with pytest.raises(ValueError, match=r"here.*\(3, 32\).*Received.*\(3, 16\)"):
        convert.from_addons("NASCell", halves((4, 32), (3, 16)))
    with pytest.raises(ValueError, match="config with depth"):
        convert.from_addons("NASCell", halves((4, 32), (3, 32)), {"depth": 5})
    with pytest.raises(TypeError, match="type LSTMCell"):
        convert.to_addons(zoo.LSTMCell(3))
    with pytest.raises(ValueError, match="must be built"):
        convert.to_addons(zoo.ESNCell(3))
    for cell, message in (
        (zoo.LayerNormLSTMCell(3), "carry_normalised=False"),
        (zoo.PeepholeLSTMCell(3, zoneout=0.1), r"zoneout=0\.1"),
        (zoo.NASCell(3, activation="relu"), "activation='relu'"),
        (zoo.ESNCell(3, dropout=0.5), r"dropout=0\.5"),
    ):
        cell.build((None, 2))
        randomise(cell, rng)
        with pytest.raises(ValueError, match=message):
            convert.to_addons(cell)
