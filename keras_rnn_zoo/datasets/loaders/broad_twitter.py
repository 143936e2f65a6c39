"""The Broad Twitter Corpus, by itself and as more to learn from for WNUT 2017.

WNUT's 3,394 training sentences have 1,975 names; those of the corpus, 9,340, have
persons, places and organisations, which are called here what WNUT calls them. WNUT's
validation and test sentences stay as they are.
"""

import collections

from keras_rnn_zoo.datasets.checks import check_flag, check_int, check_words
from keras_rnn_zoo.datasets.source import (
    SPLITS,
    Content,
    data_set,
    encoded,
    sha256_of,
    word_codec,
)
from keras_rnn_zoo.datasets.tags import spans_of, tags_of

NAME = "krz_broad_twitter"
SOURCE = (
    "Broad Twitter Corpus (Derczynski, Bontcheva and Roberts 2016), "
    "github.com/GateNLP/broad_twitter_corpus"
)
#: What WNUT calls the names of the corpus.
KINDS = {"PER": "person", "LOC": "location"}
#: What it may call organisations; the first one if it does not say.
ORGANISATIONS = ("corporation", "group")


@data_set("krz_broad_twitter")
def load_broad_twitter(
    source, lowercase=True, min_count=2, max_characters=None, manual_dir=None
):
    """Words of a tweet to BIO tags of the names in it (many-to-many).

    Of persons, places and organisations. Options `lowercase`, `min_count`,
    `max_characters` as of krz_wnut17, `manual_dir` of its six files.
    """
    check_words(lowercase, min_count, max_characters)
    builder, examples = source.read(NAME, manual_dir=manual_dir)
    labels = builder.info.features["tags"].feature.names
    parts = {split: _sentences(examples[split], labels) for split in SPLITS}
    facts = {
        "source": SOURCE,
        "split": "its authors': section F for test, half of section H for validation",
    }
    vocabulary = lowercase, min_count, max_characters
    return _content(parts, labels, facts, parts["train"], *vocabulary)


@data_set("krz_wnut17_btc")
def load_wnut17_btc(
    source,
    lowercase=True,
    min_count=2,
    max_characters=None,
    repeat=1,
    names_only=False,
    manual_dir=None,
):
    """Those of krz_wnut17, with more training sentences (many-to-many).

    They are those of krz_broad_twitter, their names called as WNUT calls them, without
    those that stand in WNUT's validation or test data. Options `lowercase`,
    `min_count`, `max_characters` as of krz_wnut17, `manual_dir` of the nine files,
    `names_only` (default False; True: tweets that have no name are left out, though
    their words count for the vocabulary) and `repeat` (default 1): how often an epoch
    has each of WNUT's own training sentences that has a name.
    """
    check_words(lowercase, min_count, max_characters)
    check_int("repeat", repeat, 1)
    check_flag("names_only", names_only)
    builder, wnut = source.read("krz_wnut17", manual_dir=manual_dir)
    other, tweets = source.read(NAME, manual_dir=manual_dir)
    labels = builder.info.features["tags"].feature.names
    names = other.info.features["tags"].feature.names
    parts = {split: _sentences(wnut[split], labels) for split in SPLITS}
    more = sum((_sentences(tweets[split], names) for split in SPLITS), [])
    held_out = {
        key
        for split in ("validation", "test")
        for key in (_key(words) for words, _ in parts[split])
        if len(key) > 3
    }
    kept = [one for one in more if _key(one[0]) not in held_out]
    own, kinds = parts["train"], kinds_of(parts["train"])
    kept = [(words, renamed(words, tags, kinds)) for words, tags in kept]
    read = [one for one in kept if _has_names(one)] if names_only else kept
    again = [one for one in own if _has_names(one)] * (repeat - 1)
    parts["train"] = own + again + read
    times = f", those with names {repeat} times an epoch" if repeat > 1 else ""
    named = ": those with names" if names_only else ""
    facts = {
        "source": "WNUT 2017, github.com/leondz/emerging_entities_17; for training "
        f"also the {SOURCE}, with the kinds of its names renamed and users' names not "
        "counted",
        "training sentences": f"{len(own)} of WNUT{times}; {len(read)} of the Broad "
        f"Twitter Corpus{named}, without {len(more) - len(kept)} that WNUT's "
        "validation or test data have too",
    }
    vocabulary = lowercase, min_count, max_characters
    return _content(parts, labels, facts, own + kept, *vocabulary)


