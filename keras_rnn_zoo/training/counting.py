"""Models that are counted: hidden Markov models with known states, n-grams."""

import numpy as np
import tensorflow as tf

from keras_rnn_zoo.ops.checks import number_from
from keras_rnn_zoo.topologies.hmm import HMM
from keras_rnn_zoo.topologies.markov import Markov, ngram_tables
from keras_rnn_zoo.training import em


def fit_counts(model, dataset, *, pseudocount=0.0, min_variance=1e-3):
    """Fit a model whose most probable weights are shares of counts, in one pass.

    Args:
        model: `HMM`, with known states, or `Markov`. What it held is replaced.
        dataset: `tf.data.Dataset`, or another iterable, of batches. For `HMM`
            `(observations, states)`, states int `(batch, time)`; what equals the
            model's `mask_value` is padding. For `Markov` tokens `(batch, time)`, in
            which 0 is the padding.
        pseudocount: number, at least 0. `HMM` only: added to every count.
        min_variance: number. `HMM` only: Gaussian variances are at least this.

    Returns:
        `model`.

    Raises:
        TypeError: if `model` is neither, or a batch is of the wrong kind.
        ValueError: if an argument or a state has a value out of its range, or there is
            nothing to count.

    Example:
    >>> x, states = np.array([[0, 1, 1, 2]]), np.array([[0, 0, 1, 1]])
    >>> hmm = keras_rnn_zoo.HMM(2, num_symbols=3)
    >>> hmm = fit_counts(hmm, [(x, states)], pseudocount=1)
    >>> np.exp(hmm.transition.numpy()).round(2)
    array([[0.5 , 0.5 ],
           [0.33, 0.67]], dtype=float32)
    """
    if isinstance(model, HMM):
        pseudocount = number_from("pseudocount", pseudocount, 0)
        min_variance = number_from("min_variance", min_variance, 0)
        counts = em.sum_counts(_state_counts(model, batch) for batch in dataset)
        em.set_shares(model, counts, pseudocount, min_variance)
    elif isinstance(model, Markov):
        model.set_tables(ngram_tables(model, _sequences(dataset, model)))
    else:
        raise TypeError(
            f"`model` must be an `HMM` or a `Markov`. Received: model={model!r}."
        )
    return model


def _sequences(dataset, model):
    sequences = []
    for batch in dataset:
        if isinstance(batch, tuple):
            raise TypeError(
                "`dataset` must hold batches of tokens alone for `Markov`. Received: a "
                f"tuple of {len(batch)}. Map it to the tokens that are to be predicted."
            )
        tokens = np.asarray(batch)
        if tokens.ndim != 2 or tokens.dtype.kind not in "iu":
            raise TypeError(
                "`dataset` must hold batches of integer tokens (batch, time). "
                f"Received: {tokens.dtype} of shape {tokens.shape}."
            )
        outside = tokens[(tokens < 0) | (tokens >= model.vocabulary_size)]
        if outside.size:
            raise ValueError(
                f"`dataset` must hold tokens from 0 to {model.vocabulary_size - 1}. "
                f"Received: token {outside[0]}."
            )
        sequences += [row[row != 0] for row in tokens]
    if not any(map(len, sequences)):
        raise ValueError(
            "`dataset` must hold at least one token. Received: "
            f"{len(sequences)} sequences, with no token that is not padding."
        )
    return sequences


def _state_counts(hmm, batch):
    if not isinstance(batch, tuple) or len(batch) != 2:
        raise TypeError(
            "`dataset` must hold pairs (observations, states) for `HMM`. Received: "
            f"{type(batch).__name__}."
        )
    x, states = map(tf.convert_to_tensor, batch)
    log_prob = hmm.joint_log_prob(states, x)  # and with it every check
    mask = hmm.mask_of(x)
    shown = tf.one_hot(states, hmm.num_states, dtype=hmm.variable_dtype)
    shown *= tf.cast(mask, shown.dtype)[..., tf.newaxis]
    emission = em.emission_counts(hmm, x, shown)
    mask = mask.numpy()
    row, _ = np.nonzero(mask)
    flat = states.numpy()[mask]
    first = np.diff(row, prepend=-1) > 0
    pairs = np.zeros((hmm.num_states,) * 2)
    linked = ~first[1:]
    np.add.at(pairs, (flat[:-1][linked], flat[1:][linked]), 1)
    counts = {
        "steps": np.array(len(flat)),
        "log_prob": log_prob.numpy().sum(),
        "initial": np.bincount(flat[first], minlength=hmm.num_states),
        "transition": pairs,
    }
    return counts | emission
