"""Lei et al. 2018, arXiv:1709.02755: SRU, with both gates reading the state."""

from tests.references import sigmoid


def step(x, states, weights):
    (c,) = states
    W, v, b = weights
    n = c.shape[1]
    content, to_f, to_r, past = (x @ W[:, k * n : (k + 1) * n] for k in range(4))
    f = sigmoid(to_f + v[:n] * c + b[:n])
    r = sigmoid(to_r + v[n:] * c + b[n:])
    c = f * c + (1 - f) * content
    return r * c + (1 - r) * past, [c]
