"""Units of the zoo against other people's: PyTorch, and TensorFlow Addons' formulas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.layers.cells.lmu import legendre_memory
from tests.compare import assert_close, randomise
from tests.references import mlstm, sigmoid

BATCH, TIME, FEATURES, UNITS = 3, 5, 4, 6


@pytest.mark.parametrize("projection_units", [1, 2, 5])
def test_projected_lstm_is_that_of_pytorch(projection_units, rng):
    torch = pytest.importorskip("torch")
    theirs = torch.nn.LSTM(
        FEATURES, UNITS, proj_size=projection_units, batch_first=True
    ).double()
    ours = zoo.ProjectedLSTM(
        UNITS,
        projection_units,
        return_sequences=True,
        return_state=True,
        dtype="float64",
    )
    ours.build((None, None, FEATURES))
    randomise(ours, rng)
    kernel, recurrent, bias, projection = ours.get_weights()
    pairs = {
        "weight_ih_l0": kernel.T,
        "weight_hh_l0": recurrent.T,
        "bias_ih_l0": bias,
        "bias_hh_l0": 0 * bias,
        "weight_hr_l0": projection.T,
    }
    theirs.load_state_dict({k: torch.tensor(w) for k, w in pairs.items()})
    x = rng.normal(size=(BATCH, TIME, FEATURES))
    h, c = (rng.normal(size=(BATCH, n)) for n in (projection_units, UNITS))
    inputs = torch.tensor(x, requires_grad=True)
    expected, (h_n, c_n) = theirs(
        inputs, (torch.tensor(h)[None], torch.tensor(c)[None])
    )
    (expected.sum() + c_n.sum()).backward()
    watched = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(watched)
        outputs, *states = ours(watched, initial_state=[h, c])
        loss = tf.reduce_sum(outputs) + tf.reduce_sum(states[1])
    weights = [w.value for w in ours.weights]
    by_input, by_kernel, _, by_bias, by_projection = tape.gradient(
        loss, [watched, *weights]
    )
    assert_close(outputs, expected.detach().numpy(), "float64")
    assert_close(states[0], h_n[0].detach().numpy(), "float64")
    assert_close(states[1], c_n[0].detach().numpy(), "float64")
    assert_close(by_input, inputs.grad.numpy(), "float64")
    assert_close(by_kernel, theirs.weight_ih_l0.grad.numpy().T, "float64")
    assert_close(by_bias, theirs.bias_ih_l0.grad.numpy(), "float64")
    assert_close(by_projection, theirs.weight_hr_l0.grad.numpy().T, "float64")


def normalised(z, gamma, beta, epsilon=1e-3):
    centred = z - z.mean(-1, keepdims=True)
    return centred / np.sqrt(z.var(-1, keepdims=True) + epsilon) * gamma + beta


def test_layer_norm_lstm_is_that_of_addons(rng):
    """`tfa.rnn.LayerNormLSTMCell`: one step; it carries the normalised memory on."""
    cell = zoo.LayerNormLSTMCell(UNITS, dtype="float64")
    cell.build((None, FEATURES))
    randomise(cell, rng)
    kernel, recurrent, bias, gamma_k, gamma_r, gamma_s, beta_s = cell.get_weights()
    beta_k, beta_r, bias_there = rng.normal(size=(3, 4 * UNITS))
    cell.bias.assign(beta_k + beta_r + bias_there)
    x, h, c = (rng.normal(size=(BATCH, n)) for n in (FEATURES, UNITS, UNITS))
    z = normalised(x @ kernel, gamma_k, beta_k)
    z = z + normalised(h @ recurrent, gamma_r, beta_r) + bias_there
    z_i, z_f, z_c, z_o = np.split(z, 4, axis=1)
    c_new = sigmoid(z_f) * c + sigmoid(z_i) * np.tanh(z_c)
    c_there = normalised(c_new, gamma_s, beta_s)
    output, [_, carried] = cell(x, [h, c])
    assert_close(output, sigmoid(z_o) * np.tanh(c_there), "float64")
    assert_close(normalised(np.asarray(carried), gamma_s, beta_s), c_there, "float64")


def test_layer_norm_lstm_gives_the_stored_value_of_addons():
    """Constant weights of 0.5, so that only N(c), which is ∓1, tells units apart."""
    half = keras.initializers.Constant(0.5)
    cell = zoo.LayerNormLSTMCell(
        2,
        kernel_initializer=half,
        recurrent_initializer=half,
        bias_initializer=half,
        epsilon=1e-12,
        dtype="float64",
    )
    h, c = np.array([[0.2, 0.3]]), np.array([[0.0, 0.1]])
    output, [h_new, _] = cell(np.ones((1, 3)), [h, c])
    np.testing.assert_allclose(output, [[-0.47406167, 0.47406143]], rtol=1e-6)
    np.testing.assert_array_equal(output, h_new)


def test_layer_norm_simple_rnn_is_that_of_addons(rng):
    """`tfa.rnn.LayerNormSimpleRNNCell`: φ(ln(x W + h U) + b), ln without offset."""
    cell = zoo.LayerNormSimpleRNNCell(UNITS, epsilon=1e-5, dtype="float64")
    cell.build((None, FEATURES))
    randomise(cell, rng)
    kernel, recurrent, bias, gamma = cell.get_weights()
    x, h = (rng.normal(size=(BATCH, n)) for n in (FEATURES, UNITS))
    net = normalised(x @ kernel + h @ recurrent, gamma, 0.0, 1e-5)
    assert_close(cell(x, [h])[0], np.tanh(net + bias), "float64")


def test_peephole_lstm_is_that_of_addons(rng):
    """`tfa.rnn.PeepholeLSTMCell`: three vectors, for input, forget and output gate."""
    cell = zoo.PeepholeLSTMCell(UNITS, dtype="float64")
    cell.build((None, FEATURES))
    randomise(cell, rng)
    kernel, recurrent, bias, peepholes = cell.get_weights()
    p_i, p_f, p_o = np.split(peepholes, 3)
    x, h, c = (rng.normal(size=(BATCH, n)) for n in (FEATURES, UNITS, UNITS))
    z0, z1, z2, z3 = np.split(x @ kernel + h @ recurrent + bias, 4, axis=1)
    c_new = sigmoid(z1 + p_f * c) * c + sigmoid(z0 + p_i * c) * np.tanh(z2)
    h_new = sigmoid(z3 + p_o * c_new) * np.tanh(c_new)
    output, [_, carried] = cell(x, [h, c])
    assert_close(output, h_new, "float64")
    assert_close(carried, c_new, "float64")


def test_peephole_lstm_gives_the_stored_value_of_addons():
    cell = zoo.PeepholeLSTMCell(
        5, kernel_initializer="ones", peephole_initializer="ones"
    )
    x = np.eye(5, 4, k=-1, dtype="float32")[[2, 3, 4, 0]]
    output, _ = cell(x, cell.get_initial_state(4))
    expected = np.repeat([[0.417551], [0.417551], [0.417551], [0.0]], 5, axis=1)
    np.testing.assert_allclose(output, expected, rtol=1e-6, atol=1e-6)


def test_echo_state_network_gives_the_stored_value_of_addons():
    half = keras.initializers.Constant(0.5)
    cell = zoo.ESNCell(
        *(3, 1, 1, 0.9, True, True, None),  # in the order of Addons' arguments
        kernel_initializer=half,
        recurrent_initializer=half,
        bias_initializer=half,
    )
    x = np.repeat([[1.0], [2.0], [3.0]], 4, axis=1).astype("float32")
    output, _ = cell(x, [np.full((3, 3), 0.3, "float32")])
    np.testing.assert_allclose(output, [[2.77] * 3, [4.77] * 3, [6.77] * 3], rtol=1e-5)


def test_the_reservoir_is_sparse_and_of_its_radius():
    def kernel_of(**options):
        cell = zoo.ESNCell(60, seed=3, **options)
        cell.build((None, 2))
        assert not cell.trainable_weights
        return cell.recurrent_kernel.numpy()

    wanted = {"connectivity": 0.2, "spectral_radius": 0.7}
    sparse, norm = kernel_of(**wanted), kernel_of(use_norm2=True, **wanted)
    np.testing.assert_allclose(abs(np.linalg.eigvals(sparse)).max(), 0.7, rtol=1e-4)
    np.testing.assert_allclose(np.sqrt((norm**2).sum()), 0.7, rtol=1e-5)
    assert 0.15 < np.count_nonzero(sparse) / 3600 < 0.25
    assert not kernel_of(recurrent_initializer="zeros").any()


def _torch_layer(name, features, units):
    torch = pytest.importorskip("torch")
    kind = {"SimpleRNN": "RNN"}.get(name, name)
    return torch, getattr(torch.nn, kind)(features, units, batch_first=True).double()


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_the_documented_three_are_those_of_pytorch(name, rng):
    torch, theirs = _torch_layer(name, 3, 4)
    ours = getattr(zoo, name)(
        4, return_sequences=True, return_state=True, dtype="float64"
    )
    ours.build((None, None, 3))
    weights = [rng.normal(scale=0.5, size=w.shape) for w in ours.get_weights()]
    ours.set_weights(weights)
    # Keras's blocks in PyTorch's order: LSTM i, f, g, o alike; GRU r, z, n.
    order = {"SimpleRNN": [0], "LSTM": [0, 1, 2, 3], "GRU": [1, 0, 2]}[name]

    def permuted(weight):
        blocks = np.split(weight, len(order), axis=-1)
        return torch.tensor(np.concatenate([blocks[k] for k in order], -1).T.copy())

    kernel, recurrent_kernel, bias = weights
    pair = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(permuted(kernel))
        theirs.weight_hh_l0.copy_(permuted(recurrent_kernel))
        theirs.bias_ih_l0.copy_(permuted(pair[0]))
        theirs.bias_hh_l0.copy_(permuted(pair[1]))
    x = rng.normal(size=(2, 5, 3))
    states = [rng.normal(size=(2, 4)) for _ in ours.state_size]
    first = [torch.tensor(s[None]) for s in states]
    start = tuple(first) if len(first) > 1 else first[0]
    expected, last = theirs(torch.tensor(x), start)
    actual, *ends = ours(x, initial_state=states)
    assert_close(actual, expected.detach().numpy(), "float64")
    last = last if isinstance(last, tuple) else (last,)
    for end, known in zip(ends, last, strict=True):
        assert_close(end, known.detach().numpy()[0], "float64")


@pytest.mark.parametrize("features", [FEATURES, UNITS])
def test_intersection_rnn_is_that_of_contrib(features, rng):
    """`tf.contrib.rnn.IntersectionRNNCell`: adds its gates' bias of one in the step."""
    cell = zoo.IntersectionRNNCell(UNITS, dtype="float64")
    cell.build((None, features))
    first = cell.bias.numpy()
    randomise(cell, rng)
    kernel, recurrent, bias, *_ = cell.get_weights()
    cell.bias.assign(bias + first)
    x, h = rng.normal(size=(BATCH, features)), rng.normal(size=(BATCH, UNITS))
    z = np.concatenate([x, h], 1) @ np.concatenate([kernel, recurrent]) + bias
    gh_act, h_act, gy_act, y_act = np.split(z, 4, axis=1)
    passed = x if features == UNITS else x @ cell.input_kernel.numpy()
    g_h, g_y = sigmoid(gh_act + 1.0), sigmoid(gy_act + 1.0)
    new_state = g_h * h + (1.0 - g_h) * np.tanh(h_act)
    new_y = g_y * passed + (1.0 - g_y) * np.maximum(y_act, 0)
    y, [state] = cell(x, [h])
    assert_close(y, new_y, "float64")
    assert_close(state, new_state, "float64")
    assert hasattr(cell, "input_kernel") == (features != UNITS)


