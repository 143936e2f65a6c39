"""The stored figures of the benchmarks as tables."""

import csv
import inspect
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
RESULTS = ROOT / "tests" / "benchmarks" / "results"


def page():
    """Markdown: what each benchmark measures, how to run it, and what it gave."""
    lines = [
        "# Benchmarks",
        "",
        "Figures as they were stored, one file a machine: the name of a file says on "
        "what it was measured and with which versions. `python -m tests.benchmarks "
        "NAME`, in a clone of the repository with the extra `test`, measures again. "
        "Ratios are to a peer that was measured in the same run.",
        "",
    ]
    for benchmark, files in _by_benchmark().items():
        lines += [f"## {benchmark}", "", *_words(benchmark), ""]
        lines += ["```", f"python -m tests.benchmarks {benchmark}", "```", ""]
        for path in files:
            if path.with_suffix(".png").exists():
                lines += [f"![The table {path.stem} as a picture]({path.stem}.png)", ""]
            lines += [f'??? note "{path.stem}"', ""]
            lines += ["    " + line for line in _table(path)]
            lines += [""]
    if not _by_benchmark():
        lines += ["None are stored in this copy."]
    return "\n".join(lines) + "\n"


def pictures():
    """Dict from path to file: the tables that are drawn, beside the page."""
    return {path.name: path for path in sorted(RESULTS.glob("*.png"))}


def _by_benchmark():
    names = [path.stem for path in RESULTS.parent.glob("[a-z]*.py")]
    found = {}
    for path in sorted(RESULTS.glob("*.csv")):
        name = max((n for n in names if path.stem.startswith(n)), key=len, default=None)
        found.setdefault(name or path.stem.split("-")[0], []).append(path)
    return found


def _words(benchmark):
    try:
        module = (RESULTS.parent / f"{benchmark}.py").read_text("utf-8")
    except FileNotFoundError:
        return []
    doc = re.match(r'(?s)"""(.*?)"""', module)
    text = inspect.cleandoc(doc[1]) if doc else ""
    from zoo_site import docstrings

    return docstrings.to_markdown(text).splitlines()


def _table(path):
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file))
    yield "| " + " | ".join(_text(one) for one in head) + " |"
    yield "| " + " | ".join("---" for _ in head) + " |"
    for row in rows:
        yield "| " + " | ".join(_text(one) for one in row) + " |"


def _text(value):
    try:
        number = float(value)
    except ValueError:
        return value.replace("|", "\\|")
    return value if number.is_integer() and "." not in value else f"{number:.4g}"
