"""Prepared data of TensorFlow Datasets: found, made at first use, and read."""

import contextlib
import difflib
import hashlib
import io
import logging
import os
import pathlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_zoo import extras
from keras_rnn_zoo.datasets.codec import Codec, learn_codec
from keras_rnn_zoo.terminal import shown

#: The parts of a data set, and what a builder calls them if nothing else is said.
SPLITS = {"train": "train", "validation": "validation", "test": "test"}


#: Loaders by the name of the data set; filled by `data_set`.
LOADERS: dict[str, Callable[..., "Content"]] = {}


def data_set(name: str) -> Callable[[Callable[..., "Content"]], Callable]:
    """Makes a function the loader of a data set: what `load(name)` calls.

    Its first argument is a `Source`, the others are the options of the data set, and
    its docstring, with all of them, becomes a part of that of `load`.

    Raises:
        ValueError: if another function is the loader of that data set.
    """

    def register(loader):
        if name in LOADERS:
            raise ValueError(
                "A data set must have one loader. Received: "
                f"name={name!r}, {loader}, beside {LOADERS[name]}"
            )
        LOADERS[name] = loader
        return loader

    return register


@dataclass
class Content:
    """What a loader finds out about a data set, before it is batched.

    The x of an example is an array, or a dict of several with the same steps, by the
    names of a model's inputs; `codec` and `texts` are those of the tokens among them.
    `padding` is what padded steps of real-valued sequences are to hold: no step of the
    data is made of it.
    """

    raw: dict[str, list[tuple[Any, Any]]]
    labels: Sequence[str]
    facts: dict[str, Any]
    texts: dict[str, list] | None = None
    codec: Codec | None = None
    padding: float = 0.0


@dataclass
class Source:
    """Where prepared data lie, and whether files may be downloaded."""

    data_dir: str | os.PathLike | None
    download: bool

    def read(
        self,
        name,
        config=None,
        manual_dir=None,
        *,
        splits=SPLITS,
        example=None,
        urls=(),
        package=None,
    ):
        """Reads a data set; prepares it if its files are here or may be downloaded.

        Args:
            name: str. A builder that TFDS knows, the zoo's own included.
            config: str or None. One of the builder's configs.
            manual_dir: where its files lie. None: TFDS's manual directory.
            splits: dict of "train", "validation" and "test" to the names that the
                builder has for them; splits that it lacks are left out.
            example: function of a dict of tensors that gives one. None: all of it.
            urls: of the builder's files, where TFDS has registered none.
            package: str. What TFDS needs to prepare it and does not install.

        Returns:
            The builder and its examples: split to dict of column to rows.

        Raises:
            ValueError: if the builder has no such config, or a file other content
                than the registered one.
            FileNotFoundError: if files are missing and may not be downloaded.
            ConnectionError: if files cannot be downloaded.
            ImportError: if it is to be prepared and the package is not installed.
        """
        import tensorflow_datasets as tfds

        from keras_rnn_zoo.datasets import builders

        _check_config(tfds.builder_cls(name), config)
        data_dir = None if self.data_dir is None else os.fspath(self.data_dir)

        def get_builder():
            with _quiet():
                builder = tfds.builder(name, config=config, data_dir=data_dir)
                return builder, builder.is_prepared()

        builder, is_prepared = get_builder()
        if not is_prepared:
            manual_dir = pathlib.Path(manual_dir or builders.manual_dir_of(builder))
            manual_dir = manual_dir.expanduser()
            self._check_files(builders, builder, manual_dir, urls)
            _check_package(name, package)
            where = shown(builder.data_dir)
            print(f"Preparing {name} in {where} (once)", file=sys.stderr)
            try:
                _prepare(builder, manual_dir)
            except OSError:
                # Another process may have prepared the same data meanwhile.
                if not get_builder()[1]:
                    raise
            builder, _ = get_builder()
        examples = {}
        with _quiet():
            for split, there in splits.items():
                if there in builder.info.splits:
                    dataset = builder.as_dataset(split=there)
                    if example is not None:
                        dataset = dataset.map(example, tf.data.AUTOTUNE)
                    examples[split] = _read_columns(dataset)
        return builder, examples

    def _check_files(self, builders, builder, manual_dir, urls):
        missing = builders.missing_files(builder, manual_dir, urls)
        if not missing:
            return
        instead = f"copy {builder.data_dir} from where it is prepared"
        if None not in missing.values():
            names = ", ".join(missing.values())
            instead = f"put {names} into {str(manual_dir)!r}, or {instead}"
        if self.download:
            url = next(iter(missing))
            return builders.require_network(url, builder.name, instead=instead)
        infos = builder.url_infos or {}
        size = sum(infos[url].size for url in missing if url in infos)
        raise FileNotFoundError(
            f"{builder.name} must be prepared in {builder.data_dir}, or its files must "
            "be at hand to prepare it. Received: download=False, and neither is so. "
            "Pass download=True (on the command line: --download) to fetch them"
            + (f" ({size / 1e6:.1f} MB)" if size else "")
            + f", or {instead}."
        )


