"""TFDS builder of surnames in 18 languages."""

import hashlib
import pathlib

import tensorflow_datasets as tfds

from keras_rnn_zoo.datasets.builders._files import files_at

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
    url_infos = files_at(
        URL,
        """\
Arabic.txt 13190 6f424a8dbe51cbbbabab7a57d38b617210125e4e3991f3c657cb79b8f104bafc
Chinese.txt 1246 09ba8f1f7e38dbc99372d461b26ad4433b811fc6bfa6a3ecca6fe11a9a777465
Czech.txt 3916 e17ab0ec47616a72c39cb85c783f70c3663ab64488721e5d8378f146d2226be7
Dutch.txt 2351 924f32b635170eae561f84538632138fc07d4c8bbd70ba3fb980de1ecc4d2af3
English.txt 27125 9cca037066d3d5989e24bc01801416162de506b5e28e15b7c092a47905d29bf2
French.txt 2178 81e65b36c60ed5b89a17422f6edcadbb89546f38ad69e960e64e7ba682012a95
German.txt 5610 7449cd590b97a733e18d613a4155decd77ec35dc5f8aadd7a82204dce4f051db
Greek.txt 1981 3555b5186de7f401e6d991b088e9e644ca3099116477818c25ab5793801389e6
Irish.txt 1858 cf8c7013256252a88d2503127b87282a11f21b2ff6db1bded68834c19a1ec058
Italian.txt 5657 f88414c27d0606a11a678b4859277828c2565d6cc4d9ee932deef6e94f3b35e4
Japanese.txt 7622 e0e717e114fec3e7eade4d9dabe0067c475f43147e36a22b47902ee76ad9e67f
Korean.txt 423 cd54221ccb362a6cba4c78828838cf3268a0e59744767a37cf6ec4b74036b136
Polish.txt 1165 45bab898af2f60ed3a728bbf6980e28821011a7caa53227553b5785903a40826
Portuguese.txt 554 50a8735f41f4f73757c8ce5b16cb0275cd86b2b214bcbc8c9805f508cb131c53
Russian.txt 85168 0cfe53ac18041e8f63666aa77313e0a3ff378facb132abee052d8ebdc8c3d62c
Scottish.txt 752 78d0252711d87d948ea86fe34826c51d2d794a8e52d15b5d6f7b6244d45d62dd
Spanish.txt 2284 1bcb462ed3316756a85781d68232bddae04498fdddd5d9219c53fd1fbdeba7a7
Vietnamese.txt 339 f3f9e4164ab47601178a6e45b216464a64122f49d05541f24bf18a757253281d
""",
    )

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
