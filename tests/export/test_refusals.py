"""What an exported file must refuse instead of answering."""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.export import (
    StepModel,
    export_litert,
    export_onnx,
    export_saved_model,
)
from keras_rnn_zoo.export.portable import portable_copy
from tests.export.models import TAGS

WIDTH, TRIES, LONGEST = 2, 100, 7


def drawn(model, rng):
    for weight in model.weights:
        weight.assign(rng.normal(scale=0.4, size=weight.shape))
    return model


def features_model():
    return keras.Sequential(
        [
            keras.Input((None, WIDTH)),
            zoo.LSTM(3, return_sequences=True),
            keras.layers.GRU(4, return_sequences=True),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )


def tagger():
    tokens = len(TAGS.codec["tokens"])
    return zoo.OutputRecurrence(3, 4, vocabulary_size=tokens)


class SavedModel:
    """One exported file, asked by names of inputs."""

    def __init__(self, model, path, assets=None):
        export_saved_model(model, path, assets=assets, max_length=LONGEST)
        self.loaded = tf.saved_model.load(str(path))

    def step(self, x, states):
        function = self.loaded.signatures["step"]
        [key] = set(function.structured_input_signature[1]) - set(states)
        given = {key: x, **states}
        out = function(**{name: tf.constant(one) for name, one in given.items()})
        answer = next(out[k] for k in ("probabilities", "values") if k in out)
        return np.asarray(answer), {name: np.asarray(out[name]) for name in states}

    def whole(self, x):
        out = self.loaded.signatures["serving_default"](tf.constant(x))
        return np.asarray(out["probabilities"])


class ONNX:
    """The same of ONNX files."""

    def __init__(self, model, path, assets=None):
        onnxruntime = pytest.importorskip("onnxruntime")
        pytest.importorskip("onnx")
        export_onnx(model, path, assets=assets, max_length=LONGEST)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        self.sessions = {
            name: onnxruntime.InferenceSession(
                str(path / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
            )
            for name in ("sequence", "step")
        }

    def step(self, x, states):
        session = self.sessions["step"]
        key = session.get_inputs()[0].name
        answer, *new = session.run(None, {key: x, **states})
        return answer, dict(zip(states, new, strict=True))

    def whole(self, x):
        session = self.sessions["sequence"]
        return session.run(None, {session.get_inputs()[0].name: x})[0]


KINDS = {"saved_model": SavedModel, "onnx": ONNX}
BROKEN = (tf.errors.InvalidArgumentError, ValueError, TypeError, RuntimeError)


def refusal(call, *arguments):
    """What a call is refused with, or None and its answer."""
    try:
        return None, call(*arguments)
    except Exception as error:
        # ONNX Runtime has classes of its own.
        assert isinstance(error, BROKEN) or "onnxruntime" in type(error).__module__
        return str(error), None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reads", ["features", "tokens"])
def test_a_step_of_any_rows_is_answered_rightly_or_refused(kind, reads, tmp_path):
    rng = np.random.default_rng(5)
    model = drawn(features_model() if reads == "features" else tagger(), rng)
    assets = TAGS if reads == "tokens" and kind == "saved_model" else None
    file = KINDS[kind](model, tmp_path / "file", assets)
    step = StepModel(portable_copy(model))
    refused = answered = 0
    for _ in range(TRIES):
        # Rows from a few small numbers, so that many agree; 0 and 1 are broadcast.
        rows = rng.choice([0, 1, 1, 2, 3], size=1 + len(step.states))
        if rng.random() < 0.4:
            rows[:] = rows[0]
        if reads == "features":
            x = given = rng.normal(size=(rows[0], WIDTH)).astype("float32")
        else:
            x = given = rng.integers(1, 9, rows[0]).astype("int32")
            if assets is not None:
                tokens = np.array(TAGS.codec["tokens"], object)
                given = np.array(tokens[x], object)
        states = {
            state.name: rng.normal(size=(n, state.width)).astype("float32")
            for state, n in zip(step.states, rows[1:], strict=True)
        }
        message, answer = refusal(file.step, given, states)
        if len(set(rows)) > 1:
            assert message is not None, (rows, answer[0].shape)
            assert "as_many_rows" in message or "as many rows" in message, message
            refused += 1
            continue
        if not rows[0]:  # runtimes may refuse no rows, as Keras's own layers do
            assert message is not None or not answer[0].size
            continue
        assert message is None, (rows, message)
        answered += 1
        expected, after = step(x, list(states.values()))
        np.testing.assert_allclose(answer[0], expected, atol=1e-5)
        for found, right in zip(answer[1].values(), after, strict=True):
            np.testing.assert_allclose(found, right, atol=1e-5)
    assert refused > TRIES / 4 and answered > TRIES / 4


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_that_are_none_are_refused(kind, tmp_path):
    rng = np.random.default_rng(6)
    model = drawn(features_model(), rng)
    file = KINDS[kind](model, tmp_path / "file")
    step = StepModel(portable_copy(model))
    x = rng.normal(size=(2, 5, WIDTH)).astype("float32")
    states = {
        state.name: np.zeros((2, state.width), "float32") for state in step.states
    }
    assert refusal(file.whole, x)[0] is None
    assert refusal(file.step, x[:, 0], states)[0] is None
    for bad in (np.nan, np.inf, -np.inf):
        broken = x.copy()
        broken[1, 3, 0] = bad
        assert "finite" in refusal(file.whole, broken)[0]
        assert "finite" in refusal(file.step, broken[:, 3], states)[0]
        name = list(states)[-1]
        state = states[name].copy()
        state[1, 1] = bad
        assert "finite" in refusal(file.step, x[:, 0], {**states, name: state})[0]
    long = np.zeros((1, LONGEST + 1, WIDTH), "float32")
    assert f"{LONGEST}" in refusal(file.whole, long)[0]
    assert refusal(file.whole, long[:, 1:])[0] is None


def test_a_forecast_is_not_continued_from_numbers_that_are_none(tmp_path):
    model = zoo.ManyToMany(2, 3, "GRU", num_features=2, output_activation=None)
    export_saved_model(model, tmp_path / "file")
    generate = tf.saved_model.load(str(tmp_path / "file")).signatures["generate"]
    x = np.zeros((1, 3, 2), "float32")
    x[0, 1, 1] = np.nan
    with pytest.raises(tf.errors.InvalidArgumentError, match="`prompt` must be finite"):
        generate(prompt=tf.constant(x), steps=tf.constant(2))


def test_litert_refuses_numbers_that_are_none(tmp_path):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter
    model = drawn(features_model(), np.random.default_rng(7))
    export_litert(model, tmp_path / "file", batch_size=2, steps=4)
    for name in ("sequence", "sequence_int8", "step", "step_int8"):
        run = interpreter(str(tmp_path / "file" / f"{name}.tflite"))
        run = run.get_signature_runner("serving_default")
        given = {
            key: np.zeros(detail["shape"], "float32")
            for key, detail in run.get_input_details().items()
        }
        run(**given)
        for key in given:
            for bad in (np.nan, np.inf, -np.inf):
                broken = given[key].copy()
                broken[(1,) * broken.ndim] = bad
                with pytest.raises(RuntimeError, match="(?i)gather"):
                    run(**{**given, key: broken})
        run(**given)


@pytest.mark.parametrize("export", [export_saved_model, export_onnx, export_litert])
def test_a_place_that_is_taken_is_refused_before_any_work(
    tmp_path, monkeypatch, export
):
    (tmp_path / "thesis.txt").write_text("mine")

    def work(*_args, **_kwargs):
        raise AssertionError("the model was looked at first")

    monkeypatch.setattr(sys.modules[export.__module__], "portable_copy", work)
    with pytest.raises(FileExistsError, match="`path` must be free, .*thesis.txt"):
        export(features_model(), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
