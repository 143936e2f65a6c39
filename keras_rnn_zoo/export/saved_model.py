"""A model as a TensorFlow SavedModel with named signatures."""

import dataclasses
import json
import os
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_zoo.export import golden as gold
from keras_rnn_zoo.export.portable import (
    answer_name,
    characters_of,
    input_of,
    masking_layer,
    output_kind,
    portable_copy,
)
from keras_rnn_zoo.export.step import StepModel, why_not_step_by_step
from keras_rnn_zoo.export.text import TextCodec
from keras_rnn_zoo.layers.core.graphs import graphs_of
from keras_rnn_zoo.ops.checks import fail, integer
from keras_rnn_zoo.presets import new_directory, replaceable
from keras_rnn_zoo.version import __version__

SIGNATURES = ("serving_default", "step", "initial_state", "generate")
METADATA_FILE = "metadata.json"
#: Most steps of a row, if nothing else is said.
MAX_LENGTH = 10_000


@dataclasses.dataclass(frozen=True)
class Exported:
    """Files that gave the model's answers.

    Attributes:
        path: directory.
        max_difference: float. Largest absolute difference on the golden input between
            the model and the files loaded again.
        num_bytes: int. Size of the directory.
        signatures: names of what can be called.
    """

    path: pathlib.Path
    max_difference: float
    num_bytes: int
    signatures: tuple[str, ...] = ("serving_default",)


def export_saved_model(
    model: Any,
    path: str | os.PathLike,
    golden_input: Any = None,
    *,
    assets: Any = None,
    metadata: dict[str, Any] | None = None,
    signatures: Any = None,
    max_length: int | None = MAX_LENGTH,
    dtype: str | None = "float32",
    tolerance: float = 1e-5,
) -> Exported:
    """Write a model as a SavedModel for TensorFlow Serving and `tf.saved_model.load`.

    Batch size and number of steps stay free. The signatures:

    * `serving_default`: whole sequences: `text` (strings, if `assets` has a
      vocabulary), `tokens` (ids) or `features`. Gives `probabilities` and `labels`
      (`classes` without names; `path` of a `CRF`; `values` if the model gives no
      probabilities), for each step or for the sequence; after a sigmoid, the `labels`
      of all classes above a half, parted by spaces. Of padding: zeros and the label "".
    * `step`: one time step, with every state as an input and an output of its name.
      Text models take one character or word a row; "" leaves the states as they were.
    * `initial_state`: the states of a new stream, for `batch_size` rows.
    * `generate`, for next-token models: `prompt`, `steps`, `temperature` (0: the most
      likely), `top_k` (0: among all), `seed`; gives `text` and whether it `ended`. For
      models that forecast their own input: `prompt` and `steps`; gives `values`.

    A row longer than `max_length`, a token id out of range, two tokens where one
    belongs, features and states that are not finite, and states of more or fewer rows
    than the input are errors; an empty text is a sequence of no steps; invalid UTF-8 is
    read as unknown characters.

    The files hold no op but TensorFlow's own and none that needs a certain machine.
    They are loaded again and must give the model's answers on the golden input; only
    then do they replace what was at `path`.

    A model that declares its graphs, as one of several inputs does (`layers.core.
    graphs`), has a signature for each; `signatures` and `max_length` must be left out.
    An `EncoderDecoder` is written by `export_encoder_decoder`, greedy, with all its
    signatures and sources of any length: `signatures` and `max_length` must be left
    out. Its `golden_input` is `(batch, time)` ids of sources, or a dict with `source`.

    Args:
        model: a built model that Keras can save, of one input, or which declares its
            graphs.
        path: directory to make or to replace.
        golden_input: array, `(batch, time)` int32, or `(batch, time, 1 +
            max_characters)` of a model that reads characters, or `(batch, time,
            features)` float32. None: one is drawn.
        assets: `keras_rnn_zoo.presets.Assets`: vocabulary, labels, licence; or None.
        metadata: dict that goes into `assets.extra/metadata.json` as well: name,
            metrics, ….
        signatures: names of those to write. None: all that the model can have.
        max_length: int. Most steps of a row; None for no limit.
        dtype: "float32" also for models of mixed precision, or None for their own.
        tolerance: float. Largest difference allowed, relative to the largest answer.

    Returns:
        `Exported`.

    Raises:
        ValueError: if the model cannot have a signature that was asked for, as `step`
            of a bidirectional model, or an argument has a wrong value.
        TypeError: if `model` is not a `keras.Model`.
        OSError: if `path` may not be made or replaced.
        RuntimeError: if the files answer differently or hold an op that they must not.
    """
    check_max_length(max_length)
    if (declared := graphs_of(model)) is not None:
        from keras_rnn_zoo.export.declared import write_saved_model

        fix = _OF_A_WRITER if declared.writer is not None else _ALL_OF_THEM
        if signatures is not None:
            refuse(model, "signatures", signatures, fix)
        if max_length != MAX_LENGTH:
            refuse(model, "max_length", max_length, fix)
        return write_saved_model(
            model,
            path,
            golden_input,
            described(assets) | dict(metadata or {}),
            dtype,
            tolerance,
        )
    replaceable(path)
    model = portable_copy(model, dtype)
    x = gold.golden_input(model, golden_input, assets)
    expected = np.asarray(model(x, training=False), "float32")
    server = _Server(model, assets, max_length, per_step=expected.ndim == 3)
    functions = server.functions(signatures)
    with new_directory(path) as directory:
        tf.saved_model.save(server, str(directory), signatures=functions)
        extra = directory / "assets.extra"
        extra.mkdir()
        document = describe(model, assets, metadata)
        document["signatures"] = sorted(functions)
        document["max_length"] = max_length
        (extra / METADATA_FILE).write_text(
            json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8"
        )
        _check_ops(directory)
        worst = _check_answers(directory, server, x, expected)
        scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
        if not worst <= tolerance * scale:  # also catches nan
            raise RuntimeError(
                "The exported SavedModel must give the answers of the model. Received: "
                f"max_difference={worst}, above tolerance={tolerance}."
            )
        size = size_of(directory)
    return Exported(pathlib.Path(path), worst, size, tuple(functions))


