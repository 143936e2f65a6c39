"""`tf.data` pipelines over the data sets of the zoo.

An example is a sequence x with one label for every step (many-to-many) or one for the
whole of it (many-to-one). Sequences of a batch are padded with 0 to the longest of
them; id 0 is the padding of every vocabulary.
"""

import contextlib
import io
import logging
import os
import pathlib
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_zoo.datasets import files, series

PADDING = ""
UNKNOWN = "\N{REPLACEMENT CHARACTER}"

#: The characters of source text. A fixed alphabet, not that of one interpreter's
#: corpus, so that weights trained under one interpreter fit under another.
CHARACTERS = ("\t", "\n", *map(chr, range(ord(" "), ord("~") + 1)))

#: Begins and ends a text of a language model: ASCII "end of text".
END_OF_TEXT = "\x03"

#: How many groups of similar length the training sequences are batched in.
NUM_BUCKETS = 6


@dataclass(frozen=True)
class Codec:
    r"""Turns text into token ids and back.

    Args:
        tokens: tuple of str. Index is the id; 0 is padding, 1 is unknown.
        unit: "character", or "word" for words parted by white space.
        lowercase: bool. Whether text is lower-cased before it is looked up.
        boundary: str or None. A token that begins every encoded text and is left out
            when ids are decoded.

    Example:
    >>> codec = Codec(("", "\N{REPLACEMENT CHARACTER}", "a", "b"))
    >>> codec.encode("abz").tolist()
    [2, 3, 1]
    >>> codec.decode([2, 3, 0])
    'ab'
    """

    tokens: tuple[str, ...]
    unit: str = "character"
    lowercase: bool = False
    boundary: str | None = None
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "tokens", tuple(self.tokens))
        if self.unit not in ("character", "word"):
            raise ValueError(
                f"`unit` must be 'character' or 'word'. Received: unit={self.unit!r}."
            )
        if self.tokens[:2] != (PADDING, UNKNOWN):
            raise ValueError(
                "`tokens` must begin with padding '' and unknown "
                f"{UNKNOWN!r}. Received: tokens={self.tokens[:2]}..."
            )
        if self.boundary is not None and self.boundary not in self.tokens:
            raise ValueError(
                "`boundary` must be one of `tokens`. "
                f"Received: boundary={self.boundary!r}."
            )
        object.__setattr__(self, "_ids", {t: i for i, t in enumerate(self.tokens)})

    def split(self, text: str | Sequence[str]) -> list[str]:
        """Returns the tokens of `text`; a sequence of words is taken as it is."""
        words = text.split() if isinstance(text, str) else list(text)
        return list(text) if self.unit == "character" else words

    def encode(self, text: str | Sequence[str]) -> np.ndarray:
        """Returns the token ids of `text`, int32; 1 for what is not in `tokens`."""
        tokens = self.split(text)
        if self.lowercase:
            tokens = [token.lower() for token in tokens]
        ids = [self._ids.get(token, 1) for token in tokens]
        if self.boundary is not None:
            ids.insert(0, self._ids[self.boundary])
        return np.array(ids, "int32")

    def decode(self, ids: Sequence[int]) -> str:
        """Returns the text of token ids, without padding and boundaries."""
        kept = [self.tokens[int(i)] for i in np.asarray(ids).ravel() if i != 0]
        kept = [token for token in kept if token != self.boundary]
        return ("" if self.unit == "character" else " ").join(kept)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, ready for JSON."""
        return {
            "tokens": list(self.tokens),
            "unit": self.unit,
            "lowercase": self.lowercase,
            "boundary": self.boundary,
        }


@dataclass(frozen=True)
class Pipelines:
    """A data set, ready to train on.

    Attributes:
        name: str.
        train: finite `tf.data.Dataset` of (x, y) batches; every example once an epoch,
            in an order that depends on the seed and differs from epoch to epoch;
            examples of similar length share a batch. x is int32 (batch, time) or
            float32 (batch, time, features); y is int32 (batch, time) or (batch,).
        validation: as `train`, in the order of `raw`.
        test: as `validation`.
        vocabulary: tuple of str, index is the token id, 0 padding and 1 unknown; None
            for real-valued data.
        labels: tuple of str, index is the class id, or the place in y of real values.
            There is no class for padding: padded steps of y are 0 and are told by
            x == 0.
        num_features: int, or None for tokens.
        raw: dict of split to a list of (x, y) NumPy arrays without padding.
        texts: dict of split to the text of each example: a str, or a tuple of words as
            they were written; None for real-valued data.
        facts: dict of what to print beside a figure: source, licence, sizes, for the
            standard library also interpreter and corpus sha256.
        codec: `Codec`, or None for real-valued data.
    """

    name: str
    train: tf.data.Dataset
    validation: tf.data.Dataset
    test: tf.data.Dataset
    vocabulary: tuple[str, ...] | None
    labels: tuple[str, ...]
    num_features: int | None
    raw: dict[str, list[tuple[np.ndarray, np.ndarray]]]
    texts: dict[str, list[str | tuple[str, ...]]] | None
    facts: dict[str, Any]
    codec: Codec | None

    @property
    def vocabulary_size(self) -> int | None:
        """Number of token ids, padding and unknown included; None without tokens."""
        return None if self.vocabulary is None else len(self.vocabulary)

    @property
    def num_outputs(self) -> int:
        """Number of classes."""
        return len(self.labels)

    def encode(self, text: str | Sequence[str]) -> np.ndarray:
        """Returns the token ids of `text`, int32 (time,); see `Codec.encode`."""
        return self._codec().encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Returns the text of token ids; see `Codec.decode`."""
        return self._codec().decode(ids)

    def _codec(self):
        if self.codec is None:
            raise ValueError(
                "`encode` and `decode` need a data set of tokens. "
                f"Received: name={self.name!r}, whose sequences are real-valued."
            )
        return self.codec


