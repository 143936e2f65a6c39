"""Our cells against the authors' and others' packages, five steps in float64.

Weights are those of our cell; states are drawn, and not zero.
"""

import warnings

import keras
import numpy as np
import pytest

from keras_rnn_zoo import layers as zoo
from tests.compare import randomise
from tests.outside import report

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.outside
BATCH, STEPS, FEATURES, UNITS = 2, 5, 3, 4


def ours_and_data(name, rng, features=FEATURES, **options):
    """A layer with random weights, a sequence, and states to begin with."""
    layer = getattr(zoo, name)(
        UNITS, return_sequences=True, return_state=True, dtype="float64", **options
    )
    layer.build((None, None, features))
    randomise(layer, rng)
    x = rng.normal(size=(BATCH, STEPS, features))
    states = [rng.normal(size=(BATCH, size)) for size in layer.cell.state_sizes]
    return layer, x, states, {w.name: np.asarray(w) for w in layer.cell.weights}


def worst_of(layer, x, states, step):
    """The largest difference to `step(x, states)` of theirs, states included."""
    outputs, *last = layer(x, initial_state=states)
    worst = 0.0
    for t in range(STEPS):
        output, states = step(x[:, t], states)
        worst = max(worst, np.abs(np.asarray(outputs)[:, t] - output).max())
    for one, other in zip(last, states, strict=True):
        worst = max(worst, np.abs(np.asarray(one) - other).max())
    return float(worst)


