"""Rusch & Mishra 2020, arXiv:2010.00951; Δ = 0.5, γ = 0.4, ε = 0.3."""

import numpy as np


def step(x, states, weights):
    y, z = states
    W, U, b, V = weights
    z = z + 0.5 * (np.tanh(x @ W + y @ U + z @ V + b) - 0.4 * y - 0.3 * z)
    y = y + 0.5 * z
    return y, [y, z]
