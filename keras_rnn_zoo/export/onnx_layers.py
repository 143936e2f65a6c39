"""Recurrent layers as nodes of ONNX: one each where it has one, else a `Scan`."""

import functools
from typing import Any

import keras
import numpy as np
from keras import tree

from keras_rnn_zoo.export.onnx_graph import Graph, Translator, onnx_type
from keras_rnn_zoo.layers.core.engine import differs_from_declared, step_function
from keras_rnn_zoo.layers.core.head import feeds_back
from keras_rnn_zoo.layers.core.registry import declaration_of

_ACTIVATIONS = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu"}
# Blocks of ONNX's weights, in its order, by the names of ours.
_GATES = {"LSTM": "iofc", "GRU": "zrh", "RNN": "h"}


def recurrent_layers(model):
    """Yields the layers whose call ONNX has a node for, those of inner models too."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from recurrent_layers(layer)
        elif feeds_back(layer) or isinstance(
            layer, (keras.layers.RNN, keras.layers.Bidirectional)
        ):
            yield layer


def called_whole(layer):
    """Whether a recurrent layer is replaced by its call, and not by its loop."""
    return not isinstance(layer, keras.layers.RNN)


class Order:
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


def mark_layer(layer, markers, masking, sequences, *rest, mask=None, **others):
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
