"""Directories of models in which a file is broken, copied or another's."""

import dataclasses
import json
import shutil
import zipfile

import numpy as np
import pytest
import typer.testing

from keras_rnn_zoo import cli, jobs, presets
from keras_rnn_zoo.presets import Assets
from keras_rnn_zoo.presets.model_directory import models_directories, sha256
from keras_rnn_zoo.training import recipes
from tests.faults.test_terminal import ASSETS, METRICS

SHIPPED = models_directories()[-1] / "digits_gru"


@pytest.fixture
def run_directory(tmp_path):
    """A run as `train` leaves it, of a model that learnt nothing."""
    from keras_rnn_zoo.topologies import ManyToOne

    path = tmp_path / "runs" / "mine"
    path.mkdir(parents=True)
    model = ManyToOne(2, units=3, vocabulary_size=3)
    model.save(path / "model.keras")
    (path / "metrics.json").write_text(json.dumps({**METRICS, "name": "mine"}))
    (path / "assets.json").write_text(json.dumps(ASSETS))
    recipe = recipes.load("py_cursor_lstm")
    recipe = dataclasses.replace(recipe, name="mine", notes=[])
    (path / "recipe.toml").write_text(recipe.to_toml())
    return path


def garbage(path):
    path.write_bytes(b"no model")


def empty_archive(path):
    with zipfile.ZipFile(path, "w"):
        pass


def another_config(path):
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, b"[]" if name == "config.json" else data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def test_a_model_file_that_keras_cannot_load_is_named(run_directory):
    assert jobs.load_run("mine", runs=run_directory.parent).recipe.name == "mine"
    file = run_directory / "model.keras"
    whole = file.read_bytes()
    for spoil in (garbage, empty_archive, another_config, cut):
        file.write_bytes(whole)
        spoil(file)
        arguments = ["predict", "mine", "a", "--runs", str(run_directory.parent)]
        done = typer.testing.CliRunner().invoke(cli.app, arguments)
        assert done.exit_code == 2, (spoil, done.exception)
        line = done.stderr.splitlines()[0]
        assert line.startswith(f"Error: {file} must be a model that Keras can"), line


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["a"]}, "must have the `labels` of the model, 2. Received: 1."),
        (
            {"codec": {"tokens": ["", "\ufffd"], "unit": "word"}},
            "must have the `codec.tokens` of the model, 3. Received: 2.",
        ),
        (
            {"codec": {"tokens": ["", "\ufffd", "a"], "units": "word"}},
            "must hold the arguments of a Codec. Received: ",
        ),
        ({"codec": None, "num_features": None}, "`codec` or `num_features`"),
    ],
)
def test_assets_of_another_model_are_refused(run_directory, change, message):
    file = run_directory / "assets.json"
    file.write_text(json.dumps(ASSETS | change))
    with pytest.raises(ValueError, match="must") as caught:
        jobs.load_run("mine", runs=run_directory.parent)
    assert str(caught.value).startswith(str(file)) and message in str(caught.value)


@pytest.mark.parametrize(
    "config", [[], None, {}, {"class_name": "X", "config": {}}, {"class_name": 3}]
)
def test_a_published_config_that_is_no_model_is_named(config, tmp_path):
    """Also where its sha256 was made to fit."""
    path = tmp_path / "copy"
    shutil.copytree(SHIPPED, path)
    (path / "config.json").write_text(json.dumps(config))
    metadata = json.loads((path / "metadata.json").read_text("utf-8"))
    metadata["files"]["config.json"]["sha256"] = sha256(path / "config.json")
    (path / "metadata.json").write_text(json.dumps(metadata))
    with pytest.raises(ValueError, match="config.json") as caught:
        presets.load(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_metadata_that_is_not_a_model_s_is_named(tmp_path):
    path = tmp_path / "copy"
    shutil.copytree(SHIPPED, path)
    whole = json.loads((path / "metadata.json").read_text("utf-8"))
    without = {key: value for key, value in whole.items() if key != "files"}
    for document in (None, [], {}, without, {**whole, "test_over_seeds": []}):
        (path / "metadata.json").write_text(json.dumps(document))
        with pytest.raises(ValueError, match="metadata.json must be a JSON document"):
            presets.load(path)


def test_a_copy_under_another_name_is_the_same_model(tmp_path, monkeypatch):
    path = tmp_path / "another name"
    shutil.copytree(SHIPPED, path)
    run = jobs.load_run(str(path))
    assert run.recipe.name == "digits_gru" and run.directory == path
    stored = [jobs.Figure(**one) for one in run.metrics["test"]]
    assert {one.name for one in stored} == {"digits_gru"}
    # Where there is nothing to compare with, that is said; never a difference of nan.
    other = dataclasses.replace(stored[0], name="other")
    result = jobs.EvaluateResult(path, [other], stored, [], {}, True)
    monkeypatch.setattr(jobs, "evaluate", lambda *_, **__: result)
    done = typer.testing.CliRunner().invoke(cli.app, ["evaluate"])
    assert "no figures of these metrics to compare with" in done.output


def test_a_published_model_is_no_run_to_publish():
    with pytest.raises(ValueError, match="of a run of your own.* a shipped model"):
        jobs.publish(SHIPPED, weights=False)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("warmup_epochs = inf", "warmup_epochs` must be a number that is finite"),
        ("learning_rate = inf", "learning_rate` must be a number that is finite"),
        ("clipnorm = nan", "clipnorm` must be a number that is finite"),
        ("patience = 99999999999", "patience` must be at most 2147483647"),
    ],
)
def test_a_number_that_nobody_can_compute_with_has_a_line(line, message, tmp_path):
    text = (SHIPPED / "recipe.toml").read_text("utf-8")
    key = line.partition(" ")[0]
    lines = [one for one in text.splitlines() if not one.startswith(key)]
    lines.insert(1 + lines.index("[training]"), line)
    path = tmp_path / "recipe.toml"
    path.write_text("\n".join(lines))
    with pytest.raises(recipes.RecipeError) as caught:
        recipes.load(path)
    assert message in str(caught.value) and caught.value.line is not None
    arguments = ["train", "digits_gru", "--units", "99999999999"]
    done = typer.testing.CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == 2
    assert "`model.units` must be at most 2147483647" in done.stderr


def test_more_memory_than_there_is_is_said(run_directory, monkeypatch):
    from keras_rnn_zoo.topologies import ManyToMany

    tokens = ASSETS["codec"]["tokens"]
    model = ManyToMany(len(tokens), units=3, vocabulary_size=len(tokens))
    model.save(run_directory / "model.keras")
    assets = {**ASSETS, "task": "language_model", "labels": tokens}
    (run_directory / "assets.json").write_text(json.dumps(assets))
    recipe = recipes.load("py_chars_lstm")
    recipe = dataclasses.replace(recipe, name="mine", notes=[])
    (run_directory / "recipe.toml").write_text(recipe.to_toml())
    arguments = ["--runs", str(run_directory.parent), "--steps", "9"]
    monkeypatch.setattr(ManyToMany, "generate", lambda *_, **__: np.ones(10**14))
    monkeypatch.setenv("COLUMNS", "300")
    done = typer.testing.CliRunner().invoke(
        cli.app, ["generate", "mine", "--prompt", "a", *arguments]
    )
    assert done.exit_code == 2, done.exception
    assert "Error: This needs more memory than there is" in done.stderr


def test_what_the_package_writes_it_reads(tmp_path):
    assets = Assets("tagging", "x", None, ("a",), 3, {"é": "\u2028"})
    assets.write(tmp_path)
    assert Assets.read(tmp_path) == assets
