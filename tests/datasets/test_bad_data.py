"""Whatever a file holds: nothing is lost, or an error names file and line."""

import dataclasses
import json
import re
import tracemalloc
import types

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import datasets, jobs
from keras_rnn_zoo.datasets.codec import Codec
from keras_rnn_zoo.datasets.files import DataError, Example, read_file, read_series
from keras_rnn_zoo.datasets.records import write_tfrecord
from keras_rnn_zoo.export.text import TextCodec
from keras_rnn_zoo.jobs.data import check_codec
from keras_rnn_zoo.training import recipes

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


@pytest.mark.parametrize("kind", ["conll", "jsonl"])
def test_long_tokens_are_read_whole(kind, tmp_path):
    lines, task = lines_of(kind)
    long = "w0" + "\u00df" * 1_000_000
    lines = [line.replace("w0", long) for line in lines]
    [first] = read_file(write(tmp_path / f"a.{kind}", lines), task)[0].text
    assert first == long


def wrong(kind, token):
    """A good file whose fourth example has another token, or text; its line."""
    lines, task = lines_of(kind)
    place = next(i for i, line in enumerate(lines) if "w3" in line)
    if kind == "jsonl":
        lines[place] = json.dumps({"tokens": [token], "tags": ["O"]})
    elif kind == "csv":
        lines[place] = f'"{token}",O'
    else:
        lines[place] = lines[place].replace("w3", token)
    return lines, task, place + 1


#: White space at which Python or the graph of an exported model splits a text.
SPACES = [" ", "\u00a0", "\u3000", "\u2009", "\u2028", "\x85", "\x1f", "\x0b", "\u1680"]


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("kind", ["conll", "jsonl", "tfrecord", "csv"])
def test_white_space_in_a_token(kind, space, tmp_path):
    token = f"10{space}000"
    if kind == "tfrecord":
        path, task, line = tmp_path / "a.tfrecord", "tagging", 2
        write_tfrecord(path, [Example((w,), ("O",), 1) for w in ("a", token)])
    elif kind == "csv":
        path, task, line = tmp_path / "a.csv", "tagging", 3
        path.write_text(f'token,tag\na,O\n"{token}",O\n', "utf-8")
    else:
        lines, task, line = wrong(kind, token)
        path = write(tmp_path / f"a.{kind}", lines)
    with pytest.raises(DataError, match="without white space.*several tokens") as error:
        read_file(path, task)
    assert error.value.line == line and repr(token) in str(error.value)


def test_a_no_break_space_between_columns_that_spaces_part(tmp_path):
    path = write(tmp_path / "a.conll", ["le O", "10\u00a0000 O"])
    with pytest.raises(DataError, match="line 2: a token must be without white space"):
        read_file(path, "tagging")
    path = write(tmp_path / "a.conll", [" le \t O ", "\u00a0000\u3000\tO"])
    assert read_file(path, "tagging")[0].text == ("le", "000")  # around: left out


HALF = json.loads('"good \\ud83d"')


@pytest.mark.parametrize(
    ("task", "values", "name"),
    [
        ("tagging", {"tokens": ["a", HALF[-1]], "tags": ["O", "O"]}, "tokens"),
        ("tagging", {"tokens": ["a"], "tags": [HALF]}, "tags"),
        ("classification", {"text": HALF, "label": "x"}, "text"),
        ("classification", {"text": "x", "label": HALF}, "label"),
        ("classification", {"steps": [[1]], "label": HALF}, "label"),
        ("language_model", {"text": HALF}, "text"),
    ],
)
def test_half_of_a_character(task, values, name, tmp_path):
    good = json.dumps(values).replace("\\ud83d", "\\ud83d\\ude00")
    path = write(tmp_path / "a.jsonl", [good, json.dumps(values), good])
    message = rf"line 2: `{name}` must be text. Received: '\\ud83d' in .*cut in two"
    with pytest.raises(DataError, match=message):
        read_file(path, task)


def test_the_character_that_ends_texts(tmp_path):
    path = write(tmp_path / "a.txt", ["one", "", "t\x03wo"])
    with pytest.raises(DataError, match=r"line 3: .*without '\\x03'.*character 2"):
        read_file(path, "language_model")
    path = write(tmp_path / "a.csv", ["text,label", "t\x03wo,a"])
    assert read_file(path, "classification")[0].text == "t\x03wo"


MARK = "\ufeff"


def test_files_that_were_joined_with_their_marks(tmp_path):
    for kind in KINDS:
        lines, task = lines_of(kind)
        plain = read_file(write(tmp_path / f"a.{kind}", lines), task)
        lines[2] = MARK + lines[2]
        assert read_file(write(tmp_path / f"b.{kind}", lines), task) == plain


@pytest.mark.parametrize("kind", [*KINDS, "tfrecord"])
def test_a_line_without_end_is_refused_at_once(kind, tmp_path):
    """A quarter of a gigabyte is not read to find that; the hole takes no space."""
    lines, task = lines_of(kind)
    path = tmp_path / f"a.{kind}"
    if kind == "tfrecord":
        write_tfrecord(path, [Example(("a",), ("O",), 1)])
        path.write_bytes(path.read_bytes() + (2**32).to_bytes(8, "little") + b"????")
        line, problem = 2, "record 2: a record must have.*Received: 4,294,967,296"
        task = "tagging"
    else:
        write(path, lines[:6])
        line, problem = 7, "line 7: a line must have at most 16,777,216 bytes"
    with open(path, "r+b") as file:
        file.truncate(2**28)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=problem) as error:
            read_file(path, task)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.value.line == line and most < 2**26


