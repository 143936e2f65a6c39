"""Our cells with the weights of torchrecurrent 0.2.5, step by step, in float64."""

import numpy as np
import pytest

from keras_rnn_zoo import convert
from keras_rnn_zoo import layers as zoo
from tests.outside import report

torch = pytest.importorskip("torch")
theirs = pytest.importorskip("torchrecurrent")
pytestmark = pytest.mark.outside
BATCH, STEPS, FEATURES, UNITS = 2, 5, 3, 4

# Arguments of theirs and of ours, where the defaults differ or there are constants.
ARGUMENTS = {
    "AntisymmetricRNNCell": (
        {"epsilon": 0.5, "gamma": 0.1},
        {"step_size": 0.5, "diffusion": 0.1},
    ),
    "coRNNCell": (
        {"dt": 0.5, "gamma": 0.4, "epsilon": 0.3},
        {"time_step": 0.5, "frequency": 0.4, "damping": 0.3},
    ),
    "DSGUCell": ({}, {"recurrent_activation": "hard_sigmoid"}),
    "FastGRNNCell": ({"nonlinearity": "sigmoid"}, {}),
    "IndRNNCell": ({"nonlinearity": "relu"}, {}),
    "MiRU1Cell": ({"update_coefficient": 0.3}, {"update": 0.3}),
    "MiRU2Cell": (
        {"update_coefficient": 0.3, "reset_coefficient": 0.7},
        {"update": 0.3, "reset": 0.7},
    ),
    "SGUCell": ({}, {"recurrent_activation": "hard_sigmoid"}),
    "tauGRUCell": ({}, {"delay": 2}),
    "UnICORNNCell": (
        {"dt": 0.5, "alpha": 0.7},
        {"time_step": 0.5, "frequency": 0.7},
    ),
}
ARGUMENTS["GatedAntisymmetricRNNCell"] = ARGUMENTS["AntisymmetricRNNCell"]


def drawn(name, rng, features=FEATURES):
    """A cell of theirs with random weights."""
    cell = getattr(theirs, name)(features, UNITS, **ARGUMENTS.get(name, ({}, {}))[0])
    cell = cell.double()
    for parameter in cell.parameters():
        shape = tuple(parameter.shape)
        parameter.data = torch.tensor(rng.normal(scale=0.5, size=shape))
    return cell


def without_place(name, cell):
    """Zeros in their biases for which there is no place in the papers' equations."""
    nowhere = {
        "ATRCell": {"bias_hh": slice(None)},
        "SGRNCell": {"bias_hh": slice(None)},
        "SGUCell": {"bias_hh": slice(UNITS)},
        "DSGUCell": {"bias_hh": slice(UNITS)},
        "CFNCell": {"bias_ih": slice(2 * UNITS, None)},
        "TRNNCell": {"bias_ih": slice(UNITS)},
        "MultiplicativeLSTMCell": {"bias_ih": slice(UNITS), "bias_hh": slice(None)},
    }
    for key, part in nowhere.get(name, {}).items():
        getattr(cell, key).data[part] = 0


def over(cell, x, states):
    """Outputs and last states of theirs."""
    outputs = []
    for t in range(STEPS):
        x_t = torch.tensor(x[:, t])
        if cell.__class__.__name__ == "tauGRUCell":
            h, *line = states
            new = cell(x_t, h, line[0])
            output, states = new, [new, *line[1:], h]
        else:
            new = cell(x_t, tuple(states) if len(states) > 1 else states[0])
            output, *rest = new if isinstance(new, tuple) else (new,)
            states = [output, *rest]
            if cell.__class__.__name__ in ("MCLSTMCell", "TLSTMCell"):
                states = list(rest[0])  # beside the output, which is no state
            elif cell.__class__.__name__ == "IntersectionRNNCell":
                states = rest
        outputs.append(output.detach().numpy())
    return np.stack(outputs, 1), [s.detach().numpy() for s in states]


