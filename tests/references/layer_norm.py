"""Ba, Kiros & Hinton 2016, arXiv:1607.06450: eq. (4), and the supplement's units."""

import numpy as np

from tests.references import sigmoid

EPSILON = 1e-3


def LN(z, gain, offset=0.0, epsilon=EPSILON):
    mu = z.mean(axis=1, keepdims=True)
    sigma = np.sqrt(((z - mu) ** 2).mean(axis=1, keepdims=True) + epsilon)
    return (z - mu) / sigma * gain + offset


def lstm_step(x, states, weights, epsilon=EPSILON):
    h, c = states
    W, U, b, gain_x, gain_h, gain_c, offset_c = weights
    total = LN(h @ U, gain_h, 0, epsilon) + LN(x @ W, gain_x, 0, epsilon) + b
    i, f, g, o = np.split(total, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(LN(c, gain_c, offset_c, epsilon))
    return h, [h, c]


def lstm_step_large_epsilon(x, states, weights):
    return lstm_step(x, states, weights, 0.5)


def lstm_step_that_carries_what_it_sees(x, states, weights):
    """TensorFlow Addons' reading: the normalised memory is the next step's."""
    h, [_, c] = lstm_step(x, states, weights)
    return h, [h, LN(c, weights[5], weights[6], EPSILON)]


def gru_step(x, states, weights):
    (h,) = states
    W, U, b, gain_x, gain_h = weights
    n = h.shape[1]
    gates, candidate = slice(0, 2 * n), slice(2 * n, None)
    zr = LN(h @ U[:, gates], gain_h[gates], b[1, gates])
    zr = zr + LN(x @ W[:, gates], gain_x[gates], b[0, gates])
    z, r = np.split(zr, 2, axis=1)
    new = np.tanh(
        LN(x @ W[:, candidate], gain_x[candidate], b[0, candidate])
        + sigmoid(r) * LN(h @ U[:, candidate], gain_h[candidate], b[1, candidate])
    )
    h = sigmoid(z) * h + (1 - sigmoid(z)) * new
    return h, [h]


def simple_rnn_step(x, states, weights):
    (h,) = states
    W, U, b, gain = weights
    h = np.tanh(LN(x @ W + h @ U, gain, b))
    return h, [h]
