"""Chang et al. 2019, arXiv:1902.09689; a step of 0.5, a diffusion of 0.1."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, U, b = weights
    M = U - U.T - 0.1 * np.eye(len(U))
    h = h + 0.5 * np.tanh(x @ W + h @ M + b)
    return h, [h]


def gated(x, states, weights):
    (h,) = states
    W, U, b = weights
    M = U - U.T - 0.1 * np.eye(len(U))
    z, n = np.split(x @ W + b, 2, axis=1)
    h = h + 0.5 * sigmoid(z + h @ M) * np.tanh(n + h @ M)
    return h, [h]
