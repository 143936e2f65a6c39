"""Landi et al. 2021, arXiv:2109.00020."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    h, c = states
    W, U, b, V, d = weights
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=1)
    (Vi, Vf, Vo), (di, df, do) = np.split(V, 3, axis=1), np.split(d, 3)
    i = sigmoid(i + np.tanh(c @ Vi + di))
    f = sigmoid(f + np.tanh(c @ Vf + df))
    c = f * c + i * np.tanh(g)
    h = sigmoid(o + np.tanh(c @ Vo + do)) * np.tanh(c)
    return h, [h, c]
