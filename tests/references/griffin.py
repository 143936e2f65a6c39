"""De et al. 2024, arXiv:2402.19427, figure 2: the recurrent and the residual block."""

import math

import numpy as np

from tests.references import sigmoid

erf = np.vectorize(math.erf)


def gelu(z):
    return z * 0.5 * (1 + erf(z / math.sqrt(2)))


def block_step(heads, activation=gelu):
    """One step of the recurrent block, whose gates have so many heads."""

    def step(x, states, weights):
        W, b, K, d, V, b_v, decay, W_o, b_o = weights
        h, window = states
        n = h.shape[1]
        y = activation(x @ W[:, :n] + b[:n])
        p = x @ W[:, n:] + b[n:]
        before = window.reshape(len(x), -1, n)
        v = K[0] * p + sum(K[k] * before[:, k - 1] for k in range(1, len(K))) + d
        size = n // heads
        gates = []
        for gate in range(2):
            z = np.empty_like(v)
            for k in range(heads):
                part = slice(k * size, (k + 1) * size)
                columns = slice(gate * size, (gate + 1) * size)
                z[:, part] = v[:, part] @ V[part, columns]
            gates.append(sigmoid(z + b_v[gate * n : (gate + 1) * n]))
        r, i = gates
        a = sigmoid(decay) ** (8 * r)
        h = a * h + np.sqrt(1 - a**2) * i * v
        window = np.concatenate([p[:, None], before[:, :-1]], 1).reshape(len(x), -1)
        return (y * h) @ W_o + b_o, [h, window]

    return step


step = block_step(2, np.tanh)


def residual_block(x, states, weights, epsilon=1e-6):
    """One step of the residual block around a recurrent block of two heads."""
    scale_1, scale_2, *weights = weights
    within, (G, g, V, v, R, q) = weights[:9], weights[9:]

    def norm(z, scale):
        return z / np.sqrt((z**2).mean(-1, keepdims=True) + epsilon) * scale

    mixed, states = block_step(2)(norm(x, scale_1), states, within)
    m = x + mixed
    n = norm(m, scale_2)
    return m + (gelu(n @ G + g) * (n @ V + v)) @ R + q, states
