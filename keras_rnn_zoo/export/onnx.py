"""A model as ONNX files: one node for each recurrent layer that ONNX knows."""

import contextlib
import functools
import json
import os
import pathlib
from typing import Any

import keras
import numpy as np
from keras import tree

from keras_rnn_zoo import extras
from keras_rnn_zoo.export import golden as gold
from keras_rnn_zoo.export.onnx_graph import OPSET, Graph, Translator, onnx_type
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
from keras_rnn_zoo.layers.core.engine import differs_from_declared, step_function
from keras_rnn_zoo.layers.core.graphs import graphs_of
from keras_rnn_zoo.layers.core.head import feeds_back
from keras_rnn_zoo.layers.core.registry import declaration_of
from keras_rnn_zoo.presets import new_directory, replaceable

_ACTIVATIONS = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu"}
# Blocks of ONNX's weights, in its order, by the names of ours.
_GATES = {"LSTM": "iofc", "GRU": "zrh", "RNN": "h"}


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
    x, *given = _of_as_many_rows(graph, [one for one, _, _ in inputs], dtype)
    x = _checked_tokens(graph, x, width) if reads == "tokens" else _finite(graph, x)
    given = [
        _finite(graph, one, state.name)
        for one, state in zip(given, states, strict=True)
    ]
    translate = Translator(graph, function, [x, *given])
    answer, *new = [translate(tensor) for tensor in function.outputs]
    outputs = [(answer_name(model), "float32", ["batch", None])]
    graph.add("Identity", answer, name=outputs[0][0])
    for state, value in zip(states, new, strict=True):
        outputs.append((f"new_{state.name}", "float32", ["batch", state.width]))
        graph.add("Identity", value, name=outputs[-1][0])
    outputs[0] = (*outputs[0][:2], ["batch", function.outputs[0].shape[-1]])
    return _model_of(graph, inputs, outputs)


def _checked_tokens(graph, x, size):
    """Token ids, after a node that fails, and says why, if one is out of range."""
    negative = graph.add("Less", x, graph.constant(0, "int32"))
    large = graph.add("Greater", x, graph.constant(size - 1, "int32"))
    bad = graph.add("Or", negative, large)
    return _refused(graph, x, bad, f"tokens_must_be_from_0_to_{size - 1}", "int32")


def _finite(graph, x, name="features", padding=0.0):
    """Numbers, after a node that fails, and says why, if one is not finite."""
    bad = graph.add("Or", graph.add("IsNaN", x), graph.add("IsInf", x))
    if not np.isfinite(padding):
        other = graph.add(
            "Not", graph.add("Equal", x, graph.constant(padding, "float32"))
        )
        bad = graph.add("And", bad, other)
    return _refused(graph, x, bad, f"{name}_must_be_finite", "float32")


def _of_as_many_rows(graph, names, dtype, others="states"):
    """The inputs of a graph, after a node that fails if their rows are not as many."""
    rows = [graph.add("Shape", name, start=0, end=1) for name in names]
    counts = graph.add("Concat", *rows[1:], axis=0)
    bad = graph.add("Not", graph.add("Equal", counts, rows[0]))
    says = f"{others}_must_have_as_many_rows_as_{names[0]}"
    first = _refused(graph, names[0], bad, says, dtype)
    return [first, *names[1:]]


def _refused(graph, x, bad, name, dtype):
    """Returns x; if one of `bad` is true, a node fails whose name the error tells."""
    count = graph.add("ReduceSum", graph.cast(bad, "int32"), keepdims=0)
    index = graph.add("Min", count, graph.constant(1, "int32"))
    zero = graph.constant(np.zeros(1), dtype)
    return graph.add("Add", x, graph.add("Gather", zero, index, name=graph.name(name)))


def _model_of(graph, inputs, outputs):
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
    x = _at_least_one(graph, reads, [batch, time], padding, spec)
    if reads == "tokens":
        x = _checked_tokens(graph, x, width)
    else:
        x = _finite(graph, x, padding=getattr(masking, "mask_value", 0.0))
        if masking is None and not per_step:
            none = graph.add("Equal", time, graph.integers(0))
            x = _refused(graph, x, none, "a_row_must_have_a_step", "float32")
    if max_length is not None:
        long = graph.add("Greater", time, graph.integers(max_length))
        name = f"a_row_must_have_at_most_{max_length}_steps"
        x = _refused(graph, x, long, name, inputs[0][1])
    order = None
    if masking is not None:
        order = _Order(graph, x, getattr(masking, "mask_value", None))
        x = order.moved(x, order.features)
    markers = {}
    layers = _recurrent_layers(model)
    with contextlib.ExitStack() as stack:
        for layer in layers:
            method = "call" if called_whole(layer) else "inner_loop"
            stack.enter_context(
                replaced(
                    layer, method, functools.partial(_mark, layer, markers, masking)
                )
            )
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
    return _model_of(graph, inputs, [output])