def first_states(name, rng, cell, previous_kernel=None):
    """Theirs and ours, of the same meaning."""
    normal = lambda size=UNITS: rng.normal(size=(BATCH, size))  # noqa: E731
    if name in ("TGRUCell", "TLSTMCell"):  # theirs keep x, ours x V
        h, x = normal(), normal(FEATURES)
        return [h, x], [h, x @ previous_kernel]
    if name == "JANETCell":
        h = normal()
        return [h, h], [h]
    if name == "tauGRUCell":
        h, *line = normal(), normal(), normal()
        return [h, *line], [h, np.concatenate(line, 1)]
    states = [normal() for _ in cell.state_names]
    return states, states


def difference(name, rng, features=FEATURES):
    """The largest between outputs and states after five steps, and our cell."""
    cell = drawn(name, rng, features)
    without_place(name, cell)
    state = {**dict(cell.named_buffers()), **cell.state_dict()}
    ours = convert.from_torchrecurrent(name, state, **ARGUMENTS.get(name, ({}, {}))[1])
    x = rng.normal(size=(BATCH, STEPS, features))
    kernel = getattr(ours, "previous_kernel", None)
    before, ours_before = first_states(
        name, rng, ours, None if kernel is None else np.asarray(kernel)
    )
    expected, last = over(cell, x, [torch.tensor(s) for s in before])
    layer = zoo.RNN(ours, return_sequences=True, return_state=True, dtype="float64")
    found, *states = layer(x, initial_state=ours_before)
    worst = np.abs(np.asarray(found) - expected).max()
    if name not in ("TGRUCell", "TLSTMCell", "tauGRUCell", "JANETCell"):
        for one, other in zip(states, last, strict=True):
            worst = max(worst, np.abs(np.asarray(one) - other).max())
    return float(worst)


@pytest.mark.parametrize("name", sorted(convert._TORCHRECURRENT))
def test_the_same_weights_give_the_same(name, rng):
    features = UNITS if name == "IntersectionRNNCell" else FEATURES
    worst = difference(name, rng, features)
    report(convert._TORCHRECURRENT[name].ours, "torchrecurrent", worst)
    assert worst < 1e-10


def test_all_that_it_has_is_converted_or_refused():
    cells = {name for name in dir(theirs) if name.endswith("Cell")}
    assert cells == {*convert._TORCHRECURRENT, *convert._OTHER_EQUATIONS}


def of_ours(name, weights, features=FEATURES, **options):
    cell = getattr(zoo, f"{name}Cell")(UNITS, dtype="float64", **options)
    cell.build((None, features))
    for weight in cell.weights:
        weight.assign(weights[weight.name])
    return cell


def step_of(cell, x, states):
    output, states = cell(x, states)
    return [np.asarray(s) for s in states]


def as_arrays(cell):
    return {k: v.detach().numpy().T for k, v in cell.state_dict().items()}


def test_their_fast_grnn_has_another_gate_unless_told(rng):
    cell = drawn("FastGRNNCell", rng)
    ours = convert.from_torchrecurrent("FastGRNN", cell.state_dict())
    cell.act = torch.nn.Tanh()  # which is its default
    x, h = rng.normal(size=(BATCH, FEATURES)), rng.normal(size=(BATCH, UNITS))
    there = cell(torch.tensor(x), torch.tensor(h)).detach().numpy()
    [here] = step_of(ours, x, [h])
    assert theirs.FastGRNNCell(2, 2).act.__class__ is torch.nn.Tanh
    worst = np.abs(here - there).max()
    report("FastGRNN, its default", "torchrecurrent", worst)
    assert worst > 0.1


