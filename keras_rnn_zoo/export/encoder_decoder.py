"""An encoder-decoder as a TensorFlow SavedModel that decodes by itself."""

import os
from typing import Any

from keras_rnn_zoo.export.declared import write_saved_model
from keras_rnn_zoo.export.saved_model import Exported
from keras_rnn_zoo.layers.core.graphs import graphs_of


def export_encoder_decoder(
    model: Any,
    path: str | os.PathLike,
    golden_input: Any = None,
    *,
    sampler: Any = "greedy",
    max_length: int = 64,
    min_length: int = 0,
    metadata: dict[str, Any] | None = None,
    dtype: str | None = "float32",
    tolerance: float = 1e-5,
) -> Exported:
    """Write an `EncoderDecoder` as a SavedModel; batch and lengths stay free.

    The signatures:

    * `encode`: `source` (ids) gives `memory`, `memory_mask` and the states `state_0`,
      `state_1`, … with which the decoder begins.
      Of a model that copies also `copies`.
    * `decode_step`: `token` (ids of one step) and what `encode` has given
      give `log_probabilities` of the next token, the states and, with attention,
      `alignment`. The first token is the model's `start`.
    * `generate`: `source` gives `tokens` and `scores`, with the sampler, beams too,
      inside the graph; a sampler that draws also takes `seed`.
    * `generate_text`: `text` (strings, each character a token) gives `text`, tokens
      with a blank between them, and `scores`; of a model that knows its tokens.

    The default signature, `serving_default`, is the last one that there is. Tokens that
    are out of range, and characters that are not known, are errors. The files are
    loaded again and must say what the model says; only then do they replace what was at
    `path`.

    Args:
        model: a built `EncoderDecoder`.
        path: directory to make or to replace.
        golden_input: sources that the files are compared with the model on: ids
            `(batch, time)`, or a dict that has them as `source`. None: drawn ones.
        sampler: as of `EncoderDecoder.generate`.
        max_length: int. The greatest number of tokens, with the end.
        min_length: int. The least number of tokens before the end.
        metadata: dict that goes into `assets.extra/metadata.json` as well, or None.
        dtype: "float32" also for models of mixed precision, or None for their own.
        tolerance: float. Largest difference of probabilities and, relatively, scores.

    Returns:
        `Exported`.

    Raises:
        TypeError: if `model` is not an `EncoderDecoder`.
        ValueError: if `golden_input` is of another shape.
        OSError: if `path` may not be made or replaced.
        RuntimeError: if the files answer differently.
    """
    declared = graphs_of(model)
    if declared is None or declared.writer is None:
        raise TypeError(
            "`model` must be an EncoderDecoder. "
            f"Received: model of type {type(model).__name__}."
        )
    return write_saved_model(
        model,
        path,
        golden_input,
        dict(metadata or {}),
        dtype,
        tolerance,
        sampler=sampler,
        max_length=max_length,
        min_length=min_length,
    )
