"""Any command line: exit code 0, 1 or 2, no traceback, nothing written elsewhere."""

import pathlib
import shutil

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import typer.testing

from keras_rnn_zoo.cli import app
from tests.fuzz import strategies as given

#: What commands may write besides their own directory.
ALLOWED = [
    pathlib.Path.home() / one for one in (".keras", "tensorflow_datasets", ".cache")
]


def set_out(place):
    """A directory to work in, with a neighbour and what must not change."""
    shutil.rmtree(place, ignore_errors=True)
    here = place / "here"
    for directory in ("victim", "here/empty", "here/victim/deep"):
        (place / directory).mkdir(parents=True)
    for file in ("precious.txt", "victim/a.txt", "here/victim/deep/b.txt"):
        (place / file).write_text("precious")
    (here / "file.txt").write_text("if x:\n")
    (here / "mine.csv").write_text("text,label\n" + "a,x\nb,y\n" * 9)
    (here / "r.toml").write_text(given.RECIPES["digits_gru"])
    np.save(here / "x.npy", np.ones((8, 8), "float32"))
    (here / "link").symlink_to("../victim")
    return here


def check(line, place, monkeypatch):
    here = set_out(place)
    monkeypatch.chdir(here)
    # `native clean` and `native build` are drawn as well: not the reader's own cache.
    monkeypatch.setenv("KERAS_RNN_ZOO_CACHE", str(here / "cache"))
    monkeypatch.setenv("CXX", str(here / "no_compiler"))
    kept = given.snapshot(place, without=("here",))
    mine = {k: v for k, v in given.snapshot(here).items()}
    with given.nothing_outside(here, ALLOWED):
        result = typer.testing.CliRunner().invoke(app, line, input="1 2 3")
    error = result.exception
    assert error is None or isinstance(error, SystemExit), f"{line}: {error!r}"
    assert result.exit_code in (0, 1, 2), (line, result.exit_code)
    assert "Traceback" not in result.output, result.output
    assert given.snapshot(place, without=("here",)) == kept, line
    now = given.snapshot(here)
    assert {k: now.get(k) for k in mine} == mine, f"{line}: files of the user changed"
    if result.exit_code == 2:
        assert result.output.strip(), line
    leftovers = [p for p in here.iterdir() if ".partial" in p.name or ".old" in p.name]
    assert not leftovers, (line, leftovers)


@pytest.mark.filterwarnings("default")
@given.examples(60, cost=10)
@hypothesis.given(line=given.command_lines())
@hypothesis.example(line=["export", "digits_gru", "--out", "victim"])
@hypothesis.example(line=["export", "digits_gru", "--out", "."])
@hypothesis.example(line=["predict", "digits_gru", "1e300 " * 64])
def test_a_command_line_is_done_or_refused(tmp_path_factory, line):
    with pytest.MonkeyPatch.context() as monkeypatch:
        check(line, tmp_path_factory.getbasetemp() / "commands", monkeypatch)


@pytest.mark.filterwarnings("default")
@given.examples(30, cost=10)
@hypothesis.given(data=st.data())
def test_any_file_to_predict(tmp_path_factory, data):
    """A drawn array or text is read or refused."""
    place = tmp_path_factory.getbasetemp() / "files"
    kind = data.draw(st.sampled_from(["array", "bytes", "text"]))
    with pytest.MonkeyPatch.context() as monkeypatch:
        here = set_out(place)
        file = place / ("given.npy" if kind == "array" else "given.txt")
        if kind == "array":
            shape = data.draw(st.lists(st.integers(0, 9), max_size=4))
            kinds = ["f4", "f8", "i8", "?", "c8", "U3", "f2", "u1", "M8[D]"]
            array = np.ones(shape, data.draw(st.sampled_from(kinds)))
            np.save(file, array)
            if data.draw(st.booleans()):
                file.write_bytes(data.draw(given.mutated_bytes(file.read_bytes())))
        elif kind == "text":
            file.write_text(
                data.draw(given.mutated("1 " * 64)), "utf-8", "surrogatepass"
            )
        else:
            file.write_bytes(data.draw(st.binary(max_size=40)))
        del here
        content = file.read_bytes()
        name = data.draw(st.sampled_from(["digits_gru", "py_tagger_bilstm"]))
        keep = place.parent / file.name
        keep.write_bytes(content)
        check(["predict", name, "--file", str(keep)], place, monkeypatch)
