"""Compiles the C++ sources at first use, once per user, and loads the library.

A library is kept in the user's cache directory under a key made of everything that it
depends on: TensorFlow, compiler, flags, processor and sources. It is built in a private
directory under a file lock and moved into place when it is complete, with its sha256
beside it; one whose sha256 differs is built again and never loaded.

Environment:
    KERAS_RNN_ZOO_NATIVE: `0` turns the native kernels off.
    KERAS_RNN_ZOO_CACHE: the cache directory, instead of `$XDG_CACHE_HOME/keras_rnn_zoo`
        or `~/.cache/keras_rnn_zoo`.
    CXX: the compiler, instead of the first of g++, clang++, c++ on the PATH.
"""

import concurrent.futures
import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading

try:
    import fcntl
except ImportError:  # not on Windows, where the native kernels are not offered
    fcntl = None

SOURCES = pathlib.Path(__file__).parent

# One library for each type. The first declares the ops, so it is always loaded first.
DTYPES = {"float32": "float", "float64": "double"}

FLAGS = (
    "-O2",
    "-fPIC",
    "-w",
    "-DNDEBUG",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-finite-math-only",
)
# All time is spent in driver.cc; what ops.cc is made of is TensorFlow's headers.
FLAGS_OF_SOURCE = {"ops.cc": ("-O1",)}
# The first set that the compiler accepts. GCC 12 cannot compile Eigen with AVX512-FP16.
MACHINE_FLAGS = (("-march=native", "-mno-avx512fp16"), ("-march=native",), ())

_COMPILE_SECONDS = 900
_lock = threading.RLock()
_loaded = {}
_reasons = {}


class NativeBuildError(RuntimeError):
    """The native kernels cannot be compiled or loaded; the message says why."""


@dataclasses.dataclass(frozen=True)
class NativeStatus:
    """What is known of the native kernels, without building anything.

    Attributes:
        available: bool. The library is loaded, or lies in the cache and is intact.
        path: str or None. The library's file.
        reason: str. Why it is not available; empty when it is.
        compiler: str or None. The compiler's command.
        version: str or None. The first line of the compiler's version.
        cache_dir: str. Where libraries are kept.
        loaded: bool. This process has loaded it.
    """

    available: bool
    path: str | None
    reason: str
    compiler: str | None
    version: str | None
    cache_dir: str
    loaded: bool


def cache_dir():
    """Returns the directory of the compiled libraries, as a `pathlib.Path`."""
    own = os.environ.get("KERAS_RNN_ZOO_CACHE")
    if own:
        return pathlib.Path(own) / "native"
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    return pathlib.Path(base).expanduser() / "keras_rnn_zoo" / "native"


def find_compiler():
    """Returns the compiler's command as a list of strings, or None."""
    chosen = os.environ.get("CXX")
    for command in [chosen] if chosen else ["g++", "clang++", "c++"]:
        words = shlex.split(command)
        found = shutil.which(words[0]) if words else None
        if found:
            return [found, *words[1:]]
    return None


def _run(command, seconds):
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=seconds,
        env={**os.environ, "LC_ALL": "C"},
    )


@functools.cache
def _version(compiler):
    try:
        answer = _run([*compiler, "--version"], 60)
    except (OSError, subprocess.SubprocessError) as error:
        raise NativeBuildError(f"the compiler does not run: {error}") from error
    if answer.returncode:
        raise NativeBuildError(f"the compiler does not run: {answer.stdout.strip()}")
    return answer.stdout.strip()


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
            FLAGS_OF_SOURCE,
            *map(list, MACHINE_FLAGS),
        ],
        "compiler": [*compiler, _version(tuple(compiler))],
        "processor": _processor(),
        "sources": [[p.name, _sha256(p)] for p in _sources()],
    }
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def _turned_off():
    value = os.environ.get("KERAS_RNN_ZOO_NATIVE", "").strip().lower()
    return value in ("0", "off", "false", "no")


def _where(dtype):
    """Returns `(compiler, library path)`; raises when there can be none."""
    if _turned_off():
        raise NativeBuildError("turned off by KERAS_RNN_ZOO_NATIVE")
    if fcntl is None:
        raise NativeBuildError(f"not offered on {platform.system()}")
    compiler = find_compiler()
    if compiler is None:
        raise NativeBuildError("no C++ compiler: neither $CXX, g++, clang++ nor c++")
    return compiler, cache_dir() / _key(compiler) / f"{dtype}.so"


def _intact(path):
    """True if the library and its sha256 are there and belong together."""
    try:
        return path.with_suffix(".sha256").read_text().strip() == _sha256(path)
    except OSError:
        return False


