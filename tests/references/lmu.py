"""Voelker, Kajić & Eliasmith 2019: the Legendre memory unit with all connections."""

import numpy as np


def held(d, theta):
    """Ā and B̄ by their definition: θ m' = A m + B u for one step, with u held.

    Fourth-order Runge-Kutta on the matrix equation, 4000 steps long.
    """
    A, B = np.zeros((d, d)), np.zeros(d)
    for i in range(d):
        B[i] = (2 * i + 1) * (-1.0) ** i / theta
        for j in range(d):
            A[i, j] = (2 * i + 1) * (-1.0 if i < j else (-1.0) ** (i - j + 1)) / theta
    state, h = np.eye(d, d + 1), 1 / 4000
    drive = np.zeros((d, d + 1))
    drive[:, d] = B

    def slope(state):
        return A @ state + drive

    for _ in range(4000):
        k1 = slope(state)
        k2 = slope(state + h / 2 * k1)
        k3 = slope(state + h / 2 * k2)
        k4 = slope(state + h * k3)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return state[:, :d], state[:, d]


KNOWN = {}


def step(x, states, weights, theta=6.0):
    h, m = states
    W, U, W_m, e_m = weights
    d = m.shape[1]
    if (d, theta) not in KNOWN:
        KNOWN[d, theta] = held(d, theta)
    A, B = KNOWN[d, theta]
    u = x @ W[:, :1] + h @ U[:, :1] + m @ e_m
    m = m @ A.T + u * B
    h = np.tanh(x @ W[:, 1:] + h @ U[:, 1:] + m @ W_m)
    return h, [h, m]


def step_with_bias(x, states, weights):
    W, U, b, *rest = weights
    ones = np.ones((len(x), 1))
    W = np.concatenate([W, b[None]])
    return step(np.concatenate([x, ones], 1), states, [W, U, *rest], theta=20.0)
