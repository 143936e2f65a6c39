"""What the commands do to what stands at `--out`: each command, each thing there."""

import contextlib
import importlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import types

import keras
import pytest

from keras_rnn_zoo import jobs, presets
from keras_rnn_zoo.presets import places

ROOT = pathlib.Path(__file__).parents[2]

#: How many times each command is killed.
KILLS = int(os.environ.get("KERAS_RNN_ZOO_TEST_KILLS", "2"))

RECIPE = """
title = "made up"
task = "classification"
[data]
name = "file"
batch_size = 16
[data.options]
path = "{path}"
task = "classification"
[model]
topology = "ManyToOne"
cell = "SimpleRNN"
units = 2
[training]
epochs = 1
"""

#: What each command makes, and how it is called in a directory that has a run.
KIND = {"train": "run", "publish": "model", "export": "export"}


def call(command, made, out):
    if command == "train":
        return jobs.train(
            str(made / "tiny"), out=out, pictures=False, baselines=False
        ).directory
    if command == "publish":
        return jobs.publish(made / "run", out=out, weights=False)
    return jobs.export(str(made / "run"), "onnx", out=out).path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A recipe, and one of each kind of directory, really made."""
    place = tmp_path_factory.mktemp("made")
    rows = [
        json.dumps({"steps": [[i % 3 / 2], [i % 2 / 1]], "label": str(i % 2)})
        for i in range(60)
    ]
    (place / "data.jsonl").write_text("\n".join(rows))
    (place / "tiny").mkdir()
    text = RECIPE.format(path=place / "data.jsonl")
    (place / "tiny" / "recipe.toml").write_text(text)
    for command, kind in KIND.items():
        call(command, place, place / kind)
    (place / "README.md").unlink()  # the table that `publish` wrote
    return place


def snapshot(directory):
    """All below a directory: kind, target or content."""
    return {
        str(path.relative_to(directory)): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else "directory"
        for path in sorted(directory.rglob("*"))
    }


@contextlib.contextmanager
def mounted(path, *source):
    """Mount a small memory, or bind a directory, where this user can."""
    path.mkdir(exist_ok=True)
    what = ["--bind", *source] if source else ["-t", "tmpfs", "-o", "size=20M", "none"]
    try:
        result = subprocess.run(
            ["mount", *what, path], capture_output=True, text=True, check=False
        )
        failed = result.returncode and result.stderr
    except FileNotFoundError as error:
        failed = str(error)
    if failed:
        pytest.skip(f"nothing can be mounted here: {failed}")
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


def put(what, out, made, kind):
    """Let one of the things of the table stand at a path; return how to name it."""
    if what == "our own":
        shutil.copytree(made / kind, out)
    elif what == "ours, of another kind":
        shutil.copytree(made / {"run": "export"}.get(kind, "run"), out)
    elif what == "ours and foreign":
        shutil.copytree(made / kind, out)
        (out / "notes.txt").write_text("precious")
    elif what == "ours with a foreign directory":
        shutil.copytree(made / kind, out)
        (out / "old results").mkdir()
    elif what == "half of ours":
        shutil.copytree(made / kind, out)
        for name in ("metrics.json", "figures.json", "metadata.json"):
            (out / name).unlink(missing_ok=True)
    elif what == "another program's, of like names":
        out.mkdir()
        for one in (made / kind).iterdir():
            (out / one.name).write_text('{"name": "mine"}')
    elif what == "ours with a link":
        shutil.copytree(made / kind, out)
        file = sorted(one for one in out.iterdir() if one.is_file())[0]
        file.rename(out.parent / "elsewhere")
        file.symlink_to(out.parent / "elsewhere")
    elif what == "foreign":
        (out / "src").mkdir(parents=True)
        (out / "src" / "thesis.txt").write_text("precious")
        (out / ".git").mkdir()
    elif what == "empty":
        out.mkdir()
    elif what == "a file":
        out.write_text("precious")
    elif what == "below a file":
        out.write_text("precious")
        return out / "x"
    elif what == "a link to nothing":
        out.symlink_to(out.parent / "nothing")
    elif what == "below a link to nothing":
        out.symlink_to(out.parent / "nothing")
        return out / "x"
    elif what == "a link to a file":
        out.symlink_to(made / "data.jsonl")
    elif what == "a link to our own":
        shutil.copytree(made / kind, out.parent / "target")
        out.symlink_to("target")
    elif what == "a link to foreign":
        (out.parent / "target").mkdir()
        (out.parent / "target" / "thesis.txt").write_text("precious")
        out.symlink_to("target")
    elif what in ("the working directory", "the same, by its name"):
        return pathlib.Path("." if what == "the working directory" else os.getcwd())
    elif what == "its parent":
        return pathlib.Path("..")
    elif what == "the root":
        return pathlib.Path("/")
    elif what == "a name of ours that is hidden":
        return out.with_name(".x.training")
    elif what == "a name of 240 bytes":
        return out.with_name("x" * 240)
    elif what == "nothing, nor its parent":
        return out.parent / "a" / "b"
    else:
        assert what == "nothing", what
    return out


ABOVE = (FileExistsError, "must not be the working directory or one of its parents")
HOLDS = "must be free, empty, or hold .* and nothing else. Received: out=.*"
#: What stands at `--out`, and what happens: None if the command does its work, or the
#: error, with everything as it was. The same for all commands.
TABLE = {
    "nothing": None,
    "nothing, nor its parent": None,
    "empty": None,
    "our own": None,
    "ours, of another kind": (FileExistsError, HOLDS),
    "ours and foreign": (FileExistsError, HOLDS + "with notes.txt"),
    "ours with a foreign directory": (FileExistsError, HOLDS + "with old results/"),
    "ours with a link": (FileExistsError, HOLDS),
    "half of ours": (FileExistsError, HOLDS + "no complete one"),
    "another program's, of like names": (FileExistsError, HOLDS),
    "foreign": (FileExistsError, HOLDS + "with .git/, src/"),
    "a file": (NotADirectoryError, "a directory or a free name.*which is a file"),
    "below a file": (NotADirectoryError, "must lie in a directory.* is a file"),
    "a link to nothing": (NotADirectoryError, "out is a link to nothing"),
    "below a link to nothing": (NotADirectoryError, "out is a link to nothing"),
    "a link to a file": (NotADirectoryError, "which is a file"),
    "a link to our own": None,
    "a link to foreign": (FileExistsError, HOLDS + "with thesis.txt"),
    "the working directory": ABOVE,
    "the same, by its name": ABOVE,
    "its parent": ABOVE,
    "the root": ABOVE,
    "a name of ours that is hidden": (FileExistsError, "process at work"),
    "a name of 240 bytes": (FileExistsError, "at most 230 bytes"),
}
MOUNTS = ("empty", "our own", "ours and foreign", "foreign")


@pytest.fixture
def sandbox(tmp_path, monkeypatch):
    """A directory to work in, two below that of the test, with a neighbour."""
    directory = tmp_path / "projects" / "mine"
    directory.mkdir(parents=True)
    (tmp_path / "projects" / "neighbour.txt").write_text("precious")
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def idle(monkeypatch):
    """No data are read and no model is loaded."""
    from keras_rnn_zoo.training import fit as fitting

    def work(*args, **kwargs):
        raise AssertionError("there was work before the refusal")

    monkeypatch.setattr(fitting, "load_data", work)
    monkeypatch.setattr(keras.models, "load_model", work)


def assert_refused(command, made, out, tmp_path, error, message):
    before = snapshot(tmp_path)
    with pytest.raises(error, match=message):
        call(command, made, out)
    assert snapshot(tmp_path) == before


def assert_made(command, directory):
    """A directory is complete, and of what its command makes."""
    kind = KIND[command]
    place = places.place_of(directory)
    places._check_content(place, (kind,), frozenset())
    assert places._is_complete(place.path, kind)
    hidden = [one.name for one in place.home.iterdir()]
    assert not [name for name in hidden if name.startswith(".")], "nothing is left"


REFUSED = [what for what, expected in TABLE.items() if expected]


@pytest.mark.parametrize("command", KIND)
@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_ours_stays_and_nothing_is_done(
    command, what, made, sandbox, idle, tmp_path
):
    out = put(what, sandbox / "out", made, KIND[command])
    assert_refused(command, made, out, tmp_path, *TABLE[what])


@pytest.fixture
def quick(made, monkeypatch):
    """A training that copies a run: where it goes is asked, not what it holds."""

    def copy(out, plan, started):
        with presets.new_directory(out, "run") as directory:
            shutil.copytree(made / "run", directory, dirs_exist_ok=True)
        return types.SimpleNamespace(directory=out)

    module = importlib.import_module("keras_rnn_zoo.jobs.train")
    monkeypatch.setattr(module, "_train_into", copy)


@pytest.mark.parametrize("command", KIND)
def test_what_is_free_or_ours_is_replaced(command, made, sandbox, quick):
    for what in (what for what, expected in TABLE.items() if expected is None):
        directory = sandbox / what
        directory.mkdir()
        out = put(what, directory / "out", made, KIND[command])
        stamp = out.stat().st_ino if out.exists() else None
        call(command, made, out)
        assert_made(command, out)
        assert out.stat().st_ino != stamp, "it is a new one"
        assert out.is_symlink() == (what == "a link to our own")
        neighbours = {one.name for one in directory.iterdir()} - {"README.md"}
        assert neighbours <= {"out", "target", "a"}
    assert (sandbox.parent / "neighbour.txt").read_text() == "precious"


@pytest.mark.parametrize("command", KIND)
def test_a_mount_point_keeps_its_place(command, made, sandbox, tmp_path, quick):
    """And no work is lost: what must be known is known before."""
    out, kind = sandbox / "out", KIND[command]
    with mounted(out):
        device = out.stat().st_dev
        (out / "lost+found").mkdir()  # of the file system, no content
        for _ in ("empty", "our own"):
            call(command, made, out)
            shutil.rmtree(out / "lost+found")
            assert_made(command, out)
            assert os.path.ismount(out) and out.stat().st_dev == device
            (out / "lost+found").mkdir()
        assert {one.name for one in sandbox.iterdir()} == {"out"}, "no table beside"
        (out / "notes.txt").write_text("precious")
        assert_refused(command, made, out, tmp_path, FileExistsError, "with notes.txt")
    with mounted(out, made / kind):  # of the same file system: st_dev does not tell
        assert places.place_of(out).inside
        assert_refused(
            command, made, sandbox, tmp_path, FileExistsError, "working directory"
        )
    shutil.copytree(made / "run", sandbox / "holder")
    with mounted(sandbox / "holder" / "saved_model"):
        assert_refused(
            "train", made, sandbox / "holder", tmp_path, FileExistsError, "saved_model/"
        )


def test_the_checkpoints_of_a_training_stay_in_the_mount(made, sandbox):
    class Stop(jobs.Reporter):
        def epoch(self, *args):
            if (sandbox / "out" / ".training" / "checkpoint.npz").is_file():
                raise KeyboardInterrupt

    with mounted(sandbox / "out"):
        arguments = {"out": sandbox / "out", "pictures": False, "baselines": False}
        with pytest.raises(KeyboardInterrupt, match="1 of 3 epochs are kept"):
            jobs.train(str(made / "tiny"), epochs=3, reporter=Stop(), **arguments)
        assert {one.name for one in sandbox.iterdir()} == {"out"}
        assert {one.name for one in (sandbox / "out").iterdir()} == {".training"}
        jobs.train(str(made / "tiny"), epochs=3, resume=True, **arguments)
        assert_made("train", sandbox / "out")


# --- What is written beside `out`, and where else


@pytest.mark.parametrize("what", ["foreign", "a file of ours", "a directory", "a link"])
@pytest.mark.parametrize("command", ["seeds", "search"])
def test_summaries_replace_summaries_only(command, what, made, sandbox, idle, tmp_path):
    suffix = {"seeds": "-seeds.json", "search": "-search.csv"}[command]
    path = sandbox / f"out{suffix}"
    ours = {"seeds": '{"name": "", "seeds": [], "test": []}', "search": "trial,units\n"}
    if what == "a directory":
        path.mkdir()
    elif what == "a link":
        (sandbox / "target").write_text(ours[command])
        path.symlink_to("target")
    else:
        path.write_text(ours[command] if what == "a file of ours" else "[1]")
    before = snapshot(tmp_path)
    error, message = FileExistsError, f"must leave room for .*out{suffix}. Received"
    if what == "a file of ours":
        error, message = AssertionError, "there was work"
    with pytest.raises(error, match=message):
        summarise(command, made, sandbox / "out")
    assert snapshot(tmp_path) == before


def summarise(command, made, out, **arguments):
    if command == "seeds":
        return jobs.train_seeds(str(made / "tiny"), [1, 2], out=out, **arguments)
    pytest.importorskip("optuna")
    recipe = (made / "tiny" / "recipe.toml").read_text()
    (made / "search").mkdir(exist_ok=True)
    (made / "search" / "recipe.toml").write_text(recipe + "[search]\nunits = [2, 3]\n")
    return jobs.search(str(made / "search"), 2, out=out, **arguments)


@pytest.mark.parametrize("command", ["seeds", "search"])
def test_runs_of_several_trainings_are_checked_before_the_first(
    command, made, sandbox, idle, tmp_path
):
    last = sandbox / {"seeds": "out-seed2", "search": "out"}[command]
    last.mkdir()
    (last / "thesis.txt").write_text("precious")
    before = snapshot(tmp_path)
    with pytest.raises(FileExistsError, match=HOLDS + "with thesis.txt"):
        summarise(command, made, sandbox / "out")
    for out in (".", "..", "/"):
        with pytest.raises(FileExistsError, match="working directory|end with a name"):
            summarise(command, made, out)
    assert snapshot(tmp_path) == before


def test_a_log_does_not_lie_where_the_next_run_removes_it(made, sandbox, idle):
    for board in ("out", "out/logs", "link/logs"):
        if board[0] == "l":
            (sandbox / "out").mkdir()
            (sandbox / "link").symlink_to("out")
        with pytest.raises(ValueError, match=f"outside of `out`.*tensorboard='{board}"):
            jobs.train(str(made / "tiny"), out="out", tensorboard=board)


def test_what_comes_while_there_is_work_stays(made, sandbox, quick, monkeypatch):
    module = importlib.import_module("keras_rnn_zoo.jobs.train")
    train_into = module._train_into

    def guest(out, plan, started):
        (plan.working / "checkpoint.npz").touch()
        (sandbox / "out").mkdir()
        (sandbox / "out" / "notes.txt").write_text("precious")
        return train_into(out, plan, started)

    monkeypatch.setattr(module, "_train_into", guest)
    with pytest.raises(FileExistsError, match="with notes.txt"):
        call("train", made, "out")
    assert (sandbox / "out" / "notes.txt").read_text() == "precious"
    assert (sandbox / ".out.training" / "checkpoint.npz").exists(), "and can go on"


def test_what_comes_at_the_last_moment_stays_and_so_does_the_result(sandbox):
    with (
        pytest.raises(FileExistsError, match="What was made is kept in .*/out-2"),
        presets.new_directory(sandbox / "out") as directory,
    ):
        (directory / "new").touch()
        (sandbox / "out").mkdir()
        (sandbox / "out" / "notes.txt").touch()
    assert (sandbox / "out" / "notes.txt").exists()
    assert {one.name for one in sandbox.iterdir()} == {"out", "out-2"}
    assert {one.name for one in (sandbox / "out-2").iterdir()} == {"new"}


# --- The process is killed

#: Forks a process a line, lets it work for some time, and kills it.
NURSERY = """
import os, pathlib, signal, sys, time
import keras
import keras_rnn_zoo.export, keras_rnn_zoo.training.fit
from tests.faults.test_out import call

