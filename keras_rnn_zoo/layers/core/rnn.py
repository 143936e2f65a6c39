"""The layer that carries a cell through a sequence."""

import inspect
from typing import Any, Literal

import keras
from keras import ops, tree

from keras_rnn_zoo.layers.core import engine
from keras_rnn_zoo.layers.core.arguments import (
    checked,
    flag,
    positive_integer,
    without_keras_2,
)
from keras_rnn_zoo.layers.core.kinds import Implementation
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import value_of


@register
class StackedRNNCells(keras.layers.StackedRNNCells):
    """Cells on top of each other that behave as one: as in Keras, also for one cell.

    `keras.layers.StackedRNNCells` loses the structure of its states when it holds one
    cell only, and then fails on masks and on the JAX backend.

    Args:
        cells: list of cell instances.

    Example:
    >>> RNN(StackedRNNCells([GRUCell(4)]))(np.zeros((2, 5, 3))).shape
    TensorShape([2, 4])
    """

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        output, new_states = super().call(inputs, states, training=training)
        return output, [new_states] if len(self.cells) == 1 else new_states


@register
class RNN(keras.layers.RNN):
    """Carries any cell, or a list of cells, through a sequence.

    The cell may be one of the zoo, one of Keras, or your own. What this class does
    beyond `keras.layers.RNN`:

    * dropout masks of the zoo's cells are drawn once per call, shared by all steps
      and forgotten afterwards;
    * `reset_state` returns to the cell's own initial state, or to given values;
    * unrolled, backwards, masked and with `zero_output_for_mask` at once, the zeros
      stand at the masked steps;
    * `initial_state` is checked before the loop starts.

    Args:
        cell: a cell instance, or a list of cell instances that are stacked.
        return_sequences: bool. The output of every step, or of the last one only.
        return_state: bool. The last states after the output.
        go_backwards: bool. Reads the sequence from its end; outputs come in the order
            in which they were computed.
        stateful: bool. The last states of a batch are the first of the next one.
        unroll: bool. One copy of the step per time step instead of a loop.
        zero_output_for_mask: bool. Output zeros at masked steps instead of repeating
            the output before.
        implementation: how the sequence is computed; the results are the same.
            `"loop"`: step by step, differentiated automatically: the reference.
            `"hoisted"`: the same, with the product of the inputs for all steps before.
            `"graph"`: back-propagation through time of our own, see
            `keras_rnn_zoo.ops.bptt`. `"xla"`: the same, compiled for each shape.
            `"native"`: C++ kernels for the CPU, see `keras_rnn_zoo.native`.
            `"cudnn"`: cuDNN on an NVIDIA GPU, see `keras_rnn_zoo.ops.cudnn`.
            `"auto"`: what `keras_rnn_zoo.layers.core.engine` has found to be fastest.
            Keras's 0, 1 and 2 mean the loop. A graph that may be exported takes the
            loop whatever is asked for.
        truncate: int k, or None. Truncated back-propagation through time: states flow
            on, but no gradient flows from step nk to the step before it. For streams,
            use it with `stateful`, whose states bring no gradient either.
        checkpoint: int, or None. Keeps only every so many states in training and
            computes the steps between them again on the way back: memory for one more
            pass forward. Matters in training; TensorFlow only, not for the loop.
        use_cudnn: as in Keras; False keeps `"auto"` from taking cuDNN.
        **kwargs: `name`, `dtype`, `trainable`, `activity_regularizer`.

    Call arguments:
        sequences: `(batch, time, features)`.
        initial_state: list of tensors, `(batch, size)` each, in the cell's order; None
            for the cell's own.
        mask: bool `(batch, time)`; False marks a step to skip. Any pattern.
        training: bool. Matters only with dropout.

    Returns:
        The output, `(batch, time, units)` or `(batch, units)`, in the layer's compute
        dtype; with `return_state`, a tuple of the output and every state.

    Masking: a masked step keeps every state, and repeats the output before it (zeros
    before the first unmasked step, or everywhere with `zero_output_for_mask`).

    Raises:
        TypeError: if a bool is asked for and something else is given.
        ValueError: if `implementation` or `use_cudnn` is none of the above; if
            `initial_state` does not hold one tensor per state, of the state's width.

    Example:
    >>> RNN(GRUCell(4), return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 4])
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        *,
        implementation: Implementation = "auto",
        truncate: int | None = None,
        checkpoint: int | None = None,
        use_cudnn: bool | Literal["auto"] = "auto",
        **kwargs: Any,
    ) -> None:
        kwargs = without_keras_2(kwargs)
        if (
            not isinstance(implementation, str | int)
            or isinstance(implementation, bool)
            or implementation not in engine.IMPLEMENTATIONS
        ):
            raise ValueError(
                f"`implementation` must be one of {engine.IMPLEMENTATIONS}. "
                f"Received: implementation={implementation!r}."
            )
        if truncate is not None:
            truncate = positive_integer("truncate", truncate)
        if checkpoint is not None:
            checkpoint = positive_integer("checkpoint", checkpoint)
        if "activity_regularizer" in kwargs:
            name = "activity_regularizer"
            kwargs[name] = checked("regularizer", name, kwargs[name])
        if not isinstance(use_cudnn, bool | str) or use_cudnn not in (
            "auto",
            True,
            False,
        ):
            raise ValueError(
                "`use_cudnn` must be 'auto', True or False. "
                f"Received: use_cudnn={use_cudnn!r}."
            )
        if isinstance(cell, list | tuple):
            cell = StackedRNNCells(cell)
        _check_path(cell, implementation, checkpoint)
        super().__init__(
            cell,
            return_sequences=flag("return_sequences", return_sequences),
            return_state=flag("return_state", return_state),
            go_backwards=flag("go_backwards", go_backwards),
            stateful=flag("stateful", stateful),
            unroll=flag("unroll", unroll),
            zero_output_for_mask=flag("zero_output_for_mask", zero_output_for_mask),
            **kwargs,
        )
        self.supports_masking = True
        # Sequences of many lengths would make XLA compile a program for each of them.
        self.supports_jit = False
        self.input_spec = keras.InputSpec(ndim=3)
        self.implementation = implementation
        self.truncate = truncate
        self.checkpoint = checkpoint
        self.use_cudnn = use_cudnn
        engine.prepare(self)

    def __call__(self, sequences: Any, *args: Any, **kwargs: Any) -> Any:
        if self.return_state and isinstance(sequences, keras.KerasTensor):
            _check_not_inside_sequential(self)
        return super().__call__(sequences, *args, **kwargs)

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        sequences = self._checked_sequences(sequences)
        if initial_state is not None:
            initial_state = self._checked_states("initial_state", initial_state)
            rows = sequences.shape[0], ops.shape(sequences)[0]
            initial_state = tree.map_structure(
                lambda state: _of_rows(state, *rows), initial_state
            )
        if sequences.shape[1] == 0 or self._is_ours:
            return self._call(sequences, initial_state, mask, training)
        return super().call(
            sequences, initial_state=initial_state, mask=mask, training=training
        )

    def _call(self, sequences, initial_state, mask, training):
        """As `keras.layers.RNN.call`, for cells that keep nothing of a call."""
        if self.unroll and sequences.shape[1] is None:
            raise ValueError(
                "`unroll` must be False for sequences of unknown length. Received: "
                f"unroll=True and sequences of shape {tuple(sequences.shape)}."
            )
        if initial_state is None:
            initial_state = self.states
        if initial_state is None:
            initial_state = self.get_initial_state(ops.shape(sequences)[0])
        states = tree.map_structure(
            lambda s: value_of(s, self.cell.compute_dtype), list(initial_state)
        )
        if sequences.shape[1] == 0:
            checked_mask(mask, sequences)
            last, outputs = self._nothing_read(sequences)
        else:
            last, outputs, states = self.inner_loop(
                sequences=sequences, initial_state=states, mask=mask, training=training
            )
        last, outputs, states = tree.map_structure(
            lambda tensor: ops.cast(tensor, self.compute_dtype),
            (last, outputs, list(states)),
        )
        if self.stateful:
            pairs = zip(tree.flatten(self.states), tree.flatten(states), strict=True)
            for variable, state in pairs:
                variable.assign(state)
        output = outputs if self.return_sequences else last
        return (output, *states) if self.return_state else output

    def _nothing_read(self, sequences):
        """The last output and the outputs of sequences of no steps."""
        width, rows = self.cell.output_size, ops.shape(sequences)[0]
        dtype = self.cell.compute_dtype
        return ops.zeros((rows, width), dtype), ops.zeros((rows, 0, width), dtype)

    @property
    def _is_ours(self):
        cells = getattr(self.cell, "cells", [self.cell])
        return all(hasattr(cell, "is_pure") for cell in cells)

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> Any:
        mask = checked_mask(mask, sequences)
        if not self._is_ours and not self.truncate and not self.unroll:
            last, outputs, states = super().inner_loop(
                engine.unmasked(sequences, mask), initial_state, mask, training
            )
            if mask is not None and keras.config.backend() == "jax":
                last, outputs = self._zeros_before_the_first_step(last, outputs, mask)
            return last, outputs, states
        path = engine.choose(self, training)
        return engine.run(path, self, sequences, initial_state, mask, training)

    def _zeros_before_the_first_step(self, last, outputs, mask):
        """Keras's loop on JAX has the first state there, on TensorFlow zeros."""
        mask = ops.cast(mask, "int32")
        if self.go_backwards:
            mask = ops.flip(mask, axis=1)
        begun = ops.expand_dims(ops.cumsum(mask, axis=1) > 0, -1)
        last = ops.where(begun[:, -1], last, ops.zeros_like(last))
        if self.return_sequences:
            return last, ops.where(begun, outputs, ops.zeros_like(outputs))
        return last, last[:, None]

    def _checked_sequences(self, sequences):
        shape: Any = getattr(sequences, "shape", None)
        ragged = hasattr(sequences, "row_splits")
        if ragged or not hasattr(shape, "__len__") or len(shape) != 3:
            kind = type(sequences).__name__
            raise ValueError(
                "`sequences` must be one tensor of shape (batch, time, features). "
                f"Received: sequences of type {kind} and shape {shape}. Of ragged "
                "rows make a padded tensor and a mask: `to_tensor()`, and "
                "`keras.layers.Masking`."
            )
        return ops.cast(sequences, getattr(self.cell, "compute_dtype", "float32"))

    def _checked_states(self, name, states):
        """Returns `states` in the cell's structure, or raises naming what came."""
        flat = tree.flatten(states)
        sizes = tree.flatten(self.state_size)
        shapes = [tuple(state.shape) for state in flat]
        fits = len(flat) == len(sizes) and all(
            len(shape) == 2 and shape[1] in (None, size)
            for shape, size in zip(shapes, sizes, strict=True)
        )
        if not fits:
            names = getattr(self.cell, "state_names", None)
            order = f", in the order [{', '.join(names)}]" if names else ""
            expected = ", ".join(f"(batch, {size})" for size in sizes)
            raise ValueError(
                f"`{name}` must hold {len(sizes)} tensor(s) of shape {expected}"
                f"{order}. Received: {name} of {len(flat)} tensor(s) of shape "
                f"{', '.join(map(str, shapes))}. Pass None to start from the cell's "
                "own initial state."
            )
        if not tree.is_nested(self.state_size[0]):
            return flat
        return tree.pack_sequence_as(self.state_size, flat)

    def reset_state(self, states: Any = None) -> None:
        """Sets the carried states of a stateful layer.

        Args:
            states: a list of arrays, one per state, `(batch, size)` each; None for
                the cell's own initial state.

        Raises:
            ValueError: if `states` does not fit, or the layer is not stateful.
        """
        if self.states is None:
            if states is None:
                return
            raise ValueError(
                "`states` must be None unless the layer is stateful and built. "
                f"Received: states of {len(tree.flatten(states))} tensor(s) "
                f"for {self.name}."
            )
        variables = tree.flatten(self.states)
        if states is None:
            states = self.get_initial_state(variables[0].shape[0])
        else:
            states = self._checked_states(
                "states", tree.map_structure(ops.convert_to_tensor, states)
            )
        for variable, state in zip(variables, tree.flatten(states), strict=True):
            variable.assign(ops.cast(state, variable.dtype))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "zero_output_for_mask": self.zero_output_for_mask,
            "implementation": self.implementation,
            "truncate": self.truncate,
            "checkpoint": self.checkpoint,
            "use_cudnn": self.use_cudnn,
        }


