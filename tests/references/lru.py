"""Orvieto et al. 2023, arXiv:2303.06349: LRU, in complex numbers."""

import numpy as np


def step(x, states, weights):
    re, im = states
    N = re.shape[1]
    W, nu, theta, gamma, C = weights
    B, D = W[:, :N] + 1j * W[:, N : 2 * N], W[:, 2 * N :]
    C = C[:N] + 1j * C[N:]
    s = np.exp(-np.exp(nu) + 1j * np.exp(theta)) * (re + 1j * im)
    s = s + np.exp(gamma) * (x @ B)
    return (s @ C).real + x @ D, [s.real, s.imag]
