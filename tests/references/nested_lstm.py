"""Moniz & Krueger 2017, arXiv:1801.10308: one LSTM within another."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    h, c, n = states
    W, U, b, V, R, d = weights
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=1)
    inner_x = sigmoid(i) * g
    inner_h = sigmoid(f) * c
    i2, f2, g2, o2 = np.split(inner_x @ V + inner_h @ R + d, 4, axis=1)
    n = sigmoid(f2) * n + sigmoid(i2) * np.tanh(g2)
    c = sigmoid(o2) * np.tanh(n)
    h = sigmoid(o) * np.tanh(c)
    return h, [h, c, n]
