"""Baum-Welch: hidden Markov models fitted by expectation maximisation.

E-step: with the weights that there are, how often is each state expected to be first,
each transition to be taken, each state to show what was seen. M-step: the weights under
which just these counts are the most probable, which are their shares. Neither lowers
the likelihood of the data.
"""

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_zoo.layers.core.arguments import flag, positive_integer
from keras_rnn_zoo.ops.checks import number_from
from keras_rnn_zoo.topologies.hmm import HMM


def fit_em(
    hmm,
    dataset,
    *,
    epochs=20,
    tolerance=1e-4,
    pseudocount=0.0,
    min_variance=1e-3,
    initialize=False,
    seed=None,
):
    """Fit a hidden Markov model to sequences, by Baum-Welch.

    One epoch is one pass over the data, batch by batch, and one M-step:

        π[i] ∝ Σ P(s_1 = i | x),   A[i, j] ∝ Σ_t P(s_{t-1} = i, s_t = j | x),
        B[i, v] ∝ Σ_{t: x_t = v} P(s_t = i | x);   Gaussian: weighted mean and variance

    A state that is never expected keeps its weights. A probability that becomes 0 stays
    0, also in later training; `pseudocount` prevents that.

    Args:
        hmm: `HMM`. Its weights are replaced.
        dataset: `tf.data.Dataset`, or an iterable that can be read again, of batches of
            observations `(batch, time)` or `(batch, time, num_features)`. Of a tuple
            the first is taken. Padding is what equals the `mask_value` of the model.
        epochs: int. Most passes over the data.
        tolerance: number. Stop when the log likelihood of a step of the data rises by
            less.
        pseudocount: number, at least 0. Added to every count of π, A and B. Above 0,
            what never falls is the likelihood times that of the counts (MAP).
        min_variance: number above 0. Gaussian variances are at least this; where they
            would be less, the likelihood may fall.
        initialize: bool. Gaussian only: start with means drawn from the data and the
            variance of the data.
        seed: int or None. Seed of what is drawn.

    Returns:
        dict of `"log_prob"`, list of float: the log likelihood of all data before each
        M-step and after the last.

    Raises:
        TypeError: if `hmm` is no `HMM`, or an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range, or there is no unmasked
            step in the data.

    Example:
    >>> x = np.array([[0, 0, 1, 1, 0, 0, 1, 1]])
    >>> hmm = keras_rnn_zoo.HMM(4, num_symbols=2, seed=1)
    >>> history = fit_em(hmm, tf.data.Dataset.from_tensors(x), epochs=40)
    >>> history["log_prob"][-1] > history["log_prob"][0]
    True
    """
    check_hmm(hmm)
    epochs = positive_integer("epochs", epochs)
    tolerance = number_from("tolerance", tolerance, 0)
    pseudocount = number_from("pseudocount", pseudocount, 0)
    min_variance = number_from("min_variance", min_variance, 0)
    if flag("initialize", initialize):
        _start_from_data(hmm, dataset, seed)
    history = []
    for _ in range(epochs):
        counts = sum_counts(
            _expected_counts(hmm, batch) for batch in observations_of(dataset)
        )
        history.append(float(counts.pop("log_prob")))
        steps = counts.pop("steps")
        if len(history) > 1 and history[-1] - history[-2] < tolerance * steps:
            return {"log_prob": history}
        set_shares(hmm, counts, pseudocount, min_variance)
    last = sum(float(tf.reduce_sum(hmm(b))) for b in observations_of(dataset))
    return {"log_prob": [*history, last]}


