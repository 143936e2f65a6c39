"""What is said in several places is the same: packages, versions, budgets, pins."""

import ast
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

import keras_rnn_zoo
from keras_rnn_zoo import extras

ROOT = pathlib.Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PROJECT["tool"]["setuptools"]


def text(file):
    return (ROOT / file).read_text()


def carried(package, directory):
    """The files of a directory that the wheel carries, and those that it does not."""
    files = {path for path in directory.rglob("*") if path.is_file()}
    data = SETUPTOOLS["package-data"]
    globs = [*data["*"], *data.get(package, [])]
    found = {path for glob in globs for path in directory.glob(glob)}
    return files & found, files - found


def test_the_wheel_carries_every_directory_and_every_file():
    packages = {"keras_rnn_zoo._models"}
    for directory in [
        ROOT / "keras_rnn_zoo",
        *(path for path in (ROOT / "keras_rnn_zoo").rglob("*") if path.is_dir()),
    ]:
        files = {path for path in directory.iterdir() if path.is_file()}
        if directory.name == "__pycache__" or not files:
            continue
        package = ".".join(directory.relative_to(ROOT).parts)
        packages.add(package)
        assert directory / "__init__.py" in files, package
        kept, _ = carried(package, directory)
        assert {path for path in files if path.suffix != ".py"} <= kept, package
    assert set(SETUPTOOLS["packages"]) == packages
    assert SETUPTOOLS["package-dir"] == {"keras_rnn_zoo._models": "models"}
    kept, left = carried("keras_rnn_zoo._models", ROOT / "models")
    assert kept and left == {ROOT / "models" / "README.md"}


def test_versions_and_pins_agree():
    [ruff] = [
        one
        for one in PROJECT["project"]["optional-dependencies"]["dev"]
        if "ruff" in one
    ]
    pinned = re.search(
        r"ruff-pre-commit\n +rev: v(\S+)", text(".pre-commit-config.yaml")
    )
    assert ruff == f"ruff=={pinned[1]}"
    version = re.search(r"^version: (.*)", text("CITATION.cff"), re.M)[1]
    assert version == keras_rnn_zoo.__version__
    pythons = {
        one.rsplit(" ")[-1]
        for one in PROJECT["project"]["classifiers"]
        if "Python :: 3." in one
    }
    workflow = text(".github/workflows/ci.yml")
    assert pythons == set(
        re.findall(r'"(.*?)"', re.search(r"python: \[.*", workflow)[0])
    )
    [keras] = [one for one in PROJECT["project"]["dependencies"] if "keras>" in one]
    oldest = re.match(r"keras>=([\d.]+),", keras)[1]
    assert f"keras=={oldest}.0\n" in workflow and f"--upgrade {keras} " in workflow


def test_every_hint_names_an_extra_that_there_is():
    known = PROJECT["project"]["optional-dependencies"]
    named = []
    for path in (ROOT / "keras_rnn_zoo").rglob("*.py"):
        if path.name != "extras.py":
            found = path.read_text()
            assert "keras_rnn_zoo[" not in found, path
            named += re.findall(r"extras\.(?:require|hint)\(\s*[\"'](\w+)", found)
    assert len(named) > 12 and set(named) <= set(known)


def test_what_is_missing_is_said_with_how_to_get_it(monkeypatch):
    extras.require("plot", "All", "json", "json.decoder")
    monkeypatch.setitem(sys.modules, "nothing", None)
    assert not extras.is_installed("nothing.of.that")
    message = r"A plot needs it\. Install it with: pip install 'keras_rnn_zoo\[plot\]'$"
    with pytest.raises(ImportError, match=message):
        extras.require("plot", "A plot needs it.", "json", "nothing.below")
    with pytest.raises(KeyError):
        extras.require("plot", "A plot needs it.", "nothing", error=KeyError)


