"""An encoder-decoder that decodes in a process without the package."""

import json

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import EncoderDecoder, ManyToOne
from keras_rnn_zoo.export import (
    export_encoder_decoder,
    export_litert,
    export_onnx,
    export_saved_model,
)
from keras_rnn_zoo.ops import BeamSampler
from tests.fresh import ask_without_the_zoo

LETTERS = ["", *"abcdéfg"]
PHONES = ["", "<s>", "</s>", "AA", "B", "CH", "D"]
CODE = """
import tensorflow as tf
loaded = tf.saved_model.load("exported").signatures
texts = tf.constant(asked["texts"])
found = loaded["serving_default"](text=texts)
answers["text"] = [[one.decode() for one in row] for row in found["text"].numpy()]
answers["scores"] = found["scores"].numpy()
source = tf.constant(asked["source"])
answers["tokens"] = loaded["generate"](source=source)["tokens"].numpy()
states = loaded["encode"](source=source)
memory = {k: states.pop(k) for k in ("memory", "memory_mask")}
tokens, total = tf.fill([len(asked["source"])], 1), 0.0
for wanted in asked["forced"].T:
    step = loaded["decode_step"](token=tokens, **memory, **states)
    states = {k: step[k] for k in states}
    tokens = tf.constant(wanted)
    own = tf.gather(step["log_probabilities"], tokens, batch_dims=1)
    total += tf.where(tokens == 0, 0.0, own)
answers["total"], answers["alignment"] = total.numpy(), step["alignment"].numpy()
for wrong in ("generate", "generate_text"):
    try:
        given = {"source": source + 99} if wrong == "generate" else {"text": ["az"]}
        loaded[wrong](**{k: tf.constant(v) for k, v in given.items()})
        answers[wrong] = ""
    except tf.errors.InvalidArgumentError as error:
        answers[wrong] = str(error)
"""

# What a client writes who has a runtime, numpy and the files.
LOOP = """
sys.modules["tensorflow"] = None
import json
import numpy as np
import onnxruntime
from ai_edge_litert.interpreter import Interpreter

def litert(name):
    interpreter = Interpreter(model_path=str(root / "litert" / f"{name}.tflite"))
    answers["ops"] |= {d["op_name"] for d in interpreter._get_ops_details()}
    return interpreter.get_signature_runner("serving_default")

def onnx(name):
    session = onnxruntime.InferenceSession(str(root / "onnx" / f"{name}.onnx"))
    names = [one.name.removeprefix("new_") for one in session.get_outputs()]
    return lambda **given: dict(zip(names, session.run(None, given)))

def greedy(encoder, decode_step, source):
    given = encoder(source=source)
    token = np.full(len(source), known["start"], "int32")
    tokens, done = [], np.zeros(len(source), bool)
    for t in range(asked["max_length"]):
        found = decode_step(token=token, **given)
        given = {name: found.get(name, given[name]) for name in known["given"]}
        p = found["log_probabilities"].copy()
        p[:, [0, known["start"]]] = -np.inf
        last = t + 1 == asked["max_length"]
        token = np.full(len(p), known["end"]) if last else p.argmax(1)
        token = np.where(done, 0, token).astype("int32")
        done |= token == known["end"]
        tokens.append(token)
    return np.stack(tokens, 1)

answers["ops"], source = set(), asked["source"]
for kind in (litert, onnx):
    name = kind.__name__
    known = json.loads((root / name / "metadata.json").read_text("utf-8"))
    places = {token: i for i, token in enumerate(known["source_tokens"])}
    ids = np.zeros_like(source)
    for row, text in zip(ids, asked["texts"]):
        row[: len(text)] = [places[letter] for letter in text]
    encoder, decode_step = kind("encoder"), kind("decode_step")
    answers[name] = greedy(encoder, decode_step, ids)
    try:
        encoder(source=np.full_like(source, len(places)))
        answers[name + " error"] = ""
    except Exception as error:
        answers[name + " error"] = str(error)
    if kind is onnx:
        wide = np.pad(ids, [(0, 0), (0, 3)])
        answers["wide"] = greedy(encoder, decode_step, wide)
        answers["moved"] = greedy(encoder, decode_step, np.roll(wide, 2, 1))
        answers["empty"] = greedy(encoder, decode_step, ids[:, :0])
"""


def files_of(model, root, rng):
    """Writes both kinds of files; what a process with the runtimes makes of them."""
    for w in model.trainable_weights:
        w.assign(rng.normal(size=w.shape))
    texts = ["".join(rng.choice(list("abcdéfg"), k % 7)) for k in range(20)]
    source = model.source_ids(texts)
    sizes = {"batch_size": 20, "steps": source.shape[1], "int8": False}
    for done in (
        export_litert(model, root / "litert", **sizes),
        export_onnx(model, root / "onnx"),
    ):
        assert done.max_difference < 5e-6
        assert done.signatures == ("decode_step", "encoder")
    tokens = model.generate(source, 8)
    asked = {"texts": texts, "source": source, "max_length": 8}
    answers, _ = ask_without_the_zoo(LOOP, root, asked)
    for kind in ("litert", "onnx", "wide", "moved"):
        np.testing.assert_array_equal(answers[kind], tokens, kind)
    np.testing.assert_array_equal(answers["empty"], tokens[[0] * 20])
    assert not [op for op in answers["ops"] if "Flex" in op or "CUSTOM" in op.upper()]
    return answers


