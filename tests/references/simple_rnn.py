"""Elman 1990: h_t = tanh(x_t W + h_{t-1} U + b)."""

import numpy as np


def step(x, states, weights):
    (h,) = states
    W, U, b = weights
    h = np.tanh(x @ W + h @ U + b)
    return h, [h]


def relu_step(x, states, weights):
    (h,) = states
    W, U = weights
    h = np.maximum(x @ W + h @ U, 0.0)
    return h, [h]
