"""Compiling at first use: together, interrupted, tampered with, and not at all."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pytest

from keras_rnn_zoo.native import build, cache, compiler

ROOT = pathlib.Path(build.__file__).parents[2]

needs_compiler = pytest.mark.skipif(
    build.find_compiler() is None or cache.fcntl is None, reason="no C++ compiler"
)

USE = """
from keras_rnn_zoo import native
import tensorflow as tf
if native.load(wait=None) is None:
    print("none:", native.status().reason)
else:
    ones = tf.ones((1, 2))
    last = native.rnn("simple_rnn_relu", tf.ones((1, 3, 1)), [ones], ones, tf.eye(2))[0]
    print("sum", float(tf.reduce_sum(last)))
"""


def start(directory, script=USE, **environment):
    """A new process, in a group of its own, that uses the kernels with this cache."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=ROOT,
        env={**os.environ, "KERAS_RNN_ZOO_CACHE": str(directory), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process):
    """Returns what it printed, and how often it said that it compiles."""
    out, err = process.communicate(timeout=1200)
    assert process.returncode == 0, err[-3000:]
    return out.strip(), err.count("compiling the native CPU kernels")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A cache that two processes filled at the same time."""
    directory = tmp_path_factory.mktemp("cache")
    processes = [start(directory), start(directory)]
    answers = [finish(p) for p in processes]
    assert [text for text, _ in answers] == ["sum 8.0", "sum 8.0"]
    assert sum(compiled for _, compiled in answers) == 1
    assert not list((directory / "native").glob("build-*"))
    return directory


@pytest.fixture
def filled(built, tmp_path, monkeypatch):
    """A copy of the filled cache, in use by this process, which has loaded nothing."""
    shutil.copytree(built, tmp_path / "copy")
    use(monkeypatch, tmp_path / "copy")
    return tmp_path / "copy"


def use(monkeypatch, directory):
    monkeypatch.setenv("KERAS_RNN_ZOO_CACHE", str(directory))
    monkeypatch.delenv("KERAS_RNN_ZOO_NATIVE", raising=False)
    monkeypatch.setattr(build, "_loaded", {})
    monkeypatch.setattr(build, "_reasons", {})
    monkeypatch.setattr(build, "_builders", {})
    monkeypatch.setattr(compiler, "_versions", {})


@needs_compiler
def test_kept_for_the_next_process(built):
    assert finish(start(built)) == ("sum 8.0", 0)


@needs_compiler
def test_status_of_a_filled_cache(filled, monkeypatch):
    status = build.status()
    assert status.available and not status.loaded and status.reason == ""
    assert pathlib.Path(status.path).is_file()
    assert status.cache_dir == str(filled / "native")
    assert build.build() == status.path
    other = build.status("float64")
    assert (
        not other.available and other.reason == "not compiled yet; the first use will"
    )
    # The key holds the compiler's whole command.
    monkeypatch.setenv("CXX", status.compiler + " -DOTHER")
    assert build.status().path != status.path and not build.status().available


@needs_compiler
def test_tampered_then_killed_then_built_again(filled):
    path = pathlib.Path(build.status().path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert not build.status().available
    # The library is built again, and that is cut short.
    process = start(filled)
    deadline = time.monotonic() + 600
    while not list((filled / "native").glob("build-*")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not build.status().available
    assert path.read_bytes() == content
    # The next process repairs it.
    assert finish(start(filled)) == ("sum 8.0", 1)
    assert build.status().available and path.read_bytes() != content


@needs_compiler
def test_without_its_sha256_it_is_not_used(filled):
    path = pathlib.Path(build.status().path)
    path.with_suffix(".sha256").unlink()
    assert not build.status().available


@needs_compiler
def test_clean(filled):
    assert build.clean() == 1
    assert build.clean() == 0
    assert build.status().reason == "not compiled yet; the first use will"


def test_no_compiler(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    assert build.load() is None
    status = build.status()
    assert not status.available and status.compiler is None
    assert status.reason.startswith("no C++ compiler")
    with pytest.raises(build.NativeBuildError, match="no C\\+\\+ compiler"):
        build.build()


TRAIN = """
import sys
import keras, numpy as np
import keras_rnn_zoo as zoo
from keras_rnn_zoo.layers.core import engine

