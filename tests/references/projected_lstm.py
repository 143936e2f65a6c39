"""Sak, Senior & Beaufays 2014, arXiv:1402.1128: the recurrent projection alone."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    r, c = states
    W, U, b, V = weights
    n = c.shape[1]
    (Wi, Wf, Wc, Wo), (Ui, Uf, Uc, Uo), (bi, bf, bc, bo) = (
        [w[..., k * n : (k + 1) * n] for k in range(4)] for w in (W, U, b)
    )
    i = sigmoid(x @ Wi + r @ Ui + bi)
    f = sigmoid(x @ Wf + r @ Uf + bf)
    o = sigmoid(x @ Wo + r @ Uo + bo)
    c = f * c + i * np.tanh(x @ Wc + r @ Uc + bc)
    m = o * np.tanh(c)
    r = m @ V
    return r, [r, c]