@pytest.mark.parametrize("training", [True, False])
def test_the_time_gate_is_that_of_the_authors(training, rng):
    """Phased LSTM in Theano: `in_cycle_time`, halves of the open phase, `off_slope`."""
    cell = zoo.PhasedLSTMCell(UNITS, dtype="float64", open_ratio=0.3)
    cell.build((None, FEATURES))
    time = rng.uniform(0, 500, size=(200, 1))
    x = np.concatenate([rng.normal(size=(200, FEATURES - 1)), time], 1)
    period, shift = cell.period.numpy(), -cell.shift.numpy()
    in_cycle_time = np.mod(time + shift, np.abs(period))
    on_mid, on_end = 0.3 * 0.5 * period, 0.3 * period
    expected = np.where(
        in_cycle_time <= on_mid,
        in_cycle_time / on_mid,
        np.where(
            in_cycle_time <= on_end,
            (on_end - in_cycle_time) / on_mid,
            (1e-3 if training else 0.0) * (in_cycle_time / period),
        ),
    )
    w = cell.of_input(cell.all_weights(), None, training)
    np.testing.assert_allclose(cell.terms(x, w).k, expected, atol=1e-12)
    assert (10 <= period).all() and (period <= 100).all() and (shift <= 0).all()
    assert 0.2 < (expected > 0.01).mean() < 0.4


