"""Any file of data: examples that the codecs give back, or an error with its line."""

import json
import pathlib

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import datasets
from keras_rnn_zoo.datasets import files, records
from keras_rnn_zoo.export.text import TextCodec
from tests.fuzz import strategies as given


def read(path, task):
    """The examples; None if the file is refused by name."""
    before = path.read_bytes()
    try:
        with given.nothing_outside(path.parent):
            if task == "regression":
                return files.read_series(path)
            return files.read_file(path, task)
    except files.DataError as error:
        assert str(error).startswith(str(path)), error
        lines = len(before.splitlines()) + 1  # a lone CR ends one too
        assert error.line is None or 1 <= error.line <= max(lines, 5)
        return None
    finally:
        assert path.read_bytes() == before


def check(examples, task):
    """What was read can be written, fed and answered as it is."""
    assert examples
    if task == "regression":
        values, times = examples
        assert np.isfinite(np.array(values, "float32")).all()
        assert times is None or len(times) == len(values)
        return
    for one in examples:
        for text in [*_strings(one.text), *_strings(one.target)]:
            text.encode("utf-8")
            assert text.strip()
        if task == "tagging":
            assert len(one.text) == len(one.target) > 0
            assert " ".join(one.text).split() == list(one.text), one
        elif isinstance(one.text, tuple):
            assert np.isfinite(np.array(one.text, "float32")).all()


def _strings(value):
    if isinstance(value, str):
        return [value]
    return [one for one in value or () if isinstance(one, str)]


@given.examples(300)
@hypothesis.given(file=given.data_files())
@hypothesis.example(file=("tagging", ".tsv", "10\u00a0000\tO\nx\tB\n".encode()))
@hypothesis.example(
    file=("classification", ".jsonl", b'{"text":"\\ud83d","label":"a"}')
)
@hypothesis.example(file=("tagging", ".jsonl", b'{"tokens":["New York"],"tags":["O"]}'))
def test_examples_or_an_error_with_its_line(tmp_path_factory, file):
    task, suffix, data = file
    path = tmp_path_factory.getbasetemp() / f"data{suffix}"
    path.write_bytes(data)
    examples = read(path, task)
    if examples is not None:
        check(examples, task)


@given.examples(60)
@hypothesis.given(data=st.data())
def test_any_bytes_in_a_record_file(tmp_path_factory, data):
    right = {
        "tagging": [files.Example(("Ada", "é"), ("B-x", "O"), 1)] * 2,
        "classification": [files.Example("well done", "good", 1)] * 2,
        "language_model": [files.Example("once", None, 1)] * 2,
    }
    task = data.draw(st.sampled_from(sorted(right)))
    path = tmp_path_factory.getbasetemp() / "data.tfrecord"
    records.write_tfrecord(path, right[task])
    if data.draw(st.booleans()):
        path.write_bytes(data.draw(given.mutated_bytes(path.read_bytes())))
    else:  # records that are whole, with any content
        feature = tf.train.Feature
        values = data.draw(st.lists(st.binary(max_size=6), max_size=3))
        features = {
            name: data.draw(
                st.sampled_from(
                    [
                        feature(bytes_list=tf.train.BytesList(value=values)),
                        feature(int64_list=tf.train.Int64List(value=[1])),
                        feature(float_list=tf.train.FloatList(value=[1.5])),
                        feature(),
                    ]
                )
            )
            for name in data.draw(
                st.lists(st.sampled_from(["text", "label", "tokens", "tags", "x"]))
            )
        }
        one = tf.train.Example(features=tf.train.Features(feature=features))
        with tf.io.TFRecordWriter(str(path)) as writer:
            writer.write(one.SerializeToString())
    examples = read(path, task)
    if examples is not None:
        check(examples, task)


@given.examples(25, cost=10)
@hypothesis.given(
    words=st.lists(given.words, min_size=1, max_size=6), lowercase=st.booleans()
)
@hypothesis.example(words=["A\0b", "\u2c2fx", "x"], lowercase=True)
def test_what_may_be_trained_on_reads_the_same_in_a_graph(
    tmp_path_factory, words, lowercase
):
    """Every token of an accepted vocabulary has the same id when it is served."""
    path = tmp_path_factory.getbasetemp() / "served.jsonl"
    rows = [
        {"tokens": [*words, f"w{i}"], "tags": ["O"] * (len(words) + 1)}
        for i in range(20)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    try:
        data = datasets.load(
            "file", path=path, task="tagging", lowercase=lowercase, max_characters=4
        )
    except ValueError as error:
        assert str(path) in str(error), error
        return
    codec = data.codec
    graph = TextCodec(**codec.get_config())
    for x, _ in data.raw["train"][:2]:
        text = " ".join(rows[0]["tokens"])
        assert len(x) == len(rows[0]["tokens"])
        ids, lengths = graph.encode(tf.constant([text]))
        served = np.asarray(ids)[0, : int(lengths[0])]
        assert served.shape == x.shape
        np.testing.assert_array_equal(served[:, 1:][:-1], x[:, 1:][:-1])
        np.testing.assert_array_equal(served[:-1, 0], x[:-1, 0])


def test_no_format_is_forgotten():
    drawn = {(".steps.jsonl", "classification")}
    for task, suffixes in {
        "tagging": (".conll", ".tsv", ".jsonl"),
        "classification": (".csv", ".jsonl"),
        "language_model": (".txt", ".jsonl", ".csv"),
        "regression": (".csv",),
    }.items():
        drawn |= {(suffix, task) for suffix in suffixes}
    assert len(drawn) == 10
    with pytest.raises(ValueError, match=r"must end with"):
        files.read_file(pathlib.Path(__file__), "tagging")
