"""One sequence: its outputs, its last states, and their gradients."""

import itertools
from typing import Any

import tensorflow as tf

from keras_rnn_zoo.ops.bptt.anatomy import anatomy
from keras_rnn_zoo.ops.bptt.pieces import Compiled, Pieces
from keras_rnn_zoo.ops.bptt.recursion import Loops
from keras_rnn_zoo.ops.derivatives import with_reference
from keras_rnn_zoo.ops.loop import in_loop, in_place, unrolled


def bptt(
    step,
    x,
    states,
    weights,
    constants=(),
    *,
    mask=None,
    length=None,
    backwards=False,
    truncate=None,
    compiled=False,
):
    """Carries `step` over a sequence, with the gradient above.

    Args:
        step: `step(x, states, weights, constants, product)` returns `(output, states)`.
            `x` is a list of tensors, one step of each sequence; `product(linear, a)`
            must be called for every z = linear(a) with `linear` linear in `a` and a
            function of `weights` and `constants` alone; `product(linear, a, plus)` adds
            `plus`, and is cheaper than a sum outside if that is the first of `x`. All
            else works on the last axis only, so that it can take `(batch, size)` and
            `(time, batch, size)`.
        x: list of `(time, batch, size)` tensors: what the step reads, time first.
        states: list of `(batch, size)` tensors, s_0.
        weights: list of tensors that the step reads and that get gradients.
        constants: list of tensors that the step reads and that get none.
        mask: bool `(time, batch, 1)`, or None. At False the states are kept, and the
            output before is repeated, which is zero before the first step.
        length: int32 scalar: the number of steps, when it is less than `time`. What
            lies behind is neither read nor written (outputs are zero there).
        backwards: bool. Reads the sequence from its last step; outputs come in the
            order in which they are computed.
        truncate: int k, or None: truncated back-propagation. States flow on, but no
            gradient flows from step nk to the step before it, n = 1, 2, …
        compiled: whether XLA compiles the two passes. True: once for each shape of `x`.
            An int n: passes over n steps, which a loop around them repeats, so that
            they are compiled once for each batch size, whatever the length.

    Returns:
        `(outputs, states)`: `(time, batch, size)`, and the list of last states.
    """
    x, states, constants = list(x), list(states), list(constants)
    sequence = Sequence(
        step, x, states, weights, constants, mask is not None, truncate, compiled
    )
    masks = [] if mask is None else [mask]
    if backwards:
        end = tf.shape(x[0])[0] if length is None else length
        x, masks = [[reversed_steps(t, end) for t in list_] for list_ in (x, masks)]
    states = sequence.extend(states)
    outputs, states = sequence.run(length, 0, x, states, weights, constants, masks)
    return sequence.settle(outputs, states, masks)


class Sequence:
    """One kind of step with all that does not depend on a sequence's values."""

    def __init__(self, step, x, states, weights, constants, masked, truncate, compiled):
        form = anatomy(step, x, states, weights, constants)
        self.carried = masked and form.output_state is None
        if self.carried:
            step, form = _carry_output(step, form, len(states))
        self.form = form
        self.step = step
        self.truncate = truncate
        self.compiled = bool(compiled)
        self.loops = Loops(step, form, truncate)
        if compiled:
            self.loops = Compiled(self.loops)
        if compiled and compiled is not True:
            self.loops = Pieces(self.loops, compiled)

    def extend(self, states):
        """The states, with the output before the first step as one more if needed."""
        if not self.carried:
            return list(states)
        shape = (tf.shape(states[0])[0], self.form.output)
        return [*states, tf.zeros(shape, states[0].dtype)]

    def settle(self, outputs, states, masks):
        """Takes off what `extend` put on; zeros before the first unmasked step."""
        if self.carried:
            return outputs, list(states)[:-1]
        for mask in masks:
            begun = tf.cumsum(tf.cast(mask, tf.int32)) > 0
            outputs = tf.where(begun, outputs, tf.zeros_like(outputs))
        return outputs, list(states)

    def run(self, length, offset, x, states, weights, constants, masks):
        """`(outputs, last states)`; step 0 is number `offset` of the whole sequence.

        A `length` of None is that of `x`.
        """
        is_read = self.form.weights_read
        read = list(itertools.compress(weights, is_read))
        known = list(x), list(states), read
        lengths = [] if length is None else [tf.convert_to_tensor(length)]
        others = lengths, tf.convert_to_tensor(offset), list(constants), list(masks)

        def of(args):
            x, states, read = tf.nest.pack_sequence_as(known, args)
            given = iter(read)
            # A weight that the step does not read gets no gradient.
            pairs = zip(weights, is_read, strict=True)
            return x, states, [next(given) if needed else w for w, needed in pairs]

        def length_of(x):
            return tf.shape(x[0])[0] if length is None else length

        def forward(args, _):
            x, states, weights = of(args)
            outputs, last, kept = self.loops.forward(
                length_of(x), x, states, weights, constants, masks
            )

            def backward(deltas):
                delta_outputs, *delta_last = deltas
                known = (x, weights, constants, masks, kept)
                # Not the number of the way forward: a graph of derivatives of
                # derivatives does not see it.
                delta_x, delta_first, *rest = self.loops.backward(
                    length_of(x), offset, *known, delta_outputs, delta_last
                )
                of_weights = self.loops.of_weights(*known, *rest)
                return [
                    *delta_x,
                    *delta_first,
                    *itertools.compress(of_weights, is_read),
                ]

            return [outputs, *last], backward

        def reference(args, rest):
            lengths, *rest = tf.nest.pack_sequence_as(others, rest)
            offset, constants, masks = rest
            length = lengths[0] if lengths else None
            return self.plain(length, offset, *of(args), constants, masks)

        args, rest = tf.nest.flatten(known), tf.nest.flatten(others)
        again = not self.compiled
        outputs, *last = with_reference(forward, reference, args, rest, again)
        return outputs, last

    def plain(self, length, offset, x, states, weights, constants, masks):
        """As `run`, by the loop that TensorFlow differentiates."""

        def step(t, x, states):
            if self.truncate:
                t = offset + t
                stop = (t > 0) & (t % self.truncate == 0)
                states = [tf.where(stop, tf.stop_gradient(s), s) for s in states]
            *x, mask = x if masks else (*x, None)
            output, new = self.step(x, states, weights, constants, in_place)
            if mask is not None:
                new = [tf.where(mask, n, s) for n, s in zip(new, states, strict=True)]
                place: Any = self.form.output_state  # masks are for those that have one
                output = new[place]
            return output, list(new)

        given = [*x, *masks] if length is None else [t[:length] for t in (*x, *masks)]
        # Written out where that can be: a loop cannot be vectorised for a Jacobian.
        carry = in_loop if given[0].shape[0] is None else unrolled
        outputs, last = carry(step, given, states, self.form.output)
        if length is not None:
            missing = tf.shape(x[0])[0] - length
            outputs = tf.pad(outputs, [[0, missing], [0, 0], [0, 0]])
        return [outputs, *last]


def _carry_output(step, form, index):
    """The same step with its output as one more state, kept where a step is masked."""

    def run(x, states, weights, constants, product):
        output, new = step(x, states[:-1], weights, constants, product)
        return output, [*new, output]

    return run, form._replace(output_state=index)


def reversed_steps(sequence, length):
    """The first `length` steps in reverse order, the rest where it is."""
    batch = tf.fill([tf.shape(sequence)[1]], length)
    return tf.reverse_sequence(sequence, batch, seq_axis=0, batch_axis=1)
