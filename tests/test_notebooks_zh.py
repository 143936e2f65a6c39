"""Every notebook is there in Chinese: the same code and outputs, and a current text."""

import copy

import pytest

from tests import notebooks_zh as zh

NAMES = sorted(path.name for path in zh.ENGLISH.glob("*.ipynb"))
THERE = sorted(path.name for path in zh.CHINESE.glob("*.ipynb"))


@pytest.mark.parametrize("name", NAMES)
def test_every_notebook_has_its_chinese_one(name):
    assert (zh.CHINESE / name).is_file(), f"python -m tests.notebooks_zh {name}"
    assert not zh.problems(zh.read(zh.ENGLISH / name), zh.read(zh.CHINESE / name))


def test_no_chinese_notebook_is_left_over():
    assert set(THERE) <= set(NAMES)


@pytest.mark.parametrize("name", THERE)
def test_links_lead_somewhere(name):
    for cell in zh.read(zh.CHINESE / name)["cells"]:
        for link in zh.links(zh.text_of(cell)) if "markdown" in cell.values() else ():
            assert "://" in link or (zh.CHINESE / link.split("#")[0]).is_file(), link


ENGLISH = {
    "cells": [
        {
            "cell_type": "markdown",
            "id": "c00",
            "metadata": {},
            "source": [
                "The gate $f_t$ of an `LSTM` is $\\sigma$; ",
                "see [there](../docs/pages/symbols.md).",
            ],
        },
        {
            "cell_type": "code",
            "execution_count": 1,
            "id": "c01",
            "metadata": {},
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["2\n"]}],
            "source": ["print(1 + 1)"],
        },
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
CHINESE = "`LSTM` 的门 $f_t$ 是 $\\sigma$，见[这里](../../docs/pages/symbols.md)。"


def translated():
    made = zh.brought_over(copy.deepcopy(ENGLISH), None)
    made["cells"][0]["source"] = [CHINESE]
    return zh.brought_over(copy.deepcopy(ENGLISH), made)


def test_a_translation_is_brought_over_and_is_whole():
    first = zh.brought_over(copy.deepcopy(ENGLISH), None)
    [problem] = zh.problems(ENGLISH, first)
    assert problem == "cell c00 is not translated: 0 characters for 7 words"
    assert not zh.problems(ENGLISH, translated())
    assert zh.KEY not in ENGLISH["cells"][0]["metadata"]


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("$f_t$", "$f_{t-1}$", "other formulas"),
        ("`LSTM`", "LSTM", "other code"),
        ("(../../docs", "(../docs", "other links"),
        ("symbols.md", "symbol.md", "other links"),
        ("的门", "the gate of which is", "not translated"),
    ],
)
def test_what_is_wrong_with_a_text_is_seen(old, new, said):
    made = translated()
    made["cells"][0]["source"] = [CHINESE.replace(old, new)]
    assert said in " ".join(zh.problems(ENGLISH, made))


def test_a_changed_english_text_makes_its_translation_stale_until_accepted():
    changed = copy.deepcopy(ENGLISH)
    changed["cells"][0]["source"][0] = "A gate $f_t$ of an `LSTM` is $\\sigma$; "
    made = zh.brought_over(changed, translated())
    [problem] = zh.problems(changed, made)
    assert "changed since" in problem and made["cells"][0]["source"] == [CHINESE]
    assert not zh.problems(changed, zh.brought_over(changed, made, accepted=["c00"]))


def test_a_run_time_is_brought_over():
    english = "A net.\n\n**Run time.** {}. **Hardware.** Any."
    chinese = "一个网络。\n\n**运行时间。** {}。 **硬件。** 任意。"
    kept = zh.digest(english.format("40 seconds"))
    assert kept == zh.digest(english.format("2 minutes"))
    changed = english.format("2 minutes"), chinese.format("40 秒")
    [problem] = zh.problems_of_text(*changed, kept)
    assert "run time" in problem
    assert zh.with_time(*changed) == chinese.format("2 分钟")
    assert not zh.problems_of_text(changed[0], chinese.format("2 分钟"), kept)


def test_changed_code_and_cells_are_seen_and_brought_over():
    made = translated()
    made["cells"][1]["outputs"] = []
    assert "differs" in zh.problems(ENGLISH, made)[0]
    assert not zh.problems(ENGLISH, zh.brought_over(ENGLISH, made))
    made["cells"].reverse()
    assert "another order" in zh.problems(ENGLISH, made)[0]
    assert not zh.problems(ENGLISH, zh.brought_over(ENGLISH, made))


def test_words_in_a_formula_may_be_translated_and_nothing_else():
    one, other = r"$a \text{ for all } x$", r"$a \text{ 对所有 } x$"
    assert zh.formulas(one) == zh.formulas(other) != zh.formulas(r"$b \text{ x } x$")


def test_the_command_writes_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(zh, "ENGLISH", tmp_path)
    monkeypatch.setattr(zh, "CHINESE", tmp_path / "zh")
    zh.write(tmp_path / "00.ipynb", ENGLISH)
    zh.main([])
    assert "is not translated" in capsys.readouterr().out
    made = zh.read(tmp_path / "zh" / "00.ipynb")
    made["cells"][0]["source"] = [CHINESE]
    zh.write(tmp_path / "zh" / "00.ipynb", made)
    zh.main(["00"])
    assert capsys.readouterr().out == "00: no problems\n"
    with pytest.raises(SystemExit):
        zh.main(["--accept", "c00"])
    assert "`--accept` needs the name of one" in capsys.readouterr().err
