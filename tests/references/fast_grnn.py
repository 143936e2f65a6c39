"""Kusupati et al. 2019, arXiv:1901.02358."""

import numpy as np

from tests.references import sigmoid


def rnn(x, states, weights):
    (h,) = states
    W, U, b, alpha, beta = weights
    h = sigmoid(alpha) * np.tanh(x @ W + h @ U + b) + sigmoid(beta) * h
    return h, [h]


def grnn(x, states, weights):
    (h,) = states
    W, U, b, zeta, nu = weights
    bz, bh = np.split(b, 2)
    a = x @ W + h @ U
    z = sigmoid(a + bz)
    h = z * h + (sigmoid(zeta) * (1 - z) + sigmoid(nu)) * np.tanh(a + bh)
    return h, [h]
