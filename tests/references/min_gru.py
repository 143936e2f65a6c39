"""Feng et al. 2024, arXiv:2410.01201: minGRU, and the candidate of its log-space."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights, g=lambda v: v):
    (h,) = states
    n = h.shape[1]
    (Wz, Wh), (bz, bh) = ((w[..., :n], w[..., n:]) for w in weights)
    z = sigmoid(x @ Wz + bz)
    h = (1 - z) * h + z * g(x @ Wh + bh)
    return h, [h]


def tanh_step(x, states, weights):
    return step(x, states, weights, np.tanh)
