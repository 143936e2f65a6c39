"""The network of Jordan: the output of one step is an input of the next one."""

from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers.core.arguments import (
    checked,
    flag,
    one_of,
    positive_integer,
    rate,
)
from keras_rnn_zoo.layers.core.kinds import Activation, Initializer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.heads import sampling_schedules

FEEDBACK = ("probabilities", "argmax", "sample")
TRAINING_FEEDBACK = ("teacher", "scheduled", "soft")


@register
class JordanRNN(keras.Layer):
    """Jordan network: recurrence only from the output to the next hidden state.

        h_t = φ(x_t W + ŷ_{t-1} U + b)
        o_t = h_t V + c
        ŷ_t = softmax(o_t)

    φ is `activation`. Row vectors, as in the code. The output is ŷ_t; ŷ_0 is the start
    vector, zeros unless `initial_output` is given. Hidden states of different steps
    depend on each other only through the outputs. What the next step gets for ŷ_{t-1}:

    * targets given, training, `training_feedback="teacher"`: the true output (teacher
      forcing). All steps are then independent and computed at once, with no loop. The
      same holds for targets given outside of training, whatever `training_feedback`.
    * `"scheduled"`: at each step, by a coin, the true output or the layer's own, in the
      form `feedback`, without gradient (scheduled sampling). `sampling_schedule` says
      with which probability it is the true one.
    * `"soft"`: the layer's own probabilities, with the gradient through them and
      through time. `sampling_schedule` may mix in the true output.
    * no targets: the layer's own output in the form `feedback`: its probabilities, the
      one-hot vector of the most likely class, or that of a class drawn from them.

    When to use it: the labels carry the memory that the task needs, and training has to
    be parallel over time. Trained on true outputs only, it meets its own mistakes for
    the first time when it runs freely; the other two ways of training close that gap.

    With several `units` there are more feed-forward layers between h_t and o_t:
    h'_t = φ(h_t W' + b'), and so on.

    Reference: Jordan, 1986, "Serial order: a parallel distributed processing
    approach", ICS Report 8604, University of California, San Diego; scheduled sampling:
    Bengio et al., 2015, https://arxiv.org/abs/1506.03099, section 2.4. Differs from the
    paper: the output units are a softmax; the output is fed back without the decaying
    sum over earlier ones.

    Args:
        num_outputs: int, at least 2. Number of classes, the width of ŷ.
        units: int, or list of int. Width of h_t, and of the hidden layers after it.
        activation: φ.
        use_bias: bool. Whether there are b and c.
        feedback: "probabilities", "argmax" or "sample". See above.
        training_feedback: "teacher", "scheduled" or "soft". See above.
        sampling_schedule: "linear", "exponential", "inverse_sigmoid", a dict of such a
            `name` and its arguments, a number from 0 to 1, or a `SamplingSchedule`: a
            function of the number of training calls. None: "inverse_sigmoid" for
            "scheduled", 0 for "soft".
        kernel_initializer: initializer of W, of W' and of V.
        recurrent_initializer: initializer of U.
        bias_initializer: initializer of b and of c.
        dropout: float in [0, 1). Share of x_t dropped in training.
        recurrent_dropout: float in [0, 1). Share of ŷ_{t-1} dropped in training.
        output_dropout: float in [0, 1). Share dropped from what V multiplies. All three
            use one mask for all steps of a sequence.
        seed: int or None. Seed of dropout, coins and drawn classes.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        sequences: `(batch, time, features)`.
        targets: `(batch, time)` class ids, or `(batch, time, num_outputs)`
            probabilities: the true outputs, not shifted. Or None.
        initial_output: `(batch, num_outputs)`, ŷ_0, or None for zeros.
        mask: `(batch, time)` bool. A masked step neither changes what is fed back nor
            is fed back. Its own output means nothing.
        training: bool.

    Returns:
        `(batch, time, num_outputs)` probabilities, in the layer's variable dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(num_outputs, units)`, bias
        `(units,)`; for each further hidden layer i hidden_kernel_i, hidden_bias_i;
        output_kernel `(units, num_outputs)`, output_bias `(num_outputs,)`. A schedule
        that changes adds training_steps `()`, not trainable.

    Masking: see `mask`. Dtype: products in the compute dtype, softmax and feedback in
    the variable dtype.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range, or the shape of
            `targets` or `initial_output` does not fit.

    Example:
    >>> layer = JordanRNN(3, units=8)
    >>> layer(np.zeros((2, 5, 4))).shape
    TensorShape([2, 5, 3])
    """

    feeds_back = True  # see `layers.core.head.feeds_back`
    answers = "softmax"

    def __init__(
        self,
        num_outputs: int,
        units: int | list[int] = 64,
        activation: Activation = "tanh",
        *,
        use_bias: bool = True,
        feedback: str = "probabilities",
        training_feedback: str = "teacher",
        sampling_schedule: Any = None,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "glorot_uniform",
        bias_initializer: Initializer = "zeros",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        output_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_outputs = positive_integer("num_outputs", num_outputs)
        if self.num_outputs < 2:
            raise ValueError(
                "`num_outputs` must be at least 2, one output per class. "
                f"Received: num_outputs={num_outputs!r}."
            )
        many = isinstance(units, (list, tuple))
        if many and not units:
            raise ValueError(
                "`units` must be a positive integer or a list of them. "
                f"Received: units={units!r}."
            )
        widths = units if many else [units]
        self.units = [positive_integer("units", width) for width in widths]
        self.activation = checked("activation", "activation", activation)
        self.use_bias = flag("use_bias", use_bias)
        self.feedback = one_of("feedback", feedback, FEEDBACK)
        self.training_feedback = one_of(
            "training_feedback", training_feedback, TRAINING_FEEDBACK
        )
        self.sampling_schedule = self._schedule(sampling_schedule)
        self.kernel_initializer = checked(
            "initializer", "kernel_initializer", kernel_initializer
        )
        self.recurrent_initializer = checked(
            "initializer", "recurrent_initializer", recurrent_initializer
        )
        self.bias_initializer = checked(
            "initializer", "bias_initializer", bias_initializer
        )
        self.dropout = rate("dropout", dropout)
        self.recurrent_dropout = rate("recurrent_dropout", recurrent_dropout)
        self.output_dropout = rate("output_dropout", output_dropout)
        self.seed = checked("seed", "seed", seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        self.input_spec = keras.InputSpec(ndim=3)
        self.supports_masking = True

    @property
    def draws(self) -> bool:
        """Whether what is fed back is drawn."""
        return self.feedback == "sample"

    def _schedule(self, schedule):
        """The schedule, or None where nothing is to be mixed."""
        if self.training_feedback == "teacher":
            if schedule is not None:
                raise ValueError(
                    '`sampling_schedule` must be None with training_feedback="teacher",'
                    " which always feeds back the truth. Received: "
                    f"sampling_schedule={schedule!r}. Pass "
                    'training_feedback="scheduled" or "soft" with it.'
                )
            return None
        if schedule is None:
            if self.training_feedback == "soft":
                return None
            schedule = "inverse_sigmoid"
        return sampling_schedules.get(schedule)

    # --- Weights

    def build(
        self, sequences_shape: Any, *_other_shapes: Any, **_named_shapes: Any
    ) -> None:
        """Makes W, U, b, the further hidden layers, V and c."""
        features = sequences_shape[-1]
        if features is None:
            raise ValueError(
                "`sequences` must have a known last dimension. "
                f"Received: sequences of shape {tuple(sequences_shape)}."
            )
        first, last = self.units[0], self.units[-1]
        self.kernel = self._weight("kernel", features, first)
        self.recurrent_kernel = self.add_weight(
            shape=(self.num_outputs, first),
            name="recurrent_kernel",
            initializer=self.recurrent_initializer,
        )
        self.bias = self._bias("bias", first)
        self.hidden_kernels, self.hidden_biases = [], []
        for i, (before, width) in enumerate(
            zip(self.units[:-1], self.units[1:], strict=True), start=1
        ):
            self.hidden_kernels.append(
                self._weight(f"hidden_kernel_{i}", before, width)
            )
            self.hidden_biases.append(self._bias(f"hidden_bias_{i}", width))
        self.output_kernel = self._weight("output_kernel", last, self.num_outputs)
        self.output_bias = self._bias("output_bias", self.num_outputs)
        self.training_steps = None
        if self._counts_steps:
            self.training_steps = self.add_weight(
                shape=(),
                name="training_steps",
                initializer="zeros",
                dtype="int32",
                trainable=False,
            )

    @property
    def _counts_steps(self):
        return self.sampling_schedule is not None and not isinstance(
            self.sampling_schedule, sampling_schedules.ConstantSampling
        )

    def _weight(self, name, rows, columns):
        return self.add_weight(
            shape=(rows, columns), name=name, initializer=self.kernel_initializer
        )

    def _bias(self, name, width):
        if not self.use_bias:
            return None
        return self.add_weight(
            shape=(width,), name=name, initializer=self.bias_initializer
        )

    # --- All steps, or one

    def call(
        self,
        sequences: Any,
        targets: Any = None,
        initial_output: Any = None,
        mask: Any = None,
        training: bool = False,
        sequences_mask: Any = None,
    ) -> Any:
        # Keras fills in `mask` where there is one tensor, else `sequences_mask`.
        mask = sequences_mask if mask is None else mask
        start = self._start(sequences, initial_output)
        equations = self._equations(ops.shape(sequences)[0], training)
        projected = equations.project(sequences)
        if targets is None:
            return self._run(equations, projected, start, mask)
        truth = previous_outputs(self._as_outputs(targets, sequences), start, mask)
        if self.training_feedback == "teacher" or not training:
            return equations.output(projected, truth)
        coins = self._coins(ops.shape(sequences)[:2])
        return self._run(equations, projected, start, mask, truth, coins, training)

    def step(self, inputs: Any, feedback: Any = None) -> tuple[Any, Any]:
        """One step of a free run, for streams.

        Args:
            inputs: `(batch, features)`, x_t.
            feedback: `(batch, num_outputs)`, what the step before gave, or None at the
                start.

        Returns:
            `(probabilities, feedback)`, both `(batch, num_outputs)`.
        """
        inputs = self._ready(inputs)
        start = self._start(inputs, feedback)
        equations = self._equations(ops.shape(inputs)[0])
        probabilities = equations.output(equations.project(inputs), start)
        draws = None
        if self.feedback == "sample":
            draws = self._uniform((ops.shape(inputs)[0], 1))
        return probabilities, self.fed_back(probabilities, draws)

    def decode(
        self, sequences: Any, initial_output: Any = None, mask: Any = None
    ) -> Any:
        """Runs freely and returns the classes that were fed back.

        With `feedback="sample"` that is one drawn sequence, otherwise the most likely
        class of each step.

        Args:
            sequences: as in the call.
            initial_output: as in the call.
            mask: as in the call.

        Returns:
            `(batch, time)` int32.
        """
        sequences = self._ready(sequences)
        equations = self._equations(ops.shape(sequences)[0])
        both = self._run(
            equations,
            equations.project(sequences),
            self._start(sequences, initial_output),
            mask,
            with_feedback=True,
        )
        return ops.argmax(both[..., self.num_outputs :], axis=-1)

    def fed_back(self, probabilities: Any, draws: Any = None) -> Any:
        """The form in which an output reaches the next step.

        Args:
            probabilities: `(batch, num_outputs)`.
            draws: `(batch, 1)` uniform in [0, 1); only for `feedback="sample"`.
        """
        if self.feedback == "probabilities":
            return probabilities
        if self.feedback == "argmax":
            chosen = ops.argmax(probabilities, axis=-1)
        else:
            draws = ops.cast(draws, probabilities.dtype)
            below = ops.cumsum(probabilities, axis=-1) <= draws
            chosen = ops.sum(ops.cast(below, "int32"), axis=-1)
            chosen = ops.minimum(chosen, self.num_outputs - 1)
        return ops.one_hot(chosen, self.num_outputs, dtype=self.variable_dtype)

    def _ready(self, inputs):
        inputs = ops.convert_to_tensor(inputs, dtype=self.compute_dtype)
        if not self.built:
            self.build(inputs.shape)
            self.built = True
        return inputs

    def _equations(self, batch_size, training=False):
        def dropout_mask(share, width):
            if not training or share == 0:
                return None
            ones = ops.ones((batch_size, width), dtype=self.compute_dtype)
            return keras.random.dropout(ones, share, seed=self.seed_generator)

        return _Equations(
            self,
            dropout_mask(self.dropout, self.kernel.shape[0]),
            dropout_mask(self.recurrent_dropout, self.num_outputs),
            dropout_mask(self.output_dropout, self.units[-1]),
        )

    def _run(
        self,
        equations,
        projected,
        start,
        mask,
        truth=None,
        coins=None,
        training=False,
        with_feedback=False,
    ):
        """The loop over time: each step gets the output of the one before.

        Everything that differs from step to step stands in the columns of one tensor.
        """
        columns = {"projected": projected}
        if coins is not None:
            columns.update(truth=truth, coin=coins)
        if mask is not None:
            columns["keep"] = ops.expand_dims(mask, -1)
        soft = training and self.training_feedback == "soft"
        if self.feedback == "sample" and not soft:
            columns["draw"] = self._uniform((*ops.shape(projected)[:2], 1))

        def step(given, y):
            if "coin" in given:
                feedback = ops.where(given["coin"] > 0.5, given["truth"], y)
            else:
                feedback = y
            p = equations.output(
                ops.cast(given["projected"], self.compute_dtype), feedback
            )
            new = p if soft else self.fed_back(p, given.get("draw"))
            if training and not soft:
                new = ops.stop_gradient(new)
            if "keep" in given:
                new = ops.where(given["keep"] > 0.5, new, y)
            return (ops.concatenate([p, new], -1) if with_feedback else p), [new]

        width = self.num_outputs * (2 if with_feedback else 1)
        columns = {
            name: ops.cast(value, self.variable_dtype)
            for name, value in columns.items()
        }
        cell = _Closure(
            step,
            {name: value.shape[-1] for name, value in columns.items()},
            state_size=self.num_outputs,
            output_size=width,
            dtype=self.variable_dtype,
        )
        loop = keras.layers.RNN(
            cell, return_sequences=True, dtype=self.variable_dtype, name="loop"
        )
        sequences = ops.concatenate(list(columns.values()), axis=-1)
        return loop(sequences, initial_state=[start])

    def _start(self, sequences, initial_output):
        """ŷ_0 of shape (batch, num_outputs)."""
        if initial_output is None:
            shape = (ops.shape(sequences)[0], self.num_outputs)
            return ops.zeros(shape, dtype=self.variable_dtype)
        start = ops.convert_to_tensor(initial_output, dtype=self.variable_dtype)
        if len(start.shape) != 2 or start.shape[1] != self.num_outputs:
            raise ValueError(
                "`initial_output` must be of shape (batch, num_outputs) = "
                f"(batch, {self.num_outputs}). Received: initial_output of shape "
                f"{tuple(start.shape)}. Pass None to start from zeros."
            )
        return start

    def _as_outputs(self, targets, sequences):
        """Targets as (batch, time, num_outputs) probabilities."""
        targets = ops.convert_to_tensor(targets)
        shape, steps = tuple(targets.shape), sequences.shape[1]
        if len(shape) == 3 and shape[2] == 1:
            targets, shape = ops.squeeze(targets, -1), shape[:2]
        fits = len(shape) == 2 or (len(shape) == 3 and shape[2] == self.num_outputs)
        if not fits or (None not in (shape[1], steps) and shape[1] != steps):
            raise ValueError(
                "`targets` must hold a class id for each step, (batch, time) = "
                f"(batch, {steps}), or probabilities (batch, time, "
                f"{self.num_outputs}). Received: targets of shape {shape}."
            )
        if len(shape) == 3:
            return ops.cast(targets, self.variable_dtype)
        return ops.one_hot(
            ops.cast(targets, "int32"), self.num_outputs, dtype=self.variable_dtype
        )

    def _coins(self, shape):
        """(batch, time, 1): 1 where a step gets the truth. None: nowhere."""
        if self.sampling_schedule is None:
            return None
        steps = 0 if self.training_steps is None else self.training_steps
        probability = self.sampling_schedule(ops.convert_to_tensor(steps))
        if self.training_steps is not None:
            self.training_steps.assign_add(1)
        return ops.cast(self._uniform((*shape, 1)) < probability, self.variable_dtype)

    def _uniform(self, shape):
        """Numbers in [0, 1)."""
        return keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)

    # --- Keras

    def compute_output_shape(
        self, sequences_shape: Any, *_other_shapes: Any, **_named_shapes: Any
    ) -> Any:
        return (*sequences_shape[:2], self.num_outputs)

    def compute_output_spec(self, sequences: Any, *_others: Any, **_named: Any) -> Any:
        return keras.KerasTensor(
            self.compute_output_shape(sequences.shape), dtype=self.variable_dtype
        )

    def compute_mask(self, sequences: Any, mask: Any = None) -> Any:
        return mask

    def get_config(self) -> dict[str, Any]:
        schedule = self.sampling_schedule
        if schedule is not None:
            schedule = keras.saving.serialize_keras_object(schedule)
        return {
            **super().get_config(),
            "num_outputs": self.num_outputs,
            "units": list(self.units),
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "feedback": self.feedback,
            "training_feedback": self.training_feedback,
            "sampling_schedule": schedule,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": keras.initializers.serialize(
                self.recurrent_initializer
            ),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "output_dropout": self.output_dropout,
            "seed": self.seed,
        }


