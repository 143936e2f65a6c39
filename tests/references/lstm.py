"""Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    h, c = states
    W, U, b = weights
    n = h.shape[1]
    (Wi, Wf, Wc, Wo), (Ui, Uf, Uc, Uo), (bi, bf, bc, bo) = (
        [w[..., k * n : (k + 1) * n] for k in range(4)] for w in (W, U, b)
    )
    i = sigmoid(x @ Wi + h @ Ui + bi)
    f = sigmoid(x @ Wf + h @ Uf + bf)
    o = sigmoid(x @ Wo + h @ Uo + bo)
    c = f * c + i * np.tanh(x @ Wc + h @ Uc + bc)
    h = o * np.tanh(c)
    return h, [h, c]