def refuse(model, name, value, fix):
    """Raise for an option that says nothing of a model that declares its graphs."""
    kind = type(model).__name__
    article = "an" if kind[0] in "AEIOU" else "a"
    fail(name, f"left out for {article} `{kind}`", value, fix=fix)


_ALL_OF_THEM = " All its signatures are written, for sequences of any length."
_OF_A_WRITER = (
    " Call `export_encoder_decoder`: it writes all its signatures, for sources of any "
    "length; its own `max_length` is that of what is generated."
)


def check_max_length(max_length):
    """Raise unless `max_length` is a positive integer or None."""
    expected = "a positive integer or None"
    if max_length is not None and integer("max_length", max_length, expected) < 1:
        fail("max_length", expected, max_length)


def size_of(directory):
    """Bytes of all files in a directory."""
    return sum(f.stat().st_size for f in directory.rglob("*") if f.is_file())


def describe(model, assets=None, metadata=None):
    """What travels with an exported model, ready for JSON."""
    reads, width = input_of(model)
    document = {
        "name": model.name,
        "reads": reads,
        ("vocabulary_size" if reads == "tokens" else "num_features"): width,
        "parameters": int(model.count_params()),
        "keras_rnn_zoo": __version__,
    }
    if (characters := characters_of(model)) is not None:
        document["characters"] = characters
    return document | described(assets) | dict(metadata or {})


def described(assets):
    """What of a model's vocabulary and labels travels with it."""
    if assets is None:
        return {}
    return {
        "task": assets.task,
        "data": assets.data,
        "licence": assets.facts.get("licence"),
        "labels": list(assets.labels),
        "codec": assets.codec,
        "facts": assets.facts,
    }


