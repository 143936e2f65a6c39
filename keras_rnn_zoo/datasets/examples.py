"""Examples of one's own files, checked, and what kinds of them there are.

A kind is told by its fields: the keys of a JSON object, the columns of a CSV file, the
features of a record. Which task learns from which kind is said by the tasks, see
`keras_rnn_zoo.own_files`.
"""

import itertools
from dataclasses import dataclass, field
from typing import Any

from keras_rnn_zoo.datasets import limits
from keras_rnn_zoo.datasets.codec import END_OF_TEXT
from keras_rnn_zoo.datasets.lines import DataError, short

#: Words with a tag each; a text with a label; texts alone; one number a line.
TAGGED = ("tokens", "tags")
LABELLED = ("text", "label")
TEXTS = ("text",)
SERIES = ("value",)

#: Suffixes of files of columns, and of records.
COLUMNS = (
    *(".conll", ".conllu", ".conllup", ".bio", ".bioes", ".iob", ".iob1", ".iob2"),
    *(".tsv", ".txt"),
)
RECORDS = (".tfrecord", ".tfrecords")

#: What the name of a file ends with, by its fields.
SUFFIXES = {
    TAGGED: (*COLUMNS, ".csv", ".jsonl", *RECORDS),
    LABELLED: (".csv", ".jsonl", *RECORDS),
    TEXTS: (".txt", ".jsonl", ".csv", *RECORDS),
    SERIES: (".csv",),
}


@dataclass(frozen=True)
class Example:
    """One example of a file.

    Attributes:
        text: str, or a tuple of words, or a tuple of steps, each a tuple of float.
        target: tuple of str, one a word; str, the label; None for language models.
        line: int. Where it begins, counted from 1; of a record, its number.
        lines: tuple of int, the line of each word; None where they share one.
    """

    text: Any
    target: Any
    line: int
    lines: tuple[int, ...] | None = field(default=None, compare=False, repr=False)


def keys_of(fields, columns):
    """Return what the fields are called in a file, where `columns` says so."""
    return tuple(
        str(other) if other is not None else name
        for name, other in itertools.zip_longest(fields, columns)
    )[: len(fields)]


def as_example(values, wanted, path, line, unit="line", lines=None):
    """Return the example of a dict with the keys `wanted`, checked.

    Args:
        values: dict.
        wanted: the fields, a key of `SUFFIXES`.
        path: the file.
        line: where the example begins.
        unit: what `line` counts.
        lines: the line of each word, where each has its own.

    Raises:
        DataError: if a text is empty, too long or no text, holds what a model cannot
            read, or there are not as many tags as tokens.
    """

    def fail(problem, at=line):
        raise DataError(problem, path, at, unit)

    def check_text(name, text, at=line):
        half = limits.surrogate_in(text)
        if half is not None:
            fail(
                f"`{name}` must be text. Received: {half!r} in {short(text)}, one "
                "half of a surrogate pair: a character was cut in two.",
                at,
            )

    if "tokens" in wanted:
        tokens, tags = values["tokens"], values["tags"]
        for name, items in (("tokens", tokens), ("tags", tags)):
            at = line
            right = isinstance(items, list) and items
            if right and lines is not None and not all(items):
                at = lines[items.index("")]
            if not right or not all(isinstance(i, str) and i.strip() for i in items):
                fail(
                    f"`{name}` must be a list of strings, none of them empty. "
                    f"Received: {short(items)}.",
                    at,
                )
            if len(items) > limits.MAX_STEPS:
                fail(limits.too_long(len(items), name))
            for i, item in enumerate(items):
                check_text(name, item, line if lines is None else lines[i])
        for i, token in enumerate(tokens):
            if token.split() != [token]:
                fail(
                    "a token must be without white space, at which a text is split "
                    f"into tokens. Received: {short(token)}. Make several tokens of "
                    "it, each with its tag, or put another character there.",
                    line if lines is None else lines[i],
                )
        if len(tokens) != len(tags):
            fail(
                "`tags` must be as many as `tokens`. Received: "
                f"{len(tokens)} tokens and {len(tags)} tags."
            )
        return Example(tuple(tokens), tuple(tags), line, lines)
    for name in wanted:
        text = values[name]
        if name == "steps":
            continue
        if not isinstance(text, str) or not text.strip():
            fail(f"`{name}` must be a text, not an empty one. Received: {short(text)}.")
        check_text(name, text)
    text = values[wanted[0]]
    if len(text) > limits.MAX_STEPS:
        fail(limits.too_long(len(text), "steps" if "steps" in wanted else "characters"))
    if "label" not in wanted and END_OF_TEXT in text:
        fail(
            f"a text must be without {END_OF_TEXT!r}, which ends a text for the model. "
            f"Received: it is character {text.index(END_OF_TEXT) + 1}."
        )
    return Example(text, values["label"] if "label" in wanted else None, line)
