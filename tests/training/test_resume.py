"""A training that goes on after a break becomes what it would have become without."""

import csv
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_rnn_zoo import jobs
from keras_rnn_zoo.presets import training_directory
from keras_rnn_zoo.training import checkpoints, recipes
from keras_rnn_zoo.training import fit as fitting
from keras_rnn_zoo.training.checkpoints import Checkpoint

ROOT = pathlib.Path(__file__).parents[2]

#: Words of very different counts to a class: bucketed tokens, a part of them an epoch.
SENTENCES = """
title = "a bit of everything that has a state"
task = "classification"
seed = 3
[data]
name = "file"
batch_size = 4
limit = 20
[data.options]
path = "{path}"
task = "classification"
[model]
topology = "ManyToOne"
cell = "LSTM"
units = 5
embedding_dim = 3
dropout = 0.3
recurrent_dropout = 0.2
output_dropout = 0.2
[training]
epochs = 4
learning_rate = 0.02
schedule = "cosine"
warmup_epochs = 0.5
clipnorm = 1.0
"""

DIGITS = """
title = "digits"
task = "classification"
[data]
name = "krz_digits"
batch_size = 32
limit = 160
[model]
topology = "ManyToOne"
cell = "GRU"
units = 6
[training]
epochs = 4
learning_rate = 0.02
monitor = "val_accuracy"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("resume")
    rng = random.Random(0)
    with open(place / "words.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for _ in range(80):
            words = rng.choices("abcdef", k=rng.choice([3, 5, 9, 15]))
            label = "low" if sum(w in "abc" for w in words) * 2 > len(words) else "high"
            writer.writerow([" ".join(words), label])
    (place / "sentences.toml").write_text(SENTENCES.format(path=place / "words.csv"))
    (place / "digits.toml").write_text(DIGITS)
    return place


def train(place, name, out, reporter=None, **arguments):
    return jobs.train(
        place / f"{name}.toml",
        out=place / out,
        data_dir=place / "tfds",
        pictures=False,
        baselines=False,
        reporter=reporter,
        **arguments,
    )


def killed(place, name, out, epoch):
    """Train in a process that is killed in that epoch, before its checkpoint."""
    code = (
        "import os, signal\n"
        "from keras_rnn_zoo import jobs\n"
        "class Killer(jobs.Reporter):\n"
        "    def epoch(self, epoch, epochs, logs, seconds):\n"
        f"        if epoch == {epoch}:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        f"jobs.train({str(place / name)!r} + '.toml', out={str(place / out)!r},\n"
        f"    data_dir={str(place / 'tfds')!r}, reporter=Killer())\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr


class Listener(jobs.Reporter):
    def __init__(self):
        self.lines, self.epochs = [], []

    def say(self, text):
        self.lines.append(text)

    def epoch(self, epoch, epochs, logs, seconds):
        self.epochs.append(epoch)


def assert_same(one, two):
    """Two checkpoints agree in every bit, the wall time excepted."""
    for kind, values in one.variables.items():
        assert len(values) == len(two.variables[kind]) > 0
        for a, b in zip(values, two.variables[kind], strict=True):
            np.testing.assert_array_equal(a, b, strict=True)
    assert {k: v for k, v in one.history.items() if k != "seconds"} == {
        k: v for k, v in two.history.items() if k != "seconds"
    }
    for key in ("best", "best_epoch", "wait", "stopped"):
        assert getattr(one, key) == getattr(two, key)


def fitted(recipe, place, **options):
    """Train without the files of a run; return the checkpoints of all epochs."""
    data = fitting.load_data(recipe, data_dir=place / "tfds")
    model = fitting.build_model(recipe, data)
    kept = []

    def save(checkpoint):
        checkpoint.write(place)
        kept.append(Checkpoint.read(place))

    result = fitting.fit(recipe, data, model, save=save, **options)
    return kept, result


@pytest.fixture(scope="module")
def digits(place):
    """A run without a break."""
    return train(place, "digits", "digits")


@pytest.fixture(scope="module")
def sentences(place):
    """A training without a break: the checkpoints of its epochs, and the result."""
    return fitted(recipes.load(place / "sentences.toml"), place)


def test_a_killed_run_goes_on_as_if_nothing_had_been(place, digits):
    killed(place, "digits", "killed", epoch=3)
    working = place / ".killed.training"
    assert not (place / "killed").exists()
    rows = (working / "history.csv").read_text().splitlines()
    assert len(rows) == 3, "a heading and the two epochs before"
    listener = Listener()
    run = train(place, "digits", "killed", listener, resume=True)
    assert listener.epochs == [3, 4]
    assert "Going on after epoch 2 of 4." in listener.lines
    assert_same(Checkpoint.read(digits.directory), Checkpoint.read(run.directory))
    assert run.model == digits.model and run.best_epoch == digits.best_epoch
    assert run.recipe == digits.recipe and run.validation == digits.validation
    rows = (run.directory / "history.csv").read_text().splitlines()
    assert len(rows) == 5 and not working.exists()


def test_dropout_schedule_and_buckets_go_on_after_a_kill(place, sentences):
    killed(place, "sentences", "texts", epoch=3)
    start = Checkpoint.read(place / ".texts.training")
    assert start.epochs == 2
    rest, result = fitted(recipes.load(place / "sentences.toml"), place, start=start)
    assert_same(sentences[0][-1], rest[-1])
    assert result.best_epoch == sentences[1].best_epoch


def assert_every_start_gives_the_same(recipe, place, whole, result, starts):
    for epoch in starts:
        rest, again = fitted(recipe, place, start=whole[epoch - 1])
        assert len(rest) == len(whole) - epoch
        if rest:
            assert_same(whole[-1], rest[-1])
        assert again.best_epoch == result.best_epoch
        pairs = zip(result.model.get_weights(), again.model.get_weights(), strict=True)
        for a, b in pairs:
            np.testing.assert_array_equal(a, b)


def test_a_training_that_stops_by_itself_stops_where_it_did(place):
    recipe = recipes.load(place / "digits.toml").replace(
        training__patience=2, training__learning_rate=0.5, training__epochs=20
    )
    whole, result = fitted(recipe, place)
    count = len(whole)
    assert 3 <= count < 20 and whole[-1].stopped and whole[-2].wait == 1
    starts = (count - 1, count)
    assert_every_start_gives_the_same(recipe, place, whole, result, starts)


def test_sampling_goes_on_where_its_schedule_was(place, tmp_path):
    texts = [f"{i:b} {i * i:b}" for i in range(1, 40)]
    (tmp_path / "texts.txt").write_text("\n\n".join(texts))
    recipe = recipes.load(place / "sentences.toml").replace(
        task="language_model",
        data__options={"task": "language_model", "path": str(tmp_path / "texts.txt")},
        training__epochs=3,
        training__schedule="exponential",
        training__final_learning_rate=0.001,
        training__warmup_epochs=0.0,
        model={
            "topology": "OutputRecurrence",
            "units": [4],
            "training_feedback": "scheduled",
            "sampling_schedule": {"class": "LinearSampling", "c": 0.02},
            "recurrent_dropout": 0.2,
        },
    )
    whole, result = fitted(recipe, place)
    assert_every_start_gives_the_same(recipe, place, whole, result, (1,))


def test_a_complete_run_is_extended_where_the_schedule_allows(place, digits):
    directory = place / "extended"
    shutil.copytree(digits.directory, directory)
    with pytest.raises(ValueError, match=r"above 4 .*complete.*Received: epochs=4"):
        train(place, "digits", "extended", resume=True)
    listener = Listener()
    run = train(place, "digits", "extended", listener, epochs=5, resume=True)
    assert listener.epochs == [5]
    whole, _ = fitted(run.recipe, place)
    assert_same(whole[-1], Checkpoint.read(directory))
    assert run.recipe == digits.recipe.replace(training__epochs=5)
    with pytest.raises(ValueError, match="at least 5 for `resume`.*epochs=2"):
        train(place, "digits", "extended", epochs=2, resume=True)


def test_the_order_of_the_examples_follows_from_the_recipe_alone(place):
    recipe = recipes.load(place / "sentences.toml")

    def order(data):
        epochs = [np.concatenate([y for _, y in data.train]) for _ in range(2)]
        return np.concatenate(epochs).tolist()

    found = []
    for seed in (5, 6):  # as an earlier model of this process would have set it
        keras.utils.set_random_seed(seed)
        data = fitting.load_data(recipe)
        keras.utils.set_random_seed(seed)
        found += [order(data), order(fitting.batch_again(recipe, data))]
    assert found[0] == found[1] == found[2] == found[3]
    assert order(fitting.load_data(recipe.replace(seed=4))) != found[0]


def test_what_is_another_training_is_refused(place, sentences, tmp_path):
    recipe = recipes.load(place / "sentences.toml")
    start = sentences[0][0]
    data = fitting.load_data(recipe)
    run = checkpoints.describe(recipe, recipe, data, epochs=4, dtype=None, device="")
    start.run.update(run)

    def refused(message, loaded=recipe, **changes):
        with pytest.raises(ValueError, match=message):
            checkpoints.continued(start, loaded, changes)

    assert checkpoints.continued(start, recipe.replace(title="x"), {}).seed == 3
    refused("cosine.*laid out.*Received: epochs=9", training__epochs=9)
    refused(r"`model.dropout`.*dropout=0.3.*Received: .*=0.5", model__dropout=0.5)
    refused("`data.limit` .*Received: data.limit=8 in", recipe.replace(data__limit=8))
    refused("`seed` .*Received: seed=8", seed=8)

    checkpoints.check_same(start, run)
    for change, message in [
        ({"versions": run["versions"] | {"keras": "4.0.0"}}, "keras.*Received: 4.0.0"),
        ({"dtype": "mixed_bfloat16"}, "float32. Received: mixed_bfloat16"),
        (
            {"data": run["data"] | {"licence": "none", "sha256 of the examples": "0"}},
            "licence must be as it was for `resume`: .*Received: none",
        ),
    ]:
        with pytest.raises(ValueError, match=message):
            checkpoints.check_same(start, run | change)
    patch = run["versions"] | {"keras": run["versions"]["keras"] + "1"}
    checkpoints.check_same(start, run | {"versions": patch})
    data.raw["train"][5][0][0] += 1  # whatever else is said of the data
    changed = checkpoints.describe(recipe, recipe, data, dtype=None)
    with pytest.raises(ValueError, match="sha256 of the examples.*must be as it was"):
        checkpoints.check_same(start, changed)

    narrow = recipe.replace(model__units=6)
    with pytest.raises(ValueError, match="variables of the model.*Received"):
        fitted(narrow, place, start=start)
    (tmp_path / checkpoints.FILE).write_bytes(b"PK")
    with pytest.raises(ValueError, match="must be a checkpoint. Received"):
        Checkpoint.read(tmp_path)


def test_an_interrupted_run_is_announced_kept_and_replaced(place):
    class Stop(Listener):
        def epoch(self, epoch, epochs, logs, seconds):
            super().epoch(epoch, epochs, logs, seconds)
            if epoch == self.last:
                raise KeyboardInterrupt

    first = Stop()
    first.last = 3
    with pytest.raises(KeyboardInterrupt, match="2 of 4 epochs .* --resume --out "):
        train(place, "digits", "stopped", first)
    working = place / ".stopped.training"
    assert Checkpoint.read(working).epochs == 2
    again = Stop()
    again.last = 1
    with pytest.raises(KeyboardInterrupt, match="2 of 4"):
        train(place, "digits", "stopped", again, seed=9)
    (line,) = [line for line in again.lines if "--resume" in line]
    assert "An interrupted run of 2 of 4 epochs is here" in line
    assert Checkpoint.read(working).epochs == 2, "kept until there is something new"
    again.last = 2
    with pytest.raises(KeyboardInterrupt, match="1 of 4"):
        train(place, "digits", "stopped", again, seed=9)
    assert recipes.parse(Checkpoint.read(working).run["recipe"]).seed == 9
    assert not (place / "stopped").exists()
    with training_directory(place / "free"), pytest.raises(FileNotFoundError):
        checkpoints.Checkpoint.read(place / ".free.training")


def test_nothing_to_resume_is_an_error(place):
    with pytest.raises(FileNotFoundError, match="`resume` must be left out.*resume=T"):
        train(place, "digits", "never", resume=True)
    assert not list(place.glob(".never*"))
    with pytest.raises(ValueError, match="`resume` must be left out for several seeds"):
        jobs.train_seeds("digits_gru", [1, 2], resume=True)


def test_two_processes_do_not_train_into_one_place(tmp_path):
    with (
        training_directory(tmp_path / "run"),
        pytest.raises(RuntimeError, match="another process. Received: path="),
        training_directory(tmp_path / "run"),
    ):
        pass
    assert not list(tmp_path.iterdir()), "nothing is left of a training that ended"


def test_a_checkpoint_is_whole_or_not_there(sentences, tmp_path, monkeypatch):
    one, two, *_ = sentences[0]
    one.write(tmp_path)
    savez = np.savez

    def half(file, **arrays):
        savez(file, **arrays)
        file.truncate(file.tell() // 2)
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(OSError, match="disk full"):
        two.write(tmp_path)
    assert Checkpoint.read(tmp_path).epochs == 1
