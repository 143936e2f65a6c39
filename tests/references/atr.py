"""Zhang et al. 2018, arXiv:1810.12546."""

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, U, b = weights
    p, q = x @ W + b, h @ U
    h = sigmoid(p + q) * p + sigmoid(p - q) * h
    return h, [h]
