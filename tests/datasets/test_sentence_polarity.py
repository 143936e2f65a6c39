"""Sentences for and against, and the linear baseline for texts of words.

`KRZ_TFDS_DIR` names a TFDS directory with krz_sentence_polarity, for the real data.
"""

import os
import types
import zipfile

import numpy as np
import pytest

from keras_rnn_zoo import datasets
from keras_rnn_zoo.datasets import builders, codec
from keras_rnn_zoo.tasks import baselines

TFDS_DIR = os.environ.get("KRZ_TFDS_DIR")
NAME = "krz_sentence_polarity"


def test_every_sentence_is_in_one_split(tmp_path):
    sentences = {
        label: [f"word {i} of a {label} review ." for i in range(200)]
        for label in ("neg", "pos")
    }
    archive = tmp_path / "made.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for label, lines in sentences.items():
            text = "\n".join(line + " " for line in lines) + "\n\n"
            file.writestr(f"sentence_polarity/rt-polarity.{label}", text)
    builder = builders.KrzSentencePolarity(data_dir=tmp_path)
    found = {s: dict(builder._generate_examples(archive, s)) for s in ("train", "test")}
    assert not set(found["train"]) & set(found["test"])
    assert 40 < len(found["test"]) < 110  # three of sixteen, about 75
    both = [*found["train"].values(), *found["test"].values()]
    pairs = {(one["label"], one["text"]) for one in both}
    assert len(both) == 400
    assert pairs == {(k, line) for k, lines in sentences.items() for line in lines}


def test_without_the_file_the_error_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="put sentence_polarity.zip into"):
        datasets.load(NAME, data_dir=tmp_path)
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    (manual / "sentence_polarity.zip").write_bytes(b"another file")
    with pytest.raises(ValueError, match="must be the registered ones"):
        datasets.load(NAME, data_dir=tmp_path)


def test_the_linear_baseline_counts_words_and_pairs():
    rng = np.random.default_rng(0)
    words = ["not", "good", "bad", "film", "plot"]
    texts, raw = {}, {}
    for split, size in (("train", 400), ("validation", 60), ("test", 60)):
        texts[split] = [tuple(rng.choice(words, 8)) for _ in range(size)]
        # The answer is a pair: no word alone tells it.
        answers = ["not good" in " ".join(text) for text in texts[split]]
        raw[split] = [(np.zeros(8, "int32"), np.int32(a)) for a in answers]
    tokens = (codec.PADDING, codec.UNKNOWN, *words)
    pipelines = types.SimpleNamespace(
        name="made",
        texts=texts,
        raw=raw,
        labels=("other", "not good"),
        vocabulary=tokens,
        codec=codec.Codec(tokens, unit="word"),
        num_features=None,
        padding=None,
    )
    majority, linear = baselines.compute(pipelines)
    share = np.mean([y for _, y in raw["test"]])
    assert majority.value == pytest.approx(max(share, 1 - share))
    assert linear.name == "logistic regression on words and pairs of words"
    assert linear.value > 0.97 > majority.value + 0.1


@pytest.mark.skipif(not TFDS_DIR, reason="KRZ_TFDS_DIR names no directory")
def test_the_real_sentences():
    data = datasets.load(NAME, data_dir=TFDS_DIR)
    sizes = {split: len(part) for split, part in data.raw.items()}
    assert sum(sizes.values()) == 10_662
    assert data.labels == ("neg", "pos") and data.facts["licence"] == "CC BY 4.0"