def load(
    name: str,
    *,
    batch_size: int = 32,
    seed: int = 0,
    data_dir: str | os.PathLike | None = None,
    download: bool = False,
    **options: Any,
) -> Pipelines:
    """Loads a data set as batched pipelines; prepares it when it is used first.

    * "krz_py_tokens": characters of functions of the standard library to the token
      class of each (many-to-many).
    * "krz_py_cursor": a prefix of such a function to the token class of its last
      character (many-to-one). Option `prefixes_per_function`, 1 to 8 (default 8): how
      many of the training prefixes of each function are used.
    * "krz_py_functions": the same functions for a language model. x is the text after
      an end-of-text token, y the text followed by one: every character and the end
      are predicted. Near-duplicates across splits are left out.
    * "krz_wnut17": words to BIO tags of the names (many-to-many). Options `lowercase`
      (default True) and `min_count` (default 2: rarer training words are unknown), and
      `manual_dir`, where its three files lie if not in TFDS's manual directory.
    * "krz_digits": 8 x 8 pixels, scaled to 0..1, to the digit (many-to-one). Options
      `view`, "rows" (8, 8) or "pixels" (64, 1), and `split`, "random" or "last".
    * "krz_sunspots": yearly sunspot numbers in hundreds to those of the next years
      (real-valued). Options `context` (default 24) and `horizon` (default 8).
    * "krz_adding": the adding problem, generated (real-valued). Options `steps`
      (default 100) and `train` (default 20,000 training sequences).
    * "file": one's own file, see `keras_rnn_zoo.datasets.files`. Options `path` and
      `task`; `validation` and `test`, files of their own (default: a tenth each of
      `path`); `lowercase` (default False) and `min_count` (default 1).

    Args:
        name: str. One of `NAMES`.
        batch_size: int. The last batches of an epoch may be smaller.
        seed: int. Sets the order of the training examples.
        data_dir: where TFDS keeps prepared data; None for `~/tensorflow_datasets`.
        download: bool. Whether files may be downloaded; only krz_wnut17 has any.
        **options: as listed above.

    Returns:
        `Pipelines`.

    Raises:
        ValueError: if an argument or option has a wrong value.
        TypeError: if an argument has a wrong kind or an option is not known.
        FileNotFoundError: if files are missing and `download` is False.
        ConnectionError: if files cannot be downloaded.
        ImportError: if krz_digits is not prepared and scikit-learn is not installed.
    """
    if name not in _LOADERS:
        raise ValueError(
            f"`name` must be one of {', '.join(NAMES)}. Received: name={name!r}."
        )
    _check_int("batch_size", batch_size, 1)
    _check_int("seed", seed, 0)
    if not isinstance(data_dir, str | os.PathLike | None):
        raise TypeError(
            f"`data_dir` must be a path or None. Received: data_dir={data_dir!r}."
        )
    if not isinstance(download, bool):
        raise TypeError(f"`download` must be a bool. Received: download={download!r}.")
    loader, known = _LOADERS[name]
    for option in options:
        if option not in known:
            raise TypeError(
                f"The options of {name} are: {', '.join(known) or 'none'}. "
                f"Received: {option}={options[option]!r}."
            )
    content = loader(_Source(data_dir, download), **options)
    return _pipelines(name, content, batch_size, seed)


