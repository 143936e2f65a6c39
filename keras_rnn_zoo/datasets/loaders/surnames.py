"""Surnames, letter by letter, to their languages."""

from keras_rnn_zoo.datasets.checks import check_words
from keras_rnn_zoo.datasets.codec import learn_codec
from keras_rnn_zoo.datasets.source import (
    SPLITS,
    Content,
    data_set,
    encoded,
    facts_of,
    sha256_of,
)


@data_set("krz_names_18_languages")
def load_names_18_languages(source, lowercase=False, min_count=2, manual_dir=None):
    """Letters of a surname to one of 18 languages (many-to-one).

    Options `lowercase` (default False), `min_count` (default 2) and `manual_dir`,
    where its 18 files lie if not in TFDS's manual directory.
    """
    check_words(lowercase, min_count, None)
    builder, examples = source.read("krz_names_18_languages", manual_dir=manual_dir)
    texts = {
        split: [name.decode() for name in examples[split]["surname"]]
        for split in SPLITS
    }
    codec = learn_codec(
        texts["train"], min_count, unit="character", lowercase=lowercase
    )
    raw = encoded(codec, texts, {one: examples[one]["language"] for one in SPLITS})
    several = len(texts["test"]) - len(set(texts["test"]))
    facts = facts_of(builder) | {
        "source": "surnames of PyTorch's tutorial of character-level classification, "
        "Sean Robertson 2017: github.com/spro/practical-pytorch",
        "licence": "MIT",
        "split": "a fifth of the spellings for test, a tenth for validation, by hash; "
        "a spelling of several languages is in one split",
        "test examples of a spelling that has another language too": several,
        "training letters kept": f"seen {min_count} times or more",
        "data sha256": sha256_of(raw),
    }
    del facts["data set"]
    labels = builder.info.features["language"].names
    return Content(raw, labels, facts, texts, codec)
