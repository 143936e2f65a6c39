"""Linear-chain conditional random fields as functions, named as in TensorFlow Addons.

Names and arguments are those of `tensorflow_addons.text`, so that its users need to
change an import only. What they compute is in `keras_rnn_zoo.ops.chains`; the layer is
`keras_rnn_zoo.layers.CRF`. Throughout, `inputs` or `potentials` are float
`(batch, time, tags)`, `transition_params` are `(tags, tags)` from row to column, and a
sequence fills the first `sequence_lengths` of its steps: what lies behind is not read,
and a length of 0 gives scores of 0.

Reference: Lafferty, McCallum & Pereira, 2001, "Conditional Random Fields".
"""

from typing import Any

import tensorflow as tf

from keras_rnn_zoo.ops import chains


def crf_log_norm(inputs: Any, sequence_lengths: Any, transition_params: Any) -> Any:
    """Log of the sum of exp(score) over all tag sequences.

        log Z = log Σ_y exp(Σ_t inputs[t, y_t] + Σ_{t>1} transition[y_{t-1}, y_t])

    Args:
        inputs: float `(batch, time, tags)`.
        sequence_lengths: int `(batch,)`.
        transition_params: float `(tags, tags)`.

    Returns:
        `(batch,)`, differentiable in `inputs` and `transition_params`.

    Raises:
        ValueError: if a shape does not fit.

    Example:
    >>> crf_log_norm(np.zeros((1, 3, 2)), [3], np.zeros((2, 2))).numpy().round(4)
    array([2.0794])
    """
    inputs, transition_params = _check(inputs, transition_params)
    mask = _mask(sequence_lengths, inputs)
    return chains.log_norm(inputs, transition_params, mask)


def crf_sequence_score(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any
) -> Any:
    """Unnormalised score of one tag sequence for each row.

    Args:
        inputs: float `(batch, time, tags)`.
        tag_indices: int `(batch, time)`.
        sequence_lengths: int `(batch,)`.
        transition_params: float `(tags, tags)`.

    Returns:
        `(batch,)`.

    Raises:
        ValueError: if a shape does not fit or a tag is not in [0, tags). In a graph, a
            wrong tag raises `tf.errors.InvalidArgumentError` when it runs.

    Example:
    >>> crf_sequence_score([[[1.0, 2.0], [3.0, 4.0]]], [[0, 1]], [2], np.eye(2)).numpy()
    array([5.], dtype=float32)
    """
    inputs, transition_params = _check(inputs, transition_params)
    mask = _mask(sequence_lengths, inputs)
    tags = check_tags("tag_indices", tag_indices, mask, inputs.shape[2])
    return chains.path_score(inputs, tags, transition_params, mask)


def crf_multitag_sequence_score(
    inputs: Any, tag_bitmap: Any, sequence_lengths: Any, transition_params: Any
) -> Any:
    """Log of the sum of exp(score) over the tag sequences that `tag_bitmap` allows.

    Args:
        inputs: float `(batch, time, tags)`.
        tag_bitmap: bool `(batch, time, tags)`. True for every tag that counts as right.
        sequence_lengths: int `(batch,)`.
        transition_params: float `(tags, tags)`.

    Returns:
        `(batch,)`; -inf where a step allows no tag.

    Raises:
        ValueError: if a shape does not fit.

    Example:
    >>> bitmap = [[[True, False], [True, True]]]
    >>> x = np.zeros((1, 2, 2))
    >>> score = crf_multitag_sequence_score(x, bitmap, [2], np.zeros((2, 2)))
    >>> score.numpy().round(4)
    array([0.6931])
    """
    filtered = crf_filtered_inputs(inputs, tag_bitmap)
    return crf_log_norm(filtered, sequence_lengths, transition_params)


