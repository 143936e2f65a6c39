"""Jordan 1986 with a softmax output, and what scheduled and soft feedback make of it.

h_t = tanh(x_t U + y_{t-1} W + b); further layers h' = tanh(h U' + b');
o_t = h V + c; y_t = softmax(o_t).
"""

import numpy as np


def softmax(o):
    e = np.exp(o - o.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def step(x, feedback, weights):
    U, W, b, *hidden, V, c = weights
    h = np.tanh(x @ U + feedback @ W + b)
    for kernel, bias in zip(hidden[::2], hidden[1::2], strict=True):
        h = np.tanh(h @ kernel + bias)
    return softmax(h @ V + c)


def one_hot(ids, classes):
    return np.eye(classes)[np.asarray(ids)]


def run(x, weights, start, mask=None, truth=None, use_truth=None, form="probabilities"):
    """Returns `(batch, time, classes)` probabilities, one step after the other.

    `truth` holds class ids; `use_truth` (batch, time) says at which steps the true
    output is fed back instead of the network's own, None: at all of them. A masked step
    leaves both the network's own and the true fed-back output as they were.
    """
    weights = [np.asarray(w, "float64") for w in weights]
    batch, time, _ = x.shape
    classes = weights[-1].shape[0]
    own = np.array(start, "float64")
    true = np.array(start, "float64")
    outputs = []
    for t in range(time):
        fed = own
        if truth is not None:
            chosen = np.ones(batch, bool) if use_truth is None else use_truth[:, t]
            fed = np.where(chosen[:, None], true, own)
        p = step(x[:, t].astype("float64"), fed, weights)
        outputs.append(p)
        new = p if form == "probabilities" else one_hot(p.argmax(-1), classes)
        keep = np.ones((batch, 1), bool) if mask is None else mask[:, t, None]
        own = np.where(keep, new, own)
        if truth is not None:
            true = np.where(keep, one_hot(truth[:, t], classes), true)
    return np.stack(outputs, 1)


def loss(probabilities, targets, mask=None, total=False):
    """Cross-entropy: mean over the unmasked steps, or their sum."""
    rows, steps = np.indices(np.shape(targets))
    each = -np.log(probabilities[rows, steps, targets])
    keep = np.ones(each.shape, bool) if mask is None else mask
    return each[keep].sum() if total else each[keep].mean()
