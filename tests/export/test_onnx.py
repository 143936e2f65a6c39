"""ONNX files: alone in a process without TensorFlow, Keras and this package."""

import json
import re
import sys

import keras
import numpy as np
import pytest

import keras_rnn_zoo as zoo
from keras_rnn_zoo.export import export_onnx
from keras_rnn_zoo.export.portable import input_of, portable_copy
from tests.cases import ONE_EACH
from tests.export.models import MODELS, TAGS, first_states, forget, looking_at, make
from tests.fresh import ask_without_the_zoo

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

FRESH = """
sys.modules["tensorflow"] = None
import numpy as np
import onnxruntime

options = onnxruntime.SessionOptions()
options.log_severity_level = 4

def load(file):
    return onnxruntime.InferenceSession(
        str(file), options, providers=["CPUExecutionProvider"])

for name, (x, first, more) in asked.items():
    answer = answers[name] = {}
    session = load(root / name / "sequence.onnx")
    [given], [answer["output"]] = session.get_inputs(), session.get_outputs()
    answer["output"] = (given.name, answer["output"].name)
    [answer["sequence"]] = session.run(None, {given.name: x})
    answer["more"] = []
    for one in more:
        try:
            answer["more"].append(session.run(None, {given.name: one})[0])
        except Exception as error:
            answer["more"].append(f"{type(error).__name__}: {error}")
    if (root / name / "step.onnx").exists():
        session = load(root / name / "step.onnx")
        key, *names = [one.name for one in session.get_inputs()]
        assert [one.name for one in session.get_outputs()][1:] == [
            f"new_{name}" for name in names]
        states, outs = [first[name] for name in names], []
        for t in range(x.shape[1]):
            out, *states = session.run(
                None, {key: x[:, t], **dict(zip(names, states))})
            outs.append(out)
        nothing = dict(zip(names, [state[:0] for state in states]))
        try:
            answer["nothing"] = session.run(None, {key: x[:0, 0], **nothing})[0]
        except Exception as error:
            answer["nothing"] = f"{type(error).__name__}: {error}"
        answer["step"] = np.stack(outs, 1)
"""


def bidirectional(layer, merge_mode="concat", **options):
    """One layer in two directions, over masked tokens."""
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(9, 3, mask_zero=True),
            keras.layers.Bidirectional(layer(4, **options), merge_mode=merge_mode),
        ]
    )


def backwards(**options):
    return keras.Sequential(
        [
            keras.Input((None, 3)),
            zoo.LSTM(4, go_backwards=True, return_sequences=True, **options),
            zoo.MGU(3, go_backwards=True, return_sequences=True),
            keras.layers.Dense(3, activation="softmax"),
            zoo.CIFGLSTM(4, go_backwards=True),
        ]
    )


# Ways to be one node, or none, that MODELS does not have; nodes that are expected.
MORE = {
    "bidirectional GRU": (
        lambda: bidirectional(zoo.GRU, reset_after=False, return_sequences=True),
        ["GRU"],
    ),
    "bidirectional Keras LSTM": (
        lambda: bidirectional(keras.layers.LSTM, "sum", use_bias=False),
        ["LSTM"],
    ),
    "bidirectional peepholes": (
        lambda: bidirectional(zoo.PeepholeLSTM, "ave", trainable_initial_state=True),
        ["LSTM"],
    ),
    "bidirectional MGU": (
        lambda: bidirectional(zoo.MGU, "mul", return_sequences=True),
        ["Scan", "Scan"],
    ),
    "zoneout": (
        lambda: bidirectional(zoo.LSTM, zoneout=0.3, trainable_initial_state=True),
        ["Scan", "Scan"],
    ),
    "relu and gelu": (
        lambda: keras.Sequential(
            [
                keras.Input((None, 3)),
                zoo.GRU(3, recurrent_activation="relu", return_sequences=True),
                zoo.GRU(4, activation="softplus", return_sequences=True),
                keras.layers.SimpleRNN(4, activation="relu", dropout=0.2),
                keras.layers.Dense(2, activation="sigmoid"),
            ]
        ),
        ["GRU", "RNN", "Scan"],
    ),
    "backwards": (backwards, ["LSTM", "LSTM", "Scan"]),
    "classes fed back": (
        lambda: zoo.OutputRecurrence(3, 8, num_features=2, feedback="argmax"),
        ["Scan"],
    ),
    "nested": (
        lambda: keras.Sequential(
            [zoo.ManyToMany(4, 3, num_features=2, mask_value=0.5), zoo.GRU(3)]
        ),
        ["GRU", "LSTM"],
    ),
}
#: The cells that ONNX has an operator for; a `Scan` runs any other.
OF_A_CELL = ["GRU", "LSTM", "LSTM", "LSTM", "RNN"]
NODES = {
    "tagger": ["LSTM", "LSTM"],
    "language model": ["LSTM", "LSTM"],
    "sentences": ["GRU"],
    "masked features": ["GRU", "GRU"],
    "forecaster": ["GRU"],
    "output recurrence": ["Scan"],
    "every cell": [*OF_A_CELL, *["Scan"] * (len(ONE_EACH) - len(OF_A_CELL))],
    "stateful": ["GRU", "LSTM", "LSTM"],
    "stacked cells": ["RNN", "Scan"],
} | {name: nodes for name, (_, nodes) in MORE.items()}

