"""The jobs, run for real on small settings; the trained runs are shared."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import keras
import matplotlib.image
import numpy as np
import pytest
import typer.testing

from keras_rnn_zoo import cli, jobs, presets
from keras_rnn_zoo.training import recipes

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """Where data is prepared, runs are kept and reporters' lines are collected."""
    return tmp_path_factory.mktemp("jobs")


class Listener(jobs.Reporter):
    def __init__(self):
        self.lines, self.epochs = [], []

    def say(self, text):
        self.lines.append(text)

    def epoch(self, epoch, epochs, logs, seconds):
        self.epochs.append((epoch, epochs, logs, seconds))


def trained(place, name, **changes):
    listener = Listener()
    result = jobs.train(
        name,
        out=place / "runs" / name,
        data_dir=place / "tfds",
        reporter=listener,
        **changes,
    )
    return result, listener


@pytest.fixture(scope="session")
def digits(place):
    return trained(place, "digits_gru", epochs=3)


@pytest.fixture(scope="session")
def tagger(place):
    return trained(place, "py_tagger_bilstm", epochs=1, units=12, limit=640)


@pytest.fixture(scope="session")
def output_recurrence(place):
    return trained(place, "py_tagger_output_recurrence", epochs=1, units=12, limit=640)


@pytest.fixture(scope="session")
def characters(place):
    return trained(
        place, "py_chars_lstm", epochs=1, units=24, limit=1280, baselines=False
    )


@pytest.fixture(scope="session")
def cursor(place):
    return trained(
        place, "py_cursor_lstm", epochs=1, units=8, limit=640, baselines=False
    )


ALL = ["digits", "tagger", "output_recurrence", "characters", "cursor"]


@pytest.mark.parametrize("name", ALL)
def test_a_training_leaves_everything_it_promises(name, request):
    result, listener = request.getfixturevalue(name)
    directory = result.directory
    expected = {
        "model.keras",
        "saved_model",
        "recipe.toml",
        "assets.json",
        "metrics.json",
        "history.csv",
        "checkpoint.npz",
        "curves.png",
        "predictions.png",
    }
    if name == "characters":
        expected |= {"generated.txt"}
    assert {path.name for path in directory.iterdir()} == expected
    assert set(result.files) == expected
    assert all(path.exists() for path in result.files.values())
    assert result.checks["model.keras"] == 0
    assert result.checks["saved_model"] <= 1e-5
    for picture in ("curves.png", "predictions.png"):
        image = matplotlib.image.imread(directory / picture)[..., :3]
        assert min(image.shape[:2]) > 200
        assert image.mean() > 0.6, "mostly paper"
        assert 0.005 < (image.min(-1) < 0.75).mean(), "and something on it"
    assert recipes.load(directory / "recipe.toml") == result.recipe
    text = "\n".join(listener.lines)
    assert result.recipe.data.name in text
    assert f"{result.parameters:,} weights" in text
    assert len(listener.epochs) == result.recipe.training.epochs
    history = (directory / "history.csv").read_text().splitlines()
    assert len(history) == 1 + result.recipe.training.epochs


@pytest.mark.parametrize("name", ALL)
def test_the_figures_in_the_file_are_those_of_the_result(name, request):
    result, _ = request.getfixturevalue(name)
    document = json.loads((result.directory / "metrics.json").read_text())
    assert [jobs.Figure(**one) for one in document["test"]] == result.model
    assert [jobs.Figure(**one) for one in document["baselines"]] == result.baselines
    assert document["seed"] == 1
    assert document["versions"]["keras"] == keras.__version__
    if name != "digits":
        assert document["data"]["interpreter"].endswith(sys.version.split()[0])
        assert len(document["data"]["corpus sha256"]) == 64


@pytest.mark.parametrize(
    ("name", "metric", "least", "most"),
    [
        ("digits", "accuracy", 0.6, 1),
        ("tagger", "accuracy", 0.6, 1),
        ("output_recurrence", "accuracy", 0.5, 1),
        ("characters", "bits_per_character", 2, 5.5),
        ("cursor", "accuracy", 0.4, 1),
    ],
)
def test_even_a_little_training_teaches_something(name, metric, least, most, request):
    result, _ = request.getfixturevalue(name)
    assert result.model[0].metric == metric
    assert least < result.model[0].value <= most


