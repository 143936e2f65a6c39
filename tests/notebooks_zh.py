"""The Chinese notebooks beside the English ones.

    python -m tests.notebooks_zh [NAME…]           brings code and outputs over
    python -m tests.notebooks_zh NAME --accept ID…  says that these texts are current

The code cells of `notebooks/zh/` are those of the English notebook: source, outputs
and metadata. Only the text is written by hand, in the cell of the same id. Its metadata
keep a hash of the English text that it translates, so that a change of the English text
is seen. A text that has just been translated gets its hash here; one that was
translated before, and whose English text has changed since, is named and left alone:
change it, then `--accept` it. What has no translation yet stands there in English.
"""

import argparse
import collections
import hashlib
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[1]
ENGLISH = ROOT / "notebooks"
CHINESE = ENGLISH / "zh"
KEY = "translates"
_FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+?\$", re.S)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\]\(([^)\s]+)\)|(https?://[^\s)>,;，；。]+[^\s)>,;.，；。])")
_TIME = re.compile(r"\*\*Run time\.\*\* (\d+) (second|minute)s?\.")
_ITS_TIME = re.compile(r"\*\*运行时间。\*\*[^。]*。")
_HAN = re.compile(r"[\u4e00-\u9fff]")


def read(path):
    return json.loads(path.read_text("utf-8"))


def text_of(cell):
    return "".join(cell["source"])


def digest(text):
    """What a translation keeps of the text that it translates.

    The run time is left out: it is brought over, and needs no translator.
    """
    return hashlib.sha256(_TIME.sub("", text).encode()).hexdigest()[:12]


def with_time(english, chinese):
    """The Chinese text with the run time of the English one, if that has one."""
    if time := _TIME.search(english):
        unit = {"second": "秒", "minute": "分钟"}[time[2]]
        return _ITS_TIME.sub(f"**运行时间。** {time[1]} {unit}。", chinese)
    return chinese


def formulas(text):
    """The formulas in a text, counted. Words in `\\text{…}` are not part of them."""
    found = (re.sub(r"\\text\{[^}]*\}", r"\\text{}", f) for f in _FORMULA.findall(text))
    return collections.Counter(" ".join(formula.split()) for formula in found)


def links(text):
    """Set of what a text links to."""
    return {one or other for one, other in _LINK.findall(_FORMULA.sub("", text))}


def names(text):
    """Set of what a text sets as code."""
    return set(_CODE.findall(_FORMULA.sub("", text)))


def words(text):
    """What is left to be translated: no formulas, code, links and references."""
    text = re.split(r"\*\*References\.\*\*|\*\*参考文献。\*\*", text)[0]
    for pattern in (_FORMULA, _CODE, re.compile(r"\]\([^)]*\)")):
        text = pattern.sub(" ", text)
    return text


def problems_of_text(english, chinese, kept):
    """What is wrong with a translation, as a list of texts.

    Args:
        english: str.
        chinese: str.
        kept: str, the hash in the Chinese cell's metadata; None where there is none.
    """
    found = []
    much = len(re.findall(r"[A-Za-z]{2,}", words(english)))
    han = len(_HAN.findall(words(chinese)))
    if re.search(r"[a-z]{3}", words(english)) and han < max(1, 0.7 * much):
        return [f"is not translated: {han} characters for {much} words"]
    if kept != digest(english):
        found.append("translates an English text that has changed since")
    for what, of in (("formulas", formulas), ("code", names)):
        if of(english) != of(chinese):
            found.append(f"has other {what}: {_difference(of(english), of(chinese))}")
    if with_time(english, chinese) != chinese or (
        _TIME.search(english) and not _ITS_TIME.search(chinese)
    ):
        found.append("has another run time, or no **运行时间。**")
    # One directory further down.
    wanted = {re.sub(r"^\.\./", "../../", link) for link in links(english)}
    if links(chinese) != wanted:
        found.append(f"has other links: {_difference(wanted, links(chinese))}")
    return found


def _difference(one, other):
    return f"missing {list(one - other)}, more {list(other - one)}"


def problems(english, chinese):
    """What is wrong with a Chinese notebook, as a list of texts."""
    here, there = ([cell["id"] for cell in n["cells"]] for n in (english, chinese))
    if here != there:
        return [f"other cells, or another order: {here} and {there}"]
    found = []
    rest = [{k: v for k, v in n.items() if k != "cells"} for n in (english, chinese)]
    if rest[0] != rest[1]:
        found.append("the notebook's metadata differ")
    for one, other in zip(english["cells"], chinese["cells"], strict=True):
        where = f"cell {one['id']} "
        if one["cell_type"] != other["cell_type"]:
            found.append(f"{where}is of another kind")
        elif one["cell_type"] != "markdown":
            if one != other:
                found.append(f"{where}differs: run `python -m tests.notebooks_zh`")
        else:
            kept = other["metadata"].get(KEY)
            parts = problems_of_text(text_of(one), text_of(other), kept)
            found += [where + part for part in parts]
    return found


def brought_over(english, chinese, accepted=()):
    """The Chinese notebook with the code of the English one.

    Args:
        english: dict, a notebook.
        chinese: dict, the notebook as it is; None where there is none yet.
        accepted: ids of the cells whose translation is current.
    """
    have = {cell["id"]: cell for cell in chinese["cells"]} if chinese else {}
    cells = []
    for cell in english["cells"]:
        mine = have.get(cell["id"])
        if cell["cell_type"] != "markdown":
            cells.append(cell)
            continue
        if mine is None or not _HAN.search(text_of(mine)):
            cells.append({**cell, "metadata": dict(cell["metadata"])})
            continue
        kept = mine["metadata"].get(KEY)
        if kept is None or cell["id"] in accepted:
            kept = digest(text_of(cell))
        source = with_time(text_of(cell), text_of(mine)).splitlines(keepends=True)
        metadata = {**cell["metadata"], KEY: kept}
        cells.append({**cell, "metadata": metadata, "source": source})
    return {**english, "cells": cells}


def write(path, notebook):
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
    path.write_text(text + "\n", "utf-8")


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.notebooks_zh")
    parser.add_argument("names", nargs="*", help="the beginnings of names; else all")
    parser.add_argument("--accept", nargs="+", default=[], metavar="ID")
    given = parser.parse_args(arguments)
    if given.accept and len(given.names) != 1:
        parser.error("`--accept` needs the name of one notebook.")
    for path in sorted(ENGLISH.glob("*.ipynb")):
        if given.names and not path.name.startswith(tuple(given.names)):
            continue
        english, target = read(path), CHINESE / path.name
        before = read(target) if target.exists() else None
        chinese = brought_over(english, before, given.accept)
        if chinese != before:
            write(target, chinese)
        found = problems(english, chinese)
        print(f"{path.stem}: {len(found) or 'no'} problems")
        for problem in found:
            print(f"  {problem}")


if __name__ == "__main__":
    main()
