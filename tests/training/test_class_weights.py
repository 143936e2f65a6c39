"""Balanced class weights: rare classes are found."""

import types

import keras
import numpy as np
import pytest

from keras_rnn_zoo.datasets import batches, statistics
from keras_rnn_zoo.tasks import evaluation
from keras_rnn_zoo.training import fit as fitting
from keras_rnn_zoo.training import recipes
from keras_rnn_zoo.training.class_weights import weighted


def recipe_of(task, **changes):
    text = f"""
        title = "small"
        task = "{task}"
        [data]
        name = "made here"
        batch_size = 32
        [model]
        topology = "{"ManyToOne" if task == "classification" else "ManyToMany"}"
        units = 4
        embedding_dim = 4
        [training]
        epochs = 4
        learning_rate = 0.03
    """
    return recipes.parse(text, "small/recipe.toml").replace(**changes)


def examples(rng, count, per_step):
    """Token 5 is of the rare class three times in ten, others once in a hundred."""
    made = []
    for _ in range(count):
        x = rng.integers(1, 6, size=rng.integers(1, 5)).astype("int32")
        y = (rng.random(len(x)) < np.where(x == 5, 0.3, 0.01)).astype("int32")
        made.append((x, y if per_step else y[-1]))
    return made


def data(rng, per_step):
    raw = {
        split: examples(rng, 600, per_step) for split in ("train", "validation", "test")
    }
    return types.SimpleNamespace(
        train=batches.batches(raw["train"], 32, seed=0),
        validation=batches.batches(raw["validation"], 32),
        raw=raw,
        vocabulary_size=6,
        vocabulary=None,
        num_features=None,
        num_outputs=2,
        labels=("common", "rare"),
        padding=None,
        codec=None,
    )


def recall(recipe, pipelines):
    model = fitting.build_model(recipe, pipelines)
    fitting.fit(recipe, pipelines, model)
    test = pipelines.raw["test"]
    found = evaluation.evaluate(model, recipe.task, test).predictions
    y = np.concatenate([np.ravel(y) for _, y in test])
    return np.mean(np.concatenate([np.ravel(p) for p in found])[y == 1])


@pytest.mark.parametrize("task", ["classification", "tagging"])
def test_the_rare_class_is_found(task, rng):
    pipelines = data(rng, task == "tagging")
    assert recall(recipe_of(task), pipelines) < 0.1
    balanced = recipe_of(task, training__class_weights="balanced")
    assert recipes.parse(balanced.to_toml(), "small/recipe.toml") == balanced
    assert recall(balanced, pipelines) > 0.7


def test_weights_are_those_of_scikit_learn(rng):
    sklearn = pytest.importorskip("sklearn.utils.class_weight")
    for per_step in (True, False):
        made = examples(rng, 200, per_step)
        y = np.concatenate([np.ravel(y) for _, y in made])
        counts = statistics.class_counts(made, 4)
        ours = statistics.balanced_class_weights(counts)
        theirs = sklearn.compute_class_weight("balanced", classes=np.arange(2), y=y)
        np.testing.assert_allclose(ours, [*theirs, 1, 1], rtol=1e-6)
        assert ours[y].mean() == pytest.approx(1)


def test_the_loss_is_that_of_keras_with_class_weights(rng):
    pipelines = data(rng, per_step=False)
    recipe = recipe_of("classification", training__class_weights="balanced")
    dataset, steps = fitting.training_batches(recipe, pipelines)
    assert steps == dataset.cardinality()
    weights = statistics.balanced_class_weights(
        statistics.class_counts(pipelines.raw["train"], 2)
    )
    losses = []
    for batches_, options in (
        (dataset, {}),
        (pipelines.train, {"class_weight": dict(enumerate(weights))}),
    ):
        keras.utils.set_random_seed(0)
        model = fitting.build_model(recipe, pipelines)
        model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
        losses += model.fit(batches_, verbose=0, **options).history["loss"]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_padded_steps_and_metrics_have_no_part(rng):
    pipelines = data(rng, per_step=True)
    recipe = recipe_of("tagging", training__class_weights="balanced")
    model = fitting.build_model(recipe, pipelines)
    fitting.compile_model(recipe, model, 1)
    validation = weighted(pipelines.validation, recipe, pipelines)
    found = model.evaluate(validation.take(1), verbose=0, return_dict=True)
    weights = statistics.balanced_class_weights(
        statistics.class_counts(pipelines.raw["train"], 2)
    )
    losses, right = [], []
    for x, y in pipelines.raw["validation"][:32]:
        p = np.asarray(model(x[None])[0], "float64")
        losses += (-np.log(p[np.arange(len(y)), y]) * weights[y]).tolist()
        right += (p.argmax(-1) == y).tolist()
    assert found["loss"] == pytest.approx(np.mean(losses), rel=1e-4)
    assert found["accuracy"] == pytest.approx(np.mean(right), rel=1e-4)


def test_where_there_are_no_classes_to_weigh(rng):
    pipelines = data(rng, per_step=True)
    changes = {"training__class_weights": "balanced"}
    for recipe, message in (
        (recipe_of("language_model", **changes), "task='language_model', head=None"),
        (recipe_of("tagging", model__head="crf", **changes), "head='crf'"),
        (recipe_of("tagging", model__head={"name": "crf"}, **changes), "head='crf'"),
    ):
        with pytest.raises(ValueError, match=message):
            weighted(pipelines.train, recipe, pipelines)
    with pytest.raises(recipes.RecipeError, match="class_weights='even'"):
        recipe_of("tagging", training__class_weights="even")


def test_statistics():
    made = [(np.ones(n), np.int32(n % 2)) for n in (1, 2, 2, 4, 9)]
    assert statistics.describe(made, 3) == {
        **{"sequences": 5, "steps": 18, "shortest": 1, "median": 2.0, "longest": 9},
        **{"padding": pytest.approx(1 - 18 / 45), "class_counts": [3, 2, 0]},
    }
    assert "class_counts" not in statistics.describe(made)
