"""Words with their characters in files: split, looked up and answered without us."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.datasets import Codec
from keras_rnn_zoo.export import export_litert, export_onnx, export_saved_model
from keras_rnn_zoo.export.golden import golden_input
from keras_rnn_zoo.export.portable import input_of, masking_layer
from keras_rnn_zoo.export.text import TextCodec
from keras_rnn_zoo.presets import Assets
from tests.fresh import ask_without_the_zoo

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
WORDS = ("", UNKNOWN, "the", "cat", "sat", "ÿes")
LETTERS = ("", UNKNOWN, *"abcehstyÿTC.")
MOST = 3
CODEC = Codec(WORDS, "word", True, characters=LETTERS, max_characters=MOST)
TAGS = ("O", "B-animal", "I-animal")
ASSETS = Assets("tagging", "drawn", CODEC.get_config(), TAGS, None, {"licence": "-"})
TEXTS = ["The\u2003cat  ÿes .", "", "a catastrophe", "Ÿes 😀\x00b sat\tbäh"]
CHARACTERS = {
    "vocabulary_size": len(LETTERS),
    "max_characters": MOST,
    "embedding_dim": 3,
    "units": 4,
    "word_dropout": 0.5,
}


def make(topology, rng, **options):
    arguments = {"vocabulary_size": len(WORDS), "embedding_dim": 4, "units": 5}
    model = topology(len(TAGS), **arguments, characters=CHARACTERS, **options)
    for weight in model.weights:
        if weight.dtype.startswith("float"):
            weight.assign(rng.normal(scale=0.5, size=weight.shape))
    return model


MODELS = {
    "names": lambda rng: make(zoo.ManyToMany, rng, bidirectional=True, head="crf"),
    "stream": lambda rng: make(zoo.ManyToMany, rng, dtype="mixed_bfloat16"),
    "whole": lambda rng: make(zoo.ManyToOne, rng, cell="GRU"),
}

FRESH = """
import numpy as np
import tensorflow as tf

for name, (key, given, wrong) in asked.items():
    signatures = tf.saved_model.load(str(root / name)).signatures
    answers[name] = {"signatures": sorted(signatures), "wrong": []}
    call = signatures["serving_default"]
    out = call(**{key: tf.constant(given)})
    answers[name] |= {k: np.asarray(v) for k, v in out.items()}
    for one in wrong:
        try:
            answers[name]["wrong"].append(call(**{key: tf.constant(one)}))
        except Exception as error:
            answers[name]["wrong"].append(str(error))
    if "step" in signatures and key == "text":
        states = signatures["initial_state"](batch_size=tf.constant(1))
        answers[name]["stream"] = []
        for token in ["The", "", "cat", "b\\u00e4h"]:
            out = dict(signatures["step"](token=tf.constant([token]), **states))
            states = {k: out[k] for k in states}
            answers[name]["stream"].append(np.asarray(out["probabilities"])[0])
