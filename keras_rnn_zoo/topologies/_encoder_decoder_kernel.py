"""An encoder-decoder that writes with the native kernel, and when it can.

It computes what `decode` of the model computes, which is the place to read.
"""

from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers import (
    AttentionCell,
    BahdanauAttention,
    GatedCell,
    LuongAttention,
)
from keras_rnn_zoo.layers.core import engine
from keras_rnn_zoo.native import kernels, writer
from keras_rnn_zoo.ops import samplers

#: The methods of an `EncoderDecoder` that the kernel stands for.
METHODS = ("decode", "_next", "_first", "_stepper", "_logits")
ROOM = "keras_rnn_zoo.topologies."


def why_not(model, sampler):
    """What keeps a model from writing with the kernel; None if nothing does.

    Args:
        model: an `EncoderDecoder`.
        sampler: a `Sampler`.
    """
    if keras.config.backend() != "tensorflow":
        return f"the backend is {keras.config.backend()}"
    kinds = samplers.GreedySampler, samplers.BeamSampler
    if type(sampler) not in kinds:
        return f"there is no kernel for {type(sampler).__name__}"
    for name in METHODS:
        if not getattr(model, name).__module__.startswith(ROOM):
            return f"{type(model).__name__} has a {name} of its own"
    if model.compute_dtype != model.variable_dtype:
        return f"there is no kernel for {model.dtype_policy.name}"
    if model.copying:
        return "there is no kernel for copying"
    return (
        _why_not_these_layers(model)
        or _why_not_this_attention(model, sampler)
        or _why_not_these_cells(model)
    )


def _why_not_these_layers(model):
    known = {"target_embedding": keras.layers.Embedding}
    if not model.tie_weights:
        known["output_layer"] = keras.layers.Dense
    for name, kind in known.items():
        layer = getattr(model, name)
        if type(layer) is not kind or getattr(layer, "quantization_mode", None):
            return f"there is no kernel for this {name}"
    if not model.tie_weights:
        if model.output_layer.activation is not keras.activations.linear:
            return "the output layer has an activation"
    return None


def _why_not_this_attention(model, sampler):
    cell = model.decoder_cell
    if cell is None:
        if getattr(sampler, "coverage_penalty", 0):
            return "a coverage penalty asks for attention"
        return None
    if type(cell) is not AttentionCell:
        return f"there is no kernel for {type(cell).__name__}"
    if type(cell.attention) not in (LuongAttention, BahdanauAttention):
        return f"there is no kernel for {type(cell.attention).__name__}"
    if cell.query == "before" and model._decoder_cells[-1].state_names[0] != "h":
        return "the query is another state than h"
    return None


def _why_not_these_cells(model):
    cells = model._decoder_cells
    if not all(isinstance(cell, GatedCell) and cell.is_pure for cell in cells):
        return f"there is no kernel for this {type(cells[0]).__name__}"
    names = {(cell.native_kernel, cell.units) for cell in cells}
    if len(names) > 1 or None in next(iter(names)):
        return f"there is no kernel for this {type(cells[0]).__name__}"
    if any(engine.differs_from_declared(type(cell), "elsewhere") for cell in cells):
        return f"{type(cells[0]).__name__} has equations of its own"
    if any(any(cell.zoneout_rates) for cell in cells):
        return "there is no kernel with zoneout"
    if model.decoder.implementation not in ("auto", "native"):
        return f"the decoder is to take {model.decoder.implementation!r}"
    if engine.has_gpu():
        return "there is a GPU"
    if not kernels.supports(cells[0].native_kernel, model.compute_dtype):
        return "the kernels are not compiled, or not for this dtype"
    return None


def decode(model, source, rules, sampler):
    """`(tokens, scores)`, those of `model.decode(source, rules, sampler)`.

    Args:
        model: an `EncoderDecoder` for which `why_not` is None.
        source: int `(batch, steps)` tensor.
        rules: `keras_rnn_zoo.ops.decoding.Rules`.
        sampler: a sampler.
    """
    memory, mask, states = model._encode(source)
    options: dict[str, Any] = {"beams": 0, "groups": 1}
    options |= {"diversity": 0.0, "length_penalty": 0.0, "coverage_penalty": 0.0}
    beams = isinstance(sampler, samplers.BeamSampler)
    if beams:
        options = {
            "beams": sampler.num_beams,
            "groups": sampler.num_groups,
            "diversity": float(sampler.diversity),
            "length_penalty": float(sampler.length_penalty),
            "coverage_penalty": float(sampler.coverage_penalty),
        }
    tokens, scores = writer.write(
        decoder_of(model),
        memory,
        mask,
        states,
        start=rules.start,
        end=rules.end,
        max_length=rules.max_length,
        min_length=rules.min_length,
        allowed=rules.allowed,
        transitions=rules.transitions,
        **options,
    )
    if beams and not sampler.return_all_beams:
        tokens, scores = tokens[:, 0], scores[:, 0]
    return tokens, scores


def decoder_of(model):
    """The weights of a model's decoder, as the kernel reads them."""
    cells = model._decoder_cells
    weights = [cell.all_weights() for cell in cells]
    names = cells[0].native_weights.get("peepholes", "")
    embeddings = ops.convert_to_tensor(model.target_embedding.embeddings)
    if model.tie_weights:
        output = ops.transpose(embeddings), model.output_bias
    else:
        output = model.output_layer.kernel, model.output_layer.bias
    cell = model.decoder_cell
    more = {} if cell is None else _attention_of(cell)
    return writer.Decoder(
        cell=cells[0].native_kernel,
        embeddings=embeddings,
        kernels=[w["kernel"] for w in weights],
        recurrent_kernels=[w["recurrent_kernel"] for w in weights],
        biases=[w.get("bias") for w in weights],
        peepholes=[w.get(names) for w in weights],
        output_kernel=output[0],
        output_bias=output[1],
        **more,
    )


def _attention_of(cell):
    attention = cell.attention
    found = {
        "combine_kernel": cell.kernel,
        "memory_kernel": attention.memory_kernel,
        "query_before": cell.query == "before",
        "input_feeding": cell.input_feeding,
    }
    if isinstance(attention, LuongAttention):
        return found | {"scaled": attention.score == "scaled"}
    score = ops.convert_to_tensor(attention.score_kernel)
    if attention.normalize:
        score = score * (attention.score_scale / ops.sqrt(ops.sum(ops.square(score))))
    return found | {
        "query_kernel": attention.query_kernel,
        "query_bias": attention.bias,
        "score_kernel": score[:, 0],
    }
