"""Peng et al. 2025, arXiv:2503.14456: time mixing, row by row and head by head."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights, heads=2):
    S, before = states
    W, mu, D, d0, A, a0, G, removal, scale, bonus, gamma, beta, W_o = weights
    units, rank = len(d0), len(D)
    ends = np.cumsum([units, units, units, rank, rank])
    blocks = np.split(W, ends, axis=1)
    here = [(x * (1 - m)) @ w for m, w in zip(mu, blocks, strict=True)]
    later = [(x * m) @ w for m, w in zip(mu, blocks, strict=True)]
    r, k, v, w, a, g = (
        one + two for one, two in zip(here, np.split(before, ends, axis=1), strict=True)
    )
    w = np.exp(-sigmoid(np.tanh(w) @ D + d0) / np.sqrt(np.e))
    a, g = sigmoid(a @ A + a0), sigmoid(g) @ G
    kk, k = k * removal, k + k * (a - 1) * scale
    width, rows = units // heads, len(x)
    S, y = S.reshape(rows, heads, width, width).copy(), np.zeros((rows, units))
    for n in range(rows):
        for head in range(heads):
            part = slice(head * width, (head + 1) * width)
            key = kk[n, part] / np.linalg.norm(kk[n, part])
            memory = S[n, head]
            turned = np.diag(w[n, part]) - np.outer(key, key * a[n, part])
            memory = memory @ turned + np.outer(v[n, part], k[n, part])
            read = memory @ r[n, part]
            read = (read - read.mean()) / np.sqrt(read.var() + 64e-5)
            more = (r[n, part] * k[n, part] * bonus[part]).sum() * v[n, part]
            y[n, part] = read * gamma[part] + beta[part] + more
            S[n, head] = memory
    return (y * g) @ W_o, [S.reshape(rows, -1), np.concatenate(later, 1)]
