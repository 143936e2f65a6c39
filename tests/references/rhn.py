"""Zilly et al. 2017, arXiv:1607.03474: a highway network of L layers for each step."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (s,) = states
    W, U, b = weights
    n = s.shape[1]
    for layer in range(b.size // (2 * n)):
        at = slice(2 * n * layer, 2 * n * layer + n)
        of = slice(2 * n * layer + n, 2 * n * layer + 2 * n)
        h, t = s @ U[:, at] + b[at], s @ U[:, of] + b[of]
        if layer == 0:
            h, t = h + x @ W[:, :n], t + x @ W[:, n:]
        h, t = np.tanh(h), sigmoid(t)
        s = h * t + s * (1 - t)
    return s, [s]
