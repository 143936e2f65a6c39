"""The cache of compiled kernels: hostile, full, missing, without locks, cut short."""

import errno
import hashlib
import os
import pathlib
import signal
import stat
import subprocess
import sys
import threading
import time

import pytest

from keras_rnn_zoo import native
from keras_rnn_zoo.native import build, cache, compiler

ROOT = pathlib.Path(build.__file__).parents[2]
NOBODY = 65534

pytestmark = pytest.mark.skipif(cache.fcntl is None, reason="not offered here")
as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="only the superuser can act for another user",
)


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A cache of its own, of a process that knows nothing yet."""
    monkeypatch.setenv("KERAS_RNN_ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KERAS_RNN_ZOO_NATIVE", raising=False)
    forget(monkeypatch)
    return tmp_path / "cache"


def forget(monkeypatch):
    """What a new process would not know."""
    for name in ("_loaded", "_reasons", "_builders"):
        monkeypatch.setattr(build, name, {})
    monkeypatch.setattr(build, "_said", set())
    monkeypatch.setattr(compiler, "_versions", {})


@pytest.fixture
def use_compiler(tmp_path, monkeypatch):
    """`use_compiler(script)`: $CXX is this shell script, which notes its calls."""

    def use(script, name="fake"):
        path = tmp_path / name
        calls = tmp_path / f"{name}.calls"
        path.write_text(f'#!/bin/sh\necho "$*" >> {calls}\n{script}\n')
        path.chmod(0o755)
        monkeypatch.setenv("CXX", str(path))
        return lambda: calls.read_text().count("-soname") if calls.exists() else 0

    return use


# Compiles in no time: whatever is to be made holds the word "made".
MAKES = """
case "$*" in *--version*) echo fake 1.0; exit;; esac
while [ $# -gt 0 ]; do
  if [ "$1" = -o ]; then echo made > "$2"; fi
  shift
done
"""


def fails_with(message, when="*-shared*"):
    return (
        'case "$*" in *--version*) echo fake 1.0;;\n'
        f"{when}) cat <<'END'\n{message}\nEND\nexit 1;;\nesac"
    )


# ------------------------------------------------------------------ who owns it


def plant(directory, uid=NOBODY):
    """Another user puts an intact library where ours will be looked for."""
    path = pathlib.Path(build.status().path)
    digest = hashlib.sha256(b"evil").hexdigest()
    script = (
        f"umask 022; mkdir -p {path.parent}; printf evil > {path}; "
        f"echo {digest} > {path.with_suffix('.sha256')}"
    )
    subprocess.run(
        ["/bin/sh", "-c", script], user=uid, group=uid, extra_groups=[], check=True
    )
    return path


@pytest.fixture
def opened(monkeypatch):
    """The paths of the libraries that would have been loaded."""
    paths = []
    monkeypatch.setattr(build, "_open", lambda path, dtype: paths.append(path) or "ops")
    return paths


def own_library(path):
    cache.make_directory(path.parent)
    path.write_bytes(b"mine")
    path.with_suffix(".sha256").write_text(cache.sha256(path))
    for file in (path, path.with_suffix(".sha256")):
        file.chmod(0o600)


@pytest.fixture
def shared(tmp_path):
    """A directory as /tmp, below which nobody is kept out."""
    for parent in [tmp_path, *tmp_path.parents]:
        if parent.stat().st_uid == os.getuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    directory = tmp_path / "shared"
    directory.mkdir()
    directory.chmod(0o1777)
    return directory


@as_root
@pytest.mark.parametrize("variable", ["KERAS_RNN_ZOO_CACHE", "XDG_CACHE_HOME"])
def test_the_whole_cache_is_somebody_elses(
    variable, shared, fresh, use_compiler, opened, monkeypatch
):
    use_compiler(MAKES)
    monkeypatch.delenv("KERAS_RNN_ZOO_CACHE")
    monkeypatch.setenv(variable, str(shared / "cache"))
    path = plant(shared)
    assert path.read_bytes() == b"evil"
    assert not build.status().available
    assert build.load(wait=None) is None and not opened
    assert f"belongs to another user, {NOBODY}" in build.status().reason
    with pytest.raises(build.NativeBuildError, match="another user"):
        build.build()
    assert path.read_bytes() == b"evil"


@as_root
def test_only_the_file_is_somebody_elses(fresh, use_compiler, opened):
    """In a cache that was made with the wrong rights, long ago."""
    use_compiler(MAKES)
    path = pathlib.Path(build.status().path)
    own_library(path)
    assert build.status().available
    os.chown(path, NOBODY, NOBODY)
    assert not build.status().available
    # The directories are mine, so mine takes its place.
    assert build.load(wait=None) == "ops" and opened == [path]
    assert path.stat().st_uid == os.getuid() and path.read_bytes() == b"made\n"


CHANGED = {
    "file for all": lambda path: path.chmod(0o666),
    "file for the group": lambda path: path.chmod(0o660),
    "digest for all": lambda path: path.with_suffix(".sha256").chmod(0o666),
    "its directory": lambda path: path.parent.chmod(0o777),
    "its directory, sticky": lambda path: path.parent.chmod(0o1777),
    "the cache": lambda path: path.parents[1].chmod(0o770),
    "what is above": lambda path: path.parents[2].chmod(0o777),
    "a link to it": lambda path: (
        path.rename(path.with_name("x")) and path.symlink_to("x")
    ),
    "its directory is a link": lambda path: (
        path.parent.rename(path.parents[1] / "y") and path.parent.symlink_to("y")
    ),
}


@pytest.mark.parametrize("how", CHANGED)
def test_what_others_could_change_is_not_loaded(how, fresh, use_compiler):
    use_compiler(MAKES)
    path = pathlib.Path(build.status().path)
    own_library(path)
    assert build.status().available
    CHANGED[how](path)
    assert path.read_bytes() == b"mine"
    assert not build.status().available


def test_below_a_sticky_directory_and_by_a_link_of_mine(
    fresh, shared, use_compiler, monkeypatch
):
    use_compiler(MAKES)
    monkeypatch.setenv("KERAS_RNN_ZOO_CACHE", str(shared / "mine"))
    own_library(pathlib.Path(build.status().path))
    assert build.status().available
    (shared / "link").symlink_to("mine")  # as ~/.cache, where a home is small
    monkeypatch.setenv("KERAS_RNN_ZOO_CACHE", str(shared / "link"))
    assert build.status().available
    if os.geteuid() == 0:
        os.chown(shared / "link", NOBODY, NOBODY, follow_symlinks=False)
        assert not build.status().available


def test_all_that_is_made_is_for_me_alone(fresh, use_compiler, monkeypatch):
    use_compiler(MAKES)
    monkeypatch.setenv("KERAS_RNN_ZOO_CACHE", str(fresh / "a" / "b"))
    before = os.umask(0)
    try:
        path = pathlib.Path(build.build())
    finally:
        os.umask(before)
    assert build.status().available
    made = [p for p in [path, path.with_suffix(".sha256"), *path.parents]]
    for step in made[: made.index(fresh.parent)]:
        assert stat.S_IMODE(step.stat().st_mode) & 0o077 == 0, step


# ----------------------------------------------------------------- no such place


def nobody_at_home(monkeypatch):
    def without(uid):
        raise KeyError(f"uid not found: {uid}")

    monkeypatch.setattr(cache.pwd, "getpwuid", without)


@pytest.mark.parametrize(
    "environment, expected",
    [
        ({"HOME": "/h"}, "/h/.cache/keras_rnn_zoo/native"),
        ({"HOME": ""}, "/passwd/.cache/keras_rnn_zoo/native"),
        ({}, "/passwd/.cache/keras_rnn_zoo/native"),
        ({"HOME": "h"}, None),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/keras_rnn_zoo/native"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "x"}, "/h/.cache/keras_rnn_zoo/native"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "~/x"}, "/h/.cache/keras_rnn_zoo/native"),
        ({"HOME": "/h", "XDG_CACHE_HOME": ""}, "/h/.cache/keras_rnn_zoo/native"),
        ({"HOME": "/h", "KERAS_RNN_ZOO_CACHE": "~/x"}, "/h/x/native"),
        ({"HOME": "/h", "KERAS_RNN_ZOO_CACHE": "~"}, "/h/native"),
        ({"HOME": "/h", "KERAS_RNN_ZOO_CACHE": "~no-such-user/x"}, None),
        ({"HOME": "/h", "KERAS_RNN_ZOO_CACHE": "/y/../x"}, "/x/native"),
        ({"KERAS_RNN_ZOO_CACHE": "/x"}, "/x/native"),
    ],
)
def test_where_the_cache_is(environment, expected, monkeypatch):
    for name in ("HOME", "XDG_CACHE_HOME", "KERAS_RNN_ZOO_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    entry = type("Entry", (), {"pw_dir": "/passwd"})
    monkeypatch.setattr(cache.pwd, "getpwuid", lambda uid: entry)
    if expected is None:
        with pytest.raises(build.NativeBuildError, match="no cache directory: "):
            cache.cache_dir()
    else:
        assert str(cache.cache_dir()) == expected


def test_no_home_in_this_process(fresh, monkeypatch):
    for name in ("HOME", "XDG_CACHE_HOME", "KERAS_RNN_ZOO_CACHE"):
        monkeypatch.delenv(name, raising=False)
    nobody_at_home(monkeypatch)
    assert build.load(wait=None) is None
    status = build.status()
    assert not status.available and status.cache_dir == ""
    assert status.reason.startswith("no cache directory: this user has no home")
    assert not native.supports("lstm", "float64")
    assert build.clean() == 0


STRANGER = """
import os
import numpy as np
from keras_rnn_zoo import GRU, native
os.setgroups([]), os.setgid(12345), os.setuid(12345)
print(GRU(3)(np.zeros((2, 4, 5), "float32")).shape, native.status().reason)
"""


@as_root
def test_a_user_without_home_and_entry():
    """As `docker run --user 12345`."""
    away = ("HOME", "XDG_CACHE_HOME", "KERAS_RNN_ZOO_CACHE", "CXX")
    environment = {k: v for k, v in os.environ.items() if k not in away}
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", STRANGER],
        env=environment, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr[-3000:]
    assert answer.stdout.startswith("(2, 3) no cache directory: "), answer.stdout


# ------------------------------------------------- compilers, and all that can fail


WRONG_COMPILERS = {
    "says nothing, does nothing": ("exit 0", "made nothing"),
    "no version": ("exit 3", "does not run"),
    "killed": ("kill -9 $$", "does not run"),
    "garbage": (r"printf '\377\376\0'; exit 1", "does not run"),
    "makes what is no library": (MAKES, "cannot be loaded"),
}


@pytest.mark.parametrize("kind", WRONG_COMPILERS)
def test_wrong_compilers(kind, fresh, use_compiler):
    script, reason = WRONG_COMPILERS[kind]
    use_compiler(script)
    assert build.load(wait=None) is None
    assert reason in build.status().reason
    assert not native.supports("lstm", "float32")
    assert not list((fresh / "native").glob("build-*"))


@pytest.mark.parametrize(
    "command", ['g++ "-O2', "'", "/", "no-such-compiler", "   ", "g++\0x"[:3] + "\\"]
)
def test_commands_that_are_none(command, fresh, monkeypatch):
    monkeypatch.setenv("CXX", command)
    assert build.load(wait=None) is None
    status = build.status()
    assert status.reason.startswith("no C++ compiler: ") and not status.available
    assert status.compiler is None and compiler.find_compiler() is None


def alive(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("when", ["--version", "-c"])
def test_a_compiler_that_hangs(when, fresh, tmp_path, use_compiler, monkeypatch):
    pid = tmp_path / "pid"
    hang = f"{{ sleep 300 & echo $! > {pid}; wait; }}"
    use_compiler(
        f'case "$*" in *{when}\\ *|*{when}) {hang};; *--version*) echo fake 1.0;; esac'
    )
    monkeypatch.setattr(compiler, "_VERSION_SECONDS", 0.5)
    monkeypatch.setattr(build, "_COMPILE_SECONDS", 0.5)
    assert build.load(wait=None) is None
    assert "did not end within" in build.status().reason
    until(lambda: not alive(int(pid.read_text())))
    assert not list((fresh / "native").glob("build-*"))


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks(number, fresh, use_compiler, opened, monkeypatch):
    use_compiler(MAKES)

    def flock(handle, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(cache.fcntl, "flock", flock)
    paths = []
    threads = [
        threading.Thread(target=lambda: paths.append(build.build(force=True)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 4 and len(set(paths)) == 1
    assert build.status().available and build.load(wait=None) == "ops"
    assert not list((fresh / "native").glob("build-*"))


@pytest.mark.parametrize(
    "error", [KeyError("x"), RecursionError(), MemoryError(), UnicodeError(), OSError()]
)
@pytest.mark.parametrize("where", ["_key", "_compile", "_open"])
def test_whatever_goes_wrong_is_a_reason(
    where, error, fresh, use_compiler, monkeypatch
):
    def fail(*_):
        raise error

    use_compiler(MAKES)
    monkeypatch.setattr(build, where, fail)
    assert build.load(wait=None) is None
    assert build.status().reason
    assert not native.supports("gru", "float32")
    assert not native.supports("gru", "float64")


def test_nonsense_is_answered(fresh, monkeypatch):
    for dtype in ("float16", None, 3, [], {}):
        assert build.load(dtype) is None
        assert not build.status(dtype).available
        build.start_building(dtype)
    monkeypatch.setattr(sys, "stderr", None)
    build._say("nobody listens")


def test_no_more_threads(fresh, monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    build.start_building()
    assert build.load(wait=None) is None
    assert "can't start new thread" in build.status().reason


# ------------------------------------------------------------ what is remembered


STATES_OF_THE_MACHINE = [
    "as: Fatal error: can't close x.o: No space left on device",
    "driver.h:3: fatal error: error writing to /tmp/cc.s: No space left on device",
    "cc1plus: out of memory allocating 65536 bytes after a total of 1 bytes",
    "virtual memory exhausted: Cannot allocate memory",
    "g++: fatal error: Killed signal terminated program cc1plus",
    "g++: fatal error: cannot execute 'cc1plus': vfork: Resource temporarily ...",
    "driver.cc:1: internal compiler error: Segmentation fault",
    "x.h:1: fatal error: x.h: Too many open files",
    "ld: final link failed: File too large",
    "ld: final link failed: Disk quota exceeded",
    "fatal error: x.o: Read-only file system",
    "sh: 1: something nobody has heard of",
]


@pytest.mark.parametrize("message", STATES_OF_THE_MACHINE)
def test_the_state_of_the_machine_is_not_remembered(
    message, fresh, use_compiler, monkeypatch
):
    calls = use_compiler(fails_with(message))
    for attempt in (1, 2):
        assert build.load(wait=None) is None
        assert message in build.status().reason and calls() == attempt
        assert not list(fresh.glob("native/*/*.failed"))
        forget(monkeypatch)
    use_compiler(MAKES)  # room again
    assert build.build() and build.status().available


@pytest.mark.parametrize(
    "message",
    [
        "driver.h:7:3: error: expected ';'",
        "ops.cc:9:10: fatal error: tensorflow/c/ops.h: No such file or directory",
        "ops.cc:(.text+0x1): undefined reference to `TF_NewStatus'",
        "/usr/bin/ld: cannot find -lstdc++",
        "g++: error: unrecognized command-line option '--std=c++17'",
    ],
)
def test_an_error_of_the_sources_is_remembered_for_a_day(
    message, fresh, use_compiler, monkeypatch
):
    calls = use_compiler(fails_with(message))
    for _ in range(2):
        assert build.load(wait=None) is None
        assert message in build.status().reason and calls() == 1
        forget(monkeypatch)
    (failed,) = fresh.glob("native/*/*.failed")
    yesterday = time.time() - 25 * 3600
    os.utime(failed, (yesterday, yesterday))
    assert build.load(wait=None) is None and calls() == 2
    forget(monkeypatch)
    with pytest.raises(build.NativeBuildError, match="failed with status 1"):
        build.build()
    assert calls() == 3


@pytest.mark.skipif(compiler.find_compiler() is None, reason="no C++ compiler")
def test_a_real_compiler_on_a_full_disk(fresh, use_compiler, monkeypatch):
    """No file of it can be larger than 512 bytes."""
    words = compiler.find_compiler()
    use_compiler(f"ulimit -f 1; exec {' '.join(words)} $*")
    # Quick to compile, and more than that.
    sources = fresh.parent / "sources"
    sources.mkdir()
    (sources / "ops.cc").write_text("int numbers[9999] = {1};\n")
    monkeypatch.setattr(build, "SOURCES", sources)
    assert build.load(wait=None) is None
    assert "failed with status" in build.status().reason
    assert not list(fresh.glob("native/*/*.failed"))
    assert not list(fresh.glob("native/build-*"))


# ------------------------------------------------------- in the background, cut short


SLOW = MAKES.replace("while", 'case "$*" in *-shared*) sleep 1;; esac\nwhile', 1)


def test_built_in_the_background(fresh, use_compiler, opened, capsys):
    use_compiler(SLOW)
    began = time.monotonic()
    build.start_building()
    build.start_building()
    assert build.load(wait=0.0) is None and build.load(wait=0.05) is None
    assert time.monotonic() - began < 1
    assert build.status().reason == "not compiled yet; that is under way"
    assert capsys.readouterr().err.count("are not compiled yet") == 1
    assert build.load(wait=None) == "ops" and len(opened) == 1
    assert build.status().available
    assert "compiled yet" not in capsys.readouterr().err


def test_in_the_cache_already(fresh, use_compiler, opened):
    calls = use_compiler(MAKES)
    build.build()
    assert calls() == 1
    build.start_building()
    assert build.load() == "ops" and calls() == 1


def test_float64_needs_both(fresh, use_compiler, opened):
    use_compiler(MAKES)
    build.start_building("float64")
    assert build.load("float64", wait=None) == "ops"
    assert [path.name for path in opened] == ["float32.so", "float64.so"]


def test_another_process_builds(fresh, use_compiler, opened):
    """Its lock is waited for, and then its library is taken."""
    calls = use_compiler(MAKES)
    cache.make_directory(fresh / "native")
    with cache.lock(fresh / "native", 1) as alone:
        assert alone
        assert build.load(wait=0.2) is None
        assert build.status().reason == "not compiled yet; that is under way"
        own_library(pathlib.Path(build.status().path))
    assert build.load(wait=None) == "ops" and calls() == 0


def test_a_fork_while_it_builds(fresh, use_compiler, opened):
    """The child has no thread that builds, and not the parent's lock."""
    use_compiler(SLOW)
    build.start_building()
    until(lambda: list((fresh / "native").glob("build-*")))
    child = os.fork()
    if child == 0:
        try:
            path = build.build("float32")
            os._exit(0 if pathlib.Path(path).exists() else 1)
        finally:
            os._exit(2)
    assert build.load(wait=None) == "ops"
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# The module alone, as TensorFlow takes seconds to import.
ALONE = """
import runpy, sys, time
Command = runpy.run_path(sys.argv[1])["Command"]
script = 'sleep 300 & echo $! > "$1.part"; mv "$1.part" "$1"; wait'
command = Command(["sh", "-c", script, "sh", sys.argv[3]], sys.argv[2])
time.sleep(300)
"""


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_a_killed_build_leaves_nothing(how, tmp_path):
    private, pid = tmp_path / "build-x", tmp_path / "pid"
    private.mkdir()
    (private / "driver.o").write_text("")
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", ALONE, compiler.__file__, private, pid],
        stderr=subprocess.DEVNULL,
    )
    until(pid.exists)
    assert alive(int(pid.read_text())) and private.exists()
    process.send_signal(getattr(signal, how))
    process.wait()
    until(lambda: not alive(int(pid.read_text())) and not private.exists())


def test_what_a_crash_of_the_machine_left(fresh, use_compiler):
    use_compiler(MAKES)
    (fresh / "native" / "build-old").mkdir(parents=True)
    for directory in (fresh, fresh / "native"):
        directory.chmod(0o700)
    build.build()
    assert not list((fresh / "native").glob("build-*"))


ENDS = """
import glob, os, time
from keras_rnn_zoo import native
native.start_building()
while not glob.glob(os.environ["KERAS_RNN_ZOO_CACHE"] + "/native/build-*/pid"):
    time.sleep(0.02)
print(time.time())
"""


def test_the_interpreter_ends_meanwhile(fresh, tmp_path, use_compiler):
    pid = tmp_path / "pid"
    use_compiler(
        'case "$*" in *--version*) echo fake 1.0;; *-c*) '
        f'echo $$ > {pid}; touch "$TMPDIR/pid"; exec sleep 300;; esac'
    )
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ENDS],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    took = time.time() - float(answer.stdout)
    assert answer.returncode == 0 and "Traceback" not in answer.stderr, answer.stderr
    assert took < 10
    assert not list((fresh / "native").glob("build-*"))
    written = pid.read_text().strip()  # nothing, if it was ended before it wrote
    assert not written or not alive(int(written))
