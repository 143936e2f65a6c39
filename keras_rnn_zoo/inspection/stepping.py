"""Recurrent layers of a model, taken through time step by step, and what they did."""

import contextlib
import copy
import dataclasses

import keras
import tensorflow as tf

from keras_rnn_zoo.layers.core.parts import parts_of
from keras_rnn_zoo.layers.core.registry import declaration_of
from keras_rnn_zoo.layers.readers.word_reader import WordReader


@dataclasses.dataclass
class Record:
    """What one layer did in one call. Lists have one entry a step, in input order.

    Attributes:
        name: of the layer; inside of `Bidirectional` its name and the direction.
        layer: the recurrent layer.
        states: list of lists, the states as the cell computed them.
        gates: list of dicts from a gate's name to `(batch, units)`.
        mask: bool `(batch, time)`, or None.
    """

    name: str
    layer: keras.layers.RNN
    states: list = dataclasses.field(default_factory=list)
    gates: list = dataclasses.field(default_factory=list)
    mask: tf.Tensor | None = None


def parts_over_time(model):
    """The parts of a model but those that read the characters of a word."""
    spelling = {
        id(part)
        for reader in parts_of(model)
        if isinstance(reader, WordReader)
        for part in parts_of(reader)
    }
    return [part for part in parts_of(model) if id(part) not in spelling]


def recurrent_layers(model):
    """`{name: layer}` of the recurrent layers that carry one cell, in order.

    Raises:
        ValueError: if there is none, or one carries a stack of cells.
    """
    found = {}
    for part in parts_over_time(model):
        if isinstance(part, keras.layers.Bidirectional):
            found[f"{part.name}.forward"] = part.forward_layer
            found[f"{part.name}.backward"] = part.backward_layer
        elif isinstance(part, keras.layers.RNN) and part not in found.values():
            found[part.name] = part
    for name, layer in found.items():
        if hasattr(layer.cell, "cells"):
            raise ValueError(
                "`model` must have recurrent layers of one cell each to be looked "
                f"into. Received: layer {name!r} with a stack of cells. Make a layer "
                "of each."
            )
    if not found:
        raise ValueError(
            "`model` must have a recurrent layer that carries a cell. Received: "
            f"{type(model).__name__} {getattr(model, 'name', '')!r} without one."
        )
    return found


def state_names(cell):
    """Names of a cell's states, in order."""
    names = getattr(cell, "state_names", None)
    return list(names or ("h", "c")[: len(keras.tree.flatten(cell.state_size))])


def gate_names(cell):
    """Names of a cell's gates, in the order in which its step computes them."""
    return tuple(getattr(declaration_of(cell), "gates", ()))


@contextlib.contextmanager
def stepping(model, tape=None):
    """In this context the recurrent layers loop in Python and fill `Record`s.

    Args:
        model: a `keras.Model`, or a layer.
        tape: `tf.GradientTape` that shall know gradients by the states, or None.

    Yields:
        list of `Record`, one for each recurrent layer.
    """
    layers = recurrent_layers(model)
    records = [Record(name, layer) for name, layer in layers.items()]
    kept = [
        (variable, tf.identity(variable.value))
        for layer in layers.values()
        if layer.stateful and layer.states is not None
        for variable in keras.tree.flatten(layer.states)
    ]
    for record in records:
        vars(record.layer)["inner_loop"] = _loop_of(record, tape)
    try:
        yield records
    finally:
        for record in records:
            del vars(record.layer)["inner_loop"]
        for variable, value in kept:
            variable.assign(value)


def _loop_of(record, tape):
    layer = record.layer

    def inner_loop(sequences, initial_state, mask, training=False):
        mask = mask[0] if keras.tree.is_nested(mask) else mask
        mask = None if mask is None else tf.cast(mask, "bool")
        steps = list(range(sequences.shape[1]))
        record.mask = mask
        record.states = [[] for _ in steps]
        record.gates = [{} for _ in steps]
        outputs = [None] * len(steps)
        states = [tf.convert_to_tensor(state) for state in initial_state]
        output = None
        if tape is not None:  # so that it knows every step, frozen weights or not
            tape.watch([sequences, *states])
        for t in reversed(steps) if layer.go_backwards else steps:
            cell, gates = _recording(layer.cell)
            new, new_states = cell(sequences[:, t], states)
            nested = isinstance(new_states, list | tuple)
            new_states = list(new_states) if nested else [new_states]
            record.states[t] = new_states
            record.gates[t] = gates
            before = tf.zeros_like(new) if output is None else output
            if layer.zero_output_for_mask:
                before = tf.zeros_like(new)
            if mask is not None:
                keep = mask[:, t, tf.newaxis]
                pairs = zip(new_states, states, strict=True)
                new_states = [tf.where(keep, one, old) for one, old in pairs]
                new = tf.where(keep, new, before)
            output, states = new, new_states
            outputs[t] = output
        if layer.go_backwards:
            outputs.reverse()
        if not layer.return_sequences:
            outputs = outputs[-1:]
        return output, tf.stack(outputs, axis=1), states

    return inner_loop


def _recording(cell):
    """The same cell, and a dict of the results of its σ, once a step is done."""
    names, gates = gate_names(cell), {}
    if not names:
        return cell, gates
    activation = cell.recurrent_activation

    def recorded(a):
        result = activation(a)
        if len(gates) < len(names):
            gates[names[len(gates)]] = result
        return result

    double = copy.copy(cell)  # shares the weights; the cell itself stays as it is
    vars(double)["recurrent_activation"] = recorded
    return double, gates
