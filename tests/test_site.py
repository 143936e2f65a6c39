"""The site says what is true: its names, code and commands; and it is whole.

What needs the built site runs where `KRZ_SITE` names its directory: in `bash .ci/run
docs`, which runs what is slow here as well.
"""

import importlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import urllib.parse
import xml.etree.ElementTree
from html.parser import HTMLParser

import numpy as np
import pytest
import typer.main
from zoo_site import api, blocks, cells, docstrings, maths, site

import keras_rnn_zoo
from keras_rnn_zoo import cli
from keras_rnn_zoo.inspection import catalogue

ROOT = pathlib.Path(__file__).parents[1]
SITE = pathlib.Path(os.environ["KRZ_SITE"]) if "KRZ_SITE" in os.environ else None
built = pytest.mark.skipif(SITE is None, reason="`bash .ci/run docs` builds the site")
WRITTEN = site.written()


@pytest.fixture(scope="module")
def pages():
    """Every page's Markdown, written and made."""
    made = {path: text for path, text in site.pages().items() if path.endswith(".md")}
    filled = set(WRITTEN) - set(site.ANSWERED)  # the answers take a while, and no part
    return {
        **made,
        **WRITTEN,
        **{path: site.filled(path, WRITTEN[path]) for path in filled},
    }


def public_names():
    """The public names by room, found in another way than the site does."""
    for room in keras_rnn_zoo._ROOMS:
        module = importlib.import_module(f"keras_rnn_zoo.{room}")
        names = getattr(module, "__all__", None) or [
            name
            for name, value in vars(module).items()
            if getattr(value, "__module__", "").startswith(f"keras_rnn_zoo.{room}")
            and not name.startswith("_")
        ]
        for name in names:
            yield room, name, getattr(module, name)


def test_every_public_name_stands_in_the_reference(pages):
    assert set(api.ROOMS) == set(keras_rnn_zoo._ROOMS)
    text = "\n".join(
        text for path, text in pages.items() if path[:4] in ("api/", "cell")
    )
    documented = re.findall(r"^::: (\S+)$|\{ #(\S+) \}$", text, re.M)
    documented = [one or other for one, other in documented]
    assert len(documented) == len(set(documented)) > 250
    for room, name, value in [*public_names(), ("", "load", keras_rnn_zoo.load)]:
        assert api.identifier(room, name, value) in documented, (room, name)
    classes = set(keras_rnn_zoo.__all__) - set(keras_rnn_zoo._ROOMS) - {"__version__"}
    assert classes <= {name for _, name, _ in public_names()}


def test_every_cell_has_a_page_with_its_equations(pages):
    index = pages["cells/index.md"]
    for entry in catalogue():
        page = pages[f"cells/{entry.name}.md"]
        assert f"[`{entry.name}`]({entry.name}.md)" in index
        assert entry.title in page and entry.paper.replace("|", "\\|") in page
        drawn = re.search(r'<div class="equations">(.*)</div>', page)[1]
        rows = xml.etree.ElementTree.fromstring(drawn).findall(".//mtr")
        assert len(rows) == len([line for line in entry.equations.splitlines() if line])
        assert cells.example(entry.name) in page
        assert "When to use it:**" in page


def test_equations_become_mathml():
    [row] = xml.etree.ElementTree.fromstring(
        maths.equations("k̃_t = σ(x_tᵀ W_gh - √(1 - l0²)) ⊙ h_{t-1}      one number")
    ).iter("mtr")
    left, right, remark = row
    assert left.find(".//mover/mo").text == "~" and remark[0].text == "one number"
    assert [one.text for one in right.find(".//msubsup")] == ["x", "t", "⊤"]
    assert right.find(".//msqrt//msubsup/mi").text == "l"
    assert "gh" in "".join(right.itertext()) and right[-1][-1].tag == "msub"


def test_latex_becomes_mathml_or_is_refused():
    pytest.importorskip("latex2mathml", reason="comes with the extra `docs`")
    page = (
        '<div class="arithmatex">\\[\\begin{aligned}a &amp;= b\\end{aligned}\\]</div>'
    )
    assert maths.render_latex(page).count("<mtd") == 2
    assert '<mo class="prime"' in maths.latex(r"f'(x)")
    assert "<msub>" in maths.render_title(r"Paths to \(h_t\)")
    with pytest.raises(ValueError, match=r"known\. Received: .*nothing"):
        maths.latex(r"\nothing{x}")


