"""One's own files: nothing is lost, and what cannot be read is named by line."""

import pathlib

import numpy as np
import pytest

from keras_rnn_zoo import datasets, jobs
from keras_rnn_zoo.datasets.files import DataError, Example, read_file, split
from keras_rnn_zoo.training import recipes

WORDS = {
    "name": ["Ada", "Grace", "Alan"],
    "verb": ["wrote", "found", "saw", "heard"],
    "thing": ["bugs", "machines", "engines", "codes", "proofs"],
}


def conll(count=60):
    lines = []
    for i in range(count):
        words = [WORDS[k][i % len(WORDS[k])] for k in ("name", "verb", "thing")]
        tags = ["B-person", "O", "O"]
        lines += [f"{w}\t{t}" for w, t in zip(words, tags, strict=True)] + [""]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("name", "task", "text", "examples"),
    [
        (
            "a.conll",
            "tagging",
            "\ufeff-DOCSTART- -X- O\n\nAda NNP B-x\r\nwrote VBD O\n\n\nHi UH O",
            [
                Example(("Ada", "wrote"), ("B-x", "O"), 3),
                Example(("Hi",), ("O",), 7),
            ],
        ),
        (
            "a.jsonl",
            "tagging",
            '\n{"tokens": ["New_York"], "tags": ["O"], "id": 1}\n',
            [Example(("New_York",), ("O",), 2)],
        ),
        (
            "a.csv",
            "classification",
            'id,label,text\n1,good,"two\nlines, ""quoted"""\n\n2,bad,no\n',
            [
                Example('two\nlines, "quoted"', "good", 2),
                Example("no", "bad", 5),
            ],
        ),
        (
            "a.txt",
            "language_model",
            "one\ntwo\n\n\n  three\n",
            [Example("one\ntwo", None, 1), Example("  three", None, 5)],
        ),
        ("a.jsonl", "language_model", '{"text": "ä"}', [Example("ä", None, 1)]),
    ],
)
def test_what_a_file_holds(name, task, text, examples, tmp_path):
    (tmp_path / name).write_text(text, "utf-8", newline="")
    assert read_file(tmp_path / name, task) == examples


