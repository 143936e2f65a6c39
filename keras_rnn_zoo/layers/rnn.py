"""The layer that carries a cell through a sequence."""

import contextlib

import keras
from keras import ops, tree

from keras_rnn_zoo.layers import engine
from keras_rnn_zoo.layers.arguments import positive_integer
from keras_rnn_zoo.layers.registry import register


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

    def call(self, inputs, states, training=False):
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
            `"auto"`: what `keras_rnn_zoo.layers.engine` has found to be fastest.
            Keras's 1 and 2 mean the loop.
        truncate: int k, or None. Truncated back-propagation through time: states flow
            on, but no gradient flows from step nk to the step before it. For streams,
            use it with `stateful`, whose states bring no gradient either.
        checkpoint: int, or None. Keeps only every so many states in training and
            computes the steps between them again on the way back: memory for one more
            pass forward. Not for the loop.
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
        ValueError: if `implementation` or `use_cudnn` is none of the above; if
            `initial_state` does not hold one tensor per state, of the state's width.

    Example:
    >>> RNN(GRUCell(4), return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 4])
    """

    def __init__(
        self,
        cell,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        zero_output_for_mask=False,
        *,
        implementation="auto",
        truncate=None,
        checkpoint=None,
        use_cudnn="auto",
        **kwargs,
    ):
        if implementation not in engine.IMPLEMENTATIONS or isinstance(
            implementation, bool
        ):
            raise ValueError(
                f"`implementation` must be one of {engine.IMPLEMENTATIONS}. "
                f"Received: implementation={implementation!r}."
            )
        if truncate is not None:
            truncate = positive_integer("truncate", truncate)
        if checkpoint is not None:
            checkpoint = positive_integer("checkpoint", checkpoint)
        if use_cudnn not in ("auto", True, False):
            raise ValueError(
                "`use_cudnn` must be 'auto', True or False. "
                f"Received: use_cudnn={use_cudnn!r}."
            )
        if isinstance(cell, list | tuple):
            cell = StackedRNNCells(cell)
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            zero_output_for_mask=zero_output_for_mask,
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

    def call(self, sequences, initial_state=None, mask=None, training=False):
        if initial_state is not None:
            initial_state = self._checked_states("initial_state", initial_state)
        return super().call(
            sequences, initial_state=initial_state, mask=mask, training=training
        )

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if tree.is_nested(mask):
            mask = mask[0]
        if hasattr(self.cell, "with_zoneout_masks"):
            sequences = self.cell.with_zoneout_masks(sequences, training)
        with self._masks_for_one_call(ops.shape(sequences)[0], training):
            path = engine.choose(self, training)
            if path == "loop":
                return self._loop(sequences, initial_state, mask, training)
            if path == "hoisted":
                with engine.hoisted(self.cell, sequences, training) as terms:
                    return self._loop(terms, initial_state, mask, training)
            return engine.run(path, self, sequences, initial_state, mask, training)

    def _loop(self, sequences, initial_state, mask, training):
        if self.truncate:
            return engine.truncated_loop(self, sequences, initial_state, mask, training)
        if self.unroll:
            return self._unrolled(sequences, initial_state, mask, training)
        last, outputs, states = super().inner_loop(
            sequences, initial_state, mask, training
        )
        if mask is not None and keras.config.backend() == "jax":
            last, outputs = self._zeros_before_the_first_step(last, outputs, mask)
        return last, outputs, states

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

    def _unrolled(self, sequences, states, mask, training):
        """The loop written out: `(last_output, outputs, states)`."""
        steps = list(range(sequences.shape[1]))
        if self.go_backwards:
            steps.reverse()
        step = engine.step_function(self.cell, training)
        outputs, output = [], None
        for t in steps:
            new_output, new_states = step(sequences[:, t], states)
            if mask is None:
                output, states = new_output, new_states
            else:
                keep = ops.expand_dims(ops.cast(mask[:, t], "bool"), -1)
                before = ops.zeros_like(new_output) if output is None else output
                if self.zero_output_for_mask:
                    before = ops.zeros_like(new_output)
                output = ops.where(keep, new_output, before)
                states = tree.map_structure(
                    lambda new, old, keep=keep: ops.where(keep, new, old),
                    new_states,
                    list(states),
                )
            outputs.append(output)
        if not self.return_sequences:
            outputs = outputs[-1:]
        return output, ops.stack(outputs, axis=1), states

    @contextlib.contextmanager
    def _masks_for_one_call(self, batch_size, training):
        with contextlib.ExitStack() as stack:
            for cell in getattr(self.cell, "cells", [self.cell]):
                if hasattr(cell, "masks_for_one_call"):
                    stack.enter_context(cell.masks_for_one_call(batch_size, training))
            yield

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

    def reset_state(self, states=None):
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

    def get_config(self):
        return {
            **super().get_config(),
            "zero_output_for_mask": self.zero_output_for_mask,
            "implementation": self.implementation,
            "truncate": self.truncate,
            "checkpoint": self.checkpoint,
        }
