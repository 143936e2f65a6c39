"""Recurrence between hidden units, one output after the last step.

x_t = E[token_t]; h_t = tanh(x_t U + h_{t-1} W + b), one such line for each layer;
o = h_T V + c; y = softmax(o); L = mean (or sum) of -log y[target] over the rows. A
padding step keeps h, so that h_T is that of the last real token.
"""

import numpy as np


def outputs(tokens, weights):
    """`weights`: E, then U, W, b of each layer, then V, c."""
    E, *recurrent, V, c = [np.asarray(w, "float64") for w in weights]
    result = []
    for row in tokens:
        x = E[row[row != 0]]
        for k in range(0, len(recurrent), 3):
            U, W, b = recurrent[k : k + 3]
            h, states = np.zeros(W.shape[0]), []
            for x_t in x:
                h = np.tanh(x_t @ U + h @ W + b)
                states.append(h)
            x = states
        o = x[-1] @ V + c
        e = np.exp(o - o.max())
        result.append(e / e.sum())
    return np.stack(result)


def loss(tokens, targets, weights, total=False):
    each = -np.log(outputs(tokens, weights)[np.arange(len(targets)), targets])
    return each.sum() if total else each.mean()
