"""Dao & Gu 2024, arXiv:2405.21060: one step of SSD, head by head."""

import numpy as np


def step(x, states, weights):
    W, d, log_decay, D = weights
    heads, N = len(d), (W.shape[1] - 4 - len(d)) // 2
    width = 4 // heads
    outputs, ends = [], []
    for row, flat in zip(x, states[0], strict=True):
        z = row @ W
        v, B, C, r = z[:4], z[4 : 4 + N], z[4 + N : 4 + 2 * N], z[4 + 2 * N :]
        memories, reads = [], []
        for k, S in enumerate(flat.reshape(heads, width, N)):
            mine = v[k * width : (k + 1) * width]
            delta = np.log(1 + np.exp(r[k] + d[k]))
            S = np.exp(-delta * np.exp(log_decay[k])) * S + delta * np.outer(mine, B)
            memories.append(S.ravel())
            reads.append(S @ C + D[k] * mine)
        outputs.append(np.concatenate(reads))
        ends.append(np.concatenate(memories))
    return np.array(outputs), [np.array(ends)]