TOKENS = np.array([[3, 1, 0, 4, 5, 2], [0, 0, 5, 0, 4, 0], [0] * 6], "int32")
# What else is asked of some files; text: what is said, None: what the model says.
ASKED = {
    "every cell": [
        (TOKENS[:, :0], None),
        (TOKENS[:0], None),
        (TOKENS[:1, :3], None),
        (np.array([[9]], "int32"), "tokens_must_be_from_0_to_8"),
        (np.array([[-1]], "int32"), "tokens_must_be_from_0_to_8"),
        (TOKENS[0], "(?i)invalid rank"),
        (TOKENS.astype("float32"), "(?i)unexpected input data type"),
    ],
    "zoneout": [(TOKENS[:, :0], None), (TOKENS[:0], None)],
    "bidirectional peepholes": [(TOKENS[:, :0], None), (TOKENS[:0], None)],
    "forecaster": [
        (np.zeros((2, 0, 2), "float32"), None),
        (np.zeros((0, 3, 2), "float32"), None),
    ],
    "stateful": [
        (np.zeros((2, 0, 4), "float32"), "a_row_must_have_a_step"),
        (np.zeros((0, 3, 4), "float32"), None),
    ],
    "masked features": [
        (np.zeros((0, 3, 4), "float32"), None),
        (np.zeros((2, 0, 4), "float32"), None),
        (np.zeros((2, 3, 5), "float32"), "(?i)invalid dim"),
    ],
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    root, rng = tmp_path_factory.mktemp("onnx"), np.random.default_rng(3)
    keras.utils.set_random_seed(4)
    asked, known = {}, {}
    for name in NODES:
        if name in MODELS:
            model, assets = make(name, rng)
        else:
            model, assets = MORE[name][0](), None
            for weight in model.weights:
                weight.assign(rng.normal(scale=0.4, size=weight.shape))
        forget(model)
        done = export_onnx(model, root / name, assets=assets)
        assert done.max_difference <= 5e-6
        assert done.num_bytes > 2_000
        copy = portable_copy(model)
        reads, width = input_of(copy)
        if reads == "tokens":
            x = TOKENS
        else:
            x = rng.normal(size=(3, 6, width)).astype("float32")
            x[0, 1] = x[1, 4:] = 0.5 if name == "nested" else 0
        has_step = "step" in done.signatures
        first = first_states(copy, 3) if has_step else {}
        asked[name] = (x, first, [one for one, _ in ASKED.get(name, [])])
        known[name] = (x, copy, done)
    answers, _ = ask_without_the_zoo(FRESH, root, asked)
    return root, {name: (*known[name], answers[name]) for name in NODES}


def padding(name, x):
    """Where x is no padding, or None if the model knows none."""
    if name == "masked features":
        return (x != 0).any(-1)
    if name == "nested":
        return (x != 0.5).any(-1)
    return x != 0 if x.ndim == 2 else None


def expected_of(name, model, x):
    """The model's answer; at padding zeros, of no steps what one of padding gives."""
    mask, given = padding(name, x), x
    if not len(x):  # Keras's own layers fail on no rows when run eagerly
        return expected_of(name, model, np.zeros((1, *x.shape[1:]), x.dtype))[:0]
    if not x.shape[1]:
        given = np.zeros((len(x), 1, *x.shape[2:]), x.dtype)
    y = np.asarray(model(given, training=False))
    if y.ndim == 3:
        y = y[:, : x.shape[1]]
        y = y if mask is None else np.where(mask[..., None], y, 0)
    return y


def test_the_files_answer_as_the_model_does(served):
    for name in NODES:
        with looking_at(name):
            check_answers(name, served)


def check_answers(name, served):
    x, model, done, answer = served[1][name]
    expected = expected_of(name, model, x)
    np.testing.assert_allclose(answer["sequence"], expected, atol=5e-6)
    given, output = answer["output"]
    assert given == ("tokens" if x.ndim == 2 else "features")
    assert ("step" in answer) == ("step" in done.signatures)
    if "step" not in answer:
        return
    mask, step = padding(name, x), answer["step"]
    if name not in ("masked features", "nested"):  # ONNX Runtime refuses those
        assert answer["nothing"].shape == (0, step.shape[-1])
    if expected.ndim == 2:
        np.testing.assert_allclose(step[:, -1], expected, atol=5e-6)
        return
    real = slice(None) if mask is None else mask
    np.testing.assert_allclose(step[real], expected[real], atol=5e-6)


def test_a_layer_is_one_node(served):
    for name in NODES:
        with looking_at(name):
            check_nodes(name, served)


def check_nodes(name, served):
    proto = onnx.load(served[0] / name / "sequence.onnx")
    ops = sorted(node.op_type for node in proto.graph.node)
    assert [op for op in ops if op in ("LSTM", "GRU", "RNN", "Scan", "Loop")] == NODES[
        name
    ]
    dims = proto.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_param for dim in dims][:2] == ["batch", "time"]
    assert {node.domain for node in proto.graph.node} == {""}
    if (served[0] / name / "step.onnx").exists():
        step = onnx.load(served[0] / name / "step.onnx")
        ops = {node.op_type for node in step.graph.node}
        assert not ops & {"LSTM", "GRU", "RNN", "Scan", "Loop", "If"}


