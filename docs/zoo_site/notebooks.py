"""The notebooks as pages, with the outputs that are stored in them. Nothing is run."""

import base64
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"


def pages():
    """Dict from path to Markdown or picture: a page for each notebook."""
    made = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = json.loads(path.read_text("utf-8"))
        made |= _page(path.stem, notebook["cells"])
    return made


def summaries():
    """List of dicts `name`, `title`, `purpose`, `time`: the notebooks' first cells."""
    found = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        first = _source(json.loads(path.read_text("utf-8"))["cells"][0])
        found.append(
            {
                "name": path.stem,
                "title": re.search(r"^# (.*)", first, re.M)[1],
                "purpose": _after("Purpose.", first),
                "time": _after("Run time.", first).rstrip("."),
            }
        )
    return found


def _after(word, text):
    found = re.search(rf"\*\*{re.escape(word)}\*\* (.*?)(?=\n\n|\*\*|\Z)", text, re.S)
    return " ".join(found[1].split()) if found else ""


def _page(name, cells):
    made, lines = {}, []
    for count, cell in enumerate(cells):
        if cell["cell_type"] == "markdown":
            text = _source(cell)
            lines += [_markdown(text), ""]
            if count == 0:
                lines += [f"The notebook: `notebooks/{name}.ipynb`.", ""]
            continue
        lines += ["``` { .python .notebook }", _source(cell), "```", ""]
        for number, output in enumerate(cell.get("outputs", [])):
            text, picture = _output(output)
            if picture:
                file = f"{name}_{count}_{number}.png"
                made[f"notebooks/{file}"] = base64.b64decode(picture)
                lines += [f"![Figure drawn by the code above]({file})", ""]
            elif text.strip():
                lines += ["``` { .text .output .no-copy }", text.rstrip(), "```", ""]
    made[f"notebooks/{name}.md"] = "\n".join(lines)
    return made


def _source(cell):
    return "".join(cell["source"])


def _output(output):
    """Text, and a picture in base 64, of what a cell gave."""
    data = output.get("data", {})
    if "image/png" in data:
        return "", "".join(data["image/png"])
    text = output.get("text", data.get("text/plain", ""))
    return re.sub(r"\x1b\[[0-9;]*m", "", "".join(text)), None


def _markdown(text):
    """What Jupyter reads otherwise than Python-Markdown: lists, links, formulas."""
    text = re.sub(r"\]\((?!\w+:)([\w./-]+)\.ipynb\)", r"](\1.md)", text)
    text = text.replace("](../docs/pages/", "](../")
    lines, made = text.splitlines(), []
    for line in lines:
        item = re.match(r"\s*(?:[*+-]|\d+\.) ", line)
        if item and made and made[-1].strip() and not _is_item(made[-1]):
            made.append("")
        made.append(line)
    # A formula of its own is a paragraph of its own.
    return re.sub(
        r"\$\$(.+?)\$\$",
        lambda m: f"\n\n$$\n{m[1].strip()}\n$$\n\n",
        "\n".join(made),
        flags=re.S,
    )


def _is_item(line):
    return re.match(r"\s*(?:[*+-]|\d+\.) |\s{2,}\S", line) is not None