def test_docstrings_become_markdown():
    doc = (
        "One line.\n\n    y = x\n\nText about\nmore.\nWhen to use it: now.\n\nArgs:\n"
        "    a, b: int. See `LSTM`\n        and on.\n\nExample:\n>>> 1 + 1\n2\n"
    )
    assert docstrings.to_markdown(doc, {"LSTM": "[LSTM]"}.get) == (
        "One line.\n\n```text\ny = x\n```\n\nText about\nmore.\n\n"
        "**When to use it**: now.\n\n**Arguments**:\n\n* `a`, `b`: int. See [LSTM]\n"
        "    and on.\n\n**Example**:\n\n```pycon\n>>> 1 + 1\n2\n```\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("path", WRITTEN)
def test_the_code_of_a_page_runs(path):
    blocks.run(WRITTEN[path])


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_page_to_play_with_computes_what_the_package_does():
    code = """
        const {powers, viterbi} = require("./docs/pages/assets/explore.js");
        const [start, move, show, seen] = JSON.parse(process.argv[1]);
        const found = viterbi(start, move, show, seen);
        console.log(JSON.stringify([powers(0.5, 3), found.path, found.probability]));
    """
    rng = np.random.default_rng(0)
    hmm = keras_rnn_zoo.HMM(3, num_symbols=4)
    parts = [rng.dirichlet(np.ones(n), m) for n, m in ((3, 1), (3, 3), (4, 3))]
    for weight, part in zip(hmm.weights, parts, strict=True):
        weight.assign(np.log(part).reshape(weight.shape))
    seen = rng.integers(0, 4, (1, 12))
    given = [
        parts[0][0].tolist(),
        *(part.tolist() for part in parts[1:]),
        seen[0].tolist(),
    ]
    done = subprocess.run(
        ["node", "-e", code, json.dumps(given)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    powers, path, probability = json.loads(done.stdout)
    states, log_prob = hmm.viterbi(seen)
    assert powers == [1, 0.5, 0.25, 0.125] and path == np.array(states)[0].tolist()
    np.testing.assert_allclose(np.log(probability), log_prob[0], rtol=1e-5)


@pytest.mark.slow
def test_the_code_of_the_cells_and_of_the_models_runs(pages):
    for path, text in pages.items():
        if path.startswith(("cells/", "models/")):
            blocks.run(text)


def test_commands_are_those_that_there_are(pages):
    """Subcommand, options, and the names of models and recipes."""
    known = typer.main.get_command(cli.app)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    modules = {path.stem for path in (ROOT / "tests" / "benchmarks").glob("*.py")}
    seen = set()
    for path, text in pages.items():
        for line in blocks.commands(text):
            where = f"{path}: {line}"
            words = re.split(r" {3,}|  #", line)[0].split()
            program = words[0].removeprefix(".venv/bin/")
            if program == "make":
                assert re.search(rf"^{words[1]}:", makefile, re.M), where
            elif program == "keras-rnn-zoo":
                command, rest = known, words[1:]
                while hasattr(command, "commands") and rest:
                    assert rest[0] in command.commands, where
                    seen.add(rest[0])
                    command, rest = command.commands[rest[0]], rest[1:]
                options = {name for one in command.params for name in one.opts}
                given = [word for word in rest if re.match(r"--\w", word)]
                assert {*given} <= {*options, "--help"}, where
                if rest and re.fullmatch(r"\w+", rest[0]) and "_" in rest[0]:
                    assert (ROOT / "models" / rest[0]).is_dir(), where
            elif line.startswith("python -m tests.benchmarks "):
                assert words[3] in modules or words[3] == "NAME", where
    assert {"train", "predict", "generate", "export", "evaluate", "list"} <= seen


def test_notebooks_stand_in_both_languages_and_link_to_each_other(pages):
    for path in (ROOT / "notebooks" / "zh").glob("*.ipynb"):
        english = pages[f"notebooks/{path.stem}.md"]
        chinese = pages[f"notebooks/zh/{path.stem}.md"]
        assert f"[中文版](zh/{path.stem}.md)" in english
        assert f"[English](../{path.stem}.md)" in chinese
        assert f"](../notebooks/zh/{path.stem}.md)" in pages["zh/index.md"]
        assert f"[中文](notebooks/zh/{path.stem}.md)" in pages["teachers.md"]
        for answer, page in (("Answer", english), ("答案", chinese)):
            folded = re.findall(rf'^\?\?\? success "{answer} (\d)"$', page, re.M)
            assert folded == ["1", "2", "3"]
            assert not re.search(r"^# Answer", page, re.M)  # indented: in the fold
        figures = re.findall(r"\]\(\.\./(\S+\.png)\)", chinese)
        assert figures and all(f"notebooks/{name}" in site.pages() for name in figures)
    assert [*site.navigation()[-3]] == ["学习"]


def test_the_glossary_has_chinese_in_every_line_and_what_is_not_said(pages):
    lines = [one for one in pages["glossary.md"].splitlines() if one.startswith("| ")]
    rows = [[cell.strip() for cell in one.strip("| ").split(" | ")] for one in lines]
    rows = [row for row in rows if row[0] not in ("English", "---")]
    assert len(rows) > 50 and {len(row) for row in rows} == {4}
    assert all(re.search(r"[\u4e00-\u9fff]", row[1]) for row in rows)
    #: As the notes write it, and the notebooks do not.
    notes = "".join(row[2] for row in rows)
    texts = [text for path, text in pages.items() if path.startswith("notebooks/zh/")]
    for word in ("递归神经网络", "热门向量", "LSMT", "激励函数", "梯度修剪", "元细胞"):
        assert word in notes
        assert not [text[:40] for text in texts if word in text], word


def test_the_search_finds_chinese_words():
    """Material splits text and query by one expression; without it, by spaces."""
    separator = re.search(r"separator: '(.*)'", _configuration())[1]
    found = [one for one in re.split(separator, "一个循环单元（LSTM cell）。") if one]
    assert found == ["一", "个", "循", "环", "单", "元", "LSTM", "cell"]


class _Page(HTMLParser):
    """What a page loads, links to, and can be linked at."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.links, self.places = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        have = dict(attributes)
        self.places |= {have[key] for key in ("id", "name") if have.get(key)}
        if tag == "a" and have.get("href"):
            self.links.append(have["href"])
        elif tag == "link" and have.get("rel") not in ("canonical", "alternate"):
            self.loads.append(have.get("href") or "")
        for key in ("src", "srcset", "data", "poster", "action"):
            if have.get(key) and tag != "a":
                self.loads.append(have[key])


@pytest.fixture(scope="module")
def html():
    return {
        path.relative_to(SITE).as_posix(): _Page(path.read_text("utf-8"))
        for path in SITE.rglob("*.html")
    }


@built
def test_built_nothing_is_loaded_from_elsewhere(html):
    assert len(html) > 100
    for path, page in html.items():
        for address in page.loads:
            parts = urllib.parse.urlsplit(address)
            assert not parts.netloc and parts.scheme in ("", "data"), (path, address)
    for path in [*SITE.rglob("*.css"), *SITE.rglob("*.html")]:
        text = path.read_text("utf-8")
        styles = text if path.suffix == ".css" else "".join(_styles(text))
        found = re.findall(r"url\(\s*[\"']?(https?:)?//|@import", styles)
        assert not found, path
    # The theme's script asks another host where a repository is named only.
    assert not re.search(r"^(repo_url|extra_javascript)", _configuration(), re.M)


def _styles(text):
    return re.findall(r"<style>.*?</style>|style=\"[^\"]*\"", text, re.S)


def _configuration():
    return (ROOT / "mkdocs.yml").read_text("utf-8")


@built
def test_built_every_link_leads_somewhere(html):
    for path, page in html.items():
        if path == "404.html":  # its links begin at the root, wherever that is
            continue
        for address in [*page.links, *page.loads]:
            parts = urllib.parse.urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (SITE / path).parent / urllib.parse.unquote(parts.path)
            target = (
                pathlib.Path(os.path.normpath(target)) if parts.path else SITE / path
            )
            if target.is_dir():
                target = target / "index.html"
            assert target.is_file(), (path, address)
            if parts.fragment and target.suffix == ".html":
                there = html[target.relative_to(SITE).as_posix()].places
                assert urllib.parse.unquote(parts.fragment) in there, (path, address)


@built
def test_built_names_mathematics_and_search_are_there(html):
    places = {place for page in html.values() for place in page.places}
    for room, name, value in public_names():
        assert api.identifier(room, name, value) in places, (room, name)
    assert (SITE / "assets" / "maths.woff").stat().st_size < 300_000
    assert "MGUCell" in (SITE / "search" / "search_index.json").read_text("utf-8")
    for path in SITE.glob("notebooks/**/*.html"):
        text = path.read_text("utf-8")
        assert "arithmatex" not in text and "$$" not in text, path