def previous_outputs(outputs, start, mask=None):
    """What each step gets when the true outputs are fed back.

    Step t gets the output of the last unmasked step before t, or `start`. No loop: the
    outputs of the unmasked steps are moved to the front, and each step takes from them
    by its number of unmasked predecessors.

    Args:
        outputs: `(batch, time, num_outputs)`.
        start: `(batch, num_outputs)`.
        mask: `(batch, time)` bool, or None.

    Returns:
        `(batch, time, num_outputs)`.
    """
    start = ops.expand_dims(ops.cast(start, outputs.dtype), 1)
    if mask is None:
        return ops.concatenate([start, outputs[:, :-1]], axis=1)
    kept = ops.cast(mask, "int32")
    length = ops.shape(kept)[1]
    order = ops.argsort(ops.arange(length, dtype="int32") + (1 - kept) * length, axis=1)
    order = ops.expand_dims(ops.cast(order, "int32"), -1)
    in_front = ops.take_along_axis(outputs, order, axis=1)
    candidates = ops.concatenate([start, in_front], axis=1)
    predecessors = ops.expand_dims(ops.cumsum(kept, axis=1) - kept, -1)
    return ops.take_along_axis(candidates, predecessors, axis=1)


class _Equations:
    """The lines of the docstring with the weights and dropout masks of one call."""

    def __init__(self, layer, input_mask, feedback_mask, output_mask):
        def weight(variable):
            # Read before the loop: cast once, and one gradient for all steps.
            if variable is None:
                return None
            return ops.cast(variable, layer.compute_dtype)

        self.dtypes = layer.compute_dtype, layer.variable_dtype
        self.activation = layer.activation
        self.masks = input_mask, feedback_mask, output_mask
        self.u, self.w = weight(layer.kernel), weight(layer.recurrent_kernel)
        self.b = weight(layer.bias)
        self.hidden = [
            (weight(kernel), weight(bias))
            for kernel, bias in zip(
                layer.hidden_kernels, layer.hidden_biases, strict=True
            )
        ]
        self.v, self.c = weight(layer.output_kernel), weight(layer.output_bias)

    def project(self, x):
        """X W + b, for one step or for all of them."""
        return _affine(_masked(x, self.masks[0]), self.u, self.b)

    def output(self, projected, feedback):
        """ŷ from x W + b and the fed-back output, for one step or for all of them."""
        compute_dtype, variable_dtype = self.dtypes
        y = _masked(ops.cast(feedback, compute_dtype), self.masks[1])
        h = self.activation(projected + ops.matmul(y, self.w))
        for kernel, bias in self.hidden:
            h = self.activation(_affine(h, kernel, bias))
        o = _affine(_masked(h, self.masks[2]), self.v, self.c)
        return ops.softmax(ops.cast(o, variable_dtype), axis=-1)


class _Closure:
    """A function of one call as a cell, so that Keras's loop can run it.

    Not a layer: it owns nothing, and it leaves with the call.
    """

    def __init__(self, step, columns, state_size, output_size, dtype):
        self.step, self.columns = step, columns
        self.state_size, self.output_size = state_size, output_size
        self.compute_dtype = dtype

    def call(self, inputs, states):
        given, start = {}, 0
        for name, width in self.columns.items():
            given[name] = inputs[:, start : start + width]
            start += width
        return self.step(given, states[0])

    __call__ = call


def _affine(a, kernel, bias):
    product = ops.matmul(a, kernel)
    return product if bias is None else product + bias


def _masked(a, mask):
    if mask is None:
        return a
    return a * (mask if len(a.shape) == 2 else ops.expand_dims(mask, 1))
