"""Martin & Cundy 2018, arXiv:1709.04057: GILR."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, b = weights
    n = h.shape[1]
    g = sigmoid(x @ W[:, :n] + b[:n])
    h = g * h + (1 - g) * np.tanh(x @ W[:, n:] + b[n:])
    return h, [h]
