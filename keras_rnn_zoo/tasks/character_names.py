"""Names in sentences without spaces by simple methods: a list, a linear model."""

from collections import Counter

import numpy as np


def features(text, reach=2) -> list[dict]:
    """Return what is seen of each character and of its neighbours.

    The characters up to `reach` away, the pairs of neighbours among them, and the three
    in the middle; beyond the ends nothing.

    Args:
        text: str, or its characters.
        reach: int. Neighbours on each side.

    Returns:
        A list of dicts of `place=characters` to 1, one a character.

    Example:
    >>> sorted(features("北京", reach=1)[0])
    ['0=北', '0=北京', '1=京']
    """
    text, rows = "".join(text), []
    for i in range(len(text)):
        row = {}
        for offset in range(-reach, reach + 1):
            for n in (1, 2):
                place = i + offset
                if place >= 0 and place + n <= len(text) and offset + n <= reach + 1:
                    row[f"{offset}={text[place : place + n]}"] = 1
        if 0 < i < len(text) - 1:
            row[f"-1={text[i - 1 : i + 2]}"] = 1
        rows.append(row)
    return rows


def names_of(texts, tags, labels) -> dict[str, str]:
    """Return the names in tagged texts, each with the kind it mostly is.

    Names are left out that are no name in more than half of the places where their
    characters stand.

    Args:
        texts: list of str.
        tags: list of int arrays, class ids of the characters of each.
        labels: BIO tags, index = class id.
    """
    from keras_rnn_zoo.datasets.tags import spans_of

    kinds = {}
    for text, ids in zip(texts, tags, strict=True):
        for first, stop, kind in spans_of([labels[i] for i in ids], "BIO"):
            kinds.setdefault(text[first:stop], Counter())[kind] += 1
    whole = "\n".join(texts)
    return {
        name: count.most_common(1)[0][0]
        for name, count in kinds.items()
        if 2 * count.total() >= whole.count(name)
    }


def look_up(text, names, labels) -> np.ndarray:
    """Return the class ids of a text in which known names are marked.

    From left to right, the longest that begins at a place.

    Args:
        text: str.
        names: dict from names to their kinds.
        labels: BIO tags, index = class id.

    Example:
    >>> names, labels = {"北京": "LOC", "北京大学": "ORG"}, ["O", "B-LOC", "I-LOC"]
    >>> look_up("去北京", names, labels).tolist()
    [0, 1, 2]
    """
    ids = np.full(len(text), labels.index("O"))
    longest, place = max(map(len, names), default=0), 0
    while place < len(text):
        for stop in range(min(len(text), place + longest), place, -1):
            kind = names.get(text[place:stop])
            if kind is not None:
                ids[place] = labels.index(f"B-{kind}")
                if stop > place + 1:
                    ids[place + 1 : stop] = labels.index(f"I-{kind}")
                place = stop
                break
        else:
            place += 1
    return ids
