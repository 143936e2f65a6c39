"""Who is at work in a directory, who was killed there, and whose files those are."""

import errno
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from keras_rnn_zoo import jobs, presets
from keras_rnn_zoo.presets import new_directory, places, training_directory
from keras_rnn_zoo.training import checkpoints

PACKAGE = pathlib.Path(presets.__file__).parents[1]

#: How many times a process is killed while it replaces a directory.
KILLS = int(os.environ.get("KERAS_RNN_ZOO_TEST_KILLS", "6"))

#: The room of the files alone, which is there in no time: no Keras, no NumPy.
LIGHT = f"""
import errno, os, pathlib, sys, time, types
sys.modules["keras_rnn_zoo"] = types.ModuleType("keras_rnn_zoo")
sys.modules["keras_rnn_zoo"].__path__ = [{str(PACKAGE)!r}]
from keras_rnn_zoo.presets import new_directory, places, recover, training_directory

def write(path, count=3, text=str(os.getpid())):
    with new_directory(path) as directory:
        for name in ["step.onnx", "sequence.onnx", "metadata.json"][-count:]:
            text_ = '{{"reads": "' + text + '", "parameters": 1}}'
            (directory / name).write_text(text_)
"""


def light(code, cwd, *prefix, **options):
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, **options}
    command = [*prefix, sys.executable, "-c", LIGHT + code]
    return subprocess.Popen(command, cwd=cwd, text=True, **options)


def finished(*processes):
    """What processes print, after they have ended without an error."""
    texts = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return texts


def listing(path):
    return sorted(one.name for one in path.iterdir())


def whole(directory, kind="export"):
    """Whether a directory is complete and of one process."""
    place = places.place_of(directory)
    places._check_content(place, (kind,), frozenset())
    files = [one for one in directory.iterdir() if not one.name.startswith(".")]
    return places._is_complete(directory, kind) and (
        len({one.read_text() for one in files if one.is_file()}) == 1
    )


# --- At one time


def test_of_two_trainings_that_begin_and_end_together_one_is_inside(tmp_path):
    code = """
entered, until = 0, time.monotonic() + 1
while time.monotonic() < until:
    try:
        with training_directory("run") as directory:
            os.close(os.open("inside", os.O_CREAT | os.O_EXCL))
            (directory / "checkpoint.npz").touch()
            (directory / "history.csv").touch()
            os.unlink("inside")
            entered += 1
    except RuntimeError as error:
        assert "another process" in str(error)
print(entered)
"""
    counts = finished(*(light(code, tmp_path) for _ in range(4)))
    assert sum(map(int, counts)) > 20
    recover = light("recover('run')", tmp_path)
    finished(recover)
    assert listing(tmp_path) == [], "and nothing is left"


@pytest.mark.parametrize("first", ["nothing", "something"])
def test_of_two_that_end_together_the_last_stays_and_none_fails(tmp_path, first):
    code = """
until = time.monotonic() + 1
while time.monotonic() < until:
    write("served")
    write("served", 2)
"""
    if first == "something":
        finished(light("write('served')", tmp_path))
    finished(*(light(code, tmp_path) for _ in range(4)))
    assert listing(tmp_path) == ["served"]
    assert whole(tmp_path / "served")


# --- Killed


def kill_while_it_replaces(directory, cwd, check):
    code = f"""
print("ready", flush=True)
while True:
    write({str(directory)!r})
    write({str(directory)!r}, 2, "two")
"""
    rng = random.Random(7)
    for _ in range(KILLS):
        with light(code, cwd) as process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(rng.uniform(0.02, 0.1))
            process.kill()
        assert process.returncode == -signal.SIGKILL
        check()


def test_killed_at_any_moment_one_whole_directory_is_there(tmp_path):
    run = tmp_path / "run"
    finished(light("write('run')", tmp_path))

    def check():
        before = listing(tmp_path)
        aside = presets.moved_aside(run)
        assert (aside is None) == run.exists()
        assert whole(aside or run)
        assert listing(tmp_path) == before, "to read changes nothing"
        presets.recover(run)
        assert listing(tmp_path) == ["run"] and whole(run)

    kill_while_it_replaces(run, tmp_path, check)


def test_killed_at_any_moment_in_a_mount_one_whole_directory_is_there(tmp_path):
    """Here the content is moved one by one; the root directory cannot be renamed."""
    with bound(tmp_path / "out"):
        finished(light("write('out')", tmp_path))

        def check():
            presets.recover(tmp_path / "out")
            assert whole(tmp_path / "out")
            assert not [n for n in listing(tmp_path / "out") if n.startswith(".")]

        kill_while_it_replaces(tmp_path / "out", tmp_path, check)
        assert listing(tmp_path) == ["out", "source"]


