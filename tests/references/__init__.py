"""The papers' equations in NumPy float64, importing nothing of ours."""

import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def over_time(step, inputs, states, weights, mask=None, backwards=False):
    """Carries one step over `(batch, time, features)`.

    A masked step keeps the states and repeats the output before it, which is zero
    before the first step. Returns `(outputs, states)`.
    """
    inputs = np.asarray(inputs, "float64")
    states = [np.asarray(state, "float64") for state in states]
    weights = [np.asarray(weight, "float64") for weight in weights]
    steps = range(inputs.shape[1])
    outputs, output = [], None
    for t in reversed(steps) if backwards else steps:
        new_output, new_states = step(inputs[:, t], states, weights)
        if output is None:
            output = np.zeros_like(new_output)
        keep = np.ones((len(inputs), 1), bool) if mask is None else mask[:, t, None]
        output = np.where(keep, new_output, output)
        states = [
            np.where(keep, new, old)
            for new, old in zip(new_states, states, strict=True)
        ]
        outputs.append(output)
    return np.stack(outputs, 1), states