def set_shares(hmm, counts, pseudocount, min_variance):
    """The M-step: set the weights of `hmm` to the shares of counts.

    Args:
        hmm: `HMM`.
        counts: dict of float64 arrays: `initial` (S,), `transition` (S, S), and
            `emission` (S, V); or `visits` (S,), and of the distances of observations
            from the present means `distance` and `squared` (S, F).
        pseudocount: number. Added to every count.
        min_variance: number.
    """
    names = ["initial", "transition"]
    if hmm.emission_kind == "categorical":
        names.append("emission")
    for name in names:
        weight = getattr(hmm, name)
        old = keras.ops.convert_to_numpy(weight)
        count = counts[name] + pseudocount
        total = count.sum(axis=-1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            weight.assign(np.where(total > 0, np.log(count / total), old))
    if hmm.emission_kind == "gaussian":
        visits = counts["visits"][:, None]
        seen, visits = visits > 0, np.maximum(visits, 1e-300)
        shift = np.where(seen, counts["distance"] / visits, 0.0)
        variance = np.maximum(counts["squared"] / visits - shift**2, min_variance)
        old = keras.ops.convert_to_numpy(hmm.log_variance)
        hmm.log_variance.assign(np.where(seen, np.log(variance), old))
        hmm.mean.assign(keras.ops.convert_to_numpy(hmm.mean) + shift)


def check_hmm(hmm):
    """Raises a TypeError if `hmm` is no `HMM`."""
    if not isinstance(hmm, HMM):
        raise TypeError(f"`hmm` must be an `HMM`. Received: hmm={hmm!r}.")


def observations_of(dataset):
    """The batches of observations, as tensors."""
    for batch in dataset:
        yield tf.convert_to_tensor(batch[0] if isinstance(batch, tuple) else batch)


def emission_counts(hmm, x, weights):
    """How often each state showed what, under weights of states at each step.

    Args:
        hmm: `HMM`.
        x: observations `(batch, time)` or `(batch, time, num_features)`.
        weights: `(batch, time, states)`; zeros where masked.

    Returns:
        dict; see `set_shares`.
    """
    weights = tf.reshape(weights, (-1, hmm.num_states))
    if hmm.emission_kind == "categorical":
        symbols = tf.reshape(tf.cast(x, "int32"), [-1])
        known = tf.reduce_any(weights > 0, axis=-1)
        symbols = tf.where(known, symbols, 0)
        shown = tf.math.unsorted_segment_sum(weights, symbols, hmm.num_symbols)
        return {"emission": tf.transpose(shown)}
    x = tf.cast(tf.reshape(x, (-1, 1, hmm.num_features)), weights.dtype)
    # From the present means, for the variance is small against squares far from 0.
    distance = x - tf.convert_to_tensor(hmm.mean)
    known = weights[..., tf.newaxis] > 0
    distance = tf.where(known, distance, tf.zeros_like(distance))
    return {
        "visits": tf.reduce_sum(weights, axis=0),
        "distance": tf.einsum("ns,nsf->sf", weights, distance),
        "squared": tf.einsum("ns,nsf->sf", weights, distance**2),
    }


@tf.function(autograph=False, reduce_retracing=True)
def _expected_counts(hmm, x):
    log_prob, posterior, transitions, mask = hmm.expectations(x)
    first = mask & (tf.cumsum(tf.cast(mask, "int32"), axis=1) == 1)
    first = tf.cast(first, posterior.dtype)[..., tf.newaxis]
    return {
        "log_prob": tf.reduce_sum(log_prob),
        "steps": tf.reduce_sum(tf.cast(mask, "int32")),
        "initial": tf.reduce_sum(posterior * first, axis=(0, 1)),
        "transition": transitions,
        **emission_counts(hmm, x, posterior),
    }


def sum_counts(many):
    """Sums dicts of tensors, with a count of `steps`, in float64."""
    total = {}
    for one in many:
        for name, value in one.items():
            total[name] = total.get(name, 0) + np.asarray(value).astype("float64")
    if not total or not total["steps"]:
        raise ValueError(
            "`dataset` must hold at least one unmasked step. Received: "
            f"{'no batches' if not total else 'nothing but masked steps'}."
        )
    return total


def _start_from_data(hmm, dataset, seed):
    if hmm.emission_kind != "gaussian":
        raise ValueError(
            "`initialize` must be False for categorical emissions. "
            "Received: initialize=True."
        )
    rows = []
    for x in observations_of(dataset):
        rows.append(x.numpy()[hmm.mask_of(x).numpy()])
    rows = np.concatenate(rows) if rows else np.zeros((0, hmm.num_features))
    if len(rows) < hmm.num_states:
        raise ValueError(
            "`dataset` must hold as many unmasked steps as there are states to start "
            f"from it. Received: {len(rows)} steps, num_states={hmm.num_states}."
        )
    chosen = np.random.default_rng(seed).choice(len(rows), hmm.num_states, False)
    hmm.mean.assign(rows[chosen])
    variance = np.maximum(rows.var(axis=0), 1e-6)
    hmm.log_variance.assign(np.tile(np.log(variance), (hmm.num_states, 1)))
