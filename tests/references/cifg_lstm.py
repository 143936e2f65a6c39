"""Greff et al. 2015, arXiv:1503.04069, variant CIFG, written for f = 1 - i."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    h, c = states
    W, U, b = weights
    n = h.shape[1]
    (Wf, Wc, Wo), (Uf, Uc, Uo), (bf, bc, bo) = (
        [w[..., k * n : (k + 1) * n] for k in range(3)] for w in (W, U, b)
    )
    f = sigmoid(x @ Wf + h @ Uf + bf)
    i = 1 - f
    o = sigmoid(x @ Wo + h @ Uo + bo)
    c = f * c + i * np.tanh(x @ Wc + h @ Uc + bc)
    h = o * np.tanh(c)
    return h, [h, c]
