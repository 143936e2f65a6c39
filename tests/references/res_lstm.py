"""Kim, El-Khamy & Lee 2017, arXiv:1701.03360."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    h, c = states
    W, U, b, p, P, R = weights
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=1)
    pi, pf, po = np.split(p, 3)
    i, f = sigmoid(i + pi * c), sigmoid(f + pf * c)
    c = f * c + i * np.tanh(g)
    h = sigmoid(o + po * c) * (np.tanh(c) @ P + x @ R)
    return h, [h, c]
