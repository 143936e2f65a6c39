"""The data of a training, checked before its first epoch."""

import numpy as np


def load_data(recipe, *, data_dir=None, download=False):
    """Prepare the data of a recipe, as `training.fit.load_data` does, and check them.

    Raises:
        ValueError: if an exported model would read a text as other tokens than the
            training does.
        Other errors: see `keras_rnn_zoo.datasets.load`.
    """
    from keras_rnn_zoo.training import fit as fitting

    pipelines = fitting.load_data(recipe, data_dir=data_dir, download=download)
    check_codec(pipelines)
    return pipelines


def check_codec(pipelines) -> None:
    """Check that the graph of an exported model reads what the training reads.

    Every token of the data and of the vocabulary must be one token there too, with the
    same id, and every label must be text.

    Raises:
        ValueError: if one is not.
    """
    from keras_rnn_zoo.datasets.limits import surrogate_in
    from keras_rnn_zoo.export.text import TextCodec

    for label in pipelines.labels:
        if surrogate_in(label) is not None:
            raise ValueError(
                "`labels` of the data must be text. Received: "
                f"{label!r}, with half of a surrogate pair."
            )
    codec = pipelines.codec
    if codec is None:
        return
    tokens = {token: None for token in codec.tokens[2:] if token != codec.boundary}
    for texts in (pipelines.texts or {}).values():
        for text in texts:
            tokens.update(dict.fromkeys(codec.split(text)))
    for token in tokens:
        if surrogate_in(token) is not None:
            _fail(token, "half of a surrogate pair, which UTF-8 does not have")
    tokens = list(tokens)
    ids, lengths = (
        np.asarray(one) for one in TextCodec(**codec.get_config()).encode(tokens)
    )
    start = 0 if codec.boundary is None else 1
    for token, count in zip(tokens, lengths - start, strict=True):
        if count != 1:
            _fail(token, f"{count} tokens")
    for token, there in zip(tokens, ids[:, start], strict=True):
        here = codec.encode([token])[start]
        if not np.array_equal(here, there):
            _fail(token, f"another one: id {there}, not {here}")


def _fail(token, found):
    raise ValueError(
        "Every token of the data must be one token to an exported model too. Received: "
        f"{token!r}, which is {found}. Replace it in the data."
    )