class _Server(tf.Module):
    """The functions of a SavedModel around one model."""

    def __init__(self, model, assets, max_length, per_step):
        super().__init__()
        self.model_variables = [v.value for v in model.variables]
        # Of the model only the variables belong to the file: its layers would be some
        # dozens of objects each, to be written and to be made again by who loads it.
        object.__setattr__(self, "_model", model)
        object.__setattr__(self, "_masking", masking_layer(model))
        self._per_step = per_step
        self._max_length = max_length
        self._reads, self._width = input_of(model)
        self._kind, self.answer_name = output_kind(model), answer_name(model)
        self._characters = characters_of(model)
        self._answers_tokens = True
        self.codec: Any = None
        self._labels: Any = None
        if assets is not None and assets.codec is not None:
            self.codec = TextCodec(**assets.codec)
            if len(assets.codec["tokens"]) != self._width:
                raise ValueError(
                    "`assets` must hold a vocabulary of the model's size, "
                    f"{self._width}. Received: {len(assets.codec['tokens'])} tokens."
                )
            if assets.labels:
                tokens = list(assets.codec["tokens"])
                self._answers_tokens = list(assets.labels) == tokens
        if assets is not None and assets.labels:
            self._labels = tf.constant(list(assets.labels))
        # Traced once, for `serve` and for `serving_default`.
        self._forward = tf.function(
            lambda x: model(x, training=False),
            input_signature=[self._x("x")],
            autograph=False,
        )
        self.why_no_step = why_not_step_by_step(model)
        self.step_model: Any = None if self.why_no_step else StepModel(model)

    def functions(self, wanted):
        """`{signature: tf.function}` of those wanted, or of all that can be."""
        possible = {"serving_default": self._serving_default()}
        reasons = {}
        if self.step_model is not None:
            possible["step"] = self._step()
            possible["initial_state"] = self._initial_state()
        else:
            reasons["step"] = reasons["initial_state"] = self.why_no_step
        reasons["generate"] = self._why_not_generate()
        if reasons["generate"] is None:
            text = self._reads == "tokens"
            possible["generate"] = self._generate() if text else self._forecast()
        if wanted is not None:
            for name in wanted:
                if name not in SIGNATURES:
                    raise ValueError(
                        f"`signatures` must be of {SIGNATURES}. Received: {name!r}."
                    )
                if name not in possible:
                    raise ValueError(
                        f"`signatures` must be what the model can have. Received: "
                        f"{name!r}, but {reasons[name]}."
                    )
            possible = {name: possible[name] for name in wanted}
        # Also as attributes, for those who load the model in Python; `serve` takes
        # what the model itself takes.
        for name, function in possible.items():
            setattr(self, name, function)
        self.serve = self._forward
        return possible

    def _x(self, name):
        if self._characters is not None:
            width = 1 + self._characters["max_characters"]
            return tf.TensorSpec((None, None, width), tf.int32, name)
        if self._reads == "tokens":
            return tf.TensorSpec((None, None), tf.int32, name)
        return tf.TensorSpec((None, None, self._width), tf.float32, name)

    # --- Whole sequences

    def _serving_default(self):
        if self.codec is not None:

            def serving_default(text):  # pyright: ignore[reportRedeclaration]
                ids, lengths = self.codec.encode(text)
                return self._answers(ids) | {"lengths": lengths}

            spec = tf.TensorSpec((None,), tf.string, "text")
            return _function(serving_default, spec)
        if self._reads == "tokens":

            def serving_default(tokens):  # pyright: ignore[reportRedeclaration]
                return self._answers(self._checked_ids(tokens))
        else:

            def serving_default(features):
                return self._answers(self._finite(features, "features"))

        return _function(serving_default, self._x(self._reads))

    def _answers(self, x):
        """The named answers to a batch of sequences of any length, also of none."""
        time = tf.shape(x)[1]
        with tf.control_dependencies(self._length_checks(time)):
            missing = tf.maximum(1 - time, 0)
        padding = 0.0 if x.dtype.is_floating else 0
        if x.dtype.is_floating and self._masking is not None:
            padding = self._masking.mask_value
        widths = [[0, 0], [0, missing]] + [[0, 0]] * (len(x.shape) - 2)
        x = tf.pad(x, widths, constant_values=padding)
        y = tf.cast(self._forward(x), tf.float32)
        mask = None
        if self._per_step:
            y = y[:, :time]
            if self._masking is not None:
                mask = self._masking.compute_mask(x)[:, :time]
                y = tf.where(mask[..., tf.newaxis], y, 0.0)
        return {self.answer_name: y} | self._classes(y, mask)

    def _length_checks(self, time):
        checks = []
        if self._max_length is not None:
            checks.append(
                _require(
                    time <= self._max_length,
                    f"A row must have at most {self._max_length} steps. Received:",
                    time,
                )
            )
        if not self._per_step and self._masking is None:
            checks.append(
                _require(time > 0, "A row must have at least one step. Received:", time)
            )
        return checks

    def _checked_ids(self, ids):
        words, checks = ids, []
        if self._characters is not None:
            words, letters = ids[..., 0], ids[..., 1:]
            size = self._characters["vocabulary_size"]
            checks.append(
                _require(
                    (letters >= 0) & (letters < size),
                    f"Characters of `tokens` must be from 0 to {size - 1}. Received:",
                    letters,
                )
            )
        checks.append(
            _require(
                (words >= 0) & (words < self._width),
                f"`tokens` must be from 0 to {self._width - 1}. Received: tokens=",
                words,
            )
        )
        with tf.control_dependencies(checks):
            return tf.identity(ids)

    def _finite(self, x, name):
        """Features or states; an error if one is not finite and no padding either."""
        good = tf.math.is_finite(x)
        padding = getattr(self._masking, "mask_value", 0)
        if not np.isfinite(padding):
            good |= x == padding
        bad = tf.boolean_mask(x, ~good)
        check = _require(good, f"`{name}` must be finite. Received: {name}=", bad)
        with tf.control_dependencies([check]):
            return tf.identity(x)

    def _classes(self, y, mask):
        if self._kind == "sigmoid" and self._labels is not None:
            one_each = y.shape[-1] == self._labels.shape[0]
            return {"labels": self._likely(y)} if one_each else {}
        if self._kind not in ("softmax", "path"):
            return {}
        classes = tf.argmax(y, -1, tf.int32)
        if self._labels is None:
            if mask is not None:
                classes = tf.where(mask, classes, -1)
            return {"classes": classes}
        labels = tf.gather(self._labels, classes)
        return {"labels": labels if mask is None else tf.where(mask, labels, "")}

    def _likely(self, y):
        """Names of the classes with a probability above a half, parted by spaces."""
        likely = y > 0.5
        places = tf.reshape(likely, (-1, tf.shape(likely)[-1]))
        names = tf.tile(self._labels[tf.newaxis], (tf.shape(places)[0], 1))
        names = tf.ragged.boolean_mask(names, places)
        names = tf.strings.reduce_join(names, axis=-1, separator=" ")
        return tf.reshape(names, tf.shape(likely)[:-1])

    # --- Streams

    def _initial_state(self):
        def initial_state(batch_size):
            check = _require(
                batch_size >= 0,
                "`batch_size` must be at least 0. Received: batch_size=",
                batch_size,
            )
            with tf.control_dependencies([check]):
                batch_size = tf.identity(batch_size)
            return self._named_states(self.step_model.initial_state(batch_size))

        spec = tf.TensorSpec((), tf.int32, "batch_size")
        return _function(initial_state, spec)

    def _named_states(self, tensors):
        return {
            state.name: tf.ensure_shape(tensor, (None, state.width))
            for state, tensor in zip(self.step_model.states, tensors, strict=True)
        }

    def _step(self):
        name = "features" if self._reads == "features" else "token"

        def step(x, *states):
            x, *states = self._of_as_many_rows(name, x, states)
            states = [
                self._finite(tensor, state.name)
                for tensor, state in zip(states, self.step_model.states, strict=True)
            ]
            if self._reads == "features":
                x = self._finite(x, name)
            if self.codec is not None:
                x = self.codec.encode_one(x)
            elif self._reads == "tokens":
                x = self._checked_ids(x)
            y, states = self.step_model(x, states)
            y, mask = tf.cast(y, tf.float32), self.step_model.mask(x)
            if mask is not None:
                y = tf.where(mask[:, tf.newaxis], y, 0.0)
            named = {self.answer_name: y} | self._classes(y, mask)
            return named | self._named_states(states)

        if self._reads == "features":
            x = tf.TensorSpec((None, self._width), tf.float32, name)
        else:
            dtype = tf.int32 if self.codec is None else tf.string
            shape = (None,)
            if self.codec is None:
                shape = self._x(name).shape[:1] + self._x(name).shape[2:]
            x = tf.TensorSpec(shape, dtype, name)
        states = [
            tf.TensorSpec((None, state.width), self._state_dtype, state.name)
            for state in self.step_model.states
        ]
        return _function(step, x, *states)

    def _of_as_many_rows(self, name, x, states):
        """The inputs of a step, which must not be broadcast against each other."""
        rows = tf.shape(x)[0]
        checks = [
            _require(
                tf.shape(tensor)[0] == rows,
                f"`{state.name}` must have as many rows as `{name}`. Received rows:",
                tf.stack([tf.shape(tensor)[0], rows]),
            )
            for tensor, state in zip(states, self.step_model.states, strict=True)
        ]
        with tf.control_dependencies(checks):
            return [tf.identity(one) for one in (x, *states)]

    @property
    def _state_dtype(self):
        return self.step_model.initial_state(1)[0].dtype

    # --- Going on by itself

    def _why_not_generate(self):
        if self.why_no_step:
            return self.why_no_step
        if self._characters is not None:
            return "it reads the characters of words, which no answer tells"
        if not self._per_step:
            return "it gives one answer for a whole sequence"
        outputs = self._model.layers[-1]
        width = getattr(outputs, "units", getattr(outputs, "num_outputs", None))
        if width != self._width:
            return f"it reads {self._width} and gives {width} numbers a step"
        if self._reads == "tokens":
            if not self._answers_tokens:
                return "its classes are not the tokens that it reads"
            if self._kind not in ("softmax", "linear"):
                return f"its output is {self._kind}, not softmax or linear"
        elif self._kind in ("softmax", "sigmoid"):
            return "it gives probabilities and reads features"
        return None

    def _generate(self):
        def generate(prompt, steps, temperature, top_k, seed):
            if self.codec is None:
                ids = self._checked_ids(prompt)
                lengths = tf.math.count_nonzero(ids, axis=1, dtype=tf.int32)
                ids = tf.ragged.boolean_mask(ids, ids != 0).to_tensor()
            else:
                ids, lengths = self.codec.encode(prompt)
            limit = self._max_length or tf.int32.max
            checks = [
                _require(
                    tf.reduce_all(lengths > 0),
                    "`prompt` must hold a token in each row. Received: prompt=",
                    prompt,
                ),
                _require(steps >= 0, "`steps` must be at least 0. Received:", steps),
                _require(
                    tf.reduce_max(lengths, keepdims=True) <= limit - steps,
                    f"`prompt` and `steps` must be at most {limit} steps together. "
                    "Received: steps=",
                    steps,
                ),
                _require(
                    (temperature >= 0) & tf.math.is_finite(temperature),
                    "`temperature` must be at least 0. Received: temperature=",
                    temperature,
                ),
                _require(top_k >= 0, "`top_k` must be at least 0. Received:", top_k),
            ]
            with tf.control_dependencies(checks):
                ids, steps = tf.identity(ids), tf.identity(steps)
            new = self._continued(ids, lengths, steps, temperature, top_k, seed)
            if self.codec is None:
                return {"tokens": new}
            ended = tf.zeros(tf.shape(new)[:1], tf.bool)
            if self.codec.boundary is not None:
                over = tf.cast(new == self.codec.boundary, tf.int32)
                ended = tf.reduce_any(over > 0, axis=1)
                new = tf.where(tf.cumsum(over, axis=1) == 0, new, 0)
            return {"text": self.codec.decode(new), "ended": ended}

        prompt = tf.TensorSpec((None,), tf.string, "prompt")
        if self.codec is None:
            prompt = self._x("prompt")
        return _function(
            generate,
            prompt,
            tf.TensorSpec((), tf.int32, "steps"),
            tf.TensorSpec((), tf.float32, "temperature"),
            tf.TensorSpec((), tf.int32, "top_k"),
            tf.TensorSpec((), tf.int32, "seed"),
        )

    def _continued(self, ids, lengths, steps, temperature, top_k, seed):
        """The `steps` tokens after each row, `(batch, steps)`."""
        batch, last = tf.shape(ids)[0], tf.shape(ids)[1] - 1
        k = tf.where(top_k > 0, tf.minimum(top_k, self._width - 1), self._width - 1)
        possible = tf.range(self._width) > 0
        always = tf.fill([batch], True)

        def choose(t, answer):
            logits = tf.cast(answer, tf.float32)
            if self._kind == "softmax":
                logits = tf.math.log(logits)
            best, ids = tf.math.top_k(tf.where(possible, logits, -np.inf), k)
            heat = tf.maximum(temperature, 1e-6)
            mass = tf.cumsum(tf.exp((best - best[:, :1]) / heat), axis=-1)
            draw = tf.random.stateless_uniform([batch, 1], [seed, t])
            draw = tf.where(temperature < 1e-6, 0.0, draw)
            place = tf.reduce_sum(
                tf.cast(mass <= draw * mass[:, -1:], tf.int32), -1, keepdims=True
            )
            return tf.gather(ids, tf.minimum(place, k - 1), batch_dims=1)[:, 0]

        def body(t, chosen, states, written):
            given = ids[:, tf.minimum(t, last)]
            token = tf.where(t < lengths, given, chosen)
            answer, states = self.step_model(token, states, mask=always)
            chosen = choose(t, answer)
            return t + 1, chosen, states, written.write(t, chosen)

        count = tf.where(steps > 0, last + steps, 0)
        written = tf.TensorArray(tf.int32, count, element_shape=(None,))
        start = (0, tf.zeros([batch], tf.int32), self._first_states(batch), written)
        *_, written = tf.while_loop(lambda t, *_: t < count, body, start)
        where = lengths[:, tf.newaxis] - 1 + tf.range(steps)[tf.newaxis]
        every = tf.cond(
            count > 0, written.stack, lambda: tf.zeros([1, batch], tf.int32)
        )
        return tf.gather(tf.transpose(every), where, batch_dims=1)

    def _first_states(self, batch):
        return list(self._named_states(self.step_model.initial_state(batch)).values())

    def _forecast(self):
        def generate(prompt, steps):
            prompt = self._finite(prompt, "prompt")
            batch, time = tf.shape(prompt)[0], tf.shape(prompt)[1]
            limit = self._max_length or tf.int32.max
            checks = [
                _require(time > 0, "`prompt` must have a step. Received steps:", time),
                _require(steps >= 0, "`steps` must be at least 0. Received:", steps),
                _require(
                    time <= limit - steps,
                    f"`prompt` and `steps` must be at most {limit} steps together. "
                    "Received: steps=",
                    steps,
                ),
            ]
            with tf.control_dependencies(checks):
                prompt, steps = tf.identity(prompt), tf.identity(steps)
            always = tf.fill([batch], True)

            def body(t, value, states, written):
                x = tf.where(t < time, prompt[:, tf.minimum(t, time - 1)], value)
                keep = always
                if self._masking is not None:
                    keep = self.step_model.mask(x) | (t >= time)
                answer, states = self.step_model(x, states, mask=keep)
                value = tf.where(keep[:, tf.newaxis], answer, value)
                return t + 1, value, states, written.write(t, value)

            count = time + steps - 1
            written = tf.TensorArray(
                tf.float32, count, element_shape=(None, self._width)
            )
            start = (0, tf.zeros_like(prompt[:, 0]), self._first_states(batch), written)
            *_, written = tf.while_loop(lambda t, *_: t < count, body, start)
            values = tf.transpose(written.stack(), (1, 0, 2))
            return {"values": values[:, time - 1 :]}

        return _function(
            generate, self._x("prompt"), tf.TensorSpec((), tf.int32, "steps")
        )