def bound(path):
    """Bind a directory to a path, which makes it a mount point, as a context."""
    import contextlib

    source = path.with_name("source")
    source.mkdir(exist_ok=True)
    path.mkdir(exist_ok=True)

    @contextlib.contextmanager
    def mount():
        if shutil.which("mount") is None:
            pytest.skip("there is no mount")
        result = subprocess.run(
            ["mount", "--bind", source, path], capture_output=True, check=False
        )
        if result.returncode:
            pytest.skip(f"nothing can be mounted here: {result.stderr.decode()}")
        try:
            yield
        finally:
            subprocess.run(["umount", path], check=True)

    return mount()


@pytest.mark.parametrize("moment", range(1, 12))
def test_each_moment_of_replacing_a_mounts_content(tmp_path, monkeypatch, moment):
    """A kill at the first, second, … rename: old or new, whole, after `recover`."""
    monkeypatch.setattr(places, "_is_mount", lambda path: path == tmp_path / "out")
    out = tmp_path / "out"
    out.mkdir()

    def write(text, count):
        with new_directory(out) as directory:
            for name in ["step.onnx", "sequence.onnx", "metadata.json"][-count:]:
                text_ = f'{{"reads": "{text}", "parameters": 1}}'
                (directory / name).write_text(text_)

    write("old", 3)
    renames, rename = [], pathlib.Path.rename

    def rename_or_die(self, target):
        renames.append(self)
        if len(renames) == moment:
            # As a kill: nothing after this is done by this process.
            monkeypatch.setattr(places, "_put_back", lambda *args: None)
            monkeypatch.setattr(places, "_remove", lambda *args: None)
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(pathlib.Path, "rename", rename_or_die)
    try:
        write("new", 2)
        assert moment > len(renames)
    except KeyboardInterrupt:
        pass
    monkeypatch.undo()
    monkeypatch.setattr(places, "_is_mount", lambda path: path == tmp_path / "out")
    presets.recover(out)
    assert whole(out)
    assert not [name for name in listing(out) if name.startswith(".")]


