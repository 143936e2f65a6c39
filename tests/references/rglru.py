"""De et al. 2024, arXiv:2402.19427: RG-LRU with a = σ(Λ) and c = 8."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    n = h.shape[1]
    W, b, decay = weights
    z = x @ W + b
    r, i, v = sigmoid(z[:, :n]), sigmoid(z[:, n : 2 * n]), z[:, 2 * n :]
    a = sigmoid(decay) ** (8 * r)
    h = a * h + np.sqrt(1 - a**2) * (i * v)
    return h, [h]
