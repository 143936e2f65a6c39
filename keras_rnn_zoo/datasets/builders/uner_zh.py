"""TFDS builder of Universal NER's Chinese sentences."""

import tensorflow_datasets as tfds

from keras_rnn_zoo.datasets.builders._files import files_at
from keras_rnn_zoo.datasets.columns import Columns

#: Tags of krz_uner_zh; the index is the class id. B- begins a name, I- continues it.
TAGS = ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")
URL = (
    "https://raw.githubusercontent.com/UniversalNER/UNER_Chinese-GSDSIMP/"
    "1f0307599dece7b83f4cba90ce9b63ef37a7b162/"
)
FILES = {
    "train": "zh_gsdsimp-ud-train.iob2",
    "validation": "zh_gsdsimp-ud-dev.iob2",
    "test": "zh_gsdsimp-ud-test.iob2",
}


class KrzUnerZh(tfds.core.GeneratorBasedBuilder):
    """Chinese sentences with the names in them labelled by people (many-to-many)."""

    name = "krz_uner_zh"
    url_infos = files_at(
        URL,
        """\
zh_gsdsimp-ud-train.iob2 2088494
  a03b5260c3d960aa711ff5f12b797de5c7d7f412563593c173cd0e7135001db5
zh_gsdsimp-ud-dev.iob2 267445
  8aeab3ac662468e258a65f887844c50cee8311cb080b60a421ff7aa8a05e8032
zh_gsdsimp-ud-test.iob2 255351
  f1d8faa790d914fe01a24627874c8e7fad9c40b54742f5aefab5ba3f7c8edede
""",
    )

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f"Without a network, put {', '.join(FILES.values())} from "
        "github.com/UniversalNER/UNER_Chinese-GSDSIMP into this directory."
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Universal NER, Chinese GSDSIMP: sentences of Wikipedia in simplified "
                "characters, in words of Universal Dependencies, with the names of "
                "persons, places and organisations in BIO tags."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "words": tfds.features.Sequence(tfds.features.Text()),
                    "tags": tfds.features.Sequence(
                        tfds.features.ClassLabel(names=list(TAGS))
                    ),
                }
            ),
            supervised_keys=("words", "tags"),
            homepage="https://github.com/UniversalNER/UNER_Chinese-GSDSIMP",
            citation="""\
@inproceedings{mayhew2024universal,
  title = {Universal {NER}: A Gold-Standard Multilingual Named Entity Recognition
           Benchmark},
  author = {Mayhew, Stephen and others},
  booktitle = {Proceedings of the 2024 Conference of the North American Chapter of the
               Association for Computational Linguistics},
  year = {2024},
  url = {https://aclanthology.org/2024.naacl-long.243},
}""",
            license="CC BY-SA 4.0",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        paths = dl_manager.download({split: URL + FILES[split] for split in FILES})
        return {split: self._generate_examples(path) for split, path in paths.items()}

    def _generate_examples(self, path):
        # Column 1 counts; those after the tag say who labelled it, and may look like
        # tags.
        columns = Columns(path, token_column=2, tag_column=3)
        for key, rows in enumerate(columns.sentences()):
            words = [fields[columns.token] for _, fields in rows]
            tags = [fields[columns.tag] for _, fields in rows]
            yield key, {"words": words, "tags": tags}
