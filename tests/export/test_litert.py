"""LiteRT files: alone in a process without TensorFlow, Keras and this package."""

import json
import re
import sys

import keras
import numpy as np
import pytest

import keras_rnn_zoo as zoo
from keras_rnn_zoo.export import export_litert
from keras_rnn_zoo.export.portable import portable_copy
from tests.export.models import (
    MODELS,
    TAGS,
    first_states,
    forget,
    looking_at,
    make,
    no_steps,
    number_of,
)
from tests.fresh import ask_without_the_zoo

pytest.importorskip("ai_edge_litert")

NAMES = [name for name in MODELS if name != "sentences"]
BATCH, STEPS = 2, 6

FRESH = """
sys.modules["tensorflow"] = None
import numpy as np
from ai_edge_litert.interpreter import Interpreter

for name, (x, first, bad) in asked.items():
    answer = answers[name] = {"ops": set(), "bad": []}
    for file in sorted((root / name).glob("*.tflite")):
        interpreter = Interpreter(model_path=str(file))
        run = interpreter.get_signature_runner("serving_default")
        answer["ops"] |= {d["op_name"] for d in interpreter._get_ops_details()}
        if file.stem.startswith("sequence"):
            key = "tokens" if x.ndim == 2 else "features"
            answer[file.stem] = run(**{key: x})
            for wrong in bad if file.stem == "sequence" else ():
                try:
                    answer["bad"].append(run(**{key: wrong}))
                except Exception as error:
                    answer["bad"].append(f"{type(error).__name__}: {error}")
            answer["again"] = run(**{key: x})
        else:
            key = "token" if x.ndim == 2 else "features"
            states, outs = first, []
            for t in range(x.shape[1]):
                out = run(**{key: np.ascontiguousarray(x[:, t])}, **states)
                states = {k: out.pop(k) for k in states}
                outs.append(*out.values())
            answer[file.stem] = np.stack(outs, 1)
"""

