"""Compiles the C++ sources at first use, once per user, and loads the library.

A library is kept in the user's cache directory under a key made of everything that it
depends on: TensorFlow, compiler, flags, processor and sources. It is built in a private
directory under a file lock and moved into place when it is complete, with its sha256
beside it. One whose sha256 differs, or that another user could have put there, is never
loaded. Where there can be none, for whatever reason, everything runs without it.

A thread of the process that needs a library builds it: see `start_building` and `load`.

Environment:
    KERAS_RNN_ZOO_NATIVE: `0` turns the native kernels off.
    KERAS_RNN_ZOO_CACHE: the cache directory, instead of `$XDG_CACHE_HOME/keras_rnn_zoo`
        or `~/.cache/keras_rnn_zoo`.
    CXX: the compiler, instead of the first of g++, clang++, c++ on the PATH.
"""

import atexit
import contextlib
import ctypes
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import platform
import shlex
import shutil
import sys
import tempfile
import threading
import time
from typing import Any

from keras_rnn_zoo.native import cache
from keras_rnn_zoo.native.compiler import (
    Command,
    NativeBuildError,
    end_all,
    find_compiler,
    forget_versions,
    version,
    why_no_compiler,
)

SOURCES = pathlib.Path(__file__).parent

# One library for each type. The first declares the ops, so it is always loaded first.
DTYPES = {"float32": "float", "float64": "double"}

# How long the first use of a kernel waits for its library.
WAIT_SECONDS = 6.0

FLAGS = (
    "-O2",
    "-fPIC",
    "-w",
    "-DNDEBUG",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-finite-math-only",
)
# What is missing is to be found when the library is loaded, not when it is called.
LINK_FLAGS = ("-Wl,-z,now",)
# No time is spent there at run time; what of the writer takes time is in driver.cc.
FLAGS_OF_SOURCE = {"ops.cc": ("-O1",), "writer.cc": ("-O1",)}
# The first set that the compiler accepts. GCC 12 cannot compile Eigen with AVX512-FP16.
MACHINE_FLAGS = (("-march=native", "-mno-avx512fp16"), ("-march=native",), ())

_COMPILE_SECONDS = 900
_PROBE_SECONDS = 30
_lock = threading.RLock()
_loaded = {}
_reasons = {}
_builders = {}
_said = set()


@dataclasses.dataclass(frozen=True)
class NativeStatus:
    """What is known of the native kernels, without building anything.

    Attributes:
        available: bool. The library is loaded, or lies in the cache and is intact.
        path: str or None. The library's file.
        reason: str. Why it is not available; empty when it is.
        compiler: str or None. The compiler's command.
        version: str or None. The first line of the compiler's version.
        cache_dir: str. Where libraries are kept; empty if there is no such place.
        loaded: bool. This process has loaded it.
    """

    available: bool
    path: str | None
    reason: str
    compiler: str | None
    version: str | None
    cache_dir: str
    loaded: bool