x = np.random.default_rng(0).normal(size=(8, 5, 3))
weights = []
for lstm in (keras.layers.LSTM, zoo.LSTM):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((None, 3)), lstm(4), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=False)
    model.fit(x, x[:, 0, :1], verbose=0)
    weights.append(model.get_weights())
for a, b in zip(*weights, strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
print(engine.why_not_native(model.layers[0]))
"""


def test_layers_train_without_a_compiler(tmp_path):
    """As on a machine that has none: an empty PATH, and another backward pass."""
    answer, compiled = finish(start(tmp_path, TRAIN, PATH="", CXX=""))
    assert answer.startswith("no C++ compiler") and compiled == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", ["0", "off", "False"])
def test_turned_off(value, tmp_path, monkeypatch):
    use(monkeypatch, tmp_path)
    monkeypatch.setenv("KERAS_RNN_ZOO_NATIVE", value)
    assert build.load() is None
    assert build.status().reason == "turned off by KERAS_RNN_ZOO_NATIVE"
    assert not list(tmp_path.iterdir())


@needs_compiler
def test_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    use(monkeypatch, tmp_path / "file")
    assert build.load() is None
    assert "cache directory cannot be written" in build.status().reason


@needs_compiler
@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser can write everywhere")
def test_read_only_cache(tmp_path, monkeypatch):
    tmp_path.chmod(0o500)
    use(monkeypatch, tmp_path)
    assert build.load() is None
    assert "cache directory cannot be written" in build.status().reason


@needs_compiler
def test_cache_that_others_can_write(tmp_path, monkeypatch):
    (tmp_path / "native").mkdir()
    (tmp_path / "native").chmod(0o777)
    use(monkeypatch, tmp_path)
    assert build.load() is None
    assert "can be written by others" in build.status().reason


@pytest.mark.skipif(cache.fcntl is None, reason="needs a shell")
def test_compiler_that_fails(tmp_path, monkeypatch, capsys):
    """One attempt, remembered by the cache; `build` says what the compiler said."""
    calls = tmp_path / "calls"
    compiler = tmp_path / "broken"
    compiler.write_text(
        f"#!/bin/sh\necho $* >> {calls}\n"
        'case "$*" in\n*--version) echo broken 1.0;;\n'
        "*-shared*) echo driver.cc:1: error: bad\nexit 1;;\nesac\n"
    )
    compiler.chmod(0o700)
    use(monkeypatch, tmp_path / "cache")
    monkeypatch.setenv("CXX", str(compiler))
    assert build.load() is None
    assert "status 1: driver.cc:1: error: bad" in build.status().reason
    assert capsys.readouterr().err.count("compiling") == 1

    def attempts():
        return calls.read_text().count("-shared")

    assert attempts() == 1
    use(monkeypatch, tmp_path / "cache")  # as in a new process
    assert build.load() is None and attempts() == 1
    assert "error: bad" in build.status().reason
    # Who asks for it by name gets another attempt.
    for options in ({}, {"force": True}):
        with pytest.raises(build.NativeBuildError, match="error: bad"):
            build.build(**options)
    assert attempts() == 3


def test_compiler_that_is_not_there(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path)
    monkeypatch.setenv("CXX", "no-such-compiler -O1")
    assert build.find_compiler() is None and build.load() is None


def test_unknown_dtype():
    assert build.load("float16") is None
    with pytest.raises(ValueError, match="`dtype` must be one of.*dtype='float16'"):
        build.build("float16")


def test_importing_builds_and_loads_nothing(tmp_path):
    script = "import keras_rnn_zoo.native as n; print(n.build._loaded)"
    assert finish(start(tmp_path, script)) == ("{}", 0)
    assert not list(tmp_path.iterdir())
