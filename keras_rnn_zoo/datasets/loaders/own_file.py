"""The user's own files."""

import pathlib
from typing import Any

import numpy as np

from keras_rnn_zoo.datasets import files
from keras_rnn_zoo.datasets.checks import check_int, check_words
from keras_rnn_zoo.datasets.codec import END_OF_TEXT, learn_codec
from keras_rnn_zoo.datasets.examples import LABELLED, SERIES, TAGGED, TEXTS
from keras_rnn_zoo.datasets.limits import MAX_STEPS
from keras_rnn_zoo.datasets.loaders.own_numbers import load_series, sequences_content
from keras_rnn_zoo.datasets.source import Content, data_set
from keras_rnn_zoo.datasets.tags import OUTSIDE, SCHEME, scheme_named
from keras_rnn_zoo.own_files import fields_of


@data_set("file")
def load_file(
    source,
    path=None,
    task: Any = None,
    validation=None,
    test=None,
    lowercase=False,
    min_count=1,
    max_characters=None,
    context=24,
    horizon=8,
    token_column=None,
    tag_column=None,
    scheme="auto",
):
    """One's own file; see `keras_rnn_zoo.datasets.files`.

    Options `path` and `task`; `validation` and `test`, files of their own (default:
    a tenth each of `path`); `lowercase` (default False) and `min_count` (default
    1); of taggers also `max_characters`, `token_column` and `tag_column`, and
    `scheme` of the tags of names (default "auto": recognised; "none": read as they
    are), which become BIO; of series `context` (default 24) and `horizon` (default
    8).
    """
    del source
    columns = {"token_column": token_column, "tag_column": tag_column}
    _check_parts(path, task, validation, test)
    check_words(lowercase, min_count, max_characters)
    check_int("context", context, 2, MAX_STEPS)
    check_int("horizon", horizon, 1, MAX_STEPS)
    fields = fields_of(task)
    if fields != TAGGED:
        _refuse_what_taggers_take(task, max_characters, columns, scheme)
    elif scheme not in ("auto", "none"):
        scheme_named(scheme)
    if fields == SERIES:
        if validation is not None:
            raise ValueError(
                "`validation` and `test` must be None for a series: they follow the "
                f"training part in time. Received: validation={validation!r}."
            )
        return load_series(path, context, horizon)
    paths: dict[str, Any] = {"train": path}
    if validation is not None:
        paths |= {"validation": validation, "test": test}
    examples, found, implied = _read(paths, task, fields, columns, scheme)
    facts = {
        "source": ", ".join(
            pathlib.Path(one).name for one in (path, validation, test) if one
        ),
        "licence": "the reader's own",
        "split": "a tenth of the different texts each for validation and test"
        if validation is None
        else "files of their own",
    }
    if found is not None:
        facts[SCHEME] = found
    if fields == TAGGED and (read := files.columns_of(path, **columns)):
        facts["columns of tokens and tags"] = read
    if fields == LABELLED and isinstance(examples["train"][0].text, tuple):
        return sequences_content(examples, facts)
    facts["tokens kept"] = f"seen {min_count} times or more in training"
    texts = {split: [one.text for one in part] for split, part in examples.items()}
    codec = learn_codec(
        texts["train"],
        min_count,
        unit="word" if fields == TAGGED else "character",
        lowercase=lowercase,
        boundary=END_OF_TEXT if fields == TEXTS else None,
        max_characters=max_characters,
    )
    if fields == TEXTS:
        labels = codec.tokens
    else:
        labels = _labels_of(examples["train"], fields, found, implied)
    raw = _encoded(examples, fields, codec, labels)
    return Content(raw, labels, facts, texts, codec)


def _check_parts(path, task, validation, test):
    if path is None or task is None:
        raise ValueError(
            "`path` and `task` must be given for one's own file. "
            f"Received: path={path!r}, task={task!r}."
        )
    if (validation is None) != (test is None):
        raise ValueError(
            "`validation` and `test` must be given both or not at all. "
            f"Received: validation={validation!r}, test={test!r}."
        )


def _refuse_what_taggers_take(task, max_characters, columns, scheme):
    """Raise if something is said that only taggers are told."""
    if max_characters is not None:
        raise ValueError(
            "`max_characters` must be None but for tagging, which reads words. "
            f"Received: max_characters={max_characters!r}, task={task!r}."
        )
    named = {key: one for key, one in columns.items() if one is not None}
    if scheme != "auto":
        named["scheme"] = scheme
    if named:
        key, value = next(iter(named.items()))
        raise ValueError(
            f"`{key}` must be left out but for tagging. Received: {key}={value!r}, "
            f"task={task!r}."
        )


def _read(paths, task, fields, columns, scheme):
    """Return the examples by part, the scheme of their tags, and tags it implies."""
    examples = {
        split: files.read_file(one, task, **columns) for split, one in paths.items()
    }
    found = None
    if fields == TAGGED:
        parts = [(paths[split], part) for split, part in examples.items()]
        found, parts = files.as_bio(parts, scheme)
        examples = dict(zip(examples, parts, strict=True))
    # In another scheme, a file has no tags of BIO that it could lack.
    implied = found not in (None, "BIO") and _bio_tags(*examples["train"])
    for split, other in list(paths.items())[1:]:
        files.check_labels(examples["train"], examples[split], other, implied or ())
    if len(paths) == 1:
        examples = files.split(examples["train"])
    return examples, found, implied


def _labels_of(examples, fields, found, implied):
    """Return the classes of the examples, in the order of their ids."""
    if fields == LABELLED:
        return sorted({one.target for one in examples})
    known = {tag for one in examples for tag in one.target}
    if found is not None:
        known |= {OUTSIDE, *(implied or ())}
    return sorted(known, key=lambda tag: (tag != "O", tag.partition("-")[2], tag))


def _encoded(examples, fields, codec, labels):
    """Return the ids of every example and of its answer, by part."""
    ids = {label: i for i, label in enumerate(labels)}
    raw = {split: [] for split in examples}
    for split, part in examples.items():
        for one in part:
            x = codec.encode(one.text)
            if fields == TEXTS:
                y = np.append(x[1:], x[0])
            elif fields == LABELLED:
                y = np.int32(ids[one.target])
            else:
                y = np.array([ids[tag] for tag in one.target], "int32")
            raw[split].append((x, y))
    return raw


def _bio_tags(*examples):
    """Both tags of BIO for every kind of name in examples."""
    kinds = {tag[2:] for one in examples for tag in one.target if tag != OUTSIDE}
    return {f"{letter}-{kind}" for letter in "BI" for kind in kinds}
