"""An encoder-decoder as a TensorFlow SavedModel that decodes by itself."""

import json
import os
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_zoo.export.portable import portable_copy
from keras_rnn_zoo.export.saved_model import METADATA_FILE, Exported, size_of
from keras_rnn_zoo.ops import decoding, samplers
from keras_rnn_zoo.presets import new_directory, replaceable
from keras_rnn_zoo.topologies import EncoderDecoder
from keras_rnn_zoo.version import __version__


def export_encoder_decoder(
    model: Any,
    path: str | os.PathLike,
    golden_input: Any = None,
    *,
    sampler: Any = "greedy",
    max_length: int = 64,
    min_length: int = 0,
    metadata: dict[str, Any] | None = None,
    dtype: str | None = "float32",
    tolerance: float = 1e-5,
) -> Exported:
    """Write an `EncoderDecoder` as a SavedModel; batch and lengths stay free.

    The signatures:

    * `encode`: `source` (ids) gives `memory`, `memory_mask` and the states `state_0`,
      `state_1`, … with which the decoder begins.
      Of a model that copies also `copies`.
    * `decode_step`: `token` (ids of one step) and what `encode` has given
      give `log_probabilities` of the next token, the states and, with attention,
      `alignment`. The first token is the model's `start`.
    * `generate`: `source` gives `tokens` and `scores`, with the sampler, beams too,
      inside the graph; a sampler that draws also takes `seed`.
    * `generate_text`: `text` (strings, each character a token) gives `text`, tokens
      with a blank between them, and `scores`; of a model that knows its tokens.

    The default signature, `serving_default`, is the last one that there is. Tokens that
    are out of range, and characters that are not known, are errors. The files are
    loaded again and must say what the model says; only then do they replace what was at
    `path`.

    Args:
        model: a built `EncoderDecoder`.
        path: directory to make or to replace.
        golden_input: sources that the files are compared with the model on: ids
            `(batch, time)`, or a dict that has them as `source`. None: drawn ones.
        sampler: as of `EncoderDecoder.generate`.
        max_length: int. The greatest number of tokens, with the end.
        min_length: int. The least number of tokens before the end.
        metadata: dict that goes into `assets.extra/metadata.json` as well, or None.
        dtype: "float32" also for models of mixed precision, or None for their own.
        tolerance: float. Largest difference of probabilities and, relatively, scores.

    Returns:
        `Exported`.

    Raises:
        TypeError: if `model` is not an `EncoderDecoder`.
        ValueError: if `golden_input` is of another shape.
        OSError: if `path` may not be made or replaced.
        RuntimeError: if the files answer differently.
    """
    if not isinstance(model, EncoderDecoder):
        raise TypeError(
            "`model` must be an EncoderDecoder. "
            f"Received: model of type {type(model).__name__}."
        )
    rows = _golden_source(model, golden_input)
    replaceable(path)
    sampler = samplers.get(sampler)
    model = portable_copy(model, dtype)
    rules = decoding.Rules(model.start, model.end, max_length, min_length)
    server = _Server(model, sampler, rules)
    document = {
        **vocabulary_of(model),
        "sampler": samplers.serialize(sampler),
        "max_length": max_length,
        "min_length": min_length,
        "signatures": sorted(server.functions),
        **(metadata or {}),
    }
    signatures = dict(server.functions)
    signatures["serving_default"] = list(server.functions.values())[-1]
    with new_directory(path) as directory:
        tf.saved_model.save(server, str(directory), signatures=signatures)
        extra = directory / "assets.extra"
        extra.mkdir()
        (extra / METADATA_FILE).write_text(
            json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8"
        )
        worst = _check_answers(directory, model, sampler, rules, rows)
        if not worst <= tolerance:  # also catches nan
            raise RuntimeError(
                "The exported SavedModel must give the answers of the model. Received: "
                f"max_difference={worst}, above tolerance={tolerance}."
            )
        size = size_of(directory)
    return Exported(pathlib.Path(path), worst, size, tuple(signatures))


