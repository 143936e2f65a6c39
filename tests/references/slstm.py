"""Beck et al. 2024, arXiv:2405.04517: sLSTM, stabilised."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    h, c, n, m = states
    W, U, b = weights
    to_i, to_f, z, o = np.split(x @ W + h @ U + b, 4, axis=-1)
    kept = m + np.log(sigmoid(to_f))
    new = np.where(n == 0, to_i, np.maximum(to_i, kept))
    i, f = np.exp(to_i - new), np.minimum(np.exp(kept - new), 1)
    c, n = f * c + i * np.tanh(z), f * n + i
    h = sigmoid(o) * c / n
    return h, [h, c, n, new]
