"""A model that declares its graphs, as a SavedModel: a signature for each of them.

See `keras_rnn_zoo.layers.core.graphs`. What all kinds of files share is here too.
"""

import json
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_zoo.export.golden import golden_inputs
from keras_rnn_zoo.export.portable import portable_copy
from keras_rnn_zoo.export.saved_model import METADATA_FILE, Exported, size_of
from keras_rnn_zoo.layers.core.graphs import Graph, Graphs, Input, Writer, graphs_of
from keras_rnn_zoo.ops import decoding, samplers
from keras_rnn_zoo.presets import new_directory, replaceable
from keras_rnn_zoo.version import __version__


def declared_of(model: Any) -> Graphs:
    """The graphs of a model that is known to declare some."""
    declared = graphs_of(model)
    assert declared is not None
    return declared


def document_of(model, declared):
    """What lies beside every kind of file, a dict for JSON."""
    return {
        "name": model.name,
        **declared.facts,
        "parameters": int(model.count_params()),
        "keras_rnn_zoo": __version__,
    }


def spec_of(one: Input, batch=None, time=None):
    """The `tf.TensorSpec` of an `Input`."""
    return tf.TensorSpec(one.shape(batch, time), one.dtype, one.name)


def over_graphs(declared, make):
    """Makes something of each graph, in order.

    Args:
        declared: `Graphs`.
        make: function of a graph and of what was made of the one it comes after, or
            None.

    Returns:
        dict by the graphs' names.
    """
    made = {}
    for graph in declared.graphs:
        made[graph.name] = make(graph, made.get(graph.after))
    return made


def named(graph: Graph, names, tensors):
    """Calls a graph with tensors in the order of names."""
    return graph(dict(zip(names, tensors, strict=True)))


def difference_of(declared, run, golden):
    """The largest difference of files from their model.

    Args:
        declared: `Graphs` of the model.
        run: dict of functions of named arrays, by the graphs' names.
        golden: dict of arrays for `declared.inputs`.
    """
    run = {name: _of_arrays(function) for name, function in run.items()}
    if declared.difference is not None:
        return declared.difference(run, golden)
    counts = _counts(declared, golden)
    differences, found = [], {}
    for graph in declared.graphs:
        given = {one.name: golden[one.name] for one in graph.inputs}
        given |= found.get(graph.after, {})
        expected = {key: np.asarray(one) for key, one in graph(given).items()}
        found[graph.name] = answer = run[graph.name](**given)
        for key, one in expected.items():
            if one.dtype.kind != "f":
                continue
            apart = np.abs(answer[key] - one)
            if counts is not None and apart.ndim == 3:
                if apart.shape[:2] == counts.shape:
                    apart = apart[counts]
            differences.append(apart.max(initial=0.0))
    return float(np.max(differences))  # nan, if there is one


def _counts(declared, golden):
    """Where steps are no padding, `(batch, time)`; None if no input tells."""
    for one in declared.inputs:
        if one.padding is not None:
            differs = golden[one.name] != one.padding
            return differs.any(-1) if differs.ndim == 3 else differs
    return None


def _of_arrays(function):
    return lambda **given: {k: np.asarray(v) for k, v in function(**given).items()}


def accept(kind, difference, tolerance):
    """Raise if the files answer differently from the model."""
    if not difference <= tolerance:  # also catches nan
        raise RuntimeError(
            f"The {kind} must give the answers of the model. Received: "
            f"max_difference={difference}, above tolerance={tolerance}."
        )


# --- SavedModel


def write_saved_model(
    model,
    path,
    golden_input,
    metadata,
    dtype,
    tolerance,
    *,
    sampler="greedy",
    max_length=64,
    min_length=0,
):
    """Write a SavedModel of a model's graphs; see `export_saved_model`.

    Args:
        model: as there.
        path: as there.
        golden_input: as there.
        metadata: dict for `metadata.json`.
        dtype: as there.
        tolerance: as there.
        sampler: of a model that writes.
        max_length: int. The greatest number of tokens that it writes, with the end.
        min_length: int. The least number of tokens before the end.
    """
    golden = golden_inputs(declared_of(model), golden_input, (4, 6))
    replaceable(path)
    model = portable_copy(model, dtype)
    declared = declared_of(model)
    writing = None
    document = document_of(model, declared)
    if declared.writer is not None:
        sampler = samplers.get(sampler)
        writing = Writing(declared.writer, sampler, max_length, min_length)
        document["sampler"] = samplers.serialize(sampler)
        document |= {"max_length": max_length, "min_length": min_length}
    server = _Server(model, declared, writing)
    document |= {"signatures": sorted(server.functions), **metadata}
    signatures = dict(server.functions)
    signatures.setdefault("serving_default", list(server.functions.values())[-1])
    with new_directory(path) as directory:
        tf.saved_model.save(server, str(directory), signatures=signatures)
        extra = directory / "assets.extra"
        extra.mkdir()
        (extra / METADATA_FILE).write_text(
            json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8"
        )
        loaded = tf.saved_model.load(str(directory)).signatures
        worst = difference_of(
            declared, {name: _of_constants(one) for name, one in loaded.items()}, golden
        )
        if writing is not None:
            worst = max(worst, writing.difference(loaded["generate"], golden))
        accept("exported SavedModel", worst, tolerance)
        size = size_of(directory)
    return Exported(pathlib.Path(path), worst, size, tuple(signatures))


