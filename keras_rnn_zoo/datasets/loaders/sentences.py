"""Words of sentences and reviews: tags for each, or one class for the whole.

Words are what white space parts, as everywhere in the zoo, so that an exported model
splits text as its training data was split.
"""

import itertools

import numpy as np

from keras_rnn_zoo.datasets.checks import check_choice, check_int, check_words
from keras_rnn_zoo.datasets.codec import learn_codec
from keras_rnn_zoo.datasets.source import (
    SPLITS,
    Content,
    cut_off,
    data_set,
    encoded,
    facts_of,
    sha256_of,
    texts_of,
    word_codec,
)

#: TFDS has no checksum of this file.
CONLL2003_URL = "https://data.deepai.org/conll2003.zip"
_CUT_OFF = "a tenth of the different training texts is the validation split"
_DEV = {"train": "train", "validation": "dev", "test": "test"}


@data_set("conll2003")
def load_conll2003(source, lowercase=True, min_count=2, max_characters=None):
    """Words of news to BIO tags of the names (many-to-many).

    Options `lowercase`, `min_count` and `max_characters` as of krz_wnut17.
    """
    check_words(lowercase, min_count, max_characters)
    builder, examples = source.read(
        "conll2003",
        splits=_DEV,
        example=lambda one: {"words": one["tokens"], "tags": one["ner"]},
        urls=(CONLL2003_URL,),
    )
    labels = builder.info.features["ner"].feature.names
    content = _tagged(builder, examples, labels, lowercase, min_count, max_characters)
    content.facts["split"] = "TFDS's"
    return content


@data_set("krz_uner_zh")
def load_uner_zh(
    source,
    tokens="words",
    lowercase=False,
    min_count=2,
    max_characters=None,
    manual_dir=None,
):
    """Words of Chinese sentences to BIO tags of the names (many-to-many).

    Options as of krz_wnut17, but `lowercase` is False by default, `manual_dir` of
    its own files, and `tokens`: "words", or "characters", which make a model that
    reads sentences as they are written, without spaces.
    """
    check_choice("tokens", tokens, ("words", "characters"))
    check_words(lowercase, min_count, max_characters)
    if tokens == "characters" and max_characters is not None:
        raise ValueError(
            "`max_characters` must be None where the tokens are characters. "
            f"Received: max_characters={max_characters!r}."
        )
    builder, examples = source.read("krz_uner_zh", manual_dir=manual_dir)
    labels = builder.info.features["tags"].feature.names
    if tokens == "words":
        vocabulary = lowercase, min_count, max_characters
        content = _tagged(builder, examples, labels, *vocabulary)
    else:
        content = _tagged_characters(builder, examples, labels, lowercase, min_count)
    content.facts |= {
        "source": "Universal NER (Mayhew et al. 2024), Chinese GSDSIMP, sentences of "
        "Wikipedia: github.com/UniversalNER/UNER_Chinese-GSDSIMP",
        "licence": "CC BY-SA 4.0",
        "data sha256": sha256_of(content.raw),
    }
    del content.facts["data set"]
    return content


@data_set("universal_dependencies")
def load_universal_dependencies(
    source, config="en_ewt", lowercase=True, min_count=2, max_characters=None
):
    """Words of a treebank to universal parts of speech (many-to-many).

    Options `config`, the treebank (default "en_ewt"), and `lowercase`, `min_count`
    and `max_characters` as of krz_wnut17. Needs conllu to be prepared.

    Tokens that stand for several words, as "don't" for "do" and "n't", come in
    TFDS's data beside those words and have no part of speech: they are left out.
    Some treebanks have words with a space inside, as "10 000": each part becomes a
    word with the part of speech of the whole, for so an exported model reads it.
    """
    if not isinstance(config, str):
        raise TypeError(f"`config` must be a str. Received: config={config!r}.")
    check_words(lowercase, min_count, max_characters)
    builder, examples = source.read(
        "universal_dependencies",
        config,
        splits=_DEV,
        example=lambda one: {"words": one["tokens"], "tags": one["upos"]},
        package="conllu",
    )
    if not {"train", "test"} <= set(examples):
        raise ValueError(
            "`config` must name a treebank with training and test sentences. "
            f"Received: config={config!r}, which has only {', '.join(examples)}."
        )
    names = builder.info.features["upos"].feature.names
    labels = [name for name in names if name != "_"]
    ids = np.array([labels.index(name) if name in labels else -1 for name in names])
    for columns in examples.values():
        columns["tags"] = [ids[tags] for tags in columns["tags"]]
        kept = [tags >= 0 for tags in columns["tags"]]
        for name, rows in columns.items():
            columns[name] = [row[k] for row, k in zip(rows, kept, strict=True)]
    split = "TFDS's"
    if "validation" not in examples:
        keys = [b"\0".join(words) for words in examples["train"]["words"]]
        examples["train"], examples["validation"] = cut_off(examples["train"], keys)
        split += f"; {_CUT_OFF}"
    content = _tagged(builder, examples, labels, lowercase, min_count, max_characters)
    content.facts["split"] = split
    return content