def test_mlstm_is_the_unstabilised_one_of_its_paper(rng):
    layer = zoo.MLSTM(UNITS, return_sequences=True, dtype="float64")
    layer.build((None, None, FEATURES))
    randomise(layer, rng)
    x = 3 * rng.normal(size=(BATCH, 20, FEATURES))
    expected = mlstm.unstabilised(x, layer.get_weights())
    assert_close(layer(x), expected, "float64")
    # Beyond what exp can hold without the stabiliser.
    layer.cell.bias.assign_add(np.where(np.arange(4 * UNITS + 2) == 4 * UNITS, 800, 0))
    assert np.isfinite(layer(x)).all() and np.abs(layer(x)).max() > 0.01


@pytest.mark.parametrize(("size", "theta"), [(1, 1.0), (6, 4.0), (40, 784.0)])
def test_the_legendre_memory_is_held_as_scipy_holds_it(size, theta):
    signal = pytest.importorskip("scipy.signal")
    n = np.arange(size)
    scale = (2 * n + 1.0)[:, None]
    row, column = np.meshgrid(n, n, indexing="ij")
    a = np.where(row < column, -1, (-1.0) ** (row - column + 1)) * scale
    b = (-1.0) ** n[:, None] * scale
    system = (a / theta, b / theta, np.eye(size), np.zeros((size, 1)))
    kept, written, *_ = signal.cont2discrete(system, 1.0, "zoh")
    ours = legendre_memory(size, theta)
    np.testing.assert_allclose(ours[0], kept, atol=1e-12)
    np.testing.assert_allclose(ours[1], written[:, 0], atol=1e-12)