@pytest.mark.parametrize(
    ("name", "task", "data", "line", "message"),
    [
        ("a.conll", "tagging", b"", None, "must hold examples.*an empty file"),
        ("a.csv", "classification", b"text,label\n", None, "an empty file"),
        ("a.conll", "tagging", b"Ada\tO\n\xff\tO", 2, "must be UTF-8.*byte 0xff"),
        ("a.conll", "tagging", b"Ada\tO\nwrote", 2, "2 columns.*Received: 'wrote'"),
        ("a.conll", "tagging", b"Ada", 1, "2 columns or more.*Received: 'Ada'"),
        ("a.tsv", "tagging", b"Ada\tN\tO\nwrote\tO", 2, r"3 columns.*'wrote\\tO'"),
        ("a.tsv", "tagging", b"Ada\t \n", 1, r"not be empty. Received: \['Ada', ''\]"),
        ("a.jsonl", "tagging", b'{"tokens": ["a"]}', 1, "with tokens and tags"),
        (
            "a.jsonl",
            "tagging",
            b'\n{"tokens": ["a", "b"], "tags": ["O"]}',
            2,
            "as many as `tokens`. Received: 2 tokens and 1 tags",
        ),
        (
            "a.jsonl",
            "tagging",
            b'{"tokens": ["a", ""], "tags": ["O", "O"]}',
            1,
            r"`tokens` must be.*Received: \['a', ''\]",
        ),
        ("a.jsonl", "tagging", b'{"tokens": [], "tags": []}', 1, r"Received: \[\]"),
        ("a.jsonl", "language_model", b'{"text"', 1, "must be a JSON object. Received"),
        ("a.jsonl", "language_model", b"[1]", 1, r"JSON object with text.*'\[1\]'"),
        (
            "a.jsonl",
            "language_model",
            b'{"text": NaN}',
            1,
            "`text` must.*Received: nan",
        ),
        (
            "a.csv",
            "classification",
            b"text,class\n",
            1,
            "columns text and label.*class",
        ),
        (
            "a.csv",
            "classification",
            b'text,label\n"a\nb",x\na,b,c\n',
            4,
            r"2 fields.*Received: 3: \['a', 'b', 'c'\]",
        ),
        ("a.csv", "classification", b"text,label\na, \n", 2, "`label`.*Received: ' '"),
        ("a.csv", "classification", b'text,label\n"a', 2, "must be CSV. Received"),
    ],
)
def test_bad_data_is_named_by_file_and_line(name, task, data, line, message, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        read_file(path, task)
    assert (caught.value.path, caught.value.line) == (path, line)
    assert str(caught.value).startswith(f"{path}, line {line}" if line else f"{path}:")


def test_arguments_of_the_readers(tmp_path):
    with pytest.raises(ValueError, match="`task` must.*Received: task='tags'"):
        read_file("a.conll", "tags")
    with pytest.raises(FileNotFoundError, match="Received: path='.*none.conll'"):
        read_file(tmp_path / "none.conll", "tagging")
    (tmp_path / "a.doc").touch()
    with pytest.raises(ValueError, match=r"end with .conll.*Received: path='.*a.doc'"):
        read_file(tmp_path / "a.doc", "tagging")
    with pytest.raises(TypeError, match="lowercase=1"):
        datasets.load("file", path="a", task="tagging", lowercase=1)
    with pytest.raises(ValueError, match="must be given.*path=None, task=None"):
        datasets.load("file")
    with pytest.raises(ValueError, match="both or not at all.*validation='b', test=N"):
        datasets.load("file", path="a", task="tagging", validation="b")
    with pytest.raises(ValueError, match="'validation'. Received: 2 examples, 1 of"):
        split([Example("a", "x", 1), Example("a", "x", 2)])


def test_equal_texts_stay_together_and_rare_labels_are_learnt():
    examples = [Example(f"text {i % 40}", "common", i) for i in range(80)]
    parts = split(examples)
    assert sum(map(len, parts.values())) == 80
    texts = [{one.text for one in part} for part in parts.values()]
    assert not texts[0] & texts[1] and not texts[0] & texts[2]
    tested = parts["test"][0]
    rare = [
        Example(one.text, "rare" if one.text == tested.text else "common", one.line)
        for one in examples
    ]
    parts = split(rare)
    assert {one.target for one in parts["train"]} == {"rare", "common"}
    assert all(one.target == "common" for one in parts["test"] + parts["validation"])


def test_files_of_their_own_must_have_known_labels(tmp_path):
    for name, label in (("train", "a"), ("validation", "a"), ("test", "z")):
        (tmp_path / f"{name}.csv").write_text(f"text,label\none,a\ntwo,{label}\n")
    paths = {n: tmp_path / f"{n}.csv" for n in ("validation", "test")}
    train = {"path": tmp_path / "train.csv", "task": "classification"}
    with pytest.raises(DataError, match="test.csv, line 3.*Received: 'z'"):
        datasets.load("file", **train, **paths)
    pipelines = datasets.load(
        "file", **train, **(paths | {"test": paths["validation"]})
    )
    assert {k: len(v) for k, v in pipelines.raw.items()} == {
        "train": 2,
        "validation": 2,
        "test": 2,
    }


def test_pipelines_of_a_conll_file(tmp_path):
    path = tmp_path / "my.conll"
    path.write_text(conll())
    found = datasets.load("file", path=path, task="tagging", lowercase=True)
    assert found.labels == ("O", "B-person")
    assert found.codec.unit == "word" and "ada" in found.vocabulary
    x, y = found.raw["test"][0]
    assert found.decode(x) == " ".join(found.texts["test"][0]).lower()
    np.testing.assert_array_equal(y, [1, 0, 0])
    assert sum(len(part) for part in found.raw.values()) == 60


@pytest.mark.parametrize(
    ("recipe", "file"), [("py_tagger_bilstm", "my.conll"), ("py_chars_lstm", "my.txt")]
)
def test_a_recipe_learns_ones_own_file(recipe, file, tmp_path):
    path = tmp_path / file
    path.write_text(conll() if file == "my.conll" else conll().replace("\t", " "))
    result = jobs.train(
        recipe,
        data=path,
        units=8,
        epochs=12 if file == "my.conll" else 1,
        out=tmp_path / "run",
        pictures=file == "my.conll",
    )
    assert result.recipe.name == f"{recipe}_my"
    assert recipes.load(tmp_path / "run").data.name == "file"
    again = jobs.evaluate(str(tmp_path / "run"))
    assert again.model == result.model
    if file == "my.txt":
        assert jobs.generate(str(tmp_path / "run"), "", steps=5, seed=1).prompt == ""
        return
    figures = {one.metric: one.value for one in result.model}
    assert figures["accuracy"] > 0.9 and figures["span_f1"] > 0.8
    assert {one.name for one in result.baselines} >= {"most frequent tag of the word"}
    answer = jobs.predict(str(tmp_path / "run"), "Grace heard codes")
    assert answer.tokens == ("Grace", "heard", "codes")
    with pytest.raises(FileNotFoundError, match="Received: data='.*none.conll'"):
        jobs.train(recipe, data=pathlib.Path(tmp_path, "none.conll"))
