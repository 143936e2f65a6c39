"""Gu & Dao 2023, arXiv:2312.00752: the selective step, channel by channel."""

import numpy as np


def step(x, states, weights):
    W, V, d, log_decay, D = weights
    units, N = log_decay.shape
    outputs, ends = np.zeros((len(x), units)), []
    for row, flat, output in zip(x, states[0], outputs, strict=True):
        S = flat.reshape(units, N).copy()
        z = row @ W
        v, B, C = z[:units], z[units : units + N], z[units + N : units + 2 * N]
        delta = np.log1p(np.exp(z[units + 2 * N :] @ V + d))
        for k in range(units):
            A = -np.exp(log_decay[k])
            S[k] = np.exp(delta[k] * A) * S[k] + delta[k] * B * v[k]
            output[k] = C @ S[k] + D[k] * v[k]
        ends.append(S.ravel())
    return outputs, [np.array(ends)]
