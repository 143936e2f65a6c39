"""A chain of states by enumeration: every path is written out. NumPy float64."""

import itertools

import numpy as np


def paths(unary, transition, initial=None, final=None):
    """`(all paths, their scores)` of one row without masked steps, `(time, states)`."""
    time, states = unary.shape
    every = np.array(list(itertools.product(range(states), repeat=time)), int)
    every = every.reshape(states**time, time)
    scores = np.zeros(len(every))
    for t in range(time):
        scores += unary[t, every[:, t]]
        if t:
            scores += transition[every[:, t - 1], every[:, t]]
    if time and initial is not None:
        scores += initial[every[:, 0]]
    if time and final is not None:
        scores += final[every[:, -1]]
    return every, scores


def summary(unary, transition, mask, initial=None, final=None):
    """A dict for a batch: log_norm, marginals, transitions, path, score."""
    batch, time, states = unary.shape
    result = {
        "log_norm": np.zeros(batch),
        "marginals": np.zeros(unary.shape),
        "transitions": np.zeros((batch, states, states)),
        "firsts": np.zeros((batch, states)),
        "lasts": np.zeros((batch, states)),
        "path": np.zeros((batch, time), int),
        "score": np.zeros(batch),
    }
    for row in range(batch):
        steps = np.flatnonzero(mask[row])
        every, scores = paths(unary[row, steps], transition, initial, final)
        result["score"][row] = peak = scores.max()
        if peak == -np.inf:
            result["log_norm"][row] = peak
            continue
        weights = np.exp(scores - peak)
        result["log_norm"][row] = peak + np.log(weights.sum())
        weights /= weights.sum()
        # The first of the best paths: itertools counts the lower states first.
        result["path"][row, steps] = every[scores.argmax()]
        for path, weight in zip(every, weights, strict=True):
            result["marginals"][row, steps, path] += weight
            for i, j in itertools.pairwise(path):
                result["transitions"][row, i, j] += weight
            if len(path):
                result["firsts"][row, path[0]] += weight
                result["lasts"][row, path[-1]] += weight
    return result
