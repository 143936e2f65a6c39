"""What teachers are told: where a claim is shown, and the misprints of the notes."""

import json
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PAGES = ROOT / "docs" / "pages"
sys.path.insert(0, str(ROOT / "docs"))

from zoo_site import blocks  # noqa: E402

ROW = re.compile(r"^\| .+ \| \[(\d\d)\]\(notebooks/(\w+)\.md\), \*(.+)\* \| [^|]+ \|$")


def headings(name):
    cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8"))
    text = "\n".join(
        "".join(cell["source"])
        for cell in cells["cells"]
        if cell["cell_type"] == "markdown"
    )
    return re.findall(r"^## (.+)$", text, re.M)


def missing(page):
    """Rows of the table of claims that lead to no heading of a notebook."""
    _, _, part = page.partition("## Claims")
    lines = [line for line in part.splitlines() if line.startswith("| ")][2:]
    found = []
    for line in lines:
        row = ROW.match(line)
        if not row or not row[2].startswith(row[1]):
            found.append(line)
            continue
        found += {row[3]} - set(headings(row[2]))
    return lines, found


def test_every_claim_leads_to_a_heading():
    page = (PAGES / "teachers.md").read_text("utf-8")
    lines, found = missing(page)
    assert len(lines) >= 24 and not found
    wrong = page.replace("*Padding does not count*", "*Padding counts*")
    assert missing(wrong)[1] == ["Padding counts"]


def test_the_errata_are_the_same_in_both_languages():
    english, chinese = (
        (PAGES / name).read_text("utf-8") for name in ("errata.md", "zh/errata.md")
    )
    code = [block.code for block in blocks.runnable(english)]
    assert code == [block.code for block in blocks.runnable(chinese)]
    assert english.count("\n## ") == chinese.count("\n## ") >= 12
    assert english.count("\n| ") == chinese.count("\n| ")


def test_the_errata_run():
    page = (PAGES / "errata.md").read_text("utf-8")
    assert all(said.strip() for _, said, _ in blocks.run(page)[1:])
    assert all("assert" in block.code for block in blocks.runnable(page)[1:])
    wrong = page.replace("x_t + w_ho * h_before + b_o)", "x_t) + w_ho * h_before + b_o")
    assert wrong != page
    with pytest.raises(AssertionError):
        blocks.run(wrong)
