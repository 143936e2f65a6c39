"""Tags of names in the schemes that are published, and files that hold them."""

import functools

import pytest
import typer.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_rnn_zoo import cli, datasets, jobs
from keras_rnn_zoo.datasets import tags
from keras_rnn_zoo.datasets.files import DataError, Example, read_file
from keras_rnn_zoo.jobs import answer
from keras_rnn_zoo.tasks.tagging import are_bio
from keras_rnn_zoo.training import recipes
from keras_rnn_zoo.training.fit import build_model

KINDS = ("PER", "LOC", "creative-work")

#: One sentence, "Ada Lovelace met Alan Turing Grace Hopper X in New York", in all.
WORDS = "Ada Lovelace met Alan Turing Grace Brewster Hopper in Rome".split()
SPANS = [(0, 2, "PER"), (3, 5, "PER"), (5, 8, "PER"), (9, 10, "LOC")]
WRITTEN = {
    "BIO": "B-PER I-PER O B-PER I-PER B-PER I-PER I-PER O B-LOC",
    "IOB1": "I-PER I-PER O I-PER I-PER B-PER I-PER I-PER O I-LOC",
    "BIOES": "B-PER E-PER O B-PER E-PER B-PER I-PER E-PER O S-LOC",
    "BILOU": "B-PER L-PER O B-PER L-PER B-PER I-PER L-PER O U-LOC",
    "BMES": "B-PER E-PER O B-PER E-PER B-PER M-PER E-PER O S-LOC",
    "BMEWO": "B-PER E-PER O B-PER E-PER B-PER M-PER E-PER O W-LOC",
}


@st.composite
def sentences(draw):
    """Spans of a sentence, and how many tokens it has."""
    spans, end = [], 0
    for gap, length, kind in draw(
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(KINDS)),
            max_size=5,
        )
    ):
        spans.append((end + gap, end + gap + length, kind))
        end = spans[-1][1]
    return spans, end + draw(st.integers(0, 2)) or 1


def joined(spans):
    """What is left of spans where those of one kind that touch become one."""
    found = []
    for first, stop, kind in spans:
        if found and found[-1][1:] == (first, kind):
            first = found.pop()[0]
        found.append((first, stop, kind))
    return found


@settings(max_examples=150)
@given(st.lists(sentences(), min_size=1, max_size=4), st.sampled_from([*tags.SCHEMES]))
def test_what_is_written_is_recognised_and_read(rows, scheme):
    written = [tags.tags_of(spans, length, scheme) for spans, length in rows]
    expected = [spans if scheme != "IO" else joined(spans) for spans, _ in rows]
    assert [tags.spans_of(one, scheme) for one in written] == expected
    tags.check(written, scheme)
    found = tags.recognise(written)
    if not any(spans for spans, _ in rows):
        assert found is None
        return
    # Of few tags it may be another one, which reads the same.
    assert [tags.spans_of(one, found) for one in written] == expected
    assert found == scheme or {found, scheme} in (
        *[{"IO", "IOB1"}],
        *({"BIOES", other} for other in ("BILOU", "BMES", "BMEWO")),
        {"BMES", "BMEWO"},
    )


