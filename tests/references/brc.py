"""Vecoven, Ernst & Drion 2021, PLoS ONE 16(6), with biases."""

import numpy as np

from tests.references import sigmoid


def brc(x, states, weights):
    (h,) = states
    W, u, b = weights
    xa, xc, xh = np.split(x @ W + b, 3, axis=1)
    ua, uc = np.split(u, 2)
    a, c = 1 + np.tanh(xa + ua * h), sigmoid(xc + uc * h)
    h = c * h + (1 - c) * np.tanh(xh + a * h)
    return h, [h]


def nbrc(x, states, weights):
    (h,) = states
    W, U, b = weights
    xa, xc, xh = np.split(x @ W + b, 3, axis=1)
    ua, uc = np.split(h @ U, 2, axis=1)
    a, c = 1 + np.tanh(xa + ua), sigmoid(xc + uc)
    h = c * h + (1 - c) * np.tanh(xh + a * h)
    return h, [h]
