"""Functions of Python's standard library: characters, prefixes, whole texts."""

import numpy as np

from keras_rnn_zoo.datasets.checks import check_int
from keras_rnn_zoo.datasets.codec import (
    CHARACTERS,
    END_OF_TEXT,
    PADDING,
    UNKNOWN,
    Codec,
)
from keras_rnn_zoo.datasets.source import Content, data_set, encoded, texts_of


def _python_facts(builder):
    metadata = builder.info.metadata
    return {
        "source": "functions of Python's standard library, 40 to 200 characters",
        "licence": "PSF-2.0",
        "interpreter": metadata["interpreter"],
        "corpus sha256": metadata["corpus_sha256"],
    }


@data_set("krz_py_tokens")
def load_py_tokens(source):
    """Characters of Python functions to the token class of each (many-to-many).

    The functions are those of the standard library.
    """
    builder, examples = source.read("krz_py_tokens")
    codec = Codec((PADDING, UNKNOWN, *CHARACTERS))
    texts = texts_of(examples)
    raw = encoded(codec, texts, {one: examples[one]["labels"] for one in texts})
    labels = builder.info.features["labels"].feature.names
    return Content(raw, labels, _python_facts(builder), texts, codec)


@data_set("krz_py_cursor")
def load_py_cursor(source, prefixes_per_function=8):
    """A function's beginning to the token class of its last character (many-to-one).

    Functions as of krz_py_tokens. Option `prefixes_per_function`, 1 to 8 (default
    8): how many of the training prefixes of each function are used.
    """
    check_int("prefixes_per_function", prefixes_per_function, 1, 8)
    builder, examples = source.read("krz_py_cursor")
    examples["train"] = _thin(examples["train"], prefixes_per_function)
    codec = Codec((PADDING, UNKNOWN, *CHARACTERS))
    texts = texts_of(examples)
    raw = encoded(codec, texts, {one: examples[one]["label"] for one in texts})
    labels = builder.info.features["label"].names
    return Content(raw, labels, _python_facts(builder), texts, codec)


@data_set("krz_py_functions")
def load_py_functions(source):
    """Functions of Python's standard library for a language model.

    x is the text after an end-of-text token, y the text followed by one: every
    character and the end are predicted. Near-duplicates across splits are left out.
    """
    builder, examples = source.read("krz_py_functions")
    tokens = (PADDING, UNKNOWN, END_OF_TEXT, *CHARACTERS)
    codec = Codec(tokens, boundary=END_OF_TEXT)
    texts = texts_of(examples)
    raw = {split: [] for split in examples}
    for split, members in texts.items():
        for text in members:
            x = codec.encode(text)
            raw[split].append((x, np.append(x[1:], x[0])))
    dropped = builder.info.metadata["near_duplicates_dropped"]
    facts = _python_facts(builder) | {
        "near-duplicates left out": sum(dropped.values()),
        "counted as predicted": "every character and one end-of-text token a function",
    }
    return Content(raw, tokens, facts, texts, codec)


def _thin(columns, count):
    """Keeps `count` evenly spread prefixes of every function."""
    _, starts, sizes = np.unique(
        columns["function"], return_index=True, return_counts=True
    )
    spread = (np.arange(count) + 0.5) / count
    kept = np.unique(starts[:, None] + (spread * sizes[:, None]).astype(int))
    return {name: [rows[i] for i in kept] for name, rows in columns.items()}