def _of_constants(function):
    return lambda **given: function(**{k: tf.constant(v) for k, v in given.items()})


class _Server(tf.Module):
    """The functions of a SavedModel around one model."""

    def __init__(self, model, declared, writing):
        super().__init__()
        self.model_variables = [v.value for v in model.variables]
        functions = over_graphs(declared, self._function)
        if writing is not None:
            functions |= writing.functions()
        self.functions = functions
        for name, function in functions.items():
            setattr(self, name, function)

    @staticmethod
    def _function(graph, before):
        specs = [spec_of(one) for one in graph.inputs]
        if before is not None:
            found = before.get_concrete_function().structured_outputs
            specs += [
                tf.TensorSpec((None, *one.shape[1:]), one.dtype, name)
                for name, one in found.items()
            ]
        names = [one.name for one in specs]

        def function(*tensors):
            count = len(graph.inputs)
            own = [
                _checked(one, x)
                for one, x in zip(graph.inputs, tensors[:count], strict=True)
            ]
            return named(graph, names, [*own, *tensors[count:]])

        return tf.function(function, input_signature=specs, autograph=False)


def _checked(one, x):
    """What a graph is given; an error if it is out of range."""
    if one.reads == "tokens":
        bad = tf.boolean_mask(x, (x < 0) | (x >= one.size))
        says = f"`{one.name}` must hold ids from 0 to {one.size - 1}. Received:"
    else:
        fits = tf.math.is_finite(x)
        if one.padding is not None and not np.isfinite(one.padding):
            fits |= x == one.padding
        bad = tf.boolean_mask(x, ~fits)
        says = f"`{one.name}` must hold finite numbers. Received:"
    with tf.control_dependencies([tf.debugging.Assert(tf.size(bad) == 0, [says, bad])]):
        return tf.identity(x)


class Writing:
    """What a model writes by itself, as signatures.

    Args:
        writer: `Writer`.
        sampler: a sampler.
        max_length: int.
        min_length: int.
    """

    def __init__(self, writer: Writer, sampler, max_length, min_length):
        self.writer, self.sampler = writer, sampler
        self.rules = decoding.Rules(writer.start, writer.end, max_length, min_length)

    def functions(self):
        """`generate`, and `generate_text` of a model that knows its tokens."""
        seed = [tf.TensorSpec((), tf.int32, "seed")] if self.sampler.draws else []
        source = [spec_of(self.writer.source), *seed]
        found = {
            "generate": tf.function(
                self._generate, input_signature=source, autograph=False
            )
        }
        letters = self.writer.source_tokens
        known = letters and self.writer.target_tokens
        if known and letters and all(len(x) < 2 for x in letters[1:]):
            text = tf.TensorSpec((None,), tf.string, "text")
            found["generate_text"] = tf.function(
                self._generate_text, input_signature=[text, *seed], autograph=False
            )
        return found

    def difference(self, generate, golden):
        """The largest difference of the file's `generate` from the model."""
        rows = tf.constant(golden[self.writer.source.name])
        seed = {"seed": tf.constant(1)} if self.sampler.draws else {}
        found = generate(**{self.writer.source.name: rows}, **seed)
        said = self.writer.decode(
            rows, self.rules, self.sampler, self._draws(rows, 1 if seed else None)
        )
        if not np.array_equal(found["tokens"], said.tokens):
            return float("inf")
        a, b = (np.maximum(one, -1e9) for one in (found["scores"], said.scores))
        return float(np.max(np.abs(a - b) / np.maximum(np.abs(b), 1.0)))

    def _draws(self, source, seed):
        if seed is None:
            return None
        shape = [tf.shape(source)[0], self.rules.max_length]
        return tf.random.stateless_uniform(shape, [seed, 0])

    def _generate(self, source, seed=None):
        source = _checked(self.writer.source, source)
        draws = self._draws(source, seed)
        found = self.writer.decode(source, self.rules, self.sampler, draws)
        return {"tokens": found.tokens, "scores": found.scores}

    def _generate_text(self, text, *seed):
        known_tokens: Any = self.writer.source_tokens
        letters = tf.strings.unicode_split(text, "UTF-8").to_tensor("")
        missing = tf.maximum(1 - tf.shape(letters)[1], 0)
        letters = tf.pad(letters, [[0, 0], [0, missing]], constant_values="")
        known = tf.constant(["", *known_tokens[1:]])
        same = letters[..., tf.newaxis] == known
        bad = tf.boolean_mask(letters, ~tf.reduce_any(same, -1))
        check = tf.debugging.Assert(
            tf.size(bad) == 0, ["`text` must hold known characters. Received:", bad]
        )
        with tf.control_dependencies([check]):
            found = self._generate(tf.argmax(same, -1, tf.int32), *seed)
        tokens = found["tokens"]
        words = tf.gather(tf.constant(self.writer.target_tokens), tokens)
        over = (tokens == 0) | (tokens == self.rules.end)
        words = tf.ragged.boolean_mask(words, ~over)
        said = tf.strings.reduce_join(words, axis=-1, separator=" ")
        return {"text": _dense(said), "scores": found["scores"]}


def _dense(ragged):
    return ragged.to_tensor() if isinstance(ragged, tf.RaggedTensor) else ragged