def vocabulary_of(model):
    """What lies beside every kind of file of an `EncoderDecoder`, a dict for JSON."""
    return {
        "name": model.name,
        "source_tokens": model.source_vocabulary or model.num_source,
        "target_tokens": model.target_vocabulary or model.num_target,
        "start": model.start,
        "end": model.end,
        "parameters": int(model.count_params()),
        "keras_rnn_zoo": __version__,
    }


class Halves:
    """An `EncoderDecoder` as two functions, with all that goes between in the open.

    Args:
        model: a `portable_copy`.

    Attributes:
        names: what `encode` gives and `decode_step` is given beside the token, in
            order: "memory", "memory_mask", "copies" of a model that copies, "state_0",
            "state_1", ….
    """

    def __init__(self, model):
        self.model = model
        self.names = ["memory", "memory_mask", *(["copies"] if model.copying else [])]

    def encode(self, source):
        """Return what `decode_step` needs, a dict."""
        values, mask, states = self.model._encode(source)
        return self.begun(source, values, mask, states)

    def begun(self, source, values, mask, states):
        """`encode`, of what the model's encoder gives."""
        states, _ = self.model._first(states, (values, mask))
        copies = self.model._copies(source)
        found = {"memory": values, "memory_mask": mask}
        found |= {} if copies is None else {"copies": copies}
        fixed = [name for name in self.names if not name.startswith("state_")]
        self.names = [*fixed, *(f"state_{i}" for i in range(len(states)))]
        return found | {f"state_{i}": state for i, state in enumerate(states)}

    def decode_step(self, token, memory, memory_mask, *states):
        """Return `log_probabilities` of the next token, the states and `alignment`."""
        copies = None
        if self.model.copying:
            copies, *states = states
        ready = None
        if self.model.decoder_cell is not None:
            ready = self.model.decoder_cell.attention.prepare(memory, memory_mask)
        step = self.model._stepper(tf.shape(token)[0], ready)
        log_p, states = self.model._next(token, list(states), step, copies)
        named = {f"state_{i}": state for i, state in enumerate(states)}
        if ready is not None:
            named["alignment"] = states[-1]
        return {"log_probabilities": log_p, **named}


