"""Weights from and to Keras and PyTorch; PyTorch's formulas in NumPy, and PyTorch."""

import keras
import numpy as np
import pytest

import keras_rnn_zoo as zoo
from keras_rnn_zoo import convert
from keras_rnn_zoo.layers.core.parts import parts_of
from tests.compare import assert_close, randomise

KINDS = {"RNN": 1, "GRU": 3, "LSTM": 4}


def state_dict(rng, kind, num_layers=2, both=True, bias=True, projection=0):
    """Random weights as `torch.nn.<kind>(3, 4, …).state_dict()` names them."""
    gates, out = KINDS[kind], projection or 4
    weights, features = {}, 3
    for i in range(num_layers):
        for suffix in ("", "_reverse")[: 1 + both]:
            shapes = {"weight_ih": (4 * gates, features), "weight_hh": (4 * gates, out)}
            if bias:
                shapes |= {"bias_ih": (4 * gates,), "bias_hh": (4 * gates,)}
            if projection:
                shapes["weight_hr"] = (out, 4)
            for name, shape in shapes.items():
                array = rng.normal(scale=0.5, size=shape).astype("float32")
                weights[f"{name}_l{i}{suffix}"] = array
        features = out * (1 + both)
    return weights


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def as_torch_computes(weights, x, activation=np.tanh):
    """PyTorch's documented formulas, float64, of every layer and direction."""
    i = 0
    while f"weight_ih_l{i}" in weights:
        directions = []
        for suffix in ("", "_reverse"):
            key = f"_l{i}{suffix}"
            if f"weight_ih{key}" not in weights:
                continue
            w_x, w_h = weights["weight_ih" + key], weights["weight_hh" + key]
            b_x, b_h = (
                weights.get(f"bias_{p}" + key, np.zeros(len(w_x))) for p in ("ih", "hh")
            )
            w_r = weights.get("weight_hr" + key)
            h, c = np.zeros((len(x), w_h.shape[1])), np.zeros((len(x), 4))
            order = range(x.shape[1])
            outputs = {}
            for t in reversed(order) if suffix else order:
                a, b = x[:, t] @ w_x.T + b_x, h @ w_h.T + b_h
                if len(w_x) == 4:
                    h = activation(a + b)
                elif len(w_x) == 12:
                    (a_r, a_z, a_n), (b_r, b_z, b_n) = (
                        np.split(a, 3, 1),
                        np.split(b, 3, 1),
                    )
                    r, z = sigmoid(a_r + b_r), sigmoid(a_z + b_z)
                    h = (1 - z) * np.tanh(a_n + r * b_n) + z * h
                else:
                    i_t, f, g, o = np.split(a + b, 4, 1)
                    c = sigmoid(f) * c + sigmoid(i_t) * np.tanh(g)
                    h = sigmoid(o) * np.tanh(c)
                    h = h if w_r is None else h @ w_r.T
                outputs[t] = h
            directions.append(np.stack([outputs[t] for t in order], 1))
        x, i = np.concatenate(directions, -1), i + 1
    return x


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("kind", [*KINDS, "LSTM with projection", "GRU without bias"])
def test_from_torch_computes_what_torch_does(kind, both, rng):
    kind, _, more = kind.partition(" ")
    options = {
        "projection": 2 * more.endswith("projection"),
        "bias": "bias" not in more,
    }
    weights = state_dict(rng, kind, both=both, **options)
    model = convert.from_torch(
        {f"net.{k}": v for k, v in weights.items()}, prefix="net."
    )
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    assert_close(model(x), as_torch_computes(weights, x).astype("float32"))
    back = convert.to_torch(model, numpy=True)
    assert list(back) == list(convert.to_torch(convert.from_torch(back), numpy=True))
    assert {k: v.shape for k, v in back.items()} == {
        k: v.shape for k, v in weights.items()
    }
    assert_close(as_torch_computes(back, x), as_torch_computes(weights, x))
    last = convert.from_torch(weights, return_sequences=False)
    if not both:
        assert_close(last(x), np.asarray(model(x))[:, -1])


def test_a_relu_network(rng):
    weights = state_dict(rng, "RNN", both=False)
    x = rng.normal(size=(2, 4, 3)).astype("float32")
    expected = as_torch_computes(weights, x, lambda a: np.maximum(a, 0))
    model = convert.from_torch(weights, activation="relu")
    assert_close(model(x), expected.astype("float32"))
    assert set(convert.to_torch(model.layers, numpy=True)) == set(weights)


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported:UserWarning")
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM", "LSTM with projection"])
def test_both_ways_with_torch_itself(kind, rng):
    torch = pytest.importorskip("torch")
    kind, _, more = kind.partition(" ")
    options = {"proj_size": 2} if more else {}
    module = getattr(torch.nn, kind)(
        3, 4, 2, batch_first=True, bidirectional=True, **options
    )
    model = convert.from_torch(module.state_dict())
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    with torch.no_grad():
        assert_close(model(x), module(torch.from_numpy(x))[0].numpy())
    randomise(model, rng)
    module.load_state_dict(convert.to_torch(model))
    with torch.no_grad():
        assert_close(module(torch.from_numpy(x))[0].numpy(), np.asarray(model(x)))


