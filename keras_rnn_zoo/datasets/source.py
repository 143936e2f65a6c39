"""Prepared data of TensorFlow Datasets: found, made at first use, and read."""

import contextlib
import io
import logging
import os
import pathlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_zoo.datasets.codec import Codec


@dataclass
class Content:
    """What a loader finds out about a data set, before it is batched."""

    raw: dict[str, list[tuple[np.ndarray, np.ndarray]]]
    labels: Sequence[str]
    facts: dict[str, Any]
    texts: dict[str, list] | None = None
    codec: Codec | None = None


@dataclass
class Source:
    """Where prepared data lie, and whether files may be downloaded."""

    data_dir: str | os.PathLike | None
    download: bool

    def read(self, name, config=None, manual_dir=None):
        """Returns the builder and its examples: split to dict of column to rows."""
        import tensorflow_datasets as tfds

        from keras_rnn_zoo.datasets import builders

        data_dir = None if self.data_dir is None else os.fspath(self.data_dir)

        def get_builder():
            return tfds.builder(name, config=config, data_dir=data_dir)

        with _quiet():
            builder = get_builder()
            prepared = builder.is_prepared()
        if not prepared:
            if name == "krz_wnut17":
                root = pathlib.Path(builder.data_dir).parents[1]
                manual_dir = pathlib.Path(manual_dir or root / "downloads" / "manual")
                manual_dir = manual_dir.expanduser()
                self._check_files(builders, manual_dir)
            print(f"Preparing {name} in {builder.data_dir} (once)", file=sys.stderr)
            settings = tfds.download.DownloadConfig(
                manual_dir=manual_dir, try_download_gcs=False
            )
            with _quiet():
                try:
                    builder.download_and_prepare(download_config=settings)
                except OSError:
                    # Another process may have prepared the same data meanwhile.
                    if not get_builder().is_prepared():
                        raise
        with _quiet():
            builder = get_builder()
            splits = ("train", "validation", "test")
            examples = {
                split: _read_columns(builder.as_dataset(split=split))
                for split in splits
            }
        return builder, examples

    def _check_files(self, builders, manual_dir):
        if not self.download and not builders.wnut17_files_in(manual_dir):
            raise FileNotFoundError(
                "krz_wnut17 is not prepared yet and needs the files "
                f"{', '.join(builders.WNUT17_FILES.values())}. Received: "
                f"download=False, and they are not in {str(manual_dir)!r}. Pass "
                "download=True to fetch them (0.8 MB, CC BY 4.0), or put them there "
                "from github.com/leondz/emerging_entities_17."
            )


@contextlib.contextmanager
def _quiet():
    """Keeps the bars, lines and warnings that TFDS writes off the terminal."""
    sink, logger, silent = (
        io.StringIO(),
        logging.getLogger("absl"),
        logging.NullHandler(),
    )
    level = logger.level
    logger.setLevel(logging.ERROR)
    # Without a handler, absl would add one that writes to the sink from now on.
    logging.root.addHandler(silent)
    try:
        with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
            yield
    finally:
        logging.root.removeHandler(silent)
        logger.setLevel(level)


def _read_columns(dataset):
    """Returns a dict of column to its rows: arrays, or lists where lengths differ."""
    columns = {}
    for batch in dataset.ragged_batch(1024):
        for name, column in batch.items():
            if isinstance(column, tf.RaggedTensor):
                rows = np.split(column.flat_values.numpy(), column.row_splits[1:-1])
            else:
                rows = list(column.numpy())
            columns.setdefault(name, []).extend(rows)
    return columns


def texts_of(examples):
    """Return the column `text` of every split as lists of str."""
    return {
        split: [text.decode() for text in columns["text"]]
        for split, columns in examples.items()
    }
