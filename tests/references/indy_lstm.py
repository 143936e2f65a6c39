"""Gonnet & Deselaers 2019, arXiv:1903.08023."""

import numpy as np

from tests.references import sigmoid


def lstm(x, states, weights):
    h, c = states
    W, u, b = weights
    z = x @ W + np.tile(h, 4) * u + b
    i, f, g, o = np.split(z, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, [h, c]


def gru(x, states, weights):
    (h,) = states
    (Wr, Wz, Wh), (ur, uz, uh), (br, bz, bh) = (np.split(w, 3, -1) for w in weights)
    r = sigmoid(x @ Wr + ur * h + br)
    z = sigmoid(x @ Wz + uz * h + bz)
    h = z * h + (1 - z) * np.tanh(x @ Wh + uh * (r * h) + bh)
    return h, [h]
