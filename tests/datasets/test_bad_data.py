"""Whatever a file holds: nothing is lost, or an error names file and line."""

import json

import numpy as np
import pytest

from keras_rnn_zoo import datasets, jobs
from keras_rnn_zoo.datasets.files import DataError, read_file, read_series

COUNT = 30


def lines_of(kind):
    """The lines of a good file with COUNT examples, and its task."""
    words = [f"w{i}" for i in range(COUNT)]
    labels = ["B-x" if i % 2 else "O" for i in range(COUNT)]
    pairs = list(zip(words, labels, strict=True))
    if kind == "conll":
        return [text for w, t in pairs for text in (f"{w}\t{t}", "")], "tagging"
    if kind == "jsonl":
        rows = [{"tokens": [w], "tags": [t]} for w, t in pairs]
        return [json.dumps(row) for row in rows], "tagging"
    if kind == "csv":
        return ["text,label", *(f"{w},{t}" for w, t in pairs)], "classification"
    return [text for w in words for text in (w, "")], "language_model"


def write(path, lines, end="\n", begin=b"", encoding="utf-8"):
    path.write_bytes(begin + "".join(line + end for line in lines).encode(encoding))
    return path


KINDS = ["conll", "jsonl", "csv", "txt"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("treatment", ["plain", "BOM", "CRLF", "no end", "many ends"])
def test_nothing_is_lost(kind, treatment, tmp_path):
    lines, task = lines_of(kind)
    path = write(
        tmp_path / f"a.{kind}",
        lines,
        end="\r\n" if treatment == "CRLF" else "\n",
        begin=b"\xef\xbb\xbf" if treatment == "BOM" else b"",
    )
    if treatment == "no end":
        path.write_bytes(path.read_bytes().rstrip(b"\n"))
    if treatment == "many ends":
        path.write_bytes(path.read_bytes() + b"\n\n\n")
    plain = read_file(write(tmp_path / f"b.{kind}", lines), task)
    assert len(plain) == COUNT and read_file(path, task) == plain
    found = datasets.load("file", path=path, task=task, batch_size=4)
    assert sum(map(len, found.raw.values())) == COUNT
    batched = [found.train, found.validation, found.test]
    assert sum(len(x) for dataset in batched for x, _ in dataset) == COUNT


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_utf8_is_named(kind, tmp_path):
    lines, task = lines_of(kind)
    lines[4] += "\u00e9"
    path = write(tmp_path / f"a.{kind}", lines, encoding="latin-1")
    with pytest.raises(DataError, match="must be UTF-8. Received: the byte 0xe9") as e:
        read_file(path, task)
    assert e.value.line == 5 and str(e.value).startswith(f"{path}, line 5: ")
    path.write_bytes("\n".join(lines).encode("utf-16"))
    with pytest.raises(DataError, match="line 1: must be UTF-8.*0xff"):
        read_file(path, task)


@pytest.mark.parametrize("kind", [*KINDS, "tfrecord"])
@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\n", b"\xef\xbb\xbf"])
def test_a_file_of_nothing(kind, content, tmp_path):
    path = tmp_path / f"a.{kind}"
    path.write_bytes(content)
    tasks = {"csv": "classification", "txt": "language_model"}
    with pytest.raises(DataError) as error:
        read_file(path, tasks.get(kind, "tagging"))
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("name", "task", "line", "message"),
    [
        ("a.conll", "tagging", "w\tx\tO", r"2 columns.*Received: 'w\\tx\\tO'"),
        ("a.conll", "tagging", "w\tO\rv\tO", r"LF or CRLF. Received: 'w\\tO\\rv"),
        ("a.jsonl", "tagging", '{"tokens": ["a"], "tags": []}', r"Received: \[\]"),
        ("a.jsonl", "tagging", '{"tokens": ["a"], "tags": ["O"]', "must be a JSON"),
        ("a.jsonl", "tagging", "[" * 100_000, "must be a JSON"),
        ("a.csv", "classification", "a,b,c", "2 fields as.*Received: 3"),
        ("a.csv", "classification", "a", r"2 fields.*Received: 1: \['a'\]"),
        ("a.csv", "classification", "a" * 140_000 + ",b", "larger than field limit"),
        ("a.csv", "classification", 'a,"b"c', "must be CSV"),
    ],
)
def test_one_bad_line_among_good_ones(name, task, line, message, tmp_path):
    lines, _ = lines_of(name.split(".")[1])
    number = 7 if name == "a.conll" else 6
    path = write(tmp_path / name, [*lines[: number - 1], line, *lines[number - 1 :]])
    with pytest.raises(DataError, match=message) as error:
        read_file(path, task)
    assert error.value.line == number


@pytest.mark.parametrize("kind", KINDS)
def test_long_lines_are_read_whole(kind, tmp_path):
    lines, task = lines_of(kind)
    long = "w0" + "\u00df" * (100_000 if kind == "csv" else 1_000_000)
    lines = [line.replace("w0", long) for line in lines]
    first = read_file(write(tmp_path / f"a.{kind}", lines), task)[0].text
    assert (first if isinstance(first, str) else first[0]) == long


@pytest.mark.parametrize("kind", ["conll", "csv"])
def test_labels_that_training_does_not_have(kind, tmp_path):
    lines, task = lines_of(kind)
    path = write(tmp_path / f"a.{kind}", lines)
    other = [*lines[:6], lines[6].replace("O", "B-y").replace("B-x", "B-y"), *lines[7:]]
    other = write(tmp_path / f"b.{kind}", other)
    with pytest.raises(DataError, match="b.*, line 7: the label.*Received: 'B-y'"):
        datasets.load("file", path=path, task=task, validation=other, test=path)
    with pytest.raises(DataError, match="b.*, line 7: the label.*Received: 'B-y'"):
        datasets.load("file", path=path, task=task, validation=path, test=other)
    found = datasets.load("file", path=other, task=task)
    ids = {int(i) for _, y in found.raw["train"] for i in np.ravel(y)}
    assert ids == set(range(len(found.labels))), "a rare label is learnt, if alone"


def test_gaps_of_a_series(tmp_path):
    path = tmp_path / "a.csv"
    for gap in ("NaN", "", "-inf", "n/a"):
        path.write_bytes(f"\ufeffvalue,time\r\n1,1\r\n{gap},2\r\n".encode())
        with pytest.raises(DataError, match="a.csv, line 3: `value` must be a finite"):
            read_series(path)
    path.write_bytes("\ufeffvalue\r\n1\r\n\r\n2.5".encode())
    assert read_series(path) == ([1, 2.5], None)


@pytest.mark.parametrize(
    ("recipe", "kind"), [("py_tagger_bilstm", "conll"), ("py_cursor_lstm", "csv")]
)
def test_sequences_of_one_token_train_and_are_judged(recipe, kind, tmp_path):
    lines, _ = lines_of(kind)
    if kind == "csv":  # a character is a token
        rows = [(chr(ord("A") + i), "odd" if i % 2 else "even") for i in range(COUNT)]
        lines = ["text,label", *(f"{text},{label}" for text, label in rows)]
    path = write(tmp_path / f"a.{kind}", lines)
    run = tmp_path / "run"
    result = jobs.train(recipe, data=path, units=4, epochs=1, out=run, pictures=False)
    assert all(np.isfinite(one.value) for one in result.model)
    assert jobs.evaluate(str(run)).model == result.model
    assert len(jobs.predict(str(run), "w" if kind == "conll" else "A").tokens) == 1
