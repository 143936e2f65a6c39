"""The user's own files."""

import pathlib

import numpy as np

from keras_rnn_zoo.datasets import files
from keras_rnn_zoo.datasets.checks import check_int, check_words
from keras_rnn_zoo.datasets.codec import END_OF_TEXT, learn_codec
from keras_rnn_zoo.datasets.loaders.own_numbers import load_series, sequences_content
from keras_rnn_zoo.datasets.source import Content


def load_file(
    source,
    path=None,
    task=None,
    validation=None,
    test=None,
    lowercase=False,
    min_count=1,
    max_characters=None,
    context=24,
    horizon=8,
):
    """Return the examples of the user's own files; the task tells how."""
    del source
    if path is None or task is None:
        raise ValueError(
            "`path` and `task` must be given for one's own file. "
            f"Received: path={path!r}, task={task!r}."
        )
    check_words(lowercase, min_count, max_characters)
    if max_characters is not None and task != "tagging":
        raise ValueError(
            "`max_characters` must be None but for tagging, which reads words. "
            f"Received: max_characters={max_characters!r}, task={task!r}."
        )
    if (validation is None) != (test is None):
        raise ValueError(
            "`validation` and `test` must be given both or not at all. "
            f"Received: validation={validation!r}, test={test!r}."
        )
    check_int("context", context, 2)
    check_int("horizon", horizon, 1)
    if task == "regression":
        if validation is not None:
            raise ValueError(
                "`validation` and `test` must be None for a series: they follow the "
                f"training part in time. Received: validation={validation!r}."
            )
        return load_series(path, context, horizon)
    examples = files.read_file(path, task)
    if validation is None:
        examples = files.split(examples)
    else:
        examples = {"train": examples}
        for split, other in (("validation", validation), ("test", test)):
            examples[split] = files.read_file(other, task)
            files.check_labels(examples["train"], examples[split], other)
    facts = {
        "source": ", ".join(
            pathlib.Path(one).name for one in (path, validation, test) if one
        ),
        "licence": "the reader's own",
        "split": "a tenth of the different texts each for validation and test"
        if validation is None
        else "files of their own",
    }
    if task == "classification" and isinstance(examples["train"][0].text, tuple):
        return sequences_content(examples, facts)
    facts["tokens kept"] = f"seen {min_count} times or more in training"
    texts = {split: [one.text for one in part] for split, part in examples.items()}
    codec = learn_codec(
        texts["train"],
        min_count,
        unit="word" if task == "tagging" else "character",
        lowercase=lowercase,
        boundary=END_OF_TEXT if task == "language_model" else None,
        max_characters=max_characters,
    )
    if task == "language_model":
        labels = codec.tokens
    elif task == "classification":
        labels = sorted({one.target for one in examples["train"]})
    else:
        labels = sorted(
            {tag for one in examples["train"] for tag in one.target},
            key=lambda tag: (tag != "O", tag.partition("-")[2], tag),
        )
    ids = {label: i for i, label in enumerate(labels)}
    raw = {split: [] for split in examples}
    for split, part in examples.items():
        for one in part:
            x = codec.encode(one.text)
            if task == "language_model":
                y = np.append(x[1:], x[0])
            elif task == "classification":
                y = np.int32(ids[one.target])
            else:
                y = np.array([ids[tag] for tag in one.target], "int32")
            raw[split].append((x, y))
    return Content(raw, labels, facts, texts, codec)
