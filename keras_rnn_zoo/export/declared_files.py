"""A model that declares its graphs, as LiteRT and ONNX files: a file for each of them.

`export_litert` and `export_onnx` come here. A loop over steps is the caller's.
"""

import contextlib
import functools
import json
import pathlib

import numpy as np
import tensorflow as tf

from keras_rnn_zoo.export import litert, onnx_checks, onnx_layers
from keras_rnn_zoo.export.declared import (
    accept,
    declared_of,
    difference_of,
    document_of,
    named,
    over_graphs,
    spec_of,
)
from keras_rnn_zoo.export.golden import golden_inputs
from keras_rnn_zoo.export.onnx_graph import Graph, Translator
from keras_rnn_zoo.export.portable import portable_copy
from keras_rnn_zoo.export.saved_model import METADATA_FILE, Exported, size_of
from keras_rnn_zoo.export.step import replaced
from keras_rnn_zoo.presets import new_directory


def _file_of(graph):
    return graph.file or graph.name


# --- LiteRT


def write_litert(model, path, metadata, batch_size, steps, int8, tolerance):
    """Write a `.tflite` file of each graph; see `export_litert`."""
    model = portable_copy(model)
    declared = declared_of(model)
    first = over_graphs(declared, functools.partial(_first, batch_size, steps))

    def function_of(graph):
        specs = [spec_of(one, batch_size, steps) for one in graph.inputs]
        more = first.get(graph.after, {})
        specs += [tf.TensorSpec(one.shape, one.dtype, k) for k, one in more.items()]
        names = [one.name for one in specs]

        def function(*tensors):
            count = len(graph.inputs)
            own = [
                _refusing(one, x)
                for one, x in zip(graph.inputs, tensors[:count], strict=True)
            ]
            more = [
                one if one.dtype == tf.bool else litert.finite(one)
                for one in tensors[count:]
            ]
            return named(graph, names, [*own, *more])

        return tf.function(function, input_signature=specs, autograph=False)

    functions = {graph.name: function_of(graph) for graph in declared.graphs}
    golden, worst = golden_inputs(declared, None, (batch_size, steps)), 0.0
    with new_directory(path) as directory:
        for kind in ("", "_int8")[: 1 + int8]:
            run = {}
            for graph in declared.graphs:
                data = litert.converted(model, functions[graph.name], bool(kind))
                file = directory / f"{_file_of(graph)}{kind}.tflite"
                file.write_bytes(data)
                run[graph.name] = litert.runner(file)
            difference = difference_of(declared, run, golden)
            allowed = litert.INT8_TOLERANCE if kind else tolerance
            accept("LiteRT files", difference, allowed)
            worst = worst if kind else difference
        shapes = {"batch_size": batch_size, "steps": steps}
        given = _given(declared, first)
        return _finished(model, path, directory, worst, metadata | shapes | given)


def _first(batch_size, steps, graph, before):
    """What a graph gives of zeros, a dict of arrays."""
    zeros = {
        one.name: np.zeros(one.shape(batch_size, steps), one.dtype)
        for one in graph.inputs
    }
    return {k: np.asarray(v) for k, v in graph(zeros | (before or {})).items()}


def _refusing(one, x):
    """What LiteRT refuses if it is out of range: it checks the indices of `Gather`."""
    if one.reads == "tokens":
        return tf.where(x < 0, one.size, x)
    return litert.finite(x, one.padding or 0.0)


# --- ONNX


def write_onnx(model, path, metadata, max_length, tolerance):
    """Write an `.onnx` file of each graph; see `export_onnx`."""
    from onnx import checker, helper

    model = portable_copy(model)
    declared = declared_of(model)
    files = over_graphs(declared, functools.partial(_proto, model, max_length))
    metadata = metadata | {"max_length": max_length}
    document = document_of(model, declared) | metadata
    run, golden = {}, golden_inputs(declared, None, (4, 6))
    with new_directory(path) as directory:
        for graph in declared.graphs:
            proto, _ = files[graph.name]
            properties = {
                key: value if isinstance(value, str) else json.dumps(value)
                for key, value in document.items()
            }
            helper.set_model_props(proto, properties)
            checker.check_model(proto, full_check=True)
            file = directory / f"{_file_of(graph)}.onnx"
            file.write_bytes(proto.SerializeToString())
            run[graph.name] = _onnx_runner(file)
        worst = difference_of(declared, run, golden)
        accept("ONNX files", worst, tolerance)
        outputs = {name: shapes for name, (_, shapes) in files.items()}
        given = _given(declared, outputs)
        return _finished(model, path, directory, worst, metadata | given)


