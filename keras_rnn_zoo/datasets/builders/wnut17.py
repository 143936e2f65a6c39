"""TFDS builder of WNUT 2017's sentences."""

import hashlib
import pathlib

import tensorflow_datasets as tfds

from keras_rnn_zoo.datasets.builders._files import files_at, require_network
from keras_rnn_zoo.datasets.conll import parse_conll

#: Tags of krz_wnut17; the index is the class id. B- begins a name, I- continues it.
TAGS = ("O",) + tuple(
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
URL = (
    "https://raw.githubusercontent.com/leondz/emerging_entities_17/"
    "e52a2d2a71ac1a051ca2d532eef28653c5c02603/"
)
FILES = {
    "train": "wnut17train.conll",
    "validation": "emerging.dev.conll",
    "test": "emerging.test.annotated",
}


class KrzWnut17(tfds.core.GeneratorBasedBuilder):
    """Sentences with the names in them labelled by people (many-to-many)."""

    name = "krz_wnut17"
    url_infos = files_at(
        URL,
        """\
wnut17train.conll 493781
  731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5
emerging.dev.conll 114749
  e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8
emerging.test.annotated 192425
  2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0
""",
    )

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f"Without a network, put {', '.join(FILES.values())} from "
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
                        tfds.features.ClassLabel(names=list(TAGS))
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
            require_network(URL + FILES["train"], self.name)
        paths = dl_manager.download(
            {split: URL + name for split, name in FILES.items()}
        )
        return {
            split: self._generate_examples(path, FILES[split])
            for split, path in paths.items()
        }

    def _has_files(self, dl_manager):
        try:
            manual_dir = pathlib.Path(dl_manager.manual_dir)
        except AssertionError:  # TFDS: the directory does not exist or is empty
            return False
        return files_in(manual_dir)

    def _generate_examples(self, path, file_name):
        text = pathlib.Path(path).read_bytes().decode("utf-8")
        sentences = parse_conll(text, TAGS, file_name)
        for key, (tokens, tags) in enumerate(sentences):
            yield key, {"tokens": tokens, "tags": tags}


def files_in(directory: pathlib.Path) -> bool:
    """Tells whether the three files of krz_wnut17 lie in `directory`.

    Raises:
        ValueError: if one of them is there with other content than the registered one.
    """
    found = 0
    for name in FILES.values():
        path, expected = directory / name, KrzWnut17.url_infos[URL + name]
        if path.is_file():
            found += 1
            received = hashlib.sha256(path.read_bytes()).hexdigest()
            if received != expected.checksum:
                raise ValueError(
                    f"{path} must have the sha256 {expected.checksum}. Received: "
                    f"{received}. Take the file from {URL + name}"
                )
    return found == len(FILES)