def _function(function, *specs):
    """A `tf.function` of named inputs that refuses other shapes than theirs."""

    def checked(*arguments):
        # Not every runtime compares what comes with the signature.
        return function(
            *(
                tf.ensure_shape(argument, spec.shape)
                for argument, spec in zip(arguments, specs, strict=True)
            )
        )

    checked.__name__ = function.__name__
    return tf.function(checked, input_signature=specs, autograph=False)


def _require(condition, message, value):
    return tf.debugging.Assert(tf.reduce_all(condition), [message, value], summarize=8)


# --- Checks


def _check_ops(directory):
    """Raise if a SavedModel holds an op that not every TensorFlow can run."""
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((directory / "saved_model.pb").read_bytes())
    for graph in [meta.graph_def for meta in saved.meta_graphs]:
        bodies = [(graph.node, {})]
        bodies += [(f.node_def, f.attr) for f in graph.library.function]
        for nodes, attributes in bodies:
            must = attributes.get("_XlaMustCompile")
            if must is not None and must.b:
                raise RuntimeError(
                    "The SavedModel must run without XLA. Received: a function that "
                    "must be compiled."
                )
            for node in nodes:
                if forbidden(node.op) or node.attr["_XlaMustCompile"].b:
                    raise RuntimeError(
                        "The SavedModel must hold no op that needs a certain machine "
                        f"or library. Received: op={node.op!r}."
                    )


