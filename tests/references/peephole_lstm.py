"""Gers, Schraudolph & Schmidhuber 2002, with tanh on the way out."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    h, c = states
    W, U, b, P = weights
    n = h.shape[1]
    (Wi, Wf, Wc, Wo), (Ui, Uf, Uc, Uo), (bi, bf, bc, bo) = (
        [w[..., k * n : (k + 1) * n] for k in range(4)] for w in (W, U, b)
    )
    pi, pf, po = P[:n], P[n : 2 * n], P[2 * n :]
    i = sigmoid(x @ Wi + h @ Ui + pi * c + bi)
    f = sigmoid(x @ Wf + h @ Uf + pf * c + bf)
    c = f * c + i * np.tanh(x @ Wc + h @ Uc + bc)
    o = sigmoid(x @ Wo + h @ Uo + po * c + bo)
    h = o * np.tanh(c)
    return h, [h, c]
