"""From a recipe to a trained model."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import tasks
from keras_rnn_zoo.tasks import evaluation
from keras_rnn_zoo.topologies import ManyToMany, ManyToOne, OutputRecurrence
from keras_rnn_zoo.training import fit as fitting
from keras_rnn_zoo.training import recipes


def recipe_of(task="tagging", **changes):
    """A small recipe; `changes` as for `Recipe.replace`."""
    text = f"""
        title = "small"
        task = "{task}"
        [data]
        name = "made here"
        batch_size = 4
        [model]
        topology = "{"ManyToOne" if task == "classification" else "ManyToMany"}"
        units = 6
        [training]
        epochs = 3
        learning_rate = 0.02
    """
    return recipes.parse(text, "small/recipe.toml").replace(**changes)


def examples(rng, count=10, per_step=True):
    """Texts over 5 tokens; the class is whether the token is above 3."""
    made = []
    for _ in range(count):
        x = rng.integers(1, 6, size=rng.integers(2, 8)).astype("int32")
        y = (x > 3).astype("int32")
        made.append((x, y if per_step else np.int32(y[-1])))
    return made


def pipelines(rng, per_step=True):
    """What `datasets.load` returns, as far as it is read here."""
    raw = {s: examples(rng, per_step=per_step) for s in ("train", "validation", "test")}

    def batches(split):
        x = evaluation.pad([x for x, _ in raw[split]])
        if per_step:
            y = evaluation.pad([y for _, y in raw[split]])
        else:
            y = np.array([y for _, y in raw[split]])
        return tf.data.Dataset.from_tensor_slices((x, y)).batch(4)

    return types.SimpleNamespace(
        train=batches("train"),
        validation=batches("validation"),
        raw=raw,
        vocabulary_size=6,
        vocabulary=None,
        num_features=None,
        padding=None,
        num_outputs=2,
        labels=("low", "high"),
        codec=None,
    )


@pytest.mark.parametrize("per_step", [True, False])
def test_evaluate_counts_every_unpadded_step_once(per_step, rng):
    task = "tagging" if per_step else "classification"
    topology = ManyToMany if per_step else ManyToOne
    model = topology(2, units=3, vocabulary_size=6)
    given = examples(rng, 11, per_step)
    result = evaluation.evaluate(model, task, given, batch_size=3)
    right = total = 0
    for i, (x, y) in enumerate(given):  # one by one: nothing is padded
        predicted = np.argmax(model(x[None])[0], -1)
        np.testing.assert_array_equal(result.predictions[i], predicted)
        right, total = right + np.sum(predicted == y), total + np.size(y)
    assert result.metrics["accuracy"] == pytest.approx(right / total)
    assert result.num_examples == 11


def test_evaluate_measures_bits(rng):
    model = ManyToMany(6, units=3, vocabulary_size=6)
    given = [(x, np.roll(x, -1)) for x, _ in examples(rng, 7)]
    result = evaluation.evaluate(model, "language_model", given, batch_size=3)
    bits = []
    for x, y in given:
        p = np.asarray(model(x[None])[0], "float64")
        bits.append(-np.log2(p[np.arange(len(y)), y]))
    expected = np.concatenate(bits).mean()
    assert result.metrics["bits_per_character"] == pytest.approx(expected, rel=1e-5)
    for ours, theirs in zip(evaluation.bits_of(model, given), bits, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def test_evaluate_feeds_back_the_truth_when_asked(rng):
    model = OutputRecurrence(2, units=4, vocabulary_size=6)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    given = [(x, rng.integers(0, 2, x.shape)) for x, _ in examples(rng, 8)]
    free = evaluation.evaluate(model, "tagging", given)
    forced = evaluation.evaluate(model, "tagging", given, teacher_forced=True)
    for i, (x, y) in enumerate(given):
        p = model((x[None], y[None]), training=False)
        np.testing.assert_array_equal(forced.predictions[i], np.argmax(p[0], -1))
        np.testing.assert_array_equal(
            free.predictions[i], np.argmax(model(x[None])[0], -1)
        )
    assert any(
        (a != b).any()
        for a, b in zip(free.predictions, forced.predictions, strict=True)
    )


def test_evaluate_of_nothing_is_an_error():
    with pytest.raises(ValueError, match=r"Received: examples=\[\]"):
        evaluation.evaluate(None, "tagging", [])


def test_macro_f1_against_scikit_learn(rng):
    metrics = pytest.importorskip("sklearn.metrics")
    y, p = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    table = np.zeros((5, 5), int)
    np.add.at(table, (y, p), 1)
    ours = tasks.macro_f1(table)
    assert ours == pytest.approx(metrics.f1_score(y, p, average="macro"))


def test_the_best_epoch_on_validation_data_is_kept(rng):
    data = pipelines(rng)
    # The second half of the training unlearns what the first has learned.
    recipe = recipe_of(training__epochs=4, training__monitor="val_loss")
    model = fitting.build_model(recipe, data)

    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.set_weights([-3 * w for w in self.model.get_weights()])
                self.model.optimizer.learning_rate = 0.0

    heard = []
    listener = types.SimpleNamespace(
        step=lambda *values: None, epoch=lambda *values: heard.append(values)
    )
    result = fitting.fit(recipe, data, model, listener=listener, callbacks=[Spoil()])
    assert result.best_epoch == 2
    losses = result.history["val_loss"]
    assert losses[3] > losses[1]
    kept = model.evaluate(data.validation, verbose=0, return_dict=True)
    assert kept["loss"] == pytest.approx(losses[1], rel=1e-5)
    assert [values[:2] for values in heard] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert len(result.history["seconds"]) == 4


@pytest.mark.parametrize("task", ["tagging", "classification", "language_model"])
def test_the_same_seed_gives_the_same_model(task, rng):
    data = pipelines(rng, per_step=task != "classification")
    if task == "language_model":
        data.num_outputs = 6
    weights = []
    for seed in (3, 3, 4):
        recipe = recipe_of(task, seed=seed, training__epochs=1)
        model = fitting.build_model(recipe, data)
        fitting.fit(recipe, data, model)
        weights.append(np.concatenate([w.ravel() for w in model.get_weights()]))
    np.testing.assert_array_equal(weights[0], weights[1])
    assert np.abs(weights[0] - weights[2]).max() > 0.01


def test_a_recipe_can_start_from_weights(rng, tmp_path):
    data = pipelines(rng)
    first = fitting.build_model(recipe_of(), data)
    first.save_weights(tmp_path / "w.weights.h5")
    recipe = recipe_of(seed=9, training__initial_weights=str(tmp_path / "w.weights.h5"))
    second = fitting.build_model(recipe, data)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_sampling_schedule_can_be_a_table(rng):
    def schedule(**table):
        recipe = recipes.parse(
            recipe_of().to_toml().replace("ManyToMany", "OutputRecurrence"), "r/r.toml"
        )
        recipe = recipe.replace(
            model__training_feedback="soft", model__sampling_schedule=table
        )
        assert recipes.parse(recipe.to_toml(), "small/r.toml") == recipe
        return fitting.build_model(recipe, pipelines(rng)).get_config()

    config = schedule(**{"class": "LinearSampling", "c": 0.5, "minimum": 0.25})
    assert config["sampling_schedule"]["config"] == {
        "k": 1.0,
        "c": 0.5,
        "minimum": 0.25,
    }
    with pytest.raises(ValueError, match="LinearSampling.*Received: class='Linear'"):
        schedule(**{"class": "Linear"})
    with pytest.raises(ValueError, match="Received:.*'d': 0.5"):
        schedule(**{"class": "LinearSampling", "d": 0.5})


def test_the_limit_is_a_number_of_sequences(rng):
    data = pipelines(rng)
    assert fitting.training_batches(recipe_of(), data)[1] == 3
    dataset, steps = fitting.training_batches(recipe_of(data__limit=5), data)
    assert steps == 2 == sum(1 for _ in dataset)


def test_the_monitor_must_be_measured(rng):
    data, recipe = pipelines(rng), recipe_of(training__monitor="val_bits_per_character")
    with pytest.raises(ValueError, match="Received: monitor='val_bits_per_character'"):
        fitting.fit(recipe, data, fitting.build_model(recipe, data))


def rates(steps=4, **changes):
    training = recipe_of(
        **{f"training__{key}": value for key, value in changes.items()}
    ).training
    rate = fitting.learning_rate(training, steps)
    if isinstance(rate, float):
        return rate
    return np.array([float(rate(i)) for i in range(training.epochs * steps + 1)])


def test_the_learning_rate_schedules():
    assert rates() == 0.02
    t = np.arange(13) / 12
    cosine = rates(schedule="cosine", final_learning_rate=0.002)
    np.testing.assert_allclose(
        cosine, 0.002 + 0.018 * (1 + np.cos(np.pi * t)) / 2, rtol=1e-5
    )
    np.testing.assert_allclose(
        rates(schedule="exponential", final_learning_rate=0.002),
        0.02 * 0.1**t,
        rtol=1e-5,
    )
    warm = rates(schedule="cosine", warmup_epochs=1.0)
    np.testing.assert_allclose(warm[:5], 0.02 * np.arange(5) / 4, rtol=1e-5, atol=1e-9)
    assert warm[-1] == pytest.approx(0, abs=1e-8)
    with pytest.raises(ValueError, match="Received: final_learning_rate=0.0"):
        rates(schedule="exponential")


def test_pad():
    np.testing.assert_array_equal(
        evaluation.pad([np.ones((1, 2)), np.ones((3, 2))])[0], [[1, 1], [0, 0], [0, 0]]
    )


def test_a_recipe_can_end_in_a_crf(rng):
    data = pipelines(rng)
    data.labels, data.facts = ("O", "B-name"), {}
    recipe = recipe_of(model__head={"name": "crf", "scheme": "BIOES"})
    model = fitting.build_model(recipe, data)
    # B- waits for an E- that is not among the labels.
    assert model.get_config()["head"]["allowed_last"] == [True, False]
    recipe = recipe_of(model__head={"name": "crf", "scheme": "BIO"})
    model = fitting.build_model(recipe, data)
    done = fitting.fit(recipe, data, model)
    assert done.history["loss"][-1] < done.history["loss"][0]
    result = evaluation.evaluate(model, "tagging", data.raw["validation"])
    assert result.metrics["accuracy"] == pytest.approx(
        done.history["val_accuracy"][done.best_epoch - 1], abs=1e-6
    )


class Breaks(keras.callbacks.Callback):
    """Makes a weight nan within an epoch, as a gradient that overflows does."""

    def __init__(self, epoch):
        super().__init__()
        self.wanted = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.now == self.wanted:
            weight = self.model.trainable_variables[-1]
            weight.assign(np.full(weight.shape, np.nan))


def test_a_training_that_diverges_is_said_as_such(rng):
    saved = []
    recipe, data = recipe_of(), pipelines(rng)
    model = fitting.build_model(recipe, data)
    with pytest.raises(
        fitting.DivergedError,
        match=r"nan or inf after epoch 1 \(.*diverged. Lower `learning_rate`, 0.02 now",
    ) as caught:
        fitting.fit(recipe, data, model, callbacks=[Breaks(0)], save=saved.append)
    assert caught.value.epochs == 1 and isinstance(caught.value, RuntimeError)
    assert not saved, "nothing to go on from"
    # Late, the best epoch is kept, and nothing is computed in vain.
    model = fitting.build_model(recipe, data)
    done = fitting.fit(recipe, data, model, callbacks=[Breaks(1)], save=saved.append)
    assert done.diverged and done.best_epoch == 1 and len(done.history["loss"]) == 2
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert saved[-1].stopped and not fitting.fit(recipe, data, model).diverged


def test_a_learning_rate_that_is_far_too_high_is_named(rng):
    recipe, data = recipe_of(training__learning_rate=3e38), pipelines(rng)
    with pytest.raises(fitting.DivergedError, match=r"`learning_rate`, 3e\+38 now"):
        fitting.fit(recipe, data, fitting.build_model(recipe, data))