@contextlib.contextmanager
def _file_lock(directory):
    """One process at a time; the lock ends with the process, however it ends."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        facts = directory.stat()
        if facts.st_uid != os.getuid() or facts.st_mode & 0o022:
            raise NativeBuildError(
                f"the cache directory {directory} can be written by others"
            )
        handle = open(directory / "lock", "a")
    except OSError as error:
        raise NativeBuildError(
            f"the cache directory cannot be written: {error}"
        ) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _accepted_machine_flags(compiler):
    for flags in MACHINE_FLAGS:
        command = [*compiler, *flags, "-x", "c++", "-fsyntax-only", os.devnull]
        if _run(command, 60).returncode == 0:
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

    def run(*arguments):
        try:
            answer = _run([*compiler, *arguments], _COMPILE_SECONDS)
        except (OSError, subprocess.SubprocessError) as error:
            raise NativeBuildError(f"the compiler did not end: {error}") from error
        if answer.returncode:
            tail = "\n".join(answer.stdout.strip().splitlines()[:20])
            raise NativeBuildError(
                f"the compiler failed with status {answer.returncode}: {tail}"
            )

    def compile_one(source):
        made = target.with_name(f"{dtype}-{source.stem}.o")
        own = FLAGS_OF_SOURCE.get(source.name, ())
        run(*options, *own, "-c", str(source), "-o", str(made))
        return str(made)

    sources = sorted(SOURCES.glob("*.cc"))
    with concurrent.futures.ThreadPoolExecutor(len(sources)) as at_once:
        objects = list(at_once.map(compile_one, sources))
    run("-shared", *objects, "-o", str(target), *tf.sysconfig.get_link_flags())


def _ensure(dtype, again=False):
    """Returns the path of an intact library, which it builds when there is none."""
    compiler, path = _where(dtype)
    if not again and _intact(path):
        return path
    with _file_lock(cache_dir()):
        if not again and _intact(path):  # built by another process meanwhile
            return path
        failure = path.with_suffix(".failed")
        if not again and failure.exists():
            raise NativeBuildError(failure.read_text())
        print(
            f"keras_rnn_zoo: compiling the native CPU kernels ({dtype}), once; "
            "set KERAS_RNN_ZOO_NATIVE=0 to do without.",
            file=sys.stderr,
            flush=True,
        )
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            private = tempfile.mkdtemp(prefix="build-", dir=cache_dir())
        except OSError as error:
            raise NativeBuildError(
                f"the cache directory cannot be written: {error}"
            ) from error
        try:
            built = pathlib.Path(private) / path.name
            try:
                _compile(compiler, dtype, built)
            except NativeBuildError as error:
                # A compiler that was killed may succeed the next time.
                if "status 1:" in str(error) and "kill" not in str(error).lower():
                    failure.write_text(str(error))
                raise
            digest = built.with_suffix(".sha256")
            digest.write_text(_sha256(built) + "\n")
            os.replace(built, path)
            os.replace(digest, path.with_suffix(".sha256"))
            failure.unlink(missing_ok=True)
        except OSError as error:
            raise NativeBuildError(f"the library cannot be stored: {error}") from error
        finally:
            shutil.rmtree(private, ignore_errors=True)
    return path


def _open(path, dtype):
    import tensorflow as tf

    try:
        if dtype == "float32":
            module = tf.load_op_library(str(path))
            _refuse_second_derivatives()
            return module
        tf.load_library(str(path))
        return _loaded["float32"]
    except (OSError, tf.errors.OpError) as error:
        raise NativeBuildError(f"the library cannot be loaded: {error}") from error


def _refuse_second_derivatives():
    import tensorflow as tf

    def refuse(op, *gradients):
        raise NotImplementedError(
            "The native kernels have no second derivative. "
            'Build the layer with implementation="loop".'
        )

    for name in ("Forward", "Backward"):
        with contextlib.suppress(KeyError):  # registered before
            tf.RegisterGradient(f"KerasRnnZoo>{name}")(refuse)


def load(dtype="float32"):
    """Returns the module of ops for `dtype`, compiled if need be, or None.

    It never raises for a machine that cannot have it: `status(dtype).reason` says why.
    A process asks once; later calls return the same answer.

    Args:
        dtype: "float32" or "float64". With any other the answer is None.
    """
    if dtype not in DTYPES or _turned_off():
        return None
    if dtype in _loaded:
        return _loaded[dtype]
    with _lock:
        if dtype in _loaded:
            return _loaded[dtype]
        if dtype in _reasons:
            return None
        if dtype != "float32" and load("float32") is None:
            _reasons[dtype] = _reasons["float32"]
            return None
        try:
            _loaded[dtype] = _open(_ensure(dtype), dtype)
        except NativeBuildError as error:
            _reasons[dtype] = str(error)
            return None
        return _loaded[dtype]


def status(dtype="float32"):
    """Returns a `NativeStatus`. Builds and loads nothing."""
    compiler = find_compiler()
    path, reason, version = None, "", None
    try:
        if compiler:
            version = _version(tuple(compiler)).splitlines()[0]
        compiler, library = _where(dtype)
        path = str(library)
        if dtype in _reasons:
            reason = _reasons[dtype]
        elif dtype not in _loaded and not _intact(library):
            failed = library.with_suffix(".failed")
            reason = "not compiled yet; the first use will"
            if failed.exists():
                reason = failed.read_text()
    except (NativeBuildError, OSError) as error:
        reason = str(error)
    return NativeStatus(
        available=not reason,
        path=path,
        reason=reason,
        compiler=shlex.join(compiler) if compiler else None,
        version=version,
        cache_dir=str(cache_dir()),
        loaded=dtype in _loaded,
    )


def build(dtype="float32", force=False):
    """Compiles the library unless an intact one lies in the cache.

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
    with _lock:
        path = _ensure(dtype, again=force)
        _reasons.pop(dtype, None)
        return str(path)


def clean():
    """Removes all compiled libraries of this user; returns how many there were."""
    directory = cache_dir()
    if fcntl is None or not directory.is_dir():
        return 0
    with _file_lock(directory):
        removed = len(list(directory.glob("*/*.so")))
        for path in directory.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
    with _lock:
        _reasons.clear()
    return removed
