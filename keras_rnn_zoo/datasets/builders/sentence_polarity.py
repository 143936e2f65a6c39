"""TFDS builder of sentences of film reviews."""

import hashlib
import pathlib
import zipfile

import tensorflow_datasets as tfds

from keras_rnn_zoo.datasets.builders._files import files_at


class KrzSentencePolarity(tfds.core.GeneratorBasedBuilder):
    """Sentences of film reviews, for or against (many-to-one)."""

    name = "krz_sentence_polarity"
    url_infos = files_at(
        "https://raw.githubusercontent.com/nltk/nltk_data/"
        "88e706f3c896835f1203b2ad5de7d90826fcaa2b/packages/corpora/",
        "sentence_polarity.zip 490256 "
        "6e1ed4405b65c7eabf1d199a7f7c437091ac21da0ea7467b410a74062574566b",
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
        [url] = self.url_infos
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
