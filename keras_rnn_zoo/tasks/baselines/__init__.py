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

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from keras_rnn_zoo.tasks.baselines import keys, ngrams, recall, tables, values
from keras_rnn_zoo.tasks.baselines import regressions as fitted
from keras_rnn_zoo.tasks.baselines.base import Baseline, Skipped
from keras_rnn_zoo.tasks.tagging import are_bio

if TYPE_CHECKING:  # which imports TensorFlow
    from keras_rnn_zoo.datasets import Pipelines


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
            "most frequent symbol": recall.frequent_symbol,
            "±3-character window table": recall.recall_of_table,
            "memoryless: the number of the step": recall.memoryless,
        }
    if _is_polyphony(pipelines):
        return {
            "each key by its frequency": keys.key_frequencies,
            "each key by itself one step before": keys.key_tables,
            "logistic regression on the step before": keys.key_regression,
        }
    if _is_regression(pipelines):
        forecast = pipelines.num_features == 1 and pipelines.num_outputs > 1
        if isinstance(pipelines.raw["train"][0][0], dict):
            return {"mean of the training targets": values.training_mean}
        return {
            "mean of the training targets": values.training_mean,
            **({"persistence": values.persistence} if forecast else {}),
            "linear regression on all steps": values.ridge,
        }
    several = isinstance(pipelines.raw["train"][0][0], dict)
    if several and np.ndim(pipelines.raw["train"][0][1]) == 0:
        return {"majority": tables.majority}
    if pipelines.codec is None:
        return _of_real_sequences(pipelines)
    return _of_texts(pipelines)


def _of_real_sequences(pipelines) -> dict[str, Callable]:
    """Those of a class for a sequence of numbers."""
    if pipelines.padding is not None:
        return {
            "majority": tables.majority,
            "most frequent class of the length": tables.length_table,
            "logistic regression on the last step": fitted.last_regression,
            "logistic regression on the mean over time": fitted.pooled_regression,
        }
    return {
        "majority": tables.majority,
        "logistic regression on the mean over time": fitted.pooled_regression,
        "flat logistic regression": fitted.flat_regression,
        "1-nearest neighbour": fitted.nearest_neighbour,
    }


def _of_texts(pipelines) -> dict[str, Callable]:
    """Those of a class, or a token, for a text or for each of its steps."""
    per_step = np.ndim(pipelines.raw["train"][0][1]) == 1
    if _is_language_model(pipelines):
        return {"1-gram": ngrams.unigram, "best Witten-Bell n-gram": ngrams.best_ngram}
    if not per_step and pipelines.codec.unit == "word":
        return {
            "majority": tables.majority,
            "logistic regression on words and pairs of words": fitted.bag_of_words,
        }
    if not per_step:
        return {
            "majority": tables.majority,
            "last 3 characters with back-off": tables.last_characters(3),
            "last 6 characters with back-off": tables.last_characters(6),
            "logistic regression, 40 characters of context": fitted.context_regression,
        }
    if pipelines.codec.unit == "word":
        return {
            "majority": tables.always_most_frequent,
            "most frequent tag of the word": tables.word_table,
            "logistic regression on ±2 words": fitted.word_window_regression,
        }
    windows = {
        "majority": tables.always_most_frequent,
        "most frequent class of the character": tables.window_table(0),
        "±1-character window table": tables.window_table(1),
        "±2-character window table": tables.window_table(2),
        "±3-character window table": tables.window_table(3),
    }
    if not are_bio(pipelines.labels):
        return windows
    return windows | {
        "list of the training names": tables.name_list,
        "logistic regression on ±2 characters": fitted.character_window_regression,
    }


def _is_regression(pipelines):
    return pipelines.codec is None and np.ndim(pipelines.raw["train"][0][1]) == 1


def _is_polyphony(pipelines):
    return pipelines.codec is None and np.ndim(pipelines.raw["train"][0][1]) == 2
