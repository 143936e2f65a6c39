"""`tf.data` pipelines over the data sets of the zoo.

An example is a sequence x with one label for every step (many-to-many) or one for the
whole of it (many-to-one). Sequences of a batch are padded to the longest of them: with
0, which is the padding of every vocabulary, or with a value that real-valued data name.
"""

import inspect
import os
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_zoo.datasets import loaders as loaders  # they fill LOADERS
from keras_rnn_zoo.datasets.batches import batches, training_padding
from keras_rnn_zoo.datasets.checks import check_flag, check_int
from keras_rnn_zoo.datasets.codec import Codec
from keras_rnn_zoo.datasets.inputs import steps_of, width_of
from keras_rnn_zoo.datasets.source import LOADERS, Source

#: Names that `load` knows: the zoo's own data, TensorFlow Datasets', one's own file.
NAMES = tuple(sorted(LOADERS, key=lambda n: (n == "file", not n.startswith("krz_"), n)))

#: The fact that holds the share of padding in the first epoch's training batches.
PADDING = "padding in training batches"


@dataclass(frozen=True)
class Pipelines:
    """A data set, ready to train on.

    Attributes:
        name: str.
        train: finite `tf.data.Dataset` of (x, y) batches; every example once an epoch,
            in an order that depends on the seed and differs from epoch to epoch;
            examples of similar length share a batch. x is int32 (batch, time) or
            float32 (batch, time, features), or a dict of several such; y is int32
            (batch, time) or (batch,), or float32: (batch, values), or (batch, time,
            classes) where several classes may be true.
        validation: as `train`, in the order of `raw`.
        test: as `validation`.
        vocabulary: tuple of str, index is the token id, 0 padding and 1 unknown; None
            for real-valued data.
        labels: tuple of str, index is the class id, or the place in y of real values.
            There is no class for padding: padded steps of y are 0 and are told by
            x == 0 (the word's id, with characters).
        num_features: int, or None for tokens; of several inputs, that of the only
            real-valued one.
        raw: dict of split to a list of (x, y) NumPy arrays without padding.
        texts: dict of split to the text of each example: a str, or a tuple of words as
            they were written; None for real-valued data.
        facts: dict of what to print beside a figure: source, licence, sizes, for the
            standard library also interpreter and corpus sha256.
        codec: `Codec`, or None for real-valued data.
        padding: float. What padded steps of real-valued x hold, the `mask_value` of a
            model. None for tokens, and where all sequences are of one length.
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
    padding: float | None = None

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

    The sets without "krz_" are TensorFlow Datasets' own, with its labels and splits.
    Where it has no validation split, a tenth of the different training examples is cut
    off: always the same ones, equal examples together. Words are what white space
    parts, lower-cased unless an option says otherwise, as in an exported model; those
    rarer in training than `min_count` are unknown.

    Args:
        name: str. One of `NAMES`.
        batch_size: int. The last batches of an epoch may be smaller.
        seed: int. Sets the order of the training examples.
        data_dir: where TFDS keeps prepared data; None for `~/tensorflow_datasets`.
        download: bool. Whether files may be downloaded, if they are not in TFDS's
            manual directory, `<data_dir>/downloads/manual`.
        **options: those of the data set, which `help(load)` lists.

    Returns:
        `Pipelines`.

    Raises:
        ValueError: if an argument or option has a wrong value.
        TypeError: if an argument has a wrong kind or an option is not known.
        FileNotFoundError: if files are missing and `download` is False.
        ConnectionError: if files cannot be downloaded.
        ImportError: if a data set is not prepared and what that needs is not installed.
    """
    if name not in LOADERS:
        raise ValueError(
            f"`name` must be one of {', '.join(NAMES)}. Received: name={name!r}."
        )
    check_int("batch_size", batch_size, 1)
    check_int("seed", seed, 0)
    if not isinstance(data_dir, str | os.PathLike | None):
        raise TypeError(
            f"`data_dir` must be a path or None. Received: data_dir={data_dir!r}."
        )
    check_flag("download", download)
    loader = LOADERS[name]
    known = list(inspect.signature(loader).parameters)[1:]
    for option in options:
        if option not in known:
            raise TypeError(
                f"The options of {name} are: {', '.join(known) or 'none'}. "
                f"Received: {option}={options[option]!r}."
            )
    content = loader(Source(data_dir, download), **options)
    return _pipelines(name, content, batch_size, seed)


def _with_data_sets(docstring):
    """Puts what the loaders say of themselves behind a docstring's first line."""
    first, _, rest = docstring.partition("\n\n")
    listed = (
        textwrap.fill(
            f'* "{name}": ' + " ".join((inspect.getdoc(LOADERS[name]) or "").split()),
            width=88,
            initial_indent="    ",
            subsequent_indent="      ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for name in NAMES
    )
    return "\n\n".join((first, "\n".join(listed), rest))


if load.__doc__:  # not under -OO
    load.__doc__ = _with_data_sets(load.__doc__)


def _pipelines(name, content, batch_size, seed):
    raw = content.raw
    lengths = {steps_of(x) for examples in raw.values() for x, _ in examples}
    has_padding = content.codec is None and len(lengths) > 1
    padding = content.padding if has_padding else 0
    train = batches(raw["train"], batch_size, seed=seed, padding=padding)
    x = raw["train"][0][0]
    return Pipelines(
        name=name,
        train=train,
        validation=batches(raw["validation"], batch_size, padding=padding),
        test=batches(raw["test"], batch_size, padding=padding),
        vocabulary=None if content.codec is None else content.codec.tokens,
        labels=tuple(content.labels),
        num_features=width_of(x),
        raw=raw,
        texts=content.texts,
        facts=content.facts | _sizes(raw, batch_size, seed),
        codec=content.codec,
        padding=padding if has_padding else None,
    )


def _sizes(raw, batch_size, seed):
    sizes: dict[str, Any] = {
        f"{split} examples": len(examples) for split, examples in raw.items()
    }
    for split, examples in raw.items():
        sizes[f"{split} steps"] = sum(steps_of(x) for x, _ in examples)
    lengths = [steps_of(x) for examples in raw.values() for x, _ in examples]
    sizes["lengths"] = f"{min(lengths)} to {max(lengths)}, median {median(lengths):g}"
    share = training_padding([steps_of(x) for x, _ in raw["train"]], batch_size, seed)
    return sizes | {PADDING: f"{share:.1%}"}
