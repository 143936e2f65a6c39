"""Feng et al. 2024, arXiv:2410.01201: minLSTM, length independent."""

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    n = h.shape[1]
    f, i, c = (
        x @ weights[0][:, k * n : (k + 1) * n] + weights[1][k * n : (k + 1) * n]
        for k in range(3)
    )
    whole = sigmoid(f) + sigmoid(i)
    h = (sigmoid(f) * h + sigmoid(i) * c) / whole
    return h, [h]
