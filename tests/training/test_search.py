"""Searching for settings, and what TensorBoard is told of a training."""

import csv
import logging
import math
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import jobs
from keras_rnn_zoo.training import fit as fitting
from keras_rnn_zoo.training import recipes, search
from keras_rnn_zoo.training.recipes import RecipeError

optuna = pytest.importorskip("optuna")

DIGITS = """
title = "digits"
task = "classification"
seed = 2
[data]
name = "krz_digits"
batch_size = 32
limit = 320
[model]
topology = "ManyToOne"
cell = "SimpleRNN"
units = 6
[training]
epochs = 2
learning_rate = 0.02
monitor = "val_accuracy"
[search]
learning_rate = [0.00001, 0.1]
batch_size = [16, 32]
dropout = [0.0, 0.5]
units = {choices = [4, 8]}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("search")
    (place / "digits.toml").write_text(DIGITS)
    return place


@pytest.fixture(scope="module")
def data(place):
    recipe = recipes.load(place / "digits.toml")
    return fitting.load_data(recipe, data_dir=place / "tfds")


@pytest.fixture(scope="module")
def found(place, data):
    class Listener(jobs.Reporter):
        lines = []

        def say(self, text):
            self.lines.append(text)

    result = jobs.search(
        place / "digits.toml",
        4,
        out=place / "run",
        data_dir=place / "tfds",
        pictures=False,
        baselines=False,
        reporter=Listener(),
    )
    return result, Listener.lines


def test_the_best_settings_are_trained_as_an_ordinary_run(found, place):
    result, lines = found
    assert [one.number for one in result.trials] == [1, 2, 3, 4]
    whole = [one for one in result.trials if not one.pruned]
    assert result.best.value == max(one.value for one in whole)
    assert min(one.value for one in whole) < result.best.value
    run, settings = result.run, result.best.settings
    written = recipes.load(run.directory / "recipe.toml")
    assert written == run.recipe
    assert written.training.learning_rate == settings["learning_rate"]
    assert written.model.units == settings["units"]
    assert written.data.batch_size == settings["batch_size"]
    # The same training, by another way: the trials' data are as freshly loaded.
    assert run.validation["accuracy"] == result.best.value
    assert run.best_epoch == result.best.best_epoch
    with open(place / "run-search.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert result.path == place / "run-search.csv" and len(rows) == 4
    for row, one in zip(rows, result.trials, strict=True):
        assert float(row["val_accuracy"]) == pytest.approx(one.value, rel=1e-5)
        assert row["units"] == str(one.settings["units"])
        assert (row["pruned"], row["epochs"]) == (str(one.pruned), str(one.epochs))
    assert sum(line.startswith("Trial ") for line in lines) == 4


def test_what_is_drawn_lies_in_the_ranges_and_follows_the_seed(place):
    recipe = recipes.load(place / "digits.toml")

    def draws(seed, count=200):
        sampler = optuna.samplers.RandomSampler(seed)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(sampler=sampler)
        for _ in range(count):
            trial = study.ask()
            yield {k: search._draw(trial, k, v) for k, v in recipe.search.items()}

    drawn = list(draws(1))
    assert drawn[:5] == list(draws(1, 5)) != list(draws(2, 5))
    rates = np.array([one["learning_rate"] for one in drawn])
    assert 1e-5 <= rates.min() and rates.max() <= 0.1
    assert abs(np.log10(rates).mean() + 3) < 0.3, "uniform in the logarithm"
    assert {type(one["batch_size"]) for one in drawn} == {int}
    assert {one["units"] for one in drawn} == {4, 8}
    assert 0.2 < np.mean([one["dropout"] for one in drawn]) < 0.3


def test_a_bad_training_is_given_up(place, data):
    recipe = recipes.load(place / "digits.toml").replace(
        seed=10,
        training__epochs=3,
        training__monitor="val_loss",
        search={"learning_rate": {"choices": [0.0001, 0.02]}},
    )
    trials = list(search.search(recipe, data, 5))
    rates = [one.settings["learning_rate"] for one in trials]
    assert rates == [0.02, 0.0001, 0.02, 0.02, 0.0001]
    # The second has no median above it yet; the fifth has.
    assert [one.epochs for one in trials] == [3, 3, 3, 3, 1]
    assert [one.pruned for one in trials] == [False] * 4 + [True]
    assert trials[0].value == trials[2].value == trials[3].value < trials[1].value
    assert search.best(recipe, trials) is trials[0]
    lost = [search.Trial(1, {}, math.nan, 1, 1, False, 0.0)]
    with pytest.raises(RuntimeError, match="must come to its end. Received: 1 without"):
        search.best(recipe, lost)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "dropuot = [0.0, 0.5]",
            "unknown key `search.dropuot`. Did you mean `dropout`",
        ),
        ("patience = [1, 2]", "unknown key `search.patience`. Known: batch_size, cell"),
        ("dropout = [0.5, 0.0]", r"must be \[lowest, highest\].*dropout=\[0.5, 0.0\]"),
        ("dropout = 0.5", "must be .*Received: dropout=0.5"),
        ("units = {choices = [4]}", "two or more. Received: units=.*4"),
        ("units = {choice = [4, 5]}", "must be .*Received: units=.*choice"),
        (
            "dropout = [0.0, 1.5]",
            "`search.dropout`: `model.dropout` must be at least 0",
        ),
        ("units = [4, 8.5]", "`search.units`: `model.units` must be an integer"),
        ("learning_rate = [0, 1]", "`search.learning_rate`: .* must be a positive"),
        ("activation = {choices = ['a', 'b']}", "`ManyToOne` has no `activation`"),
        (
            "schedule = {choices = ['cosine', 'sine']}",
            "`training.schedule` must be one",
        ),
    ],
)
def test_errors_name_file_and_line(line, message):
    text = DIGITS.partition("learning_rate = [0.00001")[0] + f"\n{line}\n"
    number = text.rstrip().count("\n") + 1
    with pytest.raises(RecipeError, match=rf"r.toml, line {number}: .*{message}"):
        recipes.parse(text, "r.toml")


def test_what_cannot_be_searched(place, monkeypatch):
    with pytest.raises(ValueError, match=r"table \[search\].*'adding_gru', .*none"):
        jobs.search("adding_gru", 2, out=place / "x")
    with pytest.raises(ValueError, match="Received: count=0"):
        jobs.search("digits_gru", 0, out=place / "x")
    with pytest.raises(ValueError, match="`resume` must be left out for a search"):
        jobs.search("digits_gru", 2, resume=True)
    with pytest.raises(TypeError, match="colour"):
        jobs.search("digits_gru", 2, colour="red")
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"keras_rnn_zoo\[search\]"):
        jobs.search("digits_gru", 2, out=place / "x")


def test_tensorboard_is_told_what_the_history_says(place, data):
    event_accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    )
    result = jobs.train(
        place / "digits.toml",
        out=place / "board-run",
        data_dir=place / "tfds",
        tensorboard=place / "board",
        pictures=False,
        baselines=False,
    )

    def scalars(part, tag):
        events = event_accumulator.EventAccumulator(
            str(place / "board" / part), size_guidance={"tensors": 0}
        )
        return [
            (one.step, float(tf.make_ndarray(one.tensor_proto)))
            for one in events.Reload().Tensors(tag)
        ]

    with open(result.directory / "history.csv", newline="") as file:
        history = list(csv.DictReader(file))
    for part, tag, column in [
        ("train", "epoch_loss", "loss"),
        ("train", "epoch_accuracy", "accuracy"),
        ("train", "epoch_learning_rate", "learning_rate"),
        ("validation", "epoch_loss", "val_loss"),
        ("validation", "epoch_accuracy", "val_accuracy"),
    ]:
        found = scalars(part, tag)
        assert [step for step, _ in found] == [0, 1]
        expected = [float(row[column]) for row in history]
        np.testing.assert_allclose([v for _, v in found], expected, rtol=1e-5)
    norms = scalars("gradients", "gradient_norm/all")
    assert [step for step, _ in norms] == list(range(1, 21))
    assert all(value > 0 for _, value in norms)
    recipe = recipes.load(place / "digits.toml")
    again = fitting.batch_again(recipe, data)
    plain = fitting.fit(recipe, again, fitting.build_model(recipe, again))
    expected = [f"{value:.6g}" for value in plain.history["loss"]]
    assert [row["loss"] for row in history] == expected, "watching changes nothing"


def test_tensorboard_missing_names_the_extra(place, monkeypatch):
    import importlib.util

    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda n: None if n == "tensorboard" else find_spec(n),
    )
    with pytest.raises(ImportError, match=r"`tensorboard` .*zoo\[tensorboard\]"):
        jobs.train(place / "digits.toml", out=place / "no", tensorboard=place / "b")
    assert not (place / "no").exists() and not list(place.glob(".no*"))


def test_many_models_in_a_process_bring_no_warnings_of_retracing(data, caplog):
    """TensorFlow counts the traces of all functions of one place in the code."""
    from keras_rnn_zoo.tasks import evaluation
    from keras_rnn_zoo.topologies import ManyToMany, ManyToOne

    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        for _ in range(6):
            model = ManyToOne(10, units=2, num_features=8, cell="SimpleRNN")
            evaluation.evaluate(model, "classification", data.raw["test"][:4])
            writer = ManyToMany(5, units=2, vocabulary_size=5, cell="SimpleRNN")
            writer.generate(np.ones((1, 2), "int32"), 2)
    assert "retracing" not in caplog.text