# What is wrong with a sequence; None: an answer that is defined.
BAD = {
    "tagger": [
        (np.ones((BATCH, STEPS - 1), "int32"), "5|shape|dim"),
        (np.ones(STEPS, "int32"), "dim|shape"),
        (np.ones((BATCH, STEPS), "float32"), "INT32|FLOAT32|type"),
        (np.full((BATCH, STEPS), 31, "int32"), "(?i)gather|out of bounds"),
        (np.full((BATCH, STEPS), -1, "int32"), "(?i)gather|out of bounds"),
        (np.zeros((BATCH, STEPS), "int32"), None),
    ],
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    root, rng = tmp_path_factory.mktemp("litert"), np.random.default_rng(3)
    keras.utils.set_random_seed(4)
    asked, known = {}, {}
    for name in NAMES:
        model, assets = make(name, rng)
        forget(model)
        copy = portable_copy(model)
        sizes = {"batch_size": BATCH, "steps": STEPS}
        done = export_litert(model, root / name, assets=assets, int8=False, **sizes)
        assert done.max_difference <= 5e-6
        assert done.num_bytes > 4_000
        if assets is not None or name == "every cell":
            x = rng.integers(1, 9, (BATCH, STEPS)).astype("int32")
            x[1, 4:] = x[0, 2] = 0
        else:
            x = rng.normal(size=(BATCH, STEPS, copy.input_shape[-1])).astype("float32")
        has_step = "step" in done.signatures
        first = first_states(copy, BATCH) if has_step else {}
        asked[name] = (x, first, [x for x, _ in BAD.get(name, [])])
        known[name] = (x, np.asarray(copy(x, training=False)), done)
    answers, _ = ask_without_the_zoo(FRESH, root, asked)
    return root, {name: (*known[name], answers[name]) for name in NAMES}


def test_the_files_answer_as_the_model_does(served):
    for name in NAMES:
        with looking_at(name):
            check_answers(name, served)


def check_answers(name, served):
    x, expected, done, answer = served[1][name]
    [(key, whole)] = answer["sequence"].items()
    assert key == number_of(answer["sequence"])
    np.testing.assert_allclose(whole, expected, atol=5e-6)
    np.testing.assert_array_equal(answer["again"][key], whole)
    assert ("step" in answer) == (not no_steps(name)) == ("step" in done.signatures)
    if no_steps(name):
        return
    real = (x != 0) if x.ndim == 2 else np.ones(x.shape[:2], bool)
    if expected.ndim == 3:
        np.testing.assert_allclose(answer["step"][real], expected[real], atol=5e-6)
    else:
        np.testing.assert_allclose(answer["step"][:, -1], expected, atol=5e-6)


def test_there_are_builtin_operations_only(served):
    for name in NAMES:
        with looking_at(name):
            check_operations(name, served)


def check_operations(name, served):
    ops = served[1][name][-1]["ops"]
    assert not [op for op in ops if "Flex" in op or "CUSTOM" in op.upper()], ops
    assert {"WHILE"} & ops


def test_bad_input_gets_a_clear_error_or_a_defined_answer(served):
    answers = served[1]["tagger"][-1]["bad"]
    for (x, message), answer in zip(BAD["tagger"], answers, strict=True):
        if message is None:
            np.testing.assert_allclose(answer["probabilities"].sum(-1), 1, rtol=1e-5)
        else:
            assert isinstance(answer, str) and re.search(message, answer), (x, answer)


def test_the_vocabulary_lies_beside_them(served):
    path = served[0] / "output recurrence" / "metadata.json"
    document = json.loads(path.read_text("utf-8"))
    assert document["codec"] == TAGS.codec and document["labels"] == list(TAGS.labels)
    assert (document["batch_size"], document["steps"]) == (BATCH, STEPS)
    assert document["initial_state"] == {"jordan_rnn_feedback": [0.0, 0.0, 0.0]}
    assert document["licence"] == "CC BY 4.0"


def test_int8_weights_are_smaller_and_nearly_as_right(tmp_path, rng):
    model = zoo.ManyToOne(10, 64, num_features=40)
    done = export_litert(model, tmp_path / "files", steps=4, metadata={"name": "wide"})
    assert done.signatures == ("sequence", "sequence_int8", "step", "step_int8")
    size = {p.stem: p.stat().st_size for p in (tmp_path / "files").glob("*.tflite")}
    for name in ("sequence", "step"):
        assert 4 * 27_000 < size[name] and size[f"{name}_int8"] < 0.45 * size[name]
    assert '"wide"' in (tmp_path / "files" / "metadata.json").read_text()


@keras.saving.register_keras_serializable(package="test_litert")
class Odd(keras.layers.Layer):
    """Needs an operation that LiteRT does not have."""

    def call(self, x):
        return keras.ops.erfinv(x / 100)


def test_what_cannot_be_exported_is_said_and_leaves_the_old_files(
    tmp_path, monkeypatch
):
    (tmp_path / "files").mkdir()
    for name in (old := ["metadata.json", "sequence.tflite"]):
        (tmp_path / "files" / name).write_text('{"reads": 1, "parameters": 2}')
    draws = zoo.OutputRecurrence(3, 4, vocabulary_size=5, feedback="sample")
    good = zoo.ManyToOne(3, 4, num_features=2)
    for error, model, arguments, message in [
        (ValueError, draws, {}, "Received: feedback='sample'"),
        (ValueError, good, {"batch_size": 0}, "Received: batch_size=0"),
        (TypeError, good, {"steps": 2.5}, "Received: steps=2.5"),
    ]:
        with pytest.raises(error, match=message):
            export_litert(model, tmp_path / "files", **arguments)
    inputs = keras.Input((None, 2))
    model = keras.Model(inputs, zoo.GRU(2)(Odd()(inputs)))
    with pytest.raises(
        RuntimeError, match="LiteRT has operations for. Received: .*rfinv"
    ):
        export_litert(model, tmp_path / "files", steps=2)
    with pytest.raises(RuntimeError, match=r"max_difference=.* of sequence.tflite"):
        export_litert(good, tmp_path / "files", steps=2, tolerance=-1.0)
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ImportError, match=r"keras_rnn_zoo\[export\]"):
        export_litert(good, tmp_path / "files")
    assert [p.name for p in tmp_path.iterdir()] == ["files"]
    assert sorted(p.name for p in (tmp_path / "files").iterdir()) == old
