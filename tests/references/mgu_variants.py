"""Heck & Salem 2017, arXiv:1701.03452."""

import numpy as np

from tests.references import sigmoid


def mgu1(x, states, weights):
    (h,) = states
    W, U, b = weights
    (Uf, Uh), (bf, bh) = np.split(U, 2, axis=1), np.split(b, 2)
    f = sigmoid(h @ Uf + bf)
    h = (1 - f) * h + f * np.tanh(x @ W + (f * h) @ Uh + bh)
    return h, [h]


def mgu2(x, states, weights):
    (h,) = states
    W, U, b = weights
    Uf, Uh = np.split(U, 2, axis=1)
    f = sigmoid(h @ Uf)
    h = (1 - f) * h + f * np.tanh(x @ W + (f * h) @ Uh + b)
    return h, [h]


def mgu3(x, states, weights):
    (h,) = states
    W, U, b = weights
    bf, bh = np.split(b, 2)
    f = sigmoid(bf)
    h = (1 - f) * h + f * np.tanh(x @ W + (f * h) @ U + bh)
    return h, [h]