def test_contributing_says_what_the_continuous_integration_does():
    rows = re.findall(r"^\| `([\w-]+)` \|.*\| (\d+) \|$", text("CONTRIBUTING.md"), re.M)
    run = text(".ci/run")
    budgets = {
        name.replace("_", "-"): minutes
        for name, minutes in re.findall(r"(\w+)\) echo (\d+) ;;", run)
    }
    assert dict(rows) == budgets
    assert f"set -- {' '.join(name for name, _ in rows)}\n" in run
    for command in re.findall(r"^make (\w+)", text("CONTRIBUTING.md"), re.M):
        assert re.search(rf"^{command}:", text("Makefile"), re.M), command


STAGES = """
cd "{root}"
source .ci/env
install() {{ echo here; }}
lint() {{ false; echo not reached; }}
core() {{ echo 3 passed; }}
"""


def test_a_stage_that_fails_stops_no_other_and_is_told(tmp_path):
    """The stages are replaced; the rest of the script is the script."""
    run = re.sub(r"^(install|lint|core)\(\) \{.*\n", "", text(".ci/run"), flags=re.M)
    run = re.sub(r"^source .*\n", lambda _: STAGES.format(root=ROOT), run, flags=re.M)
    run = run.replace("core) echo 13", "core) echo -1")
    (tmp_path / "run").write_text(run)

    def done(*stages):
        return subprocess.run(
            ["bash", tmp_path / "run", *stages], capture_output=True, text=True
        )

    answer = done("install", "lint", "core")
    assert answer.returncode == 1
    assert "not reached" not in answer.stdout
    lines = answer.stdout.splitlines()
    summary = lines[lines.index("=== all") + 1 :]
    assert [line.split()[:2] for line in summary] == [
        ["install", "passed"],
        ["lint", "FAILED"],
        ["core", "passed"],
    ]
    assert "3 passed" in lines and "OVER ITS BUDGET" in summary[2]
    assert done("install").returncode == 0
    assert done("nothing").returncode == 2


#: What is done with one model and no other, and the keys that recipes may set.
OF_ONE_MODEL = {
    ("tasks", "ngrams.py"): {"Markov"},
    ("tasks", "joint_ngram.py"): {"Markov"},
    ("training", "em.py"): {"HMM"},
    ("training", "counting.py"): {"HMM", "Markov"},
    ("training", "recipes.py"): {
        *("ManyToMany", "ManyToOne", "OutputRecurrence", "WindowClassifier"),
        "EncoderDecoder",
    },
}


def names_in_code(tree):
    """What a file calls by name, or compares with: no words of docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name.rsplit(".")[-1]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize(
    "room", ["export", "inspection", "presets", "tasks", "training", "jobs", "cli"]
)
def test_no_room_knows_a_topology_or_a_head_by_its_name(room):
    from keras_rnn_zoo import topologies
    from keras_rnn_zoo.layers.core.head import heads

    known = {"JordanRNN", *topologies.__all__}
    for name, cls in (heads(True) | heads(False)).items():
        known |= {name, cls.__name__}
    assert {"EncoderDecoder", "ManyToOne", "CRF", "crf", "HMM"} <= known
    found = {}
    for path in (ROOT / "keras_rnn_zoo" / room).rglob("*.py"):
        named = known & set(names_in_code(ast.parse(path.read_text())))
        if named:
            found[room, path.name] = named
    assert found == {key: one for key, one in OF_ONE_MODEL.items() if key[0] == room}


def of_a_function(node):
    """Lines without the docstring, and the parameters that are named."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return lines, len([one for one in given if one.arg not in ("self", "cls")])


# What a user may ask of them is asked by name: their options are what they are.
OF_OPTIONS = {("jobs", "train"), ("datasets", "load_file")}


@pytest.mark.parametrize("room", ["jobs", "training", "tasks", "datasets"])
def test_functions_are_short_and_take_few_parameters(room):
    long, many = [], set()
    for path in (ROOT / "keras_rnn_zoo" / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                lines, parameters = of_a_function(node)
                if lines > 60:
                    long.append((path.name, node.name, lines))
                if parameters > 8:
                    many.add((room, node.name))
    assert not long
    assert many == {one for one in OF_OPTIONS if one[0] == room}
