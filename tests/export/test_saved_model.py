"""SavedModels: alone in a process that knows neither Keras nor this package."""

import contextlib
import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import keras_rnn_zoo as zoo
from keras_rnn_zoo.datasets import Codec
from keras_rnn_zoo.export import StepModel, export_saved_model
from keras_rnn_zoo.export.saved_model import SIGNATURES, forbidden
from keras_rnn_zoo.export.text import TextCodec
from tests.cases import ONE_EACH
from tests.export.models import (
    MODELS,
    TEXTS,
    forget,
    looking_at,
    make,
    no_steps,
    number_of,
)
from tests.fresh import ask_without_the_zoo

RIGHT = ["def f", "", "x", "a bée\n"]
PAUSE = 2
TEXT = {"sentences": ["The cat\u2003sat", "", " ", "dog ÿES"]}

# Every signature of every file; what is wrong with bad input; the classic session.
FRESH = """
import json
import numpy as np
import tensorflow as tf
from tensorflow.python.tools import saved_model_cli


def call(function, arguments):
    out = function(**{k: tf.constant(v) for k, v in arguments.items()})
    return {k: np.asarray(v) for k, v in out.items()}

for name, (inputs, bad) in asked.items():
    loaded = tf.saved_model.load(str(root / name))
    signatures = loaded.signatures
    answer = answers[name] = {"signatures": sorted(signatures)}
    answer["serving_default"] = call(signatures["serving_default"], inputs["whole"])
    if "step" in signatures:
        steps = inputs["steps"]
        (key, rows), = steps.items()
        def stream(rows):
            states = call(signatures["initial_state"], {"batch_size": rows.shape[0]})
            for t in range(rows.shape[1]):
                out = call(signatures["step"], {key: rows[:, t], **states})
                states = {k: out.pop(k) for k in states}
                yield out
        answer["stream"] = list(stream(rows))
        # Two streams, their steps in turn, each with states of its own.
        answer["in turn"] = [both for both in zip(stream(rows[:1]), stream(rows[1:2]))]
        answer["states"] = sorted(call(signatures["initial_state"], {"batch_size": 2}))
    answer["generate"] = [
        call(signatures["generate"], one) for one in inputs.get("generate", [])
    ]
    answer["bad"] = []
    for signature, arguments in bad:
        try:
            answer["bad"].append(call(signatures[signature], arguments))
        except Exception as error:
            answer["bad"].append(f"{type(error).__name__}: {error}")

def command(*arguments):
    sys.argv = ["saved_model_cli", *arguments]
    try:
        saved_model_cli.main()
    except SystemExit as end:
        assert not end.code, end

def number(name, value):
    np.save(root / name, value)
    return root / f"{name}.npy"

lm = str(root / "language model")
command("show", "--dir", lm, "--all")

def run(directory, signature, exprs="", inputs=""):
    command(
        *("run", "--dir", lm, "--tag_set", "serve", "--overwrite"),
        *("--outdir", str(root / directory), "--signature_def", signature),
        *("--input_exprs", exprs, "--inputs", inputs),
    )

run("whole", "serving_default", 'text=["def f"]')
run("first", "initial_state", "", f"batch_size={number('one', np.int32(1))}")
states = [f"{p.stem}={p}" for p in (root / "first").glob("*.npy")]
run("step", "step", 'token=["d"]', ";".join(states))
scalars = {"steps": np.int32(5), "temperature": np.float32(0)}
scalars |= {"top_k": np.int32(0), "seed": np.int32(0)}
scalars = [f"{k}={number(k, v)}" for k, v in scalars.items()]
run("more", "generate", 'prompt=["def"]', ";".join(scalars))
"""

