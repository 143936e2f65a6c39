"""TFDS builder of the Japanese vowels."""

import numpy as np
import tensorflow_datasets as tfds

from keras_rnn_zoo.datasets import vowels
from keras_rnn_zoo.datasets.builders._splits import stratified_cut


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
        cut = stratified_cut(np.arange(len(known)), speakers)
        train, validation = [[known[i] for i in part] for part in cut]
        parts = {"train": train, "validation": validation, "test": test}
        return {split: self._generate_examples(part) for split, part in parts.items()}

    def _generate_examples(self, examples):
        for key, (frames, speaker) in enumerate(examples):
            yield key, {"frames": frames, "speaker": speaker}
