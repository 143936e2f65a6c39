"""Names in sentences of social media."""

from keras_rnn_zoo.datasets.checks import check_words
from keras_rnn_zoo.datasets.source import Content, data_set, encoded, word_codec


@data_set("krz_wnut17")
def load_wnut17(
    source, lowercase=True, min_count=2, max_characters=None, manual_dir=None
):
    """Words of a sentence of social media to BIO tags of the names (many-to-many).

    Options `lowercase` (default True) and `min_count` (default 2: rarer training
    words are unknown), `max_characters` (default None: words alone; else each word
    comes with so many of its characters), and `manual_dir`, where its three files
    lie if not in TFDS's manual directory.
    """
    check_words(lowercase, min_count, max_characters)
    builder, examples = source.read("krz_wnut17", manual_dir=manual_dir)
    texts = {
        split: [tuple(w.decode() for w in words) for words in columns["tokens"]]
        for split, columns in examples.items()
    }
    codec, kept = word_codec(texts["train"], lowercase, min_count, max_characters)
    tags = {split: columns["tags"] for split, columns in examples.items()}
    facts = {
        "source": "WNUT 2017, github.com/leondz/emerging_entities_17",
        "licence": "CC BY 4.0",
    }
    labels = builder.info.features["tags"].feature.names
    return Content(encoded(codec, texts, tags), labels, facts | kept, texts, codec)