@dataclass
class _Content:
    """What a loader finds out about a data set, before it is batched."""

    raw: dict[str, list[tuple[np.ndarray, np.ndarray]]]
    labels: Sequence[str]
    facts: dict[str, Any]
    texts: dict[str, list] | None = None
    codec: Codec | None = None


@dataclass
class _Source:
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


def _pipelines(name, content, batch_size, seed):
    raw = content.raw
    train = _batches(raw["train"], batch_size, seed=seed)
    x = raw["train"][0][0]
    return Pipelines(
        name=name,
        train=train,
        validation=_batches(raw["validation"], batch_size),
        test=_batches(raw["test"], batch_size),
        vocabulary=None if content.codec is None else content.codec.tokens,
        labels=tuple(content.labels),
        num_features=None if content.codec is not None else int(x.shape[-1]),
        raw=raw,
        texts=content.texts,
        facts=content.facts | _sizes(raw),
        codec=content.codec,
    )


def _sizes(raw):
    sizes = {f"{split} examples": len(examples) for split, examples in raw.items()}
    for split, examples in raw.items():
        sizes[f"{split} steps"] = sum(len(x) for x, _ in examples)
    lengths = [len(x) for examples in raw.values() for x, _ in examples]
    return sizes | {"lengths": f"{min(lengths)} to {max(lengths)}"}