@pytest.mark.parametrize(
    ("name", "task", "content", "line"),
    [
        ("a.conll", "tagging", "a O\n\n" + "b O\n" * 10_001, 3),
        ("a.csv", "tagging", "token,tag\na,O\n\n" + "b,O\n" * 10_001, 4),
        (
            "a.jsonl",
            "tagging",
            json.dumps({"tokens": ["a"] * 10_001, "tags": ["O"] * 10_001}),
            1,
        ),
        (
            "a.jsonl",
            "classification",
            json.dumps({"text": "a" * 10_001, "label": "x"}),
            1,
        ),
        (
            "a.jsonl",
            "classification",
            json.dumps({"steps": [[1]] * 10_001, "label": "x"}),
            1,
        ),
        ("a.csv", "classification", f"text,label\n{'a' * 10_001},x\n", 2),
        ("a.txt", "language_model", "a\n\n" + "bcdefghij\n" * 1_200, 3),
        ("a.csv", "language_model", f"text\na\n{'a' * 10_001}\n", 3),
    ],
)
def test_more_steps_than_a_model_takes(name, task, content, line, tmp_path):
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=f"line {line}: .* most 10,000 .*Received: 1"):
        read_file(tmp_path / name, task)


def test_windows_of_a_series_are_bounded():
    for option in ("context", "horizon"):
        with pytest.raises(ValueError, match=f"2? to 10000. Received: {option}=10001"):
            datasets.load("file", path="a.csv", task="regression", **{option: 10_001})


#: Tokens that are one thing to Python and might be another to the graph of a model: a
#: NUL, letters that are new to Unicode, a capital that becomes two characters, a sigma.
TRICKY = ["a\0B", "\0", "\u2c2fX", "\U00010570", "\ua7c0A\u03a3", "\u0130", "A\u03a3"]


@pytest.mark.parametrize("kind", ["conll", "csv", "txt"])
@pytest.mark.parametrize("lowercase", [False, True])
def test_an_exported_model_reads_what_the_training_reads(kind, lowercase, tmp_path):
    lines, task = lines_of(kind)
    for i, token in enumerate(TRICKY, 4):
        lines = [re.sub(rf"\bw{i}\b", token, line) for line in lines]
    path = write(tmp_path / f"a.{kind}", lines)
    most = {"max_characters": 3} if task == "tagging" else {}
    found = datasets.load("file", path=path, task=task, lowercase=lowercase, **most)
    check_codec(found)
    graph = TextCodec(**found.codec.get_config())
    for text in [*TRICKY, *(token.swapcase() for token in TRICKY)]:
        np.testing.assert_array_equal(
            graph.encode([text])[0][0], found.codec.encode(text), err_msg=repr(text)
        )
    for split, texts in found.texts.items():  # what is decoded is read as before
        for (x, _), text in zip(found.raw[split], texts, strict=True):
            again = graph.encode(graph.decode(tf.constant(x[None])))[0][0]
            assert len(again) == len(x), text


@pytest.mark.parametrize(
    ("tokens", "unit", "message"),
    [
        (["a", "b c"], "word", "'b c', which is 2 tokens"),
        (["a", "\ud83d"], "word", r"'\\ud83d', which is half of a surrogate"),
        (["a", "i\u0307"], "character", "which is 2 tokens"),
        (["a", "B"], "word", "'B', which is another one: id 1, not 3"),
    ],
)
def test_a_vocabulary_that_is_not_given_back(tokens, unit, message):
    codec = Codec(("", "\ufffd", *tokens), unit, lowercase=False)
    data = types.SimpleNamespace(codec=codec, labels=("x",), texts=None)
    if "another" in message:  # a graph that does not read it so
        object.__setattr__(
            codec,
            "get_config",
            lambda: {"tokens": ["", "\ufffd", "a", "b"], "unit": "word"},
        )
    with pytest.raises(ValueError, match=message):
        check_codec(data)
    data = types.SimpleNamespace(codec=None, labels=("x\ud83d",), texts=None)
    with pytest.raises(ValueError, match="`labels` of the data must be text"):
        check_codec(data)


def test_a_training_ends_before_its_first_epoch(tmp_path, monkeypatch):
    path = write(tmp_path / "a.conll", lines_of("conll")[0])
    texts = {"train": [("New York",)], "validation": [], "test": []}
    load = datasets.load
    monkeypatch.setattr(
        datasets,
        "load",
        lambda *a, **k: dataclasses.replace(load(*a, **k), texts=texts),
    )
    recipe = recipes.load("py_tagger_bilstm").replace(search={"units": [4, 8]})
    (tmp_path / "recipe.toml").write_text(recipe.to_toml(), "utf-8")
    wanted = {"data": path, "out": tmp_path / "run"}
    with pytest.raises(ValueError, match="'New York', which is 2 tokens. Replace"):
        jobs.train(str(tmp_path / "recipe.toml"), **wanted)
    with pytest.raises(ValueError, match="'New York', which is 2 tokens. Replace"):
        jobs.search(str(tmp_path / "recipe.toml"), 1, **wanted)
    assert not (tmp_path / "run").exists()


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
