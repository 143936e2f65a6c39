"""The native writer: what an encoder-decoder says, in one op."""

from typing import Any, NamedTuple

import tensorflow as tf

from keras_rnn_zoo.native.build import load
from keras_rnn_zoo.native.kernels import threads


class Decoder(NamedTuple):
    """The tensors of a decoder, all of one dtype; None for what there is not.

    Attributes:
        cell: str, one of `keras_rnn_zoo.native.CELLS`, of all layers.
        embeddings: `(tokens, embedding)`.
        kernels: list of `(features, blocks * units)`, of each layer. The first one
            reads `[embedding ; context]` with `query_before`, `[embedding ; a]` with
            `input_feeding`.
        recurrent_kernels: list of `(units, blocks * units)`.
        biases: list of `(blocks * units,)`, of "gru" `(2, blocks * units)`, or None.
        peepholes: list of `(3 * units,)`, or of None.
        output_kernel: `(width, tokens)`.
        output_bias: `(tokens,)`, or None.
        combine_kernel: `(units + features, width)` of `a = tanh([h ; c] W)`. Without
            attention None: then a is h.
        memory_kernel: `(features, key width)`, or None: keys are the memory.
        query_kernel: `(units, key width)`: scores are `v · tanh(q W + k_j + b)`. None:
            `q · k_j`.
        query_bias: `(key width,)`, b.
        score_kernel: `(key width,)`, v.
        scaled: bool. Products are divided by √units.
        query_before: bool. The query is the last layer's h before the step.
        input_feeding: bool.
    """

    cell: str
    embeddings: Any
    kernels: Any
    recurrent_kernels: Any
    biases: Any
    peepholes: Any
    output_kernel: Any
    output_bias: Any = None
    combine_kernel: Any = None
    memory_kernel: Any = None
    query_kernel: Any = None
    query_bias: Any = None
    score_kernel: Any = None
    scaled: bool = False
    query_before: bool = False
    input_feeding: bool = False


@tf.autograph.experimental.do_not_convert
def write(
    decoder: Decoder,
    memory: Any,
    mask: Any,
    states: Any,
    *,
    allowed: Any = None,
    transitions: Any = None,
    **options: Any,
) -> Any:
    """Sequences of sources, as `keras_rnn_zoo.ops.decoding.decode` makes them.

    Args:
        decoder: `Decoder`, float32 or float64.
        memory: `(batch, steps, features)`; not read without `combine_kernel`.
        mask: bool `(batch, steps)`, True at what counts of the source.
        states: list of `(batch, units)`, those of the first layer first.
        allowed: bool `(batch or 1, time, tokens)`, or None.
        transitions: bool `(tokens, tokens)`, or None.
        **options: `start`, `end`, `max_length`, `min_length`, and those of a
            `BeamSampler`: `beams` (0: the most likely token of each step), `groups`,
            `diversity`, `length_penalty`, `coverage_penalty`.

    Returns:
        `(tokens, scores)`, int32 `(batch, max_length)` and float32 `(batch,)`; with
        beams there is an axis of them behind the first one, the best one first.

    Raises:
        tf.errors.InvalidArgumentError: if shapes do not fit.
        RuntimeError: if the library is not available.
    """
    dtype = tf.convert_to_tensor(decoder.embeddings).dtype
    ops = load(dtype.name, wait=None)
    if ops is None:
        raise RuntimeError("The native kernels are not available.")

    def tensor(value, dtype=dtype):
        return tf.zeros([0], dtype) if value is None else tf.cast(value, dtype)

    given = decoder._asdict()
    settings = {name: given.pop(name) for name in _SETTINGS}
    lists = {name: list(map(tensor, given.pop(name))) for name in _LISTS}
    return ops.keras_rnn_zoo_write(
        **{name: tensor(value) for name, value in given.items()},
        **lists,
        **settings,
        memory=tensor(memory if decoder.combine_kernel is not None else None),
        mask=tensor(mask, "bool"),
        states=list(map(tensor, states)),
        allowed=tensor(allowed, "bool"),
        transitions=tensor(transitions, "bool"),
        threads=threads(),
        **options,
    )


_SETTINGS = ("cell", "scaled", "query_before", "input_feeding")
_LISTS = ("kernels", "recurrent_kernels", "biases", "peepholes")
