"""Li et al. 2018, arXiv:1803.04831: h_t = relu(x_t W + u * h_{t-1} + b)."""

import numpy as np


def step(x, states, weights):
    (h,) = states
    W, u, b = weights
    h = np.maximum(x @ W + u * h + b, 0.0)
    return h, [h]


def tanh_step(x, states, weights):
    (h,) = states
    W, u, b = weights
    h = np.tanh(x @ W + u * h + b)
    return h, [h]