def _content(parts, labels, facts, counted, *vocabulary):
    """The content of (words, tags); the vocabulary is that of those `counted`."""
    texts = {split: [words for words, _ in part] for split, part in parts.items()}
    codec, kept = word_codec([words for words, _ in counted], *vocabulary)
    numbers = {label: number for number, label in enumerate(labels)}
    tags = {
        split: [[numbers[tag] for tag in tags] for _, tags in part]
        for split, part in parts.items()
    }
    raw = encoded(codec, texts, tags)
    facts |= {"licence": "CC BY 4.0"} | kept | {"data sha256": sha256_of(raw)}
    return Content(raw, labels, facts, texts, codec)


def _sentences(columns, labels):
    """Return the sentences of a split: (words, tags), both tuples of str."""
    return [
        (tuple(word.decode() for word in words), tuple(labels[i] for i in tags))
        for words, tags in zip(columns["tokens"], columns["tags"], strict=True)
    ]


def _has_names(sentence):
    return any(tag != "O" for tag in sentence[1])


def _key(words):
    """Return what two copies of a sentence have in common: not whom they are sent to.

    Example:
    >>> _key(("RT", "@", "ada", "Look", "here", "http://t.co/a"))
    ('look', 'here')
    """
    lowered = [word.lower() for word in words]
    return tuple(
        word
        for before, word in zip(["", *lowered], lowered, strict=False)
        if before != "@" and word != "rt" and not word.startswith(("@", "#", "http"))
    )


def kinds_of(sentences) -> dict[str, str]:
    """Return the kind of each organisation that sentences name, by its lowered name.

    Args:
        sentences: (words, tags) each, of WNUT's kinds.

    Example:
    >>> kinds_of([(("BBC", "and", "Muse"), ("B-corporation", "O", "B-group"))])
    {'bbc': 'corporation', 'muse': 'group'}
    """
    counts = {}
    for words, tags in sentences:
        for first, stop, kind in spans_of(tags):
            if kind in ORGANISATIONS:
                name = " ".join(words[first:stop]).lower().lstrip("#")
                counts.setdefault(name, collections.Counter())[kind] += 1
    return {
        name: max(ORGANISATIONS, key=count.__getitem__)
        for name, count in counts.items()
    }


def renamed(words, tags, kinds) -> tuple[str, ...]:
    """Return WNUT's tags of a sentence of the Broad Twitter Corpus.

    It tags the names that users have, as "@ ada", with the kind of who uses them; in
    WNUT they are no names, and so they are none here.

    Args:
        words: tuple of str.
        tags: their tags there.
        kinds: dict: what `kinds_of` tells of organisations; others are corporations.

    Example:
    >>> renamed(("@", "ada", "BBC", "News"), ("B-PER", "B-PER", "B-ORG", "I-ORG"), {})
    ('O', 'O', 'B-corporation', 'I-corporation')
    """
    users = {i for i, word in enumerate(words) if word.startswith("@")}
    users |= {i + 1 for i, word in enumerate(words) if word == "@"}
    without = ["O" if i in users else tag for i, tag in enumerate(tags)]
    spans = []
    for first, stop, kind in spans_of(without):
        name = " ".join(words[first:stop]).lower()
        kind = KINDS.get(kind) or kinds.get(name, ORGANISATIONS[0])
        spans.append((first, stop, kind))
    return tuple(tags_of(spans, len(words)))
