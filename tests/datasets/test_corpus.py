"""The standard library's functions: labels, splits, prefixes, near-duplicates."""

import hashlib
import sys
from collections import Counter

import pytest

from keras_rnn_zoo.datasets import corpus

LETTERS = {c: c[0] for c in corpus.TOKEN_CLASSES} | {
    "number": "0",
    "string": '"',
    "comment": "#",
}


def letters(text):
    names = (corpus.TOKEN_CLASSES[i] for i in corpus.token_classes(text))
    return "".join(LETTERS[name] for name in names)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("def f(x):\n", "kkksnonoos"),
        ("x = 12 # two\n", "nsos00s#####s"),
        ("is_x in 'a b'", 'nnnnskks"""""'),
        ("return not None", "kkkkkkskkkskkkk"),
        ("a \\\n+ 0x1F\n", "nsssos0000s"),
        ("match = b''", 'nnnnnsos"""'),
        ('"""a\nb"""\n', '"""""""""s'),
        ("if x:\n    y **= 2.5\n", "kksnosssssnsooos000s"),
    ],
)
def test_classes_are_the_ones_that_python_gives(text, expected):
    assert letters(text) == expected


def test_f_strings_are_strings_around_their_expressions():
    text = "f'{{a}} {b+1} c'"
    if sys.version_info >= (3, 12):
        expected = '"' * 8 + "o" + "non" + "o" + '"' * 3
    else:
        expected = '"' * len(text)
    assert letters(text) == expected


@pytest.mark.parametrize("text", ["'''open", "(1,", "    x\n  y\n"])
def test_text_that_is_not_python_is_refused(text):
    with pytest.raises(ValueError, match="tokenized. Received: text=") as error:
        corpus.token_classes(text)
    assert repr(text) in str(error.value)


def test_functions_are_found_dedented_and_filtered():
    source = (
        "class A:\n"
        "    @property\n"
        "    def method(self):\n"
        "        return self.value + 1  # forty\n"
        "    def short(self): pass\n"
        "def long_one():\n" + "    x = 1\n" * 30 + "def accent(self, *arguments):\n"
        "    return 'caf\u00e9' + str(arguments)\n"
        "async def last(first, second):\n    return await first(second)"
    )
    assert corpus.functions_of(source.encode()) == [
        "async def last(first, second):\n    return await first(second)\n",
        "def method(self):\n    return self.value + 1  # forty\n",
    ]
    assert corpus.functions_of(b"def broken(:\n") == []


def test_the_corpus_is_the_size_that_was_measured():
    functions = corpus.functions()
    # 2,448 to 2,697 functions over CPython 3.10 to 3.13.
    assert 2300 < len(functions) < 2900
    assert len({f.text for f in functions}) == len(functions)
    assert all(40 <= len(f.text) <= 200 and f.text.isascii() for f in functions)
    shares = Counter(f.split for f in functions)
    assert 0.8 < shares["train"] / len(functions) < 0.9
    counts = Counter(i for f in functions for i in corpus.token_classes(f.text))
    total = sum(counts.values())
    assert counts[corpus.TOKEN_CLASSES.index("name")] / total == pytest.approx(
        0.41, abs=0.02
    )


def test_splits_are_disjoint_by_file_and_follow_its_md5():
    splits = {}
    for function in corpus.functions():
        splits.setdefault(function.module, set()).add(function.split)
    assert all(len(members) == 1 for members in splits.values())
    for module, members in splits.items():
        digit = int(hashlib.md5(module.encode()).hexdigest(), 16) % 10
        assert members == {{0: "test", 1: "validation"}.get(digit, "train")}


def test_the_corpus_is_named_by_content_and_interpreter():
    assert corpus.interpreter().split()[1] == sys.version.split()[0]
    first = corpus.corpus_sha256()
    corpus.functions.cache_clear()
    assert corpus.corpus_sha256() == first and len(first) == 64
    assert len(corpus.fingerprint()) == 8


def test_an_interpreter_without_source_says_so(monkeypatch, tmp_path):
    corpus.source_files.cache_clear()
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(FileNotFoundError, match="source files. Received: no") as error:
        corpus.source_files()
    assert str(tmp_path) in str(error.value)


def test_prefixes_are_drawn_once_and_for_all():
    text = corpus.functions()[0].text
    lengths = corpus.prefix_lengths(text)
    assert lengths == corpus.prefix_lengths(text) == sorted(set(lengths))
    assert len(lengths) == 8 and lengths[0] >= 9 and lengths[-1] <= len(text)
    assert lengths != corpus.prefix_lengths(text[:-1] + "x")
    assert corpus.prefix_lengths("def f(x)\n") == [9]


def test_similarity_ignores_layout_and_sees_copies():
    one = "def size(self):\n    return len(self.items)\n"
    assert corpus.similarity(one, one.replace("\n    ", " ")) == 1
    assert corpus.similarity(one, one.replace("size", "length")) > 0.5
    assert corpus.similarity(one, "for key in table: print(key, table[key])") == 0


def test_no_near_duplicates_stay_across_splits():
    distinct = corpus.without_near_duplicates()
    assert sum(distinct.dropped.values()) == len(corpus.functions()) - len(
        distinct.functions
    )
    assert distinct.dropped["test"] == 0 < distinct.dropped["train"]
    runs = {
        split: [corpus.shingles(f.text) for f in distinct.functions if f.split == split]
        for split in corpus.SPLITS
    }

    def close(a, b):
        return len(a & b) >= corpus.NEAR_DUPLICATE * len(a | b)

    # Every pair, by brute force, on every seventh training function.
    for some, others in (
        (runs["test"], runs["validation"]),
        (runs["test"], runs["train"][::7]),
        (runs["validation"], runs["train"][::7]),
    ):
        assert not any(close(a, b) for a in some for b in others)