def _check_path(cell, implementation, checkpoint):
    """Raises where an option of the engine could only be dropped in silence."""
    if engine.takes_engine(cell):
        if checkpoint is not None and implementation in ("loop", "hoisted", 0, 1, 2):
            raise ValueError(
                "`checkpoint` must be None where the loop is asked for, which keeps "
                f"every step. Received: checkpoint={checkpoint!r} and "
                f"implementation={implementation!r}. Use implementation='auto'."
            )
        return
    kind = type(cell).__name__
    if checkpoint is not None:
        raise ValueError(
            "`checkpoint` must be None for this cell, of which only a call is known. "
            f"Received: checkpoint={checkpoint!r} and a cell of type {kind}. Take one "
            "cell of the zoo."
        )
    if implementation not in ("auto", "loop", 0, 1, 2):
        raise ValueError(
            "`implementation` must be 'auto' or 'loop' for this cell, of which only a "
            f"call is known. Received: implementation={implementation!r} and a cell of "
            f"type {kind}."
        )
    if hasattr(cell, "is_pure"):
        for name in ("dropout", "recurrent_dropout"):
            if getattr(cell, name, 0):
                raise ValueError(
                    f"`cell` must have no {name} if its class has a `call` of its own: "
                    "it would be drawn anew at every step. Received: cell of type "
                    f"{kind} with {name}={getattr(cell, name)!r}. Override `step` "
                    "instead of `call`."
                )


