"""Recurrence between hidden units, an output at every step.

x_t = E[token_t]; h_t = tanh(x_t U + h_{t-1} W + b), one such line for each layer;
o_t = h_t V + c; y_t = softmax(o_t); L = mean (or sum) of -log y_t[target_t] over the
steps that are not padding.
"""

import numpy as np


def softmax(o):
    e = np.exp(o - o.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def hidden(x, layers, keep):
    """`(batch, time, units)` of the last layer. A padding step keeps h."""
    for U, W, b in layers:
        h = np.zeros((len(x), W.shape[0]))
        states = []
        for t in range(x.shape[1]):
            new = np.tanh(x[:, t] @ U + h @ W + b)
            h = np.where(keep[:, t, None], new, h)
            states.append(h)
        x = np.stack(states, 1)
    return x


def outputs(tokens, weights):
    """`weights`: E, then U, W, b of each layer, then V, c."""
    E, *recurrent, V, c = [np.asarray(w, "float64") for w in weights]
    layers = [recurrent[k : k + 3] for k in range(0, len(recurrent), 3)]
    return softmax(hidden(E[tokens], layers, tokens != 0) @ V + c)


def loss(tokens, targets, weights, total=False):
    probabilities = outputs(tokens, weights)
    rows, steps = np.indices(targets.shape)
    each = -np.log(probabilities[rows, steps, targets])[tokens != 0]
    return each.sum() if total else each.mean()
