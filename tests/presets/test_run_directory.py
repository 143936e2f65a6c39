"""A directory is whole or not there, whatever happens to the process."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

from keras_rnn_zoo.presets import Assets, new_directory, recover

ROOT = pathlib.Path(__file__).parents[2]


def listing(path):
    return sorted(one.name for one in path.iterdir())


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
        (directory / "old").write_text("old")
    with new_directory(run) as directory:
        (directory / "new").write_text("new")
        assert listing(run) == ["old"]
    assert listing(run) == ["new"]
    assert listing(tmp_path) == ["run"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_everything_as_it_was(tmp_path, error):
    run = tmp_path / "run"
    with new_directory(run) as directory:
        (directory / "old").write_text("old")
    with pytest.raises(error), new_directory(run) as directory:
        (directory / "half").write_text("h")
        raise error
    assert listing(tmp_path) == ["run"]
    assert listing(run) == ["old"]


def test_a_killed_process_leaves_the_old_one_and_its_rest_is_swept_up(tmp_path):
    with new_directory(tmp_path / "run") as directory:
        (directory / "old").write_text("old")
    pid = killed(
        "import os, signal\n"
        "from keras_rnn_zoo.presets import new_directory\n"
        "with new_directory('run') as directory:\n"
        "    (directory / 'half').write_text('h')\n"
        "    print(os.getpid(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n",
        tmp_path,
    )
    assert listing(tmp_path) == [f".run.partial-{pid}", "run"]
    assert listing(tmp_path / "run") == ["old"]
    with new_directory(tmp_path / "run") as directory:
        (directory / "new").write_text("new")
    assert listing(tmp_path) == ["run"]
    assert listing(tmp_path / "run") == ["new"]


def test_killed_between_the_two_renames_the_old_one_comes_back(tmp_path):
    with new_directory(tmp_path / "run") as directory:
        (directory / "old").write_text("old")
    pid = killed(
        "import os, pathlib, signal\n"
        "from keras_rnn_zoo.presets import new_directory\n"
        "rename = pathlib.Path.rename\n"
        "def rename_and_die(self, target):\n"
        "    rename(self, target)\n"
        "    print(os.getpid(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "pathlib.Path.rename = rename_and_die\n"
        "with new_directory('run') as directory:\n"
        "    (directory / 'new').write_text('n')\n",
        tmp_path,
    )
    assert listing(tmp_path) == [f".run.old-{pid}", f".run.partial-{pid}"]
    recover(tmp_path / "run")
    assert listing(tmp_path) == ["run"]
    assert listing(tmp_path / "run") == ["old"]


def test_what_a_living_process_writes_is_left_alone(tmp_path):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as other:
        theirs = tmp_path / f".run.partial-{other.pid}"
        theirs.mkdir()
        recover(tmp_path / "run")
        assert theirs.is_dir()
        other.communicate(b"\n")
    recover(tmp_path / "run")
    assert not theirs.exists()


def test_other_names_are_left_alone(tmp_path):
    (tmp_path / ".runs.partial-999999999").mkdir()
    recover(tmp_path / "run")
    assert listing(tmp_path) == [".runs.partial-999999999"]


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