def _check_config(builder_class, config):
    known = [one.name for one in builder_class.BUILDER_CONFIGS]
    if config is None or config in known:
        return
    close = difflib.get_close_matches(config, known, n=3) or known[:3]
    raise ValueError(
        f"`config` must be one of the {len(known)} configs of {builder_class.name}, "
        f"such as {', '.join(close)}. Received: config={config!r}."
    )


def _check_package(name, package):
    if package is not None:
        needs = f"To prepare {name}, TensorFlow Datasets needs {package}."
        extras.require("data", needs, package)


def _prepare(builder, manual_dir):
    import tensorflow_datasets as tfds

    settings = tfds.download.DownloadConfig(
        manual_dir=manual_dir, try_download_gcs=False
    )
    try:
        with _quiet():
            builder.download_and_prepare(download_config=settings)
    except tfds.download.download_manager.NonMatchingChecksumError as error:
        raise ValueError(
            f"The files of {builder.name} must be the registered ones. {error}"
        ) from error
    except tfds.download.DownloadError as error:
        raise ConnectionError(
            f"The files of {builder.name} could not be downloaded: {error}"
        ) from error


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
                ends = column.row_splits.numpy()[1:-1]
                rows = np.split(column.flat_values.numpy(), ends)
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


def word_codec(texts, lowercase, min_count, max_characters=None):
    """Returns the codec of the words of training texts, and the facts on it."""
    codec = learn_codec(
        texts, min_count, lowercase=lowercase, max_characters=max_characters
    )
    rule = f"seen {min_count} times or more" + (", lower-cased" if lowercase else "")
    return codec, {"training words kept": rule}


def encoded(codec, texts, answers):
    """Returns the examples of each split: ids of a text's tokens, and its answer.

    Args:
        codec: `Codec`.
        texts: dict of split to texts.
        answers: dict of split to class ids, one for each text or for each of its
            tokens.
    """
    return {
        split: [
            (codec.encode(text), np.asarray(answer, "int32")[()])
            for text, answer in zip(texts[split], answers[split], strict=True)
        ]
        for split in SPLITS
        if split in texts
    }


def cut_off(columns, keys, share=0.1):
    """Divides examples into two parts, always in the same way.

    The order of the hashes of their keys decides, so that examples with the same key
    stay in one part: nothing leaks.

    Args:
        columns: dict of column to rows.
        keys: list of bytes, one for each row: its content.
        share: float. Part of the different keys that is cut off.

    Returns:
        What is left and what was cut off, in the order of the rows.

    Example:
    >>> left, off = cut_off({"n": [*range(20)]}, [b"%d" % (i // 2) for i in range(20)])
    >>> len(left["n"]), off["n"]
    (18, [18, 19])
    """
    hashes = [hashlib.sha256(key).hexdigest() for key in keys]
    order = sorted(set(hashes))
    chosen = set(order[: max(1, round(share * len(order)))])
    return tuple(
        {
            name: [
                row
                for row, key in zip(rows, hashes, strict=True)
                if (key in chosen) == off
            ]
            for name, rows in columns.items()
        }
        for off in (False, True)
    )


def facts_of(builder):
    """Returns the facts on the data of one of TFDS's own builders."""
    return {
        "source": builder.info.homepage,
        "data set": f"{builder.info.full_name} of TensorFlow Datasets",
        "licence": "not stated by TensorFlow Datasets",
    }


def sha256_of(raw) -> str:
    """Returns the sha256 of every x and y, in their order, split by split.

    Of a dict of arrays, in the order of its names.
    """
    digest = hashlib.sha256()
    for split, examples in raw.items():
        digest.update(split.encode())
        for example in examples:
            for array in _arrays_of(example):
                array = np.ascontiguousarray(array)
                digest.update(f"{array.dtype.str}{array.shape}".encode())
                digest.update(array.tobytes())
    return digest.hexdigest()


def _arrays_of(example):
    for one in example:
        yield from one.values() if isinstance(one, dict) else [one]