def quietly(module):
    """Imports what warns of its own dependencies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(module)


def test_slstm_is_that_of_its_authors(rng):
    theirs = quietly("xlstm.blocks.slstm.src.vanilla.slstm")
    layer, x, states, w = ours_and_data("SLSTM", rng)
    states[2] = np.abs(states[2]) + 1  # a count
    tensor = torch.tensor

    def step(x, states):
        new, _ = theirs.slstm_forward_pointwise(
            tensor(x @ w["kernel"]),
            tensor(states[0] @ w["recurrent_kernel"]),
            tensor(w["bias"][None]),
            tensor(np.stack(states)),
            {},
        )
        states = list(new.numpy())
        return states[0], states

    worst = worst_of(layer, x, states, step)
    report("SLSTM", "xlstm", worst)
    assert worst < 1e-10


@pytest.mark.parametrize("eps", [0.0, 1e-6])
def test_mlstm_is_that_of_its_authors_but_for_their_epsilon(eps, rng):
    theirs = quietly("xlstm.blocks.mlstm.backends")
    layer, x, states, w = ours_and_data("MLSTM", rng)
    sizes = np.cumsum([UNITS] * 4 + [1])

    def step(x, states):
        c, n, m = states
        q, k, v, o, i, f = np.split(x @ w["kernel"] + w["bias"], sizes, 1)
        given = [c.reshape(BATCH, 1, UNITS, UNITS), n.reshape(BATCH, 1, UNITS, 1)]
        given += [one[:, None, None, :] for one in (m, q, k, v, i, f)]
        h, (c, n, m) = theirs.recurrent_step_stabilized_simple(
            *map(torch.tensor, given), eps=eps
        )
        h = h.numpy().reshape(BATCH, UNITS) / (1 + np.exp(-o))
        return h, [one.numpy().reshape(BATCH, -1) for one in (c, n, m)]

    worst = worst_of(layer, x, states, step)
    report("MLSTM" if eps == 0 else "MLSTM, their ε of 1e-6", "xlstm", worst)
    assert worst < (1e-10 if eps == 0 else 1e-4)


@pytest.mark.parametrize("heads", ["theirs", "ours"])
def test_cfc_is_that_of_ncps_but_for_tanh_in_its_heads(heads, rng):
    cells = quietly("ncps.torch.cfc_cell")
    layer, x, states, w = ours_and_data("CfC", rng, backbone_units=6, elapsed=0.7)
    cell = cells.CfCCell(FEATURES, UNITS, backbone_units=6, backbone_layers=1).double()
    if heads == "ours":
        cell.tanh = cells.LeCun()
    parts = np.split(w["head_kernel"], 4, 1), np.split(w["head_bias"], 4)
    both = np.concatenate([w["kernel"], w["recurrent_kernel"]])
    pairs = {"backbone.0": (both, w["bias"])}
    for k, name in enumerate(("ff1", "ff2", "time_a", "time_b")):
        sign = -1 if name == "time_a" else 1
        pairs[name] = sign * parts[0][k], sign * parts[1][k]
    state = {}
    for name, (kernel, bias) in pairs.items():
        state |= {
            f"{name}.weight": torch.tensor(kernel.T),
            f"{name}.bias": torch.tensor(bias),
        }
    cell.load_state_dict(state)

    def step(x, states):
        h, _ = cell(torch.tensor(x), torch.tensor(states[0]), 0.7)
        return h.detach().numpy(), [h.detach().numpy()]

    worst = worst_of(layer, x, states, step)
    report("CfC" if heads == "ours" else "CfC, their tanh", "ncps", worst)
    assert worst < 1e-10 if heads == "ours" else worst > 1e-2


def test_ltc_is_that_of_ncps(rng):
    ncps = quietly("ncps.torch")
    wirings = quietly("ncps.wirings")
    layer, x, states, w = ours_and_data("LTC", rng)
    wiring = wirings.FullyConnected(UNITS)
    wiring.build(FEATURES)
    cell = ncps.LTCCell(
        wiring,
        input_mapping="affine",
        output_mapping="affine",
        epsilon=0.0,
        implicit_param_constraints=True,
    ).double()
    names = {
        "gleak": w["leak"],
        "vleak": w["resting"],
        "cm": w["capacity"],
        "w": w["recurrent_kernel"],
        "sigma": w["recurrent_slope"],
        "mu": w["recurrent_middle"],
        "erev": w["recurrent_reversal"],
        "sensory_w": w["kernel"],
        "sensory_sigma": w["kernel_slope"],
        "sensory_mu": w["kernel_middle"],
        "sensory_erev": w["kernel_reversal"],
        "input_w": w["input_map"][0],
        "input_b": w["input_map"][1],
        "output_w": w["output_map"][0],
        "output_b": w["output_map"][1],
    }
    for name, value in names.items():
        getattr(cell, name).data = torch.tensor(value)
        cell._params[name].data = torch.tensor(value)

    def step(x, states):
        output, v = cell(torch.tensor(x), torch.tensor(states[0]))
        return output.detach().numpy(), [v.detach().numpy()]

    worst = worst_of(layer, x, states, step)
    report("LTC", "ncps", worst)
    assert worst < 1e-10


def test_lmu_is_that_of_keras_lmu(rng):
    keras_lmu = quietly("keras_lmu")
    layer, x, states, w = ours_and_data("LMU", rng, memory_size=6, theta=6.0)
    cell = keras_lmu.LMUCell(
        *(1, 6, 6.0),
        keras.layers.SimpleRNNCell(UNITS, use_bias=False, dtype="float64"),
        hidden_to_memory=True,
        memory_to_memory=True,
        input_to_hidden=True,
        dtype="float64",
    )
    cell.build((BATCH, FEATURES))
    kernel, recurrent = w["kernel"], w["recurrent_kernel"]
    cell.kernel.assign(np.concatenate([kernel[:, :1], recurrent[:, :1]]))
    cell.recurrent_kernel.assign(w["memory_encoder"])
    into_hidden = np.concatenate([w["memory_kernel"], kernel[:, 1:]])
    cell.hidden_cell.set_weights([into_hidden, recurrent[:, 1:]])

    def step(x, states):
        h, m = states
        output, [m, h] = cell(keras.ops.convert_to_tensor(x), [m, h])
        return np.asarray(output), [np.asarray(h), np.asarray(m)]

    worst = worst_of(layer, x, states, step)
    report("LMU", "keras-lmu", worst)
    assert worst < 1e-10


def positive(z):
    """Their g, which keeps what is remembered above zero."""
    return keras.ops.where(z >= 0, z + 0.5, keras.ops.sigmoid(z))


BLOCKS = {"minGRU": ("h", "z"), "minLSTM": ("h", "f", "i")}


def their_minimal(name, rng):
    """A cell of minGRU-pytorch with the weights of ours, and ours."""
    theirs = quietly("minGRU_pytorch")
    module = quietly(f"minGRU_pytorch.{name}")
    del theirs
    ours = {"minGRU": "MinGRU", "minLSTM": "MinLSTM"}[name]
    layer, x, states, w = ours_and_data(
        ours, rng, UNITS, activation=positive, use_bias=False
    )
    blocks = layer.cell.blocks
    kernels = dict(zip(blocks, np.split(w["kernel"], len(blocks), 1), strict=True))
    cell = getattr(module, name)(UNITS).double()
    [parameter] = cell.parameters()
    parameter.data = torch.tensor(
        np.concatenate([kernels[block] for block in BLOCKS[name]], 1).T
    )
    return cell, layer, x, [np.abs(states[0]) + 0.1]


@pytest.mark.parametrize("name", BLOCKS)
def test_min_gru_and_min_lstm_are_those_of_the_package_step_by_step(name, rng):
    cell, layer, x, states = their_minimal(name, rng)

    def step(x, states):
        h = cell(torch.tensor(x[:, None]), torch.tensor(states[0][:, None]))
        h = h.detach().numpy()[:, 0]
        return h, [h]

    worst = worst_of(layer, x, states, step)
    report(type(layer).__name__, "minGRU-pytorch", worst)
    assert worst < 1e-10


def test_in_parallel_their_min_lstm_reads_a_carried_state_wrongly(rng):
    for name, differs in (("minGRU", False), ("minLSTM", True)):
        cell, layer, x, states = their_minimal(name, rng)
        there = cell(torch.tensor(x), torch.tensor(states[0][:, None]))
        here, _ = layer(x, initial_state=states)
        worst = float(np.abs(np.asarray(here) - there.detach().numpy()).max())
        report(f"{type(layer).__name__}, in parallel", "minGRU-pytorch", worst)
        assert worst > 1e-2 if differs else worst < 1e-8
        from_zeros = cell(torch.tensor(x)).detach().numpy()
        here, _ = layer(x)
        assert np.abs(np.asarray(here) - from_zeros).max() < 1e-8


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_keras_and_pytorch_have_the_same(name, rng):
    layer, x, states, w = ours_and_data(name, rng)
    theirs = getattr(keras.layers, name)(
        UNITS, return_sequences=True, return_state=True, dtype="float64"
    )
    theirs.build((None, None, FEATURES))
    theirs.set_weights(layer.get_weights())
    found, expected = (one(x, initial_state=states) for one in (layer, theirs))
    worst = max(
        np.abs(np.asarray(a) - np.asarray(b)).max()
        for a, b in zip(found, expected, strict=True)
    )
    report(name, "Keras", worst)
    assert worst < 1e-10
    from keras_rnn_zoo import convert

    module = getattr(torch.nn, {"SimpleRNN": "RNN"}.get(name, name))
    there = module(FEATURES, UNITS, batch_first=True).double()
    ours = convert.from_torch(there.state_dict())
    answer, _ = there(torch.tensor(x))
    found = ours(x) if callable(ours) else ours[0](x)
    worst = np.abs(np.asarray(found) - answer.detach().numpy()).max()
    report(name, "PyTorch", worst)
    assert worst < 1e-5