@functools.cache
def _processor():
    """What `-march=native` depends on."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return [platform.machine(), platform.processor(), platform.version()]
    wanted = ("vendor_id", "cpu family", "model", "flags", "Features", "CPU ")
    return [platform.machine()] + [x for x in lines if x.startswith(wanted)]


def _sources():
    return sorted(SOURCES.glob("*.h")) + sorted(SOURCES.glob("*.cc"))


def _key(compiler):
    """Everything that the library depends on, as a short hash."""
    import tensorflow as tf

    facts = {
        "tensorflow": [tf.version.VERSION, tf.version.GIT_VERSION],
        "flags": [
            *tf.sysconfig.get_compile_flags(),
            *tf.sysconfig.get_link_flags(),
            *FLAGS,
            *LINK_FLAGS,
            FLAGS_OF_SOURCE,
            *map(list, MACHINE_FLAGS),
        ],
        "compiler": [*compiler, version(compiler)],
        "processor": _processor(),
        "sources": [[p.name, cache.sha256(p)] for p in _sources()],
    }
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _turned_off():
    value = os.environ.get("KERAS_RNN_ZOO_NATIVE", "").strip().lower()
    return value in ("0", "off", "false", "no")


def _where(dtype):
    """Returns `(compiler, library path)`; raises when there can be none."""
    if _turned_off():
        raise NativeBuildError("turned off by KERAS_RNN_ZOO_NATIVE")
    if cache.fcntl is None:
        raise NativeBuildError(f"not offered on {platform.system()}")
    compiler = find_compiler()
    if compiler is None:
        raise NativeBuildError(why_no_compiler())
    return compiler, cache.cache_dir() / _key(compiler) / f"{dtype}.so"


def _say(text):
    """Writes a line for the user; where nobody listens, it does not matter."""
    with contextlib.suppress(Exception):
        print(f"keras_rnn_zoo: {text}", file=sys.stderr, flush=True)


def _accepted_machine_flags(compiler):
    for flags in MACHINE_FLAGS:
        words = [*compiler, *flags, "-x", "c++", "-fsyntax-only", os.devnull]
        if Command(words).finish(_PROBE_SECONDS)[0] == 0:
            return flags
    raise NativeBuildError("the compiler does not compile an empty file")


def _compile(compiler, dtype, target):
    """Compiles and links `target`; raises `NativeBuildError` with the log."""
    import tensorflow as tf

    options = [
        *tf.sysconfig.get_compile_flags(),
        *FLAGS,
        *_accepted_machine_flags(compiler),
        f"-DKERAS_RNN_ZOO_TYPE={DTYPES[dtype]}",
        *(["-DKERAS_RNN_ZOO_REGISTER"] if dtype == "float32" else []),
    ]
    deadline = time.monotonic() + _COMPILE_SECONDS

    def run(*commands):
        """All at once."""
        begun = []
        try:
            for words in commands:
                begun.append(Command([*compiler, *words], str(target.parent)))
            for command in begun:
                status, log = command.finish(deadline - time.monotonic())
                if status:
                    tail = "\n".join(log.splitlines()[:20])
                    raise NativeBuildError(
                        f"the compiler failed with status {status}: {tail}"
                    )
        finally:
            for command in begun:
                command.end()

    sources = sorted(SOURCES.glob("*.cc"))
    objects = [str(target.with_name(f"{dtype}-{p.stem}.o")) for p in sources]
    stand_in, link_flags = _linked_to(tf.sysconfig.get_link_flags(), target.parent)
    run(
        *[
            [*options, *FLAGS_OF_SOURCE.get(p.name, ()), "-c", str(p), "-o", made]
            for p, made in zip(sources, objects, strict=True)
        ],
        *stand_in,
    )
    run(["-shared", *objects, "-o", str(target), *LINK_FLAGS, *link_flags])
    if not target.is_file():
        raise NativeBuildError("the compiler ended well and made nothing")


def _linked_to(flags, directory):
    """How to link to TensorFlow: `(commands to run before, flags)`.

    A linker reads all names of a library, and TensorFlow's are a third of a second's
    work. An empty library of the same name does: the loader takes the one that this
    process has, where it finds what it needs or says what it does not.
    """
    name = next((f.removeprefix("-l:") for f in flags if f.startswith("-l:")), None)
    if name is None:
        return [], flags
    made = str(directory / name)
    empty = ("-shared", "-nostdlib", "-x", "c++", os.devnull, "-o", made)
    taken = (f"-L{directory}", "-Wl,--no-as-needed", f"-l:{name}")
    return [[*empty, f"-Wl,-soname,{name}"]], [*taken]


def _ensure(dtype, again=False, remembered=True):
    """Returns the path of an intact library, which it builds when there is none.

    Args:
        dtype: "float32" or "float64".
        again: bool. Build even if there is one.
        remembered: bool. Do not try once more what failed not long ago.
    """
    compiler, path = _where(dtype)
    if not again and cache.intact(path):
        return path
    top = cache.cache_dir()
    cache.make_directory(top)
    with cache.lock(top, _COMPILE_SECONDS) as alone:
        if not again and cache.intact(path):  # built by another process meanwhile
            return path
        failed = cache.failure(path) if remembered else None
        if failed is not None:
            raise NativeBuildError(failed)
        if alone:
            cache.remove_leftovers(top)
        _say(
            f"compiling the native CPU kernels ({dtype}), once; "
            "set KERAS_RNN_ZOO_NATIVE=0 to do without."
        )
        cache.make_directory(path.parent)
        try:
            private = tempfile.mkdtemp(prefix="build-", dir=top)
        except OSError as error:
            raise NativeBuildError(
                f"the cache directory cannot be written: {error}"
            ) from error
        try:
            built = pathlib.Path(private, path.name)
            try:
                _compile(compiler, dtype, built)
            except NativeBuildError as error:
                cache.remember_failure(path, str(error))
                raise
            cache.store(built, path)
        finally:
            shutil.rmtree(private, ignore_errors=True)
    return path


def _open(path, dtype):
    """Loads a library, and looks whether it holds what it should."""
    import tensorflow as tf

    try:
        if dtype == "float32":
            module = tf.load_op_library(str(path))
        else:
            tf.load_library(str(path))
            module = _loaded["float32"]
        names = (f"keras_rnn_zoo_{op}" for op in ("forward", "backward", "write"))
        if not all(hasattr(module, name) for name in names):
            raise NativeBuildError("the library does not hold the ops")
        ctypes.c_char.in_dll(ctypes.CDLL(str(path)), f"keras_rnn_zoo_{DTYPES[dtype]}")
        return module
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise NativeBuildError(f"the library cannot be loaded: {error}") from error


class _Builder(threading.Thread):
    """Sees to it that the library of a dtype is in the cache."""

    def __init__(self, dtype):
        super().__init__(name=f"keras_rnn_zoo native {dtype}", daemon=True)
        self.dtype = dtype
        self.done = threading.Event()
        self.path = self.error = None

    def run(self):
        try:
            if self.dtype != "float32":  # of no use without the other
                first = _builder("float32")
                first.done.wait()
                if first.error is not None:
                    raise first.error
            self.path = _ensure(self.dtype)
        except Exception as error:
            self.error = error
        finally:
            self.done.set()


def _builder(dtype):
    """The running or finished builder of a dtype, which is started if there is none."""
    with _lock:
        if dtype not in _builders:
            made = _Builder(dtype)
            made.start()
            _builders[dtype] = made
        return _builders[dtype]


def _no_reason(dtype, error):
    """Notes why there is no library; an error without words has a name at least."""
    with contextlib.suppress(TypeError):  # a dtype that is no key
        _reasons[dtype] = str(error) or type(error).__name__


def _end_builders():
    """Ends the compilers; the threads that wait for them tidy up."""
    end_all()
    for builder in list(_builders.values()):
        builder.done.wait(5)


atexit.register(_end_builders)


def _after_fork():
    """A child process has none of the threads, and may find the lock taken."""
    global _lock
    _lock = threading.RLock()
    for dtype, builder in list(_builders.items()):
        if builder.path is None:
            del _builders[dtype]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def start_building(dtype: str = "float32") -> None:
    """Begins to build the library in the background, if need be.

    Returns at once and never raises. It is the same work that `load` waits for, so
    calling it early, where a layer is built, makes the first use faster. If the process
    ends meanwhile, so do the compilers.

    Args:
        dtype: "float32" or "float64"; nothing is done for any other.
    """
    try:
        if dtype in DTYPES and dtype not in _loaded and dtype not in _reasons:
            if not _turned_off():
                _builder(dtype)
    except Exception as error:
        _no_reason(dtype, error)


def is_building(dtype: str = "float32") -> bool:
    """Whether a library is on its way: neither loaded, nor known not to come."""
    if dtype in _loaded or dtype in _reasons:
        return False
    builder = _builders.get(dtype)
    return builder is not None and not builder.done.is_set()


def load(dtype: str = "float32", wait: float | None = WAIT_SECONDS) -> Any:
    """Returns the module of ops for `dtype`, or None.

    It never raises, whatever the machine lacks: `status(dtype).reason` says why there
    is None. If there is no library in the cache yet, it is compiled in the background;
    a call that has waited in vain returns None, and a later one the module. Otherwise a
    process asks once, and later calls return the same answer.

    Args:
        dtype: "float32" or "float64". With any other the answer is None.
        wait: seconds to wait for the compiler at most; None for as long as it takes.
    """
    try:
        if dtype not in DTYPES or _turned_off():
            return None
        if dtype in _loaded:
            return _loaded[dtype]
        if dtype in _reasons:
            return None
        return _load(dtype, None if wait is None else time.monotonic() + wait)
    except Exception as error:
        _no_reason(dtype, error)
        return None


def _load(dtype, deadline):
    start_building(dtype)
    if dtype != "float32" and "float32" not in _loaded:
        if _load("float32", deadline) is None:
            if "float32" in _reasons:
                _reasons[dtype] = _reasons["float32"]
            return None
    builder = _builder(dtype)
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    if not builder.done.wait(left):
        if dtype not in _said:
            _said.add(dtype)
            _say(
                f"the native CPU kernels ({dtype}) are not compiled yet. Keras's fit, "
                "evaluate and predict take them as soon as they are there; a "
                "tf.function of your own that is traced now does without them."
            )
        return None
    with _lock:
        if dtype not in _loaded and dtype not in _reasons:
            try:
                if builder.error is not None:
                    raise builder.error
                _loaded[dtype] = _open(builder.path, dtype)
            except Exception as error:
                _no_reason(dtype, error)
        return _loaded.get(dtype)


def status(dtype: str = "float32") -> NativeStatus:
    """Returns a `NativeStatus`. Builds and loads nothing, and never raises."""
    path = words = first_line = None
    directory = reason = ""
    loaded = False
    with contextlib.suppress(Exception):  # what follows says why
        loaded = dtype in _loaded
        directory = str(cache.cache_dir())
    try:
        compiler = find_compiler()
        if compiler:
            words = shlex.join(compiler)
            first_line = next(iter(version(compiler).splitlines()), "")
        path = str(_where(dtype)[1])
        reason = _reason(dtype, pathlib.Path(path))
    except Exception as error:
        reason = str(error) or type(error).__name__
    return NativeStatus(
        available=not reason,
        path=path,
        reason=reason,
        compiler=words,
        version=first_line,
        cache_dir=directory,
        loaded=loaded,
    )


def _reason(dtype, path):
    """Why the library at `path` is not available; empty if it is."""
    if dtype not in DTYPES:
        return f"there are no kernels for {dtype}"
    if dtype in _reasons:
        return _reasons[dtype]
    if dtype in _loaded:
        return ""
    builder = _builders.get(dtype)
    if builder is not None and not builder.done.is_set():
        return "not compiled yet; that is under way"
    if builder is not None and builder.error is not None:
        return str(builder.error)
    if cache.intact(path):
        return ""
    top = path.parent.parent
    if top.is_dir():
        cache.check_own(top)
    return cache.failure(path) or "not compiled yet; the first use will"


def build(dtype="float32", force=False):
    """Compiles the library unless an intact one lies in the cache.

    It tries also what failed before.

    Args:
        dtype: "float32" or "float64".
        force: bool. Compile even if there is one.

    Returns:
        The library's path, a string.

    Raises:
        NativeBuildError: if it cannot be compiled; the message holds the log.
    """
    if dtype not in DTYPES:
        raise ValueError(
            f"`dtype` must be one of {sorted(DTYPES)}. Received: dtype={dtype!r}."
        )
    builder = _builders.get(dtype)
    if builder is not None:
        builder.done.wait()
    forget_versions()
    try:
        path = _ensure(dtype, again=force, remembered=False)
    except OSError as error:
        raise NativeBuildError(f"the library cannot be compiled: {error}") from error
    with _lock:
        _builders.pop(dtype, None)
        _reasons.pop(dtype, None)
    return str(path)


def clean() -> Any:
    """Removes all compiled libraries of this user; returns how many there were."""
    try:
        directory = cache.cache_dir()
    except NativeBuildError:  # then there are none
        return 0
    if cache.fcntl is None or not directory.is_dir():
        return 0
    cache.make_directory(directory)
    with cache.lock(directory, _COMPILE_SECONDS):
        removed = len(list(directory.glob("*/*.so")))
        for path in directory.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
    with _lock:
        _builders.clear()
        _reasons.clear()
    return removed
