"""Laurent & von Brecht 2016, arXiv:1612.06212."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, U, b = weights
    n = h.shape[1]
    theta, eta = np.split(sigmoid(x @ W[:, : 2 * n] + h @ U + b), 2, axis=1)
    h = theta * np.tanh(h) + eta * np.tanh(x @ W[:, 2 * n :])
    return h, [h]