def _check_not_inside_sequential(layer):
    """Raises if a `keras.Sequential` would give the states to its next layer."""
    frame = inspect.currentframe()
    while frame is not None:
        caller: Any = frame.f_locals.get("self")
        if isinstance(caller, keras.Sequential):
            if layer in caller.layers[:-1]:
                raise ValueError(
                    "`return_state` must be False inside of `keras.Sequential`, whose "
                    "layers give one tensor to the next. Received: return_state=True "
                    f"in {layer.name!r}. Use the functional API: `y, *states = "
                    "layer(x)`."
                )
            return
        frame = frame.f_back


def _of_rows(state, known, rows):
    """A state of one row for every row of a batch, as others are."""
    if None not in (state.shape[0], known) and state.shape[0] not in (1, known):
        raise ValueError(
            f"`initial_state` must have the rows of `sequences`, {known}, or one. "
            f"Received: initial_state of shape {tuple(state.shape)}."
        )
    if state.shape[0] is not None and (state.shape[0] != 1 or known == 1):
        return state
    return ops.broadcast_to(state, (rows, *state.shape[1:]))


def checked_mask(mask, sequences):
    """`mask` as bool `(batch, time)`; raises, naming both shapes, if it is another."""
    if mask is None:
        return None
    if tree.is_nested(mask) and not hasattr(mask, "shape"):
        [mask, *_] = tree.flatten(mask)
        if mask is None:
            return None
    mask = ops.convert_to_tensor(mask)
    shape = tuple(mask.shape)
    if len(shape) == 3 and shape[2] == 1:
        mask = mask[..., 0]
    elif len(shape) == 3 and shape[2] is None:  # fails, when it runs, if it is not 1
        mask = ops.reshape(mask, ops.shape(mask)[:2])
    batch, time = sequences.shape[:2]
    fits = len(mask.shape) == 2 and all(
        a == b or a is None or b is None or (a == 1 and axis == 0)
        for axis, (a, b) in enumerate(zip(mask.shape, (batch, time), strict=True))
    )
    if not fits:
        raise ValueError(
            f"`mask` must be of shape (batch, time) = {(batch, time)}. Received: mask "
            f"of shape {shape} for sequences of shape {tuple(sequences.shape)}."
        )
    mask = ops.cast(mask, "bool")
    if (mask.shape[0], mask.shape[1]) == (batch, time) and None not in (batch, time):
        return mask
    rows, steps = ops.shape(sequences)[:2]
    if None in (mask.shape[1], time):  # fails, when it runs, with another length
        same = ops.reshape(mask, (ops.shape(mask)[0], steps))
        mask = ops.logical_and(mask, same)
    return ops.broadcast_to(mask, (rows, steps))