TOO_LONG = "y" * 41
NO_STATES = {
    f"recurrent_{i}_{s}": np.zeros((1, 7 - i), "f") for i in (1, 2) for s in "hc"
}
MORE = {"steps": 3, "temperature": np.float32(1), "top_k": 0, "seed": 1}
ONE = {"prompt": ["a"], **MORE}
# model: (signature, arguments, what is said, or None for a defined answer)
BAD = {
    "language model": [
        ("serving_default", {"text": [["a"]]}, "signature|rank|shape"),
        ("serving_default", {"text": [1]}, "string"),
        ("serving_default", {"text": ["a", TOO_LONG]}, "at most 40 steps.*42"),
        ("serving_default", {"text": np.array([], object)}, None),
        ("serving_default", {"text": [b"a\xff\xfeb"]}, None),
        ("serving_default", {"text": ["aŁ😀b"]}, None),
        ("serving_default", {}, "text"),
        ("step", {"token": ["ab"], **NO_STATES}, "one character.*token.*ab"),
        ("step", {"token": [""], **NO_STATES}, None),
        ("initial_state", {"batch_size": -1}, "at least 0.*-1"),
        ("generate", {**ONE, "prompt": [TOO_LONG]}, "at most 40 steps together"),
        ("generate", {**ONE, "steps": 39}, "at most 40 steps together.*39"),
        ("generate", {**ONE, "steps": -2}, "`steps` must be at least 0.*-2"),
        ("generate", {**ONE, "temperature": np.float32(-1)}, "`temperature`.*-1"),
        ("generate", {**ONE, "temperature": np.float32("nan")}, "`temperature`.*nan"),
        ("generate", {**ONE, "top_k": -3}, "`top_k` must be at least 0.*-3"),
        ("generate", {**ONE, "steps": 0}, None),
        ("generate", {**ONE, "prompt": [""]}, None),
    ],
    "every cell": [
        ("serving_default", {"tokens": [[3, 9]]}, "from 0 to 8.*tokens=.*3 9"),
        ("serving_default", {"tokens": [[-1]]}, "from 0 to 8.*-1"),
        ("serving_default", {"tokens": [3]}, "signature|rank|shape"),
        ("serving_default", {"tokens": [[1.5]]}, "int32"),
        ("serving_default", {"tokens": np.zeros((0, 4), "int32")}, None),
        ("serving_default", {"tokens": np.zeros((2, 0), "int32")}, None),
        ("serving_default", {"tokens": np.ones((1, 41), "int32")}, "at most 40 .*41"),
    ],
    "masked features": [
        ("serving_default", {"features": np.zeros((2, 3, 5), "f")}, "5|shape"),
        ("serving_default", {"features": np.zeros((2, 3), "f")}, "shape|rank"),
        ("serving_default", {"features": np.zeros((2, 0, 4), "f")}, None),
    ],
    "stateful": [
        (
            "serving_default",
            {"features": np.zeros((2, 0, 4), "f")},
            "least one step.*0",
        ),
    ],
    "forecaster": [
        (
            "generate",
            {"prompt": np.zeros((1, 0, 2), "f"), "steps": 1},
            "have a step.*0",
        ),
        ("generate", {"prompt": np.zeros((1, 2, 2), "f"), "steps": -1}, "least 0.*-1"),
        ("generate", {"prompt": np.zeros((1, 2, 2), "f"), "steps": 39}, "40.*39"),
        ("serving_default", {"features": np.zeros((2, 0, 2), "f")}, None),
    ],
}


def inputs_of(name, model, assets, rng):
    """`(what the file gets, what the model gets)`."""
    if assets is not None:
        texts = TEXT.get(name, RIGHT)
        codec = Codec(**assets.codec)
        ids = [codec.encode(text) for text in texts]
        x = np.zeros((len(ids), max(map(len, ids))), "int32")
        tokens = np.full(x.shape, "", object)
        for row, shown, one in zip(x, tokens, ids, strict=True):
            row[: len(one)] = one
            shown[: len(one)] = [codec.tokens[i] for i in one]
        # Every stream pauses after its second step.
        steps = np.insert(tokens, PAUSE, "", axis=1)
        inputs = {"whole": {"text": texts}, "steps": {"token": steps}}
    elif name == "every cell":
        x = rng.integers(1, 9, (3, 6)).astype("int32")
        x[1, 4:] = x[2, 2] = x[0, 0] = 0
        inputs = {"whole": {"tokens": x}, "steps": {"token": x}}
    else:
        x = rng.normal(size=(2, 6, model.input_shape[-1])).astype("float32")
        if name == "masked features":
            x[0, 1] = x[1, 4:] = 0
        inputs = {"whole": {"features": x}, "steps": {"features": x}}
    if name == "language model":
        greedy = {"steps": 6, "temperature": np.float32(0), "top_k": 0, "seed": 0}
        inputs["generate"] = [
            {"prompt": RIGHT, **greedy},
            *({"prompt": RIGHT, **MORE, "steps": 9, "seed": s} for s in (1, 1, 2)),
            {"prompt": RIGHT, **greedy, "temperature": np.float32(5), "top_k": 1},
        ]
    if name == "forecaster":
        inputs["generate"] = [{"prompt": x, "steps": 4}]
    return inputs, x


