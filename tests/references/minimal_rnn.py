"""Chen 2017, arXiv:1711.06788."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, U, b, V = weights
    bz, bu = np.split(b, 2)
    z = np.tanh(x @ W + bz)
    u = sigmoid(h @ U + z @ V + bu)
    h = u * h + (1 - u) * z
    return h, [h]