def test_a_loop_around_litert_and_onnx_files_says_what_the_model_says(rng, tmp_path):
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("onnxruntime")
    tokens = ["", "<s>", "</s>", *"gfedcb"]
    model = EncoderDecoder(
        *(LETTERS, tokens, 5),
        attention="luong",
        copying=True,
        bidirectional=True,
    )
    answers = files_of(model, tmp_path, rng)
    assert "from_0_to_7" in answers["onnx error"]
    assert "out of bounds" in answers["litert error"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attention", "cell"),
    [
        ("bahdanau", "GRU"),
        ("location", "MGU"),
        ("monotonic", "CIFGLSTM"),
        (None, "ClockworkRNN"),
    ],
)
def test_any_attention_and_any_cell_become_files(attention, cell, rng, tmp_path):
    options = {"attention": attention, "cell": cell, "num_layers": 2}
    files_of(EncoderDecoder(LETTERS, PHONES, 6, **options), tmp_path, rng)


def test_it_says_what_the_model_says_with_beams_in_the_graph(rng, tmp_path):
    model = EncoderDecoder(LETTERS, PHONES, 5, attention="location", cell="GRU")
    for w in model.trainable_weights:
        w.assign(rng.normal(size=w.shape))
    beams = BeamSampler(3, True, length_penalty=0.6, coverage_penalty=0.1)
    exported = export_encoder_decoder(
        model, tmp_path / "exported", sampler=beams, max_length=8
    )
    assert exported.max_difference < 1e-5
    texts = ["".join(rng.choice(list("abcdéfg"), k % 7)) for k in range(20)]
    source = model.source_ids(texts)
    tokens, scores = model.generate(source, 8, beams, return_scores=True)
    asked = {"texts": texts, "source": source, "forced": tokens[:, 0]}
    answers, _ = ask_without_the_zoo(CODE, tmp_path, asked)
    np.testing.assert_array_equal(answers["tokens"], tokens)
    np.testing.assert_allclose(answers["scores"], scores, rtol=1e-5)
    said = [[" ".join(model.target_text(row)) for row in rows] for rows in tokens]
    assert answers["text"] == said
    greedy = model.generate(source, 8, return_scores=True)
    forced = model({"source": source, "target": tokens[:, 0]})
    own = np.take_along_axis(np.asarray(forced), tokens[:, 0, :, None], -1)[..., 0]
    expected = (np.log(own) * (tokens[:, 0] != 0)).sum(-1)
    np.testing.assert_allclose(answers["total"], expected, rtol=1e-4, atol=1e-5)
    assert answers["alignment"].shape == source.shape and greedy[0].shape == (20, 8)
    assert "0 to 7" in answers["generate"] and "known" in answers["generate_text"]
    extra = tmp_path / "exported" / "assets.extra" / "metadata.json"
    assert json.loads(extra.read_text())["target_tokens"] == PHONES


@pytest.mark.slow
def test_a_model_that_copies_exports_too(tmp_path):
    model = EncoderDecoder(5, 5, 4, attention="luong", copying=True)
    path = tmp_path / "exported"
    assert export_encoder_decoder(model, path, max_length=4).max_difference < 1e-5


def test_other_models_are_refused(tmp_path):
    model = ManyToOne(2, 3, vocabulary_size=4)
    with pytest.raises(TypeError, match="type ManyToOne"):
        export_encoder_decoder(model, tmp_path / "exported")


@pytest.mark.parametrize(
    ("write", "options", "error", "message"),
    [
        (export_saved_model, {"signatures": ["step"]}, ValueError, r"=\['step'\]"),
        (export_saved_model, {"max_length": 7}, ValueError, "max_length=7. Call"),
        (export_saved_model, {"max_length": None}, ValueError, "max_length=None. C"),
        (export_saved_model, {"max_length": 1.5}, TypeError, "max_length=1.5"),
        (export_saved_model, {"tolerance": -1.0}, RuntimeError, "tolerance=-1.0"),
        (
            export_saved_model,
            {"golden_input": np.zeros((2, 3))},
            ValueError,
            r"`golden_input` must be ids.*\(2, 3\) and dtype float64",
        ),
        (export_litert, {"golden_input": [[1]]}, ValueError, r"golden_input=\[\[1\]\]"),
        (export_onnx, {"golden_input": [[1]]}, ValueError, r"golden_input=\[\[1\]\]"),
    ],
)
def test_no_option_is_passed_over_in_silence(
    write, options, error, message, tmp_path, tiny
):
    if write is not export_saved_model:
        pytest.importorskip("onnx" if write is export_onnx else "ai_edge_litert")
    with pytest.raises(error, match=message):
        write(tiny, tmp_path / "exported", **options)
    assert not (tmp_path / "exported").exists()


def test_files_are_compared_on_the_golden_input_and_may_be_replaced(
    tiny, tmp_path, monkeypatch
):
    seen, decode = [], EncoderDecoder.decode

    def noted(self, source, *rest):
        if tf.executing_eagerly():
            seen.append(np.asarray(source))
        return decode(self, source, *rest)

    monkeypatch.setattr(EncoderDecoder, "decode", noted)
    pair = {"source": [[4, 3], [1, 0]], "target": [[1, 3, 2], [2, 0, 0]]}
    for golden in (np.array([[1, 2, 3, 4]]), pair):
        export_saved_model(tiny, tmp_path / "exported", golden)
        source = golden["source"] if isinstance(golden, dict) else golden
        np.testing.assert_array_equal(seen[-1], source)


@pytest.fixture(scope="module")
def tiny():
    return EncoderDecoder(5, 5, 4)
