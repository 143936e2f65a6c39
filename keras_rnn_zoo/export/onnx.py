"""A model as ONNX files: one node for each recurrent layer that ONNX knows."""

import contextlib
import functools
import json
import os
import pathlib
from typing import Any

import numpy as np

from keras_rnn_zoo import extras
from keras_rnn_zoo.export import golden as gold
from keras_rnn_zoo.export.onnx_checks import (
    at_least_one,
    checked_tokens,
    finite,
    model_of,
    of_as_many_rows,
    open_session,
    refused,
)
from keras_rnn_zoo.export.onnx_graph import Graph, Translator
from keras_rnn_zoo.export.onnx_layers import (
    Order,
    called_whole,
    mark_layer,
    recurrent_layers,
)
from keras_rnn_zoo.export.portable import (
    answer_name,
    characters_of,
    input_of,
    masking_layer,
    portable_copy,
)
from keras_rnn_zoo.export.saved_model import (
    METADATA_FILE,
    Exported,
    check_max_length,
    describe,
    described,
    refuse,
    size_of,
)
from keras_rnn_zoo.export.step import StepModel, replaced, why_not_step_by_step
from keras_rnn_zoo.layers.core.graphs import graphs_of
from keras_rnn_zoo.presets import new_directory, replaceable


def export_onnx(
    model: Any,
    path: str | os.PathLike,
    golden_input: Any = None,
    *,
    assets: Any = None,
    metadata: dict[str, Any] | None = None,
    max_length: int | None = 10_000,
    tolerance: float = 1e-5,
) -> Exported:
    """Write a model as ONNX files for ONNX Runtime and others, opset 17.

    Batch size and number of steps stay free. The files:

    * `sequence.onnx`: `tokens (batch, time)` int32 or `features (batch, time, width)`
      to `probabilities` (or `values`). LSTM, PeepholeLSTM, CIFGLSTM, GRU and SimpleRNN
      are one `LSTM`, `GRU` or `RNN` node each, both directions in one; other cells, and
      other activations than tanh, sigmoid and relu, one `Scan` over the cell's
      equations. Padding may stand anywhere: the graph moves it behind the sequence,
      tells the nodes the lengths through `sequence_lens`, and gives zeros for it.
    * `step.onnx`: `token (batch,)` or `features (batch, width)`, and every state, to
      the answer at this step and the states, as `new_` and their name. Not of models
      that read backwards.
    * `metadata.json`: vocabulary, labels, licence, first states.

    Of an `EncoderDecoder` instead, for a loop of the caller's:

    * `encoder.onnx`: `source (batch, steps)` int32 to `memory`, `memory_mask`, of a
      model that copies `copies`, and the decoder's first `state_0`, `state_1`, ….
    * `decode_step.onnx`: `token (batch,)`, at first `start` of `metadata.json`, and all
      that the encoder has given, to `log_probabilities` of the next token, the states
      as `new_` and their name, and with attention `alignment`.

    Of another model that declares its graphs, as one of several inputs does, a file for
    each of them.

    A row longer than `max_length`, a token out of range, features and states that are
    not finite, and states of more or fewer rows than the input are errors. Both files
    are run in ONNX Runtime on the golden input before anything replaces what was at
    `path`.

    Args:
        model: as in `export_saved_model`.
        path: directory to make or to replace.
        golden_input: as in `export_saved_model`; not of a model that
            declares its graphs.
        assets: as in `export_saved_model`.
        metadata: as in `export_saved_model`.
        max_length: as in `export_saved_model`.
        tolerance: float. Largest difference allowed, relative to the largest answer.

    Returns:
        `Exported`, whose `signatures` are the names of the files.

    Raises:
        ValueError: if the model holds something that has no counterpart in ONNX here,
            as a `CRF` or a reader of characters, draws numbers, or has masks that do
            not come from its first layer; or if `max_length` is not positive.
        TypeError: if `model` is not a `keras.Model`.
        ImportError: if `onnx` or `onnxruntime` is not installed.
        OSError: as in `export_saved_model`.
        RuntimeError: if a file answers differently.
    """
    extras.require(
        "export",
        "ONNX files need onnx to be written and onnxruntime to be checked.",
        "onnx",
        "onnxruntime",
    )
    import onnx

    check_max_length(max_length)
    replaceable(path)
    if graphs_of(model) is not None:
        from keras_rnn_zoo.export.declared_files import write_onnx

        if golden_input is not None:
            fix = " The files are compared with the model on inputs that are drawn."
            refuse(model, "golden_input", golden_input, fix)
        more = described(assets) | dict(metadata or {})
        return write_onnx(model, path, more, max_length, tolerance)
    model = portable_copy(model)
    if characters_of(model) is not None:
        raise ValueError(
            "`model` must read tokens or features for ONNX. Received: a model that "
            "reads words with their characters. Export a SavedModel or LiteRT files."
        )
    x = gold.golden_input(model, golden_input, assets)
    expected = np.asarray(model(x, training=False), "float32")
    document = describe(model, assets, metadata)
    document["max_length"] = max_length
    files = {"sequence": _sequence(model, expected.ndim == 3, max_length)}
    step_model = None
    if why_not_step_by_step(model) is None:
        step_model = StepModel(model)
        files["step"] = _step(model, step_model)
        first = step_model.initial_state(1)
        document["initial_state"] = {
            state.name: np.asarray(value)[0].tolist()
            for state, value in zip(step_model.states, first, strict=True)
        }
    worst = 0.0
    with new_directory(path) as directory:
        for name, proto in files.items():
            properties = {
                key: value if isinstance(value, str) else json.dumps(value)
                for key, value in document.items()
            }
            onnx.helper.set_model_props(proto, properties)
            onnx.checker.check_model(proto, full_check=True)
            file = directory / f"{name}.onnx"
            file.write_bytes(proto.SerializeToString())
            if name == "sequence":
                worst = max(worst, _check_sequence(file, model, x, expected))
            else:
                worst = max(worst, _check_step(file, model, step_model, x))
        if not worst <= tolerance * max(1.0, np.abs(expected).max()):
            raise RuntimeError(
                "The ONNX files must give the answers of the model. Received: "
                f"max_difference={worst}, above tolerance={tolerance}."
            )
        text = json.dumps(document, indent=1, ensure_ascii=False)
        (directory / METADATA_FILE).write_text(text + "\n", "utf-8")
        size = size_of(directory)
    return Exported(pathlib.Path(path), worst, size, tuple(files))


