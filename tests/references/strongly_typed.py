"""Balduzzi & Ghifary 2016, arXiv:1602.02218: T-RNN."""

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, b = weights
    n = h.shape[1]
    f = sigmoid(x @ W[:, n:] + b)
    h = f * h + (1 - f) * (x @ W[:, :n])
    return h, [h]
