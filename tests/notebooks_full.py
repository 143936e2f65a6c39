"""Runs notebooks in full and stores what they give, and how long it took.

    python -m tests.notebooks_full NAME…     the beginnings of names, or all

`make notebooks` runs the same and stores nothing. The Chinese notebooks take the
outputs over afterwards, with `python -m tests.notebooks_zh`.
"""

import argparse
import os
import pathlib
import re
import tempfile
import time

import nbclient
import nbformat

ROOT = pathlib.Path(__file__).parents[1]
#: Kept of a cell's outputs: no messages of the libraries.
KINDS = ("stdout", "display_data", "execute_result", "error")
MESSAGE = re.compile(r"^(INFO|WARNING):.*\n?", re.M)


def executed(notebook, directory):
    """Runs a notebook in place, in a kernel of its own.

    Returns:
        float, the seconds that it took.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = nbclient.NotebookClient(
        notebook,
        timeout=3600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(directory)}},
    )
    metadata = dict(notebook.metadata)  # the kernel adds its version
    began = time.perf_counter()
    client.execute()
    taken = time.perf_counter() - began
    notebook.metadata = nbformat.from_dict(metadata)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
    return taken


def joined(outputs):
    """Outputs of which neighbouring pieces of one stream are one."""
    found = []
    for output in outputs:
        if output.get("name", output.output_type) not in KINDS:
            continue
        if output.output_type == "stream":
            output.text = MESSAGE.sub("", output.text)
            if not output.text:
                continue
        if found and output.output_type == found[-1].output_type == "stream":
            found[-1].text += output.text
        else:
            found.append(output)
    return found


def in_words(seconds):
    """Seconds, rounded up to five, or minutes."""
    if seconds > 90:
        return f"{-(-seconds // 60):.0f} minutes"
    return f"{5 * -(-seconds // 5):.0f} seconds"


def with_run_time(text, seconds):
    """A notebook's first cell with the run time."""
    return re.sub(
        r"(\*\*Run time\.\*\*) [^.]+\.", rf"\1 {in_words(seconds)}.", text, count=1
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.notebooks_full")
    parser.add_argument("names", nargs="*")
    names = tuple(parser.parse_args(arguments).names)
    os.environ |= {"KRZ_NOTEBOOK_FAST": "0", "PYTHONPATH": str(ROOT)}
    os.environ.pop("MPLBACKEND", None)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if names and not path.name.startswith(names):
            continue
        notebook = nbformat.read(path, as_version=4)
        with tempfile.TemporaryDirectory() as directory:
            seconds = executed(notebook, directory)
        first = notebook.cells[0]
        first.source = with_run_time(first.source, seconds)
        nbformat.write(notebook, path)
        print(f"{path.stem}: {seconds:.0f} s")


if __name__ == "__main__":
    main()