# --- One step


def _step(model, step_model):
    import tensorflow as tf

    reads, width = input_of(model)
    graph = Graph()
    name = "token" if reads == "tokens" else "features"
    states = step_model.states
    shape = ["batch"] if reads == "tokens" else ["batch", width]
    dtype = "int32" if reads == "tokens" else "float32"
    inputs = [(name, dtype, shape)]
    inputs += [(state.name, "float32", ["batch", state.width]) for state in states]

    def step(x, *states):
        answer, states = step_model(x, states)
        return [answer, *states]

    specs = [
        tf.TensorSpec([None if d == "batch" else d for d in shape], dtype)
        for _, dtype, shape in inputs
    ]
    function = tf.function(step, autograph=False).get_concrete_function(*specs)
    x, *given = of_as_many_rows(graph, [one for one, _, _ in inputs], dtype)
    x = checked_tokens(graph, x, width) if reads == "tokens" else finite(graph, x)
    given = [
        finite(graph, one, state.name) for one, state in zip(given, states, strict=True)
    ]
    translate = Translator(graph, function, [x, *given])
    answer, *new = [translate(tensor) for tensor in function.outputs]
    outputs = [(answer_name(model), "float32", ["batch", None])]
    graph.add("Identity", answer, name=outputs[0][0])
    for state, value in zip(states, new, strict=True):
        outputs.append((f"new_{state.name}", "float32", ["batch", state.width]))
        graph.add("Identity", value, name=outputs[-1][0])
    outputs[0] = (*outputs[0][:2], ["batch", function.outputs[0].shape[-1]])
    return model_of(graph, inputs, outputs)


