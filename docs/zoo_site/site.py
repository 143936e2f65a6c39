"""The whole site: its pages, written and made, and the way through them."""

import functools
import pathlib

from zoo_site import api, benchmarks, blocks, cells, docstrings, gallery, notebooks

ROOT = pathlib.Path(__file__).parents[2]
WRITTEN = ROOT / "docs" / "pages"
#: Pages whose code is run while the site is built, and answers on the page.
ANSWERED = ("errata.md", "explore.md", "look_inside.md", "zh/errata.md")


@functools.cache
def pages():
    """Dict from path to str, bytes or the path of a file: all that nobody writes."""
    made = {"benchmarks.md": benchmarks.page(), **benchmarks.pictures()}
    for part in (api, cells, gallery, notebooks):
        made |= part.pages()
    return made


def figures():
    """Dict from path to bytes: what the code of the pages draws."""
    return {
        f"figures/{_figure(name, number)}": picture
        for name in ANSWERED
        for number, picture in enumerate(_pictures(name))
    }


def written():
    """Dict from path to the text of the pages that somebody wrote."""
    return {
        path.relative_to(WRITTEN).as_posix(): path.read_text("utf-8")
        for path in sorted(WRITTEN.rglob("*.md"))
    }


def filled(path, text):
    """A written page with what it leaves open."""
    if path in written() and path != "contributing.md":
        text = docstrings.linked(text, docstrings.link_to)
    if path in ANSWERED:
        return blocks.with_answers(
            text, _answers(path), lambda number: f"figures/{_figure(path, number)}"
        )
    if path == "teachers.md":
        return text.replace("<!-- notebooks -->", _notebooks())
    if path == "zh/index.md":
        return text.replace("<!-- notebooks -->", _notebooks_zh())
    if path == "contributing.md":
        whole = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
        return text.replace("<!-- contributing -->", whole.partition("\n")[2])
    return text


def navigation():
    """The tabs, and what is below them."""

    def below(part, index):
        rest = sorted((p for p in part if p.endswith(".md") and p != index), key=_order)
        return [index, *rest]

    everything = pages()
    folder = {
        name: below(
            [p for p in everything if p.startswith(f"{name}/")], f"{name}/index.md"
        )
        for name in ("cells", "models", "api")
    }
    lessons = [
        p for p in everything if p.startswith("notebooks/") and p.endswith(".md")
    ]
    chinese = [p for p in lessons if p.startswith("notebooks/zh/")]
    english = [p for p in lessons if p not in chinese]
    return [
        {"Start": "index.md"},
        {
            "Cells": [*folder["cells"][:1], {"By paper": "cell_options.md"}]
            + folder["cells"][1:]
        },
        {"Topologies": "topologies.md"},
        {
            "Models": [*folder["models"][:1], {"What they reach": "results.md"}]
            + folder["models"][1:]
        },
        {
            "Guides": [
                {"Explore": "explore.md"},
                {"Look inside": "look_inside.md"},
                {"Train your own data": "own_data.md"},
                {"Serve": "serve.md"},
                {"Commands": "commands.md"},
                {"Migrating": "migrate.md"},
                {"Speed": "speed.md"},
                {"Benchmarks": "benchmarks.md"},
            ]
        },
        {
            "For teachers": [
                "teachers.md",
                {"Symbols": "symbols.md"},
                {"Glossary": "glossary.md"},
                {"Errata of the notes": "errata.md"},
                *english,
            ]
        },
        {"学习": ["zh/index.md", *chinese, {"原笔记勘误": "zh/errata.md"}]},
        {"API": folder["api"]},
        {"Contributing": "contributing.md"},
    ]


def _order(path):
    rooms = [f"api/{room}.md" for room in api.ROOMS]
    return (rooms.index(path) if path in rooms else 0, path.lower())


@functools.cache
def _answers(name):
    return blocks.run((WRITTEN / name).read_text("utf-8"))


def _pictures(name):
    return [picture for _, _, pictures in _answers(name) for picture in pictures]


def _figure(name, number):
    return f"{pathlib.PurePath(name).stem}_{number}.png"


def _notebooks():
    head = ["| notebook | what it shows | takes | |", "| --- | --- | --- | --- |"]
    chinese = {one["name"] for one in notebooks.summaries(notebooks.CHINESE)}
    return "\n".join(
        [
            *head,
            *(
                f"| [{one['title']}](notebooks/{one['name']}.md) | {one['purpose']} "
                f"| {one['time']} | {_in_chinese(one['name'], chinese)} |"
                for one in notebooks.summaries()
            ),
        ]
    )


def _in_chinese(name, chinese):
    return f"[中文](notebooks/zh/{name}.md)" if f"zh/{name}" in chinese else ""


def _notebooks_zh():
    head = ["| 笔记本 | 内容 | 运行时间 | |", "| --- | --- | --- | --- |"]
    return "\n".join(
        [
            *head,
            *(
                f"| [{one['title']}](../notebooks/{one['name']}.md) | {one['purpose']} "
                f"| {one['time']} "
                f"| [English](../notebooks/{one['name'].removeprefix('zh/')}.md) |"
                for one in notebooks.summaries(notebooks.CHINESE)
            ),
        ]
    )
