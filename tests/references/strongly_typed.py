"""Balduzzi & Ghifary 2016, arXiv:1602.02218: T-RNN, T-GRU, T-LSTM."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, b = weights
    n = h.shape[1]
    f = sigmoid(x @ W[:, n:] + b)
    h = f * h + (1 - f) * (x @ W[:, :n])
    return h, [h]


def _terms(x, before, weights):
    """z, f, o of x_t and of x_{t-1} V, which is kept in the place of x_{t-1}."""
    W, b, V = weights
    z, f, o = np.split(x @ W + before + b, 3, axis=1)
    return z, sigmoid(f), np.tanh(o), x @ V


def gru_step(x, states, weights):
    h, before = states
    z, f, o, now = _terms(x, before, weights)
    h = f * h + z * o
    return h, [h, now]


def lstm_step(x, states, weights):
    c, before = states
    z, f, o, now = _terms(x, before, weights)
    c = f * c + (1 - f) * z
    return c * o, [c, now]
