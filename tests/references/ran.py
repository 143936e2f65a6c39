"""Lee, Levy & Zettlemoyer 2017, arXiv:1705.07393."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    h, c = states
    W, U, b = weights
    n = h.shape[1]
    i, f = np.split(sigmoid(x @ W[:, : 2 * n] + h @ U + b), 2, axis=1)
    c = i * (x @ W[:, 2 * n :]) + f * c
    h = np.tanh(c)
    return h, [h, c]