def _batches(examples, batch_size, seed=None):
    """Returns padded batches of `examples`, shuffled and bucketed if `seed` is given.

    All examples are held as one constant; what is shuffled and bucketed are indices,
    and a batch is cut out of the constant at once.
    """
    xs, ys = zip(*examples, strict=True)
    lengths = np.array([len(x) for x in xs])
    x, y = _Rows(xs), _Rows(ys)
    dataset = tf.data.Dataset.range(len(xs))
    bounds = []
    if seed is not None:
        dataset = dataset.shuffle(len(xs), seed=seed, reshuffle_each_iteration=True)
        quantiles = np.linspace(0, 1, NUM_BUCKETS + 1)[1:-1]
        bounds = np.unique(np.quantile(lengths, quantiles, method="lower"))
        bounds = bounds[bounds > lengths.min()].tolist()
    if bounds:
        steps = tf.constant(lengths, "int32")
        dataset = dataset.bucket_by_sequence_length(
            lambda i: tf.gather(steps, i), bounds, [batch_size] * (len(bounds) + 1)
        )
        bucket_sizes = np.bincount(np.digitize(lengths, bounds))
        num_batches = int(np.sum(-(-bucket_sizes // batch_size)))
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(num_batches))
    else:
        dataset = dataset.batch(batch_size)
    dataset = dataset.map(lambda i: (x.take(i), y.take(i)), num_parallel_calls=2)
    return dataset.prefetch(tf.data.AUTOTUNE)


class _Rows:
    """Arrays of one or several lengths, of which `take` makes padded batches."""

    def __init__(self, rows):
        if len({np.shape(row) for row in rows}) == 1:
            self.values = tf.constant(np.stack(rows))
        else:
            self.values = tf.RaggedTensor.from_row_lengths(
                np.concatenate(rows), [len(row) for row in rows]
            )

    def take(self, indices):
        rows = tf.gather(self.values, indices)
        return rows.to_tensor() if isinstance(rows, tf.RaggedTensor) else rows


# === Data sets ===


def _python_facts(builder):
    metadata = builder.info.metadata
    return {
        "source": "functions of Python's standard library, 40 to 200 characters",
        "licence": "PSF-2.0",
        "interpreter": metadata["interpreter"],
        "corpus sha256": metadata["corpus_sha256"],
    }


def _load_py_tokens(source):
    builder, examples = source.read("krz_py_tokens")
    codec = Codec((PADDING, UNKNOWN, *CHARACTERS))
    texts = _texts(examples)
    raw = {
        split: [
            (codec.encode(text), labels.astype("int32"))
            for text, labels in zip(texts[split], columns["labels"], strict=True)
        ]
        for split, columns in examples.items()
    }
    labels = builder.info.features["labels"].feature.names
    return _Content(raw, labels, _python_facts(builder), texts, codec)


def _load_py_cursor(source, prefixes_per_function=8):
    _check_int("prefixes_per_function", prefixes_per_function, 1, 8)
    builder, examples = source.read("krz_py_cursor")
    examples["train"] = _thin(examples["train"], prefixes_per_function)
    codec = Codec((PADDING, UNKNOWN, *CHARACTERS))
    texts = _texts(examples)
    raw = {
        split: [
            (codec.encode(text), np.int32(label))
            for text, label in zip(texts[split], columns["label"], strict=True)
        ]
        for split, columns in examples.items()
    }
    labels = builder.info.features["label"].names
    return _Content(raw, labels, _python_facts(builder), texts, codec)


def _load_py_functions(source):
    builder, examples = source.read("krz_py_functions")
    tokens = (PADDING, UNKNOWN, END_OF_TEXT, *CHARACTERS)
    codec = Codec(tokens, boundary=END_OF_TEXT)
    texts = _texts(examples)
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
    return _Content(raw, tokens, facts, texts, codec)


def _load_wnut17(source, lowercase=True, min_count=2, manual_dir=None):
    if not isinstance(lowercase, bool):
        raise TypeError(
            f"`lowercase` must be a bool. Received: lowercase={lowercase!r}."
        )
    _check_int("min_count", min_count, 1)
    builder, examples = source.read("krz_wnut17", manual_dir=manual_dir)
    texts = {
        split: [tuple(w.decode() for w in words) for words in columns["tokens"]]
        for split, columns in examples.items()
    }
    counts = Counter(
        word.lower() if lowercase else word
        for words in texts["train"]
        for word in words
    )
    kept = sorted(word for word, count in counts.items() if count >= min_count)
    codec = Codec((PADDING, UNKNOWN, *kept), unit="word", lowercase=lowercase)
    raw = {
        split: [
            (codec.encode(words), tags.astype("int32"))
            for words, tags in zip(texts[split], columns["tags"], strict=True)
        ]
        for split, columns in examples.items()
    }
    facts = {
        "source": "WNUT 2017, github.com/leondz/emerging_entities_17",
        "licence": "CC BY 4.0",
        "training words kept": f"seen {min_count} times or more"
        + (", lower-cased" if lowercase else ""),
    }
    labels = builder.info.features["tags"].feature.names
    return _Content(raw, labels, facts, texts, codec)


def _load_digits(source, view="rows", split="random"):
    _check_choice("view", view, ("rows", "pixels"))
    _check_choice("split", split, ("random", "last"))
    _, examples = source.read("krz_digits", config=split)
    shape = (8, 8) if view == "rows" else (64, 1)
    raw = {
        part: [
            (rows.reshape(shape).astype("float32") / 16, np.int32(label))
            for rows, label in zip(columns["rows"], columns["label"], strict=True)
        ]
        for part, columns in examples.items()
    }
    facts = {
        "source": "scikit-learn's digits (UCI optdigits), 8 x 8 pixels",
        "licence": "CC BY 4.0",
        "split": {
            "random": "a random fifth of every class is the test split",
            "last": "the last fifth of the file is the test split",
        }[split],
    }
    return _Content(raw, tuple("0123456789"), facts)


def _load_sunspots(source, context=24, horizon=8):
    del source
    _check_int("context", context, 2, 100)
    _check_int("horizon", horizon, 1, 20)
    facts = {
        "source": "yearly sunspot numbers 1700-2008 (NOAA), as statsmodels has them",
        "licence": "public domain",
        "unit": "100 sunspots",
        "split": "targets before 1900 train, before 1950 validation, then test",
    }
    labels = [f"{i} year{'s' if i > 1 else ''} ahead" for i in range(1, horizon + 1)]
    return _Content(series.sunspots(context, horizon), labels, facts)


def _load_adding(source, steps=100, train=20_000):
    del source
    _check_int("steps", steps, 2)
    _check_int("train", train, 1)
    facts = {"source": "generated, always the same", "licence": "none needed"}
    return _Content(series.adding(steps, train), ["sum"], facts)


def _load_file(
    source,
    path=None,
    task=None,
    validation=None,
    test=None,
    lowercase=False,
    min_count=1,
):
    """Reads the user's own files; the task tells how."""
    del source
    if path is None or task is None:
        raise ValueError(
            "`path` and `task` must be given for one's own file. "
            f"Received: path={path!r}, task={task!r}."
        )
    if not isinstance(lowercase, bool):
        raise TypeError(
            f"`lowercase` must be a bool. Received: lowercase={lowercase!r}."
        )
    _check_int("min_count", min_count, 1)
    if (validation is None) != (test is None):
        raise ValueError(
            "`validation` and `test` must be given both or not at all. "
            f"Received: validation={validation!r}, test={test!r}."
        )
    examples = files.read_file(path, task)
    if validation is None:
        examples = files.split(examples)
    else:
        examples = {"train": examples}
        for split, other in (("validation", validation), ("test", test)):
            examples[split] = files.read_file(other, task)
            files.check_labels(examples["train"], examples[split], other)
    texts = {split: [one.text for one in part] for split, part in examples.items()}
    counts = Counter(
        token.lower() if lowercase else token
        for text in texts["train"]
        for token in text
    )
    special = (PADDING, UNKNOWN)
    if task == "language_model":
        special += (END_OF_TEXT,)
    kept = sorted(
        token
        for token, count in counts.items()
        if count >= min_count and token not in special
    )
    codec = Codec(
        special + tuple(kept),
        unit="word" if task == "tagging" else "character",
        lowercase=lowercase,
        boundary=END_OF_TEXT if task == "language_model" else None,
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
    facts = {
        "source": ", ".join(
            pathlib.Path(one).name for one in (path, validation, test) if one
        ),
        "licence": "the reader's own",
        "split": "a tenth of the different texts each for validation and test"
        if validation is None
        else "files of their own",
        "tokens kept": f"seen {min_count} times or more in training",
    }
    return _Content(raw, labels, facts, texts, codec)


_LOADERS: dict[str, tuple[Callable[..., _Content], tuple[str, ...]]] = {
    "krz_py_tokens": (_load_py_tokens, ()),
    "krz_py_cursor": (_load_py_cursor, ("prefixes_per_function",)),
    "krz_py_functions": (_load_py_functions, ()),
    "krz_wnut17": (_load_wnut17, ("lowercase", "min_count", "manual_dir")),
    "krz_digits": (_load_digits, ("view", "split")),
    "krz_sunspots": (_load_sunspots, ("context", "horizon")),
    "krz_adding": (_load_adding, ("steps", "train")),
    "file": (
        _load_file,
        ("path", "task", "validation", "test", "lowercase", "min_count"),
    ),
}

#: Names that `load` knows.
NAMES = tuple(_LOADERS)


# === Helpers ===


def _texts(examples):
    return {
        split: [text.decode() for text in columns["text"]]
        for split, columns in examples.items()
    }


def _thin(columns, count):
    """Keeps `count` evenly spread prefixes of every function."""
    _, starts, sizes = np.unique(
        columns["function"], return_index=True, return_counts=True
    )
    spread = (np.arange(count) + 0.5) / count
    kept = np.unique(starts[:, None] + (spread * sizes[:, None]).astype(int))
    return {name: [rows[i] for i in kept] for name, rows in columns.items()}


def _check_int(argument, value, minimum, maximum=None):
    bounds = f"at least {minimum}" if maximum is None else f"{minimum} to {maximum}"
    message = (
        f"`{argument}` must be an integer, {bounds}. Received: {argument}={value!r}."
    )
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(message)
    if value < minimum or (maximum is not None and value > maximum):
        raise ValueError(message)


def _check_choice(argument, value, choices):
    if value not in choices:
        raise ValueError(
            f"`{argument}` must be one of {', '.join(map(repr, choices))}. "
            f"Received: {argument}={value!r}."
        )