@contextlib.contextmanager
def graphs_as_they_are(wanted):
    """Of 80 loops the optimizer takes its time; the fresh process has it on."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": wanted})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """`{name: (inputs, the model's answer, the file's answers, model)}`."""
    root, rng = tmp_path_factory.mktemp("served"), np.random.default_rng(3)
    keras.utils.set_random_seed(4)
    asked, known = {}, {}
    for name in MODELS:
        model, assets = make(name, rng)
        with graphs_as_they_are(name == "every cell"):
            exported = export_saved_model(
                model,
                root / name,
                assets=assets,
                metadata={"metrics": [{"name": "accuracy", "value": 0.5}]},
                max_length=40,
            )
        assert exported.max_difference <= 1e-6
        assert exported.num_bytes > 10_000
        inputs, x = inputs_of(name, model, assets, rng)
        asked[name] = (inputs, [(s, a) for s, a, _ in BAD.get(name, [])])
        if model.dtype_policy.compute_dtype != "float32":
            config = {**model.get_config(), "dtype": "float32"}
            same = type(model).from_config(config)
            same.set_weights(model.get_weights())
            model = same
        forget(model)
        expected = np.asarray(model(x, training=False), "float32")
        known[name] = (inputs, x, expected, model)
    answers, printed = ask_without_the_zoo(FRESH, root, asked)
    return root, {n: (*known[n], answers[n]) for n in known}, printed


def real_steps(name, x):
    """Where x is no padding."""
    if name in ("forecaster", "stateful", "stacked cells"):
        return np.ones(x.shape[:2], bool)
    return (x != 0) if x.ndim == 2 else (x != 0).any(-1)


def test_whole_sequences_are_answered_as_the_model_does(served):
    for name in MODELS:
        with looking_at(name):
            check_whole_sequences(name, served)


def check_whole_sequences(name, served):
    _, x, expected, model, answers = served[1][name]
    answer = answers["serving_default"]
    number = number_of(answer)
    assert (number == "values") == (
        name in ("forecaster", "every cell", "stateful", "stacked cells")
    )
    mask = real_steps(name, x)
    if expected.ndim == 3:
        expected = np.where(mask[..., None], expected, 0)
    np.testing.assert_allclose(answer[number], expected, atol=1e-6)
    if number == "values":
        return
    _, assets = MODELS[name]
    classes = expected.argmax(-1)
    if assets is None:
        np.testing.assert_array_equal(answer["classes"], classes)
        return
    labels = np.array(assets.labels, object)[classes]
    if expected.ndim == 3:
        labels = np.where(mask, labels, "")
    np.testing.assert_array_equal(answer["labels"].astype(str), labels.astype(str))
    np.testing.assert_array_equal(answer["lengths"], mask.sum(1))


def test_a_stream_of_steps_is_the_whole_sequence(served):
    for name in [n for n in MODELS if not no_steps(n)]:
        with looking_at(name):
            check_stream(name, served)


def check_stream(name, served):
    _, x, expected, model, answers = served[1][name]
    mask, stream = real_steps(name, x), list(answers["stream"])
    in_turn = list(answers["in turn"])
    number = number_of(stream[0])
    if MODELS[name][1] is not None:
        assert not stream.pop(PAUSE)[number].any()
        assert not in_turn.pop(PAUSE)[0][number].any()
    for t, out in enumerate(stream):
        real = mask[:, t]
        if expected.ndim == 3:
            np.testing.assert_allclose(
                out[number][real], expected[:, t][real], atol=1e-6, rtol=0
            )
        if not real.all():
            assert not out[number][~real].any()
    if expected.ndim == 2:
        ends = mask.cumsum(1).argmax(1)
        rows = [i for i in range(len(x)) if mask[i].any()]
        last = np.array([stream[ends[i]][number][i] for i in rows])
        np.testing.assert_allclose(last, expected[rows], atol=1e-6)
    for t, both in enumerate(in_turn):
        for row, one in enumerate(both):
            np.testing.assert_allclose(
                one[number][0], stream[t][number][row], atol=1e-6
            )


def test_the_states_have_names(served):
    answers = {name: known[-1] for name, known in served[1].items()}
    assert answers["tagger"]["signatures"] == ["serving_default"]
    assert answers["language model"]["signatures"] == sorted(SIGNATURES)
    assert answers["language model"]["states"] == sorted(NO_STATES)
    assert answers["output recurrence"]["states"] == ["jordan_rnn_feedback"]
    assert len(answers["every cell"]["states"]) == sum(c.states for c in ONE_EACH)
    stacked = answers["stacked cells"]["states"]
    assert stacked[1:] == ["stack_1_h", "stack_2_c", "stack_2_h"]


def test_generate_writes_what_the_model_writes(served):
    inputs, _, _, model, answers = served[1]["language model"]
    greedy, one, same, other, first = answers["generate"]
    codec = Codec(**TEXTS.codec)
    for row, prompt in enumerate(RIGHT):
        ids = codec.encode(prompt)
        written = model.generate(ids, 6, temperature=0.0)[len(ids) :]
        ends = np.flatnonzero(written == 2)
        text = codec.decode(written[: ends[0]] if len(ends) else written)
        assert greedy["text"][row].decode() == text
        assert greedy["ended"][row] == bool(len(ends))
    np.testing.assert_array_equal(one["text"], same["text"])
    assert (one["text"] != other["text"]).any()
    np.testing.assert_array_equal(first["text"], greedy["text"])


def test_a_forecast_reads_what_it_wrote(served):
    inputs, x, _, model, answers = served[1]["forecaster"]
    [answer] = answers["generate"]
    for _ in range(4):
        x = np.concatenate([x, np.asarray(model(x))[:, -1:]], axis=1)
    np.testing.assert_allclose(answer["values"], x[:, 6:], atol=1e-6)


def test_sampling_follows_the_probabilities(tmp_path):
    model = zoo.ManyToMany(5, 4, "GRU", vocabulary_size=5)
    model.get_layer("output").kernel.assign(np.zeros((4, 5)))
    shares = np.array([0.3, 0.1, 0.4, 0.15, 0.05])
    model.get_layer("output").bias.assign(np.log(shares))
    export_saved_model(model, tmp_path / "saved")
    loaded = tf.saved_model.load(tmp_path / "saved")
    for temperature, top_k in [(1.0, 0), (2.0, 0), (1.0, 2)]:
        prompt = np.ones((40, 1), "int32")
        out = loaded.generate(prompt, 100, temperature, top_k, 5)
        drawn = np.bincount(np.ravel(out["tokens"]), minlength=5) / 4000
        p = np.where(np.arange(5) > 0, shares, 0) ** (1 / temperature)
        p[0] = 0
        if top_k:
            p[np.argsort(p)[:-top_k]] = 0
        np.testing.assert_allclose(drawn, p / p.sum(), atol=0.03)


def test_bad_input_gets_a_clear_error_or_a_defined_answer(served):
    for name in BAD:
        with looking_at(name):
            check_bad_input(name, served)


def check_bad_input(name, served):
    answers = served[1][name][-1]["bad"]
    for (signature, arguments, message), answer in zip(BAD[name], answers, strict=True):
        if message is not None:
            assert isinstance(answer, str), (signature, arguments, answer)
            assert re.search(message, answer, re.S), (signature, arguments, answer)
        else:
            assert isinstance(answer, dict), (signature, arguments, answer)


def test_the_defined_answers(served):
    def of(name, signature, **arguments):
        for (s, a, _), answer in zip(
            BAD[name], served[1][name][-1]["bad"], strict=True
        ):
            if s == signature and all(
                np.array_equal(a[k], v) for k, v in arguments.items()
            ):
                return answer
        raise LookupError(arguments)

    model = served[1]["language model"][3]
    bad = of("language model", "serving_default", text=[b"a\xff\xfeb"])
    codec = Codec(**TEXTS.codec)
    ids = codec.encode("a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b")
    np.testing.assert_allclose(bad["probabilities"], model(ids[None]), atol=1e-6)
    assert of("language model", "serving_default", text=["aŁ😀b"])["lengths"] == 5
    empty = of("language model", "serving_default", text=np.array([], object))
    assert empty["probabilities"].shape[::2] == (0, len(codec.tokens))
    pause = of("language model", "step", token=[""])
    assert not pause["probabilities"].any() and pause["labels"] == b""
    for key, state in NO_STATES.items():
        np.testing.assert_array_equal(pause[key], state)
    assert of("language model", "generate", steps=0)["text"] == b""
    assert of("every cell", "serving_default", tokens=np.zeros((0, 4)))["values"].shape[
        :2
    ] == (0, 4)
    assert of("every cell", "serving_default", tokens=np.zeros((2, 0)))["values"].shape[
        :2
    ] == (2, 0)
    nothing = of("masked features", "serving_default", features=np.zeros((2, 0, 4)))
    masked = served[1]["masked features"][3](np.zeros((2, 1, 4), "float32"))
    np.testing.assert_allclose(nothing["probabilities"], masked, atol=1e-6)
    values = of("forecaster", "serving_default", features=np.zeros((2, 0, 2)))["values"]
    assert values.shape == (2, 0, 2)


def test_saved_model_cli_runs_every_signature(served):
    root, known, out = served
    for name in SIGNATURES:
        assert f"signature_def['{name}']" in out
    _, x, expected, model, _ = known["language model"]
    whole = np.load(root / "whole" / "probabilities.npy")
    np.testing.assert_allclose(whole[0], expected[0][:6], atol=1e-6)
    assert np.load(root / "step" / "recurrent_1_c.npy").shape == (1, 6)
    step = np.load(root / "step" / "probabilities.npy")
    ids = Codec(**TEXTS.codec).encode("d")[1:]
    np.testing.assert_allclose(step, model(ids[None])[:, 0], atol=1e-6)
    assert np.load(root / "more" / "text.npy", allow_pickle=True).shape == (1,)


def test_what_travels_with_the_files(served):
    root = served[0]
    extra = root / "language model" / "assets.extra" / "metadata.json"
    document = json.loads(extra.read_text("utf-8"))
    assert document["labels"] == list(TEXTS.labels)
    assert document["codec"] == TEXTS.codec
    assert document["licence"] == "CC BY 4.0"
    assert document["metrics"] == [{"name": "accuracy", "value": 0.5}]
    assert document["keras_rnn_zoo"] == zoo.__version__
    assert document["signatures"] == sorted(SIGNATURES)


def test_no_op_needs_a_certain_machine(served):
    from tensorflow.core.protobuf import saved_model_pb2

    for name in MODELS:
        saved = saved_model_pb2.SavedModel()
        saved.ParseFromString((served[0] / name / "saved_model.pb").read_bytes())
        graph = saved.meta_graphs[0].graph_def
        nodes = [n for f in graph.library.function for n in f.node_def]
        assert len(nodes) > 50
        assert not [n.op for n in [*nodes, *graph.node] if forbidden(n.op)]
        must = [f.attr["_XlaMustCompile"].b for f in graph.library.function]
        assert not any(must)
    assert forbidden("CudnnRNNV3") and forbidden("KerasRnnZoo>Forward")
    assert forbidden("EagerPyFunc") and forbidden("XlaLaunch")


@keras.saving.register_keras_serializable(package="test_saved_model")
class Fickle(keras.layers.Layer):
    """Answers differently each time."""

    def call(self, x):
        return x + keras.random.normal((), seed=self.seed)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed = keras.random.SeedGenerator(1)


@keras.saving.register_keras_serializable(package="test_saved_model")
class Pythonic(keras.layers.Layer):
    """Holds a Python function."""

    def call(self, x):
        return ops.reshape(tf.py_function(lambda x: x, [x], x.dtype), ops.shape(x))


@pytest.mark.parametrize(
    ("layer", "message"),
    [(Fickle, r"Received: max_difference=\d.*tolerance"), (Pythonic, "EagerPyFunc")],
)
def test_an_export_that_must_not_be_leaves_the_old_one(layer, message, tmp_path):
    (tmp_path / "saved").mkdir()
    for name in (old := ["metadata.json", "sequence.onnx"]):
        (tmp_path / "saved" / name).write_text('{"reads": 1, "parameters": 2}')
    inputs = keras.Input((None, 2))
    model = keras.Model(inputs, layer()(zoo.GRU(2, return_sequences=True)(inputs)))
    with pytest.raises(RuntimeError, match=message):
        export_saved_model(model, tmp_path / "saved")
    assert [p.name for p in tmp_path.iterdir()] == ["saved"]
    assert sorted(p.name for p in (tmp_path / "saved").iterdir()) == old


def test_what_cannot_be_exported_is_said(tmp_path):
    both = zoo.ManyToMany(3, 4, vocabulary_size=5, bidirectional=True)
    backwards = keras.Sequential(
        [keras.Input((None, 2)), zoo.GRU(3, go_backwards=True)]
    )
    mixing = keras.Sequential(
        [
            keras.Input((None, 2)),
            zoo.GRU(3, return_sequences=True),
            keras.layers.Conv1D(2, 2, padding="same"),
        ]
    )
    tagger = zoo.ManyToMany(5, 4, vocabulary_size=5)
    for model, arguments, message in [
        (both, {"signatures": ["step"]}, "'step'.*'recurrent_1' is bidirectional"),
        (both, {"signatures": ["generate"]}, "'generate'.*bidirectional"),
        (backwards, {"signatures": ["step"]}, "'step'.*goes backwards"),
        (mixing, {"signatures": ["step"]}, "Conv1D. may look at other steps"),
        (tagger, {"signatures": ["stop"]}, "Received: 'stop'"),
        (tagger, {"max_length": 0}, "Received: max_length=0"),
        (tagger, {"golden_input": np.zeros(3)}, r"shape \(3,\) and dtype float64"),
        (tagger, {"golden_input": np.array([[7]])}, "from 0 to 4.*from 7 to 7"),
        (tagger, {"assets": TEXTS}, "size, 5. Received: 32 tokens"),
    ]:
        with pytest.raises(ValueError, match=message):
            export_saved_model(model, tmp_path / "saved", **arguments)
    with pytest.raises(ValueError, match="bidirectional"):
        StepModel(both)
    with pytest.raises(TypeError, match="model of type LSTM"):
        export_saved_model(zoo.LSTM(3), tmp_path / "saved")
    two = [keras.Input((None, 2)), keras.Input((None, 2))]
    model = keras.Model(two, zoo.GRU(3)(keras.layers.Add()(two)))
    with pytest.raises(ValueError, match="one input.*Received: model with inputs"):
        export_saved_model(model, tmp_path / "saved")
    assert not list(tmp_path.iterdir())


def test_the_vocabulary_in_the_graph_is_the_one_in_python():
    texts = ["a b", "", "ABC Él", "\u2003x\x0by\x1cz\x85w ", "Ω ı İ ß", "a\x00b", "😀"]
    for unit in ("character", "word"):
        for lowercase in (False, True):
            for boundary in (None, "b"):
                tokens = ["", "\ufffd", *"abcél ωı", "x", "y", "i̇", "abc"]
                codec = Codec(tokens, unit, lowercase, boundary)
                ours = TextCodec(tokens, unit, lowercase, boundary)
                ids, lengths = ours.encode(tf.constant(texts))
                decoded = ours.decode(ids).numpy()
                for i, text in enumerate(texts):
                    expected = codec.encode(text)
                    np.testing.assert_array_equal(
                        ids[i, : lengths[i]], expected, repr((text, unit, lowercase))
                    )
                    assert decoded[i].decode() == codec.decode(expected)
