"""Names in sentences of social media."""

from collections import Counter

from keras_rnn_zoo.datasets.checks import check_int
from keras_rnn_zoo.datasets.codec import PADDING, UNKNOWN, Codec, characters_of
from keras_rnn_zoo.datasets.source import Content


def load_wnut17(
    source, lowercase=True, min_count=2, max_characters=None, manual_dir=None
):
    """Words of a sentence, and their characters, to the tags of the names in it."""
    if not isinstance(lowercase, bool):
        raise TypeError(
            f"`lowercase` must be a bool. Received: lowercase={lowercase!r}."
        )
    check_int("min_count", min_count, 1)
    if max_characters is not None:
        check_int("max_characters", max_characters, 1)
    builder, examples = source.read("krz_wnut17", manual_dir=manual_dir)
    texts = {
        split: [tuple(w.decode() for w in words) for words in columns["tokens"]]
        for split, columns in examples.items()
    }
    counts = Counter(
        word.lower() if lowercase else word
        for words in texts["train"]
        for word in words
    )
    kept = sorted(word for word, count in counts.items() if count >= min_count)
    codec = Codec(
        (PADDING, UNKNOWN, *kept),
        unit="word",
        lowercase=lowercase,
        characters=max_characters and characters_of(texts["train"], min_count),
        max_characters=max_characters,
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
