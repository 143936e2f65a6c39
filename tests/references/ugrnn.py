"""Collins et al. 2016, arXiv:1611.09913."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, U, b = weights
    g, n = np.split(x @ W + h @ U + b, 2, axis=1)
    h = sigmoid(g) * h + (1 - sigmoid(g)) * np.tanh(n)
    return h, [h]
