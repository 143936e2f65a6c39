"""Turkoglu et al. 2019, arXiv:1911.11033."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, U, b = weights
    z, k = np.split(x @ W + b, 2, axis=1)
    k = sigmoid(k + h @ U)
    h = np.tanh((1 - k) * h + k * np.tanh(z))
    return h, [h]