"""


def encoded(texts):
    rows = [CODEC.encode(text) for text in texts]
    x = np.zeros((len(rows), max(map(len, rows)), 1 + MOST), "int32")
    for row, ids in zip(x, rows, strict=True):
        row[: len(ids)] = ids
    return x


def float32(model):
    config = {**model.get_config(), "dtype": "float32"}
    same = type(model).from_config(config)
    same.set_weights(model.get_weights())
    return same


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    root, rng = tmp_path_factory.mktemp("words"), np.random.default_rng(5)
    asked, models = {}, {}
    for name, build in MODELS.items():
        models[name] = build(rng)
        exported = export_saved_model(models[name], root / name, assets=ASSETS)
        assert exported.max_difference <= 1e-6
        asked[name] = ("text", TEXTS, [])
    ids = encoded(TEXTS)
    bad = [ids.copy() for _ in range(3)]
    bad[0][0, 0, 0], bad[1][0, 0, 2], bad[2] = len(WORDS), len(LETTERS), ids[..., :-1]
    models["ids"] = models["names"]
    export_saved_model(models["ids"], root / "ids")
    asked["ids"] = ("tokens", ids, bad)
    return models, ask_without_the_zoo(FRESH, root, asked)[0]


def test_text_goes_in_and_labels_come_out(served):
    models, answers = served
    x = encoded(TEXTS)
    mask = x[..., 0] != 0
    assert len(np.unique(x[mask], axis=0)) >= 7
    for name, model in models.items():
        expected, answer = np.asarray(float32(model)(x)), answers[name]
        if name != "whole":
            expected = np.where(mask[..., None], expected, 0)
        [number] = {"path", "probabilities"} & set(answer)
        np.testing.assert_allclose(answer[number], expected, atol=1e-6, err_msg=name)
        classes = expected.argmax(-1)
        if name == "ids":
            classes = np.where(mask, classes, -1)
            np.testing.assert_array_equal(answer["classes"], classes)
            continue
        labels = np.array(TAGS, object)[classes]
        labels = labels if name == "whole" else np.where(mask, labels, "")
        np.testing.assert_array_equal(answer["labels"].astype(str), labels.astype(str))
        np.testing.assert_array_equal(answer["lengths"], mask.sum(1))


def test_which_signatures_there_are(served):
    found = {name: answer["signatures"] for name, answer in served[1].items()}
    stream = ["initial_state", "serving_default", "step"]
    assert found == {
        "names": ["serving_default"],
        "ids": ["serving_default"],
        "stream": stream,
        "whole": stream,
    }


def test_words_one_by_one_are_the_whole_sentence(served):
    models, answers = served
    first, pause, *others = answers["stream"]["stream"]
    assert not pause.any()
    expected = float32(models["stream"])(encoded(["The cat bäh"]))[0]
    np.testing.assert_allclose([first, *others], expected, atol=1e-6)


def test_ids_out_of_range_are_refused(served):
    word, letter, narrow = served[1]["ids"]["wrong"]
    assert re.search("`tokens` must be from 0 to 5", word)
    assert re.search("Characters of `tokens` must be from 0 to 13", letter)
    assert re.search("shape|rank", narrow)


def test_the_vocabulary_in_the_graph_is_the_codec(rng):
    alphabet = [*"abcehTC. \t\n", "\x00", "ÿ", "Ÿ", "😀", "e\u0301", "\u2003", UNKNOWN]
    texts = ["".join(rng.choice(alphabet, size=n)) for n in rng.integers(0, 30, 200)]
    for lowercase in (False, True):
        codec = Codec(WORDS, "word", lowercase, None, LETTERS, MOST)
        ids, lengths = TextCodec(**codec.get_config()).encode(tf.constant(texts))
        decoded = TextCodec(**codec.get_config()).decode(ids).numpy()
        for i, text in enumerate(texts):
            expected = codec.encode(text)
            np.testing.assert_array_equal(ids[i, : lengths[i]], expected, repr(text))
            assert not np.any(ids[i, lengths[i] :])
            assert decoded[i].decode() == codec.decode(expected)


def test_golden_inputs_are_what_the_vocabulary_writes(rng):
    model = MODELS["names"](rng)
    drawn = golden_input(model, None, ASSETS)
    given = np.zeros((2, 3, 1 + MOST), "int32")
    given[0, 1:] = [[2, 3, 0, 2], [4, 7, 8, 9]]  # a gap, and padding in front
    written = golden_input(model, given, ASSETS)
    for x in (drawn, written):
        words = [CODEC.decode(row) for row in x]
        np.testing.assert_array_equal(encoded(words), x)
    assert CODEC.decode(written[0]) == "ba sty" and not written[1].any()
    np.testing.assert_array_equal(golden_input(model, given), given)
    for wrong in (given[..., 0], given[..., :-1], given + 0.5, given + 9):
        with pytest.raises(ValueError, match="Received: "):
            golden_input(model, wrong, ASSETS)


def test_assets_must_have_the_characters_of_the_model(rng, tmp_path):
    model = MODELS["names"](rng)
    for change in ({"characters": None, "max_characters": None}, {"max_characters": 2}):
        codec = {**ASSETS.codec, **change}
        assets = Assets("tagging", "drawn", codec, TAGS, None, {})
        with pytest.raises(ValueError, match=r"\(14, 3\). Received: (None|\(14, 2\))"):
            export_saved_model(model, tmp_path / "a", assets=assets)
    plain = zoo.ManyToMany(3, 4, vocabulary_size=len(WORDS))
    with pytest.raises(ValueError, match=r", None. Received: \(14, 3\)"):
        export_saved_model(plain, tmp_path / "a", assets=ASSETS)
    with pytest.raises(ValueError, match="'generate', but it reads the characters"):
        export_saved_model(
            MODELS["stream"](rng), tmp_path / "a", signatures=["generate"]
        )


def test_onnx_is_refused_by_name(rng, tmp_path):
    pytest.importorskip("onnxruntime")
    with pytest.raises(ValueError, match="reads words with their characters. Export"):
        export_onnx(MODELS["stream"](rng), tmp_path / "onnx")


def test_litert_reads_ids_of_words_and_characters(rng, tmp_path):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    model = float32(MODELS["stream"](rng))
    done = export_litert(model, tmp_path / "a", assets=ASSETS, steps=5, int8=False)
    assert done.signatures == ("sequence", "step")
    x = encoded(["The cat bäh"])
    x = np.pad(x, ((0, 0), (0, 5 - x.shape[1]), (0, 0)))
    file = str(tmp_path / "a" / "sequence.tflite")
    run = interpreter.Interpreter(model_path=file).get_signature_runner()
    np.testing.assert_allclose(run(tokens=x)["probabilities"], model(x), atol=1e-6)
    for place, value in (((0, 0, 0), -1), ((0, 0, 1), -1), ((0, 0, 2), len(LETTERS))):
        wrong = x.copy()
        wrong[place] = value
        with pytest.raises(Exception, match="(?i)gather|out of bounds"):
            run(tokens=wrong)


def test_a_functional_model_may_begin_with_the_reader(tmp_path):
    inputs = keras.Input((None, 1 + MOST), dtype="int32")
    reader = zoo.topologies.WordReader(len(WORDS), 4, CHARACTERS)
    outputs = keras.layers.Dense(3)(zoo.GRU(4, return_sequences=True)(reader(inputs)))
    model = keras.Model(inputs, outputs)
    assert input_of(model) == ("tokens", len(WORDS))
    assert masking_layer(model) is reader
    exported = export_saved_model(model, tmp_path / "a", assets=ASSETS)
    assert exported.signatures == ("serving_default", "step", "initial_state")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = encoded(TEXTS)
    np.testing.assert_array_equal(loaded(x), model(x))
