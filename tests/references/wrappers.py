"""Cells around cells, written from the papers; `inner` is the step of the cell within.

Wu et al. 2016, arXiv:1609.08144 (residual); Srivastava et al. 2015, arXiv:1505.00387
(highway); Wu et al. 2016, arXiv:1606.06630 (multiplicative integration); Mujika et al.
2017, arXiv:1705.08639 (fast and slow).
"""

import numpy as np

from tests.references import sigmoid


def residual(inner):
    def step(x, states, weights):
        h, states = inner(x, states, weights)
        return h + x, states

    return step


def highway(inner):
    def step(x, states, weights):
        w, b, *weights = weights
        h, states = inner(x, states, weights)
        t = sigmoid(x @ w + b)
        return t * h + (1 - t) * x, states

    return step


def integrated(x, h, w, u, alpha, beta1, beta2):
    return alpha * (x @ w) * (h @ u) + beta1 * (h @ u) + beta2 * (x @ w)


def multiplicative_lstm(x, states, weights):
    alpha, beta1, beta2, w, u, b = weights
    h, c = states
    i, f, g, o = np.split(integrated(x, h, w, u, alpha, beta1, beta2) + b, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, [h, c]


def multiplicative_gru(x, states, weights):
    """Eq. of the paper's appendix, z keeps the state; blocks z, r, h."""
    alpha, beta1, beta2, w, u, b = weights
    (h,) = states
    n = h.shape[1]
    parts = [slice(k * n, (k + 1) * n) for k in range(3)]

    def block(k, h):
        part = parts[k]
        vectors = (alpha[part], beta1[part], beta2[part])
        return integrated(x, h, w[:, part], u[:, part], *vectors) + b[part]

    z, r = sigmoid(block(0, h)), sigmoid(block(1, h))
    h = z * h + (1 - z) * np.tanh(block(2, r * h))
    return h, [h]


def fast_slow(fast, slow, count_of_fast_states, count_of_weights):
    """`fast` and `slow` are steps; each has as many weights as are told."""

    def step(x, states, weights):
        of = [
            weights[k : k + count_of_weights]
            for k in range(0, len(weights), count_of_weights)
        ]
        *of_fast, of_slow = of
        f, s = states[:count_of_fast_states], states[count_of_fast_states:]
        y, f = fast(x, f, of_fast[0])
        z, s = slow(y, s, of_slow)
        y, f = fast(z, f, of_fast[1])
        for one in of_fast[2:]:
            y, f = fast(np.zeros((len(x), 1)), f, one)
        return y, [*f, *s]

    return step


def nested(inner):
    """Moniz & Krueger 2017, arXiv:1801.10308, with any cell `inner` for a memory."""

    def step(x, states, weights):
        w, u, b, *weights = weights
        h, c, *within = states
        i, f, g, o = np.split(x @ w + h @ u + b, 4, axis=1)
        c, within = inner(sigmoid(i) * g, [sigmoid(f) * c, *within], weights)
        h = sigmoid(o) * np.tanh(c)
        return h, [h, *within]

    return step