def crf_log_likelihood(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any = None
) -> Any:
    """Log of the probability of one tag sequence for each row.

        log P(y | inputs) = score(y) - log Z

    Args:
        inputs: float `(batch, time, tags)`.
        tag_indices: int `(batch, time)`.
        sequence_lengths: int `(batch,)`.
        transition_params: float `(tags, tags)`; None makes a new Glorot-uniform
            variable.

    Returns:
        `(log_likelihood, transition_params)`: `(batch,)`, and the scores that were
        given or made.

    Raises:
        ValueError: see `crf_sequence_score`.

    Example:
    >>> x = np.zeros((1, 3, 2))
    >>> value, _ = crf_log_likelihood(x, [[0, 1, 1]], [3], np.zeros((2, 2)))
    >>> value.numpy().round(4)
    array([-2.0794])
    """
    inputs = tf.convert_to_tensor(inputs)
    if transition_params is None:
        tags = inputs.shape[-1]
        limit = (3 / tags) ** 0.5
        transition_params = tf.Variable(
            tf.random.uniform((tags, tags), -limit, limit, inputs.dtype),
            name="transitions",
        )
    score = crf_sequence_score(inputs, tag_indices, sequence_lengths, transition_params)
    norm = crf_log_norm(inputs, sequence_lengths, transition_params)
    return score - norm, transition_params


def crf_unary_score(tag_indices: Any, sequence_lengths: Any, inputs: Any) -> Any:
    """The part of a tag sequence's score that comes from `inputs`.

    Args:
        tag_indices: int `(batch, time)`.
        sequence_lengths: int `(batch,)`.
        inputs: float `(batch, time, tags)`.

    Returns:
        `(batch,)`.

    Raises:
        ValueError: see `crf_sequence_score`.

    Example:
    >>> crf_unary_score([[0, 1]], [2], [[[1.0, 2.0], [3.0, 4.0]]]).numpy()
    array([5.], dtype=float32)
    """
    inputs = tf.convert_to_tensor(inputs)
    zeros = tf.zeros((inputs.shape[-1], inputs.shape[-1]), inputs.dtype)
    return crf_sequence_score(inputs, tag_indices, sequence_lengths, zeros)


def crf_binary_score(
    tag_indices: Any, sequence_lengths: Any, transition_params: Any
) -> Any:
    """The part of a tag sequence's score that comes from `transition_params`.

    Args:
        tag_indices: int `(batch, time)`.
        sequence_lengths: int `(batch,)`.
        transition_params: float `(tags, tags)`.

    Returns:
        `(batch,)`.

    Raises:
        ValueError: see `crf_sequence_score`.

    Example:
    >>> crf_binary_score([[0, 1, 1]], [3], [[1.0, 2.0], [3.0, 4.0]]).numpy()
    array([6.], dtype=float32)
    """
    transition_params = tf.convert_to_tensor(transition_params)
    tags = tf.convert_to_tensor(tag_indices)
    shape = tf.concat([tf.shape(tags), transition_params.shape[:1]], axis=0)
    zeros = tf.ensure_shape(
        tf.zeros(shape, transition_params.dtype),
        (*tags.shape, transition_params.shape[0]),
    )
    return crf_sequence_score(zeros, tags, sequence_lengths, transition_params)


def crf_filtered_inputs(inputs: Any, tag_bitmap: Any) -> Any:
    """`inputs` with -inf in the place of every tag that is not allowed.

    Args:
        inputs: float `(batch, time, tags)`.
        tag_bitmap: bool `(batch, time, tags)`.

    Returns:
        `(batch, time, tags)`.

    Example:
    >>> crf_filtered_inputs([[[1.0, 2.0]]], [[[True, False]]]).numpy()
    array([[[  1., -inf]]], dtype=float32)
    """
    inputs = tf.convert_to_tensor(inputs)
    never = tf.fill(tf.shape(inputs), tf.cast(-float("inf"), inputs.dtype))
    return tf.where(tf.cast(tag_bitmap, "bool"), inputs, never)


def crf_decode(potentials: Any, transition_params: Any, sequence_length: Any) -> Any:
    """The tag sequence of the highest score for each row (Viterbi).

    Args:
        potentials: float `(batch, time, tags)`.
        transition_params: float `(tags, tags)`.
        sequence_length: int `(batch,)`.

    Returns:
        `(decode_tags, best_score)`: int32 `(batch, time)`, 0 behind the sequence, and
        `(batch,)`. Where every tag sequence is forbidden: 0, and -inf.

    Raises:
        ValueError: if a shape does not fit.

    Example:
    >>> tags, score = crf_decode([[[1.0, 0.0], [0.0, 3.0]]], np.zeros((2, 2)), [2])
    >>> tags.numpy(), score.numpy()
    (array([[0, 1]], dtype=int32), array([4.], dtype=float32))
    """
    potentials, transition_params = _check(
        potentials, transition_params, name="potentials"
    )
    mask = _mask(sequence_length, potentials)
    return chains.viterbi(potentials, transition_params, mask)


