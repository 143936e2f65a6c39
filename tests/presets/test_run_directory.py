"""A directory is whole or not there, whatever happens to the process."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

from keras_rnn_zoo.presets import (
    Assets,
    moved_aside,
    new_directory,
    places,
    recover,
)

ROOT = pathlib.Path(__file__).parents[2]


def listing(path):
    return sorted(one.name for one in path.iterdir())


def fill(directory, text):
    """Make exported files of a text, which may be replaced."""
    (directory / "step.onnx").write_text(text)
    (directory / "metadata.json").write_text('{"reads": "", "parameters": 1}')


def text_of(directory):
    assert listing(directory) == ["metadata.json", "step.onnx"]
    return (directory / "step.onnx").read_text()


def killed(code, cwd):
    """Run code in a process that ends itself with SIGKILL; return its process id."""
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr
    return int(process.stdout)


def test_it_appears_when_it_is_complete(tmp_path):
    with new_directory(tmp_path / "a" / "run") as directory:
        (directory / "file").write_text("new")
        assert not (tmp_path / "a" / "run").exists()
    assert listing(tmp_path / "a") == ["run"]
    assert (tmp_path / "a" / "run" / "file").read_text() == "new"


def test_the_old_one_stays_until_the_new_one_is_complete(tmp_path):
    run = tmp_path / "run"
    with new_directory(run) as directory:
        fill(directory, "old")
    with new_directory(run) as directory:
        fill(directory, "new")
        assert text_of(run) == "old"
    assert text_of(run) == "new"
    assert listing(tmp_path) == ["run"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_everything_as_it_was(tmp_path, error):
    run = tmp_path / "run"
    with new_directory(run) as directory:
        fill(directory, "old")
    with pytest.raises(error), new_directory(run) as directory:
        (directory / "half").write_text("h")
        raise error
    assert listing(tmp_path) == ["run"]
    assert text_of(run) == "old"


def test_a_killed_process_leaves_the_old_one_and_its_rest_is_swept_up(tmp_path):
    with new_directory(tmp_path / "run") as directory:
        fill(directory, "old")
    killed(
        "import os, signal\n"
        "from keras_rnn_zoo.presets import new_directory\n"
        "with new_directory('run') as directory:\n"
        "    (directory / 'half').write_text('h')\n"
        "    print(os.getpid(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n",
        tmp_path,
    )
    left, run = sorted(tmp_path.iterdir())
    assert re.fullmatch(r"\.run\.partial-[0-9a-f]{8}", left.name)
    assert text_of(run) == "old"
    with new_directory(run) as directory:
        assert not left.exists()
        fill(directory, "new")
    assert listing(tmp_path) == ["run"]
    assert text_of(run) == "new"


def test_killed_between_the_two_renames_the_old_one_comes_back(tmp_path):
    with new_directory(tmp_path / "run") as directory:
        fill(directory, "old")
    killed(
        "import os, pathlib, signal\n"
        "from keras_rnn_zoo.presets import new_directory\n"
        "rename = pathlib.Path.rename\n"
        "def rename_and_die(self, target):\n"
        "    rename(self, target)  # the first one fails: something is there\n"
        "    print(os.getpid(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "pathlib.Path.rename = rename_and_die\n"
        "with new_directory('run') as directory:\n"
        "    (directory / 'new').write_text('n')\n",
        tmp_path,
    )
    [left] = tmp_path.iterdir()
    assert listing(left) == [".lock", "new", "old"]
    assert moved_aside(tmp_path / "run") == left / "old"
    recover(tmp_path / "run")
    assert listing(tmp_path) == ["run"]
    assert text_of(tmp_path / "run") == "old"
    assert moved_aside(tmp_path / "run") is None


def test_what_a_living_process_writes_is_left_alone(tmp_path):
    """A lock tells, no process number: the process may be in another container."""
    code = (
        "from keras_rnn_zoo.presets import new_directory\n"
        "with new_directory('run'):\n"
        "    print('at work', flush=True)\n"
        "    input()\n"
    )
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, **pipes) as other:
        assert other.stdout.readline() == b"at work\n"
        [theirs] = tmp_path.iterdir()
        recover(tmp_path / "run")
        assert theirs.is_dir()
        other.kill()
        other.wait()
    recover(tmp_path / "run")
    assert not theirs.exists()


@pytest.mark.parametrize("locks", [False, True])
def test_without_a_lock_the_age_tells(tmp_path, monkeypatch, locks):
    """A lock file that is not there yet, or a file system that has no locks."""
    left = tmp_path / ".run.partial-00000000"
    (left / "new").mkdir(parents=True)
    if not locks:
        (left / ".lock").touch()
        monkeypatch.setattr(places, "try_lock", lambda file: None)
    recover(tmp_path / "run")
    assert left.is_dir()
    os.utime(left, (0, time.time() - 25 * 3600))
    recover(tmp_path / "run")
    assert not left.exists()


def test_other_names_are_left_alone(tmp_path):
    names = [".run.partial-999", ".run.partial-0000000g", ".runs.partial-00000000"]
    for name in names:
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (0, 0))
    recover(tmp_path / "run")
    assert listing(tmp_path) == sorted(names)


def test_a_file_in_the_way_is_an_error(tmp_path):
    (tmp_path / "file").write_text("precious")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with (
            pytest.raises(NotADirectoryError, match=f"Received: path='{path}'"),
            new_directory(path),
        ):
            pass
    assert (tmp_path / "file").read_text() == "precious"


def test_assets_round_trip(tmp_path):
    assets = Assets(
        "tagging", "data", {"tokens": ["", "\ufffd", "a\t"]}, ("x",), None, {"k": "v"}
    )
    assets.write(tmp_path)
    assert Assets.read(tmp_path) == assets
