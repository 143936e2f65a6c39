"""Who may import whom, and what an import may cost."""

import ast
import pathlib
import subprocess
import sys

import pytest

import keras_rnn_zoo

PACKAGE = pathlib.Path(keras_rnn_zoo.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
BELOW = {  # room: the rooms that it may import
    "native": set(),
    "ops": {"native"},
    "metrics": set(),
    "presets": set(),
    "datasets": {"ops"},
    "layers": {"native", "ops"},
    "topologies": {"native", "ops", "layers"},
    "inspection": {"native", "ops", "layers"},
    "tasks": {
        *("native", "ops", "layers", "topologies"),
        *("inspection", "datasets", "metrics"),
    },
    "export": {"native", "ops", "layers", "presets"},
    "convert": {"native", "ops", "layers", "topologies"},
    "training": {
        *("native", "ops", "layers", "topologies"),
        *("datasets", "metrics", "presets", "tasks"),
    },
}
EVERYTHING = {"jobs", "cli", "_command", "__init__", "__main__", "version"}
# They import nothing of the package.
LIGHT = {"version", "terminal", "interrupts", "extras", "own_files"}


def imported_modules(path):
    """Every absolute module name that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in {path}"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_point_down_and_keras_stays_public(path):
    modules = set(imported_modules(path))
    assert not [m for m in modules if m.startswith("keras.src")]
    here = room(path)
    if here in EVERYTHING:
        return
    if here in LIGHT:
        assert not [m for m in modules if m.startswith("keras_rnn_zoo.")]
        return
    rooms = {m.split(".")[1] for m in modules if m.startswith("keras_rnn_zoo.")}
    assert rooms - {here} - LIGHT <= BELOW[here], f"{here} imports {rooms}"


WAITING = """
import sys
sys.argv = ["/usr/bin/keras-rnn-zoo"]  # which nobody looks at
import keras_rnn_zoo
assert not {"keras", "tensorflow"} & set(sys.modules)
register, new = keras_rnn_zoo._register, set()
def noted():
    before = set(sys.modules)
    register()
    new.update(name.split(".")[0] for name in set(sys.modules) - before)
keras_rnn_zoo._register = noted
sys.modules["absl"] = None  # which Keras needs
try:
    import keras
except ImportError:
    del sys.modules["absl"]
import keras
assert keras.saving.get_registered_object("keras_rnn_zoo>GRU") is keras_rnn_zoo.GRU
assert keras.saving.get_registered_object("keras_rnn_zoo>ManyToOne")
assert keras.saving.get_registered_object("keras_rnn_zoo>TokenAccuracy")
print(*new)
"""


def test_the_package_waits_for_keras_then_registers_its_classes_and_stays_light():
    heavy = {"tensorflow_datasets", "matplotlib", "sklearn", "statsmodels", "typer"}
    done = subprocess.run(
        [sys.executable, "-c", WAITING], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not heavy & set(done.stdout.split()) and "keras_rnn_zoo" in done.stdout


@pytest.mark.parametrize("name", sorted(BELOW))
def test_every_room_is_reachable_from_the_package(name, monkeypatch):
    assert name in keras_rnn_zoo.__all__ and name in dir(keras_rnn_zoo)
    # As it is before anybody has imported the room.
    monkeypatch.delitem(vars(keras_rnn_zoo), name, raising=False)
    assert getattr(keras_rnn_zoo, name).__name__ == f"keras_rnn_zoo.{name}"


@pytest.mark.parametrize(
    "first",
    [
        "from keras_rnn_zoo.layers import LSTM",
        "from keras_rnn_zoo.datasets import load",
        "from keras_rnn_zoo.metrics import TokenAccuracy",
        "import importlib.util, keras_rnn_zoo; importlib.util.find_spec('keras')",
    ],
)
def test_whatever_is_imported_first_all_classes_are_registered_once(first):
    code = (
        f"{first}\n"
        "import sys, keras, keras_rnn_zoo.layers as layers\n"
        "assert keras.saving.get_registered_object('keras_rnn_zoo>ManyToMany')\n"
        "assert keras.saving.get_registered_object('keras_rnn_zoo>TokenAccuracy')\n"
        "assert layers.LSTM is sys.modules['keras_rnn_zoo.layers.cells.lstm'].LSTM\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


MOVED = """
import importlib, sys, keras_rnn_zoo
for old, new in keras_rnn_zoo._MOVED.items():
    module = importlib.import_module(old)
    assert module is importlib.import_module(new) and module.__spec__.name == new, old
from keras_rnn_zoo.layers.lstm import LSTM
from keras_rnn_zoo.layers import HMM, Markov, JordanRNN
assert LSTM is keras_rnn_zoo.LSTM and HMM is keras_rnn_zoo.topologies.HMM
"""


def test_a_module_that_moved_is_found_by_its_old_name():
    done = subprocess.run([sys.executable, "-c", MOVED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_star_brings_what_the_package_says_and_nothing_unknown_is_there():
    names = {}
    exec("from keras_rnn_zoo import *", names)
    assert {"LSTM", "ManyToMany", "HMM", "load", "datasets"} <= set(names)
    with pytest.raises(AttributeError, match="has no attribute 'LSTN'"):
        _ = keras_rnn_zoo.LSTN


def test_nothing_of_the_package_imports_in_a_circle():
    """Module by module, what is imported at the top."""
    names = {}
    for path in FILES:
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        names[".".join(parts).removesuffix(".__init__")] = path
    below = {}
    for name, path in names.items():
        below[name] = {
            module
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for module in _named_by(node, names)
            if module in names
        }
    done, todo = set(), dict(below)
    while todo:
        free = {name for name, needs in todo.items() if needs - {name} <= done}
        assert free, {name: needs - done for name, needs in todo.items()}
        done |= free
        todo = {name: needs for name, needs in todo.items() if name not in free}


def _named_by(node, known):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    inside = [f"{node.module}.{alias.name}" for alias in node.names]
    return [name if name in known else node.module for name in inside]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_module_uses_a_private_name_of_another(path):
    tree, modules, private = ast.parse(path.read_text()), set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            place = PACKAGE.parent.joinpath(*node.module.split("."))
            for alias in node.names:
                is_module = (place / f"{alias.name}.py").is_file()
                if is_module or (place / alias.name).is_dir():
                    modules.add(alias.asname or alias.name)
                elif alias.name.startswith("_") and not alias.name.endswith("__"):
                    private.append(alias.name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = node.attr
            if node.value.id in modules and name[0] == "_" and name[-2:] != "__":
                private.append(f"{node.value.id}.{name}")
    assert not private