def test_their_lem_makes_y_of_the_old_z(rng):
    cell = drawn("LEMCell", rng)
    w = as_arrays(cell)
    e, d, z, y = np.split(w["weight_ih"], 4, 1)
    u_e, u_d, u_z = np.split(w["weight_hh"], 3, 1)
    b_e, b_d, b_z, b_y = np.split(w["bias_ih"], 4)
    c_e, c_d, c_z = np.split(w["bias_hh"], 3)
    ours = of_ours(
        "LEM",
        {
            "kernel": np.concatenate([d, e, z, y], 1),
            "recurrent_kernel": np.concatenate([u_d, u_e, u_z], 1),
            "bias": np.concatenate(
                [b_d + c_d, b_e + c_e, b_z + c_z, b_y + w["bias_ch"]]
            ),
            "memory_kernel": w["weight_ch"],
        },
    )
    x, h, c = (rng.normal(size=(BATCH, n)) for n in (FEATURES, UNITS, UNITS))
    there = [
        s.detach().numpy()
        for s in cell(*map(torch.tensor, (x,)), (torch.tensor(h), torch.tensor(c)))
    ]
    here = step_of(ours, x, [h, c])
    np.testing.assert_allclose(here[1], there[1], atol=1e-12)  # z is the same
    worst = np.abs(here[0] - there[0]).max()
    report("LEM", "torchrecurrent", worst)
    assert worst > 1e-2
    # What it computes is ours with the old z in that place.
    gate = 1 / (1 + np.exp(-(x @ e + b_e + h @ u_e + c_e)))
    old = np.tanh(x @ y + b_y + c @ w["weight_ch"] + w["bias_ch"])
    np.testing.assert_allclose(there[0], (1 - gate) * h + gate * old, atol=1e-12)


def test_their_nas_has_a_sum_in_branch_3(rng):
    cell = drawn("NASCell", rng)
    w = as_arrays(cell)
    w["bias_ih"][:] = 0
    cell.bias_ih.data[:] = 0
    ours = of_ours(
        "NAS",
        {
            "kernel": w["weight_ih"],
            "recurrent_kernel": w["weight_hh"],
            "bias": w["bias_hh"],
        },
    )
    x, m, c = (rng.normal(size=(BATCH, n)) for n in (FEATURES, UNITS, UNITS))
    there, _ = cell(torch.tensor(x), (torch.tensor(m), torch.tensor(c)))
    _, here = step_of(ours, x, [c, m])
    worst = np.abs(here - there.detach().numpy()).max()
    report("NAS", "torchrecurrent", worst)
    assert worst > 1e-3


@pytest.mark.parametrize("name", ["MUT1", "MUT2"])
def test_their_mut1_and_mut2_have_a_kernel_where_the_paper_has_x(name, rng):
    """With the identity for that kernel they are ours; with another, they are not."""
    cell = drawn(f"{name}Cell", rng, UNITS)
    bare = {"MUT1": 2, "MUT2": 1}[name]
    part = slice(bare * UNITS, (bare + 1) * UNITS)
    x, h = rng.normal(size=(2, BATCH, UNITS))

    def both():
        w = as_arrays(cell)
        kernels = np.split(w["weight_ih"], 3, 1)
        b = w["bias_ih"].reshape(3, UNITS)
        if name == "MUT1":
            bias = [b[0], *(b[1:2] + w["bias_hh"][:UNITS]), w["bias_hh"][UNITS:]]
        else:
            bias = b + w["bias_hh"].reshape(3, UNITS)
        ours = of_ours(
            name,
            {
                "kernel": np.concatenate(kernels[:bare] + kernels[bare + 1 :], 1),
                "recurrent_kernel": w["weight_hh"],
                "bias": np.concatenate(list(bias)),
            },
            UNITS,
        )
        there = cell(torch.tensor(x), torch.tensor(h)).detach().numpy()
        return np.abs(step_of(ours, x, [h])[0] - there).max()

    cell.bias_ih.data[part] = 0
    worst = both()
    report(name, "torchrecurrent", worst)
    assert worst > 1e-2
    cell.weight_ih.data[part] = torch.eye(UNITS, dtype=torch.float64)
    assert both() < 1e-12


def test_their_scrn_sends_the_hidden_units_through_a_tanh(rng):
    cell = drawn("SCRNCell", rng)
    x, h, s = (rng.normal(size=(BATCH, n)) for n in (FEATURES, UNITS, UNITS))
    there, _ = cell(torch.tensor(x), (torch.tensor(h), torch.tensor(s)))
    assert there.min() < 0  # no σ gives that
    ours = zoo.SCRNCell(UNITS, context_units=UNITS, dtype="float64")
    assert step_of(ours, x, [h, s])[0].min() > 0
