"""Honest baselines: what simple counting reaches on the test split of a model.

Every baseline is fitted on the training split and measured on the test split, both as
the model sees them. Which ones fit is told by the data:

* one label for every character: the most frequent class, of the character alone or of
  a window of characters around it; for names, in BIO tags, also a list of those in the
  training texts, and logistic regression on a character and its neighbours;
* one label for every word: the most frequent tag, of the word, and logistic regression
  on it and its neighbours; names, in BIO tags, are judged as wholes too;
* one label for a prefix: the most frequent class of its last characters, and logistic
  regression on its last 40;
* a language model: Witten-Bell n-grams;
* real values for a sequence: the mean of the training targets, ridge regression on
  all steps and, for a forecast, the last value that was read;
* real-valued sequences with one label: logistic regression on their mean over time; on
  all their values and the nearest neighbour, or, where lengths differ, on the last step
  and the most frequent class of the length;
* several classes at a step: how often each is true, in all, after itself, and by
  logistic regression on the step before;
* symbols to be recalled: tables as for one label for every character, and what the
  number of the step alone tells.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_rnn_zoo import extras
from keras_rnn_zoo.tasks import character_names, word_windows
from keras_rnn_zoo.tasks.tagging import are_bio, span_f1

if TYPE_CHECKING:  # which imports TensorFlow
    from keras_rnn_zoo.datasets import Pipelines


@dataclass(frozen=True)
class Baseline:
    """A baseline and what it reaches.

    Attributes:
        name: str, e.g. "±3-character window table".
        metric: such as "accuracy", a share of 1: that by which the task is judged.
        value: float, on the test split; None if it was skipped.
        note: str. What to know about it; why it was skipped.
    """

    name: str
    metric: str
    value: float | None
    note: str = ""


class Skipped(Exception):
    """A baseline that cannot be computed here; the message says why."""


def names(pipelines: "Pipelines", task: str | None = None) -> tuple[str, ...]:
    """Returns the names of the baselines that fit the data, simplest first."""
    return tuple(_baselines(pipelines, task))


def compute(
    pipelines: "Pipelines",
    which: Iterable[str] | None = None,
    *,
    task: str | None = None,
) -> list[Baseline]:
    """Computes the baselines of a data set on its test split.

    Args:
        pipelines: `keras_rnn_zoo.datasets.Pipelines`.
        which: names out of `names(pipelines, task)`; None for all of them.
        task: str. The task, which may say that a class is not to be counted; all
            else is told by the data.

    Returns:
        A list of `Baseline`, simplest first. Those that need scikit-learn have no
        value if it is not installed, and a note that says so.

    Raises:
        ValueError: if `which` holds a name that does not fit the data.
    """
    known = _baselines(pipelines, task)
    wanted = list(known) if which is None else list(which)
    for name in wanted:
        if name not in known:
            raise ValueError(
                f"`which` must hold baselines of {pipelines.name}: "
                f"{', '.join(known)}. Received: which={wanted!r}."
            )
    metric = _metric(pipelines, task)
    results = []
    for name in known:
        if name not in wanted:
            continue
        try:
            value, note = known[name](pipelines)
        except Skipped as reason:
            value, note = None, str(reason)
        values = value if isinstance(value, dict) else {metric: value}
        results += [Baseline(name, key, one, note) for key, one in values.items()]
    return results


def _ignores_a_class(task):
    from keras_rnn_zoo.tasks import TASKS

    return task is not None and TASKS[task].ignored_class is not None


def _metric(pipelines, task):
    if _ignores_a_class(task):
        return "recall_accuracy"
    if _is_language_model(pipelines):
        return "bits_per_character"
    if _is_polyphony(pipelines):
        return "nll"
    return "rmse" if _is_regression(pipelines) else "accuracy"


def _is_language_model(pipelines):
    return pipelines.vocabulary is not None and pipelines.labels == pipelines.vocabulary


def _baselines(pipelines, task=None) -> dict[str, Callable]:
    if _ignores_a_class(task):
        return {
            "most frequent symbol": _frequent_symbol,
            "±3-character window table": _recall_of_table,
            "memoryless: the number of the step": _memoryless,
        }
    if _is_polyphony(pipelines):
        return {
            "each key by its frequency": _key_frequencies,
            "each key by itself one step before": _key_tables,
            "logistic regression on the step before": _key_regression,
        }
    if _is_regression(pipelines):
        forecast = pipelines.num_features == 1 and pipelines.num_outputs > 1
        if isinstance(pipelines.raw["train"][0][0], dict):
            return {"mean of the training targets": _training_mean}
        return {
            "mean of the training targets": _training_mean,
            **({"persistence": _persistence} if forecast else {}),
            "linear regression on all steps": _ridge,
        }
    several = isinstance(pipelines.raw["train"][0][0], dict)
    if several and np.ndim(pipelines.raw["train"][0][1]) == 0:
        return {"majority": _majority}
    if pipelines.codec is None:
        return _of_real_sequences(pipelines)
    return _of_texts(pipelines)


def _of_real_sequences(pipelines) -> dict[str, Callable]:
    """Those of a class for a sequence of numbers."""
    if pipelines.padding is not None:
        return {
            "majority": _majority,
            "most frequent class of the length": _length_table,
            "logistic regression on the last step": _last_regression,
            "logistic regression on the mean over time": _pooled_regression,
        }
    return {
        "majority": _majority,
        "logistic regression on the mean over time": _pooled_regression,
        "flat logistic regression": _flat_regression,
        "1-nearest neighbour": _nearest_neighbour,
    }


def _of_texts(pipelines) -> dict[str, Callable]:
    """Those of a class, or a token, for a text or for each of its steps."""
    per_step = np.ndim(pipelines.raw["train"][0][1]) == 1
    if _is_language_model(pipelines):
        return {"1-gram": _unigram, "best Witten-Bell n-gram": _best_ngram}
    if not per_step and pipelines.codec.unit == "word":
        return {
            "majority": _majority,
            "logistic regression on words and pairs of words": _bag_of_words,
        }
    if not per_step:
        return {
            "majority": _majority,
            "last 3 characters with back-off": _last_characters(3),
            "last 6 characters with back-off": _last_characters(6),
            "logistic regression, 40 characters of context": _context_regression,
        }
    if pipelines.codec.unit == "word":
        return {
            "majority": _always_most_frequent,
            "most frequent tag of the word": _word_table,
            "logistic regression on ±2 words": _word_windows,
        }
    tables = {
        "majority": _always_most_frequent,
        "most frequent class of the character": _window_table(0),
        "±1-character window table": _window_table(1),
        "±2-character window table": _window_table(2),
        "±3-character window table": _window_table(3),
    }
    if not are_bio(pipelines.labels):
        return tables
    return tables | {
        "list of the training names": _name_list,
        "logistic regression on ±2 characters": _character_windows,
    }


def _is_regression(pipelines):
    return pipelines.codec is None and np.ndim(pipelines.raw["train"][0][1]) == 1


def _is_polyphony(pipelines):
    return pipelines.codec is None and np.ndim(pipelines.raw["train"][0][1]) == 2


# === Several classes at a step ===


def _key_frequencies(pipelines):
    _, y = _steps(pipelines, "train")
    return _nll(pipelines, (y.sum(0) + 1) / (len(y) + 2)), _ADD_ONE


def _key_tables(pipelines):
    x, y = _steps(pipelines, "train")
    sounded = _steps(pipelines, "test")[0] > 0
    stays = ((x * y).sum(0) + 1) / (x.sum(0) + 2)
    comes = (((1 - x) * y).sum(0) + 1) / ((1 - x).sum(0) + 2)
    return _nll(pipelines, np.where(sounded, stays, comes)), (
        f"one probability for a key that sounds, one for a silent one; {_ADD_ONE}"
    )


_ADD_ONE = "counted in the training steps, one added to each count"


def _key_regression(pipelines):
    """A regression for each key; their common strength is chosen on validation data."""
    extras.require("data", "skipped: needs SciPy.", "scipy.optimize", error=Skipped)
    from scipy.optimize import minimize

    x, y = _steps(pipelines, "train")
    x_validation, y_validation = _steps(pipelines, "validation")
    x_test, _ = _steps(pipelines, "test")
    heard = np.flatnonzero(y.any(0))  # the others are left to their frequency
    truth, shape = y[:, heard], (x.shape[1] + 1, len(heard))

    def loss(weights, penalty):
        weights = weights.reshape(shape)
        penalties = penalty * np.vstack([np.zeros(shape[1]), weights[1:]])
        z = x @ weights[1:] + weights[0]
        error = 1 / (1 + np.exp(-z)) - truth
        gradient = np.vstack([error.sum(0), x.T @ error]) + penalties
        nll = (np.maximum(z, 0) - z * truth + np.log1p(np.exp(-np.abs(z)))).sum()
        return nll + (penalties * weights).sum() / 2, gradient.ravel()

    def probabilities(weights, x):
        weights = weights.reshape(shape)
        p = np.full((len(x), y.shape[1]), 1 / (len(y) + 2))
        p[:, heard] = 1 / (1 + np.exp(-x @ weights[1:] - weights[0]))
        return np.clip(p, 1e-9, 1 - 1e-9)

    best, weights = None, np.zeros(shape[0] * shape[1])
    for penalty in (3.0, 1.0, 0.3, 0.1):
        weights = minimize(
            loss, weights, penalty, "L-BFGS-B", True, options={"maxiter": 100}
        ).x
        nll = _step_nll(y_validation, probabilities(weights, x_validation))
        if best is None or nll < best[0]:
            best = nll, penalty, probabilities(weights, x_test)
    return _nll(pipelines, best[2]), (
        f"one for each key, with an L2 penalty of {best[1]:g}, chosen on validation "
        "data"
    )


def _steps(pipelines, split):
    """All steps of a split one below the other: x and y, `(steps, classes)`."""
    xs, ys = zip(*pipelines.raw[split], strict=True)
    return np.concatenate(xs).astype("float64"), np.concatenate(ys).astype("float64")


def _nll(pipelines, p):
    return _step_nll(_steps(pipelines, "test")[1], p)


def _step_nll(y, p):
    return float(-np.log(np.where(y > 0, p, 1 - p)).sum(1).mean())


# === Symbols to be recalled ===


def _frequent_symbol(pipelines):
    best = np.bincount(_labels(pipelines, "train"))[1:].argmax() + 1
    return _recalled(pipelines, best), f"always {pipelines.labels[best]!r}"


def _recall_of_table(pipelines):
    return _recalled(pipelines, _table_predictions(pipelines, _windows(3))), (
        "narrower windows where the training text does not have it"
    )


def _recalled(pipelines, predicted):
    """Share of right answers where the truth is not class 0."""
    truth = _labels(pipelines, "test")
    return float(np.mean((predicted == truth)[truth != 0]))


def _memoryless(pipelines):
    """How often each class is true at each step from the first on."""
    train, test = [
        np.stack([y for _, y in pipelines.raw[split]]) for split in ("train", "test")
    ]
    counts = np.eye(pipelines.num_outputs)[train].sum(0)
    p = (counts + 1e-6) / (counts + 1e-6).sum(-1, keepdims=True)
    nll = -np.log(p[np.arange(test.shape[1]), test]).mean()
    predicted = np.tile(p.argmax(-1), len(test))
    return {"recall_accuracy": _recalled(pipelines, predicted), "nll": float(nll)}, (
        "how often each symbol stands there; without a memory nothing is better"
    )


# === Real values ===


def _training_mean(pipelines):
    mean = np.mean([y for _, y in pipelines.raw["train"]], axis=0)
    return _rmse(pipelines, [mean] * len(pipelines.raw["test"])), ""


def _persistence(pipelines):
    return _rmse(pipelines, [x[-1] for x, _ in pipelines.raw["test"]]), (
        "the last value that was read"
    )


def _ridge(pipelines):
    """Ridge regression; its strength is chosen on the validation split.

    Its steps are counted from the end; what a shorter sequence lacks is 0.
    """
    longest = max(len(x) for examples in pipelines.raw.values() for x, _ in examples)

    def row(x):
        x = np.asarray(x)
        before = [(longest - len(x), 0)] + [(0, 0)] * (x.ndim - 1)
        return [1.0, *np.ravel(np.pad(x, before))]

    design = {
        split: np.stack([row(x) for x, _ in examples])
        for split, examples in pipelines.raw.items()
    }
    y = {s: np.stack([y for _, y in e]) for s, e in pipelines.raw.items()}
    penalty = np.eye(design["train"].shape[1])
    penalty[0, 0] = 0
    best = None
    for strength in (1e-4, 1e-2, 0.1, 1.0, 10.0, 100.0):
        x = design["train"]
        weights = np.linalg.solve(x.T @ x + strength * penalty, x.T @ y["train"])
        error = np.mean((design["validation"] @ weights - y["validation"]) ** 2)
        if best is None or error < best[0]:
            best = error, strength, weights
    return _rmse(pipelines, design["test"] @ best[2]), (
        f"one for each value; ridge {best[1]:g}, chosen on validation data"
    )


def _rmse(pipelines, predicted):
    truth = np.stack([y for _, y in pipelines.raw["test"]])
    return float(np.sqrt(np.mean((np.stack(predicted) - truth) ** 2)))


# === Counting tables ===


def _majority(pipelines):
    train, test = _labels(pipelines, "train"), _labels(pipelines, "test")
    best = np.bincount(train).argmax()
    return float(np.mean(test == best)), f"always {pipelines.labels[best]!r}"


def _window_table(width):
    """Most frequent class of the window; narrower windows where it is unknown."""

    def measure(pipelines):
        predicted = _table_predictions(pipelines, _windows(width))
        return _judged(pipelines, "test", predicted), (
            "narrower windows where the training text does not have it" if width else ""
        )

    return measure


def _windows(width):
    """Offsets of windows of characters, the widest first."""
    return [range(-w, w + 1) for w in range(width, -1, -1)]


def _last_characters(count):
    """Most frequent class of the last characters; fewer where they are unknown."""

    def measure(pipelines):
        levels = [range(1 - n, 1) for n in range(count, 0, -1)]
        return _table_accuracy(pipelines, levels, last=True), ""

    return measure


def _length_table(pipelines):
    train, test = _labels(pipelines, "train"), _labels(pipelines, "test")
    lengths = [
        np.array([len(x) for x, _ in pipelines.raw[split]])
        for split in ("train", "test")
    ]
    predicted = _most_frequent(lengths[0], train, lengths[1])
    predicted = np.where(predicted < 0, np.bincount(train).argmax(), predicted)
    return float(np.mean(predicted == test)), ""


def _word_table(pipelines):
    ids = {}
    splits = {
        split: [ids.setdefault(w.lower(), len(ids)) for ws in rows for w in ws]
        for split, rows in pipelines.texts.items()
        if split != "validation"
    }
    train = _labels(pipelines, "train")
    predicted = _most_frequent(
        np.array(splits["train"]), train, np.array(splits["test"])
    )
    predicted = np.where(predicted < 0, np.bincount(train).argmax(), predicted)
    note = "of the lower-cased word; unknown words: the majority"
    return _judged(pipelines, "test", predicted), note


def _always_most_frequent(pipelines):
    best = np.bincount(_labels(pipelines, "train")).argmax()
    predicted = np.full(len(_labels(pipelines, "test")), best)
    note = f"always {pipelines.labels[best]!r}"
    return _judged(pipelines, "test", predicted), note


def _name_list(pipelines):
    tags, labels = [y for _, y in pipelines.raw["train"]], pipelines.labels
    train, test = (
        ["".join(text) for text in pipelines.texts[split]]
        for split in ("train", "test")
    )
    names = character_names.names_of(train, tags, labels)
    predicted = [character_names.look_up(text, names, labels) for text in test]
    return _judged(pipelines, "test", np.concatenate(predicted)), (
        f"{len(names):,} names, the longest that begins at a place; without those that "
        "are mostly no name"
    )


def _judged(pipelines, split, predicted):
    """Figures of one class id a step, of all sentences in a row: the main one first."""
    accuracy = {"accuracy": float(np.mean(predicted == _labels(pipelines, split)))}
    if not are_bio(pipelines.labels):
        return accuracy
    truths = [y for _, y in pipelines.raw[split]]
    ends = np.cumsum([len(y) for y in truths])[:-1]
    f1 = span_f1(pipelines.labels, truths, np.split(predicted, ends))
    return {"span_f1": f1, **accuracy}


def _table_accuracy(pipelines, levels, last=False):
    predicted = _table_predictions(pipelines, levels, last)
    return float(np.mean(predicted == _labels(pipelines, "test")))


def _table_predictions(pipelines, levels, last=False):
    """Answers of tables over the characters at `levels` of offsets, widest first."""
    train, test = _labels(pipelines, "train"), _labels(pipelines, "test")
    predicted = np.full(len(test), -1)
    for offsets in levels:
        keys = [
            _keys(pipelines.raw[split], offsets, pipelines.vocabulary_size, last)
            for split in ("train", "test")
        ]
        found = _most_frequent(keys[0], train, keys[1])
        predicted = np.where(predicted < 0, found, predicted)
    return np.where(predicted < 0, np.bincount(train).argmax(), predicted)


def _labels(pipelines, split):
    return np.concatenate([np.atleast_1d(y) for _, y in pipelines.raw[split]])


def _keys(examples, offsets, base, last=False):
    """One integer for the tokens at `offsets` of each step, or the `last`, of every x.

    Beyond the ends of a sequence stands 0, the padding.
    """
    offsets = list(offsets)
    lengths = np.array([len(x) for x, _ in examples])
    gap = max(0, *offsets, *(-offset for offset in offsets))
    # All sequences in one line, with `gap` zeros before, between and behind them.
    steps = np.arange(lengths.sum())
    steps += np.repeat(gap * np.arange(1, len(lengths) + 1), lengths)
    line = np.zeros(lengths.sum() + gap * (len(lengths) + 1), np.int64)
    line[steps] = np.concatenate([x for x, _ in examples])
    if last:
        steps = steps[np.cumsum(lengths) - 1]
    keys = np.zeros(len(steps), np.int64)
    for offset in offsets:
        keys = keys * base + line[steps + offset]
    return keys


def _most_frequent(keys, labels, queries):
    """The most frequent label of each query among `keys`; -1 if there is none.

    Of labels equally frequent with a key, the one more frequent in all wins.
    """
    totals = np.bincount(labels)
    pairs, counts = np.unique(keys * len(totals) + labels, return_counts=True)
    keys, labels = pairs // len(totals), pairs % len(totals)
    order = np.lexsort((-totals[labels], -counts, keys))
    keys, first = np.unique(keys[order], return_index=True)
    place = np.searchsorted(keys, queries).clip(max=len(keys) - 1)
    return np.where(keys[place] == queries, labels[order][first][place], -1)


# === Language model ===


def _unigram(pipelines):
    return _ngram_bits(pipelines, 1)[0], _what_counts(pipelines)


def _best_ngram(pipelines, max_order=6):
    bits = _ngram_bits(pipelines, max_order)
    best = int(np.argmin(bits))
    every = ", ".join(f"{n}: {value:.3f}" for n, value in enumerate(bits, 1))
    return bits[best], (
        f"order {best + 1}, chosen on the test split in its favour ({every}); "
        f"{_what_counts(pipelines)}"
    )


def _what_counts(pipelines):
    every = "every token and one end-of-text token a text"
    return f"predicted: {pipelines.facts.get('counted as predicted', every)}"


def _ngram_bits(pipelines, max_order):
    """Test bits per token of Witten-Bell n-grams of order 1, 2, …: see `Markov`.

    Padding and unknown cannot be predicted. Contexts end where a text begins.
    """
    import keras

    from keras_rnn_zoo.topologies.markov import Markov, ngram_tables

    markov = Markov(
        max_order - 1, pipelines.vocabulary_size, excluded=(0, 1), dtype="float64"
    )
    train, test = [
        keras.utils.pad_sequences([y for _, y in pipelines.raw[split]], padding="post")
        for split in ("train", "test")
    ]
    markov.set_tables(ngram_tables(markov, [row[row != 0] for row in train]))
    perplexities = [markov.perplexity(test, order=k) for k in range(max_order)]
    return [math.log2(perplexity) for perplexity in perplexities]


# === With scikit-learn ===


def _word_windows(pipelines):
    figures, strength = _windows_regression(pipelines)
    return figures, (
        "lower-cased words and shapes of five words, first and last 1 to 4 characters "
        f"of the middle one; C={strength:g}, chosen on validation data"
    )


def _character_windows(pipelines):
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
        *(texts[split] for split in splits), tags=_labels(pipelines, "train"), **options
    )
    strength, _, predicted = max(
        tagged,
        key=lambda one: next(iter(_judged(pipelines, "validation", one[1]).values())),
    )
    return _judged(pipelines, "test", predicted), strength


def _bag_of_words(pipelines):
    """1- and 2-grams of lower-cased words; how they count is chosen on validation."""
    _require_sklearn()
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = {s: [" ".join(t) for t in rows] for s, rows in pipelines.texts.items()}
    truths = {split: _labels(pipelines, split) for split in texts}
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


def _context_regression(pipelines):
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
    model.fit(train, _labels(pipelines, "train"))
    note = (
        "last 16 characters one-hot and the 1- to 4-grams of the last 40; settings "
        "chosen in its favour"
    )
    return float(model.score(test, _labels(pipelines, "test"))), note


def _pooled_regression(pipelines):
    return _regression(pipelines, lambda x: x.mean(axis=0)), _standardised(pipelines)


def _last_regression(pipelines):
    return _regression(pipelines, lambda x: x[-1]), _standardised(pipelines)


def _flat_regression(pipelines):
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


def _nearest_neighbour(pipelines):
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
