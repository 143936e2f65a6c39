"""TFRecord files of one's own: one `tf.train.Example` a record.

| task | features, all of them bytes lists of UTF-8 |
|---|---|
| tagging | `tokens` and `tags`, as many of one as of the other |
| classification | `text` and `label`, one value each |
| language_model | `text`, one value |

Other features may be there and are not read. Files are not compressed.
"""

import os
import pathlib
import re
from collections.abc import Sequence

import tensorflow as tf
from google.protobuf.message import DecodeError

from keras_rnn_zoo.datasets import limits
from keras_rnn_zoo.datasets.examples import (
    LABELLED,
    SERIES,
    TAGGED,
    TEXTS,
    Example,
    as_example,
    keys_of,
)
from keras_rnn_zoo.datasets.lines import DataError
from keras_rnn_zoo.own_files import fields_of


def read_records(
    path: str | os.PathLike,
    task: str,
    token_column: str | int | None = None,
    tag_column: str | int | None = None,
) -> list[Example]:
    """Return the examples of a TFRecord file, in its order.

    Args:
        path: the file.
        task: "tagging", "classification" or "language_model".
        token_column: of taggers, what `tokens` is called in this file, or None.
        tag_column: what `tags` is called, or None.

    Raises:
        DataError: if the file is empty, cut off or damaged, or a record is no example,
            lacks a feature or has one of another kind, holds an empty text, or not as
            many tags as tokens. It names the record, counted from 1.
    """
    columns = (token_column, tag_column)
    return read_fields(path, fields_of(task, but=SERIES), columns)


def read_fields(path, fields, columns=()) -> list[Example]:
    """Return the examples of a TFRecord file that has certain fields.

    Args:
        path: the file.
        fields: a key of `examples.SUFFIXES`.
        columns: what they are called in this file, None where it is the same.
    """
    path = pathlib.Path(path)
    _check_sizes(path)
    names = keys_of(fields, columns)
    examples = []
    try:
        for record in tf.data.TFRecordDataset(os.fspath(path)).as_numpy_iterator():
            examples.append(_example(record, fields, names, path, len(examples) + 1))
    except tf.errors.DataLossError as error:
        reason = re.sub(r"\{\{.*?\}\} ?| ?\[Op:.*", "", error.message)
        raise DataError(
            f"the file must be a whole TFRecord file. Received: {reason}. It was "
            "cut off or damaged here, or is none.",
            path,
            len(examples) + 1,
            "record",
        ) from error
    if not examples:
        raise DataError("must hold examples. Received: an empty file.", path)
    return examples


def write_tfrecord(path: str | os.PathLike, examples: Sequence[Example]) -> None:
    """Write examples as a TFRecord file: what `read_records` reads.

    The file is there when it is whole; one that was there before stays until then.

    Args:
        path: the file, with the suffix .tfrecord.
        examples: of one kind, see `Example`; real-valued ones cannot be written.

    Raises:
        ValueError: if there are no examples, they are of several kinds, or the suffix
            is another one.
        TypeError: if one is no such example.

    Example:
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/mine.tfrecord"
    >>> write_tfrecord(path, [Example(("Ada", "wrote"), ("B-person", "O"), 1)])
    >>> read_records(path, "tagging")[0].target
    ('B-person', 'O')
    """
    path = pathlib.Path(path)
    if path.suffix.lower() not in (".tfrecord", ".tfrecords"):
        raise ValueError(
            f"`path` must end with .tfrecord. Received: path={str(path)!r}."
        )
    kinds = {_fields_of(one) for one in examples}
    if len(kinds) != 1:
        received = ", ".join(sorted(_KINDS[one] for one in kinds)) or "no kind"
        raise ValueError(
            "`examples` must be examples of one kind. Received: "
            f"{len(examples)} examples of {received}."
        )
    [fields] = kinds
    temporary = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        with tf.io.TFRecordWriter(os.fspath(temporary)) as writer:
            for one in examples:
                columns = zip(fields, (one.text, one.target), strict=False)
                features = {name: _feature(values) for name, values in columns}
                message = tf.train.Example(features=tf.train.Features(feature=features))
                writer.write(message.SerializeToString(deterministic=True))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _check_sizes(path):
    """Raise if a record is too long to be read into memory."""
    size = path.stat().st_size
    if size <= limits.MAX_BYTES:
        return
    with open(path, "rb") as file:
        number = 0
        while len(head := file.read(12)) == 12:  # length and its checksum
            number += 1
            length = int.from_bytes(head[:8], "little")
            if length > limits.MAX_BYTES:
                raise DataError(
                    f"a record must have at most {limits.MAX_BYTES:,} bytes. Received: "
                    f"{length:,}, if this is a TFRecord file.",
                    path,
                    number,
                    "record",
                )
            file.seek(length + 4, 1)


#: What the examples of a file are, for people.
_KINDS = {TAGGED: "words with tags", LABELLED: "texts with a label", TEXTS: "texts"}


def _fields_of(example):
    text, target = example.text, example.target
    if isinstance(text, str) and isinstance(target, str | None):
        return TEXTS if target is None else LABELLED
    if isinstance(text, tuple) and isinstance(target, tuple):
        if all(isinstance(one, str) for one in text + target):
            return TAGGED
    raise TypeError(
        "`examples` must hold texts with or without a label, or words with their tags. "
        f"Received: {example!r}."
    )


def _feature(values):
    values = [values] if isinstance(values, str) else values
    encoded = [value.encode() for value in values]
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=encoded))


def _example(record, fields, names, path, number):
    def fail(problem):
        raise DataError(problem, path, number, "record")

    try:
        features = tf.train.Example.FromString(record).features.feature
    except DecodeError as error:
        fail(f"must be a tf.train.Example. Received: {error}.")
    values = {}
    for field, name in zip(fields, names, strict=True):
        if name not in features:
            there = ", ".join(sorted(features)) or "no features"
            fail(f"must have the feature `{name}`. Received: {there}.")
        kind = features[name].WhichOneof("kind")
        if kind != "bytes_list":
            fail(f"`{name}` must be a bytes list. Received: {kind}.")
        try:
            values[field] = [one.decode() for one in features[name].bytes_list.value]
        except UnicodeDecodeError as error:
            fail(f"`{name}` must be UTF-8. Received: {error.object!r}.")
        if fields != TAGGED:
            if len(values[field]) != 1:
                count = len(values[field])
                fail(f"`{name}` must have one value. Received: {count} values.")
            [values[field]] = values[field]
    return as_example(values, fields, path, number, "record")
