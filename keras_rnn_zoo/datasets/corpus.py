"""The functions of Python's standard library: a corpus every interpreter carries.

The corpus holds every function or method, nested ones too, of the top-level modules
of the standard library, from its `def` line to its last line (decorators left out),
dedented, that is 40 to 200 ASCII characters long; a text that occurs twice is kept
once. Its content therefore depends on the interpreter: `interpreter()` and
`corpus_sha256()` belong beside every figure measured on it.

Splits are made by file, so that no module stands in two of them:
md5(file name) modulo 10 is 0 for the test split, 1 for validation, else train.

This module uses the standard library only.
"""

import ast
import functools
import hashlib
import io
import keyword
import pathlib
import platform
import random
import sys
import sysconfig
import textwrap
import tokenize
from collections import Counter
from typing import Any, NamedTuple

MIN_LENGTH = 40
MAX_LENGTH = 200
SPLITS = ("train", "validation", "test")

#: Class names of `token_classes`; the index in this tuple is the class id.
TOKEN_CLASSES = (
    "space",
    "keyword",
    "name",
    "number",
    "string",
    "comment",
    "operator",
)

#: Shortest prefix, and number of prefixes drawn from a function, in `prefix_lengths`.
MIN_PREFIX = 9
PREFIXES_PER_FUNCTION = 8

#: Two functions are near-duplicates from this similarity on (see `similarity`).
NEAR_DUPLICATE = 0.5
SHINGLE = 8


class Function(NamedTuple):
    """One function: the file it comes from, its text and its split."""

    module: str
    text: str
    split: str


class DistinctFunctions(NamedTuple):
    """The functions left by `without_near_duplicates`, and how many it dropped."""

    functions: tuple[Function, ...]
    dropped: dict[str, int]


def interpreter() -> str:
    """Returns name and version of the running interpreter, "CPython 3.11.7"."""
    return f"{platform.python_implementation()} {platform.python_version()}"


def split_of(file_name: str) -> str:
    """Returns the split ("train", "validation", "test") of a file, by its name."""
    digest = hashlib.md5(file_name.encode(), usedforsecurity=False).hexdigest()
    return {0: "test", 1: "validation"}.get(int(digest, 16) % 10, "train")


@functools.lru_cache(maxsize=1)
def source_files() -> tuple[pathlib.Path, ...]:
    """Returns the files of the standard library's top-level modules, by name.

    Raises:
        FileNotFoundError: if this interpreter comes without source files (some
            minimal or zipped distributions).
    """
    root = pathlib.Path(sysconfig.get_path("stdlib"))
    files = (root / f"{name}.py" for name in sorted(sys.stdlib_module_names))
    found = tuple(path for path in files if path.is_file())
    if not found:
        raise FileNotFoundError(
            "The standard library must be there as source files. Received: no "
            f"top-level .py file in {str(root)!r} ({interpreter()}). Use an "
            "interpreter that carries its source, for example one from python.org."
        )
    return found


@functools.lru_cache(maxsize=1)
def fingerprint() -> str:
    """Returns 8 hexadecimal digits that name interpreter version and source files.

    Cheap (the files are read, not parsed), so that prepared data can be matched with
    the interpreter that reads it.
    """
    digest = hashlib.sha256(interpreter().encode())
    for path in source_files():
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


@functools.lru_cache(maxsize=1)
def functions() -> tuple[Function, ...]:
    """Returns the corpus, ordered by file name; scanned once per process (1-2 s)."""
    seen = {}
    for path in source_files():
        for text in functions_of(path.read_bytes()):
            seen.setdefault(text, path.name)
    return tuple(
        Function(module, text, split_of(module)) for text, module in seen.items()
    )


def corpus_sha256() -> str:
    """Returns the sha256 of the corpus: file names and texts, in order."""
    digest = hashlib.sha256()
    for function in functions():
        digest.update(f"{function.module}\0{function.text}\0".encode())
    return digest.hexdigest()


def functions_of(source: bytes) -> list[str]:
    """Returns the texts of the functions of one file that the corpus accepts.

    Args:
        source: bytes. A Python file; one that does not parse has no functions.
    """
    try:
        tree = ast.parse(source)
        lines = source.decode(tokenize.detect_encoding(io.BytesIO(source).readline)[0])
    except (SyntaxError, UnicodeDecodeError):
        return []
    lines = io.StringIO(lines, newline=None).readlines()
    texts = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        text = textwrap.dedent("".join(lines[node.lineno - 1 : node.end_lineno]))
        text = text if text.endswith("\n") else text + "\n"
        if MIN_LENGTH <= len(text) <= MAX_LENGTH and is_accepted(text):
            texts.append(text)
    return texts


