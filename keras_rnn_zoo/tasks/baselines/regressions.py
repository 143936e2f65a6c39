"""What scikit-learn fits, and the nearest neighbour."""

import numpy as np

from keras_rnn_zoo import extras
from keras_rnn_zoo.tasks import character_names, word_windows
from keras_rnn_zoo.tasks.baselines.base import Skipped, judged, labels_of


def word_window_regression(pipelines):
    """On words, their shapes and their neighbours."""
    figures, strength = _windows_regression(pipelines)
    return figures, (
        "lower-cased words and shapes of five words, first and last 1 to 4 characters "
        f"of the middle one; C={strength:g}, chosen on validation data"
    )


def character_window_regression(pipelines):
    """On characters and their neighbours."""
    figures, strength = _windows_regression(pipelines, seen=character_names.features)
    return figures, (
        "five characters, the pairs of neighbours among them and the three in the "
        f"middle; C={strength:g}, chosen on validation data"
    )


def _windows_regression(pipelines, **options):
    """Figures of the strength that is best on validation data, and the strength."""
    _require_sklearn()
    texts = pipelines.texts
    splits = ("train", "validation", "test")
    tagged = word_windows.predict(
        *(texts[split] for split in splits),
        tags=labels_of(pipelines, "train"),
        **options,
    )
    strength, _, predicted = max(
        tagged,
        key=lambda one: next(iter(judged(pipelines, "validation", one[1]).values())),
    )
    return judged(pipelines, "test", predicted), strength


def bag_of_words(pipelines):
    """1- and 2-grams of lower-cased words; how they count is chosen on validation."""
    _require_sklearn()
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = {s: [" ".join(t) for t in rows] for s, rows in pipelines.texts.items()}
    truths = {split: labels_of(pipelines, split) for split in texts}
    best = None
    for weighted in (False, True):
        grams = TfidfVectorizer(
            token_pattern=r"\S+",
            ngram_range=(1, 2),
            binary=not weighted,
            use_idf=weighted,
            sublinear_tf=weighted,
            norm="l2" if weighted else None,
        )
        x = {"train": grams.fit_transform(texts["train"])}
        x |= {s: grams.transform(texts[s]) for s in ("validation", "test")}
        for strength in (0.1, 1.0, 10.0):
            model = LogisticRegression(C=strength, max_iter=300)
            model.fit(x["train"], truths["train"])
            score = model.score(x["validation"], truths["validation"])
            if best is None or score > best[0]:
                found = float(model.score(x["test"], truths["test"]))
                kind = "tf-idf" if weighted else "whether they occur"
                best = score, found, f"{kind}, C={strength:g}, chosen on validation"
    return best[1], f"{best[2]} data"


def context_regression(pipelines):
    """One-hot last 16 characters and counts of the 1- to 4-grams of the last 40."""
    _require_sklearn()
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import SGDClassifier

    ngrams = CountVectorizer(
        analyzer="char", ngram_range=(1, 4), lowercase=False, binary=True, min_df=3
    )
    base, width = pipelines.vocabulary_size, 16

    def features(split, fit):
        tails = [text[-40:] for text in pipelines.texts[split]]
        try:
            counts = ngrams.fit_transform(tails) if fit else ngrams.transform(tails)
        except ValueError as error:
            raise Skipped("no piece of text occurs in three training texts") from error
        last = np.stack(
            [
                np.pad(x[-width:], (width - len(x[-width:]), 0))
                for x, _ in pipelines.raw[split]
            ]
        )
        columns = (last + base * np.arange(width)).ravel()
        rows = np.repeat(np.arange(len(last)), width)
        one_hot = csr_matrix(
            (np.ones(len(columns)), (rows, columns)), (len(last), base * width)
        )
        return hstack([one_hot, counts]).tocsr()

    train, test = features("train", True), features("test", False)
    # Stochastic gradient descent on the log loss: a tenth of the time of L-BFGS.
    model = SGDClassifier("log_loss", alpha=1e-5, max_iter=40, tol=None, random_state=0)
    model.fit(train, labels_of(pipelines, "train"))
    note = (
        "last 16 characters one-hot and the 1- to 4-grams of the last 40; settings "
        "chosen in its favour"
    )
    return float(model.score(test, labels_of(pipelines, "test"))), note


def pooled_regression(pipelines):
    """On the mean over time."""
    return _regression(pipelines, lambda x: x.mean(axis=0)), _standardised(pipelines)


def last_regression(pipelines):
    """On the last step."""
    return _regression(pipelines, lambda x: x[-1]), _standardised(pipelines)


def flat_regression(pipelines):
    """On all values."""
    return _regression(pipelines, np.ravel), _WITH_VALIDATION


_WITH_VALIDATION = "fitted on training and validation examples, in its favour"


def _standardised(pipelines):
    if pipelines.padding is None:
        return _WITH_VALIDATION
    return f"standardised features; {_WITH_VALIDATION}"


def _regression(pipelines, features):
    _require_sklearn()
    from sklearn.linear_model import LogisticRegression

    x, y, x_test, y_test = _vectors(pipelines, features)
    if pipelines.padding is not None:
        mean, deviation = x.mean(0), x.std(0)
        deviation = np.where(deviation > 0, deviation, 1)
        x, x_test = (x - mean) / deviation, (x_test - mean) / deviation
    return float(LogisticRegression(max_iter=2000).fit(x, y).score(x_test, y_test))


def nearest_neighbour(pipelines):
    """The class of the example that differs least."""
    x, y, x_test, y_test = _vectors(pipelines, np.ravel)
    # ||a - b||² = ||a||² - 2 a·b + ||b||²; ||a||² does not change the order.
    squares = (x**2).sum(axis=1)
    parts = np.array_split(x_test, -(-len(x_test) // 256))
    predicted = [y[(squares - 2 * part @ x.T).argmin(axis=1)] for part in parts]
    return float(np.mean(np.concatenate(predicted) == y_test)), _WITH_VALIDATION


def _vectors(pipelines, features):
    """Feature vectors and labels to fit on and to measure on, in float64."""
    arrays = []
    for splits in (("train", "validation"), ("test",)):
        examples = [example for split in splits for example in pipelines.raw[split]]
        arrays.append(np.stack([features(x.astype("float64")) for x, _ in examples]))
        arrays.append(np.array([y for _, y in examples]))
    return arrays


def _require_sklearn():
    extras.require("data", "skipped: needs scikit-learn.", "sklearn", error=Skipped)
