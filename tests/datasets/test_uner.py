"""Names in Chinese sentences: the files are read as they are, and nothing is guessed.

`KRZ_UNER_ZH_DIR` names a directory with the three files, for the real data.
"""

import os

import pytest

from keras_rnn_zoo import datasets
from keras_rnn_zoo.datasets import builders
from keras_rnn_zoo.datasets.builders import uner_zh
from tests.datasets import prepared

REAL = os.environ.get("KRZ_UNER_ZH_DIR")
NAME = "krz_uner_zh"

#: The last column looks like a tag of a name: it is not to be taken for one.
SENTENCES = """\
# newdoc id = batch-0000
# sent_id = batch-0000-0001
# text = 我在北京大学。
1\t我\tO\t-\tO
2\t在\tO\t-\tO
3\t北京\tB-ORG\t-\tB-PER
4\t大学\tI-ORG\t-\tB-PER
5\t。\tO\t-\tO

# sent_id = batch-0000-0002
# text = 李白在#
1\t李白\tB-PER\t-\tO
2\t在\tO\t-\tO
3\t#\tO\t-\tO
"""


def prepare(data_dir, texts):
    """Writes what the builder reads from `texts` as its prepared data."""
    for split, text in texts.items():
        (data_dir / uner_zh.FILES[split]).write_text(text, encoding="utf-8")
    prepared.prepare(builders.KrzUnerZh, data_dir)


def test_words_and_tags_are_those_of_the_files(tmp_path):
    prepare(tmp_path, dict.fromkeys(("train", "validation", "test"), SENTENCES))
    data = datasets.load(NAME, data_dir=tmp_path, min_count=1, max_characters=4)
    assert data.labels == uner_zh.TAGS
    for split in ("train", "validation", "test"):
        assert data.texts[split] == [
            ("我", "在", "北京", "大学", "。"),
            ("李白", "在", "#"),
        ]
        assert [[data.labels[i] for i in y] for _, y in data.raw[split]] == [
            ["O", "O", "B-ORG", "I-ORG", "O"],
            ["B-PER", "O", "O"],
        ]
    assert data.decode(data.raw["train"][0][0]) == "我 在 北京 大学 。"
    assert data.raw["train"][0][0].shape == (5, 5)
    rare = datasets.load(NAME, data_dir=tmp_path)
    assert set(rare.vocabulary[2:]) == {"在"}, "each other word is seen once"
    assert "CC BY-SA 4.0" in rare.facts.values()


def test_a_tag_that_is_not_known_is_refused(tmp_path):
    texts = dict.fromkeys(("train", "validation", "test"), SENTENCES)
    texts["test"] = SENTENCES.replace("B-PER\t-\tO", "B-OTH\t-\tO")
    with pytest.raises(Exception, match="B-OTH"):
        prepare(tmp_path, texts)


def test_without_the_files_the_error_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="put zh_gsdsimp-ud-train.iob2, "):
        datasets.load(NAME, data_dir=tmp_path)
    for name in uner_zh.FILES.values():
        (tmp_path / name).write_text(SENTENCES, encoding="utf-8")
    with pytest.raises(ValueError, match="must be the registered ones"):
        datasets.load(NAME, data_dir=tmp_path / "tfds", manual_dir=tmp_path)


def test_wrong_options():
    with pytest.raises(ValueError, match="at least 1. Received: max_characters=0"):
        datasets.load(NAME, max_characters=0)


@pytest.mark.skipif(not REAL, reason="KRZ_UNER_ZH_DIR names no directory")
def test_the_real_files(tmp_path):
    data = datasets.load(NAME, data_dir=tmp_path, manual_dir=REAL)
    sizes = {split: len(rows) for split, rows in data.raw.items()}
    assert sizes == {"train": 3997, "validation": 500, "test": 500}
    tags = [data.labels[i] for _, y in data.raw["test"] for i in y]
    firsts = {tag: tags.count(tag) for tag in ("B-LOC", "B-ORG", "B-PER")}
    assert firsts == {"B-LOC": 429, "B-ORG": 129, "B-PER": 205}
    assert len(tags) == 12012


def test_characters_have_the_tags_of_their_words(tmp_path):
    prepare(tmp_path, dict.fromkeys(("train", "validation", "test"), SENTENCES))
    data = datasets.load(NAME, data_dir=tmp_path, tokens="characters", min_count=1)
    assert data.texts["test"] == ["我在北京大学。", "李白在#"]
    assert [[data.labels[i] for i in y] for _, y in data.raw["test"]] == [
        ["O", "O", "B-ORG", "I-ORG", "I-ORG", "I-ORG", "O"],
        ["B-PER", "I-PER", "O", "O"],
    ]
    assert data.decode(data.raw["train"][0][0]) == "我在北京大学。"
    for wrong, message in [
        ({"tokens": "letters"}, "`tokens` must be one of .*Received: tokens='letters'"),
        ({"tokens": "characters", "max_characters": 4}, "max_characters=4"),
    ]:
        with pytest.raises(ValueError, match=message):
            datasets.load(NAME, data_dir=tmp_path, **wrong)
