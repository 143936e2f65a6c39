"""Symbols to be kept over a pause and written down again."""

import numpy as np

from keras_rnn_zoo.datasets import series
from keras_rnn_zoo.datasets.checks import check_int
from keras_rnn_zoo.datasets.codec import PADDING, UNKNOWN, Codec
from keras_rnn_zoo.datasets.source import Content, data_set, sha256_of


@data_set("krz_copy")
def load_copy(source, blanks=100, train=10_000):
    """Symbols to be written down again after a pause, generated (many-to-many).

    Options `blanks` (default 100) and `train` (default 10,000 training sequences).
    """
    del source
    check_int("blanks", blanks, 1)
    check_int("train", train, 1)
    labels = (series.COPY_BLANK, *series.COPY_SYMBOLS)
    codec = Codec((PADDING, UNKNOWN, series.COPY_GO, *labels))
    ids = {label: i for i, label in enumerate(labels)}
    raw, texts = {}, {}
    for split, pairs in series.copying(blanks, train).items():
        texts[split] = [text for text, _ in pairs]
        raw[split] = [
            (codec.encode(x), np.array([ids[one] for one in y], "int32"))
            for x, y in pairs
        ]
    facts = {
        "source": "generated, always the same",
        "licence": "none needed",
        "data sha256": sha256_of(raw),
    }
    return Content(raw, labels, facts, texts, codec)
