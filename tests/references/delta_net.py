"""Yang et al. 2024, arXiv:2406.06484, and 2025, arXiv:2412.06464, row by row."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    W, b, *rest = weights
    n = int(np.sqrt(states[0].shape[1]))
    outputs, ends = [], []
    for row, s in zip(x, states[0], strict=True):
        S = s.reshape(n, n).T  # values are rows, as in the papers
        z = row @ W + b
        q, k, v = z[:n], z[n : 2 * n], z[2 * n : 3 * n]
        q = q / np.sqrt(q @ q + 1e-6)
        k = k / np.sqrt(k @ k + 1e-6)
        if rest:
            S = S * np.exp(-np.exp(rest[0][0]) * np.log(1 + np.exp(z[3 * n + 1])))
        beta = sigmoid(z[3 * n])
        S = S @ (np.eye(n) - beta * np.outer(k, k)) + beta * np.outer(v, k)
        outputs.append(S @ q / np.sqrt(n))
        ends.append(S.T.ravel())
    return np.array(outputs), [np.array(ends)]
