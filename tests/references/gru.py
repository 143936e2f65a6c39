"""Cho et al. 2014, arXiv:1406.1078: version 3 resets before U, version 1 after."""

import numpy as np

from tests.references import sigmoid


def _blocks(w, n):
    return [w[..., k * n : (k + 1) * n] for k in range(3)]


def reset_before_step(x, states, weights):
    (h,) = states
    n = h.shape[1]
    (Wz, Wr, Wh), (Uz, Ur, Uh), (bz, br, bh) = (_blocks(w, n) for w in weights)
    z = sigmoid(x @ Wz + h @ Uz + bz)
    r = sigmoid(x @ Wr + h @ Ur + br)
    candidate = np.tanh(x @ Wh + (r * h) @ Uh + bh)
    h = z * h + (1 - z) * candidate
    return h, [h]


def reset_after_step(x, states, weights):
    (h,) = states
    n = h.shape[1]
    W, U, b = weights
    (Wz, Wr, Wh), (Uz, Ur, Uh) = _blocks(W, n), _blocks(U, n)
    (bz, br, bh), (dz, dr, dh) = _blocks(b[0], n), _blocks(b[1], n)
    z = sigmoid(x @ Wz + bz + h @ Uz + dz)
    r = sigmoid(x @ Wr + br + h @ Ur + dr)
    candidate = np.tanh(x @ Wh + bh + r * (h @ Uh + dh))
    h = z * h + (1 - z) * candidate
    return h, [h]
