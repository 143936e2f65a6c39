"""An encoder-decoder as LiteRT and ONNX files: its encoder, and a step of its decoder.

`export_litert` and `export_onnx` come here with an `EncoderDecoder`. The loop over the
steps is the caller's.
"""

import contextlib
import functools
import json
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_zoo.export import litert, onnx
from keras_rnn_zoo.export.encoder_decoder import Halves, vocabulary_of
from keras_rnn_zoo.export.onnx_graph import Graph, Translator
from keras_rnn_zoo.export.portable import portable_copy
from keras_rnn_zoo.export.saved_model import METADATA_FILE, Exported, size_of
from keras_rnn_zoo.presets import new_directory

FILES = ("encoder", "decode_step")
#: Steps of the target at which files are compared with the model.
STEPS = 6


# --- LiteRT


def write_litert(model, path, metadata, batch_size, steps, int8, tolerance):
    """Write `encoder.tflite` and `decode_step.tflite`; see `export_litert`."""
    model = portable_copy(model)
    halves, zeros = Halves(model), np.zeros((batch_size, steps), "int32")
    first = {k: np.asarray(v) for k, v in halves.encode(zeros).items()}

    def refused(ids, size):
        return tf.where(ids < 0, size, ids)  # LiteRT checks the indices of `Gather`

    def encoder(source):
        return halves.encode(refused(source, model.num_source))

    def decode_step(token, *given):
        given = [one if one.dtype == tf.bool else litert._finite(one) for one in given]
        return halves.decode_step(refused(token, model.num_target), *given)

    source = tf.TensorSpec((batch_size, steps), tf.int32, "source")
    token = tf.TensorSpec((batch_size,), tf.int32, "token")
    given = [tf.TensorSpec(first[k].shape, first[k].dtype, k) for k in halves.names]
    functions = {
        "encoder": tf.function(encoder, input_signature=[source], autograph=False),
        "decode_step": tf.function(
            decode_step, input_signature=[token, *given], autograph=False
        ),
    }
    worst = 0.0
    with new_directory(path) as directory:
        for kind in ("", "_int8")[: 1 + int8]:
            for name, function in functions.items():
                data = litert._converted(model, function, bool(kind))
                (directory / f"{name}{kind}.tflite").write_bytes(data)
            runners: Any = [
                litert._runner(directory / f"{n}{kind}.tflite") for n in FILES
            ]
            difference = _difference(
                model, *runners, batch_size=batch_size, steps=steps
            )
            _accept("LiteRT", difference, litert.INT8_TOLERANCE if kind else tolerance)
            worst = worst if kind else difference
        shapes = {"batch_size": batch_size, "steps": steps}
        return _finished(model, path, directory, worst, halves, metadata | shapes)


# --- ONNX


def write_onnx(model, path, metadata, max_length, tolerance):
    """Write `encoder.onnx` and `decode_step.onnx`; see `export_onnx`."""
    from onnx import checker, helper

    model = portable_copy(model)
    halves = Halves(model)
    files = {"encoder": _encoder(model, halves, max_length)}
    shapes = {name: (dtype, shape) for name, dtype, shape in files["encoder"][1]}
    files["decode_step"] = _decode_step(model, halves, shapes)
    metadata = metadata | {"max_length": max_length}
    document = vocabulary_of(model) | metadata
    with new_directory(path) as directory:
        for name, (proto, _) in files.items():
            properties = {
                key: value if isinstance(value, str) else json.dumps(value)
                for key, value in document.items()
            }
            helper.set_model_props(proto, properties)
            checker.check_model(proto, full_check=True)
            (directory / f"{name}.onnx").write_bytes(proto.SerializeToString())
        runners = [_onnx_runner(directory / f"{name}.onnx") for name in FILES]
        worst = _difference(model, *runners, batch_size=3, steps=6)
        _accept("ONNX", worst, tolerance)
        return _finished(model, path, directory, worst, halves, metadata)