@data_set("trec")
def load_trec(source, classes="coarse", min_count=2):
    """Words of a question to what it asks for (many-to-one).

    Options `classes`, "coarse" (6) or "fine" (47), and `min_count` (default 2).
    """
    check_choice("classes", classes, ("coarse", "fine"))
    check_int("min_count", min_count, 1)
    return _classified(source, "trec", f"label-{classes}", min_count)


@data_set("imdb_reviews")
def load_imdb_reviews(source, min_count=5, max_steps=200, keep="last"):
    """Words of a film review to neg or pos (many-to-one).

    Options `min_count` (default 5); `max_steps` (default 200, None for all words)
    and `keep`, "last" or "first": which words of a longer review are read.
    """
    check_int("min_count", min_count, 1)
    if max_steps is not None:
        check_int("max_steps", max_steps, 1)
    check_choice("keep", keep, ("first", "last"))
    part = slice(max_steps) if keep == "first" else slice(-(max_steps or 0), None)
    content = _classified(source, "imdb_reviews", "label", min_count, part)
    content.facts["words of a review"] = (
        "all" if max_steps is None else f"the {keep} {max_steps}"
    )
    return content


@data_set("krz_sentence_polarity")
def load_sentence_polarity(source, min_count=2):
    """Words of a sentence of a film review to neg or pos (many-to-one).

    Option `min_count` (default 2).
    """
    check_int("min_count", min_count, 1)
    content = _classified(source, "krz_sentence_polarity", "label", min_count)
    content.facts |= {
        "source": "sentence polarity data set 1.0 of Bo Pang and Lillian Lee, "
        "www.cs.cornell.edu/people/pabo/movie-review-data",
        "licence": "CC BY 4.0",
        "split": "a sentence whose sha256 ends in 0, 1 or 2 is a test sentence; a "
        "tenth of the others, by hash too, is the validation split",
        "data sha256": sha256_of(content.raw),
    }
    del content.facts["data set"]
    return content


def _tagged(builder, examples, labels, *vocabulary):
    """The content of sentences with a tag for every word; empty ones are left out."""
    texts, tags = {}, {}
    for split, columns in examples.items():
        rows = zip(columns["words"], columns["tags"], strict=True)
        rows = [(words, ids) for words, ids in rows if len(words)]
        parts = [[word.decode().split() for word in words] for words, _ in rows]
        texts[split] = [tuple(itertools.chain(*words)) for words in parts]
        tags[split] = [
            np.repeat(ids.astype("int32"), [len(part) for part in words])
            for words, (_, ids) in zip(parts, rows, strict=True)
        ]
    codec, facts = word_codec(texts["train"], *vocabulary)
    raw = encoded(codec, texts, tags)
    return Content(raw, labels, facts_of(builder) | facts, texts, codec)


def _tagged_characters(builder, examples, labels, lowercase, min_count):
    """As `_tagged`, of sentences without spaces: a tag for every character."""
    inside = [
        labels.index("I" + label[1:]) if label.startswith("B-") else number
        for number, label in enumerate(labels)
    ]
    texts, tags = {}, {}
    for split, columns in examples.items():
        texts[split], tags[split] = [], []
        for words, ids in zip(columns["words"], columns["tags"], strict=True):
            words = ["".join(word.decode().split()) for word in words]
            found = [
                number if place == 0 else inside[number]
                for word, number in zip(words, ids, strict=True)
                for place in range(len(word))
            ]
            if found:
                texts[split].append("".join(words))
                tags[split].append(np.array(found, "int32"))
    options = {"unit": "character", "lowercase": lowercase}
    codec = learn_codec(texts["train"], min_count, **options)
    raw = encoded(codec, texts, tags)
    facts = {"training characters kept": f"seen {min_count} times or more"}
    return Content(raw, labels, facts_of(builder) | facts, texts, codec)


def _classified(source, name, label, min_count, part=slice(None)):
    """The content of texts with one class; `part` is what is kept of their words."""
    builder, examples = source.read(
        name,
        example=lambda one: {"text": one["text"], "label": one[label]},
    )
    # White space and capitals make no other text.
    keys = [b" ".join(text.split()).lower() for text in examples["train"]["text"]]
    test = {b" ".join(text.split()).lower() for text in examples["test"]["text"]}
    examples["train"], examples["validation"] = cut_off(examples["train"], keys)
    texts = {
        split: [tuple(text.split()[part]) for text in rows]
        for split, rows in texts_of(examples).items()
    }
    codec, facts = word_codec(texts["train"], True, min_count)
    raw = encoded(codec, texts, {one: examples[one]["label"] for one in SPLITS})
    facts = facts_of(builder) | facts
    facts["split"] = f"TFDS's; {_CUT_OFF}"
    facts["test texts that are training texts too"] = len(test & set(keys))
    return Content(raw, builder.info.features[label].names, facts, texts, codec)
