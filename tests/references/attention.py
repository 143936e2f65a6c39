"""Attention in NumPy float64, from the equations of the papers.

Bahdanau et al., 2015; Luong et al., 2015; Chorowski et al., 2015; Raffel et al., 2017.
One query `(features,)` and one source `(steps, features)` at a time.
"""

import numpy as np


def sigmoid(x):
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


def softmax(e):
    """Of a vector, which may be empty."""
    e = np.exp(e - e.max(initial=-np.inf)) if len(e) else e
    return e / e.sum()


def additive(q, m, w, location=None):
    """The scores v · tanh(q W + m U + f V + b)."""
    hidden = q @ w["query_kernel"] + m @ w["memory_kernel"] + w["bias"]
    if location is not None:
        hidden = hidden + location @ w["location_kernel"]
    v = w["score_kernel"][:, 0]
    if "score_scale" in w:
        v = w["score_scale"] * v / np.linalg.norm(v)
    return np.tanh(hidden) @ v


def bahdanau(q, m, previous, w):
    """Weights of one query."""
    return softmax(additive(q, m, w))


def luong(q, m, previous, w, score):
    """Weights of one query."""
    if score == "general":
        return softmax(m @ w["memory_kernel"] @ q)
    return softmax(m @ q / (np.sqrt(len(q)) if score == "scaled" else 1))


def location(q, m, previous, w):
    """Weights of one query; the filters are centred, and see zeros beyond the ends."""
    filters = w["location_filters"][:, 0]
    size, count = filters.shape
    f = np.zeros((len(m), count))
    for j in range(len(m)):
        for k in range(size):
            i = j + k - (size - 1) // 2
            if 0 <= i < len(m):
                f[j] += previous[i] * filters[k]
    return softmax(additive(q, m, w, f))


def monotonic(q, m, previous, w, hard=False):
    """Weights of one query: the recursion over the source."""
    p = sigmoid(additive(q, m, w) + w["score_bias"])
    if hard:
        p = (p > 0.5).astype(float)
    reached, weights = 0.0, []
    for j in range(len(m)):
        passed = (1 - p[j - 1]) * reached if j else 0.0
        reached = passed + previous[j]
        weights.append(p[j] * reached)
    return np.array(weights)