# --- Whole sequences


def _sequence(model, per_step, max_length):
    import tensorflow as tf

    reads, width = input_of(model)
    graph, masking = Graph(), masking_layer(model)
    if reads == "tokens":
        inputs = [(reads, "int32", ["batch", "time"])]
        spec = tf.TensorSpec((None, None), "int32")
    else:
        inputs = [(reads, "float32", ["batch", "time", width])]
        spec = tf.TensorSpec((None, None, width), "float32")
    # Runtimes do not expect, and may not survive, a batch of no rows or no steps.
    shape = graph.add("Shape", reads)
    batch, time = (graph.add("Gather", shape, graph.integers(i)) for i in (0, 1))
    padding = getattr(masking, "mask_value", 0)
    x = at_least_one(graph, reads, [batch, time], padding, spec)
    if reads == "tokens":
        x = checked_tokens(graph, x, width)
    else:
        x = finite(graph, x, padding=getattr(masking, "mask_value", 0.0))
        if masking is None and not per_step:
            none = graph.add("Equal", time, graph.integers(0))
            x = refused(graph, x, none, "a_row_must_have_a_step", "float32")
    if max_length is not None:
        long = graph.add("Greater", time, graph.integers(max_length))
        name = f"a_row_must_have_at_most_{max_length}_steps"
        x = refused(graph, x, long, name, inputs[0][1])
    order = None
    if masking is not None:
        order = Order(graph, x, getattr(masking, "mask_value", None))
        x = order.moved(x, order.features)
    markers = {}
    layers = recurrent_layers(model)
    with contextlib.ExitStack() as stack:
        for layer in layers:
            method = "call" if called_whole(layer) else "inner_loop"
            marks = functools.partial(mark_layer, layer, markers, masking)
            stack.enter_context(replaced(layer, method, marks))
        function = tf.function(lambda x: model(x, training=False), autograph=False)
        function = function.get_concrete_function(spec)
    translate = Translator(graph, function, [x], markers)
    if order is not None:
        markers["lengths"] = order.lengths
    y = translate(function.outputs[0])
    shape = ["batch", function.outputs[0].shape[-1]]
    if per_step:
        shape.insert(1, "time")
        if order is not None:
            y = order.moved_back(y)
    output = (answer_name(model), "float32", shape)
    sizes = [batch, time] if per_step else [batch]
    ends = graph.add("Concat", *sizes, axis=0)
    starts, axes = graph.integers(*[0] * len(sizes)), graph.integers(*range(len(sizes)))
    graph.add("Slice", y, starts, ends, axes, name=output[0])
    return model_of(graph, inputs, [output])


# --- Checks


def _check_sequence(file, model, x, expected):
    key = "tokens" if x.ndim == 2 else "features"
    [answer] = open_session(file).run(None, {key: x})
    masking = masking_layer(model)
    if masking is not None and expected.ndim == 3:
        mask = np.asarray(masking.compute_mask(x))
        expected = np.where(mask[..., None], expected, 0)
    return float(np.abs(answer - expected).max())


def _check_step(file, model, step_model, x, most=24):
    session, worst = open_session(file), 0.0
    names = [state.name for state in step_model.states]
    states = [np.asarray(s, "float32") for s in step_model.initial_state(len(x))]
    key = "token" if x.ndim == 2 else "features"
    for t in range(min(most, x.shape[1])):
        expected, target = step_model(x[:, t], states)
        answer, *new = session.run(
            None, {key: x[:, t], **dict(zip(names, states, strict=True))}
        )
        pairs = zip([answer, *new], [expected, *target], strict=True)
        worst = max(worst, *(float(np.abs(a - np.asarray(b)).max()) for a, b in pairs))
        states = new
    return worst
