"""Taggers of names: judged by whole names, with characters, beside simple methods."""

import types

import numpy as np
import pytest

from keras_rnn_zoo import datasets, tasks
from keras_rnn_zoo.tasks import baselines, evaluation, word_windows
from keras_rnn_zoo.training import fit as fitting
from keras_rnn_zoo.training import recipes

RECIPE = """
title = "small"
task = "tagging"
[data]
name = "file"
batch_size = 8
[data.options]
path = "my.conll"
task = "tagging"
min_count = 2
max_characters = 6
[model]
topology = "ManyToMany"
units = 6
embedding_dim = 4
bidirectional = true
[model.characters]
embedding_dim = 5
units = 4
[training]
epochs = 2
learning_rate = 0.02
monitor = "val_span_f1"
"""
LABELS = ("O", "B-person", "I-person", "B-place")
PERSON = "most frequent tag of the word"
WINDOWS = "logistic regression on ±2 words"


def conll(count=60):
    """Persons have two words with capitals, places one; hardly a word comes twice."""
    rng, lines = np.random.default_rng(3), []

    def word(capital=False):
        letters = "".join(rng.choice([*"abcdefgh"], rng.integers(2, 8)))
        return letters.title() if capital else letters

    for _ in range(count):
        lines.append(f"{word()}\tO")
        if rng.random() < 0.6:
            lines += [f"{word(True)}\tB-person", f"{word(True)}\tI-person"]
        lines += [f"{word()}\tO", "in\tO", f"{word(True)}\tB-place", ""]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("names") / "my.conll"
    path.write_text(conll())
    options = recipe_of().data.options | {"path": str(path)}
    return datasets.load("file", **options, batch_size=8, seed=1)


def recipe_of(text=RECIPE, **changes):
    return recipes.parse(text, "small/recipe.toml").replace(**changes)


def test_names_are_right_from_the_first_word_to_the_last(rng):
    task = tasks.task_of("tagging", LABELS)
    truths = [np.array([0, 1, 2, 3]), np.array([3, 0]), np.array([1, 1])]
    answers = [[0, 1, 2, 0], [3, 3], [1, 2]]
    for truth, answer in zip(truths, answers, strict=True):
        predicted, confidence = task.add(truth, np.eye(4)[answer] * 0.75)
        assert predicted.tolist() == answer and set(confidence) == {0.75}
    figures = task.result()
    assert list(figures)[0] == "span_f1"
    # Right: a person, a place. Found: these, a place, a person of two words.
    assert figures["span_f1"] == pytest.approx(2 * 2 / (4 + 5))
    assert figures["accuracy"] == 5 / 8
    assert [m.name for m in task.metrics()] == ["span_f1", "accuracy"]
    for labels in (("noun", "verb"), ("O", "I-x"), ("B-x", "I-x"), ("O", "S-x", "B-x")):
        assert type(tasks.task_of("tagging", labels)) is tasks.Tagging
    assert type(tasks.task_of("classification", LABELS)) is tasks.Classification


def test_whole_names_are_counted_as_seqeval_does(rng):
    seqeval = pytest.importorskip("seqeval.metrics")
    rows = [rng.integers(0, 4, (2, n)) for n in rng.integers(1, 9, 50)]
    truths, predictions = [[row[i] for row in rows] for i in (0, 1)]
    theirs = [[[LABELS[i] for i in y] for y in ys] for ys in (truths, predictions)]
    expected = seqeval.f1_score(*theirs)
    assert tasks.span_f1(LABELS, truths, predictions) == pytest.approx(expected)


def test_the_epoch_is_chosen_by_whole_names(data):
    recipe = recipe_of(training__epochs=4)
    assert recipes.parse(recipe.to_toml(), "small/recipe.toml") == recipe
    model = fitting.build_model(recipe, data)
    characters = model.get_config()["characters"]
    assert characters["max_characters"] == 6 and characters["units"] == 4
    assert characters["vocabulary_size"] == len(data.codec.characters)
    trained = fitting.fit(recipe, data, model)
    f1 = trained.history["val_span_f1"]
    assert trained.best_epoch == np.argmax(f1) + 1 and max(f1) > min(f1)
    found = evaluation.evaluate(
        model, "tagging", data.raw["validation"], labels=data.labels, batch_size=4
    )
    assert found.metrics["span_f1"] == pytest.approx(max(f1), abs=1e-6)
    for (x, _), predicted in zip(
        data.raw["validation"], found.predictions, strict=True
    ):  # one by one: nothing is padded
        np.testing.assert_array_equal(predicted, np.argmax(model(x[None])[0], -1))


def test_data_and_model_must_agree_about_characters(data):
    plain = types.SimpleNamespace(**vars(data))
    plain.codec = datasets.Codec(data.codec.tokens, "word")
    plain.vocabulary_size, plain.num_outputs = data.vocabulary_size, data.num_outputs
    with pytest.raises(ValueError, match="must say how many characters.*Received"):
        fitting.build_model(recipe_of(), plain)
    text = RECIPE.replace("[model.characters]\nembedding_dim = 5\nunits = 4", "")
    model = fitting.build_model(recipe_of(text), data)
    assert model.get_config()["characters"]["units"] == 25
    text = text.replace("bidirectional = true", "").replace(
        "ManyToMany", "OutputRecurrence"
    )
    with pytest.raises(ValueError, match="Received: topology='OutputRecurrence'"):
        fitting.build_model(recipe_of(text), data)


def test_what_is_seen_of_a_word_and_its_neighbours():
    rows = word_windows.features(("The", "B2", "of", "Rome"))
    assert len(rows) == 4
    assert rows[1] == dict.fromkeys(
        [
            *("-1 word=the", "-1 shape=Xx", "0 word=b2", "0 shape=X0"),
            *("1 word=of", "1 shape=x", "2 word=rome", "2 shape=Xx"),
            *("0 first 1=B", "0 first 2=B2", "0 first 3=B2", "0 first 4=B2"),
            *("0 last 1=2", "0 last 2=B2", "0 last 3=B2", "0 last 4=B2"),
        ],
        1,
    )
    assert not any(key.startswith(("1 ", "2 ")) for key in rows[3])


def test_baselines_are_judged_by_whole_names_too(data):
    pytest.importorskip("sklearn")
    found = {(b.name, b.metric): b for b in baselines.compute(data)}
    assert [m for _, m in found] == ["span_f1", "accuracy"] * 3
    words, tags = [
        [one for row in rows for one in row]
        for rows in (data.texts["test"], [y for _, y in data.raw["test"]])
    ]
    assert found["majority", "span_f1"].value == 0
    assert found["majority", "accuracy"].value == np.mean(np.array(tags) == 0)
    # Names are new: a table knows none of them, a shape tells them all.
    assert found[PERSON, "span_f1"].value < 0.3
    assert found[WINDOWS, "span_f1"].value > 0.9
    assert found[WINDOWS, "accuracy"].value > 0.9
    assert "chosen on validation data" in found[WINDOWS, "span_f1"].note


def test_the_strength_is_chosen_on_validation_data(data, monkeypatch):
    pytest.importorskip("sklearn")
    right = {s: np.concatenate([y for _, y in data.raw[s]]) for s in data.raw}
    wrong = {s: np.zeros_like(y) for s, y in right.items()}
    tagged = [
        (1.0, wrong["validation"], right["test"]),
        (2.0, right["validation"], wrong["test"]),
    ]
    monkeypatch.setattr(word_windows, "predict", lambda *_, **__: iter(tagged))
    first, _ = baselines.compute(data, [WINDOWS])
    assert first.value == 0 and "C=2," in first.note
