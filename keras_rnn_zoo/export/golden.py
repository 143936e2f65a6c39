"""The input on which exported files have to prove themselves."""

from typing import Any

import numpy as np

from keras_rnn_zoo.export.portable import characters_of, input_of, masking_layer
from keras_rnn_zoo.export.text import TextCodec
from keras_rnn_zoo.layers.core.graphs import graphs_of


def golden_input(model, given=None, assets=None, shape=(3, 7)):
    """The given input as the model reads it, or a drawn one.

    Tokens become right-padded texts as the vocabulary writes them: padding moves to the
    end, and each row begins with the boundary token, if there is one. Words with
    their characters become the words that the characters spell.

    Args:
        model: a model.
        given: array, or None to draw one of `shape`, with padding if the model knows
            any; of a model that declares its inputs (`graphs_of`), a dict of them.
        assets: `keras_rnn_zoo.presets.Assets`, or None.
        shape: `(batch, time)` of what is drawn.

    Raises:
        ValueError: if `given` is not of the shape or in the range that the model reads,
            or `assets` has other characters.
    """
    if (declared := graphs_of(model)) is not None:
        return golden_inputs(declared, given, shape)
    reads, width = input_of(model)
    characters = characters_of(model)
    if assets is not None and assets.codec is not None:
        _check_characters(characters, assets.codec)
    if characters is not None:
        return _golden_words(model, given, assets, shape, width, characters)
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


def golden_inputs(declared, given=None, shape=(3, 7)):
    """A dict of arrays for the inputs that a model declares; drawn, if not given.

    Args:
        declared: `Graphs`.
        given: dict of arrays by name; an array alone is the first input; or None.
        shape: `(batch, time)` of what is drawn, of as many rows as what is given.

    Raises:
        ValueError: if an array is of another shape or kind than its input.
    """
    if given is None:
        given = {}
    elif not isinstance(given, dict):
        given = {declared.inputs[0].name: given}
    found = {
        one.name: _as_input(one, given[one.name])
        for one in declared.inputs
        if one.name in given
    }
    for array in found.values():
        shape = (len(array), *shape[1:])
    rng = np.random.default_rng(0)
    for one in declared.inputs:
        if one.name not in found:
            found[one.name] = _drawn(one, rng, shape)
    return found


def _as_input(one, given):
    array, shape = np.asarray(given), one.shape()
    kinds, named = ("iu", "ids") if one.reads == "tokens" else ("fiu", "numbers")
    fits = array.ndim == len(shape) and 0 not in array.shape
    if not fits or array.dtype.kind not in kinds or array.shape[2:] != shape[2:]:
        axes = ", ".join(["batch", "time", *map(str, shape[2:])])
        raise ValueError(
            f"`golden_input` must be {named} of the input {one.name!r}, ({axes}). "
            f"Received: golden_input of shape {array.shape} and dtype {array.dtype}."
        )
    return array.astype(one.dtype)


def _drawn(one, rng, shape):
    """Rows of an input, some of them with padding behind, before, or alone."""
    if one.reads == "tokens":
        x = rng.integers(1, one.size, shape).astype("int32")
    else:
        x = rng.normal(size=(*shape, one.size)).astype("float32")
    if one.padding is not None:
        x[1:2, shape[1] // 2 :] = one.padding
        x[2:, :1] = x[2:, -1:] = one.padding
        x[3:4] = one.padding
    if one.last is not None:
        x[:, -1] = one.last
    return x


def _check_characters(characters, codec):
    known = codec.get("characters")
    found = None if known is None else (len(known), codec["max_characters"])
    expected = characters and (
        characters["vocabulary_size"],
        characters["max_characters"],
    )
    if found != expected:
        raise ValueError(
            "`assets` must hold the characters that the model reads: their number and "
            f"how many of a word, {expected}. Received: {found}."
        )


def _golden_words(model, given, assets, shape, size, characters):
    """`golden_input` of a model that reads words with their characters."""
    letters, most = characters["vocabulary_size"], characters["max_characters"]
    codec = None
    if assets is not None and assets.codec is not None:
        codec = TextCodec(**assets.codec)
    if given is None:
        rng = np.random.default_rng(7)
        x = np.zeros((*shape, 1 + most), "int32")
        x[..., 0] = rng.integers(1, size, shape)
        x[..., 1:] = rng.integers(1, letters, (*shape, most))
        x[..., 1:] *= np.arange(most) < rng.integers(1, most + 1, (*shape, 1))
        x[1:, -2:] = 0
        if codec is None or assets is None:
            return x
        tokens: Any = assets.codec
        words = np.asarray(tokens["tokens"], object)[x[..., 0]]
        return codec.encode([" ".join(filter(None, row)) for row in words])[0].numpy()
    x = np.asarray(given)
    if (
        x.ndim != 3
        or x.shape[2] != 1 + most
        or x.dtype.kind not in "iu"
        or 0 in x.shape
    ):
        raise ValueError(
            "`golden_input` must be an array of ids, of shape (batch, time, "
            f"{1 + most}). Received: golden_input of shape {x.shape} and dtype "
            f"{x.dtype}."
        )
    words, spelling = x[..., 0], x[..., 1:]
    if x.min() < 0 or words.max() >= size or spelling.max() >= letters:
        raise ValueError(
            f"`golden_input` must hold words from 0 to {size - 1} and characters from "
            f"0 to {letters - 1}. Received: words from {words.min()} to {words.max()} "
            f"and characters from {spelling.min()} to {spelling.max()}."
        )
    x = x.astype("int32")
    return x if codec is None else codec.encode(codec.decode(x))[0].numpy()