print("ready", flush=True)
for line in sys.stdin:
    command, seconds, made, out = line.split()
    child = os.fork()
    if child == 0:
        while True:
            call(command, pathlib.Path(made), pathlib.Path(out))
    time.sleep(float(seconds))
    os.kill(child, signal.SIGKILL)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        cwd=tmp_path_factory.mktemp("nursery"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"

        def kill(command, seconds, made, out):
            print(command, seconds, made, out, file=process.stdin, flush=True)
            return int(process.stdout.readline())

        yield kill
        process.kill()


@pytest.mark.parametrize("command", KIND)
def test_a_killed_command_leaves_the_old_one_or_the_new_one(
    command, made, sandbox, nursery
):
    out, rng = sandbox / "out", random.Random(command)
    shutil.copytree(made / KIND[command], out)
    for _ in range(KILLS):
        seconds = rng.uniform(0.2, {"train": 5.0}.get(command, 2.0))
        assert nursery(command, seconds, made, out) == -signal.SIGKILL
        presets.recover(out)
        assert places._is_complete(out, KIND[command])
        places._check_content(places.place_of(out), (KIND[command],), frozenset())
    shutil.rmtree(sandbox / ".out.training", ignore_errors=True)
    assert {one.name for one in sandbox.iterdir()} <= {"out", "README.md"}