def _at_least_one(graph, x, sizes, padding, spec):
    """The input with a row if it has none, and a step, of padding, if it has none."""
    one, zero = graph.integers(1), graph.integers(0)
    missing = [graph.add("Max", graph.add("Sub", one, size), zero) for size in sizes]
    rank = len(spec.shape)
    pads = [*[zero] * rank, *missing, *[zero] * (rank - 2)]
    value = graph.constant(padding, spec.dtype.as_numpy_dtype)
    return graph.add("Pad", x, graph.add("Concat", *pads, axis=0), value)


def _recurrent_layers(model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _recurrent_layers(layer)
        elif feeds_back(layer) or isinstance(
            layer, (keras.layers.RNN, keras.layers.Bidirectional)
        ):
            yield layer


def called_whole(layer):
    """Whether a recurrent layer is replaced by its call, and not by its loop."""
    return not isinstance(layer, keras.layers.RNN)


class _Order:
    """Moves the padding of each row behind its sequence, and the answers back.

    Masked steps keep every state, so that a layer's answers at the other steps are
    those of the sequence without them.

    Args:
        graph: a `Graph`.
        x: name of what tells the padding.
        value: what steps of padding hold, of features; None of tokens.
    """

    def __init__(self, graph, x, value=None):
        self.graph = graph
        self.features = value is not None
        add = graph.add
        if self.features:
            value = graph.constant(value, "float32")
            same = graph.cast(add("Equal", x, value), "int32")
            least = add("ReduceMin", same, axes=[-1], keepdims=0)
            padding = graph.cast(least, "bool")
        else:
            padding = add("Equal", x, graph.constant(0, "int32"))
        self.mask = add("Not", padding)
        kept = graph.cast(self.mask, "int32")
        self.lengths = add("ReduceSum", kept, graph.integers(1), keepdims=0)
        # Positions, those of padding beyond all others; sorted, they are the order.
        shape = add("Shape", self.mask)
        self.time = add("Gather", shape, graph.integers(1))
        one = graph.integers(1)
        positions = add(
            "Range",
            graph.constant(0, "int64"),
            add("Squeeze", self.time),
            graph.constant(1, "int64"),
        )
        late = add("Mul", graph.cast(padding, "int64"), self.time)
        keys = add("Add", positions, late)
        _, self.order = add(
            *("TopK", keys, self.time), outputs=2, axis=1, largest=0, sorted=1
        )
        before = add(
            "CumSum", graph.cast(self.mask, "int64"), graph.constant(1, "int64")
        )
        zero = graph.constant(0, "int64")
        self.places = add("Max", add("Sub", before, one), zero)

    def _like(self, index, x):
        """`(batch, time)` positions for every feature of `(batch, time, features)`."""
        index = self.graph.add("Unsqueeze", index, self.graph.integers(2))
        width = self.graph.add("Shape", x, start=2)
        ones = self.graph.integers(1, 1)
        return self.graph.add(
            "Expand", index, self.graph.add("Concat", ones, width, axis=0)
        )

    def moved(self, x, features):
        """An input, `(batch, time)` or of features, with all padding behind."""
        add = self.graph.add
        order = self._like(self.order, x) if features else self.order
        return add("GatherElements", x, order, axis=1)

    def moved_back(self, y):
        """The answers at their steps; zeros at padding."""
        add = self.graph.add
        y = add("GatherElements", y, self._like(self.places, y), axis=1)
        mask = add("Unsqueeze", self.mask, self.graph.integers(2))
        return add("Where", mask, y, self.graph.constant(0, "float32"))


def _mark(layer, markers, masking, sequences, *rest, mask=None, **others):
    """In the place of a recurrent layer while a model is traced: notes what it reads.

    Gives placeholders; the translator asks the layer's nodes for their values.
    """
    import tensorflow as tf

    mask = others.get("sequences_mask") if mask is None else mask
    if mask is None and len(rest) > 1:
        mask = rest[1]
    masked = bool([m for m in tree.flatten(mask) if m is not None])
    if masked and masking is None:
        raise ValueError(
            "`model` must get its masks from its first layer, an Embedding or a "
            f"Masking. Received: a mask for layer {layer.name!r} from another."
        )
    if getattr(layer, "merge_mode", "concat") not in ("concat", "sum", "mul", "ave"):
        raise ValueError(
            "`merge_mode` must be 'concat', 'sum', 'mul' or 'ave' for ONNX. "
            f"Received: merge_mode={layer.merge_mode!r}."
        )
    written = {}

    def value(which, translate):
        if not written:
            lengths = markers.get("lengths") if masked else None
            x = translate(sequences)
            written["outputs"], written["last"], states = _layer_nodes(
                translate.graph, layer, x, sequences.shape[-1], lengths
            )
            written.update(enumerate(states))
        return written[which]

    def placeholder(which, rank):
        width = _output_width(layer, sequences)
        shape = (None, None, width)[3 - rank :] if rank == 3 else (None, width)
        tensor = tf.compat.v1.placeholder("float32", shape)
        markers[tensor.name] = functools.partial(value, which)
        return tensor

    def states_of(one, start=0):
        sizes = tree.flatten(one.state_size)
        states = [tf.compat.v1.placeholder("float32", (None, n)) for n in sizes]
        for i, state in enumerate(states, start):
            markers[state.name] = functools.partial(value, i)
        return states

    outputs, last = placeholder("outputs", 3), placeholder("last", 2)
    if isinstance(layer, keras.layers.RNN):
        states = tree.pack_sequence_as(layer.state_size, states_of(layer))
        return last, outputs, states
    if getattr(layer, "return_state", False):
        forward = states_of(layer.forward_layer)
        backward = states_of(layer.backward_layer, len(forward))
        first = outputs if layer.return_sequences else last
        return [first, *forward, *backward]
    if feeds_back(layer) or layer.return_sequences:
        return outputs
    return last


def _output_width(layer, sequences):
    """Width of what a recurrent layer gives."""
    if feeds_back(layer):
        return layer.num_outputs
    shape = layer.compute_output_shape((None, None, sequences.shape[-1]))
    return (shape[0] if layer.return_state else shape)[-1]


def _layer_nodes(graph, layer, x, features, lengths):
    """The nodes of a recurrent layer.

    Args:
        graph: a `Graph`.
        layer: the layer.
        x: name of `(batch, time, features)`.
        features: int.
        lengths: name of int32 `(batch,)`, or None.

    Returns:
        `(outputs, last, states)`: names of `(batch, time, width)`, `(batch, width)`,
        and of the last states, those backwards behind those forwards.
    """
    steps = graph.add("Transpose", x, perm=[1, 0, 2])
    both = isinstance(layer, keras.layers.Bidirectional)
    parts = [layer.forward_layer, layer.backward_layer] if both else [layer]
    if not both and isinstance(layer, keras.layers.RNN) and layer.go_backwards:
        if layer.return_sequences and lengths is not None:
            raise ValueError(
                "`model` must not return masked sequences backwards. Received: layer "
                f"{layer.name!r} with go_backwards=True and return_sequences=True."
            )
    plans = [plan for part in parts if (plan := _plan(part)) is not None]
    if len(plans) == len(parts) and len({plan.key for plan in plans}) == 1:
        outputs, last, states = _node(graph, plans, steps, lengths)
    else:
        found = [_scan(graph, part, steps, features, lengths) for part in parts]
        outputs, last, states = zip(*found, strict=True)
    states = [name for own in states for name in own]
    if not both:
        if isinstance(layer, keras.layers.RNN) and layer.go_backwards:
            numbers = (graph.integers(n) for n in (-1, -(2**31), 0, -1))
            outputs = [graph.add("Slice", outputs[0], *numbers)]
        return graph.add("Transpose", outputs[0], perm=[1, 0, 2]), last[0], states
    outputs = [graph.add("Transpose", y, perm=[1, 0, 2]) for y in outputs]
    return _merged(graph, layer, outputs), _merged(graph, layer, last), states


def _merged(graph, layer, pair):
    mode = layer.merge_mode
    if mode == "concat":
        return graph.add("Concat", *pair, axis=-1)
    if mode in ("sum", "mul"):
        return graph.add("Add" if mode == "sum" else "Mul", *pair)
    half = graph.constant(0.5, "float32")
    return graph.add("Mul", graph.add("Add", *pair), half)


# --- LSTM, GRU, RNN


class _Plan:
    """One direction of a layer as ONNX's node has it: weights in its order."""

    def __init__(self, layer, op, gates, activations, **attributes):
        cell = layer.cell
        self.op, self.units, self.activations = op, cell.units, activations
        self.attributes = attributes
        self.backwards = layer.go_backwards
        self.peephole = None
        order = list(_GATES[op])

        def ordered(array):
            blocks = np.split(np.asarray(array, "float32"), len(gates), axis=-1)
            named = dict(zip(gates, blocks, strict=True))
            if "i" in order and "i" not in named:  # i = 1 - f = σ(-a_f)
                named["i"] = -named["f"]
            return np.concatenate([named[gate] for gate in order], axis=-1)

        weights = {w.name: w.numpy() for w in cell.weights}
        self.w = ordered(weights["kernel"]).T
        self.r = ordered(weights["recurrent_kernel"]).T
        bias = weights.get("bias")
        self.b = np.zeros(2 * len(order) * cell.units, "float32")
        if bias is not None:
            rows = ordered(bias)
            self.b[: rows.size] = rows.ravel()
        if "peephole_kernel" in weights:
            i, f, o = np.split(weights["peephole_kernel"], 3)
            self.peephole = np.concatenate([i, o, f])
        self.initial = [
            weights[key][None] for key in ("initial_h", "initial_c") if key in weights
        ]

    @property
    def key(self):
        """What two directions must share to be one node."""
        return (
            self.op,
            self.units,
            tuple(self.attributes.items()),
            self.peephole is None,
            len(self.initial),
        )


def _plan(layer):
    """A `_Plan`, or None if ONNX has no node that computes the layer."""
    cell: Any = getattr(layer, "cell", None)
    if any(getattr(cell, "zoneout_rates", ())):
        return None
    declared: Any = declaration_of(cell)
    if declared is None or differs_from_declared(declared, "elsewhere"):
        return None
    # The node does not depend on the arguments of a cell of Keras.
    elsewhere = getattr(cell, "elsewhere", None)
    if elsewhere is None:
        elsewhere = declared(1).elsewhere
    op, gates = elsewhere.get("onnx"), declared.blocks
    if op is None:
        return None
    phi = _ACTIVATIONS.get(getattr(cell.activation, "__name__", ""))
    sigma = phi
    if op != "RNN":
        sigma = _ACTIVATIONS.get(getattr(cell.recurrent_activation, "__name__", ""))
    if phi is None or sigma is None:
        return None
    activations = {"RNN": [phi], "GRU": [sigma, phi], "LSTM": [sigma, phi, phi]}[op]
    attributes = {}
    if op == "GRU":
        attributes["linear_before_reset"] = int(cell.reset_after)
    return _Plan(layer, op, gates, activations, **attributes)


def _node(graph, plans, steps, lengths):
    """One node for both directions: lists of time-major outputs, last ones, states."""
    first = plans[0]
    w, r, b = (
        graph.constant(np.stack([getattr(plan, name) for plan in plans]))
        for name in "wrb"
    )
    inputs = [steps, w, r, b, lengths or ""]
    batch = graph.add("Shape", steps, start=1, end=2)
    count = graph.integers(len(plans))
    starts = []
    for i in range(len(first.initial)):
        start = graph.constant(np.stack([plan.initial[i] for plan in plans]))
        shape = graph.add("Concat", count, batch, graph.integers(first.units), axis=0)
        starts.append(graph.add("Expand", start, shape))
    if first.op == "LSTM" and first.peephole is not None:
        peephole = graph.constant(np.stack([plan.peephole for plan in plans]))
        inputs += (starts or ["", ""]) + [peephole]
    else:
        inputs += starts
    while inputs[-1] == "":
        inputs.pop()
    directions = ["reverse" if plan.backwards else "forward" for plan in plans]
    direction = directions[0] if len(plans) == 1 else "bidirectional"
    y, *ends = graph.add(
        first.op,
        *inputs,
        outputs=3 if first.op == "LSTM" else 2,
        hidden_size=first.units,
        direction=direction,
        activations=[name for plan in plans for name in plan.activations],
        **first.attributes,
    )
    last = ends[0]
    if lengths is not None:
        # A row of padding alone has no last output: zeros, as a layer gives. Its states
        # are the first ones.
        zero = graph.constant(0, "float32")
        none = graph.add("Equal", lengths, graph.constant(0, "int32"))
        none = graph.add("Unsqueeze", none, graph.integers(1))
        last = graph.add("Where", none, zero, last)
        before = starts or [zero] * len(ends)
        ends = [
            graph.add("Where", none, old, end)
            for old, end in zip(before, ends, strict=True)
        ]

    def of_each(stacked, axis):
        return [
            graph.add("Gather", stacked, graph.constant(i, "int64"), axis=axis)
            for i in range(len(plans))
        ]

    states = list(zip(*(of_each(end, 0) for end in ends), strict=True))
    return of_each(y, 1), of_each(last, 0), states


# --- Any other cell


def _scan(graph, layer, steps, features, lengths):
    """A `Scan` over the step of a layer; names of outputs, last output, states."""
    import tensorflow as tf
    from onnx import helper

    add = graph.add
    looped = feeds_back(layer)
    if looped and layer.draws:
        raise ValueError(
            "`model` must not draw numbers for ONNX. Received: feedback='sample'. "
            "Use 'argmax' or 'probabilities'."
        )
    sizes = [layer.num_outputs] if looped else tree.flatten(layer.state_size)

    def step(x, *states):
        if looped:
            return layer.step(x, states[0])
        packed = tree.pack_sequence_as(layer.state_size, list(states))
        output, new = step_function(layer.cell, False)(x, packed)
        return [output, *tree.flatten(new)]

    specs = [tf.TensorSpec((None, n), "float32") for n in (features, *sizes)]
    function = tf.function(step, autograph=False).get_concrete_function(*specs)
    body = Graph(graph)
    states = [body.name("state") for _ in sizes]
    x, keep, before = body.name("x"), body.name("keep"), body.name("before")
    translate = Translator(body, function, [x, *states])
    output, *new = [translate(tensor) for tensor in function.outputs]
    width = function.outputs[0].shape[-1]
    if lengths is not None:
        new = [
            body.add("Where", keep, n, old) for n, old in zip(new, states, strict=True)
        ]
        output = body.add("Where", keep, output, before)
    # The output before is carried too: of a masked step it is repeated.
    results = [body.add("Identity", v) for v in (*new, output, output)]
    carried = list(zip([*states, before], [*sizes, width], strict=True))
    scanned = [(x, "float32", ["batch", features])]
    if lengths is not None:
        scanned.append((keep, "bool", ["batch", 1]))

    def infos(values):
        return [
            helper.make_tensor_value_info(name, onnx_type(dtype), shape)
            for name, dtype, shape in values
        ]

    ends = [*sizes, width, width]
    inner = helper.make_graph(
        body.nodes,
        body.name("step"),
        infos([(n, "float32", ["batch", w]) for n, w in carried] + scanned),
        infos(
            [(n, "float32", ["batch", w]) for n, w in zip(results, ends, strict=True)]
        ),
    )
    batch = add("Shape", steps, start=1, end=2)
    firsts = [np.zeros((1, n), "float32") for n in (*sizes, width)]
    if not looped:
        own = [np.asarray(s) for s in tree.flatten(layer.get_initial_state(1))]
        firsts[: len(own)] = own
    starts = [
        add(
            *("Expand", graph.constant(first)),
            add("Concat", batch, graph.integers(first.shape[1]), axis=0),
        )
        for first in firsts
    ]
    inputs = [steps]
    if lengths is not None:
        time = add("Squeeze", add("Shape", steps, start=0, end=1))
        zero, one = graph.constant(0, "int64"), graph.constant(1, "int64")
        positions = add("Range", zero, time, one)
        positions = add("Unsqueeze", positions, graph.integers(1))
        keep = add("Less", positions, graph.cast(lengths, "int64"))
        inputs.append(add("Unsqueeze", keep, graph.integers(2)))
    backwards = int(not looped and layer.go_backwards)
    *ends, last, outputs = add(
        *("Scan", *starts, *inputs),
        outputs=len(sizes) + 2,
        body=inner,
        num_scan_inputs=len(inputs),
        scan_input_directions=[backwards] * len(inputs),
        scan_output_directions=[backwards],
    )
    return outputs, last, ends


# --- Checks


def _session(file):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        str(file), options, providers=["CPUExecutionProvider"]
    )


def _check_sequence(file, model, x, expected):
    key = "tokens" if x.ndim == 2 else "features"
    [answer] = _session(file).run(None, {key: x})
    masking = masking_layer(model)
    if masking is not None and expected.ndim == 3:
        mask = np.asarray(masking.compute_mask(x))
        expected = np.where(mask[..., None], expected, 0)
    return float(np.abs(answer - expected).max())


def _check_step(file, model, step_model, x, most=24):
    session, worst = _session(file), 0.0
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
