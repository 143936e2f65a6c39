"""A feed-forward network on a window of steps: what recurrence has to beat."""

import json
from typing import Any

import keras

from keras_rnn_zoo.layers.core.arguments import checked, flag, positive_integer, rate
from keras_rnn_zoo.layers.core.fitting import NoClassWeights
from keras_rnn_zoo.layers.core.kinds import Activation, DType
from keras_rnn_zoo.layers.core.parts import KeepsSettings
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.readers.windows import (
    PositionOutputs,
    StepWindows,
    WholeSequence,
)
from keras_rnn_zoo.ops.checks import integer_from
from keras_rnn_zoo.topologies import _reading


@register
class WindowClassifier(NoClassWeights, KeepsSettings, keras.Model):
    """A feed-forward network on neighbouring steps, or on a whole sequence at once.

    `window=w`, an output at every step from the 2w + 1 steps around it:

        h_t = φ([x_{t-w}, …, x_{t+w}] W + b),   o_t = h_t V + c,   ŷ_t = softmax(o_t)

    `length=T`, the whole sequence, padded to T steps, side by side. Each position has
    weights of its own, so that what is learnt at one is not known at another:

        h = φ([x_1, …, x_T] W + b),   o = h V + c   or at every step o_t = h V_t + c_t

    x_t is a token's embedding, or the features, and 0 at masked steps and beyond the
    ends; φ is `activation`. When to use it: as the baseline that shows what a memory is
    worth. The window cannot see farther than w; the whole sequence needs T times the
    weights, and data for each position.

    Reference: Waibel et al., 1989, "Phoneme recognition using time-delay neural
    networks"; Bengio et al., 2003, "A neural probabilistic language model". Differs
    from the papers: windows look both ways.

    Args:
        num_outputs: int. Number of classes, or of values.
        units: int, or list of int, one for each hidden layer.
        window: int w, at least 0; or
        length: int T. Exactly one of the two.
        return_sequences: bool. An output at every step; False: one for the sequence,
            with `length` only.
        vocabulary_size: int, for integer tokens `(batch, time)`; id 0 is the padding.
        embedding_dim: int. Width of a token's embedding.
        num_features: int, for features `(batch, time, num_features)`.
        mask_value: float or None. Steps whose features all equal it are masked.
        activation: φ.
        output_activation: activation of the output layer; None for values.
        dropout: float in [0, 1). Share of each hidden layer's input dropped.
        seed: int or None. Seed of the dropout masks.
        name: str or None.
        dtype: dtype policy or its name, or None for the global one.

    Call arguments:
        inputs: `(batch, time)` integers or `(batch, time, num_features)`.
        training: bool. Matters only with dropout.

    Returns:
        `(batch, time, num_outputs)`, with the mask, or `(batch, num_outputs)`; in the
        variable dtype of `dtype`.

    Masking: masked steps are zeros to their neighbours and never count in loss and
    metrics.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range, or not exactly one of
            `window` and `length`, and of `vocabulary_size` and `num_features`, is
            given; in calls: if a sequence is longer than `length`
            (`tf.errors.InvalidArgumentError` inside `fit`).

    Example:
    >>> model = WindowClassifier(3, window=2, vocabulary_size=10)
    >>> model(np.array([[4, 7, 2, 0]])).shape
    TensorShape([1, 4, 3])
    """

    def __init__(
        self,
        num_outputs: int,
        units: int | list[int] | None = 64,
        *,
        window: int | None = None,
        length: int | None = None,
        return_sequences: bool = True,
        vocabulary_size: int | None = None,
        embedding_dim: int = 32,
        num_features: int | None = None,
        mask_value: float | None = None,
        activation: Activation = "relu",
        output_activation: Activation = "softmax",
        dropout: float = 0.0,
        seed: int | None = None,
        name: str | None = None,
        dtype: DType = None,
    ) -> None:
        num_outputs = positive_integer("num_outputs", num_outputs)
        if (window is None) == (length is None):
            raise ValueError(
                "`window` must be given for neighbouring steps, or `length` for the "
                "whole sequence, and not both. "
                f"Received: window={window!r}, length={length!r}."
            )
        return_sequences = flag("return_sequences", return_sequences)
        if window is None:
            length = positive_integer("length", length)
        else:
            window = integer_from("window", window, 0)
            if not return_sequences:
                raise ValueError(
                    "`return_sequences` must be True with `window`. "
                    "Received: return_sequences=False. Give `length` instead."
                )
        positions: Any = length
        reading = _reading.check_reading(
            vocabulary_size, embedding_dim, num_features, mask_value
        )
        units = _reading.check_units(units, "LSTM")
        dropout = rate("dropout", dropout)
        activation = checked("activation", "activation", activation)
        output_activation = checked(
            "activation", "output_activation", output_activation
        )
        seed = checked("seed", "seed", seed)
        policy = keras.dtype_policies.get(dtype)

        inputs = _reading.model_input(reading[0], reading[2])
        first = _reading.reader(*reading, dtype=policy)
        sequence = inputs if first is None else first(inputs)
        if window is None:
            x = WholeSequence(positions, name="whole_sequence", dtype=policy)(sequence)
        else:
            x = StepWindows(window, name="step_windows", dtype=policy)(sequence)
        for i, width in enumerate(units if isinstance(units, list) else [units], 1):
            if dropout:
                own_seed = None if seed is None else seed + i
                x = keras.layers.Dropout(
                    dropout, seed=own_seed, name=f"dropout_{i}", dtype=policy
                )(x)
            x = keras.layers.Dense(
                width, activation=activation, name=f"hidden_{i}", dtype=policy
            )(x)
        per_position = window is None and return_sequences
        width = num_outputs * (length or 1 if per_position else 1)
        output = _reading.make_head(
            "dense", {}, width, None if per_position else output_activation, policy
        )
        x = output(x)
        if per_position:
            x = PositionOutputs(positions, name="positions", dtype=output.dtype)(
                [x, sequence]
            )
            x = keras.layers.Activation(
                output_activation, name="output_activation", dtype=output.dtype
            )(x)
        super().__init__(inputs=inputs, outputs=x, name=name)

        self.dtype_policy = policy
        self.vocabulary_size = reading[0]
        config = {
            "num_outputs": num_outputs,
            "units": units,
            "window": window,
            "length": length,
            "return_sequences": return_sequences,
            "vocabulary_size": reading[0],
            "embedding_dim": reading[1],
            "num_features": reading[2],
            "mask_value": reading[3],
            "activation": keras.activations.serialize(activation),
            "output_activation": keras.activations.serialize(output_activation),
            "dropout": dropout,
            "seed": seed,
            "dtype": keras.dtype_policies.serialize(policy),
        }
        self._config = json.dumps(config)  # as text: Keras tracks what lies in a dict
        self._is_made()

    @property
    def num_outputs(self) -> int:
        """Width of the output."""
        return self.get_config()["num_outputs"]

    @property
    def _weighs(self):
        return "(batch, time)" if self.get_config()["return_sequences"] else None

    def get_config(self) -> dict[str, Any]:
        return {**json.loads(self._config), "name": self.name, **self._changed}
