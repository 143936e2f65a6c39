"""The network of Jordan: the output of one step is an input of the next one."""

import keras
from keras import ops

from keras_rnn_zoo.layers import sampling_schedules
from keras_rnn_zoo.layers.arguments import flag, positive_integer, rate
from keras_rnn_zoo.layers.registry import register

FEEDBACK = ("probabilities", "argmax", "sample")
TRAINING_FEEDBACK = ("teacher", "scheduled", "soft")


@register
class JordanRNN(keras.Layer):
    """Jordan network: recurrence only from the output to the next hidden state.

        h_t = φ(x_t U + ŷ_{t-1} W + b)
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
    h'_t = φ(h_t U' + b'), and so on.

    Reference: Jordan, 1986, "Serial order: a parallel distributed processing approach",
    ICS Report 8604, University of California, San Diego; scheduled sampling: Bengio et
    al., 2015, https://arxiv.org/abs/1506.03099, section 2.4. Differs from the paper: the
    output units are a softmax; the output is fed back without the decaying sum over
    earlier ones.

    Args:
        num_outputs: int, at least 2. Number of classes, the width of ŷ.
        units: int, or list of int. Width of h_t, and of the hidden layers after it.
        activation: φ.
        use_bias: bool. Whether there are b and c.
        feedback: "probabilities", "argmax" or "sample". See above.
        training_feedback: "teacher", "scheduled" or "soft". See above.
        sampling_schedule: "linear", "exponential", "inverse_sigmoid", a number from 0
            to 1, or a `SamplingSchedule`; a function of the number of training calls.
            None: "inverse_sigmoid" for "scheduled", 0 for "soft".
        kernel_initializer: initializer of U, of U' and of V.
        recurrent_initializer: initializer of W.
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

    def __init__(
        self,
        num_outputs,
        units=64,
        activation="tanh",
        *,
        use_bias=True,
        feedback="probabilities",
        training_feedback="teacher",
        sampling_schedule=None,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="glorot_uniform",
        bias_initializer="zeros",
        dropout=0.0,
        recurrent_dropout=0.0,
        output_dropout=0.0,
        seed=None,
        **kwargs,
    ):
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
        self.activation = keras.activations.get(activation)
        self.use_bias = flag("use_bias", use_bias)
        self.feedback = _one_of("feedback", feedback, FEEDBACK)
        self.training_feedback = _one_of(
            "training_feedback", training_feedback, TRAINING_FEEDBACK
        )
        self.sampling_schedule = self._schedule(sampling_schedule)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.dropout = rate("dropout", dropout)
        self.recurrent_dropout = rate("recurrent_dropout", recurrent_dropout)
        self.output_dropout = rate("output_dropout", output_dropout)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.input_spec = keras.InputSpec(ndim=3)
        self.supports_masking = True
        # Sequences of many lengths would make XLA compile a program for each of them.
        self.supports_jit = False

    def _schedule(self, schedule):
        """The schedule, or None where nothing is to be mixed."""
        if self.training_feedback == "teacher":
            if schedule is not None:
                raise ValueError(
                    '`sampling_schedule` must be None when training_feedback="teacher", '
                    "which always feeds back the truth. Received: "
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

    def build(self, sequences_shape, *_other_shapes, **_named_shapes):
        """Makes U, W, b, the further hidden layers, V and c."""
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
            self.hidden_kernels.append(self._weight(f"hidden_kernel_{i}", before, width))
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

    # --- One step, or all of them

    def call(
        self, sequences, targets=None, initial_output=None, mask=None, training=False
    ):
        start = self._start(sequences, initial_output)
        equations = self._equations(ops.shape(sequences)[0], training)
        projected = equations.project(sequences)
        if targets is None:
            return self._run(equations, projected, start, mask)
        truth = previous_outputs(self._as_outputs(targets, sequences), start, mask)
        if self.training_feedback == "teacher" or not training:
            return equations.output(projected, truth)
        if self.sampling_schedule is None:
            return self._run(equations, projected, start, mask)
        coins = self._coins(ops.shape(sequences))
        return self._run(equations, projected, start, mask, truth, coins)

    def step(self, inputs, feedback=None):
        """One step of a free run, for streams.

        Args:
            inputs: `(batch, features)`, x_t.
            feedback: `(batch, num_outputs)`, what the step before gave, or None at the
                start.

        Returns:
            `(probabilities, feedback)`, both `(batch, num_outputs)`.
        """
        inputs = ops.convert_to_tensor(inputs, dtype=self.compute_dtype)
        if not self.built:
            self.build((None, None, inputs.shape[-1]))
            self.built = True
        feedback = self._start(inputs, feedback)
        equations = self._equations(ops.shape(inputs)[0], training=False)
        probabilities = equations.output(equations.project(inputs), feedback)
        return probabilities, self._fed_back(probabilities)

    def decode(self, sequences, initial_output=None, mask=None):
        """Runs freely and returns what was fed back, as class ids.

        With `feedback="sample"` that is one drawn sequence; otherwise the most likely
        class of each step.

        Args:
            sequences: as in the call.
            initial_output: as in the call.
            mask: as in the call.

        Returns:
            `(batch, time)` int32.
        """
        sequences = ops.convert_to_tensor(sequences, dtype=self.compute_dtype)
        if not self.built:
            self.build(sequences.shape)
            self.built = True
        equations = self._equations(ops.shape(sequences)[0], training=False)
        both = self._run(
            equations,
            equations.project(sequences),
            self._start(sequences, initial_output),
            mask,
            with_feedback=True,
        )
        return ops.argmax(both[..., self.num_outputs :], axis=-1)

    def _equations(self, batch_size, training):
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
        self, equations, projected, start, mask, truth=None, coins=None,
        with_feedback=False,
    ):
        """The loop over time: each step gets the output of the one before.

        Where a coin shows 1, the step gets `truth` instead.
        """
        parts = [projected]
        if coins is not None:
            parts += [truth, coins]
        if mask is not None:
            parts.append(ops.expand_dims(mask, -1))
        through_time = self.training_feedback == "soft" and coins is not None
        step = _Step(
            self, equations, coins is not None, mask is not None, with_feedback
        )
        del through_time
        loop = keras.layers.RNN(
            step, return_sequences=True, dtype=self.variable_dtype, name="loop"
        )
        parts = [ops.cast(part, self.variable_dtype) for part in parts]
        return loop(ops.concatenate(parts, axis=-1), initial_state=[start])
