"""The finder of names in Chinese sentences, which come without spaces."""

import re

import pytest
import typer.testing
from rich.console import Console

from keras_rnn_zoo import cli, jobs
from keras_rnn_zoo.cli import answers

MODEL = "zh_names_bilstm_crf"
SENTENCE = "李白在北京大学读书"


@pytest.fixture(scope="module")
def answer():
    return jobs.predict(MODEL, SENTENCE)


def test_a_sentence_as_it_is_written(answer):
    assert answer.tokens == tuple(SENTENCE) and answer.separator == ""
    assert answer.names == [(0, 2, "PER"), (3, 7, "ORG")]
    assert "".join(answer.tokens[3:7]) == "北京大学"
    first = jobs.predict(MODEL, "他出生于上海。")
    assert first.names == [(4, 6, "LOC")]


def test_the_names_are_printed_without_spaces(answer, capsys):
    done = typer.testing.CliRunner().invoke(cli.app, ["predict", MODEL, SENTENCE])
    assert done.exit_code == 0, done.output
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    tags = "B-PER I-PER O B-ORG I-ORG I-ORG I-ORG O O".split()
    assert rows == [[c, t] for c, t in zip(SENTENCE, tags, strict=True)]

    console = Console(force_terminal=True, width=60, color_system="standard")
    answers.print_prediction(console, answer)
    plain = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert f"\n{SENTENCE}\n" in plain
    assert re.search(r"^PER +李白$\n^ORG +北京大学$", plain, re.M)