def forbidden(op):
    """Whether an op is a custom one, cuDNN's, XLA's or a Python function."""
    return ">" in op or op.startswith(("Cudnn", "Xla")) or "PyFunc" in op


def _check_answers(directory, server, x, expected):
    """The largest difference between the files, loaded again, and the model."""
    loaded = tf.saved_model.load(str(directory))
    worst = [_difference(loaded.serve(x), expected)]
    name, per_step = server.answer_name, expected.ndim == 3
    masking = server._masking
    mask = None
    if masking is not None:
        mask = np.asarray(masking.compute_mask(x))
        if per_step:
            expected = np.where(mask[..., None], expected, 0)
    if "serving_default" in loaded.signatures:
        given = x
        if server.codec is not None:
            given = server.codec.decode(tf.constant(x))
        answer = loaded.signatures["serving_default"](tf.constant(given))[name]
        worst.append(_difference(answer, expected))
    if "step" in loaded.signatures:
        worst.append(_stream_difference(loaded, server, x, expected))
    if "generate" in loaded.signatures:
        worst.append(_generate_difference(loaded, server, x, expected, mask))
    return max(worst)


def _difference(answer, expected):
    answer = np.asarray(answer, "float32")
    if answer.shape != expected.shape:
        raise RuntimeError(
            "The exported SavedModel must give answers of the model's shape, "
            f"{expected.shape}. Received: shape {answer.shape}."
        )
    return float(np.max(np.abs(answer - expected), initial=0.0))


