"""TFRecord files: read, written, and what is wrong with them."""

import pytest
import tensorflow as tf

from keras_rnn_zoo import datasets
from keras_rnn_zoo.datasets.files import DataError, Example, read_file
from keras_rnn_zoo.datasets.records import write_tfrecord

TAGGED = [
    Example(("Ada", "schrieb\u00df"), ("B-x", "O"), 1),
    Example(("Hi",), ("O",), 2),
]
LABELLED = [Example("two\nlines", "good", 1), Example("no", "bad", 2)]
TEXTS = [Example("\u00e4", None, 1), Example(" b ", None, 2)]


def feature(*values):
    if isinstance(values[0], int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def write(path, *examples, raw=()):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for one in examples:
            features = tf.train.Features(feature=one)
            writer.write(tf.train.Example(features=features).SerializeToString())
        for one in raw:
            writer.write(one)


GOOD = {"tokens": feature(b"a", b"b"), "tags": feature(b"O", b"O")}


@pytest.mark.parametrize(
    ("task", "examples"),
    [("tagging", TAGGED), ("classification", LABELLED), ("language_model", TEXTS)],
)
def test_what_is_written_is_read(task, examples, tmp_path):
    path = tmp_path / "mine.tfrecord"
    write_tfrecord(path, examples)
    assert read_file(path, task) == examples
    assert [one.name for one in tmp_path.iterdir()] == ["mine.tfrecord"]


def test_plain_tensorflow_reads_what_is_written(tmp_path):
    write_tfrecord(tmp_path / "a.tfrecord", TAGGED)
    [first, _] = tf.data.TFRecordDataset(str(tmp_path / "a.tfrecord"))
    spec = {name: tf.io.RaggedFeature(tf.string) for name in ("tokens", "tags")}
    found = tf.io.parse_single_example(first, spec)
    assert found["tokens"].numpy()[1].decode() == "schrieb\u00df"
    assert found["tags"].numpy().tolist() == [b"B-x", b"O"]


@pytest.mark.parametrize(
    ("task", "example", "message"),
    [
        ("tagging", {"tokens": feature(b"a")}, "feature `tags`. Received: tokens"),
        ("tagging", {}, "feature `tokens`. Received: no features"),
        ("tagging", GOOD | {"tags": feature(1, 2)}, "a bytes list. Received: int64"),
        ("tagging", GOOD | {"tags": feature(b"O")}, "2 tokens and 1 tags"),
        ("tagging", GOOD | {"tokens": feature(b"a", b"")}, r"Received: \['a', ''\]"),
        ("tagging", GOOD | {"tags": feature(b"O", b"\xff")}, r"UTF-8.*b'\\xff'"),
        ("classification", {"text": feature(b"a")}, "the feature `label`"),
        (
            "classification",
            {"text": feature(b"a", b"b"), "label": feature(b"x")},
            "one value. Received: 2 values",
        ),
        ("language_model", {"text": feature(b" ")}, "an empty one. Received: ' '"),
        ("language_model", {"text": tf.train.Feature()}, "list. Received: None"),
    ],
)
def test_bad_records_are_named_by_number(task, example, message, tmp_path):
    path = tmp_path / "a.tfrecord"
    first = GOOD | {"text": feature(b"a"), "label": feature(b"x")}
    write(path, first, example, first)
    with pytest.raises(DataError, match=message) as caught:
        read_file(path, task)
    assert caught.value.line == 2
    assert str(caught.value).startswith(f"{path}, record 2: ")


def test_damaged_files(tmp_path):
    path = tmp_path / "a.tfrecord"
    write(path, GOOD, GOOD, raw=[b"no example"])
    with pytest.raises(DataError, match="record 3: must be a tf.train.Example"):
        read_file(path, "tagging")
    write(path, GOOD, GOOD)
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    with pytest.raises(DataError, match="record 2.*whole TFRecord file. Received: tr"):
        read_file(path, "tagging")
    path.write_bytes(whole[:20] + b"?" + whole[21:])
    with pytest.raises(DataError, match="record 1.*Received: corrupted record"):
        read_file(path, "tagging")
    path.write_bytes(b"Ada\tB-person\nwrote\tO\n")
    with pytest.raises(DataError, match="record 1.*or is none"):
        read_file(path, "tagging")
    path.write_bytes(b"")
    with pytest.raises(DataError, match="a.tfrecord: must hold.*an empty file"):
        read_file(path, "tagging")


def test_what_cannot_be_written_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "a.tfrecord"
    write_tfrecord(path, TEXTS)
    with pytest.raises(ValueError, match="of one kind. Received: 0 examples of no"):
        write_tfrecord(path, [])
    with pytest.raises(ValueError, match="4 examples of texts, texts with a label"):
        write_tfrecord(path, TEXTS + LABELLED)
    with pytest.raises(TypeError, match=r"Received: Example\(text=\(\(1.0,\),\)"):
        write_tfrecord(path, [Example(((1.0,),), "a", 1)])
    with pytest.raises(ValueError, match="tfrecord. Received: path='.*a.txt'"):
        write_tfrecord(tmp_path / "a.txt", TEXTS)
    with pytest.raises(UnicodeEncodeError):
        write_tfrecord(path, [*TEXTS, Example("\ud800", None, 3)])
    assert read_file(path, "language_model") == TEXTS
    assert [one.name for one in tmp_path.iterdir()] == ["a.tfrecord"]


def test_a_data_set_of_records(tmp_path):
    rows = [Example((f"w{i}", "x"), ("B-a", "O"), i + 1) for i in range(30)]
    path = tmp_path / "a.tfrecord"
    write_tfrecord(path, rows)
    found = datasets.load("file", path=path, task="tagging")
    assert {k: len(v) for k, v in found.raw.items()} == {
        **{"train": 24, "validation": 3, "test": 3}
    }
    write_tfrecord(tmp_path / "b.tfrecord", [Example(("a",), ("B-z",), 1)])
    files = {"validation": path, "test": tmp_path / "b.tfrecord"}
    with pytest.raises(DataError, match="b.tfrecord, record 1: the label must"):
        datasets.load("file", path=path, task="tagging", **files)
