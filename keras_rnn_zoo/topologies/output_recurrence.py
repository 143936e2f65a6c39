"""An answer for every step, where the answers alone carry the memory."""

from typing import Any, Literal

import keras

from keras_rnn_zoo.layers.core.fitting import NoClassWeights
from keras_rnn_zoo.layers.core.kinds import Activation, DType
from keras_rnn_zoo.layers.core.parts import KeepsSettings
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.heads.jordan_rnn import JordanRNN
from keras_rnn_zoo.topologies import _reading


@register
class OutputRecurrence(NoClassWeights, KeepsSettings, keras.Model):
    """Output recurrence: an output at every step, fed back to the next hidden state.

        h_t = φ(x_t W + ŷ_{t-1} U + b)
        o_t = h_t V + c
        ŷ_t = softmax(o_t)

    x_t is a token's embedding, or the features; φ is `activation`; the recurrence is a
    `JordanRNN`, whose docstring says what each way of feeding back means. Trained by
    plain `fit` on `(x, y)`, y the class id of each step: the model shifts y itself, and
    the first step gets zeros for ŷ_0.

    `training_feedback="teacher"` computes all steps at once, without a loop. What `fit`
    reports for the training data is then the score on true outputs, while validation,
    `evaluate` and `predict` run freely on the model's own outputs;
    `evaluate_teacher_forced` gives the other number. When to use it: each step needs
    only its input and the labels so far, and training has to be fast.

    Reference: Jordan, 1986, "Serial order: a parallel distributed processing approach";
    Goodfellow, Bengio & Courville, 2016, "Deep Learning", section 10.2.1. Differs from
    the paper: see `JordanRNN`.

    Args:
        num_outputs: int, at least 2. Number of classes.
        units: int, or list of int for more feed-forward layers between h_t and o_t.
        vocabulary_size: int, for integer tokens `(batch, time)`; id 0 is the padding.
        embedding_dim: int. Width of a token's embedding.
        num_features: int, for features `(batch, time, num_features)`.
        mask_value: float or None. Steps whose features all equal it are masked.
        activation: φ.
        training_feedback: "teacher", "scheduled" or "soft".
        feedback: "probabilities", "argmax" or "sample".
        sampling_schedule: "linear", "exponential", "inverse_sigmoid", a dict of such a
            `name` and its arguments, a number from 0 to 1, or a `SamplingSchedule`;
            None: see `JordanRNN`.
        dropout: float in [0, 1). Share of x_t dropped in training.
        recurrent_dropout: float in [0, 1). Share of ŷ_{t-1} dropped in training.
        output_dropout: float in [0, 1). Share of the last hidden layer dropped.
        seed: int or None. Seed of dropout, coins and drawn classes.
        name: str or None.
        dtype: dtype policy or its name, or None for the global one.

    Call arguments:
        inputs: x, or `(x, y)`. With y every step gets the true output before it,
            except in training with "scheduled" or "soft".
        training: bool.

    Returns:
        `(batch, time, num_outputs)` probabilities, with the mask of x.

    Masking: a masked step neither changes what is fed back nor counts in loss and
    metrics. Per-step losses are averaged over the unmasked steps, or summed with
    `reduction="sum"` given to the loss.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range, if not exactly one of
            `vocabulary_size` and `num_features` is given, or if `fit` gets no y.

    Example:
    >>> model = OutputRecurrence(3, units=8, vocabulary_size=10)
    >>> model.compile("adam", "sparse_categorical_crossentropy")
    >>> x = np.array([[4, 7, 2, 0]])
    >>> history = model.fit(x, np.array([[1, 0, 2, 0]]), verbose=0)
    >>> model(x).shape
    TensorShape([1, 4, 3])
    """

    def __init__(
        self,
        num_outputs: int,
        units: int | list[int] = 64,
        *,
        vocabulary_size: int | None = None,
        embedding_dim: int = 32,
        num_features: int | None = None,
        mask_value: float | None = None,
        activation: Activation = "tanh",
        training_feedback: str = "teacher",
        feedback: str = "probabilities",
        sampling_schedule: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        output_dropout: float = 0.0,
        seed: int | None = None,
        name: str | None = None,
        dtype: DType = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        reading = _reading.check_reading(
            vocabulary_size, embedding_dim, num_features, mask_value
        )
        (
            self.vocabulary_size,
            self.embedding_dim,
            self.num_features,
            self.mask_value,
        ) = reading
        self.reader = _reading.reader(*reading, dtype=self.dtype_policy)
        self.recurrence = JordanRNN(
            num_outputs,
            units,
            activation,
            training_feedback=training_feedback,
            feedback=feedback,
            sampling_schedule=sampling_schedule,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            output_dropout=output_dropout,
            seed=seed,
            dtype=self.dtype_policy,
            name="jordan_rnn",
        )
        # Everything that decides a shape is known here, so nothing waits for data.
        if self.reader is not None:
            self.reader.build((None, None))
        width = self.num_features or self.embedding_dim
        self.recurrence.build((None, None, width))
        self.recurrence.built = True
        self.built = True
        self._is_made()

    #: Whether it can also be judged with the true outputs fed back.
    can_be_forced = True

    # --- Forward

    def call(self, inputs: Any, training: bool = False) -> Any:
        inputs, targets = _split(inputs)
        sequences, mask = self._read(inputs)
        return self.recurrence(sequences, targets=targets, mask=mask, training=training)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self._read(_split(inputs)[0])[1]

    def _read(self, inputs):
        """`(batch, time, features)` and its mask, or None."""
        if self.reader is None:
            return inputs, None
        return self.reader(inputs), self.reader.compute_mask(inputs)

    def decode(self, inputs: Any) -> Any:
        """Runs freely and returns the classes that were fed back.

        With `feedback="sample"` that is one drawn sequence for each row, otherwise the
        most likely class of each step.

        Args:
            inputs: x, one batch.

        Returns:
            `(batch, time)` int32.
        """
        sequences, mask = self._read(keras.ops.convert_to_tensor(inputs))
        return self.recurrence.decode(sequences, mask=mask)

    # --- Training and evaluation

    def compile(
        self, *args: Any, jit_compile: bool | Literal["auto"] = "auto", **kwargs: Any
    ) -> None:
        """As `keras.Model.compile`; XLA only where it is asked for.

        It makes a program for each length of sequence, which takes seconds each.
        """
        jit_compile = False if jit_compile == "auto" else jit_compile
        super().compile(*args, jit_compile=jit_compile, **kwargs)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def train_step(self, *state_and_data: Any) -> Any:
        *state, data = state_and_data
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if y is None:
            raise ValueError(
                "`y` must hold the class id of each step, (batch, time): it is fed "
                "back in training. Received: y=None. Pass (x, y) to `fit`."
            )
        inputs = (_split(x)[0], y)
        return super().train_step(*state, (inputs, y, sample_weight))

    def evaluate_teacher_forced(
        self, x: Any, y: Any = None, sample_weight: Any = None, **kwargs: Any
    ) -> Any:
        """Like `evaluate`, but every step gets the true output before it.

        Args:
            x: arrays with y beside them, or a `tf.data.Dataset` of `(x, y)` or
                `(x, y, sample_weight)` batches.
            y: class ids `(batch, time)`, or None when x is a dataset.
            sample_weight: as in `evaluate`.
            **kwargs: passed to `evaluate`: `batch_size`, `verbose`, `return_dict`, ….

        Returns:
            What `evaluate` returns.

        Raises:
            TypeError: if there is no y and x is not a dataset.
        """
        if y is not None:
            return self.evaluate((x, y), y, sample_weight=sample_weight, **kwargs)
        if not hasattr(x, "map") or not hasattr(x, "element_spec"):
            raise TypeError(
                "`y` must be given unless x is a tf.data.Dataset of (x, y). "
                f"Received: y=None with x of type {type(x).__name__}."
            )
        return self.evaluate(
            x.map(
                lambda inputs, targets, *weights: ((inputs, targets), targets, *weights)
            ),
            **kwargs,
        )

    # --- Keras

    def export(
        self, filepath: Any, *args: Any, input_signature: Any = None, **kwargs: Any
    ) -> Any:
        """As `keras.Model.export`; x of any batch size and length by default."""
        if input_signature is None:
            shape, dtype = (None, None), "int32"
            if self.num_features is not None:
                shape, dtype = (None, None, self.num_features), self.dtype
            input_signature = [keras.InputSpec(shape=shape, dtype=dtype, name="inputs")]
        return super().export(
            filepath, *args, input_signature=input_signature, **kwargs
        )

    def get_config(self) -> dict[str, Any]:
        recurrence = self.recurrence.get_config()
        units = recurrence["units"]
        names = (
            "num_outputs",
            "activation",
            "training_feedback",
            "feedback",
            "sampling_schedule",
            "dropout",
            "recurrent_dropout",
            "output_dropout",
            "seed",
        )
        return {
            **{name: recurrence[name] for name in names},
            "units": units[0] if len(units) == 1 else units,
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "num_features": self.num_features,
            "mask_value": self.mask_value,
            "name": self.name,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            **self._changed,
        }


def _split(inputs):
    """Splits `(x, y)`; of x alone, y is None."""
    if isinstance(inputs, (tuple, list)):
        inputs, targets = inputs
        return inputs, targets
    return inputs, None