class _Server(tf.Module):
    """The functions of a SavedModel around one model."""

    def __init__(self, model, sampler, rules):
        super().__init__()
        self.model_variables = [v.value for v in model.variables]
        # Of the model only the variables belong to the file, not its layers.
        object.__setattr__(self, "_model", model)
        self._sampler, self._rules = sampler, rules
        self._halves = Halves(model)
        ids = tf.TensorSpec((None, None), tf.int32, "source")
        self.encode = tf.function(self._encode, input_signature=[ids], autograph=False)
        found = self.encode.get_concrete_function().structured_outputs
        given = [
            tf.TensorSpec((None, *found[name].shape[1:]), found[name].dtype, name)
            for name in self._halves.names
        ]
        token = tf.TensorSpec((None,), tf.int32, "token")
        self.decode_step = tf.function(
            self._decode_step, input_signature=[token, *given], autograph=False
        )
        seed = [tf.TensorSpec((), tf.int32, "seed")] if sampler.draws else []
        self.generate = tf.function(
            self._generate, input_signature=[ids, *seed], autograph=False
        )
        self.functions = {
            "encode": self.encode,
            "decode_step": self.decode_step,
            "generate": self.generate,
        }
        letters = model.source_vocabulary
        if letters and model.target_vocabulary and all(len(x) < 2 for x in letters[1:]):
            text = tf.TensorSpec((None,), tf.string, "text")
            self.generate_text = tf.function(
                self._generate_text, input_signature=[text, *seed], autograph=False
            )
            self.functions["generate_text"] = self.generate_text

    def _encode(self, source):
        return self._halves.encode(
            self._checked("source", source, self._model.num_source)
        )

    def _decode_step(self, token, *given):
        token = self._checked("token", token, self._model.num_target)
        return self._halves.decode_step(token, *given)

    def _generate(self, source, seed=None):
        source = self._checked("source", source, self._model.num_source)
        draws = None
        if seed is not None:
            shape = [tf.shape(source)[0], self._rules.max_length]
            draws = tf.random.stateless_uniform(shape, [seed, 0])
        found = self._model.decode(source, self._rules, self._sampler, draws)
        return {"tokens": found.tokens, "scores": found.scores}

    def _generate_text(self, text, *seed):
        letters = tf.strings.unicode_split(text, "UTF-8").to_tensor("")
        missing = tf.maximum(1 - tf.shape(letters)[1], 0)
        letters = tf.pad(letters, [[0, 0], [0, missing]], constant_values="")
        known = tf.constant(["", *self._model.source_vocabulary[1:]])
        same = letters[..., tf.newaxis] == known
        bad = tf.boolean_mask(letters, ~tf.reduce_any(same, -1))
        check = tf.debugging.Assert(
            tf.size(bad) == 0, ["`text` must hold known characters. Received:", bad]
        )
        with tf.control_dependencies([check]):
            found = self._generate(tf.argmax(same, -1, tf.int32), *seed)
        tokens = found["tokens"]
        words = tf.gather(tf.constant(self._model.target_vocabulary), tokens)
        over = (tokens == 0) | (tokens == self._rules.end)
        words = tf.ragged.boolean_mask(words, ~over)
        said = tf.strings.reduce_join(words, axis=-1, separator=" ")
        return {"text": _dense(said), "scores": found["scores"]}

    @staticmethod
    def _checked(name, ids, size):
        bad = tf.boolean_mask(ids, (ids < 0) | (ids >= size))
        check = tf.debugging.Assert(
            tf.size(bad) == 0,
            [f"`{name}` must hold ids from 0 to {size - 1}. Received:", bad],
        )
        with tf.control_dependencies([check]):
            return tf.identity(ids)


def _dense(ragged):
    return ragged.to_tensor() if isinstance(ragged, tf.RaggedTensor) else ragged


def _golden_source(model, given):
    """Sources to compare on, ids `(batch, time)`."""
    if given is None:
        rng = np.random.default_rng(0)
        source = rng.integers(1, model.num_source, (3, 6)).astype("int32")
        source[1, 4:] = source[2] = 0
        return source
    source = np.asarray(given.get("source") if isinstance(given, dict) else given)
    if source.ndim != 2 or 0 in source.shape or source.dtype.kind not in "iu":
        raise ValueError(
            "`golden_input` must be ids of sources, (batch, time), for an "
            f"`EncoderDecoder`. Received: golden_input of shape {source.shape} and "
            f"dtype {source.dtype}."
        )
    return source.astype("int32")


def _check_answers(directory, model, sampler, rules, source):
    """The largest difference of the files, loaded again, from the model."""
    loaded = tf.saved_model.load(str(directory)).signatures
    rows, batch = tf.constant(source), len(source)
    first = loaded["encode"](source=rows)
    token = tf.fill([batch], model.start)
    answer = loaded["decode_step"](token=token, **first)
    last = tf.exp(answer["log_probabilities"])
    target = tf.fill([batch, 1], model.end)
    expected = model({"source": rows, "target": target})[:, 0]
    worst = float(tf.reduce_max(tf.abs(last - expected)))
    seed = {"seed": tf.constant(1)} if sampler.draws else {}
    found = loaded["generate"](source=rows, **seed)
    draws = None
    if seed:
        draws = tf.random.stateless_uniform([batch, rules.max_length], [1, 0])
    said = model.decode(rows, rules, sampler, draws)
    if not np.array_equal(found["tokens"], said.tokens):
        return float("inf")
    a, b = (np.maximum(one, -1e9) for one in (found["scores"], said.scores))
    scale = np.maximum(np.abs(b), 1.0)
    return max(worst, float(np.max(np.abs(a - b) / scale)))
