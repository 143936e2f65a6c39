"""Ravanelli et al. 2018, arXiv:1803.10225, without batch normalisation."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, U, b = weights
    z, n = np.split(x @ W + h @ U + b, 2, axis=1)
    h = sigmoid(z) * h + (1 - sigmoid(z)) * np.maximum(n, 0)
    return h, [h]
