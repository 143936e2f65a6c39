"""A model as it may leave: in float32, without carried states, on the plain loop."""

from typing import Any

import keras
import numpy as np
from keras import tree

from keras_rnn_zoo.layers.core.head import Head, feeds_back
from keras_rnn_zoo.layers.core.parts import parts_of
from keras_rnn_zoo.layers.core.step import Products, value_of
from keras_rnn_zoo.layers.readers.word_reader import WordReader

FLOATS = ("float16", "bfloat16", "float32", "float64")


def portable_copy(model: Any, dtype: str | None = "float32") -> Any:
    """A copy of a model that any machine can trace into a file for any other.

    The weights are the same. Computes in `dtype` whatever the policy of `model`;
    stateful layers become stateless; every recurrent layer runs step by step, without
    native kernels, XLA or cuDNN.

    Args:
        model: a built `keras.Model` that Keras can save.
        dtype: "float32", or None to keep the model's own policies.

    Returns:
        A model of the same class.

    Raises:
        TypeError: if `model` is not a `keras.Model`.
        ValueError: if `model` is not built.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            "`model` must be a keras.Model. "
            f"Received: model of type {type(model).__name__}."
        )
    if not model.built:
        raise ValueError(
            "`model` must be built. Received: model without weights. Call it once."
        )
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    config = _rewritten(config, dtype)
    # The model is in this process already: its own code is trusted.
    copy = keras.saving.deserialize_keras_object(config, safe_mode=False)
    if not copy.built:
        copy.build(model.input_shape)
    for layer in parts_of(copy):
        if hasattr(layer, "use_cudnn"):
            layer.use_cudnn = False
    for new, old in zip(_weights(copy), _weights(model), strict=True):
        new.assign(keras.ops.cast(old.value, new.dtype))
    for part in parts_of(copy, cells=True):
        if hasattr(part, "derived"):
            _derive_now(part)
    return copy


def _derive_now(cell):
    """What a cell derives from its weights becomes constant: those change no more."""
    values = {w.name: value_of(w, cell.compute_dtype) for w in cell.own_weights}
    derived = cell.derived(Products({}, None, values, None))
    known = {name: np.asarray(value) for name, value in derived.items()}
    # Not setattr: Keras would track it as a part of the model.
    vars(cell)["derived"] = lambda w: known


def _weights(model):
    """The weights without the carried states of stateful layers."""
    states = {
        id(state)
        for layer in parts_of(model)
        for state in tree.flatten(getattr(layer, "states", None))
    }
    return [w for w in model.weights if id(w) not in states]


def _rewritten(node, dtype):
    if isinstance(node, (list, tuple)):
        return type(node)(_rewritten(part, dtype) for part in node)
    if not isinstance(node, dict):
        return node
    if dtype is not None and node.get("class_name") == "DTypePolicy":
        return {**node, "config": {**node["config"], "name": dtype}}
    node = {key: _rewritten(value, dtype) for key, value in node.items()}
    policy = node.get("dtype")
    if dtype is not None and isinstance(policy, str):
        if policy in FLOATS or policy.startswith("mixed_"):
            node["dtype"] = dtype
    if "return_sequences" in node and "stateful" in node:
        node.update(stateful=False, unroll=False)
        if "implementation" in node:
            node.update(implementation="loop", truncate=None, checkpoint=None)
    if "batch_shape" in node and node["batch_shape"]:
        node["batch_shape"] = [None, *node["batch_shape"][1:]]
    return node


def input_of(model: Any) -> tuple[str, int]:
    """What a model reads: `("tokens", size)` or `("features", width)`.

    Args:
        model: a model with one input, `(batch, time)` integers that go to an embedding
            first (with characters, see `characters_of`), or `(batch, time, width)`
            numbers.

    Raises:
        ValueError: if it reads anything else.
    """
    inputs = tree.flatten(getattr(model, "inputs", None) or [])
    first: Any = _first_layer(model)
    if len(inputs) <= 1 and isinstance(first, keras.layers.Embedding):
        return "tokens", first.input_dim
    if len(inputs) <= 1 and isinstance(first, WordReader):
        return "tokens", first.vocabulary_size
    if not inputs and getattr(model, "num_features", None) is not None:
        return "features", model.num_features
    shapes = [tuple(one.shape) for one in inputs]
    if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][2] is None:
        raise ValueError(
            "`model` must have one input, (batch, time) tokens for an embedding or "
            f"(batch, time, features). Received: model with inputs of shape {shapes}."
        )
    return "features", shapes[0][2]


def _first_layer(model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            return _first_layer(layer)
        if not isinstance(layer, keras.layers.InputLayer):
            return layer
    return None


def characters_of(model):
    """What a model knows of the characters of words, or None if it reads none.

    See `WordReader`: tokens are then `(batch, time, 1 + max_characters)`.
    """
    first = _first_layer(model)
    return first.characters if isinstance(first, WordReader) else None


def masking_layer(model):
    """The layer that finds the padding of what the model reads, or None."""
    first: Any = _first_layer(model)
    if isinstance(first, WordReader):
        return first
    if isinstance(first, keras.layers.Masking):
        return first
    if isinstance(first, keras.layers.Embedding) and first.mask_zero:
        return first
    return None


def output_kind(model):
    """What the model's answers are: "softmax", "linear" or another activation's name.

    "path" of a `CRF`, whose best path is one-hot; "unknown" if the last layer has no
    activation of its own.
    """
    last = model.layers[-1]
    while isinstance(last, (keras.Model, keras.layers.TimeDistributed)):
        last = last.layers[-1] if isinstance(last, keras.Model) else last.layer
    if isinstance(last, keras.layers.Softmax):
        return "softmax"
    if isinstance(last, Head) or feeds_back(last):
        return last.answers
    activation = getattr(last, "activation", None)
    if activation is None or isinstance(last, keras.layers.RNN):
        return "unknown"
    return getattr(activation, "__name__", "unknown")


def answer_name(model):
    """The name under which files give the model's numbers."""
    names = {"softmax": "probabilities", "sigmoid": "probabilities", "path": "path"}
    return names.get(output_kind(model), "values")