def test_the_figure_stands_beside_the_baselines(digits, tagger):
    (result, _), (tagged, _) = digits, tagger
    named = {one.name: one.value for one in result.baselines}
    assert named["majority"] == pytest.approx(0.103, abs=0.02)
    assert named["1-nearest neighbour"] > 0.96
    tagged = {one.name: one.value for one in tagged.baselines}
    assert tagged["majority"] == pytest.approx(0.405, abs=0.03)
    assert tagged["±3-character window table"] == pytest.approx(0.895, abs=0.02)


def test_output_recurrence_is_judged_both_ways(output_recurrence):
    result, _ = output_recurrence
    named = {(one.name, one.metric): one.value for one in result.model}
    free, forced = (
        named[f"py_tagger_output_recurrence, {how}", "accuracy"]
        for how in ("free running", "teacher-forced")
    )
    assert free != forced
    assert result.model[0].name.endswith("free running")


def test_evaluate_measures_the_same_again(tagger, place):
    result, _ = tagger
    again = jobs.evaluate(str(result.directory), data_dir=place / "tfds")
    assert again.same_data
    for now, before in zip(again.model, result.model, strict=True):
        assert (now.name, now.metric) == (before.name, before.metric)
        assert now.value == pytest.approx(before.value, abs=1e-4)
    assert again.baselines == result.baselines


SERVE = """
import sys
sys.modules["keras"] = None
sys.modules["keras_rnn_zoo"] = None
import json
import tensorflow as tf
directory, text = sys.argv[1:]
assets = json.load(open(directory + "/assets.json"))
ids = [assets["codec"]["tokens"].index(one) for one in text]
model = tf.saved_model.load(directory + "/saved_model")
classes = tf.argmax(model.serve(tf.constant([ids])), -1)[0].numpy().tolist()
print(json.dumps([assets["labels"][i] for i in classes]))
"""


