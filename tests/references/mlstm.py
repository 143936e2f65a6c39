"""Beck et al. 2024, arXiv:2405.04517: mLSTM, row by row, with column vectors."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    """C is (values, keys), as in the paper; a state has (keys, values)."""
    W, b = weights
    n = states[1].shape[1]
    outputs, ends = [], [[], [], []]
    for row, c, norm, m in zip(x, *states, strict=True):
        C = c.reshape(n, n).T
        z = W.T @ row + b
        q, k, v, o = (
            z[:n],
            z[n : 2 * n] / np.sqrt(n),
            z[2 * n : 3 * n],
            z[3 * n : 4 * n],
        )
        log_i, log_f = z[4 * n], np.log(sigmoid(z[4 * n + 1]))
        new_m = max(log_f + m[0], log_i)
        i, f = np.exp(log_i - new_m), np.exp(log_f + m[0] - new_m)
        C = f * C + i * np.outer(v, k)
        norm = f * norm + i * k
        outputs.append(sigmoid(o) * (C @ q) / max(abs(norm @ q), np.exp(-new_m)))
        for end, value in zip(ends, (C.T.ravel(), norm, [new_m]), strict=True):
            end.append(value)
    return np.array(outputs), [np.array(end) for end in ends]


def unstabilised(x, weights):
    """The paper's equations (19)-(27) as they stand, from zero states."""
    W, b = weights
    n = (W.shape[1] - 2) // 4
    results = []
    for row in x:
        C, norm, outputs = np.zeros((n, n)), np.zeros(n), []
        for step in row:
            z = W.T @ step + b
            q, k, v, o = np.split(z[: 4 * n], 4)
            i, f = np.exp(z[4 * n]), sigmoid(z[4 * n + 1])
            C = f * C + i * np.outer(v, k / np.sqrt(n))
            norm = f * norm + i * k / np.sqrt(n)
            outputs.append(sigmoid(o) * (C @ q) / max(abs(norm @ q), 1.0))
        results.append(outputs)
    return np.array(results)