def crf_constrained_decode(
    potentials: Any, tag_bitmap: Any, transition_params: Any, sequence_length: Any
) -> Any:
    """`crf_decode` among the tag sequences that `tag_bitmap` allows.

    Args:
        potentials: float `(batch, time, tags)`.
        tag_bitmap: bool `(batch, time, tags)`. True for the tags that are allowed.
        transition_params: float `(tags, tags)`.
        sequence_length: int `(batch,)`.

    Returns:
        As `crf_decode`.

    Raises:
        ValueError: if a shape does not fit.

    Example:
    >>> x = [[[1.0, 0.0], [0.0, 3.0]]]
    >>> bitmap = [[[True, True], [True, False]]]
    >>> crf_constrained_decode(x, bitmap, np.zeros((2, 2)), [2])[0].numpy()
    array([[0, 0]], dtype=int32)
    """
    filtered = crf_filtered_inputs(potentials, tag_bitmap)
    return crf_decode(filtered, transition_params, sequence_length)


def check_tags(name, tags, mask, num_tags):
    """Returns `tags` as int32 `(batch, time)`, 0 where masked.

    Args:
        name: str. What the tags are called in an error.
        tags: `(batch, time)` or `(batch, time, 1)`.
        mask: bool `(batch, time)`.
        num_tags: int.

    Raises:
        ValueError: if the shape does not fit or an unmasked tag is not in
            [0, num_tags). In a graph, a wrong tag raises
            `tf.errors.InvalidArgumentError` when it runs; XLA cannot raise, and the
            score of that row is nan.
    """
    tags = tf.convert_to_tensor(tags)
    if len(tags.shape) == 3 and tags.shape[-1] == 1:
        tags = tags[..., 0]
    if len(tags.shape) != 2 or not tags.shape.is_compatible_with(mask.shape):
        raise ValueError(
            f"`{name}` must be of shape (batch, time), {_plain(mask.shape)} here. "
            f"Received: {name} of shape {_plain(tags.shape)}."
        )
    expected = f"`{name}` must hold tags from 0 to {num_tags - 1} at unmasked steps."
    tags = tf.where(mask, tf.cast(tags, "int32"), 0)
    wrong = (tags < 0) | (tags >= num_tags)
    if tf.executing_eagerly():
        if tf.reduce_any(wrong):
            raise ValueError(
                f"{expected} Received: {name} with the tag "
                f"{int(tags[wrong][0])} at (row, step) "
                f"{tuple(tf.where(wrong)[0].numpy().tolist())}."
            )
        return tags
    lowest, highest = tf.reduce_min(tags), tf.reduce_max(tags)
    received = [f"{expected} Received: {name} with tags from", lowest, "to", highest]
    check = tf.debugging.Assert(~tf.reduce_any(wrong), received)
    with tf.control_dependencies([check]):
        return tf.identity(tags)


def _check(inputs, transition_params, name="inputs"):
    """Both as tensors, of one dtype, once their shapes are known to fit."""
    inputs = tf.convert_to_tensor(inputs)
    transition_params = tf.cast(transition_params, inputs.dtype)
    tags = transition_params.shape[0] if len(transition_params.shape) else None
    if len(inputs.shape) != 3 or inputs.shape[2] is None:
        raise ValueError(
            f"`{name}` must be of shape (batch, time, tags). "
            f"Received: {name} of shape {_plain(inputs.shape)}."
        )
    if tuple(transition_params.shape) != (inputs.shape[2],) * 2 or not tags:
        raise ValueError(
            f"`transition_params` must be of shape (tags, tags) with the last axis of "
            f"`{name}`, {_plain(inputs.shape)}. Received: transition_params of shape "
            f"{_plain(transition_params.shape)}."
        )
    return inputs, transition_params


def _mask(sequence_lengths, inputs):
    lengths = tf.cast(sequence_lengths, "int32")
    if len(lengths.shape) != 1:
        raise ValueError(
            "`sequence_lengths` must be of shape (batch,). Received: "
            f"sequence_lengths of shape {_plain(lengths.shape)}."
        )
    return tf.sequence_mask(lengths, tf.shape(inputs)[1])


def _plain(shape):
    return tuple(shape.as_list()) if shape.rank is not None else "unknown"
