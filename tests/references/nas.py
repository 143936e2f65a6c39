"""Zoph & Le 2016, arXiv:1611.01578; branches as in the authors' code."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    c, h = states
    W, U, b = weights
    a, m = np.split(x @ W, 8, axis=1), np.split(h @ U + b, 8, axis=1)
    l0, l2, l5, l7 = (sigmoid(a[k] + m[k]) for k in (0, 2, 5, 7))
    l1, l3 = np.maximum(a[1] + m[1], 0), np.maximum(a[3] * m[3], 0)
    l4, l6 = np.tanh(a[4] + m[4]), np.tanh(a[6] + m[6])
    n0, n1, n2 = np.tanh(l0 * l1), np.tanh(l2 + l3), np.tanh(l4 * l5)
    c = np.tanh(n0 + c) * n1
    h = np.tanh(c * np.tanh(n2 + sigmoid(l6 + l7)))
    return h, [c, h]


def projected_step(x, states, weights):
    *weights, P = weights
    m, [c, _] = step(x, states, weights)
    return m @ P, [c, m @ P]
