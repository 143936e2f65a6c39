"""Where a custom op may stand: not in a graph that can end in a file."""

import itertools
import threading
from typing import Any

import tensorflow as tf

# The graphs in which Keras's trainer traces train_step, test_step and predict_step.
# Keras keeps them out of everything that it saves and exports.
TRAINER_FUNCTIONS = frozenset(
    [
        "one_step_on_data",
        "one_step_on_data_distributed",
        "multi_step_on_iterator",
        "multi_step_on_data",
    ]
)

# What the names of our ops begin with, in every graph.
OP_PREFIX = "KerasRnnZoo>"


def _graphs():
    graph = tf.compat.v1.get_default_graph()
    while graph is not None:
        yield graph
        graph = getattr(graph, "outer_graph", None)


def compiles_with_xla() -> bool:
    """True while a function with `jit_compile=True` is traced: no place for an op."""
    for graph in _graphs():
        # Not public: the one place where TensorFlow notes it while it traces.
        context = getattr(graph, "_get_control_flow_context", lambda: None)()
        while context is not None:
            if getattr(context, "IsXLAContext", lambda: False)():
                return True
            context = getattr(context, "outer_context", None)
    return False


def may_run_here() -> bool:
    """True where a native op can run and cannot get into a file.

    That is in eager execution and in the steps of Keras's fit, evaluate and predict
    (and train_on_batch, ...). Any other graph may be traced for an export:
    `model.export()`, `keras.export.ExportArchive`, `tf.saved_model.save` and a user's
    own `tf.function` cannot be told apart while they are traced. Nor does XLA compile
    custom ops.
    """
    if tf.executing_eagerly():
        return True
    names = {getattr(graph, "name", None) for graph in _graphs()}
    return not names.isdisjoint(TRAINER_FUNCTIONS) and not compiles_with_xla()


def are_data_of_a_trainer(tensor):
    """True if, in Keras's fit, a tensor is made of the data and of no variable.

    Then hardly anybody wants a gradient of it; who does may still have it.
    """
    if getattr(tensor.graph, "name", None) not in TRAINER_FUNCTIONS:
        return False
    captured = {id(inner) for _, inner in getattr(tensor.graph, "captures", ())}
    seen, found = set(), [tensor]
    while found:
        op = found.pop().op
        if op.name in seen:
            continue
        seen.add(op.name)
        if any(one.dtype == tf.resource or id(one) in captured for one in op.inputs):
            return False
        found.extend(op.inputs)
    return True


_traced = threading.local()


def gives_answers_alone() -> bool:
    """True while a function of `staying_here` is traced: no derivatives of derivatives.

    What makes them possible is some twenty ops beside each kernel, and one short
    sequence takes as long as those.
    """
    return getattr(_traced, "answers", False)


def staying_here(function):
    """A function whose graph may hold a native op, since nobody can save that graph.

    Args:
        function: what a `tf.function` will be made of, to be called in this process for
            its answers.
    """

    def one_step_on_data(*given):  # as Keras names such a graph
        keep_out_of_files()
        before, _traced.answers = gives_answers_alone(), True
        try:
            return function(*given)
        finally:
            _traced.answers = before

    return one_step_on_data


def keep_out_of_files():
    """Marks the graphs that are being traced as ones that no SavedModel may hold.

    For a kernel in a user's own training step: TensorFlow then refuses to save a
    function that holds it, with what is said here.
    """
    for graph in _graphs():
        if hasattr(graph, "mark_as_unsaveable"):
            graph.mark_as_unsaveable(
                "This function trains a recurrent layer of keras_rnn_zoo with a kernel "
                "that a process without keras_rnn_zoo does not have. To save the "
                'training step itself, build its layers with implementation="graph"; '
                "to save the model alone, use model.export(path), or save the model "
                "before its training step is an attribute of what is saved."
            )


def holds_native_ops(graph: Any) -> bool:
    """True if an op of ours stands in a graph or in a function that it may call.

    A file with such an op can only be loaded where the library is. To look before a
    file is written, or at what is in one.

    Args:
        graph: a `tf.Graph`, as that of a concrete function; a concrete function; or a
            protocol buffer: `GraphDef`, `MetaGraphDef`, `SavedModel`.
    """
    if isinstance(getattr(graph, "graph", None), tf.Graph):
        graph = graph.graph
    if hasattr(graph, "meta_graphs"):
        return any(map(holds_native_ops, graph.meta_graphs))
    if hasattr(graph, "graph_def"):
        return holds_native_ops(graph.graph_def)
    if isinstance(graph, tf.Graph):
        if any(op.type.startswith(OP_PREFIX) for op in graph.get_operations()):
            return True
        graph = graph.as_graph_def()
    if not hasattr(graph, "library"):
        raise TypeError(
            "`graph` must be a graph, a concrete function, a GraphDef, a MetaGraphDef "
            f"or a SavedModel. Received: {type(graph).__name__}."
        )
    nodes = itertools.chain(graph.node, *(f.node_def for f in graph.library.function))
    return any(node.op.startswith(OP_PREFIX) for node in nodes)
