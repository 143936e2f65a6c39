"""De et al. 2024, arXiv:2402.19427: RG-LRU."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, b, decay = weights
    n = h.shape[1]
    r, i = sigmoid(x @ W[:, :n] + b[:n]), sigmoid(x @ W[:, n : 2 * n] + b[n:])
    a = (1 / (1 + np.exp(decay))) ** (8 * r)
    h = a * h + np.sqrt(1 - a**2) * (i * (x @ W[:, 2 * n :]))
    return h, [h]
