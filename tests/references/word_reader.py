"""A word's embedding beside both last states of a recurrent layer on its characters.

h_t = tanh(x_t U + h_{t-1} W + b), from the first character to the last and from the
last to the first; one word after the other, and only the characters that it has.
"""

import numpy as np


def last_state(x, U, W, b):
    h = np.zeros(W.shape[0])
    for x_t in x:
        h = np.tanh(x_t @ U + h @ W + b)
    return h


def outputs(tokens, weights):
    """`weights`: word embeddings, character embeddings, U, W, b of each direction."""
    words, letters, *recurrent = [np.asarray(w, "float64") for w in weights]
    rows = []
    for word, *characters in np.reshape(tokens, (-1, tokens.shape[-1])):
        x = letters[[c for c in characters if c]]
        ahead = last_state(x, *recurrent[:3])
        back = last_state(x[::-1], *recurrent[3:])
        rows.append(np.concatenate([words[word], ahead, back]))
    return np.reshape(rows, (*tokens.shape[:-1], -1))
