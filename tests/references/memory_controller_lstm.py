"""The MCLSTM of NIPS 2017, as torchrecurrent and RecurrentLayers.jl read it."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    v, c = states
    W, U, b = weights
    i, f, g, o, m = np.split(x @ W + v @ U + b, 5, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, [sigmoid(m) * np.tanh(c), c]
