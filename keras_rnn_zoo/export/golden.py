"""The input on which exported files have to prove themselves."""

import numpy as np

from keras_rnn_zoo.export.portable import input_of, masking_layer


def golden_input(model, given=None, assets=None, shape=(3, 7)):
    """The given input as the model reads it, or a drawn one.

    Tokens become right-padded texts as the vocabulary writes them: padding moves to the
    end, and each row begins with the boundary token, if there is one.

    Args:
        model: a model.
        given: array, or None to draw one of `shape`, with padding if the model knows
            any.
        assets: `keras_rnn_zoo.presets.Assets`, or None.
        shape: `(batch, time)` of what is drawn.

    Raises:
        ValueError: if `given` is not of the shape or in the range that the model reads.
    """
    reads, width = input_of(model)
    rank = 2 if reads == "tokens" else 3
    if given is not None:
        given = np.asarray(given)
        kind = "iu" if reads == "tokens" else "fiu"
        fits = given.ndim == rank and given.dtype.kind in kind and 0 not in given.shape
        if not fits or (rank == 3 and given.shape[2] != width):
            wanted = "(batch, time)" if rank == 2 else f"(batch, time, {width})"
            raise ValueError(
                f"`golden_input` must be an array of shape {wanted} of "
                f"{'token ids' if rank == 2 else 'numbers'}, none of them 0. Received: "
                f"golden_input of shape {given.shape} and dtype {given.dtype}."
            )
    rng = np.random.default_rng(7)
    masking = masking_layer(model)
    if reads == "features":
        if given is not None:
            return given.astype("float32")
        x = rng.normal(size=(*shape, width)).astype("float32")
        if masking is not None:
            x[1:, -2:] = masking.mask_value
        return x
    x = given
    if x is None:
        x = rng.integers(min(1, width - 1), width, shape)
        if masking is not None:
            x[1:, -2:] = 0
    if x.min() < 0 or x.max() >= width:
        raise ValueError(
            f"`golden_input` must hold tokens from 0 to {width - 1}. Received: "
            f"tokens from {x.min()} to {x.max()}."
        )
    if assets is None or assets.codec is None:
        return x.astype("int32")
    boundary = assets.codec["boundary"]
    start = [] if boundary is None else [assets.codec["tokens"].index(boundary)]
    rows = [[*start, *(i for i in row if i and i not in start)] for row in x]
    result = np.zeros((len(rows), max(map(len, rows))), "int32")
    for row, ids in zip(result, rows, strict=True):
        row[: len(ids)] = ids
    return result