def test_a_process_in_another_container_is_alive_and_a_dead_one_is_not(tmp_path):
    unshare = ("unshare", "--pid", "--fork", "--mount-proc")
    try:
        subprocess.run([*unshare, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no namespace of processes can be made: {error}")
    hold = """
with new_directory("run") as directory, training_directory("run"):
    (directory / "half").touch()
    print(os.getpid(), flush=True)
    input()
"""
    for here, there in (((), unshare), (unshare, ())):
        with light(hold, tmp_path, *here, process_group=0) as process:
            number = int(process.stdout.readline())
            assert number == 1 if here else number > 1
            before = listing(tmp_path)
            assert len(before) == 2
            finished(light("recover('run')", tmp_path, *there))
            assert listing(tmp_path) == before
            busy = "try:\n    with training_directory('run'): print('in')\n"
            busy += "except RuntimeError: print('busy')"
            assert finished(light(busy, tmp_path, *there)) == ["busy\n"]
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        # Its number, 1, lives again here; its lock does not.
        finished(light("recover('run')", tmp_path, *there))
        assert listing(tmp_path) == [".run.training"], "which waits for --resume"
        with training_directory(tmp_path / "run"):
            pass
        assert listing(tmp_path) == []


def test_who_reads_is_told_of_a_run_that_was_moved_aside(tmp_path):
    aside = tmp_path / ".digits_gru.partial-0123abcd" / "old"
    aside.mkdir(parents=True)
    (aside / "model.keras").touch()
    os.utime(aside.parent, (0, 0))
    shipped = jobs.find_run("digits_gru", runs=tmp_path / "none")
    with pytest.warns(UserWarning, match=f"digits_gru is not there.*mv {aside} "):
        assert jobs.find_run("digits_gru", runs=tmp_path) == shipped
    with (
        pytest.warns(UserWarning, match=f"To have it back: mv {aside} "),
        pytest.raises(FileNotFoundError),
    ):
        jobs.find_run(str(tmp_path / "digits_gru"))
    assert (aside / "model.keras").exists()


# --- Locks that are none


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_not_a_second_training(
    tmp_path, monkeypatch, number
):
    def flock(file, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(places.fcntl, "flock", flock)
    with (
        pytest.warns(UserWarning, match="has no locks"),
        training_directory(tmp_path / "run") as directory,
        new_directory(tmp_path / "run") as new,
    ):
        (new / "file").touch()
        (directory / "checkpoint.npz").touch()
    assert listing(tmp_path) == ["run"]


@pytest.mark.parametrize("number", [errno.EWOULDBLOCK, errno.EACCES])
def test_a_lock_that_is_taken_is_a_second_training(tmp_path, monkeypatch, number):
    def flock(file, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(places.fcntl, "flock", flock)
    message = "must not be in training by another process. Received: path="
    with (
        pytest.raises(RuntimeError, match=message),
        training_directory(tmp_path / "run"),
    ):
        pass


# --- Other users

needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="only root can act as another user",
)
THEM = 65534


@pytest.fixture
def shared():
    """A directory that everybody may write, as /tmp; under no private one."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        os.chmod(directory, 0o1777)
        yield pathlib.Path(directory)


def given(path):
    """Give a path and all below to another user."""
    for one in (path, *path.rglob("*")) if path.is_dir() else (path,):
        os.chown(one, THEM, THEM, follow_symlinks=False)
    return path


@needs_root
@pytest.mark.parametrize("what", ["directory", "link", "link to mine"])
def test_a_training_directory_of_somebody_else_is_not_used(shared, tmp_path, what):
    victim, planted = tmp_path / "bashrc", shared / ".x.training"
    victim.write_text("precious")
    real = planted if what == "directory" else tmp_path / "real"
    real.mkdir()
    for name in (".history.csv", "history.csv", "checkpoint.npz", ".lock"):
        (real / name).symlink_to(victim)
    if real != planted:
        planted.symlink_to(real)
    if what != "link to mine":
        given(real)
        given(planted)
    message = r"must be free for a training of this user. Received: path=.*\.training"
    with (
        pytest.raises(PermissionError, match=message),
        training_directory(shared / "x"),
    ):
        pass
    assert victim.read_text() == "precious"
    assert planted.is_dir() and len(list(real.iterdir())) == 4


def test_files_of_known_names_are_written_through_no_link(tmp_path):
    """A directory of ours that others may write into."""
    victim = tmp_path / "bashrc"
    victim.write_text("precious")
    with training_directory(tmp_path / "x") as directory:
        for name in ("history.csv", ".history.csv", "checkpoint.npz"):
            (directory / name).symlink_to(victim)
        one = checkpoints.Checkpoint({"model": []}, {"loss": [1.0]}, 1.0, 1, 0, False)
        one.write(directory)
        assert checkpoints.Checkpoint.read(directory).epochs == 1
        assert not (directory / "history.csv").is_symlink()
    assert victim.read_text() == "precious"
    (tmp_path / ".y.training").mkdir()
    (tmp_path / ".y.training" / ".lock").symlink_to(victim)
    with pytest.raises(OSError), training_directory(tmp_path / "y"):  # noqa: PT011
        pass
    assert victim.read_text() == "precious"


@needs_root
def test_what_other_users_left_behind_is_theirs(shared):
    left = shared / ".x.partial-01234567"
    (left / "old").mkdir(parents=True)
    given(left)
    os.utime(left, (0, 0))
    places.recover(shared / "x")
    assert (left / "old").is_dir() and not (shared / "x").exists()
    assert presets.moved_aside(shared / "x") is None


@needs_root
def test_what_belongs_to_somebody_else_is_not_replaced(shared, tmp_path):
    finished(light("write('theirs')", shared))
    given(shared / "theirs")
    with pytest.raises(FileExistsError, match="metadata.json of another user"):
        places.replaceable(shared / "theirs", "export")
    (shared / "mine").mkdir()
    (shared / "link").symlink_to("mine")
    os.chown(shared / "link", THEM, THEM, follow_symlinks=False)
    with pytest.raises(PermissionError, match="must not be another user's link"):
        places.replaceable(shared / "link")
    (shared / "empty").mkdir()
    given(shared / "empty")
    assert places.replaceable(shared / "empty").inside, "their directory stays theirs"


@needs_root
def test_where_nothing_can_be_made_beside_a_directory_its_content_is_replaced(shared):
    """As in a container, or below /scratch, where the parent is the system's."""
    act = f"""
os.setgid({THEM}); os.setuid({THEM})
for text in "one", "two":
    with training_directory("system/mine") as directory:
        (directory / "checkpoint.npz").touch()
        write("system/mine", 2, text)
assert sorted(os.listdir("system/mine")) == ["metadata.json", "sequence.onnx"]
assert "two" in open("system/mine/sequence.onnx").read()
for path in "system/new", "system/root's":
    try:
        places.replaceable(path)
    except PermissionError as error:
        print(error)
"""
    mine = shared / "system" / "mine"
    mine.mkdir(parents=True)
    given(mine)
    (shared / "system" / "root's").mkdir()
    os.chmod(shared / "system", 0o755)
    [text] = finished(light(act, shared))
    assert text.count("a directory that can be written. Received: path=") == 2
    assert listing(mine.parent) == ["mine", "root's"]
    assert mine.stat().st_uid == THEM


def test_a_share_that_gives_everything_to_one_user_gives_it_to_us(tmp_path):
    """Some network shares name one owner for all files, whoever makes them."""
    status = tmp_path.stat()
    theirs = os.stat_result((*status[:4], status.st_uid + 1, *status[5:10]))
    assert places.is_mine(status, tmp_path)
    assert not places.is_mine(theirs, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places.os, "geteuid", lambda: status.st_uid + 5)
        assert places.is_mine(status, tmp_path), "new files get that owner as well"
