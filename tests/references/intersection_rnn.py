"""Collins, Sohl-Dickstein & Sussillo 2016, arXiv:1611.09913: the +RNN."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    """Of as many features as units, or with a projection as the last weight."""
    (h,) = states
    W, U, b, *projection = weights
    n = h.shape[1]
    g_h, n_h, g_y, n_y = ((x @ W + h @ U + b)[:, k * n : (k + 1) * n] for k in range(4))
    passed = x @ projection[0] if projection else x
    g_h, g_y = sigmoid(g_h), sigmoid(g_y)
    h = g_h * h + (1 - g_h) * np.tanh(n_h)
    y = g_y * passed + (1 - g_y) * np.maximum(n_y, 0.0)
    return y, [h]
