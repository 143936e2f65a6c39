"""Erichson, Lim & Mahoney 2022, arXiv:2212.00228."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    h, line = states
    n = h.shape[1]
    (Wn, Wz, Wg, Wa), (Un, Uz, Ug, Ua), (bn, bz, bg, ba) = (
        np.split(w, 4, -1) for w in weights
    )
    z = np.tanh(x @ Wz + line[:, :n] @ Uz + bz)
    g = sigmoid(x @ Wg + h @ Ug + bg)
    a = sigmoid(x @ Wa + h @ Ua + ba)
    new = (1 - g) * h + g * (np.tanh(x @ Wn + h @ Un + bn) + a * z)
    return new, [new, np.concatenate([line[:, n:], h], 1)]
