"""One time step of a model as a function of its states, for streams."""

import contextlib
import dataclasses
import functools
from typing import Any

import keras
from keras import ops, tree

from keras_rnn_zoo.export.portable import input_of, masking_layer
from keras_rnn_zoo.layers.core.engine import step_function
from keras_rnn_zoo.layers.core.head import Head, feeds_back

# Layers whose output at a step depends on their input at that step alone.
_STEP_BY_STEP = (
    *("InputLayer", "Embedding", "Masking", "Dense", "EinsumDense", "TimeDistributed"),
    "WordReader",
    *("Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianDropout"),
    *("GaussianNoise", "Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"),
    *("LayerNormalization", "RMSNormalization", "BatchNormalization", "Rescaling"),
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"),
    *("Identity", "ActivityRegularization", "Normalization"),
)


@dataclasses.dataclass(frozen=True)
class State:
    """A state that a stream carries from step to step.

    Attributes:
        name: layer and state, such as `"recurrent_1_h"`.
        width: int. The state is `(batch, width)`.
    """

    name: str
    width: int


def why_not_step_by_step(model):
    """What keeps a model from being taken step by step; None if nothing does."""
    recurrent = False
    for layer in _outer_layers(model):
        name = layer.name
        if isinstance(layer, keras.layers.Bidirectional):
            return f"layer {name!r} is bidirectional: it reads steps that are to come"
        if isinstance(layer, keras.layers.RNN):
            if layer.go_backwards:
                return f"layer {name!r} goes backwards: it reads the last step first"
            recurrent = True
        elif feeds_back(layer):
            recurrent = True
        elif type(layer).__name__ not in _STEP_BY_STEP and not (
            isinstance(layer, Head) and layer.step_by_step
        ):
            return f"layer {name!r} ({type(layer).__name__}) may look at other steps"
    return None if recurrent else "it has no recurrent layer"


