"""A topology of several inputs: what it declares is all that data and files need."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from keras import ops

from keras_rnn_zoo import Bidirectional, export, jobs, make_recurrent, topologies
from keras_rnn_zoo.datasets import Codec
from keras_rnn_zoo.datasets.batches import batches
from keras_rnn_zoo.datasets.source import LOADERS, Content, sha256_of
from keras_rnn_zoo.jobs import models
from keras_rnn_zoo.layers.core.graphs import Graph, Graphs, Input, graphs_of, several
from keras_rnn_zoo.presets import Assets
from keras_rnn_zoo.tasks import TASKS
from keras_rnn_zoo.tasks.evaluation import evaluate
from keras_rnn_zoo.training import recipes
from tests.fresh import ask_without_the_zoo


@keras.saving.register_keras_serializable("tests")
class TokensAndFeatures(keras.Model):
    """h_t = φ([E[token] ; x_t] W + h_{t-1} U + b), ŷ = softmax(h V + c)."""

    def __init__(
        self,
        num_outputs,
        cell="GRU",
        each_step=False,
        vocabulary_size=6,
        num_features=2,
        seed=None,
        name=None,
        dtype=None,
    ):
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        features = keras.Input((None, num_features), name="features")
        embedding = keras.layers.Embedding(vocabulary_size, 3)
        x = keras.layers.Concatenate()([embedding(tokens), features])
        layer = make_recurrent(cell, 5, return_sequences=each_step, seed=1)
        if each_step:
            layer = Bidirectional(layer)
        y = layer(x, mask=ops.not_equal(tokens, 0))
        y = keras.layers.Dense(num_outputs, activation="softmax")(y)
        super().__init__({"tokens": tokens, "features": features}, y, name=name)
        self.arguments = {
            "num_outputs": num_outputs,
            "cell": cell,
            "each_step": each_step,
            "vocabulary_size": vocabulary_size,
            "num_features": num_features,
        }

    def graphs(self):
        size, width = (self.arguments[k] for k in ("vocabulary_size", "num_features"))
        tokens = Input("tokens", "tokens", size, padding=0)
        features = Input("features", "features", width)
        return several(self, (tokens, features))

    def get_config(self):
        return {**self.arguments, "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def examples(rng, count=400):
    """Letters, each with its loudness, to the loudest one of them."""
    made = []
    for _ in range(count):
        steps = int(rng.integers(2, 7))
        tokens = rng.integers(2, 6, steps).astype("int32")
        loud = rng.random((steps, 2)).astype("float32")
        x = {"tokens": tokens, "features": loud}
        made.append((x, np.int32(tokens[loud[:, 0].argmax()] - 2)))
    return made


def test_batches_hold_each_input_by_its_name(rng):
    rows = examples(rng, 9)
    seen = [x for x, _ in batches(rows, 4, padding=-1.0).as_numpy_iterator()]
    assert [len(x["tokens"]) for x in seen] == [4, 4, 1]
    got = [
        (x["tokens"][i], x["features"][i])
        for x in seen
        for i in range(len(x["tokens"]))
    ]
    for (tokens, features), (x, _) in zip(got, rows, strict=True):
        steps = len(x["tokens"])
        np.testing.assert_array_equal(tokens[:steps], x["tokens"])
        np.testing.assert_array_equal(features[:steps], x["features"])
        assert (tokens[steps:] == 0).all() and (features[steps:] == -1).all()
    sizes = {len(x["tokens"]) for x, _ in rows}
    assert len(sizes) > 1
    other = [({**rows[0][0], "features": rows[0][0]["features"] + 1}, 0)]
    assert sha256_of({"train": rows[:1]}) != sha256_of({"train": other})


def test_it_learns_is_judged_and_asked_by_example(rng):
    model, rows = TokensAndFeatures(4), examples(rng)
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    model.fit(batches(rows, 32, seed=1), epochs=10, verbose=0)
    test = examples(rng, 200)
    found = evaluate(model, "classification", test, labels=tuple("abcd"))
    assert found.metrics["accuracy"] > 0.6  # 0.25 by chance
    task = TASKS["classification"].of(tuple("abcd"))
    x, _ = test[0]
    said = task.answer(model, None, x)
    alone = model({name: one[None] for name, one in x.items()})
    np.testing.assert_allclose(said.probabilities, alone[0], atol=1e-6)
    with pytest.raises(
        ValueError, match=r"'tokens' and 'features'\. Received: .*\(3,\)"
    ):
        task.answer(model, None, np.array([2, 3, 4]))


ASKED = """
import numpy as np
import onnxruntime
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

