"""`tf.data` pipelines over the data sets of the zoo.

An example is a sequence x with one label for every step (many-to-many) or one for the
whole of it (many-to-one). Sequences of a batch are padded to the longest of them: with
0, which is the padding of every vocabulary, or with a value that real-valued data name.
"""

import inspect
import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_zoo.datasets.batches import batches, training_padding
from keras_rnn_zoo.datasets.checks import check_int
from keras_rnn_zoo.datasets.codec import Codec
from keras_rnn_zoo.datasets.inputs import steps_of, width_of
from keras_rnn_zoo.datasets.loaders import LOADERS
from keras_rnn_zoo.datasets.source import Source

#: Names that `load` knows.
NAMES = tuple(LOADERS)

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

    * "krz_py_tokens": characters of functions of the standard library to the token
      class of each (many-to-many).
    * "krz_py_cursor": a prefix of such a function to the token class of its last
      character (many-to-one). Option `prefixes_per_function`, 1 to 8 (default 8): how
      many of the training prefixes of each function are used.
    * "krz_py_functions": the same functions for a language model. x is the text after
      an end-of-text token, y the text followed by one: every character and the end
      are predicted. Near-duplicates across splits are left out.
    * "krz_wnut17": words to BIO tags of the names (many-to-many). Options `lowercase`
      (default True) and `min_count` (default 2: rarer training words are unknown),
      `max_characters` (default None: words alone; else each word comes with so many of
      its characters), and `manual_dir`, where its three files lie if not in TFDS's
      manual directory.
    * "krz_broad_twitter": words of a tweet to BIO tags of persons, places and
      organisations (many-to-many). Options as of krz_wnut17, `manual_dir` of its six
      files.
    * "krz_wnut17_btc": krz_wnut17 with the sentences of krz_broad_twitter to learn from
      as well, their names called as WNUT calls them; those that stand in WNUT's
      validation or test data are left out. Options as of krz_wnut17, `manual_dir` of
      the nine files, `names_only` (default False; True: tweets that have no name are
      left out, though their words count for the vocabulary) and `repeat` (default 1):
      how often an epoch has each of WNUT's own training sentences that has a name.
    * "krz_uner_zh": words of Chinese sentences to BIO tags of the names (many-to-many).
      Options as of krz_wnut17, but `lowercase` is False by default, `manual_dir` of
      the files, and `tokens`: "words", or "characters" for sentences without spaces.
    * "krz_digits": 8 x 8 pixels, scaled to 0..1, to the digit (many-to-one). Options
      `view`, "rows" (8, 8) or "pixels" (64, 1), and `split`, "random" or "last".
    * "krz_sunspots": yearly sunspot numbers in hundreds to those of the next years
      (real-valued). Options `context` (default 24) and `horizon` (default 8).
    * "krz_japanese_vowels": 12 coefficients a frame of an utterance, 7 to 29 frames, to
      its speaker (many-to-one).
    * "krz_jsb_chorales": keys that sound at a step to those of the next (several
      classes at a step). Option `manual_dir`: where its file lies if not in TFDS's
      manual directory.
    * "krz_copy": symbols to be written down again after a pause, generated
      (many-to-many). Options `blanks` (default 100) and `train` (default 10,000
      training sequences).
    * "krz_adding": the adding problem, generated (real-valued). Options `steps`
      (default 100) and `train` (default 20,000 training sequences).
    * "krz_cmudict": letters of an English word to its phones (a sequence of another
      length). y ends with token 2; of the test data it is `(pronunciations, time)`, of
      which any is right.
    * "krz_sentence_polarity": words of a sentence of a film review to neg or pos
      (many-to-one). Option `min_count` (default 2).
    * "krz_names_18_languages": letters of a surname to one of 18 languages
      (many-to-one). Options `lowercase` (default False), `min_count` (default 2) and
      `manual_dir`, where its 18 files lie if not in TFDS's manual directory.
    * "tiny_shakespeare": plays for a language model, in consecutive windows that each
      begin with an end-of-text token. x is the text before every character, y the
      character: all of a split are predicted once. Option `window` (default 200).
    * "mnist": 28 x 28 pixels, scaled to 0..1, to the digit (many-to-one). Options
      `view`, "rows" (28, 28), "pixels" (784, 1) or "permuted", the pixels in the order
      of `numpy.random.RandomState(0).permutation(784)`; and `size`, 28 or 14, which
      takes the mean of 2 x 2 pixels: (14, 14) or (196, 1).
    * "imdb_reviews": words of a film review to neg or pos (many-to-one). Options
      `min_count` (default 5); `max_steps` (default 200, None for all words) and `keep`,
      "last" or "first": which words of a longer review are read.
    * "trec": words of a question to what it asks for (many-to-one). Options `classes`,
      "coarse" (6) or "fine" (47), and `min_count` (default 2).
    * "conll2003": words of news to BIO tags of the names (many-to-many). Options
      `lowercase`, `min_count` and `max_characters` as of krz_wnut17.
    * "universal_dependencies": words of a treebank to universal parts of speech
      (many-to-many). Options `config`, the treebank (default "en_ewt"), and
      `lowercase`, `min_count` and `max_characters` as of krz_wnut17.
    * "spoken_digit", "speech_commands": log-mel energies of a spoken word to the word
      (many-to-one, real-valued); see `keras_rnn_zoo.datasets.loaders.speech.log_mel`.
      Options `mel_bins` (default 40) and `step_ms` (default 10).
    * "file": one's own file, see `keras_rnn_zoo.datasets.files`. Options `path` and
      `task`; `validation` and `test`, files of their own (default: a tenth each of
      `path`); `lowercase` (default False) and `min_count` (default 1); of taggers also
      `max_characters`, `token_column` and `tag_column`, and `scheme` of the tags of
      names (default "auto": recognised; "none": read as they are), which become BIO;
      of series `context` (default 24) and `horizon` (default 8).

    The eight sets from "tiny_shakespeare" on are TensorFlow Datasets' own, with its
    labels and splits. Where it has no validation split, a tenth of the different
    training examples is cut off: always the same ones, equal examples together. Words
    are what white space parts, lower-cased unless an option says otherwise, as in an
    exported model; those rarer in training than `min_count` are unknown.

    Args:
        name: str. One of `NAMES`.
        batch_size: int. The last batches of an epoch may be smaller.
        seed: int. Sets the order of the training examples.
        data_dir: where TFDS keeps prepared data; None for `~/tensorflow_datasets`.
        download: bool. Whether files may be downloaded, if they are not in TFDS's
            manual directory, `<data_dir>/downloads/manual`.
        **options: as listed above.

    Returns:
        `Pipelines`.

    Raises:
        ValueError: if an argument or option has a wrong value.
        TypeError: if an argument has a wrong kind or an option is not known.
        FileNotFoundError: if files are missing and `download` is False.
        ConnectionError: if files cannot be downloaded.
        ImportError: if a data set is not prepared and what that needs is not installed:
            scikit-learn for krz_digits, cmudict for krz_cmudict, statsmodels for
            krz_sunspots, sktime for krz_japanese_vowels, SciPy for krz_jsb_chorales,
            conllu for universal_dependencies, pydub for spoken_digit and
            speech_commands.
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
    if not isinstance(download, bool):
        raise TypeError(f"`download` must be a bool. Received: download={download!r}.")
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
