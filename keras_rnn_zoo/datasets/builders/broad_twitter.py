"""TFDS builder of the Broad Twitter Corpus."""

import pathlib

import tensorflow_datasets as tfds

from keras_rnn_zoo.datasets.builders._files import files_at
from keras_rnn_zoo.datasets.conll import parse_conll

#: Tags of krz_broad_twitter; the index is the class id.
TAGS = ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")
URL = (
    "https://raw.githubusercontent.com/GateNLP/broad_twitter_corpus/"
    "0c45ef7b1924a6b8115bceab388781590b1b553a/"
)
#: Its sections: general, undirected, a disaster, known people, news, general again.
FILES = {section: f"{section}.conll" for section in "abefgh"}


def rows_of(text: str) -> str:
    r"""Returns the rows of a section without what is no token.

    White space in a token, which some emoji have behind them, is left out, and so is a
    row that has a tag alone.

    Example:
    >>> rows_of("I\tO\n\u2665 \tO\n\tO\n\nHi\tO\n")
    'I\tO\n♥\tO\n\nHi\tO\n'
    """
    rows = []
    for row in text.split("\n"):
        token, tab, tag = row.rpartition("\t")
        token = "".join(token.split())
        if token or not tab:
            rows.append(token + tab + tag)
    return "\n".join(rows)


class KrzBroadTwitter(tfds.core.GeneratorBasedBuilder):
    """Tweets of six years and countries with the names in them (many-to-many)."""

    name = "krz_broad_twitter"
    url_infos = files_at(
        URL,
        """\
a.conll 121889
  ac824cc13c88283fe3cca05343e46c79ec4cd5b174429f27bf8fe0ebdc1bbf33
b.conll 235519
  504a094a0398e03fd7b394510e313b8fc844407102252182d90aea23f53cc322
e.conll 34631
  77aca745cdc28ae0fafbcf36a93ccfd15357a8db97c21d91083592dd85e348c5
f.conll 294166
  3bd2387dfc98ebc9d8b77d8b9c59826262e9beadce71ce8edde272821b9c87c8
g.conll 320339
  d53a27645cabc4e63313d573498b48b0cc5ed780d280edfbdc4fedefe23479da
h.conll 235158
  7f31215a79f3131526236203907c8d003b8e0f8ee6eef2a216ebb685340ebe39
""",
    )

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f"Without a network, put {', '.join(FILES.values())} from "
        "github.com/GateNLP/broad_twitter_corpus into this directory."
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Broad Twitter Corpus: tweets of 2009 to 2014 with the names of "
                "persons, places and organisations in BIO tags. The split is the one "
                "that its authors recommend: section F is the test split, the second "
                "half of section H the validation split."
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
            homepage="https://github.com/GateNLP/broad_twitter_corpus",
            citation="""\
@inproceedings{derczynski2016broad,
  title = {Broad {Twitter} Corpus: A Diverse Named Entity Recognition Resource},
  author = {Derczynski, Leon and Bontcheva, Kalina and Roberts, Ian},
  booktitle = {Proceedings of the 26th International Conference on Computational
               Linguistics},
  year = {2016},
  url = {https://aclanthology.org/C16-1111},
}""",
            license="CC BY 4.0",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        paths = dl_manager.download({one: URL + name for one, name in FILES.items()})
        parts = {one: list(self._sentences(path)) for one, path in paths.items()}
        half = len(parts["h"]) // 2
        train = [*(parts[one] for one in "abeg"), parts["h"][:half]]
        splits = {
            "train": sum(train, []),
            "validation": parts["h"][half:],
            "test": parts["f"],
        }
        return {split: self._generate_examples(part) for split, part in splits.items()}

    def _sentences(self, path):
        path = pathlib.Path(path)
        text = path.read_bytes().decode("utf-8")
        return parse_conll(rows_of(text), TAGS, path.name)

    def _generate_examples(self, sentences):
        for key, (tokens, tags) in enumerate(sentences):
            yield key, {"tokens": tokens, "tags": tags}
