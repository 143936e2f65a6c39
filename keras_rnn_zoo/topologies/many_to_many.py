"""An answer for every step, with recurrence between hidden units."""

import json
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_rnn_zoo.layers.core.arguments import positive_integer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.ops import samplers
from keras_rnn_zoo.ops.checks import integer_from, number_from
from keras_rnn_zoo.topologies._reading import RecurrentModel


@register
class ManyToMany(RecurrentModel):
    """Many-to-many: an output at every step, recurrence between hidden units.

        h_t = φ(x_t W + h_{t-1} U + b)
        o_t = h_t V + c
        ŷ_t = softmax(o_t)
        L = mean of L_t over the unmasked steps

    x_t is a token's embedding, or the features; the first line stands for `cell`,
    whatever its own equations; softmax is `output_activation`. With several `units`,
    x_t of a layer is h_t of the one below. Bidirectional: h_t is both directions' state
    at t, side by side. The sum of L_t comes with `reduction="sum"` given to the loss.
    When to use it: tag every step, or predict the next one (then see `generate`).

    Reference: Goodfellow, Bengio & Courville, 2016, "Deep Learning", section 10.2, eq.
    (10.8)-(10.14). Differs from the paper: the mean of L_t, there the sum.

    Args:
        num_outputs: int. Number of classes, or of values, of each step.
        units: int, or list of int, one for each recurrent layer. None: 64, or the width
            of a cell instance.
        cell: name ("LSTM", "gru", …), class or instance of a cell, or layer class; see
            `keras_rnn_zoo.layers.make_recurrent`. Every layer gets its own copy.
        vocabulary_size: int, for integer tokens `(batch, time)`; id 0 is the padding.
        embedding_dim: int. Width of a token's embedding.
        characters: dict, for tokens that are words with their characters, `(batch,
            time, 1 + max_characters)`; see `WordReader`. None: tokens alone.
        num_features: int, for features `(batch, time, num_features)`.
        mask_value: float or None. Steps whose features all equal it are masked.
        bidirectional: bool.
        output_activation: activation of the output layer; None for values.
        head: "dense", the above; or "crf", a `CRF` over all steps in the place of the
            last two lines, trained with `CRFLoss()`; or a dict of the `name` "crf" and
            arguments of `CRF`, such as its constraints.
        dropout: float in [0, 1). Share of each recurrent layer's input dropped.
        recurrent_dropout: float in [0, 1). Share of the states dropped.
        output_dropout: float in [0, 1). Share of the output layer's input dropped.
        seed: int or None. Seed of the dropout masks.
        name: str or None.
        dtype: dtype policy or its name, or None for the global one.

    Call arguments:
        inputs: `(batch, time)` integers, with `characters` `(batch, time, 1 +
            max_characters)`; or `(batch, time, num_features)`.
        training: bool. Matters only with dropout.

    Returns:
        `(batch, time, num_outputs)`, in the variable dtype of `dtype`, with the mask.
        With a CRF: the best path, one-hot, unless its `returns` says otherwise.

    Masking: masked steps keep the state and never count in loss and metrics.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range, or not exactly one of
            `vocabulary_size` and `num_features` is given.

    Example:
    >>> model = ManyToMany(3, units=[8, 8], vocabulary_size=10, bidirectional=True)
    >>> model(np.array([[4, 7, 2, 0]])).shape
    TensorShape([1, 4, 3])
    """

    return_sequences = True

    def generate(
        self,
        prompt: Any,
        steps: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int | None = None,
        sampler: Any = None,
    ) -> Any:
        """Continues token sequences one token at a time, carrying the states.

        Each row's continuation follows its last token; the padding id 0 is never
        generated. Works for a model trained to predict the next token: `num_outputs`
        equal to `vocabulary_size`, not bidirectional, output `"softmax"` or logits.

        Args:
            prompt: integer tokens, `(time,)` or `(batch, time)`; zeros are padding. A
                row holds at least one token.
            steps: int, at least 0. Number of tokens to append to each row.
            temperature: float, at least 0. Below 1 likely tokens become likelier; 0
                takes the most likely one.
            top_k: int or None. Draws from this many most likely tokens only.
            seed: int or None. The same seed, prompt and weights give the same tokens.
            sampler: "greedy", "random", "top_k", "top_p", or a sampler of
                `keras_rnn_zoo.ops`, in the place of `temperature` and `top_k`; or None.
                No `BeamSampler`: there is no end at which sequences are compared.

        Returns:
            int32 array, `(time + steps,)` or `(batch, time + steps)`: prompt and
            continuation without a gap, padded with 0 at the end where a prompt is
            shorter than the longest.

        Raises:
            TypeError: if `prompt` does not hold integers, or another argument is of the
                wrong kind.
            ValueError: if the model cannot generate, or an argument has a value out of
                its range.

        Example:
        >>> model = ManyToMany(10, units=8, vocabulary_size=10)
        >>> model.generate(np.array([3, 1, 4]), steps=5, seed=0).shape
        (8,)
        """
        self._check_can_generate()
        prompt, one_row = self._check_prompt(prompt)
        steps = integer_from("steps", steps, 0)
        temperature = number_from("temperature", temperature, 0)
        if top_k is not None:
            top_k = min(positive_integer("top_k", top_k), self.num_outputs - 1)
        if sampler is not None:
            sampler = samplers.get(sampler)
            if isinstance(sampler, samplers.BeamSampler):
                raise ValueError(
                    "`sampler` must choose one token after the other. "
                    f"Received: sampler={type(sampler).__name__}."
                )
            if temperature != 1.0 or top_k is not None:
                raise ValueError(
                    "`temperature` and `top_k` must be left out where a sampler is "
                    f"given, which has its own. Received: temperature={temperature!r}, "
                    f"top_k={top_k!r}."
                )
            seed = sampler.seed if seed is None else seed
        if seed is not None:
            seed = integer_from("seed", seed, 0)

        lengths = np.count_nonzero(prompt, axis=1)
        tokens = np.zeros((len(prompt), lengths.max() + steps), "int32")
        for row, given, length in zip(tokens, prompt, lengths, strict=True):
            row[:length] = given[given != 0]
        # Kept below 1 after rounding, so that no token of probability 0 is drawn.
        draws = np.random.default_rng(seed).random(tokens.shape, "float32")
        draws = np.minimum(draws, 1 - 2.0**-23).astype("float32")
        if steps:
            run = self._generator(temperature < 1e-6, top_k, sampler)
            tokens = run(
                ops.convert_to_tensor(tokens),
                ops.convert_to_tensor(lengths.astype("int32")),
                ops.convert_to_tensor(draws),
                ops.convert_to_tensor(np.float32(max(temperature, 1e-6))),
            )
            tokens = ops.convert_to_numpy(tokens)
        ends = np.arange(tokens.shape[1]) < (lengths + steps)[:, None]
        tokens = np.where(ends, tokens, 0).astype("int32")
        width = prompt.shape[1] + steps
        tokens = np.pad(tokens, ((0, 0), (0, width - tokens.shape[1])))
        return tokens[0] if one_row else tokens

    def _generator(self, greedy, top_k, sampler=None):
        """The loop over tokens, compiled once for each way of choosing."""

        def choose(logits, draw, temperature):
            if sampler is not None:
                return sampler.choose(logits, draw)
            if greedy:
                return ops.argmax(logits, axis=-1)
            if top_k is None:
                ids = None
                logits = logits - ops.max(logits, axis=-1, keepdims=True)
            else:
                logits, ids = ops.top_k(logits, top_k)
                logits = logits - logits[:, :1]
            mass = ops.cumsum(ops.exp(logits / temperature), axis=-1)
            below = mass <= ops.expand_dims(draw, -1) * mass[:, -1:]
            place = ops.sum(ops.cast(below, "int32"), axis=-1, keepdims=True)
            if ids is None:
                return place[:, 0]
            return ops.take_along_axis(ids, place, axis=-1)[:, 0]

        def run(tokens, lengths, draws, temperature):
            positions = ops.arange(ops.shape(tokens)[1], dtype="int32")

            def body(t, tokens, states):
                token = ops.take(tokens, t, axis=1)
                logits, states = self._next_logits(token, states)
                chosen = choose(logits, ops.take(draws, t, axis=1), temperature)
                free = ops.expand_dims(t + 1 >= lengths, -1)
                here = ops.expand_dims(positions == t + 1, 0)
                chosen = ops.expand_dims(ops.cast(chosen, "int32"), -1)
                return t + 1, ops.where(free & here, chosen, tokens), states

            _, tokens, _ = ops.while_loop(
                lambda t, *_: t < ops.shape(tokens)[1] - 1,
                body,
                (0, tokens, self._initial_states(ops.shape(tokens)[0])),
            )
            return tokens

        compiled = self.__dict__.setdefault("_generators", {})
        key = (greedy, top_k)
        if sampler is not None:
            key = type(sampler), json.dumps(sampler.get_config())
        if key not in compiled:
            compiled[key] = _compile(run)
        return compiled[key]

    def _initial_states(self, batch_size):
        return [
            self.get_layer(f"recurrent_{i}").get_initial_state(batch_size)
            for i in range(1, self.num_layers + 1)
        ]

    def _next_logits(self, token, states):
        """One step: log-probabilities after `token` (id 0 impossible), and states."""
        embedding = self.get_layer("embedding")
        # Without the layer's mask: no row steps on padding while it still counts.
        x = ops.take(embedding.embeddings, token, axis=0)
        x = ops.cast(x, embedding.compute_dtype)
        new_states = []
        for i, state in enumerate(states, start=1):
            cell = self.get_layer(f"recurrent_{i}").cell
            x, new_state = cell(x, list(state))
            nested = isinstance(new_state, (list, tuple))
            new_states.append(list(new_state) if nested else [new_state])
        outputs = self.get_layer("output")(x)
        if self.get_layer("output").activation is keras.activations.softmax:
            outputs = ops.log(outputs)
        possible = ops.arange(self.num_outputs) > 0
        return ops.where(possible, ops.cast(outputs, "float32"), -np.inf), new_states

    def _check_can_generate(self):
        if self.bidirectional:
            raise ValueError(
                "`bidirectional` must be False to generate: the backward direction "
                "reads the tokens that are not there yet. Received: bidirectional=True."
            )
        if self.head_name != "dense":
            raise ValueError(
                "`head` must be 'dense' to generate: a CRF chooses all steps together. "
                f"Received: head={self.head_name!r}."
            )
        if self.get_config()["characters"] is not None:
            raise ValueError(
                "`characters` must be None to generate: the characters of a new word "
                "are not known. Received: a model that reads characters."
            )
        if self.vocabulary_size != self.num_outputs:
            raise ValueError(
                "`num_outputs` must equal `vocabulary_size` to generate tokens. "
                f"Received: num_outputs={self.num_outputs!r}, "
                f"vocabulary_size={self.vocabulary_size!r}."
            )
        activation = self.get_layer("output").activation
        allowed = (keras.activations.softmax, keras.activations.linear)
        if activation not in allowed:
            raise ValueError(
                '`output_activation` must be "softmax" or None to generate. Received: '
                f"output_activation={self.get_config()['output_activation']!r}."
            )

    def _check_prompt(self, prompt):
        """`(batch, time)` int32 and whether there was no batch axis."""
        prompt = np.asarray(prompt)
        if prompt.dtype.kind not in "iu":
            raise TypeError(
                "`prompt` must hold integer tokens. "
                f"Received: prompt of dtype {prompt.dtype}."
            )
        if prompt.ndim not in (1, 2) or 0 in prompt.shape:
            raise ValueError(
                "`prompt` must be of shape (time,) or (batch, time), with at least one "
                f"token in each row. Received: prompt of shape {prompt.shape}."
            )
        size: Any = self.vocabulary_size
        if prompt.min() < 0 or prompt.max() >= size:
            raise ValueError(
                f"`prompt` must hold tokens from 0 to {size - 1}. "
                f"Received: prompt with tokens from {prompt.min()} to {prompt.max()}."
            )
        rows = np.atleast_2d(prompt)
        empty = np.flatnonzero(~rows.any(axis=1))
        if len(empty):
            raise ValueError(
                "`prompt` must hold a token that is not padding in each row. "
                f"Received: prompt with nothing but padding in row {empty[0]}."
            )
        return rows.astype("int32"), prompt.ndim == 1


def _compile(function):
    """The loop as a TensorFlow graph; with another backend, the loop itself."""
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    matrix = (None, None)
    function = tf.function(
        function,
        autograph=False,
        input_signature=[
            tf.TensorSpec(matrix, "int32"),
            tf.TensorSpec((None,), "int32"),
            tf.TensorSpec(matrix, "float32"),
            tf.TensorSpec((), "float32"),
        ],
    )
    # Traced at once: many models in a process are no retracing to be warned of.
    return function.get_concrete_function()