def _outer_layers(model):
    """The layers of a model, models inside of it opened, cells left closed."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _outer_layers(layer)
        else:
            yield layer


class StepModel:
    """A model taken one time step at a time, with all its states in the open.

    The states of a `keras.layers.RNN` are those of its cell; of a layer that
    feeds its answers back, what is fed back. A step of padding leaves all states as
    they were.

    Args:
        model: a `portable_copy`, whose recurrent layers all read forwards.

    Attributes:
        states: list of `State`.

    Raises:
        ValueError: if the model cannot be taken step by step, as when it is
            bidirectional.

    Example:
    >>> model = ManyToMany(3, units=4, cell="GRU", vocabulary_size=9)
    >>> step = StepModel(model)
    >>> answer, states = step(np.array([5, 7]), step.initial_state(2))
    >>> answer.shape, [state.name for state in step.states]
    (TensorShape([2, 3]), ['recurrent_1_h'])
    """

    def __init__(self, model: Any) -> None:
        reason = why_not_step_by_step(model)
        if reason:
            raise ValueError(
                "`model` must read forwards, one step after the other, to be taken "
                f"step by step. Received: model {model.name!r}, where {reason}."
            )
        self.model = model
        self.reads, self.width = input_of(model)
        self.masking = masking_layer(model)
        self.layers = [
            layer
            for layer in _outer_layers(model)
            if feeds_back(layer) or isinstance(layer, keras.layers.RNN)
        ]
        self.states, self._counts, taken = [], [], set()
        for layer in self.layers:
            pairs = _named_states(layer)
            self._counts.append(len(pairs))
            for name, width in pairs:
                name = f"{layer.name}_{name}"
                while name in taken:
                    name += "_"
                taken.add(name)
                self.states.append(State(name, int(width)))

    def initial_state(self, batch_size: Any) -> list[Any]:
        """The states before the first step: a list of `(batch_size, width)`."""
        states = []
        for layer in self.layers:
            if feeds_back(layer):
                states.append(ops.zeros((batch_size, layer.num_outputs)))
            else:
                states += tree.flatten(layer.get_initial_state(batch_size))
        return states

    def mask(self, inputs: Any) -> Any:
        """Where a step is not padding, bool `(batch,)`; None if there is no padding."""
        if self.masking is None:
            return None
        return self.masking.compute_mask(ops.expand_dims(inputs, 1))[:, 0]

    def __call__(
        self, inputs: Any, states: Any, mask: Any = None
    ) -> tuple[Any, list[Any]]:
        """Takes one step.

        Args:
            inputs: tokens `(batch,)`, with characters `(batch, 1 + max_characters)`,
                or features `(batch, width)`.
            states: list of tensors in the order of `self.states`.
            mask: bool `(batch,)`; where False the states stay. None: where the
                model itself finds padding.

        Returns:
            `(answer, states)`: what the model gives at this step, `(batch, outputs)`,
            and the new states.
        """
        keep = None if mask is None else ops.expand_dims(mask, 1)
        states, found, new = list(states), {}, []
        with contextlib.ExitStack() as stack:
            for layer, count in zip(self.layers, self._counts, strict=True):
                own, states = states[:count], states[count:]
                take = _looped_step if feeds_back(layer) else _cell_step
                method = "call" if feeds_back(layer) else "inner_loop"
                stack.enter_context(
                    replaced(
                        layer,
                        method,
                        functools.partial(take, layer, own, keep, found),
                    )
                )
            answer = self.model(ops.expand_dims(inputs, 1), training=False)
        for layer in self.layers:
            new += found[layer.name]
        return (answer[:, 0] if len(answer.shape) == 3 else answer), new


@contextlib.contextmanager
def replaced(layer, name, function):
    """Within this context a method of one layer is another function."""
    # Not setattr: Keras would track it as a part of the model.
    vars(layer)[name] = function
    try:
        yield
    finally:
        del vars(layer)[name]


def _cell_step(layer, states, keep, found, sequences, initial_state, mask, **_):
    """In the place of `RNN.inner_loop`: one step from `states`."""
    own = tree.pack_sequence_as(layer.state_size, states)
    output, new = step_function(layer.cell, False)(sequences[:, 0], own)
    flat = tree.flatten(new)
    if keep is None and mask is not None:
        keep = tree.flatten(mask)[0][:, :1]
    if keep is not None:
        kept = [ops.where(keep, n, old) for n, old in zip(flat, states, strict=True)]
        before = ops.zeros_like(output)
        if output is flat[0] and not getattr(layer, "zero_output_for_mask", False):
            before = states[0]
        output, flat = ops.where(keep, output, before), kept
    found[layer.name] = flat
    return output, ops.expand_dims(output, 1), tree.pack_sequence_as(new, flat)


def _looped_step(layer, states, keep, found, sequences, mask=None, **masks):
    """In the place of a layer's call: one step from what it fed back."""
    mask = masks.get("sequences_mask") if mask is None else mask
    if keep is None and mask is not None:
        keep = mask[:, :1]
    probabilities, feedback = layer.step(sequences[:, 0], states[0])
    if keep is not None:
        feedback = ops.where(keep, feedback, states[0])
    found[layer.name] = [feedback]
    return ops.expand_dims(probabilities, 1)


def _named_states(layer):
    """`(name, width)` of each state of a recurrent layer."""
    if feeds_back(layer):
        return [("feedback", layer.num_outputs)]
    return _names_of_cell(layer.cell)


def _names_of_cell(cell):
    if hasattr(cell, "cells"):
        return [
            (f"{i}_{name}", width)
            for i, inner in enumerate(cell.cells, start=1)
            for name, width in _names_of_cell(inner)
        ]
    sizes = tree.flatten(cell.state_size)
    names = getattr(cell, "state_names", ("h", "c"))
    if len(names) < len(sizes):
        names = [f"s{i}" for i in range(1, len(sizes) + 1)]
    return list(zip(names, sizes, strict=False))
