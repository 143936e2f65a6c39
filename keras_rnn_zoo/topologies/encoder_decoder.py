"""A sequence from a sequence of another length: an encoder, and a decoder behind it."""

import functools
import json
from collections.abc import Sequence
from typing import Any, Literal

import keras
import numpy as np
from keras import ops, tree

from keras_rnn_zoo.layers import (
    RNN,
    AttentionCell,
    Bidirectional,
    LuongAttention,
    StackedRNNCells,
    make_recurrent,
)
from keras_rnn_zoo.layers.core.arguments import (
    checked,
    flag,
    one_of,
    positive_integer,
    rate,
)
from keras_rnn_zoo.layers.core.fitting import NoClassWeights
from keras_rnn_zoo.layers.core.graphs import Graphs
from keras_rnn_zoo.layers.core.kinds import DType
from keras_rnn_zoo.layers.core.parts import KeepsSettings
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.wrapper import names_of_states, width_of
from keras_rnn_zoo.layers.heads import sampling_schedules
from keras_rnn_zoo.layers.heads.attention import stepper
from keras_rnn_zoo.ops import samplers
from keras_rnn_zoo.ops.loop import loop
from keras_rnn_zoo.topologies import _encoder_decoder_graphs, _reading
from keras_rnn_zoo.topologies._encoder_decoder_arguments import ATTENTIONS as ATTENTIONS
from keras_rnn_zoo.topologies._encoder_decoder_arguments import (
    BRIDGES,
    attention_of,
    before_a_look,
    split,
    token_of,
    tokens_of,
    with_target,
)
from keras_rnn_zoo.topologies._encoder_decoder_writing import Writes