def _proto(model, max_length, one, before):
    """The file of a graph, and its outputs, `{name: (dtype, shape)}`.

    Args:
        model: the model.
        max_length: most steps of a row, or None.
        one: the `Graph`.
        before: what this made of the graph that it comes after, or None.
    """
    graph, dims = Graph(), ("batch", "steps")
    inputs = [(i.name, i.dtype, list(i.shape(*dims))) for i in one.inputs]
    if before is not None:
        inputs += [(name, *known) for name, known in before[1].items()]
    names = [name for name, _, _ in inputs]
    tensors = names
    if names[1:]:
        others = "inputs" if before is None else "states"
        tensors = onnx_checks.of_as_many_rows(graph, names, inputs[0][1], others)
    values = dict(zip(names, tensors, strict=True))
    sequences = [i for i in one.inputs if i.steps]
    if sequences:
        _take_sequences(graph, sequences, values, max_length)
    for i in one.inputs:
        if i.reads == "tokens":
            values[i.name] = onnx_checks.checked_tokens(graph, values[i.name], i.size)
        else:
            padding = i.padding or 0.0
            values[i.name] = onnx_checks.finite(graph, values[i.name], i.name, padding)
    for name, dtype, _ in inputs[len(one.inputs) :]:
        if np.dtype(dtype) != bool:
            values[name] = onnx_checks.finite(graph, values[name], name)
    specs = [
        tf.TensorSpec([None if isinstance(d, str) else d for d in shape], dtype)
        for _, dtype, shape in inputs
    ]
    traced = _Traced(graph, one, values, sequences)
    function, translate = traced.of(model, specs)
    outputs, kept = [], {}
    for key, tensor in function.structured_outputs.items():
        name = f"new_{key}" if key in values else key
        shape, dtype = ["batch", *tensor.shape[1:]], tensor.dtype.as_numpy_dtype
        value, wide = translate(tensor), shape[1:2] == [None]
        if wide:
            shape[1] = "steps"
        if wide and one.finish is None and len(shape) == 3:
            value = traced.put_back(value)
        kept[key] = dtype, list(shape)
        if wide and sequences:  # a row of no steps is read as one of padding
            shape[1] = "steps_read"
        outputs.append((name, dtype, shape))
        graph.add("Identity", value, name=name)
    return onnx_checks.model_of(graph, inputs, outputs), kept


def _take_sequences(graph, sequences, values, max_length):
    """Refuses no rows and too many steps; a row of no steps gets one of padding."""
    first = sequences[0]
    shape = graph.add("Shape", first.name)
    batch, time = (graph.add("Gather", shape, graph.integers(i)) for i in (0, 1))
    none = graph.add("Equal", batch, graph.integers(0))
    x = values[first.name]
    x = onnx_checks.refused(graph, x, none, "a_batch_must_have_a_row", first.dtype)
    if max_length is not None:
        long = graph.add("Greater", time, graph.integers(max_length))
        name = f"a_row_must_have_at_most_{max_length}_steps"
        x = onnx_checks.refused(graph, x, long, name, first.dtype)
    values[first.name] = x
    for i in sequences:
        spec, padding = spec_of(i), i.padding or 0
        x = values[i.name]
        values[i.name] = onnx_checks.at_least_one(
            graph, x, [batch, time], padding, spec
        )


class _Traced:
    """A graph of a model traced with all padding behind, where an input tells of it."""

    def __init__(self, graph, one, values, sequences):
        self.graph, self.one, self.values, self.markers = graph, one, values, {}
        self.sequences, self.order = {i.name: i for i in sequences}, None
        self.padded = next((i for i in sequences if i.padding is not None), None)
        if self.padded is not None:
            value = self.padded.padding if self.padded.reads == "features" else None
            self.order = onnx_layers.Order(graph, values[self.padded.name], value)
            self.markers["lengths"] = self.order.lengths

    def of(self, model, specs):
        """The concrete function for some specs, and the `Translator` of it."""
        layers = onnx_layers.recurrent_layers(model) if self.sequences else []
        with contextlib.ExitStack() as stack:
            for layer in layers:
                method = "call" if onnx_layers.called_whole(layer) else "inner_loop"
                mark = functools.partial(
                    onnx_layers.mark_layer, layer, self.markers, self.padded
                )
                stack.enter_context(replaced(layer, method, mark))
            function = tf.function(self._call, autograph=False)
            function = function.get_concrete_function(*specs)
        given = [
            self.order.moved(value, self.sequences[name].reads == "features")
            if self.order is not None and name in self.sequences
            else value
            for name, value in self.values.items()
        ]
        return function, Translator(self.graph, function, given, self.markers)

    def put_back(self, value):
        """Values of all steps, each at its own step again."""
        return value if self.order is None else self.order.moved_back(value)

    def _call(self, *tensors):
        given = dict(zip(self.values, tensors, strict=True))
        if self.order is None or self.one.finish is None:
            return self.one(given)
        found = {
            name: self._stands_for(
                one, lambda translate, one=one: self.put_back(translate(one))
            )
            if len(one.shape) == 3 and one.shape[1] is None
            else one
            for name, one in self.one.read(given).items()
        }
        as_given = {
            name: self._stands_for(
                one, lambda _, name=name: self.values[name], one.dtype
            )
            for name, one in given.items()
        }
        return self.one.finish(as_given, found)

    def _stands_for(self, tensor, value, dtype="float32"):
        stand = tf.compat.v1.placeholder(dtype, tensor.shape)
        self.markers[stand.name] = value
        return stand


def _onnx_runner(file):
    session = onnx_checks.open_session(file)
    names = [one.name for one in session.get_outputs()]
    names = [name.removeprefix("new_") for name in names]
    return lambda **given: dict(zip(names, session.run(None, given), strict=True))


# --- Both


def _given(declared, outputs):
    """For `metadata.json`: what one graph gives another, in order."""
    names = [list(outputs[g.after]) for g in declared.graphs if g.after is not None]
    return {"given": names[0]} if names else {}


def _finished(model, path, directory, worst, metadata):
    document = document_of(model, declared_of(model)) | metadata
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (directory / METADATA_FILE).write_text(text + "\n", "utf-8")
    suffixes = (".tflite", ".onnx")
    files = sorted(one.stem for one in directory.iterdir() if one.suffix in suffixes)
    return Exported(pathlib.Path(path), worst, size_of(directory), tuple(files))
