"""TFDS builder of surnames in 18 languages.

`keras_rnn_zoo.datasets.builders` imports it, and with it registers it.
"""

import hashlib
import pathlib

import tensorflow_datasets as tfds

LANGUAGES = (
    *("Arabic", "Chinese", "Czech", "Dutch", "English", "French", "German", "Greek"),
    *("Irish", "Italian", "Japanese", "Korean", "Polish", "Portuguese", "Russian"),
    *("Scottish", "Spanish", "Vietnamese"),
)
URL = (
    "https://raw.githubusercontent.com/spro/practical-pytorch/"
    "c520c52e68e945d88fff563dba1c028b6ec0197b/data/names/"
)
FILES = {language: f"{language}.txt" for language in LANGUAGES}


def split_of(surname: str) -> str:
    """Tell the split of a spelling: by hash, so that it is in one split alone.

    Example:
    >>> [split_of(name) for name in ("Satoshi", "satoshi", "Abe", "Nakamura")]
    ['train', 'train', 'test', 'train']
    """
    digest = hashlib.sha256(surname.casefold().encode()).hexdigest()
    place = int(digest, 16) % 10
    return "test" if place < 2 else "validation" if place == 2 else "train"


def surnames_of(path) -> list[str]:
    """Read the different surnames of a file, one a line, in their order."""
    lines = pathlib.Path(path).read_text("utf-8").splitlines()
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


class KrzNames18Languages(tfds.core.GeneratorBasedBuilder):
    """Surnames and the languages they come from (many-to-one)."""

    name = "krz_names_18_languages"
    URLS = tuple(URL + name for name in FILES.values())

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f"Without a network, put {', '.join(FILES.values())} from data/names of "
        "github.com/spro/practical-pytorch into this directory."
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Surnames in 18 languages, in Latin letters, from PyTorch's tutorial "
                "of character-level classification. A surname that stands more than "
                "once in a language is kept once; one that stands in several is an "
                "example of each. A fifth of the spellings, by hash, is the test "
                "split, a tenth the validation split."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "surname": tfds.features.Text(),
                    "language": tfds.features.ClassLabel(names=list(LANGUAGES)),
                }
            ),
            supervised_keys=("surname", "language"),
            homepage="https://github.com/spro/practical-pytorch",
            citation="""\
@misc{robertson2017practical,
  title = {Practical {PyTorch}: Classifying Names with a Character-Level {RNN}},
  author = {Robertson, Sean},
  year = {2017},
  url = {https://github.com/spro/practical-pytorch},
}""",
            license="MIT",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        paths = dl_manager.download({one: URL + name for one, name in FILES.items()})
        return {
            split: self._generate_examples(paths, split)
            for split in ("train", "validation", "test")
        }

    def _generate_examples(self, paths, split):
        for language in LANGUAGES:
            for k, surname in enumerate(surnames_of(paths[language])):
                if split_of(surname) == split:
                    yield f"{language}{k}", {"surname": surname, "language": language}
