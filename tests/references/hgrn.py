"""Qin, Yang & Zhong 2023, arXiv:2311.04823: the recurrence, in complex numbers."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights, lower_bound=0.3):
    W, b, theta = weights
    n = len(theta)
    z = x @ W + b
    gate = lower_bound + (1 - lower_bound) * sigmoid(z[:, :n])
    re, im = z[:, n : 2 * n], z[:, 2 * n :]
    candidate = re * sigmoid(re) + 1j * im * sigmoid(im)
    h = states[0] + 1j * states[1]
    h = gate * np.exp(1j * theta) * h + (1 - gate) * candidate
    return np.concatenate([h.real, h.imag], 1), [h.real, h.imag]
