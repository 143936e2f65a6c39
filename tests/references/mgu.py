"""Zhou et al. 2016, arXiv:1603.09420."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    n = h.shape[1]
    (Wf, Wh), (Uf, Uh), (bf, bh) = ((w[..., :n], w[..., n:]) for w in weights)
    f = sigmoid(x @ Wf + h @ Uf + bf)
    candidate = np.tanh(x @ Wh + (f * h) @ Uh + bh)
    h = (1 - f) * h + f * candidate
    return h, [h]
