"""Sequences of another length, from a recipe to an answer; what the table knows."""

import itertools
import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import jobs
from keras_rnn_zoo.presets import model_directory
from keras_rnn_zoo.tasks import joint_ngram, letter_table, task_of

#: What each letter stands for; a word with "x" at its end is also said without it.
SPOKEN = {"a": "AE", "b": "B", "c": "K", "d": "D", "e": "", "x": "K S"}

RECIPE = """
name = "tiny_g2p"
title = "Letters to phones"
task = "transduction"
example = "bad"
[data]
name = "krz_cmudict"
batch_size = 16
[model]
topology = "EncoderDecoder"
cell = "GRU"
units = 12
embedding_dim = 8
attention = "luong"
[training]
epochs = 2
learning_rate = 0.02
monitor = "val_accuracy"
"""


def dictionary():
    lines = []
    for letters in itertools.product("abcdex", repeat=4):
        word = "".join(letters)
        phones = " ".join(filter(None, (SPOKEN[one] for one in word)))
        if phones:
            lines.append(f"{word} {phones}")
            if word.endswith("x"):
                lines.append(f"{word}(2) {phones[:-4]} AE".replace("  ", " "))
    return "\n".join(lines)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("g2p")
    manual = root / "data" / "downloads" / "manual"
    manual.mkdir(parents=True)
    (manual / "cmudict.dict").write_text(dictionary())
    (root / "recipe.toml").write_text(RECIPE)
    return jobs.train(
        str(root / "recipe.toml"), out=root / "run", data_dir=root / "data"
    )


def test_a_training_is_judged_beside_simpler_methods_and_drawn(run):
    names = [(one.name, one.metric) for one in run.model]
    assert names[0] == ("tiny_g2p, 5 beams", "wer")
    assert ("tiny_g2p, greedy", "per") in names
    simpler = {(one.name, one.metric): one.value for one in run.baselines}
    for name in ("table of neighbours", "joint n-gram"):
        assert simpler[name, "per"] < 0.05  # the letters tell it all
    assert 0 < run.model[1].value <= 1.5
    assert (run.directory / "predictions.png").stat().st_size > 10_000
    assert (run.directory / "curves.png").stat().st_size > 10_000
    metrics = json.loads((run.directory / "metrics.json").read_text())
    assert metrics["task"] == "transduction"
    assert max(run.checks.values()) < 1e-5


def test_it_answers_with_the_best_and_where_it_looked(run):
    result = jobs.predict(str(run.directory), "Bad")
    scores = [score for _, score in result.candidates]
    assert scores == sorted(scores, reverse=True) and len(scores) >= 2
    said = result.candidates[0][0]
    assert result.alignment.shape == (len(said), 3)
    np.testing.assert_allclose(result.alignment.sum(1), 1, atol=1e-5)
    with pytest.raises(
        ValueError, match=r"`text` must hold .*Received: 'b d', with ' '"
    ):
        jobs.predict(str(run.directory), "b d")
    root = pathlib.Path(run.directory).parent
    shown = jobs.predict(str(run.directory), example=1, data_dir=root / "data")
    assert shown.truth.ndim == 2
    again = jobs.evaluate(str(run.directory), data_dir=root / "data")
    assert [one.value for one in again.model] == [one.value for one in run.model]


def test_it_is_exported_by_the_same_command_and_says_the_same(run, tmp_path):
    exported = jobs.export(str(run.directory), out=tmp_path / "served")
    served = tf.saved_model.load(str(exported.path)).signatures["generate_text"]
    model = jobs.load_run(str(run.directory)).model
    words = ["bad", "cab", "axe"]
    said = [one.decode() for one in served(text=tf.constant(words))["text"].numpy()]
    assert said == [" ".join(one) for one in model.generate_text(words)]


