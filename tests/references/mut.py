"""Jozefowicz, Zaremba & Sutskever 2015, ICML."""

import numpy as np

from tests.references import sigmoid


def mut1(x, states, weights):
    (h,) = states
    W, U, b, P = weights
    n = h.shape[1]
    z = sigmoid(x @ W[:, :n] + b[:n])
    r = sigmoid(x @ W[:, n:] + h @ U[:, :n] + b[n : 2 * n])
    candidate = np.tanh((r * h) @ U[:, n:] + np.tanh(x @ P) + b[2 * n :])
    h = candidate * z + h * (1 - z)
    return h, [h]


def mut2(x, states, weights):
    (h,) = states
    W, U, b, P = weights
    n = h.shape[1]
    z = sigmoid(x @ W[:, :n] + h @ U[:, :n] + b[:n])
    r = sigmoid(x @ P + h @ U[:, n : 2 * n] + b[n : 2 * n])
    candidate = np.tanh(x @ W[:, n:] + (r * h) @ U[:, 2 * n :] + b[2 * n :])
    h = candidate * z + h * (1 - z)
    return h, [h]


def mut3(x, states, weights):
    (h,) = states
    (Wz, Wr, Wh), (Uz, Ur, Uh), (bz, br, bh) = (np.split(w, 3, -1) for w in weights)
    z = sigmoid(x @ Wz + np.tanh(h) @ Uz + bz)
    r = sigmoid(x @ Wr + h @ Ur + br)
    candidate = np.tanh(x @ Wh + (r * h) @ Uh + bh)
    h = candidate * z + h * (1 - z)
    return h, [h]
