"""Neil, Pfeiffer & Liu 2016, arXiv:1610.09513, with peepholes and without the leak."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights, leak=0.0, r=0.8):
    h, c = states
    W, U, b, P, tau, s = weights
    x, time = x[:, :-1], x[:, -1:]
    n = h.shape[1]
    (Wi, Wf, Wc, Wo), (Ui, Uf, Uc, Uo), (bi, bf, bc, bo) = (
        [w[..., k * n : (k + 1) * n] for k in range(4)] for w in (W, U, b)
    )
    pi, pf, po = P[:n], P[n : 2 * n], P[2 * n :]
    i = sigmoid(x @ Wi + h @ Ui + pi * c + bi)
    f = sigmoid(x @ Wf + h @ Uf + pf * c + bf)
    d = f * c + i * np.tanh(x @ Wc + h @ Uc + bc)
    o = sigmoid(x @ Wo + h @ Uo + po * d + bo)
    out = o * np.tanh(d)
    tau = np.abs(tau)
    turns = (time - s) / tau
    phase = turns - np.floor(turns)
    k = leak * phase
    up, down = phase < r / 2, (phase >= r / 2) & (phase < r)
    k[up] = 2 * phase[up] / r
    k[down] = 2 - 2 * phase[down] / r
    return k * out + (1 - k) * h, [k * out + (1 - k) * h, k * d + (1 - k) * c]


def step_with_leak(x, states, weights):
    return step(x, states, weights, leak=1e-3)