@pytest.mark.parametrize("scheme", WRITTEN)
def test_one_sentence_in_every_scheme(scheme):
    written = WRITTEN[scheme].split()
    assert tags.recognise([written]) == scheme
    assert tags.spans_of(written, scheme) == SPANS
    assert tags.tags_of(SPANS, len(WORDS), scheme) == written


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("NOUN VERB", None),
        ("O O", None),
        ("B-x I-y NOUN", None),  # no O: classes that happen to look so
        ("O I-x I-x O", "IO"),
        ("O I-x B-x", "IOB1"),
        ("O I-x | B-y B-y", None),  # neither: see below
        ("B-x", "BIO"),
        ("S-x", "BIOES"),
        ("U-x O", "BILOU"),
        ("B-x E-x", "BIOES"),
        ("B-x E-x W-x", "BMEWO"),
        ("B-x M-x E-x", "BMES"),
        ("B-x I-x L-x", "BILOU"),
    ],
)
def test_files_with_few_tags(text, scheme):
    rows = [one.split() for one in text.split("|")]
    if len(rows) == 2:
        with pytest.raises(tags.TagError, match="of one scheme. Received: 'I-x'"):
            tags.recognise(rows)
    else:
        assert tags.recognise(rows) == scheme


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("O B-x | O I-x", 5, "'I-x' begins.*as in IOB1.*'B-x'.*in .*a.conll, line 2"),
        ("O B-x PER", 3, "a letter of a scheme.*as 'B-x' is. Received: 'PER'.*none"),
        ("O B-x b-x", 3, "Received: 'b-x'"),
        ("B-x O E-x", 1, "scheme BIOES. Received: 'B-x' between the start.*and 'O'"),
        ("B-x E-y", 1, "scheme BIOES. Received: 'B-x'"),
        ("S-x E-x", 2, "BIOES. Received: 'E-x' between 'S-x' and the end of the sent"),
        ("B-x L-x | S-x", 4, "one scheme. Received: 'S-x', and elsewhere 'L-x'.*BILOU"),
        ("B-x M-x I-x E-x", 3, "Received: 'I-x'.*'M-x'.* line 2"),
    ],
)
def test_tags_of_no_scheme_are_named_by_line(text, line, message, tmp_path):
    rows = [one.split() for one in text.split("|")]
    path = tmp_path / "a.conll"
    path.write_text("\n".join("".join(f"w {t}\n" for t in row) for row in rows))
    with pytest.raises(DataError, match=message) as error:
        datasets.load("file", path=path, task="tagging")
    assert error.value.line == line
    with pytest.raises(ValueError, match="must be enough"):  # read as they are
        datasets.load("file", path=path, task="tagging", scheme="none")


def test_records_and_json_lines_name_the_tag(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"tokens": ["a"], "tags": ["B-x"]}\n{"tokens": ["b", "c"], "tags": ["O", "X"]}'
    )
    with pytest.raises(DataError, match="line 2: tag 2: a tag must be.*'X'"):
        datasets.load("file", path=path, task="tagging")


def test_arguments():
    with pytest.raises(ValueError, match="`scheme` must be one of BIO.*scheme='BIX'"):
        tags.scheme_named("BIX")
    load = {"name": "file", "path": "a.conll", "task": "tagging"}
    with pytest.raises(ValueError, match="`scheme` must be one of.*scheme='bix'"):
        datasets.load(**load, scheme="bix")
    for option, value in (("scheme", "BIO"), ("token_column", 1), ("tag_column", "x")):
        with pytest.raises(ValueError, match=f"`{option}` must be left out but for"):
            datasets.load("file", path="a", task="classification", **{option: value})
    with pytest.raises(ValueError, match="`tag_column` must.*tag_column=True"):
        read_file("a.conll", "tagging", tag_column=True)


def test_training_validation_and_test_are_of_one_scheme(tmp_path):
    for name, text in (
        ("train", "a I-x\nb O\n\nc I-x\n"),
        ("validation", "d I-x\ne B-x\n"),
        ("test", "f I-x\ng I-x\n"),
    ):
        (tmp_path / f"{name}.conll").write_text(text)
    paths = {n: tmp_path / f"{n}.conll" for n in ("validation", "test")}
    found = datasets.load(
        "file", path=tmp_path / "train.conll", task="tagging", **paths
    )
    assert found.labels == ("O", "B-x", "I-x") and are_bio(found.labels)
    assert found.facts[tags.SCHEME] == "IOB1"
    assert found.raw["validation"][0][1].tolist() == [1, 1]
    assert found.raw["test"][0][1].tolist() == [1, 2]
    paths["test"].write_text("f I-y\n")
    with pytest.raises(DataError, match="test.conll, line 1: the label.*'B-y'"):
        datasets.load("file", path=tmp_path / "train.conll", task="tagging", **paths)


