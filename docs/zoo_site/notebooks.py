"""The notebooks as pages, with the outputs that are stored in them. Nothing is run."""

import base64
import dataclasses
import json
import pathlib
import re
import textwrap

ROOT = pathlib.Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"


@dataclasses.dataclass(frozen=True)
class Language:
    """What the pages of one language say beside what the notebooks say."""

    folder: str
    purpose: str
    time: str
    notebook: str
    other: str
    answer: str
    figure: str


ENGLISH = Language(
    folder="",
    purpose="**Purpose.**",
    time="**Run time.**",
    notebook="The notebook: `{}`.",
    other="[中文版]({})",
    answer="Answer",
    figure="Figure drawn by the code above",
)
CHINESE = Language(
    folder="zh/",
    purpose="**目的。**",
    time="**运行时间。**",
    notebook="笔记本：`{}`。",
    other="[English]({})",
    answer="答案",
    figure="上面的代码画出的图",
)


def pages():
    """Dict from path to Markdown or picture: a page for each notebook."""
    made = {}
    for language in (ENGLISH, CHINESE):
        for path in _paths(language):
            made |= _page(path.stem, _cells(path), language)
    return made


def summaries(language=ENGLISH):
    """List of dicts `name`, `title`, `purpose`, `time`: the notebooks' first cells."""
    found = []
    for path in _paths(language):
        first = _source(_cells(path)[0])
        found.append(
            {
                "name": language.folder + path.stem,
                "title": re.search(r"^# (.*)", first, re.M)[1],
                "purpose": _after(language.purpose, first),
                "time": _after(language.time, first).rstrip(".。"),
            }
        )
    return found


def _paths(language):
    return sorted((NOTEBOOKS / language.folder).glob("*.ipynb"))


def _cells(path):
    return json.loads(path.read_text("utf-8"))["cells"]


def _after(word, text):
    found = re.search(rf"{re.escape(word)} (.*?)(?=\n\n|\*\*|\Z)", text, re.S)
    return " ".join(found[1].split()) if found else ""


def _page(name, cells, language):
    made, lines = {}, []
    for count, cell in enumerate(cells):
        if cell["cell_type"] == "markdown":
            lines += [_markdown(_source(cell), language), ""]
            if count == 0:
                lines += [_head(name, language), ""]
            continue
        shown = ["``` { .python .notebook }", _source(cell), "```", ""]
        for number, output in enumerate(cell.get("outputs", [])):
            text, picture = _output(output)
            if picture:
                file = f"{name}_{count}_{number}.png"
                if not language.folder:  # the figures are the same
                    made[f"notebooks/{file}"] = base64.b64decode(picture)
                up = "../" * language.folder.count("/")
                shown += [f"![{language.figure}]({up}{file})", ""]
            elif text.strip():
                shown += ["``` { .text .output .no-copy }", text.rstrip(), "```", ""]
        lines += _folded(shown, _source(cell), language)
    made[f"notebooks/{language.folder}{name}.md"] = "\n".join(lines)
    return made


def _head(name, language):
    """Where the notebook is, and its page in the other language if there is one."""
    file = f"notebooks/{language.folder}{name}.ipynb"
    said = language.notebook.format(file)
    other = NOTEBOOKS / ("" if language.folder else CHINESE.folder) / f"{name}.ipynb"
    if not other.exists():
        return said
    link = f"../{name}.md" if language.folder else f"{CHINESE.folder}{name}.md"
    return f"{said} {language.other.format(link)}"


def _folded(lines, source, language):
    """An answer to an exercise is closed until somebody opens it."""
    answer = re.match(r"# Answer (\d+)", source)
    if not answer:
        return lines
    text = textwrap.indent("\n".join(lines), "    ")
    return [f'??? success "{language.answer} {answer[1]}"', "", text, ""]


def _source(cell):
    return "".join(cell["source"])


def _output(output):
    """Text, and a picture in base 64, of what a cell gave."""
    data = output.get("data", {})
    if "image/png" in data:
        return "", "".join(data["image/png"])
    text = output.get("text", data.get("text/plain", ""))
    return re.sub(r"\x1b\[[0-9;]*m", "", "".join(text)), None


def _markdown(text, language):
    """What Jupyter reads otherwise than Python-Markdown: lists, links, formulas."""
    text = re.sub(r"\]\((?!\w+:)([\w./-]+)\.ipynb\)", r"](\1.md)", text)
    up = "../" * (1 + language.folder.count("/"))
    text = text.replace(f"]({up}docs/pages/", f"]({up}")
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