def test_it_is_published_with_a_golden_answer(run, tmp_path):
    seeds = tmp_path / "seeds.json"
    figures = [
        {
            "name": one.name,
            "metric": one.metric,
            "mean": one.value,
            "standard_deviation": None,
            "values": [one.value],
        }
        for one in run.model
    ]
    seeds.write_text(
        json.dumps(
            {
                "name": "tiny_g2p",
                "seeds": [1],
                "test": figures,
                "baselines": [],
                "training_seconds": [1.0],
            }
        )
    )
    path = jobs.publish(run.directory, seeds, tmp_path / "models" / "tiny_g2p")
    assert model_directory.golden_difference(path) == 0
    card = (path / "README.md").read_text()
    assert "a sequence of another length" in card and "Carnegie Mellon" in card
    assert "wer (less is better)" in card


def test_any_of_several_answers_is_right():
    judge = task_of("transduction")
    judge.add(np.array([[5, 6, 2, 0], [5, 2, 0, 0]]), [5, 2, 0])
    judge.add(np.array([[5, 6, 7, 2]]), [5, 7, 2, 9])
    judge.add(np.array([3, 2]), [2])
    found = judge.result()
    assert found["wer"] == pytest.approx(2 / 3)
    assert found["per"] == pytest.approx((0 + 1 + 1) / (1 + 3 + 1))


def test_letters_are_aligned_with_what_they_stand_for(rng):
    """Against every alignment there is, of a word that has few."""
    tokens = {1: (), 2: (1,), 3: (2,), 4: (1, 2)}
    pairs = []
    for _ in range(300):
        letters = np.append(rng.integers(1, 5, rng.integers(1, 5)), 2)
        written = [one for letter in letters for one in tokens[int(letter)]]
        pairs.append((letters, np.array(written, int)))
    for letters, chunks in letter_table.align(pairs, 5, 3):
        assert chunks == [tokens[one] for one in letters]
    log_p = rng.normal(size=(5, 4, 4))
    letters, written = np.array([[1, 2, 3]]), np.array([[1, 2, 0, 1]])
    ends = letter_table._most_probable(letters, written, log_p)[0]
    none, best = 3, -np.inf
    for lengths in itertools.product(range(3), repeat=3):
        if sum(lengths) != 4:
            continue
        score, at = 0.0, 0
        for letter, length in zip(letters[0], lengths, strict=True):
            chunk = [*written[0, at : at + length], none, none][:2]
            score, at = score + log_p[letter, chunk[0], chunk[1]], at + length
        if score > best:
            best, right = score, np.cumsum(lengths)
    assert ends.tolist() == right.tolist()


def test_a_joint_ngram_says_what_is_most_probable_of_all_there_is(rng):
    """Against every sequence of pairs, summed over those that say the same."""
    pairs = []
    for _ in range(60):
        letters = rng.integers(1, 4, rng.integers(2, 6))
        # 2 before 3 is one token, and 3 then says nothing; else each says its own.
        written = []
        for i, letter in enumerate(letters):
            if letter == 3 and i and letters[i - 1] == 2:
                written[-1:] = [4]
            else:
                written += [int(letter), 5][: rng.integers(1, 3)]
        pairs.append((letters, np.array(written)))
    ngram = joint_ngram.JointNgram(
        letter_table.align(pairs, 5, 6), 5, order=2, beams=4000
    )
    words = [np.array([2, 3, 1]), np.array([1, 1]), np.array([3, 2, 3]), np.array([4])]
    said = ngram.answers([*words, np.array([], int)])
    for word, answer in zip(words, said, strict=False):
        options = [row[row > 0] for row in ngram.candidates[word]]
        rows = np.array([[*row, 1] for row in itertools.product(*options)])
        mass = {}
        for row, log_p in zip(rows, ngram.markov.log_prob(rows).numpy(), strict=True):
            key = tuple(token for pair in row for token in ngram.chunks[pair])
            mass[key] = mass.get(key, 0.0) + np.exp(log_p)
        assert answer == max(mass, key=mass.get)
    assert 4 in said[0] and said[3:] == [(), ()]