ADA = Example(("Ada", "#", "wrote"), ("B-PER", "O", "O"), 1)
COLUMNS = {
    "four columns of CoNLL 2003": (
        "eng.txt",
        "-DOCSTART- -X- -X- O\n\nAda NNP B-NP B-PER\n# : O O\nwrote VBD B-VP O\n",
        {},
    ),
    "UNER": (
        "zh.iob2",
        "# newdoc id = 1\n# text = Ada # wrote\n"
        "1\tAda\tB-PER\t-\tsomebody\n2\t#\tO\t-\t-\n3\twrote\tO\t-\t-\n\n",
        {},
    ),
    "by number": ("a.tsv", "NNP\tB-PER\tAda\n#\tO\t#\nV\tO\twrote", "3 2"),
    "by the names of the first line": (
        "a.tsv",
        "pos\tner\tword\nNNP\tB-PER\tAda\n#\tO\t#\nV\tO\twrote",
        "word ner",
    ),
    "by global.columns": (
        "a.conllup",
        "# global.columns = POS NE FORM\n# x\nNNP\tB-PER\tAda\n#\tO\t#\nV\tO\twrote",
        "FORM NE",
    ),
    "CSV": ("a.csv", 'Word,Tag\nAda,"B-PER"\n#,O\n"wrote",O\n', {}),
    "CSV by name": ("a.csv", "x,y,z\nO,B-PER,Ada\n,O,#\n,O,wrote", "z y"),
    "JSON keys": (
        "a.jsonl",
        '{"words": ["Ada", "#", "wrote"], "ner": ["B-PER", "O", "O"]}',
        "words ner",
    ),
    "hash first": (
        "a.conll",
        "# a comment, or a token?\n\nAda B-PER\n# O\nwrote O",
        {},
    ),
    "OntoNotes": ("a.conll", "#begin document (x)\nAda B-PER\n# O\nwrote O\n\n#", {}),
    "tokens that are #": ("a.tsv", "Ada\tB-PER\n#\tO\nwrote\tO", {}),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_files_as_they_are_published(name, tmp_path):
    file, text, columns = COLUMNS[name]
    if columns:
        columns = dict(
            zip(("token_column", "tag_column"), columns.split(), strict=True)
        )
    (tmp_path / file).write_text(text)
    [found] = read_file(tmp_path / file, "tagging", **columns)
    assert (found.text, found.target) == (ADA.text, ADA.target)


CONLLU = """\
# sent_id = 1
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tDo\tdo\tAUX\tVBP\t_\t3\taux\t_\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_
2.1\tyou\tyou\tPRON\tPRP\t_\t_\t_\t_\t_
3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\t_

# sent_id = 2
1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_
"""


def test_conllu(tmp_path):
    path = tmp_path / "a.conllu"
    path.write_text(CONLLU)
    first, second = read_file(path, "tagging")
    assert first == Example(("Do", "n't", "go"), ("AUX", "PART", "VERB"), 3)
    assert first.lines == (3, 4, 6) and second.text == ("Go",)
    first, _ = read_file(path, "tagging", token_column="LEMMA", tag_column="XPOS")
    assert first.text == ("do", "not", "go") and first.target == ("VBP", "RB", "VB")
    with pytest.raises(DataError, match="`tag_column` must.*1 to 10.*DEPS.*'NER'"):
        read_file(path, "tagging", tag_column="NER")


def test_numbers_that_are_tokens_are_no_index(tmp_path):
    path = tmp_path / "a.conll"
    for rows in (["0 x O", "0 x O"], ["1 x O", "3 x O"], ["1 O", "2 O"]):
        path.write_text("\n".join(rows))
        [one] = read_file(path, "tagging")
        assert one.text == tuple(row[0] for row in rows) and one.target == ("O", "O")
    path.write_text("\n")
    with pytest.raises(DataError, match="an empty file"):
        read_file(path, "tagging", tag_column=3)


def test_the_command_line_hands_the_columns_on(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("Ada x B-PER\n")
    wanted = "train py_tagger_bilstm --data {} --tag-column 2 --token-column 9"
    done = typer.testing.CliRunner().invoke(cli.app, wanted.format(path).split())
    assert done.exit_code == 2 and "token_column='9'" in done.stderr
    wanted = "train py_tagger_bilstm --data {} --scheme bix"
    done = typer.testing.CliRunner().invoke(cli.app, wanted.format(path).split())
    assert done.exit_code == 2 and "scheme='bix'" in done.stderr


def test_sentences_of_a_csv_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "Sentence #,Word,POS,Tag\nSentence: 1,a,X,O\n,b,X,B-x\nSentence: 2,c,X,O\n"
        ',"""",X,O\n\n,e,X,O\n'
    )
    found = read_file(path, "tagging")
    assert [one.text for one in found] == [("a", "b"), ("c", '"'), ("e",)]
    assert found[0].target == ("O", "B-x") and found[1].lines == (4, 5)
    path.write_text("a,b\nx,O\n")
    with pytest.raises(DataError, match="line 1: `token_column`.*none is called token"):
        read_file(path, "tagging")
    with pytest.raises(DataError, match="`tag_column`.*tag_column='c', columns.*'b'"):
        read_file(path, "tagging", token_column=1, tag_column="c")
    path.write_text("word,tag\nx,O\ny\n")
    with pytest.raises(DataError, match="line 3: must have 2 fields"):
        read_file(path, "tagging")


@pytest.mark.parametrize(
    ("text", "columns", "line", "message"),
    [
        ("Ada O\n#wrote\n", {}, 2, "2 columns.*Received: '#wrote'"),  # no comment
        ("#hi\nAda O\n", {}, 1, "2 columns.*Received: '#hi'"),
        ("Ada O\n# no comment here\n", {}, 2, "2 columns"),
        ("Ada x O\n", {"tag_column": "4"}, None, "1 to 3. Received: tag_column='4'"),
        ("Ada x O\n", {"token_column": 0}, None, "1 to 3. Received: token_column=0"),
        (
            "a\tb\n1\tO\n\tO\n",
            {"token_column": "a"},
            3,
            r"empty. Received: \['', 'O'\]",
        ),
    ],
)
def test_columns_that_are_not_there(text, columns, line, message, tmp_path):
    path = tmp_path / "a.conll"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as error:
        read_file(path, "tagging", **columns)
    assert error.value.line == line


RECIPE = """
title = "small"
task = "tagging"
[data]
name = "file"
batch_size = 8
[data.options]
path = "my.conll"
task = "tagging"
[model]
topology = "ManyToMany"
cell = "GRU"
units = 8
embedding_dim = 8
[training]
epochs = 2
learning_rate = 0.05
monitor = "val_span_f1"
"""


def test_a_tagger_of_a_foreign_file_finds_names(tmp_path, monkeypatch):
    """Comments, an index, BILOU: trained and judged by span F1, answers in either."""
    (tmp_path / "recipe.toml").write_text("\ufeff" + RECIPE, "utf-8")
    lines = []
    for i in range(40):
        lines += ["# a comment", f"1\tw{i % 7}\tO\t-", "2\tAda\tB-PER\t-"]
        lines += ["3\tLovelace\tL-PER\t-", "4\tin\tO\t-", "5\tRome\tU-LOC\t-"]
        lines += [f"6\tv{i}\tO\t-", ""]
    (tmp_path / "my.iob2").write_text("\n".join(lines))
    said = []

    class Listener(jobs.Reporter):
        def say(self, text):
            said.append(text)

    result = jobs.train(
        str(tmp_path / "recipe.toml"),
        data=tmp_path / "my.iob2",
        out=tmp_path / "run",
        pictures=False,
        baselines=False,
        reporter=Listener(),
    )
    assert any("scheme of the tags: BILOU, read as BIO" in line for line in said)
    assert any("tokens and tags: 2 and 3 of 4" in line for line in said)
    figures = {one.metric: one.value for one in result.model}
    assert figures["span_f1"] > 0.9
    monkeypatch.setattr(answer, "load_run", functools.cache(answer.load_run))
    text, run = "w1 Ada Lovelace in Rome v1", str(tmp_path / "run")
    answers = {
        scheme: " ".join(jobs.predict(run, text, scheme=scheme).tags)
        for scheme in ("bio", "own", "iobes")
    }
    assert answers == {
        "bio": "O B-PER I-PER O B-LOC O",
        "own": "O B-PER L-PER O U-LOC O",
        "iobes": "O B-PER E-PER O S-LOC O",
    }
    with pytest.raises(ValueError, match="`scheme` must be one of.*scheme='bix'"):
        jobs.predict(run, text, scheme="bix")
    with pytest.raises(ValueError, match="`data` must be given with `scheme`"):
        jobs.train(str(tmp_path / "recipe.toml"), data_options={"scheme": "BIO"})


def test_a_head_of_bio_reads_every_scheme(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("".join(f"w{i} B-x\nv E-x\n\n" for i in range(30)))
    data = datasets.load("file", path=path, task="tagging")
    recipe = recipes.parse(RECIPE, "small/recipe.toml", check_files=False)
    for scheme in ("BIO", "IOB2", "BIOES"):
        head = {"name": "crf", "scheme": scheme}
        wanted = recipe.replace(model__head=head)
        if scheme != "BIOES":
            assert build_model(wanted, data).count_params()
            continue
        with pytest.raises(ValueError, match="head.scheme` must be.*scheme='BIOES'"):
            build_model(wanted, data)
    plain = datasets.load("file", path=path, task="tagging", scheme="none")
    assert plain.labels == ("B-x", "E-x") and build_model(wanted, plain).count_params()
