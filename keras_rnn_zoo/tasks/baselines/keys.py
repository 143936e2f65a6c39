"""Several classes at a step: keys that sound."""

import numpy as np

from keras_rnn_zoo import extras
from keras_rnn_zoo.tasks.baselines.base import Skipped


def key_frequencies(pipelines):
    """How often each key sounds, at all steps alike."""
    _, y = _steps(pipelines, "train")
    return _nll(pipelines, (y.sum(0) + 1) / (len(y) + 2)), _ADD_ONE


def key_tables(pipelines):
    """How often each key sounds after it has sounded, and after it has not."""
    x, y = _steps(pipelines, "train")
    sounded = _steps(pipelines, "test")[0] > 0
    stays = ((x * y).sum(0) + 1) / (x.sum(0) + 2)
    comes = (((1 - x) * y).sum(0) + 1) / ((1 - x).sum(0) + 2)
    return _nll(pipelines, np.where(sounded, stays, comes)), (
        f"one probability for a key that sounds, one for a silent one; {_ADD_ONE}"
    )


_ADD_ONE = "counted in the training steps, one added to each count"


def key_regression(pipelines):
    """A regression for each key; their common strength is chosen on validation data."""
    extras.require("data", "skipped: needs SciPy.", "scipy.optimize", error=Skipped)
    from scipy.optimize import minimize

    x, y = _steps(pipelines, "train")
    x_validation, y_validation = _steps(pipelines, "validation")
    x_test, _ = _steps(pipelines, "test")
    heard = np.flatnonzero(y.any(0))  # the others are left to their frequency
    truth, shape = y[:, heard], (x.shape[1] + 1, len(heard))

    def loss(weights, penalty):
        weights = weights.reshape(shape)
        penalties = penalty * np.vstack([np.zeros(shape[1]), weights[1:]])
        z = x @ weights[1:] + weights[0]
        error = 1 / (1 + np.exp(-z)) - truth
        gradient = np.vstack([error.sum(0), x.T @ error]) + penalties
        nll = (np.maximum(z, 0) - z * truth + np.log1p(np.exp(-np.abs(z)))).sum()
        return nll + (penalties * weights).sum() / 2, gradient.ravel()

    def probabilities(weights, x):
        weights = weights.reshape(shape)
        p = np.full((len(x), y.shape[1]), 1 / (len(y) + 2))
        p[:, heard] = 1 / (1 + np.exp(-x @ weights[1:] - weights[0]))
        return np.clip(p, 1e-9, 1 - 1e-9)

    best, weights = None, np.zeros(shape[0] * shape[1])
    for penalty in (3.0, 1.0, 0.3, 0.1):
        weights = minimize(
            loss, weights, penalty, "L-BFGS-B", True, options={"maxiter": 100}
        ).x
        nll = _step_nll(y_validation, probabilities(weights, x_validation))
        if best is None or nll < best[0]:
            best = nll, penalty, probabilities(weights, x_test)
    return _nll(pipelines, best[2]), (
        f"one for each key, with an L2 penalty of {best[1]:g}, chosen on validation "
        "data"
    )


def _steps(pipelines, split):
    """All steps of a split one below the other: x and y, `(steps, classes)`."""
    xs, ys = zip(*pipelines.raw[split], strict=True)
    return np.concatenate(xs).astype("float64"), np.concatenate(ys).astype("float64")


def _nll(pipelines, p):
    return _step_nll(_steps(pipelines, "test")[1], p)


def _step_nll(y, p):
    return float(-np.log(np.where(y > 0, p, 1 - p)).sum(1).mean())