def their_model():
    layers = keras.layers
    inputs = keras.Input((None,), dtype="int32")
    x = layers.Embedding(9, 4, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(x)
    y = layers.SimpleRNN(6, activation="relu", return_sequences=True)(x)
    x = layers.Add()([x, y])
    x = layers.RNN(
        [layers.LSTMCell(3), layers.GRUCell(2, reset_after=False)],
        return_sequences=True,
    )(x)
    x = layers.LSTM(4, recurrent_activation="hard_sigmoid", dropout=0.1)(x)
    return keras.Model(inputs, layers.Dense(2)(x))


def recurrent_parts(model):
    """The recurrent layers of a model and their cells."""
    for part in parts_of(model):
        if isinstance(part, keras.layers.RNN):
            yield from (part, *getattr(part.cell, "cells", [part.cell]))


def test_from_keras_and_back(rng):
    theirs = their_model()
    randomise(theirs, rng)
    x = rng.integers(0, 9, (3, 6))
    ours = convert.from_keras(theirs)
    again = convert.to_keras(ours)
    counts = []
    for model, package in ((ours, "keras_rnn_zoo"), (again, "keras")):
        assert_close(model(x), np.asarray(theirs(x)))
        parts = [type(part).__module__.split(".")[0] for part in recurrent_parts(model)]
        assert set(parts) == {package}
        counts.append(len(parts))
    assert counts == [11, 11]
    assert ours.layers[-2].dropout == again.layers[-2].dropout == 0.1
    for w, v in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_array_equal(w, v)


def test_a_topology_and_layers_become_kerass_own(rng):
    model = zoo.ManyToMany(3, [4, 5], "GRU", vocabulary_size=9, bidirectional=True)
    theirs = convert.to_keras(model)
    x = rng.integers(0, 9, (2, 6))
    assert_close(theirs(x), np.asarray(model(x)))
    assert type(theirs) is keras.Model or type(theirs).__module__.startswith("keras.")
    assert {type(p).__module__.split(".")[0] for p in recurrent_parts(theirs)} == {
        "keras"
    }
    x = rng.normal(size=(2, 4, 3)).astype("float32")
    for layer in (
        zoo.LSTM(4, zero_output_for_mask=True, implementation="loop"),
        zoo.Bidirectional(zoo.SimpleRNN(2)),
    ):
        expected = layer(x)
        theirs = convert.to_keras(layer)
        assert_close(theirs(x), np.asarray(expected))
        assert_close(convert.from_keras(theirs)(x), np.asarray(expected))


def test_what_has_no_counterpart_is_said(rng):
    def built(layer):
        layer(np.zeros((1, 2, 3), "float32"))
        return layer

    keras_has = "Received: model with MGU"
    for layer, message in [
        (zoo.MGU(3), keras_has),
        (zoo.GRU(3, zoneout=0.2), "Received: zoneout=0.2 in GRU"),
        (zoo.LSTM(3, zoneout=[0.0, 0.3]), r"Received: zoneout=\[0.0, 0.3\] in LSTM"),
        (zoo.GRU(3, trainable_initial_state=True), "trainable_initial_state=True"),
    ]:
        with pytest.raises(ValueError, match=message):
            convert.to_keras(built(layer))
    with pytest.raises(ValueError, match="must be built"):
        convert.from_keras(keras.layers.LSTM(3))
    with pytest.raises(TypeError, match="model of type Dense"):
        convert.from_keras(keras.layers.Dense(3))
    with pytest.raises(TypeError, match="model of type OutputRecurrence"):
        convert.to_keras(zoo.OutputRecurrence(3, 4, num_features=2))
    for layer, message in [
        (zoo.GRU(3, reset_after=False), "reset_after=False"),
        (zoo.GRU(3, go_backwards=True), "go_backwards=True"),
        (zoo.LSTM(3, activation="relu"), "activation='relu'"),
        (zoo.LSTM(3, recurrent_activation="relu"), "recurrent_activation='relu'"),
        (zoo.GRU(3, zoneout=0.5), "zoneout=0.5"),
        (zoo.GRU(3, trainable_initial_state=True), "trainable_initial_state=True"),
        (zoo.Bidirectional(zoo.GRU(3), merge_mode="sum"), "merge_mode='sum'"),
    ]:
        with pytest.raises(ValueError, match=f"Received: {message}"):
            convert.to_torch(built(layer), numpy=True)
    two = [built(zoo.GRU(3)), built(zoo.GRU(4))]
    with pytest.raises(ValueError, match=r"differ: GRU\(3.* and GRU\(4"):
        convert.to_torch(two, numpy=True)
    with pytest.raises(ValueError, match=r"Received: layers=\[\]"):
        convert.to_torch([], numpy=True)
    with pytest.raises(ValueError, match="must be built.*'gru"):
        convert.to_torch(zoo.GRU(3), numpy=True)
    with pytest.raises(TypeError, match="of type JANET"):
        convert.to_torch(built(zoo.JANET(3)), numpy=True)


def test_state_dicts_that_are_none(rng):
    good = state_dict(rng, "LSTM", num_layers=1, both=False)
    short = {k: v for k, v in good.items() if k != "bias_hh_l0"}
    wide = {**good, "weight_hh_l0": np.zeros((15, 4))}
    for weights, options, message in [
        (good, {"prefix": "net."}, "prefix='net.' and keys"),
        ({**good, "fc.weight": np.zeros(3)}, {}, r"keys \['fc.weight'\]"),
        (short, {}, r"bias_hh_l0 of shape \(16,\). Received: nothing"),
        (wide, {}, r"weight_hh_l0 of shape \(16, 4\). Received: \(15, 4\)"),
        ({**good, "weight_ih_l0": np.zeros((8, 3))}, {}, "8 rows for 4 units"),
        (good, {"activation": "selu"}, "activation='selu'"),
        (good, {"activation": "relu"}, "'tanh' for weights of LSTM"),
    ]:
        with pytest.raises(ValueError, match=message):
            convert.from_torch(weights, **options)


def test_without_torch_arrays_are_offered(monkeypatch, rng):
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    model = convert.from_torch(state_dict(rng, "GRU"))
    with pytest.raises(ImportError, match="pip install torch.*numpy=True"):
        convert.to_torch(model)


# --- torchrecurrent; the package itself is asked by `make outside`


def test_a_cell_of_torchrecurrent_is_read_block_by_block(rng):
    """RAN: theirs has the candidate first, no bias for it, and transposed kernels."""
    shapes = {"weight_ih": (12, 3), "weight_hh": (8, 4), "bias_ih": (8,)}
    shapes["bias_hh"] = (8,)
    there = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    cell = convert.from_torchrecurrent(
        "RAN", {f"cells.0.{name}": value for name, value in there.items()}
    )
    x, h, c = (rng.normal(size=(2, n)) for n in (3, 4, 4))
    w_c, w_i, w_f = np.split(there["weight_ih"].T, 3, 1)
    gates = np.concatenate([x @ w_i, x @ w_f], 1) + h @ there["weight_hh"].T
    gates = 1 / (1 + np.exp(-(gates + there["bias_ih"] + there["bias_hh"])))
    new = gates[:, :4] * (x @ w_c) + gates[:, 4:] * c
    output, [_, carried] = cell(x, [h, c])
    np.testing.assert_allclose(carried, new, rtol=1e-12)
    np.testing.assert_allclose(output, np.tanh(new), rtol=1e-12)


def test_what_torchrecurrent_computes_otherwise_is_refused():
    weights = {"weight_ih": np.ones((8, 3)), "weight_hh": np.ones((8, 4))}
    with pytest.raises(ValueError, match="computes the same.*LEMCell.*the old z"):
        convert.from_torchrecurrent("LEM", weights)
    with pytest.raises(ValueError, match="`name` must be one of .*MGUCell.*'LSTMCell'"):
        convert.from_torchrecurrent("LSTM", weights)
    with pytest.raises(ValueError, match="with `weight_ih`.*with cells.1.weight_ih"):
        convert.from_torchrecurrent("MGU", {"cells.1.weight_ih": np.ones((8, 3))})
    with pytest.raises(ValueError, match="state_dict without.*peephole_kernel"):
        convert.from_torchrecurrent(
            "PeepholeLSTM",
            {k: np.ones((16, 3 + (k[-1] == "h"))) for k in ("weight_ih", "weight_hh")},
        )
    weights |= {"bias_ih": np.zeros(8), "bias_hh": np.ones(8)}
    with pytest.raises(ValueError, match="zeros where SGUCell.*bias_hh of block g"):
        convert.from_torchrecurrent("SGU", weights)
