"""Electronics 13(16):3204, 2024."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, U, b = weights
    f, n = np.split(x @ W + b, 2, axis=1)
    f = sigmoid(f + h @ U)
    h = (1 - f) * h + f * np.tanh(n)
    return h, [h]
