"""The finder of names on one's own file: from the recipe to coloured sentences."""

import json
import re

import numpy as np
import pytest
import typer.testing
from rich.console import Console

from keras_rnn_zoo import cli, jobs
from keras_rnn_zoo.cli import answers
from keras_rnn_zoo.training import recipes
from tests.fresh import ask_without_the_zoo

RECIPE = "wnut17_bilstm_crf"
SENTENCE = "we saw Dagbert Fencher near  Abbadon today"


def conll(count=90):
    """Persons have two words with capitals, places one; hardly a name comes twice."""
    rng, lines = np.random.default_rng(3), []

    def name():
        return "".join(rng.choice([*"abcdefghnorst"], rng.integers(3, 8))).title()

    for _ in range(count):
        lines.append(f"{rng.choice(['we', 'they', 'all'])}\tO")
        lines.append(f"{rng.choice(['saw', 'met'])}\tO")
        if rng.random() < 0.7:
            lines += [f"{name()}\tB-person", f"{name()}\tI-person"]
        lines += ["near\tO", f"{name()}\tB-location", "today\tO", ""]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("names")
    (root / "my.conll").write_text(conll())
    result = jobs.train(
        RECIPE,
        data=root / "my.conll",
        units=16,
        epochs=10,
        batch_size=8,
        out=root / "run",
    )
    return root / "run", result


def test_it_finds_names_it_never_saw_and_says_how_well(run):
    directory, result = run
    own = recipes.load(RECIPE)
    options = recipes.load(directory).data.options
    assert {k: options[k] for k in own.data.options} == own.data.options
    assert recipes.load(directory).model.characters == own.model.characters
    assert [one.metric for one in result.model[:2]] == ["span_f1", "accuracy"]
    assert result.model[0].value > 0.8
    figures = {one.name: one.value for one in result.baselines if "f1" in one.metric}
    assert figures["majority"] == 0
    assert figures["most frequent tag of the word"] < 0.3
    assert figures["logistic regression on ±2 words"] > 0.8
    assert "span_f1" in result.validation
    assert {"curves.png", "predictions.png"} <= set(result.files)
    assert result.checks["saved_model"] <= 1e-5 and result.checks["model.keras"] == 0
    again = jobs.evaluate(str(directory))
    assert again.model == result.model and again.same_data


def test_a_sentence_of_one_s_own(run):
    directory, _ = run
    answer = jobs.predict(str(directory), SENTENCE)
    assert answer.tokens == tuple(SENTENCE.split())
    assert answer.names == [(2, 4, "person"), (5, 6, "location")]
    assert answer.true_names is None
    example = jobs.predict(str(directory), example=1)
    tags = [example.labels[i] for i in example.truth]
    assert example.true_names == jobs.names_in(tags)


def test_the_names_are_printed_for_people_and_for_pipes(run, monkeypatch, capsys):
    directory = str(run[0])
    done = typer.testing.CliRunner().invoke(cli.app, ["predict", directory, SENTENCE])
    assert done.exit_code == 0, done.output
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    tags = "O O B-person I-person O B-location O".split()
    assert rows == [[w, t] for w, t in zip(SENTENCE.split(), tags, strict=True)]

    console = Console(force_terminal=True, width=60, color_system="standard")
    answers.print_prediction(console, jobs.predict(directory, SENTENCE))
    answers.print_prediction(console, jobs.predict(directory, "we met"))
    answers.print_prediction(console, jobs.predict(directory, example=1))
    out = capsys.readouterr().out
    plain = re.sub(r"\x1b\[[\d;]*m", "", out)
    assert plain.startswith(" location    person ")
    assert "we saw Dagbert Fencher near Abbadon today\n" in plain
    assert "person    Dagbert Fencher\nlocation  Abbadon\n" in plain
    assert "we met\n\nno names" in plain
    assert re.search(r"^truth  location  \w+$", plain, re.M)
    shown = re.findall(r"\x1b\[([\d;]+)m([^\x1b]+)\x1b\[0m", out)
    style = {text.strip(): codes for codes, text in reversed(shown)}  # first wins
    # The colours are those of the legend; what is no name has none.
    assert style["location"] == style["Abbadon"] != style["person"]
    assert style["person"] == style["Dagbert Fencher"]
    assert not {"we saw", "near", "today"} & set(style)


FRESH = """
import tensorflow as tf
call = tf.saved_model.load(str(root / "saved_model")).signatures["serving_default"]
out = call(text=tf.constant(asked))
answers["labels"] = out["labels"].numpy().astype(str).tolist()
"""


def test_the_saved_model_splits_words_by_itself(run):
    directory, _ = run
    answers, _ = ask_without_the_zoo(FRESH, directory, [SENTENCE, "we met Otto Hahn"])
    ours = jobs.predict(str(directory), SENTENCE)
    assert answers["labels"][0] == [ours.labels[i] for i in ours.predicted]
    assert answers["labels"][1][4:] == [""] * 3
    metadata = directory / "saved_model" / "assets.extra" / "metadata.json"
    document = json.loads(metadata.read_text())
    assert document["codec"]["max_characters"] > 0


def test_names_in_tags():
    names = jobs.names_in("I-a I-a B-a I-b O I-b I-b B-b".split())
    # As seqeval counts: I- after another kind, or after nothing, begins a name.
    assert names == [(0, 2, "a"), (2, 3, "a"), (3, 4, "b"), (5, 7, "b"), (7, 8, "b")]
    assert jobs.names_in([]) == jobs.names_in(["O"]) == []