def test_lmu_is_that_of_its_authors(rng):
    """`keras_lmu.LMUCell` with all connections, and a simple cell for the hidden."""
    keras_lmu = pytest.importorskip("keras_lmu")
    hidden = keras.layers.SimpleRNNCell(UNITS, use_bias=False, dtype="float64")
    theirs = keras_lmu.LMUCell(
        *(1, 5, 12.0, hidden),
        **dict.fromkeys(("hidden_to_memory", "memory_to_memory"), True),
        input_to_hidden=True,
        dtype="float64",
    )
    theirs.build((BATCH, FEATURES))
    ours = zoo.LMUCell(UNITS, memory_size=5, theta=12.0, dtype="float64")
    ours.build((None, FEATURES))
    randomise(ours, rng)
    kernel, recurrent, memory, encoder = ours.get_weights()
    theirs.kernel.assign(np.concatenate([kernel[:, :1], recurrent[:, :1]]))
    theirs.recurrent_kernel.assign(encoder)
    hidden.kernel.assign(np.concatenate([memory, kernel[:, 1:]]))
    hidden.recurrent_kernel.assign(recurrent[:, 1:])
    x, h, m = (rng.normal(size=(BATCH, n)) for n in (FEATURES, UNITS, 5))
    expected, (m_there, h_there) = theirs(x, [m, h])
    output, [h_new, m_new] = ours(x, [h, m])
    for actual, known in ((output, expected), (h_new, h_there), (m_new, m_there)):
        assert_close(actual, known, "float64")


def test_the_recurrence_of_exp_rnn_is_scipys_exponential_and_stays_orthogonal(rng):
    linalg = pytest.importorskip("scipy.linalg")
    layer = zoo.ExpRNN(UNITS, use_bias=False)
    model = keras.Sequential([keras.Input((None, FEATURES)), layer])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    first = layer.cell.recurrent_kernel.numpy()
    x = rng.normal(size=(8, TIME, FEATURES)).astype("float32")
    model.fit(x, 9 * np.ones((8, UNITS), "float32"), epochs=3, verbose=0)
    above = np.triu(layer.cell.recurrent_kernel.numpy(), 1)
    assert np.abs(above - first).max() > 0.1
    turn = np.asarray(layer.cell.all_weights()["recurrent_kernel"])
    np.testing.assert_allclose(turn, linalg.expm(above - above.T), atol=1e-5)
    np.testing.assert_allclose(turn @ turn.T, np.eye(UNITS), atol=1e-5)
    h = rng.normal(size=(2, UNITS)).astype("float32")
    [new] = layer.cell(np.zeros((2, FEATURES), "float32"), [h])[1]
    lengths = np.linalg.norm(h, axis=1)
    np.testing.assert_allclose(np.linalg.norm(new, axis=1), lengths, rtol=1e-5)