x = {"tokens": asked["tokens"], "features": asked["features"]}
served = tf.saved_model.load(str(root / "saved_model")).signatures["serving_default"]
found = served(**{name: tf.constant(one) for name, one in x.items()})
answers["saved_model"] = found["probabilities"].numpy()
session = onnxruntime.InferenceSession(str(root / "onnx" / "sequence.onnx"))
answers["onnx"] = session.run(["probabilities"], x)[0]
interpreter = Interpreter(model_path=str(root / "litert" / "sequence.tflite"))
run = interpreter.get_signature_runner("serving_default")
answers["litert"] = run(**x)["probabilities"]

def error_of(function, **wrong):
    try:
        function(x | wrong)
        return ""
    except Exception as error:
        return str(error)

calls = {
    "saved_model": lambda g: served(**{k: tf.constant(v) for k, v in g.items()}),
    "onnx": lambda g: session.run(None, g),
    "litert": lambda g: run(**g),
}
for kind, call in calls.items():
    answers[kind + " ids"] = error_of(call, tokens=x["tokens"] + 9)
    answers[kind + " nan"] = error_of(call, features=x["features"] * np.nan)
answers["rows"] = error_of(calls["onnx"], features=x["features"][:2])
"""


@pytest.mark.parametrize(("each_step", "cell"), [(False, "MGU"), (True, "LSTM")])
def test_files_keep_the_names_of_the_inputs(each_step, cell, rng, tmp_path):
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("onnxruntime")
    model = TokensAndFeatures(4, cell, each_step)
    for w in model.weights:
        w.assign(rng.normal(size=w.shape))
    for done in (
        export.export_saved_model(model, tmp_path / "saved_model"),
        export.export_onnx(model, tmp_path / "onnx"),
        export.export_litert(model, tmp_path / "litert", batch_size=4, steps=6),
    ):
        assert done.max_difference < 5e-6
        assert set(done.signatures) <= {"serving_default", "sequence", "sequence_int8"}
    tokens = rng.integers(1, 6, (4, 6)).astype("int32")
    tokens[1, 3:] = tokens[2, :2] = tokens[3] = 0  # behind, before, nothing else
    x = {"tokens": tokens, "features": rng.normal(size=(4, 6, 2)).astype("float32")}
    answers, _ = ask_without_the_zoo(ASKED, tmp_path, x)
    expected = np.asarray(model(x, training=False))
    counts = tokens != 0 if each_step else np.ones(4, bool)
    for kind in ("saved_model", "litert", "onnx"):
        assert answers[kind].shape == expected.shape
        difference = np.abs(answers[kind] - expected)[counts].max()
        assert difference < 5e-6, kind
        assert answers[kind + " ids"] and answers[kind + " nan"], kind
    assert "from 0 to 5" in answers["saved_model ids"]
    assert "features_must_be_finite" in answers["onnx nan"]
    assert "inputs_must_have_as_many_rows_as_tokens" in answers["rows"]


RECIPE = """
title = "the loudest letter"
task = "classification"
[data]
name = "loudest"
[model]
topology = "TokensAndFeatures"
cell = "MGU"
[training]
epochs = 6
learning_rate = 0.03
"""


def load_loudest(source):
    rng, codec = np.random.default_rng(5), Codec(("", "\ufffd", *"abcd"))
    raw = {
        split: examples(rng, count)
        for split, count in (("train", 300), ("validation", 40), ("test", 40))
    }
    texts = {
        split: [codec.decode(x["tokens"]) for x, _ in rows]
        for split, rows in raw.items()
    }
    return Content(raw, tuple("abcd"), {"licence": "generated"}, texts, codec)


@pytest.fixture
def in_recipes(monkeypatch):
    """What a line in `TOPOLOGY_KEYS`, and a file each, would do."""
    monkeypatch.setitem(LOADERS, "loudest", load_loudest)
    monkeypatch.setattr(
        topologies, "TokensAndFeatures", TokensAndFeatures, raising=False
    )
    monkeypatch.setitem(recipes.TOPOLOGY_KEYS, "TokensAndFeatures", {"cell"})
    monkeypatch.setitem(recipes.ModelRecipe.__annotations__, "topology", str)


def test_a_recipe_trains_it_and_the_run_is_asked_and_exported(
    in_recipes, tmp_path, monkeypatch
):
    pytest.importorskip("onnxruntime")
    place = tmp_path / "loudest_mgu"
    place.mkdir()
    (place / "recipe.toml").write_text(RECIPE)
    done = jobs.train(str(place), out=tmp_path / "runs" / "loudest_mgu")
    accuracy = {one.metric: one.value for one in done.model}["accuracy"]
    [majority] = done.baselines
    assert accuracy > majority.value + 0.2 and majority.name == "majority"
    name, runs = str(done.directory), tmp_path / "runs"
    said = jobs.predict(name, example=3, runs=runs)
    assert said.tokens and said.probabilities.shape == (4,)
    with pytest.raises(ValueError, match="'tokens' and 'features'"):
        jobs.predict(name, "abc", runs=runs)
    again = jobs.evaluate(name, runs=runs)
    assert again.same_data and again.model[0].value == accuracy
    written = jobs.export(name, "onnx", tmp_path / "onnx", runs=runs)
    assert written.signatures == ("sequence",)
    assets = done.directory / "assets.json"
    document = json.loads(assets.read_text("utf-8"))
    assert document["num_features"] == 2 and document["codec"]["unit"] == "character"
    for changed, message in (
        ({"num_features": 3}, "`num_features` of the model, 2. Received: 3"),
        ({"num_features": None, "codec": None}, "`num_features`. Received: neither"),
    ):
        assets.write_text(json.dumps(document | changed), "utf-8")
        with pytest.raises(ValueError, match=message):
            jobs.predict(name, example=3, runs=runs)


def test_assets_of_features_do_not_go_with_a_model_of_tokens(tmp_path):
    codec = Codec(("", "\ufffd", "a")).get_config()
    assets = Assets("classification", "made_up", codec, ("b", "c"), 3, {})
    model = topologies.ManyToOne(2, 3, vocabulary_size=3)
    with pytest.raises(ValueError, match="no `num_features`.*tokens. Received: 3"):
        models._check_assets(assets, model, tmp_path)
    models._check_assets(dataclasses.replace(assets, num_features=None), model, "")


def test_files_that_differ_are_refused_and_options_are_not_passed_over(tmp_path):
    model = TokensAndFeatures(4)
    path = tmp_path / "exported"
    with pytest.raises(RuntimeError, match="SavedModel must .*above tolerance=-1.0"):
        export.export_saved_model(model, path, tolerance=-1.0)
    with pytest.raises(ValueError, match="for a `TokensAndFeatures`.*All its sign"):
        export.export_saved_model(model, path, signatures=["step"])
    wrong = {"features": np.zeros((2, 3, 4))}
    with pytest.raises(
        ValueError, match=r"'features', \(batch, time, 2\).*\(2, 3, 4\)"
    ):
        export.export_saved_model(model, path, wrong)
    assert not path.exists()


def test_a_graph_is_read_then_finished_and_comes_after_another():
    one = Graph("a", (), lambda given: {"b": given["a"] + 1})
    assert one({"a": 1}) == {"b": 2}
    two = Graph("a", (), one.read, lambda given, found: {"c": given["a"] + found["b"]})
    assert two({"a": 1}) == {"c": 3}
    assert graphs_of(keras.Sequential()) is None
    assert graphs_of(TokensAndFeatures(2)).graphs[0].file == "sequence"
    assert Graphs((), (one,)).writer is None