def _stream_difference(loaded, server, x, expected, most=24):
    """Takes the golden input step by step through the loaded file."""
    step = loaded.signatures["step"]
    states = {
        key: tf.constant(value)
        for key, value in server._named_states(
            server.step_model.initial_state(len(x))
        ).items()
    }
    if "initial_state" in loaded.signatures:
        states = loaded.signatures["initial_state"](batch_size=tf.constant(len(x)))
    key = "features" if server._reads == "features" else "token"
    count = x.shape[1] if expected.ndim == 2 else min(most, x.shape[1])
    worst, answer = 0.0, None
    for t in range(count):
        given = x[:, t]
        if server._characters is not None and server.codec is not None:
            given = server.codec.spelt(given)
        elif server.codec is not None:
            given = tf.gather(server.codec.tokens, given)
        out = dict(step(**{key: tf.constant(given)}, **states))
        answer = out[server.answer_name]
        states = {name: out[name] for name in states}
        if expected.ndim == 3:
            worst = max(worst, _difference(answer, expected[:, t]))
    if expected.ndim == 2:
        ends = np.ones(len(x), bool)
        if server._masking is not None:
            ends = np.asarray(server._masking.compute_mask(x))[:, -1]
        worst = _difference(np.asarray(answer)[ends], expected[ends])
    return worst