def test_the_saved_model_serves_without_keras_and_without_us(tagger, tmp_path):
    result, _ = tagger
    text = "def f(x):\n    return x + 1"
    process = subprocess.run(
        [sys.executable, "-c", SERVE, str(result.directory), text],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        timeout=240,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    ours = jobs.predict(str(result.directory), text)
    assert json.loads(process.stdout) == [ours.labels[i] for i in ours.predicted]


def test_predict_reads_text_files_and_examples(tagger, place, tmp_path):
    run = str(tagger[0].directory)
    text = "def f(x):\n    return x  # é"
    (tmp_path / "f.py").write_text(text, encoding="utf-8")
    from_text = jobs.predict(run, text)
    from_file = jobs.predict(run, file=tmp_path / "f.py")
    assert from_text.tokens == from_file.tokens == tuple(text)
    np.testing.assert_array_equal(from_text.probabilities, from_file.probabilities)
    assert from_text.predicted.shape == (len(text),)
    example = jobs.predict(run, example=2, data_dir=place / "tfds")
    assert example.truth.shape == example.predicted.shape == (len(example.tokens),)
    assert "".join(example.tokens).startswith(("def ", "async def "))


def test_predict_reads_numbers(digits, place, tmp_path):
    run = str(digits[0].directory)
    example = jobs.predict(run, example=1, data_dir=place / "tfds")
    assert example.values.shape == (8, 8)
    np.save(tmp_path / "digit.npy", example.values)
    from_array = jobs.predict(run, file=tmp_path / "digit.npy")
    text = "\n".join(", ".join(map(str, row)) for row in example.values)
    from_text = jobs.predict(run, text)
    for other in (from_array, from_text):
        np.testing.assert_allclose(other.probabilities, example.probabilities)
    assert example.predicted.shape == ()


def test_predict_says_what_is_wrong(digits, tagger, place, tmp_path):
    digit, text = str(digits[0].directory), str(tagger[0].directory)
    (tmp_path / "bad.py").write_bytes(b"x = 1\ny = '\xe4'\n")
    np.save(tmp_path / "x.npy", np.zeros(8))
    cases = [
        ({}, "must be given.*Received: text=None, file=None, example=None"),
        ({"text": "a", "example": 3}, "only one.*text='a', file=None, example=3"),
        ({"text": ""}, "`text` must not be empty. Received: text=''"),
        ({"file": tmp_path / "bad.py"}, "UTF-8.*bad.py', where byte 11 in line 2"),
        ({"file": tmp_path / "x.npy"}, "must be a text.*Received: file='.*x.npy'"),
        ({"example": 0}, "from 1 to .*Received: example=0"),
    ]
    for arguments, message in cases:
        with pytest.raises(ValueError, match=message):
            jobs.predict(text, data_dir=place / "tfds", **arguments)
    with pytest.raises(FileNotFoundError, match="Received: file='nowhere.py'"):
        jobs.predict(text, file="nowhere.py")
    for given, message in [
        ("1 2 x", "must hold numbers.*Received: could not convert.*'x'"),
        ("1 2 3", "a multiple of 8.*Received: 3 values"),
        ("nan " * 8, "finite.*Received: 8 that are not"),
    ]:
        with pytest.raises(ValueError, match=message):
            jobs.predict(digit, given)


def test_generate_continues_a_text(characters):
    run = str(characters[0].directory)
    first = jobs.generate(run, "def f(", steps=40, seed=3)
    assert jobs.generate(run, "def f(", steps=40, seed=3) == first
    assert jobs.generate(run, "def f(", steps=40, seed=4).text != first.text
    assert 0 < len(first.text) <= 40
    assert first.ended or len(first.text) == 40
    assert characters[0].text
    with pytest.raises(ValueError, match="Received: temperature=-1"):
        jobs.generate(run, temperature=-1.0)


def test_generate_needs_a_language_model(digits):
    directory = str(digits[0].directory)
    with pytest.raises(ValueError, match="must be a language model.*'classification'"):
        jobs.generate(directory)


def test_runs_that_are_not_there(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(presets, "names", lambda: [])  # were there no shipped ones
        with pytest.raises(FileNotFoundError, match="keras-rnn-zoo train digits_gru"):
            jobs.evaluate("digits_gru", runs=tmp_path)
    with pytest.raises(FileNotFoundError, match="Received: name='digitz'"):
        jobs.predict("digitz", "1", runs=tmp_path)


@pytest.mark.parametrize("content", [b"name = 3", b"\xff", b""])
def test_a_broken_recipe_does_not_end_the_list(tmp_path, monkeypatch, content):
    directories = recipes.models_directories()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/recipe.toml").write_bytes(content)
    monkeypatch.setattr(recipes, "models_directories", lambda: [tmp_path, *directories])
    entries = {one.name: one for one in jobs.list_models(tmp_path)}
    assert len(entries) == len(recipes.names()) > 10
    assert entries["broken"].recipe is None
    assert str(tmp_path / "broken/recipe.toml") in entries["broken"].problem
    monkeypatch.setenv("COLUMNS", "200")
    listed = typer.testing.CliRunner().invoke(cli.app, ["list"])
    assert listed.exit_code == 0
    assert "broken, see below" in listed.output and "sunspots_gru" in listed.output


def test_list_and_show_know_what_is_trained(digits, place):
    entries = {e.recipe.name: e for e in jobs.list_models(place / "runs")}
    assert list(entries) == recipes.names()
    assert entries["digits_gru"].figure == digits[0].model[0]
    assert entries["digits_gru"].run == place / "runs" / "digits_gru"
    nothing = jobs.show("digits_gru", runs=place / "nowhere")
    assert nothing.run is None and nothing.figure is None
    assert jobs.show(str(digits[0].directory)).figure == digits[0].model[0]


def test_several_seeds_give_mean_and_spread(place):
    result = jobs.train_seeds(
        "digits_gru",
        [1, 2],
        epochs=2,
        out=place / "several",
        data_dir=place / "tfds",
        pictures=False,
    )
    values = [run.model[0].value for run in result.runs]
    document = json.loads((place / "several-seeds.json").read_text())
    figure = document["test"][0]
    assert figure["values"] == values
    assert figure["mean"] == pytest.approx(np.mean(values))
    assert figure["standard_deviation"] == pytest.approx(np.std(values, ddof=1))
    assert [one["name"] for one in document["baselines"]][0] == "majority"
    for seed in (1, 2):
        run = place / f"several-seed{seed}"
        assert not (run / "curves.png").exists()
        assert recipes.load(run / "recipe.toml").seed == seed
    with pytest.raises(ValueError, match=r"two different.*Received: seeds=\[1, 1\]"):
        jobs.train_seeds("digits_gru", [1, 1])


def test_publish_makes_a_model_directory_of_a_run(digits, place, tmp_path):
    run = digits[0].directory
    metrics = json.loads((run / "metrics.json").read_text())
    summary = {
        "name": "digits_gru",
        "seeds": [1, 2, 3],
        "test": [
            {
                "name": one["name"],
                "metric": one["metric"],
                "mean": one["value"] + 1 / 32,
                "standard_deviation": 1 / 32,
                "values": [one["value"], one["value"] + 1 / 16, one["value"] + 1 / 32],
            }
            for one in metrics["test"]
        ],
        "baselines": metrics["baselines"],
        "training_seconds": [1.0, 2.0, 3.0],
    }
    seeds_json = tmp_path / "seeds.json"
    seeds_json.write_text(json.dumps(summary))
    out = tmp_path / "zoo" / "digits_gru"
    assert jobs.publish(run, seeds_json, out, hardware="a test machine") == out
    expected = "README.md assets config.json golden.npz metadata.json model.weights.h5"
    assert {p.name for p in out.iterdir()} == {
        *expected.split(),
        "recipe.toml",
        "predictions.png",
    }
    assert recipes.load(out) == digits[0].recipe
    card = (out / "README.md").read_text("utf-8")
    mean = f"{metrics['test'][0]['value'] + 1 / 32:.4f}"
    figures = f"accuracy | **{mean} ± 0.0312** | {metrics['test'][0]['value']:.4f} |"
    assert figures in card
    assert "took 1-3 seconds a seed on a test machine" in card and "CC BY 4.0" in card
    assert f"{mean} ± 0.0312" in (tmp_path / "zoo" / "README.md").read_text("utf-8")

    ours = keras.models.load_model(run / "model.keras")
    x = np.random.default_rng(0).random((2, 5, 8), "float32")
    np.testing.assert_array_equal(presets.load(out)(x), ours(x))
    again = jobs.evaluate(str(out), data_dir=place / "tfds")
    assert again.model == digits[0].model

    # The author's words stay where the recipe is the same; otherwise nothing changes.
    words = re.sub("^notes = .*\n", "", (run / "recipe.toml").read_text(), flags=re.M)
    words += "# by hand\n"
    (out / "recipe.toml").write_text('notes = ["It is small."]\n' + words)
    jobs.publish(run, seeds_json, out)
    assert "# by hand" in (out / "recipe.toml").read_text()
    assert "## Limits\n\n* It is small.\n" in (out / "README.md").read_text("utf-8")
    before = snapshot(out)
    (out / "recipe.toml").write_text(words.replace("units = 64", "units = 32"))
    with pytest.raises(ValueError, match="must follow the recipe in.*Received: run="):
        jobs.publish(run, seeds_json, out)
    (out / "recipe.toml").write_text('notes = ["It is small."]\n' + words)
    summary["test"][0]["values"][0] += 0.01
    seeds_json.write_text(json.dumps(summary))
    with pytest.raises(ValueError, match="must have the figures of the run.*seed 1.*R"):
        jobs.publish(run, seeds_json, out)
    assert snapshot(out) == before


def test_publish_without_weights(digits, tmp_path):
    run = digits[0].directory
    with pytest.raises(ValueError, match="must be given for a model with weights"):
        jobs.publish(run, out=tmp_path / "digits_gru")
    out = tmp_path / "digits_gru"
    out.mkdir()
    published = """
[published]
metric = "accuracy"
value = 0.5
source = "A. Author 1999, Table 1"
"""
    (out / "recipe.toml").write_text((run / "recipe.toml").read_text() + published)
    words = (out / "recipe.toml").read_text()
    (out / "recipe.toml").write_text(words.replace('"accuracy"', '"nll"'))
    with pytest.raises(ValueError, match="`published.metric` must be one of accuracy"):
        jobs.publish(run, out=out, weights=False)
    (out / "recipe.toml").write_text(words)
    jobs.publish(run, out=out, weights=False, hardware="a test machine")
    assert {path.name for path in out.iterdir()} == set(
        "README.md figures.json predictions.png recipe.toml".split()
    )
    accuracy = digits[0].model[0].value
    card = (out / "README.md").read_text("utf-8")
    assert f"**{accuracy:.4f} (one seed)**" in card
    assert "Published: accuracy 0.5000 (A. Author 1999, Table 1)." in card
    assert "keras-rnn-zoo train digits_gru --seed 1\n" in card
    assert "## Use" not in card and "keras_rnn_zoo.load" not in card
    table = (tmp_path / "README.md").read_text("utf-8")
    [row] = [line for line in table.splitlines() if "A. Author 1999" in line]
    assert f"accuracy **{accuracy:.4f} (one seed)** | 0.5000 | A. Author" in row
    assert row.endswith(" s, a test machine |")


def test_other_cells_and_mixed_precision_without_matplotlib(place, monkeypatch):
    from keras_rnn_zoo.inspection import report_plots

    monkeypatch.setattr(report_plots, "is_available", lambda: False)
    listener = Listener()
    result = jobs.train(
        "digits_gru",
        cell="SimpleRNN",
        units=[8, 4],
        epochs=1,
        mixed_precision=True,
        device="cpu",
        batch_size=64,
        baselines=False,
        out=place / "mixed",
        data_dir=place / "tfds",
        reporter=listener,
    )
    assert result.recipe.model.arguments() == {"cell": "SimpleRNN", "units": [8, 4]}
    assert result.recipe.data.batch_size == 64
    model = keras.models.load_model(place / "mixed" / "model.keras")
    assert model.compute_dtype == "bfloat16"
    assert "curves.png" not in result.files
    assert any("keras_rnn_zoo[plot]" in line for line in listener.lines)


def test_changes_that_do_not_fit_leave_the_run_alone(digits, place):
    before = snapshot(digits[0].directory)
    for arguments, message in [
        ({"epochs": 0}, "positive integer. Received: epochs=0"),
        ({"units": []}, "positive.*units="),
        ({"cell": "LTSM"}, "LTSM"),
        ({"device": "tpu"}, "Received: device='tpu'"),
        ({"device": "gpu:7"}, "it sees . gpus here. Received: device='gpu:7'"),
    ]:
        with pytest.raises(ValueError, match=message):
            trained(place, "digits_gru", **arguments)
    assert snapshot(digits[0].directory) == before
    assert not list((place / "runs").glob(".*"))


def snapshot(directory):
    """Everything in a directory, byte by byte."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def test_a_killed_training_leaves_the_old_run_and_nothing_half_written(digits, place):
    directory = digits[0].directory
    before = snapshot(directory)
    command = [sys.executable, "-m", "keras_rnn_zoo", "train", "digits_gru"]
    command += ["--epochs", "100000", "--out", str(directory)]
    command += ["--data-dir", str(place / "tfds")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        deadline = time.monotonic() + 240
        while b"epoch" not in (line := process.stdout.readline()):
            assert line and time.monotonic() < deadline, "no training was seen"
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL
    assert snapshot(directory) == before
    left = set(directory.parent.glob(".digits_gru.*"))
    working = directory.with_name(".digits_gru.training")
    assert left == {working}, "no model before it is whole"
    assert jobs.predict(str(directory), "0 " * 64).predicted.shape == ()
    assert working.is_dir(), "who reads removes nothing"
    shutil.rmtree(working)


def test_doctor_looks_at_everything():
    found = {one.what: one for one in jobs.doctor()}
    assert found["Keras"].found.startswith(keras.__version__)
    assert found["XLA"].good, found["XLA"].found
    for what in ("GPU", "CUDA build", "C++ compiler", "Device in use", "CPU cores"):
        assert any(name.startswith(what) for name in found), what
    assert all(one.good for one in found.values()), found
    assert "training: " in found["Recurrent path"].found
    assert "prediction: " in found["Recurrent path"].found


@pytest.mark.parametrize("option", ["batch_size", "steps"])
@pytest.mark.parametrize("to", ["saved_model", "onnx"])
def test_sizes_are_for_litert(to, option, tmp_path):
    with pytest.raises(ValueError, match=f"`{option}` must be left out.*{option}=4"):
        jobs.export("digits_gru", to, tmp_path / "out", **{option: 4})
    assert not (tmp_path / "out").exists()
