"""doi:10.1016/j.neucom.2026.132847; λ = 0.3, θ = 0.7."""

import numpy as np

from tests.references import sigmoid


def miru1(x, states, weights):
    (h,) = states
    (Wr, Wh), (Ur, Uh), (br, bh) = (np.split(w, 2, -1) for w in weights)
    r = sigmoid(x @ Wr + h @ Ur + br)
    h = 0.3 * h + 0.7 * np.tanh(x @ Wh + (r * h) @ Uh + bh)
    return h, [h]


def miru2(x, states, weights):
    (h,) = states
    W, U, b = weights
    h = 0.3 * h + 0.7 * np.tanh(x @ W + 0.7 * h @ U + b)
    return h, [h]
