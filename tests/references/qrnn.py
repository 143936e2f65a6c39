"""Bradbury et al. 2016, arXiv:1611.01576: fo-pooling, windows of two."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    c, before = states
    W, b, V = weights
    n = c.shape[1]
    a = x @ W + before + b
    z, f, o = np.tanh(a[:, :n]), sigmoid(a[:, n : 2 * n]), sigmoid(a[:, 2 * n :])
    c = f * c + (1 - f) * z
    return o * c, [c, x @ V]
