"""Mikolov et al. 2014, arXiv:1412.7753: context s, hidden units h, both go out."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    h, s = states
    W, R, P = weights
    A, B = W[:, : h.shape[1]], W[:, h.shape[1] :]
    s = 0.05 * x @ B + 0.95 * s
    h = sigmoid(s @ P + x @ A + h @ R)
    return np.concatenate([h, s], -1), [h, s]


def step_with_bias(x, states, weights):
    """With α = 0.7 and a bias beside A and B."""
    h, s = states
    W, R, b, P = weights
    n = h.shape[1]
    s = 0.3 * (x @ W[:, n:] + b[n:]) + 0.7 * s
    h = sigmoid(s @ P + x @ W[:, :n] + b[:n] + h @ R)
    return np.concatenate([h, s], -1), [h, s]
