"""Krause et al. 2016, arXiv:1609.07959."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    h, c = states
    W, U, b = weights
    Wi, Wf, Wc, Wo, Wm = np.split(W, 5, axis=1)
    Ui, Uf, Uc, Uo, Um = np.split(U, 5, axis=1)
    bi, bf, bc, bo = np.split(b, 4)
    m = (x @ Wm) * (h @ Um)
    i = sigmoid(x @ Wi + m @ Ui + bi)
    f = sigmoid(x @ Wf + m @ Uf + bf)
    o = sigmoid(x @ Wo + m @ Uo + bo)
    c = f * c + i * np.tanh(x @ Wc + m @ Uc + bc)
    h = o * np.tanh(c)
    return h, [h, c]
