"""Ends of an ONNX file: what it refuses, its inputs and outputs, a session."""

import numpy as np

from keras_rnn_zoo.export.onnx_graph import OPSET, onnx_type


def checked_tokens(graph, x, size):
    """Token ids, after a node that fails, and says why, if one is out of range."""
    negative = graph.add("Less", x, graph.constant(0, "int32"))
    large = graph.add("Greater", x, graph.constant(size - 1, "int32"))
    bad = graph.add("Or", negative, large)
    return refused(graph, x, bad, f"tokens_must_be_from_0_to_{size - 1}", "int32")


def finite(graph, x, name="features", padding=0.0):
    """Numbers, after a node that fails, and says why, if one is not finite."""
    bad = graph.add("Or", graph.add("IsNaN", x), graph.add("IsInf", x))
    if not np.isfinite(padding):
        other = graph.add(
            "Not", graph.add("Equal", x, graph.constant(padding, "float32"))
        )
        bad = graph.add("And", bad, other)
    return refused(graph, x, bad, f"{name}_must_be_finite", "float32")


def of_as_many_rows(graph, names, dtype, others="states"):
    """The inputs of a graph, after a node that fails if their rows are not as many."""
    rows = [graph.add("Shape", name, start=0, end=1) for name in names]
    counts = graph.add("Concat", *rows[1:], axis=0)
    bad = graph.add("Not", graph.add("Equal", counts, rows[0]))
    says = f"{others}_must_have_as_many_rows_as_{names[0]}"
    first = refused(graph, names[0], bad, says, dtype)
    return [first, *names[1:]]


def refused(graph, x, bad, name, dtype):
    """Returns x; if one of `bad` is true, a node fails whose name the error tells."""
    count = graph.add("ReduceSum", graph.cast(bad, "int32"), keepdims=0)
    index = graph.add("Min", count, graph.constant(1, "int32"))
    zero = graph.constant(np.zeros(1), dtype)
    return graph.add("Add", x, graph.add("Gather", zero, index, name=graph.name(name)))


def model_of(graph, inputs, outputs):
    """The file of a graph; inputs and outputs as `(name, dtype, shape)`."""
    from onnx import helper

    def infos(values):
        return [
            helper.make_tensor_value_info(name, onnx_type(dtype), shape)
            for name, dtype, shape in values
        ]

    proto = helper.make_graph(
        graph.nodes, "keras_rnn_zoo", infos(inputs), infos(outputs), graph.initializers
    )
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(
        proto, opset_imports=opsets, ir_version=8, producer_name="keras_rnn_zoo"
    )


def at_least_one(graph, x, sizes, padding, spec):
    """The input with a row if it has none, and a step, of padding, if it has none."""
    one, zero = graph.integers(1), graph.integers(0)
    missing = [graph.add("Max", graph.add("Sub", one, size), zero) for size in sizes]
    rank = len(spec.shape)
    pads = [*[zero] * rank, *missing, *[zero] * (rank - 2)]
    value = graph.constant(padding, spec.dtype.as_numpy_dtype)
    return graph.add("Pad", x, graph.add("Concat", *pads, axis=0), value)


def open_session(file):
    """Returns a session of ONNX Runtime over a file, on the processor."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        str(file), options, providers=["CPUExecutionProvider"]
    )
