"""Smith et al. 2023, arXiv:2208.04933: S5 with zero-order hold, in complex numbers."""

import numpy as np


def step(x, states, weights):
    W, log_step, log_decay, frequency, C = weights
    P = len(frequency)
    A = -np.exp(log_decay) + 1j * frequency
    kept = np.exp(np.exp(log_step) * A)
    B = (W[:, :P] + 1j * W[:, P : 2 * P]) * ((kept - 1) / A)
    s = kept * (states[0] + 1j * states[1]) + x @ B
    y = 2 * (s @ (C[:P] + 1j * C[P:])).real + x @ W[:, 2 * P :]
    return y, [s.real, s.imag]
