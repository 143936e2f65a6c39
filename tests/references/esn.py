"""Jaeger 2001, GMD report 148; leak: Jaeger et al. 2007, Neural Networks 20(3)."""

import numpy as np


def step(x, states, weights, leak=1.0):
    (h,) = states
    W, U, b = weights
    h = (1 - leak) * h + leak * np.tanh(x @ W + h @ U + b)
    return h, [h]


def leaky_step(x, states, weights):
    return step(x, states, weights, 0.3)
