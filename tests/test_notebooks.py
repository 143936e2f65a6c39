"""Every notebook runs from a clean kernel, and is what a notebook has to be.

Here in the fast setting, `KRZ_NOTEBOOK_FAST=1`, in which some figures are not checked;
`make notebooks` runs all of it. What the run gives is compared by the assertions in the
notebooks; what is stored in them came from the full run.
"""

import ast
import base64
import os
import pathlib
import re
import struct
import warnings

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

DIRECTORY = pathlib.Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(DIRECTORY.glob("*.ipynb"))
FULL = os.environ.get("KRZ_NOTEBOOK_FULL") == "1"
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code_of(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def problems(notebook):
    """What is wrong with a notebook, as a list of texts."""
    found = []
    first, *others = notebook.cells
    for word in ("# ", "**Purpose.**", "**Run time.**", "**Hardware.**"):
        if first.cell_type != "markdown" or word not in first.source:
            found.append(f"first cell without {word}")
    heads = [k for k, c in enumerate(others) if c.source.startswith("## Exercises")]
    rest = others[heads[0] :] if heads else [first]
    if len(re.findall(r"^\d\. ", rest[0].source, re.M)) != 3:
        found.append("not three exercises")
    for word in ("**Predict first.**", "**Write it yourself.**"):
        if word not in rest[0].source:
            found.append(f"no exercise {word}")
    if not all(c.metadata.get("jupyter", {}).get("source_hidden") for c in rest[1:]):
        found.append("an answer that is not folded")
    answers = [c.source for c in rest[1:]]
    if [a[:10] for a in answers] != [f"# Answer {k}" for k in (1, 2, 3)]:
        found.append("not three answers")
    if any(len(a.splitlines()) > 12 for a in answers):
        found.append("an answer of more than a few lines")
    for node in ast.walk(ast.parse("\n".join(code_of(notebook)))):
        if isinstance(node, ast.FunctionDef):
            lines = node.end_lineno - node.lineno + 1
            if lines > 15:
                found.append(f"{node.name} has {lines} lines")
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            found.append(f"{node.attr} is private")
    outputs = [o for c in notebook.cells for o in c.get("outputs", [])]
    pictures = [
        o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})
    ]
    if not pictures:
        found.append("no figure is stored")
    for picture in pictures:
        width, height = struct.unpack(">II", base64.b64decode(picture)[16:24])
        if width > 1100 or height > 700 or len(picture) > 150_000:
            found.append(f"a figure of {width} x {height}, {len(picture)} bytes")
    if any(o.output_type == "error" for o in outputs):
        found.append("an error is stored")
    if any(c.execution_count is None for c in notebook.cells if c.cell_type == "code"):
        found.append("not executed")
    if sum(code.count("assert") for code in code_of(notebook)) < 4:
        found.append("hardly an assertion")
    return found


def test_there_are_fourteen_in_order():
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{k:02}" for k in range(14)]


@every_notebook
def test_what_a_notebook_has_to_be(path):
    assert not problems(read(path))


def test_the_rules_see_what_is_wrong():
    notebook = read(NOTEBOOKS[1])
    notebook.cells[0].source = "# 01"
    notebook.cells[-1].source = "# Answer 4"
    notebook.cells[-1].metadata = {}
    notebook.cells[-4].source = "## Exercises\n\n1. **Predict first.** 2"
    cell = next(c for c in notebook.cells if c.cell_type == "code")
    cell.source += "\n\n\ndef long():\n" + 16 * "    x._hidden\n"
    cell.execution_count = None
    for one in notebook.cells:
        if one.cell_type == "code":
            one.outputs = []
    found = " ".join(problems(notebook))
    for part in ("**Purpose.**", "three answers", "long has 17", "_hidden is private"):
        assert part in found
    assert "not three exercises" in found and "not folded" in found
    assert "no exercise **Write" in found and "no exercise **Pre" not in found
    assert "no figure" in found and "not executed" in found


def test_what_a_full_run_stores():
    from tests import notebooks_full  # needs what is asked for above

    first = "# 01\n\n**Run time.** 5 minutes. **Hardware.** Any."
    assert [notebooks_full.in_words(s) for s in (11.2, 15, 125)] == [
        "15 seconds",
        "15 seconds",
        "3 minutes",
    ]
    timed = notebooks_full.with_run_time(first, 11.2)
    assert timed == first.replace("5 minutes", "15 seconds")
    said = [
        nbformat.v4.new_output("stream", name=name, text=text)
        for name, text in (
            ("stdout", "one\n"),
            ("stderr", "a library speaks\n"),
            ("stdout", "INFO:tensorflow:Assets written to: there\ntwo\n"),
        )
    ]
    [output] = notebooks_full.joined(said)
    assert output.text == "one\ntwo\n"


@pytest.mark.notebooks
@pytest.mark.filterwarnings("default")
@every_notebook
def test_runs_from_a_clean_kernel(path, monkeypatch, tmp_path):
    monkeypatch.setenv("KRZ_NOTEBOOK_FAST", "0" if FULL else "1")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    monkeypatch.setenv("PYTHONPATH", str(DIRECTORY.parent))
    # The kernel draws into the notebook, whatever the tests draw into.
    monkeypatch.delenv("MPLBACKEND", raising=False)
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    resources = {"metadata": {"path": str(tmp_path)}}
    client = nbclient.NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources=resources
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client.execute()
    assert not problems(notebook)