def _generate_difference(loaded, server, x, expected, mask):
    """What comes first after the golden input must be the model's own answer."""
    rows = len(x) if mask is None else np.asarray(mask).sum(1)
    last = np.broadcast_to(rows if mask is not None else x.shape[1], len(x)) - 1
    answer = expected[np.arange(len(x)), last]
    generate = loaded.signatures["generate"]
    steps = tf.constant(1)
    if server._reads == "features":
        values = generate(prompt=tf.constant(x), steps=steps)["values"]
        return _difference(np.asarray(values)[:, 0], answer)
    prompt = x if server.codec is None else server.codec.decode(tf.constant(x))
    out = generate(
        prompt=tf.constant(prompt),
        steps=steps,
        temperature=tf.constant(0.0),
        top_k=tf.constant(0),
        seed=tf.constant(0),
    )
    answer = answer[:, 1:]
    if server.codec is None:
        chosen = np.asarray(out["tokens"])[:, 0] - 1
        given = np.take_along_axis(answer, chosen[:, None], 1)[:, 0]
        return float(np.max(answer.max(1) - given))
    tokens = np.asarray(server.codec.tokens)[1 + answer.argmax(1)]
    ended = np.asarray(out["ended"])
    for wrote, token, end in zip(np.asarray(out["text"]), tokens, ended, strict=True):
        if not end and wrote != token:
            return float("inf")
    return 0.0
