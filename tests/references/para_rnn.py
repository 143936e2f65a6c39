"""Danieli et al. 2025, arXiv:2510.21450: ParaGRU and ParaLSTM, one head."""

import numpy as np

from tests.references import sigmoid


def cut(n, *arrays):
    return [[a[..., k * n : (k + 1) * n] for k in range(3)] for a in arrays]


def gru_step(x, states, weights):
    (h,) = states
    (Bz, Br, Bh), (az, ar, ah), (bz, br, bh) = cut(h.shape[1], *weights)
    z = sigmoid(az * h + x @ Bz + bz)
    r = sigmoid(ar * h + x @ Br + br)
    n = np.tanh(ah * (h * r) + x @ Bh + bh)
    h = (1 - z) * h + z * n
    return h, [h]


def lstm_step(x, states, weights):
    h, c = states
    n = h.shape[1]
    (Bf, Bo, Bc), (af, ao, ac), (bf, bo, bc) = cut(n, *weights[:3])
    Cf, Co = weights[3][:n], weights[3][n:]
    f = sigmoid(af * h + x @ Bf + Cf * c + bf)
    c = f * c + (1 - f) * np.tanh(ac * h + x @ Bc + bc)
    o = sigmoid(ao * h + x @ Bo + Co * c + bo)
    h = o * np.tanh(c)
    return h, [h, c]
