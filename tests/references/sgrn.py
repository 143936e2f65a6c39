"""doi:10.1049/gtd2.12056, as torchrecurrent and RecurrentLayers.jl read it."""

import numpy as np

from tests.references import sigmoid


def step(x, states, weights):
    (h,) = states
    W, U, b = weights
    a = x @ W + b
    f = sigmoid(a + h @ U)
    h = np.tanh((1 - f) * a + f * h)
    return h, [h]
