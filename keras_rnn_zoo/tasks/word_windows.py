"""Tags of words from what is seen of them and of their neighbours: a linear model.

What tagged names before recurrent networks did, without lists of names.
"""

import itertools
import warnings

import numpy as np

#: Inverse strengths of regularisation, of which validation data choose one.
STRENGTHS = (1.0, 10.0, 100.0)
#: Of L-BFGS. More found fewer names of WNUT 2017's validation data, not more.
ITERATIONS = 30


def features(words, reach=2) -> list[dict]:
    """Return what is seen of each word and of its neighbours.

    Of the word itself: lower-cased, its shape, first and last one to four characters;
    of each neighbour: lower-cased and its shape; beyond the ends nothing.

    Args:
        words: sequence of str.
        reach: int. Neighbours on each side.

    Returns:
        A list of dicts of `name=value` to 1, one a word.

    Example:
    >>> sorted(features(["Rome", "2017"], reach=1)[1])[:3]
    ['-1 shape=Xx', '-1 word=rome', '0 first 1=2']
    """
    seen = [{"word": word.lower(), "shape": shape(word)} for word in words]
    rows = []
    for i, word in enumerate(words):
        row = {}
        for offset in range(-reach, reach + 1):
            if 0 <= i + offset < len(words):
                for key, value in seen[i + offset].items():
                    row[f"{offset} {key}={value}"] = 1
        for n in range(1, 5):
            row[f"0 first {n}={word[:n]}"] = row[f"0 last {n}={word[-n:]}"] = 1
        rows.append(row)
    return rows


def shape(word) -> str:
    """Return what a word looks like: runs of capitals, letters and digits.

    Example:
    >>> shape("McDonald"), shape("B2B"), shape("#ff00")
    ('XxXx', 'X0X', '#x0')
    """
    kinds = (
        "X" if c.isupper() else "x" if c.isalpha() else "0" if c.isdigit() else c
        for c in word
    )
    return "".join(kind for kind, _ in itertools.groupby(kinds))


def predict(train, validation, test, tags, seen=features):
    """Fit logistic regression on windows of ±2 words, one of each strength.

    Args:
        train: list of sentences, sequences of str.
        validation: list of sentences.
        test: list of sentences.
        tags: `(words,)`, int. Class ids of all words of `train` in a row.
        seen: function from a sentence to what is seen of each of its words.

    Yields:
        `(strength, class ids of the words of validation, of those of test)`.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = DictVectorizer(dtype=np.float32)
    rows = [
        [row for words in split for row in seen(words)]
        for split in (train, validation, test)
    ]
    x = [vectorizer.fit_transform(rows[0]), *map(vectorizer.transform, rows[1:])]
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=ITERATIONS)
        with warnings.catch_warnings():  # stopping early does no harm here
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x[0], tags)
        yield strength, model.predict(x[1]), model.predict(x[2])
