"""Windows of steps: what a feed-forward net reads of a sequence, and answers."""

from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers.core.arguments import positive_integer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.ops.checks import integer_from


@register
class StepWindows(keras.Layer):
    """Each step beside its neighbours: `(batch, time, (2 * reach + 1) * features)`.

    Beyond the ends, and at masked steps, stand zeros.

    Args:
        reach: int, at least 0. Steps to each side.
        **kwargs: `name`, `dtype`.

    Example:
    >>> StepWindows(1)(np.array([[[1.0], [2.0], [3.0]]])).numpy()[0, 0].tolist()
    [0.0, 1.0, 2.0]
    """

    def __init__(self, reach: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reach = integer_from("reach", reach, 0)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        x = _without_masked(inputs, mask)
        time = ops.shape(x)[1]
        x = ops.pad(x, ((0, 0), (self.reach, self.reach), (0, 0)))
        return ops.concatenate(
            [x[:, k : k + time] for k in range(2 * self.reach + 1)], axis=-1
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:2], (2 * self.reach + 1) * input_shape[2])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "reach": self.reach}


@register
class WholeSequence(keras.Layer):
    """All steps of a sequence side by side: `(batch, length * features)`.

    Behind a shorter sequence, and at masked steps, stand zeros.

    Args:
        length: int. Most steps of a sequence.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: if a sequence is longer (`tf.errors.InvalidArgumentError` where its
            length is not known before).

    Example:
    >>> WholeSequence(3)(np.array([[[1.0], [2.0]]])).numpy().tolist()
    [[1.0, 2.0, 0.0]]
    """

    def __init__(self, length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length = positive_integer("length", length)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        x = _without_masked(inputs, mask)
        expected = f"`inputs` must have at most `length`={self.length} steps. Received:"
        time = ops.shape(x)[1]
        if isinstance(time, int):
            if time > self.length:
                raise ValueError(f"{expected} inputs of {time} steps.")
        elif keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            check = tf.debugging.Assert(time <= self.length, [expected, "steps", time])
            with tf.control_dependencies([check]):
                x = tf.identity(x)
        x = ops.pad(x, ((0, 0), (0, self.length - time), (0, 0)))
        return ops.reshape(x, (-1, self.length * x.shape[2]))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.length * input_shape[2])

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "length": self.length}


@register
class PositionOutputs(keras.Layer):
    """Cuts `(batch, length * size)` into `(batch, time, size)`, as long as a sequence.

    Args:
        length: int.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: pair of `(batch, length * size)`, and the sequence `(batch, time, …)`,
            whose mask is taken over.
    """

    def __init__(self, length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length = positive_integer("length", length)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        x, sequence = inputs
        x = ops.reshape(x, (-1, self.length, x.shape[1] // self.length))
        return x[:, : ops.shape(sequence)[1]]

    def compute_output_shape(self, input_shape: Any) -> Any:
        flat, sequence = input_shape
        return (flat[0], sequence[1], flat[1] // self.length)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return None if previous_mask is None else previous_mask[1]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "length": self.length}


def _without_masked(x, mask):
    if mask is None:
        return x
    return ops.where(ops.expand_dims(mask, -1), x, ops.zeros_like(x))
