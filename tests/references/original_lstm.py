"""Hochreiter & Schmidhuber 1997, Neural Computation 9(8)."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    h, c = states
    W, U, b = weights
    i, g, o = np.split(x @ W + h @ U + b, 3, axis=1)
    c = c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, [h, c]
