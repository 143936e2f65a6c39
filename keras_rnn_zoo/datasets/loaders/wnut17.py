"""Names in sentences of social media."""

from keras_rnn_zoo.datasets.checks import check_words
from keras_rnn_zoo.datasets.codec import learn_codec
from keras_rnn_zoo.datasets.source import Content


def load_wnut17(
    source, lowercase=True, min_count=2, max_characters=None, manual_dir=None
):
    """Words of a sentence, and their characters, to the tags of the names in it."""
    check_words(lowercase, min_count, max_characters)
    builder, examples = source.read("krz_wnut17", manual_dir=manual_dir)
    texts = {
        split: [tuple(w.decode() for w in words) for words in columns["tokens"]]
        for split, columns in examples.items()
    }
    codec = learn_codec(
        texts["train"], min_count, lowercase=lowercase, max_characters=max_characters
    )
    raw = {
        split: [
            (codec.encode(words), tags.astype("int32"))
            for words, tags in zip(texts[split], columns["tags"], strict=True)
        ]
        for split, columns in examples.items()
    }
    facts = {
        "source": "WNUT 2017, github.com/leondz/emerging_entities_17",
        "licence": "CC BY 4.0",
        "training words kept": f"seen {min_count} times or more"
        + (", lower-cased" if lowercase else ""),
    }
    labels = builder.info.features["tags"].feature.names
    return Content(raw, labels, facts, texts, codec)
