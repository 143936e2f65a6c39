"""Van der Westhuizen & Lasenby 2018, arXiv:1804.04849."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights, beta=1.0):
    (c,) = states
    n = c.shape[1]
    (Wf, Wc), (Uf, Uc), (bf, bc) = ((w[..., :n], w[..., n:]) for w in weights)
    s = x @ Wf + c @ Uf + bf
    candidate = np.tanh(x @ Wc + c @ Uc + bc)
    c = sigmoid(s) * c + (1 - sigmoid(s - beta)) * candidate
    return c, [c]


def step_without_beta(x, states, weights):
    return step(x, states, weights, 0.0)