def _encoder(model, halves, max_length):
    """The file of the encoder and its outputs, as `(name, dtype, shape)`."""
    graph, masking = Graph(), model.source_embedding
    inputs = [("source", "int32", ["batch", "steps"])]
    shape = graph.add("Shape", "source")
    batch, time = (graph.add("Gather", shape, graph.integers(i)) for i in (0, 1))
    none = graph.add("Equal", batch, graph.integers(0))
    x = onnx._refused(graph, "source", none, "a_batch_must_have_a_row", "int32")
    if max_length is not None:
        long = graph.add("Greater", time, graph.integers(max_length))
        name = f"a_row_must_have_at_most_{max_length}_steps"
        x = onnx._refused(graph, x, long, name, "int32")
    spec = tf.TensorSpec((None, None), "int32")
    x = onnx._at_least_one(graph, x, [batch, time], None, spec)
    x = onnx._checked_tokens(graph, x, model.num_source)
    order = onnx._Order(graph, x, masking)
    markers = {"lengths": order.lengths}

    def stands_for(shape, dtype, value):
        tensor = tf.compat.v1.placeholder(dtype, shape)
        markers[tensor.name] = value
        return tensor

    def encode(moved):
        values, _, states = model._encode(moved)
        memory = stands_for(
            (None, None, values.shape[-1]),
            "float32",
            lambda translate: order.moved_back(translate(values)),
        )
        mask = stands_for((None, None), "bool", lambda translate: order.mask)
        source = stands_for((None, None), "int32", lambda translate: x)
        return halves.begun(source, memory, mask, states)

    with contextlib.ExitStack() as stack:
        for layer in model.encoder:
            recurrent = not hasattr(layer, "forward_layer")
            mark = functools.partial(onnx._mark, layer, markers, masking)
            method = "inner_loop" if recurrent else "call"
            stack.enter_context(onnx.replaced(layer, method, mark))
        function = tf.function(encode, autograph=False).get_concrete_function(spec)
    translate = Translator(graph, function, [order.moved(x)], markers)
    found, outputs = function.structured_outputs, []
    for name in halves.names:
        tensor = found[name]
        shape = ["batch", *tensor.shape[1:]]
        if name in ("memory", "memory_mask", "copies"):
            shape[1] = "steps"
        graph.add("Identity", translate(tensor), name=name)
        outputs.append((name, tensor.dtype.as_numpy_dtype, shape))
    # A row of no steps is read as one of padding.
    named = [
        (name, dtype, ["batch", "memory_steps", *shape[2:]])
        if shape[1:2] == ["steps"]
        else (name, dtype, shape)
        for name, dtype, shape in outputs
    ]
    return onnx._model_of(graph, inputs, named), outputs


def _decode_step(model, halves, shapes):
    graph = Graph()
    inputs = [("token", "int32", ["batch"])]
    inputs += [(name, *shapes[name]) for name in halves.names]
    specs = [
        tf.TensorSpec([None if isinstance(d, str) else d for d in shape], dtype)
        for _, dtype, shape in inputs
    ]
    function = tf.function(halves.decode_step, autograph=False)
    function = function.get_concrete_function(*specs)
    names = [name for name, _, _ in inputs]
    token, *given = onnx._of_as_many_rows(graph, names, "int32")
    token = onnx._checked_tokens(graph, token, model.num_target)
    given = [
        name if np.dtype(dtype) == bool else onnx._finite(graph, name, name)
        for name, dtype, _ in inputs[1:]
    ]
    translate = Translator(graph, function, [token, *given])
    outputs = []
    for key, tensor in function.structured_outputs.items():
        name = f"new_{key}" if key.startswith("state_") else key
        # α is as wide as the source.
        wide = key == "alignment" or shapes.get(key, ("", ()))[1][1:2] == ["steps"]
        shape = ["batch", "steps" if wide else tensor.shape[1]]
        outputs.append((name, "float32", shape))
        graph.add("Identity", translate(tensor), name=name)
    return onnx._model_of(graph, inputs, outputs), outputs


def _onnx_runner(file):
    session = onnx._session(file)
    names = [one.name for one in session.get_outputs()]
    names = [name.removeprefix("new_") for name in names]
    return lambda **given: dict(zip(names, session.run(None, given), strict=True))


# --- Both


def _difference(model, encoder, decode_step, batch_size, steps):
    """The largest difference of probabilities, and states, from the model."""
    rng = np.random.default_rng(0)
    source = rng.integers(1, model.num_source, (batch_size, steps)).astype("int32")
    if batch_size > 1:
        source[1, steps // 2 :] = source[2:, :1] = source[2:, -1:] = 0
    target = rng.integers(1, model.num_target, (batch_size, STEPS)).astype("int32")
    expected = np.asarray(model({"source": source, "target": target}, training=False))
    given, token, worst = encoder(source=source), np.full(batch_size, model.start), 0.0
    for t in range(STEPS):
        found = decode_step(token=token.astype("int32"), **given)
        p = np.exp(found["log_probabilities"])
        worst = max(worst, float(np.abs(p - expected[:, t]).max()))
        given = {name: found.get(name, value) for name, value in given.items()}
        token = target[:, t]
    return worst


def _accept(name, difference, tolerance):
    if not difference <= tolerance:  # also catches nan
        raise RuntimeError(
            f"The {name} files must give the answers of the model. Received: "
            f"max_difference={difference}, above tolerance={tolerance}."
        )


def _finished(model, path, directory, worst, halves, metadata):
    document = vocabulary_of(model) | metadata | {"given": halves.names}
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (directory / METADATA_FILE).write_text(text + "\n", "utf-8")
    suffixes = (".tflite", ".onnx")
    files = sorted(one.stem for one in directory.iterdir() if one.suffix in suffixes)
    return Exported(pathlib.Path(path), worst, size_of(directory), tuple(files))