def test_odd_input_gets_a_clear_error_or_the_models_answer(served):
    for name in ASKED:
        with looking_at(name):
            check_odd_input(name, served)


def check_odd_input(name, served):
    _, model, _, answer = served[1][name]
    for (x, message), more in zip(ASKED[name], answer["more"], strict=True):
        if message is None:
            assert not isinstance(more, str), (x, more)
            expected = expected_of(name, model, x)
            assert more.shape == expected.shape
            np.testing.assert_allclose(more, expected, atol=5e-6)
        else:
            assert isinstance(more, str) and re.search(message, more), (x, more)


def test_the_vocabulary_lies_beside_them_and_inside(served):
    path = served[0] / "output recurrence"
    document = json.loads((path / "metadata.json").read_text("utf-8"))
    assert document["codec"] == TAGS.codec and document["labels"] == list(TAGS.labels)
    assert document["initial_state"] == {"jordan_rnn_feedback": [0.0, 0.0, 0.0]}
    proto = onnx.load(path / "sequence.onnx")
    inside = {one.key: one.value for one in proto.metadata_props}
    assert json.loads(inside["labels"]) == list(TAGS.labels)
    assert inside["licence"] == "CC BY 4.0"


@keras.saving.register_keras_serializable(package="test_onnx")
class Odd(keras.layers.Layer):
    """Needs an operation that ONNX does not have."""

    def call(self, x):
        return keras.ops.erfinv(x / 100)


def masked_late():
    inputs = keras.Input((None, 2))
    x = keras.layers.Masking()(keras.layers.Dense(2)(inputs))
    return keras.Model(inputs, zoo.GRU(2)(x))


def odd():
    inputs = keras.Input((None, 2))
    return keras.Model(inputs, zoo.GRU(2)(Odd()(inputs)))


def masked_backwards():
    inputs = keras.Input((None, 2))
    x = keras.layers.Masking()(inputs)
    x = zoo.GRU(2, go_backwards=True, return_sequences=True)(x)
    return keras.Model(inputs, x)


def apart():
    inputs = keras.Input((None, 2))
    both = keras.layers.Bidirectional(zoo.GRU(2), merge_mode=None)(inputs)
    return keras.Model(inputs, keras.layers.Add()(both))


def test_what_cannot_be_exported_is_said_and_leaves_the_old_files(
    tmp_path, monkeypatch
):
    (tmp_path / "files").mkdir()
    for name in (old := ["metadata.json", "sequence.onnx"]):
        (tmp_path / "files" / name).write_text('{"reads": 1, "parameters": 2}')
    draws = zoo.OutputRecurrence(3, 4, vocabulary_size=5, feedback="sample")
    crf = zoo.ManyToMany(3, 4, num_features=2, head="crf")
    for model, message in [
        (draws, "Received: feedback='sample'"),
        (crf, "Received: op='StatelessWhile'"),
        (odd(), "Received: op='Erfinv'"),
        (masked_late(), "Received: a mask for layer 'gru.*' from another"),
        (masked_backwards(), "layer 'gru.*' with go_backwards=True and return_seq"),
        (apart(), "Received: merge_mode=None"),
    ]:
        with pytest.raises(ValueError, match=message):
            export_onnx(model, tmp_path / "files")
    good = zoo.ManyToOne(3, 4, num_features=2)
    with pytest.raises(RuntimeError, match=r"max_difference=.* above tolerance=-1.0"):
        export_onnx(good, tmp_path / "files", tolerance=-1.0)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"keras_rnn_zoo\[export\]"):
        export_onnx(good, tmp_path / "files")
    assert [p.name for p in tmp_path.iterdir()] == ["files"]
    assert sorted(p.name for p in (tmp_path / "files").iterdir()) == old
