"""Rusch & Mishra 2021, arXiv:2103.05487; Δ = 0.5, α = 0.7."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    y, z = states
    W, u, b, c = weights
    z = z - 0.5 * sigmoid(c) * (np.tanh(u * y + x @ W + b) + 0.7 * y)
    y = y + 0.5 * sigmoid(c) * z
    return y, [y, z]
