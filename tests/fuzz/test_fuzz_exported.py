"""Any input to exported files: refused, or answered as the model itself answers."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.export import StepModel, export_saved_model
from tests.export.models import SENTENCES, WORDS
from tests.fuzz import strategies as given

FEATURES = 3


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two small models and their SavedModels: numbers and words."""
    place = tmp_path_factory.mktemp("exported")
    rng = np.random.default_rng(3)
    models = {
        "numbers": (zoo.ManyToMany(2, [4, 3], "GRU", num_features=FEATURES), None),
        "words": (zoo.ManyToOne(2, 4, "LSTM", vocabulary_size=len(WORDS)), SENTENCES),
    }
    found = {}
    for name, (model, assets) in models.items():
        for weight in model.weights:
            if weight.dtype.startswith("float"):
                weight.assign(rng.normal(scale=0.5, size=weight.shape))
        export_saved_model(model, place / name, assets=assets)
        found[name] = (model, tf.saved_model.load(str(place / name)).signatures)
    return found


def call(function, arguments):
    """The answer of a signature, as arrays; None if it refuses."""
    try:
        given_now = {k: tf.constant(v) for k, v in arguments.items()}
        return {k: np.asarray(v) for k, v in function(**given_now).items()}
    except (tf.errors.OpError, ValueError, TypeError):
        return None


def spec(function):
    return function.structured_input_signature[1]


def draw_arguments(data, function):
    return {
        name: data.draw(
            given.arrays(one.shape, object)
            if one.dtype == tf.string
            else given.arrays(one.shape, one.dtype.as_numpy_dtype)
        )
        for name, one in sorted(spec(function).items())
    }


def right(function, arguments):
    """Whether arguments are of the types and shapes that the signature has."""
    return all(
        (one.dtype == tf.string or arguments[name].dtype == one.dtype.as_numpy_dtype)
        and one.shape.is_compatible_with(arguments[name].shape)
        for name, one in spec(function).items()
    )


@pytest.mark.filterwarnings("default")
@given.examples(60, cost=5)
@hypothesis.given(data=st.data())
def test_a_saved_model_answers_right_or_refuses(made, data):
    model, signatures = made["numbers"]
    name = data.draw(st.sampled_from(["serving_default", "step"]))
    function = signatures[name]
    arguments = draw_arguments(data, function)
    answer = call(function, arguments)
    rows = {len(v) for v in arguments.values() if v.ndim}
    if not right(function, arguments) or len(rows) > 1:
        assert answer is None, f"{name} takes {[v.shape for v in arguments.values()]}"
        return
    finite = all(np.isfinite(v).all() for v in arguments.values())
    if not finite:
        assert answer is None, f"{name} takes numbers that are not finite"
        return
    if name == "serving_default":
        [x] = arguments.values()
        if answer is None or 0 in x.shape:
            return
        expected = np.asarray(model(x))
    else:
        assert answer is not None, "step refuses right arguments"
        step = StepModel(model)
        states = [arguments[s.name] for s in step.states]
        [token] = [v for k, v in arguments.items() if k in ("features", "token")]
        expected, *_ = step(token, states)
    numbers = next(answer[k] for k in ("probabilities", "values") if k in answer)
    assert numbers.shape == np.shape(expected)
    np.testing.assert_allclose(numbers, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("default")
@given.examples(40, cost=5)
@hypothesis.given(texts=st.lists(given.words | given.texts, max_size=3))
def test_texts_are_answered_as_the_codec_reads_them(made, texts):
    from keras_rnn_zoo.datasets import Codec
    from keras_rnn_zoo.tasks.evaluation import pad

    texts = [one.encode("utf-8", "replace").decode() for one in texts]
    model, signatures = made["words"]
    answer = call(signatures["serving_default"], {"text": np.array(texts, object)})
    assert answer is not None or not texts
    if not texts:
        return
    codec = Codec(**SENTENCES.codec)
    for i, text in enumerate(texts):
        ids = codec.encode(text)
        if len(ids):
            expected = np.asarray(model(pad([ids])))[0]
            np.testing.assert_allclose(
                answer["probabilities"][i], expected, rtol=1e-4, atol=1e-5
            )
        assert np.isfinite(answer["probabilities"][i]).all()


@pytest.fixture(scope="module")
def sessions(made, tmp_path_factory):
    """The same model of numbers for ONNX Runtime: one session a file."""
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    from keras_rnn_zoo.export import export_onnx

    place = tmp_path_factory.mktemp("onnx")
    export_onnx(made["numbers"][0], place / "numbers")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return {
        path.stem: onnxruntime.InferenceSession(str(path), options)
        for path in (place / "numbers").glob("*.onnx")
    }


@pytest.mark.filterwarnings("default")
@given.examples(60, cost=5)
@hypothesis.given(data=st.data())
def test_onnx_answers_right_or_refuses(made, sessions, data):
    model, _ = made["numbers"]
    name = data.draw(st.sampled_from(sorted(sessions)))
    session = sessions[name]
    arguments, fits = {}, True
    for one in session.get_inputs():
        shape = [d if isinstance(d, int) else None for d in one.shape]
        kind = {"tensor(float)": "float32", "tensor(int32)": "int32"}.get(one.type)
        if kind is None:
            return
        value = data.draw(given.arrays(shape, kind))
        arguments[one.name] = value
        fits &= value.dtype == kind and value.ndim == len(shape)
        fits &= fits and all(
            a in (None, b) for a, b in zip(shape, value.shape, strict=False)
        )
    try:
        answer = session.run(None, arguments)
    except Exception:  # ONNX Runtime's own classes, one for each kind of refusal
        answer = None
    rows = {len(v) for v in arguments.values() if v.ndim}
    if not fits or (len(rows) > 1 and len(arguments) > 1):
        assert answer is None, f"{name} takes {[v.shape for v in arguments.values()]}"
        return
    if answer is None:
        return
    finite = all(np.isfinite(v).all() for v in arguments.values())
    floats = [v for v in answer if v.dtype.kind == "f"]
    if not finite:
        assert not all(np.isfinite(v).all() for v in floats), f"{name} hides NaN"
    elif len(arguments) == 1:
        [x] = arguments.values()
        if 0 in x.shape:
            return
        expected = np.asarray(model(x))
        assert any(
            v.shape == expected.shape and np.allclose(v, expected, 1e-4, 1e-5)
            for v in floats
        )