@register
class EncoderDecoder(Writes, NoClassWeights, KeepsSettings, keras.Model):
    """Sequence to sequence: one is read to its end, then another one is written.

        m_j, s = encoder(x_1 … x_S)
        h_t, s_t = cell(E[y_{t-1}], s_{t-1}),  s_0 = bridge(s),  y_0 = start
        o_t = a_t V + c,  ŷ_t = softmax(o_t)

    a_t is h_t, or with attention `tanh([h_t ; c_t] W)`: see `AttentionCell`. Plain
    `compile` and `fit` on `(source, target)`: the model shifts the target itself, and
    each step is given the true token before it. Token 0 is padding on both sides. A
    target stands without `start`, and ends with `end`. When to use it: input and output
    of different lengths, as letters and phones.

    With `copying`, a pointer-generator: a gate g chooses between writing and copying.

        g_t = σ([a_t ; E[y_{t-1}]] w + b),  k_t(v) = Σ_j α_tj [x_j is v]
        ŷ_t = (g_t + (1 - g_t) (1 - Σ_v k_t(v))) softmax(o_t) + (1 - g_t) k_t

    Time: without attention, or with "luong" and no `input_feeding`, training has no
    loop over time but the cell's own, with its kernels, and all contexts are computed
    at once. "bahdanau", "location", "monotonic", `input_feeding` and scheduled sampling
    go step by step.

    Reference: Sutskever et al., 2014, https://arxiv.org/abs/1409.3215; Bahdanau et al.,
    2015, https://arxiv.org/abs/1409.0473; Luong et al., 2015,
    https://arxiv.org/abs/1508.04025; See et al., 2017,
    https://arxiv.org/abs/1704.04368, eq. (8)-(9), for `copying`. Differs from the
    papers: the source is not reversed; see `AttentionCell`; attention to what cannot
    be copied counts for the writer, and nothing outside of the target's tokens is
    written.

    Args:
        source_tokens: int, the number of tokens with the padding; or a list of strings,
            the token of each id, of which the first one is the padding.
        target_tokens: as `source_tokens`.
        units: int. Width of each layer of encoder and decoder.
        cell: a name, class or instance; see `make_recurrent`.
        attention: None, "bahdanau", "luong", "location", "monotonic", or an
            `Attention` layer, of which a copy is made.
        query: "after" or "before", see `AttentionCell`; None: "after" for
            `LuongAttention`, else "before".
        start: int. The token that the first step is given; it is never written.
        end: int. The token behind which nothing is written.
        bidirectional: bool. Whether the encoder reads from both ends.
        num_layers: int. Layers of the encoder, and of the decoder.
        embedding_dim: int.
        bridge: what the decoder's states begin with: "dense", `tanh(s A + b)` of the
            states of the encoder's layer at the same height; "copy", those states; or
            "zeros", the cell's own initial states, with attention. Counts of steps
            always begin anew.
        input_feeding: bool. Whether a_{t-1} is given to the cell; needs attention.
        tie_weights: bool. Whether V is Eᵀ. Without attention `embedding_dim` must then
            be the width of the cell's output.
        copying: bool. Whether tokens of the source may be written as they are, see
            above: those with the same id of two numbers of tokens, which must then be
            equal, or with the same name of two lists. Needs attention that is computed
            at once.
        sampling_schedule: None for teacher forcing; else the probability that a step
            in training is given the true token, and not one that is drawn from ŷ: a
            name, a number or a `SamplingSchedule`, as of `JordanRNN`.
        dropout: float in [0, 1). Share dropped of embeddings and of a_t.
        seed: int or None.
        name: str or None.
        dtype: dtype policy or its name, or None for the global one.

    Call arguments:
        inputs: `{"source": (batch, steps), "target": (batch, time)}`, integers.
        training: bool.

    Returns:
        `(batch, time, target tokens)` probabilities, in the variable dtype, with the
        mask of the target.

    Masking: padding of the source changes nothing, however long it is; padding of the
    target does not count. A source of nothing but padding is read as the initial
    states, and its contexts are 0.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range, if two arguments do not
            go together, or a call brings no target.

    Example:
    >>> model = EncoderDecoder(10, 12, units=8, attention="luong")
    >>> model.compile("adam", "sparse_categorical_crossentropy")
    >>> source, target = np.array([[4, 7, 0]]), np.array([[5, 11, 5, 2]])
    >>> history = model.fit(source, target, verbose=0)
    >>> model({"source": source, "target": target}).shape
    TensorShape([1, 4, 12])
    >>> model.generate(source, max_length=6).shape
    (1, 6)
    """

    def __init__(
        self,
        source_tokens: int | Sequence[str],
        target_tokens: int | Sequence[str],
        units: int = 256,
        *,
        cell: Any = "LSTM",
        attention: Any = None,
        query: str | None = None,
        start: int = 1,
        end: int = 2,
        bidirectional: bool = False,
        num_layers: int = 1,
        embedding_dim: int = 64,
        bridge: str = "dense",
        input_feeding: bool = False,
        tie_weights: bool = False,
        copying: bool = False,
        sampling_schedule: Any = None,
        dropout: float = 0.0,
        seed: int | None = None,
        name: str | None = None,
        dtype: DType = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.source_vocabulary, self.num_source = tokens_of(
            "source_tokens", source_tokens
        )
        self.target_vocabulary, self.num_target = tokens_of(
            "target_tokens", target_tokens
        )
        units = positive_integer("units", units)
        self.start = token_of("start", start, self.num_target)
        self.end = token_of("end", end, self.num_target)
        if self.start == self.end:
            raise ValueError(
                f"`end` must be another token than `start`. Received: end={end!r}."
            )
        self.bidirectional = flag("bidirectional", bidirectional)
        self.num_layers = positive_integer("num_layers", num_layers)
        self.embedding_dim = positive_integer("embedding_dim", embedding_dim)
        self.bridge = one_of("bridge", bridge, BRIDGES)
        if self.bridge == "copy" and self.bidirectional:
            raise ValueError(
                "`bridge` must be 'dense' or 'zeros' behind a bidirectional encoder, "
                f"which has twice the states. Received: bridge={bridge!r}."
            )
        self.tie_weights = flag("tie_weights", tie_weights)
        self.input_feeding = flag("input_feeding", input_feeding)
        self.copying = flag("copying", copying)
        self.dropout = rate("dropout", dropout)
        self.seed = checked("seed", "seed", seed)
        self.sampling_schedule = None
        if sampling_schedule is not None:
            self.sampling_schedule = sampling_schedules.get(sampling_schedule)
        attention = attention_of(attention, units, self.dtype_policy)
        if attention is None and (query is not None or self.input_feeding):
            raise ValueError(
                "`attention` must be given with `query` or `input_feeding`. Received: "
                f"attention=None, query={query!r}, input_feeding={input_feeding!r}."
            )
        if attention is None and self.bridge == "zeros":
            raise ValueError(
                "`bridge` must be 'dense' or 'copy' without attention, or nothing of "
                f"the source would reach the decoder. Received: bridge={bridge!r}."
            )
        if attention is not None and query is None:
            query = "after" if isinstance(attention, LuongAttention) else "before"
        self._given = json.dumps(
            {
                "source_tokens": self.source_vocabulary or self.num_source,
                "target_tokens": self.target_vocabulary or self.num_target,
                "units": units,
                "cell": _reading.serialize_cell(cell),
                "attention": None
                if attention is None
                else keras.saving.serialize_keras_object(attention),
                "query": query,
                "start": self.start,
                "end": self.end,
                "bidirectional": self.bidirectional,
                "num_layers": self.num_layers,
                "embedding_dim": self.embedding_dim,
                "bridge": self.bridge,
                "input_feeding": self.input_feeding,
                "tie_weights": self.tie_weights,
                "copying": self.copying,
                "sampling_schedule": None
                if sampling_schedule is None
                else keras.saving.serialize_keras_object(self.sampling_schedule),
                "dropout": self.dropout,
                "seed": self.seed,
                "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            }
        )
        self._make(cell, units, attention, query)
        self._is_made()

    # --- Layers

    def _make(self, cell, units, attention, query):
        """Makes and builds all layers: nothing waits for data."""
        dtype, width = self.dtype_policy, self.embedding_dim

        def seed(number):
            return None if self.seed is None else self.seed + number

        def recurrent(number, **arguments):
            return make_recurrent(
                cell, units, return_sequences=True, seed=seed(number), **arguments
            )

        self.source_embedding = keras.layers.Embedding(
            self.num_source, width, name="source_embedding", dtype=dtype
        )
        self.target_embedding = keras.layers.Embedding(
            self.num_target, width, name="target_embedding", dtype=dtype
        )
        for embedding in (self.source_embedding, self.target_embedding):
            embedding.build((None, None))
        self.encoder, features = [], width
        for i in range(1, self.num_layers + 1):
            layer = recurrent(i, return_state=True, name=f"encoder_{i}", dtype=dtype)
            if self.bidirectional:
                layer = Bidirectional(layer, name=f"both_encoder_{i}", dtype=dtype)
            layer.build((None, None, features))
            features = layer.compute_output_shape((None, None, features))[0][-1]
            self.encoder.append(layer)
        if self.num_layers == 1:
            self.decoder = recurrent(100, name="decoder", dtype=dtype)
        else:
            cells = [
                recurrent(100 + i, name=f"decoder_{i}", dtype=dtype).cell
                for i in range(self.num_layers)
            ]
            self.decoder = RNN(
                StackedRNNCells(cells, dtype=dtype),
                return_sequences=True,
                name="decoder",
                dtype=dtype,
            )
        self.decoder_cell: Any = None
        inner = self.decoder.cell
        out = width_of(inner)
        if attention is not None:
            self.decoder_cell = AttentionCell(
                inner,
                attention,
                (None, features),
                units=width if self.tie_weights else None,
                query=query,
                input_feeding=self.input_feeding,
                name="decoder_cell",
                dtype=dtype,
            )
            self.decoder_cell.build((None, width))
            out = self.decoder_cell.units
        if self._at_once:
            self.decoder.build((None, None, width))
        elif not inner.built:
            inner.build((None, width))
            inner.built = True
        self.decoder.built = True
        self.bridges = self._make_bridges(inner)
        self.output_layer: Any = None
        self.output_bias: Any = None
        if self.tie_weights:
            if out != width:
                raise ValueError(
                    "`embedding_dim` must be the width of the cell's output for "
                    f"tie_weights=True. Received: embedding_dim={width!r}, width {out}."
                )
            self.output_bias = self.add_weight(
                shape=(self.num_target,), name="output_bias", initializer="zeros"
            )
        else:
            self.output_layer = keras.layers.Dense(
                self.num_target, name="output", dtype=dtype.variable_dtype
            )
            self.output_layer.build((None, None, out))
        self.copy_gate: Any = None
        if self.copying:
            self._copied = self._same_tokens()
            self.copy_gate = keras.layers.Dense(
                1, activation="sigmoid", name="copy_gate", dtype=dtype.variable_dtype
            )
            self.copy_gate.build((None, None, out + width))
        self.embedding_dropout = keras.layers.Dropout(
            self.dropout, seed=seed(200), name="embedding_dropout", dtype=dtype
        )
        self.output_dropout = keras.layers.Dropout(
            self.dropout, seed=seed(201), name="output_dropout", dtype=dtype
        )
        self.output_width = out
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        self.training_steps = None
        constant = isinstance(
            self.sampling_schedule, sampling_schedules.ConstantSampling
        )
        if self.sampling_schedule is not None and not constant:
            self.training_steps = self.add_weight(
                shape=(),
                name="training_steps",
                initializer="zeros",
                dtype="int32",
                trainable=False,
            )
        self.built = True

    def _same_tokens(self):
        """For each token of the source the same one of the target, or 0."""
        if self.decoder_cell is None or not self._at_once or self.sampling_schedule:
            raise ValueError(
                "`copying` must be False unless attention is computed at once: "
                "attention='luong', no input_feeding, no sampling_schedule. Received: "
                "copying=True."
            )
        names: Any = self.source_vocabulary, self.target_vocabulary
        if None not in names:
            places = {token: i for i, token in enumerate(names[1]) if i}
            return [0, *(places.get(token, 0) for token in names[0][1:])]
        if names != (None, None) or self.num_source != self.num_target:
            raise ValueError(
                "`copying` must be False unless source and target have the same number "
                "of tokens, or both have lists of them. Received: copying=True with "
                f"{self.num_source} and {self.num_target} tokens."
            )
        return list(range(self.num_source))

    def _copies(self, source):
        """`(batch, steps, target tokens)`: 1 where a step is that token; or None."""
        if not self.copying:
            return None
        same = ops.take(ops.convert_to_tensor(self._copied, "int32"), source, axis=0)
        copies = ops.one_hot(same, self.num_target, dtype=self.variable_dtype)
        known = ops.expand_dims(ops.cast(same != 0, copies.dtype), -1)
        return copies * known

    def _with_copies(self, p, a, x, alignment, copies):
        """ŷ of softmax(o), of one step or of all of them."""
        both = [ops.cast(one, self.variable_dtype) for one in (a, x)]
        g = self.copy_gate(ops.concatenate(both, -1))
        alignment = ops.cast(alignment, p.dtype)
        if len(alignment.shape) == 2:
            k = ops.matmul(alignment[:, None], copies)[:, 0]
        else:
            k = ops.matmul(alignment, copies)
        rest = 1 - ops.sum(k, axis=-1, keepdims=True)
        return (g + (1 - g) * rest) * p + (1 - g) * k

    @property
    def _at_once(self):
        """Whether the cell needs nothing of the attention, nor of the output."""
        cell = self.decoder_cell
        return cell is None or (
            cell.query == "after"
            and not cell.input_feeding
            and not cell.attention.looks_back
        )

    @property
    def _decoder_cells(self):
        return getattr(self.decoder.cell, "cells", [self.decoder.cell])

    def _make_bridges(self, inner):
        """For each state of the decoder, lowest layer first, a Dense layer or None."""
        if self.bridge != "dense":
            return []
        made = []
        for i, cell in enumerate(self._decoder_cells):
            names = names_of_states(cell, "")
            sizes = tree.flatten(cell.state_size)
            for name, size in zip(names, sizes, strict=True):
                if name in getattr(cell, "bookkeeping", ()):
                    continue
                dense = keras.layers.Dense(
                    size,
                    activation="tanh",
                    name=f"bridge_{i + 1}_{name}",
                    dtype=self.dtype_policy,
                )
                dense.build((None, size * (2 if self.bidirectional else 1)))
                made.append(dense)
        return made

    # --- Encoder

    def _encode(self, source, training=False):
        """`(memory, mask, states)`: values, bool mask, the decoder's flat s_0."""
        source = ops.cast(ops.convert_to_tensor(source), "int32")
        mask = source != 0
        x = self.embedding_dropout(self.source_embedding(source), training=training)
        states = []
        for layer in self.encoder:
            x, *own = layer(x, mask=mask, training=training)
            states.append(own)
        return x, mask, self._bridged(states, ops.shape(source)[0])

    def _bridged(self, encoded, rows):
        bridges, start = list(self.bridges), []
        for own, cell in zip(encoded, self._decoder_cells, strict=True):
            given = cell.get_initial_state(batch_size=rows)
            given = tree.flatten(given if tree.is_nested(given) else [given])
            names = names_of_states(cell, "")
            count = len(names)
            for j, (name, state) in enumerate(zip(names, given, strict=True)):
                if self.bridge != "zeros" and name not in getattr(
                    cell, "bookkeeping", ()
                ):
                    state = own[j]
                    if self.bridge == "dense":
                        both = own[j::count]  # of both directions
                        both = ops.concatenate(both, -1) if len(both) > 1 else both[0]
                        state = bridges.pop(0)(both)
                start.append(ops.cast(state, self.compute_dtype))
        return start

    # --- Decoder

    def _first(self, states, memory):
        """The states of the decoder's step, with those of attention, and its memory."""
        if self.decoder_cell is None:
            return list(states), None
        ready = self.decoder_cell.attention.prepare(*memory)
        return self.decoder_cell.first(ready, states), ready

    def _stepper(self, rows, ready, training=False):
        """`step(x, states)`: a_t and the new states."""
        inner = stepper(self.decoder.cell, rows, training)
        if self.decoder_cell is None:
            return inner
        advance = self.decoder_cell.advance
        return lambda x, states: advance(x, states, ready, inner, training)

    def _logits(self, a):
        a = ops.cast(a, self.variable_dtype)
        if not self.tie_weights:
            return self.output_layer(a)
        embeddings = ops.cast(self.target_embedding.embeddings, a.dtype)
        logits = ops.matmul(a, ops.transpose(embeddings))
        return logits + ops.cast(self.output_bias, a.dtype)

    def call(self, inputs: Any, training: bool = False) -> Any:
        source, target = split(inputs)
        if target is None:
            raise ValueError(
                "`inputs` must hold 'source' and 'target'. Received: no target. Use "
                "`generate` for targets that are not known."
            )
        target = ops.cast(ops.convert_to_tensor(target), "int32")
        values, mask, states = self._encode(source, training)
        before = ops.full_like(target[:, :1], self.start)
        before = ops.concatenate([before, target[:, :-1]], axis=1)
        schedule = self.sampling_schedule if training else None
        if not self._at_once or schedule is not None:
            more = values, mask, states, training, schedule
            a = self._step_by_step(before, target != 0, *more)
            a = self.output_dropout(a, training=training)
            return ops.softmax(self._logits(a), axis=-1)
        more = values, mask, states, training
        x, a, alignment = self._all_steps(before, target != 0, *more)
        a = self.output_dropout(a, training=training)
        p = ops.softmax(self._logits(a), axis=-1)
        if not self.copying:
            return p
        source = ops.cast(ops.convert_to_tensor(source), "int32")
        return self._with_copies(p, a, x, alignment, self._copies(source))

    def _all_steps(self, before, mask, values, source_mask, states, training):
        x = self.embedding_dropout(self.target_embedding(before), training=training)
        states = tree.pack_sequence_as(self.decoder.cell.state_size, states)
        states = states if isinstance(states, list | tuple) else [states]
        h = self.decoder(x, initial_state=states, mask=mask, training=training)
        if self.decoder_cell is None:
            return x, h, None
        cell = self.decoder_cell
        ready = cell.attention.prepare(values, source_mask)
        context, alignment = cell.attention.attend(h, ready, None, training)
        return x, cell.combine(h, context), alignment

    def _step_by_step(
        self, before, mask, values, source_mask, states, training, schedule
    ):
        states, ready = self._first(states, (values, source_mask))
        step = self._stepper(ops.shape(before)[0], ready, training)
        mask = ops.expand_dims(ops.transpose(mask), -1)
        if schedule is None:
            x = self.embedding_dropout(self.target_embedding(before), training=training)
            x = ops.transpose(x, (1, 0, 2))
            given = [x]
            one = lambda given, states: step(given[0], states)  # noqa: E731
        else:
            given, one, first = self._sampled(before, schedule, step, training)
            states = [*states, first]
        _, outputs, _ = loop(
            one, given, states, output_size=self.output_width, mask=mask
        )
        return ops.transpose(outputs, (1, 0, 2))

    def _sampled(self, before, schedule, step, training):
        """What the loop of scheduled sampling reads, its step, and its last state."""
        truth = ops.expand_dims(ops.transpose(before), -1)
        steps = 0 if self.training_steps is None else self.training_steps
        probability = schedule(ops.convert_to_tensor(steps))
        if self.training_steps is not None:
            self.training_steps.assign_add(1)
        shape = (*ops.shape(truth)[:2], 1)
        uniform = [
            keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)
            for _ in range(2)
        ]
        first = ops.reshape(ops.arange(ops.shape(truth)[0]) == 0, (-1, 1, 1))
        coins = ops.logical_or(uniform[0] < probability, first)
        ones = self.target_embedding(truth[0]) * 0 + 1
        kept = self.embedding_dropout(ones, training=training)[:, 0]

        def one(given, states):
            true, coin, draw = given
            *states, own = states
            token = ops.where(coin, true, own)[:, 0]
            a, states = step(self.target_embedding(token) * kept, states)
            logits = ops.stop_gradient(ops.cast(self._logits(a), "float32"))
            may = ops.arange(self.num_target) > 0
            logits = ops.where(may, logits, samplers.IMPOSSIBLE)
            drawn = samplers.by_mass(logits, ops.minimum(draw[:, 0], 1 - 2.0**-23))
            return a, [*states, ops.expand_dims(drawn, -1)]

        return [truth, coins, uniform[1]], one, ops.zeros_like(truth[0])

    # --- Looking at it

    def attention_weights(self, source: Any, target: Any) -> np.ndarray:
        """What each step of a target looks at.

        Args:
            source: int `(batch, steps)`.
            target: int `(batch, time)`, as in training.

        Returns:
            Array `(batch, time, steps)`, for a picture; 0 at padding of both sides.

        Raises:
            ValueError: if the model has no attention.
        """
        if self.decoder_cell is None:
            raise ValueError(
                "`attention` must be given for weights of it. Received: attention=None."
            )
        source, _ = self._checked_source(source)
        target = np.asarray(target, "int32")
        values, mask, states = self._encode(source)
        states, ready = self._first(states, (values, mask))
        step = self._stepper(len(source), ready)
        before = np.concatenate([np.full((len(target), 1), self.start), target], 1)
        weights = []
        for t in range(target.shape[1]):
            x = self.target_embedding(ops.convert_to_tensor(before[:, t]))
            _, states = step(x, states)
            weights.append(ops.convert_to_numpy(states[-1]))
        if not weights:
            return np.zeros((len(target), 0, source.shape[1]))
        return np.stack(weights, 1) * (target != 0)[..., None]

    def graphs(self) -> Graphs:
        """What it is exported as; see `keras_rnn_zoo.layers.core.graphs`."""
        return _encoder_decoder_graphs.graphs_of(self)

    # --- Training

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

    @functools.wraps(NoClassWeights.fit)
    def fit(self, x=None, y=None, *args, **kwargs):
        x, y = before_a_look(x, y)
        more = kwargs.get("validation_data")
        if isinstance(more, tuple):
            kwargs["validation_data"] = (*before_a_look(*more[:2]), *more[2:])
        elif more is not None:
            kwargs["validation_data"], _ = before_a_look(more, None)
        return super().fit(x, y, *args, **kwargs)

    @functools.wraps(keras.Model.evaluate)
    def evaluate(self, x=None, y=None, *args, **kwargs):
        return super().evaluate(*before_a_look(x, y), *args, **kwargs)

    def train_step(self, *state_and_data: Any) -> Any:
        *state, data = state_and_data
        return super().train_step(*state, with_target(data))

    def test_step(self, *state_and_data: Any) -> Any:
        *state, data = state_and_data
        return super().test_step(*state, with_target(data))

    # --- Keras

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        target = split(inputs)[1]
        return None if target is None else ops.convert_to_tensor(target) != 0

    def compute_output_shape(self, inputs_shape: Any) -> Any:
        return (*inputs_shape["target"], self.num_target)

    def export(
        self, filepath: Any, *args: Any, input_signature: Any = None, **kwargs: Any
    ) -> Any:
        """As `keras.Model.export`: the probabilities of given targets.

        See `keras_rnn_zoo.export.export_encoder_decoder` for what decodes.
        """
        if input_signature is None:
            input_signature = [
                {
                    name: keras.InputSpec(shape=(None, None), dtype="int32", name=name)
                    for name in ("source", "target")
                }
            ]
        return super().export(
            filepath, *args, input_signature=input_signature, **kwargs
        )

    def get_config(self) -> dict[str, Any]:
        return {**json.loads(self._given), "name": self.name, **self._changed}

    @classmethod
    def _from_arguments(cls, arguments):
        made = dict(arguments)
        made["cell"] = _reading.deserialize_cell(made["cell"])
        for name in ("attention", "sampling_schedule"):
            if isinstance(made[name], dict):
                made[name] = keras.saving.deserialize_keras_object(made[name])
        return cls(**made)
