"""Gao & Glowacka 2016, arXiv:1604.02910, with a logistic gate."""

import numpy as np

from tests.references import sigmoid


def sgu(x, states, weights):
    (h,) = states
    W, U, b = weights
    (xg, xz), (Ug, Uz) = np.split(x @ W + b, 2, axis=1), np.split(U, 2, axis=1)
    g = np.tanh((xg * h) @ Ug)
    z = sigmoid(xz + h @ Uz)
    h = (1 - z) * h + z * np.log1p(np.exp(g * h))
    return h, [h]


def dsgu(x, states, weights):
    (h,) = states
    W, U, b, V = weights
    (xg, xz), (Ug, Uz) = np.split(x @ W + b, 2, axis=1), np.split(U, 2, axis=1)
    g = np.tanh((xg * h) @ Ug)
    z = sigmoid(xz + h @ Uz)
    h = (1 - z) * h + z * sigmoid((g * h) @ V)
    return h, [h]