def is_accepted(text: str) -> bool:
    """Tells whether `text` is ASCII and Python's tokenizer reads it."""
    try:
        return text.isascii() and bool(token_classes(text))
    except ValueError:
        return False


def token_classes(text: str) -> list[int]:
    """Returns the class id of each character, by Python's own tokenizer.

    Everything between tokens, line ends and the backslash that joins two lines
    included, is "space"; soft keywords (`match`, `type`) are names. The parts of an
    f-string that Python 3.12 and later tokenize on their own are strings, the
    expressions between its braces are what they are; before 3.12 all of it is string.

    Args:
        text: str. Python source that can be tokenized on its own.

    Returns:
        A list of `len(text)` indices into `TOKEN_CLASSES`.

    Raises:
        ValueError: if Python's tokenizer does not accept `text`.

    Example:
    >>> "".join(TOKEN_CLASSES[i][0] for i in token_classes("if x: # go"))
    'kksnoscccc'
    """
    starts = [0]
    for line in io.StringIO(text):
        starts.append(starts[-1] + len(line))
    classes: list[Any] = [None] * len(text)
    fstrings = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            start, end = (
                starts[row - 1] + col for row, col in (token.start, token.end)
            )
            kind = tokenize.tok_name[token.type]
            if kind.endswith("STRING_START"):
                fstrings.append(start)
            name = _class_of(kind, token.string)
            if name is not None:
                classes[start:end] = [TOKEN_CLASSES.index(name)] * (end - start)
            if kind.endswith("STRING_END") and fstrings:
                # A doubled brace is one character of the token but two of the text.
                for i in range(fstrings.pop(), end):
                    if classes[i] is None and not text[i].isspace():
                        classes[i] = TOKEN_CLASSES.index("string")
    except (tokenize.TokenError, SyntaxError) as error:
        raise ValueError(
            "`text` must be Python source that can be tokenized. Received: "
            f"text={text!r} ({error})."
        ) from error
    return [0 if i is None else i for i in classes][: len(text)]


def _class_of(kind: str, string: str) -> str | None:
    if kind == "NAME":
        return "keyword" if keyword.iskeyword(string) else "name"
    if "STRING" in kind:  # STRING, FSTRING_START, FSTRING_MIDDLE, TSTRING_END, ...
        return "string"
    names = {"NUMBER": "number", "COMMENT": "comment", "OP": "operator"}
    return names.get(kind)


def prefix_lengths(text: str) -> list[int]:
    """Returns where `text` is cut for the cursor task: 8 lengths, ascending.

    The places are drawn without replacement from 9..len(text), by a generator seeded
    with the text itself: the same function is always cut at the same places.
    """
    places = range(MIN_PREFIX, len(text) + 1)
    generator = random.Random(hashlib.sha256(text.encode()).digest())
    return sorted(generator.sample(places, min(PREFIXES_PER_FUNCTION, len(places))))


def shingles(text: str) -> frozenset[str]:
    """Returns the set of runs of 8 characters of `text`, white space collapsed."""
    text = " ".join(text.split())
    return frozenset(text[i : i + SHINGLE] for i in range(len(text) - SHINGLE + 1))


def similarity(first: str, second: str) -> float:
    """Returns the Jaccard similarity of the `shingles` of two texts, 0 to 1."""
    a, b = shingles(first), shingles(second)
    return len(a & b) / len(a | b) if a | b else 0.0


@functools.lru_cache(maxsize=1)
def without_near_duplicates() -> DistinctFunctions:
    """Returns the corpus without near-duplicates between its splits.

    Two functions are near-duplicates if the Jaccard similarity of their sets of
    8-character runs (white space collapsed) is at least 0.5. A training function close
    to one of validation or test is dropped, and a validation function close to one of
    test; the test split stays whole. Near-duplicates inside one split stay. A copy
    whose names were all changed is not found.
    """
    kept, dropped = [], {split: 0 for split in SPLITS}
    index, sizes = {}, []
    for split in ("test", "validation", "train"):
        members = [f for f in functions() if f.split == split]
        fresh = []
        for function in members:
            runs = shingles(function.text)
            common = Counter(i for run in runs for i in index.get(run, ()))
            if any(
                count >= NEAR_DUPLICATE * (len(runs) + sizes[i] - count)
                for i, count in common.items()
            ):
                dropped[split] += 1
            else:
                fresh.append((function, runs))
        for function, runs in fresh:
            kept.append(function)
            if split != "train":
                for run in runs:
                    index.setdefault(run, []).append(len(sizes))
                sizes.append(len(runs))
    order = {function: i for i, function in enumerate(functions())}
    return DistinctFunctions(tuple(sorted(kept, key=order.__getitem__)), dropped)
