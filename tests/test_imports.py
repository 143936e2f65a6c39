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
    "inspection": {"native", "ops", "layers", "topologies"},
    "export": {"native", "ops", "layers", "topologies", "presets"},
    "convert": {"native", "ops", "layers", "topologies"},
    "training": {
        *("native", "ops", "layers", "topologies"),
        *("datasets", "metrics", "presets"),
    },
}
EVERYTHING = {"jobs", "cli", "__init__", "__main__", "version"}
LIGHT = {"version", "terminal", "interrupts"}  # they import nothing of the package


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


def test_importing_the_package_stays_light():
    heavy = ["tensorflow_datasets", "matplotlib", "sklearn", "statsmodels", "typer"]
    code = (
        "import sys, keras; before = set(sys.modules)\n"
        "import keras_rnn_zoo\n"
        "new = {m.split('.')[0] for m in set(sys.modules) - before}\n"
        f"assert not new & {set(heavy)}, new & {set(heavy)}\n"
        "print(sorted(new))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "keras_rnn_zoo" in done.stdout
