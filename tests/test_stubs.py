"""What editors and type checkers are told is what the package has."""

import importlib
import inspect
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import keras_rnn_zoo
from tests import stubs

PLACES = [str(pathlib.Path(sys.executable).parent), os.environ.get("PATH", "")]
CHECKER = shutil.which("basedpyright", path=os.pathsep.join(PLACES))


def test_the_stubs_are_those_of_the_package():
    assert stubs.different() == [], "run `python -m tests.stubs --write`"


def test_a_stub_that_is_missing_or_old_or_of_nothing_is_named(monkeypatch):
    wanted = stubs.stubs()
    [lstm] = [path for path in wanted if path.name == "lstm.pyi"]
    [gru] = [path for path in wanted if path.name == "gru.pyi"]
    changed = {**wanted, lstm: wanted[lstm] + "\n", lstm.with_name("new.pyi"): ""}
    del changed[gru]
    monkeypatch.setattr(stubs, "stubs", lambda: changed)
    names = [name.rsplit("/", 1)[-1] for name in stubs.different()]
    assert names == ["gru.pyi", "lstm.pyi", "new.pyi"]


@pytest.mark.parametrize("room", [*keras_rnn_zoo._ROOMS, "jobs"])
def test_what_a_room_offers_says_its_types(room):
    module = importlib.import_module(f"keras_rnn_zoo.{room}")
    names = getattr(module, "__all__", None) or vars(module)
    for name in names:
        value = getattr(module, name)
        ours = getattr(value, "__module__", "").startswith("keras_rnn_zoo.")
        if name.startswith("_") or not ours or not inspect.isfunction(value):
            continue
        signature = inspect.signature(value)
        said = [one.annotation for one in signature.parameters.values()]
        said.append(signature.return_annotation)
        assert inspect.Parameter.empty not in said, name


def own_functions(cls):
    """The public methods that a class writes itself, and its `__init__`, by name."""
    for name, value in vars(cls).items():
        if isinstance(value, property):
            value = value.fget
        value = getattr(value, "__func__", value)  # of classmethods and static ones
        if not inspect.isfunction(value) or hasattr(value, "__wrapped__"):
            continue  # what stands for a method of Keras's has its signature
        if value.__qualname__ != f"{cls.__qualname__}.{value.__name__}":
            continue  # made of a declaration
        if not name.startswith("_") or name in ("__init__", "__call__"):
            yield name, value


def says_its_types(function):
    signature = inspect.signature(function)
    parameters = [one for one in signature.parameters.values() if one.name != "self"]
    said = [one.annotation for one in parameters if one.name != "cls"]
    return inspect.Parameter.empty not in (*said, signature.return_annotation)


def ours(cls):
    return [one for one in cls.__mro__ if one.__module__.startswith("keras_rnn_zoo.")]


@pytest.mark.parametrize("room", [*keras_rnn_zoo._ROOMS, "jobs"])
def test_what_the_classes_of_a_room_can_do_says_its_types(room):
    """Or does what a base says it does: a checker takes the types from there."""
    module = importlib.import_module(f"keras_rnn_zoo.{room}")
    names = getattr(module, "__all__", None) or vars(module)
    silent = set()
    for name in names:
        value = getattr(module, name)
        if name.startswith("_") or not inspect.isclass(value):
            continue
        family = ours(value)
        for place, cls in enumerate(family):
            said = {
                method
                for base in family[place + 1 :]
                for method, function in own_functions(base)
                if says_its_types(function)
            }
            silent |= {
                f"{cls.__name__}.{method}"
                for method, function in own_functions(cls)
                if not says_its_types(function)
                and (method not in said or method == "__init__")
            }
    assert not silent


USED = """
import keras_rnn_zoo
from keras_rnn_zoo import LSTM, LSTMCell, layers, inspection
LSTM(8, return_sequences=True, kernel_initializer="zeros", name="a")
keras_rnn_zoo.LayerNormLSTM(8, norm_epsilon=1e-3, implementation="xla")
LSTM(8).cell.unit_forget_bias, LSTM(8).units
LSTM(8, retrun_sequences=True)
LSTMCell(8, unit_forget_bais=True)
layers.GRU("8")
keras_rnn_zoo.LSTN(8)
inspection.gate_activation
reveal_type(LSTM.__init__)
"""
FOUND = """
7 No parameter named "retrun_sequences"
8 No parameter named "unit_forget_bais"
9 "Literal['8']" is not assignable to "int"
10 "LSTN" is not a known attribute
11 "gate_activation" is not a known attribute
""".strip().splitlines()


@pytest.mark.skipif(CHECKER is None, reason="needs the extra dev")
def test_a_checker_finds_misspelled_arguments_and_knows_the_right_ones(tmp_path):
    used = tmp_path / "used.py"
    used.write_text(USED)
    settings = {
        "include": [str(used)],
        "extraPaths": [str(stubs.ROOT)],
        "typeCheckingMode": "basic",
        "reportExpressionStatements": "none",
        "reportUnusedExpression": "none",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [
            *(CHECKER, "--project", tmp_path, "--outputjson"),
            *("--pythonpath", sys.executable),
        ],
        capture_output=True,
        text=True,
    )
    answers = json.loads(done.stdout)["generalDiagnostics"]
    errors = [
        f"{one['range']['start']['line'] + 1} {one['message']}"
        for one in answers
        if one["severity"] == "error"
    ]
    assert len(errors) == len(FOUND), errors
    for error, wanted in zip(errors, FOUND, strict=True):
        line, words = wanted.split(" ", 1)
        assert error.startswith(f"{line} ") and words in error
    [shown] = [one["message"] for one in answers if one["severity"] == "information"]
    assert "units: int" in shown and "return_sequences: bool = False" in shown
