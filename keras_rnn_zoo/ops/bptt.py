"""Back-propagation through time, written out.

One step of a recurrence, for all rows of a batch, has three kinds of terms
(`keras_rnn_zoo.layers.GatedCell` declares them):

    x_t = the input's part           known for every t before the loop starts
    z_k = a_k U_k                    products: linear in a_k, a function of the states
    (y_t, s_t) = F(x_t, s_{t-1}, z)  everything else, element by element

With the loss L and δv = ∂L/∂v, the chain rule through step t reads

    (δx_t, δs_{t-1}, δz_k) = VJP of F at step t, applied to (δy_t, δs_t)
    δa_k = δz_k U_kᵀ                 which adds to δs_{t-1} through a_k(x_t, s_{t-1}, z)

and δs_{t-1} is what the step before it has to wait for: this, and only this, is the
loop. U_k is the same at all steps, so that its gradient is a sum over steps,

    ∂L/∂U_k = Σ_t a_{k,t}ᵀ δz_{k,t} = A_kᵀ Δ_k

with the steps of all rows stacked in A_k and Δ_k: one large product after the loop
instead of one small product and one addition for each step. The same holds for a bias
in it, and the input's part is handed back for all steps at once, so that ∂L/∂W = Xᵀ ΔX
is one product too. Where z = h U + x, δx is δz and need not be written down apart.
Weights inside F are vectors (gains, peepholes): their gradients are added up on the
way. Plain automatic differentiation of a loop does all of this step by step.

Nothing of F is kept from the way forward but the states and the products: F is
computed again, from them, where its vector-Jacobian product is needed.
"""

import itertools
import typing

import tensorflow as tf

from keras_rnn_zoo.ops.derivatives import with_reference
from keras_rnn_zoo.ops.loop import in_loop, in_place, unrolled


class Anatomy(typing.NamedTuple):
    """What a trial run of a step shows.

    Attributes:
        products: for each product, the size of z.
        sums: for each product, whether it is z = a U + x_t with the first x.
        input_inside: whether F reads the first x outside of such sums.
        output: size of the output.
        output_state: index of the new state that the output is; None if it is none.
        weights_inside: for each weight, whether F itself reads it, outside of its
            products.
        weights_read: for each weight, whether the step reads it at all.
    """

    products: tuple
    sums: tuple
    input_inside: bool
    output: int
    output_state: int | None
    weights_inside: tuple
    weights_read: tuple


def anatomy(step, x, states, weights, constants):
    """Traces `step` once, in a graph that is thrown away, and reports its `Anatomy`.

    Args:
        step: as in `bptt`.
        x: list of `(time, batch, size)` tensors.
        states: list of `(batch, size)` tensors.
        weights: list of tensors.
        constants: list of tensors.
    """
    seen = {}

    def specs(tensors, drop=0):
        return [tf.TensorSpec(t.shape[drop:], t.dtype) for t in tensors]

    def whole(x, states, weights, constants):
        sizes, sums = [], []

        def product(linear, a, plus=None):
            z = linear(a)
            sizes.append(z.shape[-1])
            sums.append(plus is not None and plus is x[0])
            return z if plus is None else z + plus

        output, new_states = step(x, states, weights, constants, product)
        seen.update(
            sizes=tuple(sizes),
            sums=tuple(sums),
            output=output.shape[-1],
            state=next((i for i, s in enumerate(new_states) if s is output), None),
            read=tuple(bool(weight.consumers()) for weight in weights),
        )
        return output, new_states

    def without_products(x, states, weights, constants):
        given = iter(zip(seen["sizes"], seen["sums"], strict=True))

        def product(linear, a, plus=None):
            size, is_sum = next(given)
            z = tf.zeros((*tf.unstack(tf.shape(a)[:-1]), size), a.dtype)
            return z if plus is None or is_sum else z + plus

        results = step(x, states, weights, constants, product)
        seen["inside"] = tuple(bool(weight.consumers()) for weight in weights)
        seen["input"] = bool(x[0].consumers())
        return results

    arguments = (specs(x, 1), specs(states), specs(weights), specs(constants))
    for trial in (whole, without_products):
        tf.function(trial, autograph=False).get_concrete_function(*arguments)
    return Anatomy(
        products=seen["sizes"],
        sums=seen["sums"],
        input_inside=seen["input"],
        output=seen["output"],
        output_state=seen["state"],
        weights_inside=seen["inside"],
        weights_read=seen["read"],
    )


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
    sequence = _Sequence(
        step, x, states, weights, constants, mask is not None, truncate, compiled
    )
    masks = [] if mask is None else [mask]
    if backwards:
        end = tf.shape(x[0])[0] if length is None else length
        x, masks = [[_reversed(t, end) for t in list_] for list_ in (x, masks)]
    states = sequence.extend(states)
    outputs, states = sequence.run(length, 0, x, states, weights, constants, masks)
    return sequence.settle(outputs, states, masks)


def checkpointed_bptt(
    step,
    project,
    x,
    states,
    weights,
    constants=(),
    *,
    every,
    last_only=False,
    mask=None,
    backwards=False,
    truncate=None,
    compiled=False,
):
    """`bptt` that keeps the states of every `every`-th step only.

    The sequence is cut into segments. The way forward keeps the states at their
    starts; the way back computes one segment after the other again, the last one
    first, and runs `bptt` on it. That costs one more pass forward, and memory for one
    segment (and for inputs and outputs) instead of the whole sequence.

    Args:
        step: as in `bptt`.
        project: `project(x, weights, constants)` turns a list of inputs into what the
            step reads; it is computed segment by segment as well.
        x: list of `(time, batch, size)` tensors: the inputs.
        states: as in `bptt`.
        weights: list of tensors that `project` and the step read.
        constants: as in `bptt`.
        every: int. Steps in a segment; about the square root of `time` needs least.
        last_only: bool. Returns, and keeps, no output but that of the last step.
        mask: as in `bptt`.
        backwards: as in `bptt`.
        truncate: as in `bptt`.
        compiled: as in `bptt`.

    Returns:
        As `bptt`.
    """
    x, states, weights = list(x), list(states), list(weights)
    constants = list(constants)
    time = tf.shape(x[0])[0]
    masks = [] if mask is None else [mask]
    if backwards:
        x, masks = [[_reversed(t, time) for t in list_] for list_ in (x, masks)]
    few = [t[:1] for t in x]
    sequence = _Sequence(
        step,
        project(few, weights, constants),
        states,
        weights,
        constants,
        mask is not None,
        truncate,
        compiled,
    )

    def count_of(x):
        return -(-tf.shape(x[0])[0] // every)

    def segment(number, x, states, weights):
        place = number * every
        part = [t[place : place + every] for t in masks]
        terms = project(x, weights, constants)
        return sequence.run(None, place, terms, states, weights, constants, part)

    def cut(tensors, number):
        return [t[number * every : (number + 1) * every] for t in tensors]

    def array(tensor, count):
        return tf.TensorArray(
            tensor.dtype,
            count,
            element_shape=[None, *tensor.shape[1:]],
            infer_shape=False,
            clear_after_read=False,
        )

    known = x, sequence.extend(states), weights

    def forward(args, _):
        x, states, weights = tf.nest.pack_sequence_as(known, args)
        batch = tf.shape(states[0])[0]
        like = tf.zeros((1, batch, sequence.form.output), states[0].dtype)
        count = count_of(x)

        def one_segment(number, states, starts, outputs):
            starts = _write(starts, number, states)
            piece, new = segment(number, cut(x, number), states, weights)
            if last_only:
                outputs = tf.ensure_shape(piece[-1:], outputs.shape)
            else:
                outputs = outputs.write(number, piece)
            return number + 1, _of_shapes(new, states), starts, outputs

        _, last, starts, outputs = tf.while_loop(
            lambda number, *_: number < count,
            one_segment,
            (
                0,
                states,
                [array(s, count) for s in states],
                like if last_only else array(like, count),
            ),
            maximum_iterations=count,
        )

        def backward(deltas):
            delta_outputs, *delta_states = deltas
            count = count_of(x)

            def one_segment(number, delta_states, delta_weights, delta_x):
                x_s, s_s = cut(x, number), [a.read(number) for a in starts]
                with tf.GradientTape() as tape:
                    tape.watch([x_s, s_s, weights])
                    piece, ends = segment(number, x_s, s_s, weights)
                if last_only:
                    is_last = tf.cast(number == count - 1, piece.dtype)
                    before = tf.zeros_like(piece[1:])
                    delta_piece = tf.concat([before, is_last * delta_outputs], 0)
                else:
                    [delta_piece] = cut([delta_outputs], number)
                delta = tape.gradient(
                    [piece, *ends],
                    [x_s, s_s, weights],
                    [delta_piece, *delta_states],
                    unconnected_gradients="zero",
                )
                delta_weights = [
                    a + b for a, b in zip(delta_weights, delta[2], strict=True)
                ]
                return (
                    number - 1,
                    _of_shapes(delta[1], delta_states),
                    delta_weights,
                    _write(delta_x, number, delta[0]),
                )

            zeros = [tf.zeros_like(w) for w in weights]
            _, delta_states, delta_weights, delta_x = tf.while_loop(
                lambda number, *_: number >= 0,
                one_segment,
                (count - 1, list(delta_states), zeros, [array(t, count) for t in x]),
                maximum_iterations=count,
                parallel_iterations=1,  # or several segments are computed at once
            )
            return [*(a.concat() for a in delta_x), *delta_states, *delta_weights]

        return [outputs if last_only else outputs.concat(), *last], backward

    others = constants, masks

    def reference(args, rest):
        x, states, weights = tf.nest.pack_sequence_as(known, args)
        constants, masks = tf.nest.pack_sequence_as(others, rest)
        terms = project(x, weights, constants)
        outputs, *last = sequence.plain(
            None, 0, terms, states, weights, constants, masks
        )
        return [outputs[-1:] if last_only else outputs, *last]

    args, rest = tf.nest.flatten(known), tf.nest.flatten(others)
    again = not compiled
    outputs, *states = with_reference(forward, reference, args, rest, again)
    if last_only:
        any_step = [tf.reduce_any(m, axis=0, keepdims=True) for m in masks]
        return sequence.settle(outputs, states, any_step)
    return sequence.settle(outputs, states, masks)


class _Sequence:
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
        self.loops = _Loops(step, form, truncate)
        if compiled:
            self.loops = _Compiled(self.loops)
        if compiled and compiled is not True:
            self.loops = _Pieces(self.loops, compiled)

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
                output = new[self.form.output_state]
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


def _read_from(tensor):
    return tf.TensorArray(
        tensor.dtype,
        tf.shape(tensor)[0],
        element_shape=tensor.shape[1:],
        clear_after_read=False,
    ).unstack(tensor)


def _of_shapes(tensors, like):
    """The tensors with the static shapes of others, as a loop asks for."""
    return [tf.ensure_shape(t, s.shape) for t, s in zip(tensors, like, strict=True)]


def _write(arrays, t, values):
    return [a.write(t, value) for a, value in zip(arrays, values, strict=True)]


class _Loops:
    """The way forward and the way back for one kind of step."""

    def __init__(self, step, form, truncate):
        self.step = step
        self.form = form
        self.truncate = truncate

    def _array(self, tensor, time, size=None):
        shape = [None, size or tensor.shape[-1]]
        return tf.TensorArray(
            tensor.dtype, time, element_shape=shape, clear_after_read=False
        )

    def _read_from(self, tensors):
        return [_read_from(t) for t in tensors]

    def _masked_step(self, x, states, weights, constants, mask, product):
        output, new = self.step(x, states, weights, constants, product)
        if mask:
            kept = [
                tf.where(mask[0], n, old) for n, old in zip(new, states, strict=True)
            ]
            output, new = kept[self.form.output_state], kept
        return output, list(new)

    def forward(self, length, x, first_states, weights, constants, masks):
        """Steps 0 … length-1.

        Returns:
            `(outputs, last states, kept)`: the outputs by time; for the way back, the
            states before each step and the products, in arrays by time.
        """
        time = tf.shape(x[0])[0]
        xs, ms = self._read_from(x), self._read_from(masks)
        like = first_states[0]
        arrays = {
            "before": [self._array(s, time) for s in first_states],
            "products": [self._array(like, time, n) for n in self.form.products],
            "outputs": [self._array(like, time, self.form.output)],
        }

        def body(t, states, arrays):
            products = []
            x_t = [a.read(t) for a in xs]

            def product(linear, a, plus=None):
                z = linear(a)
                if self.form.sums[len(products)]:
                    z, plus = z + plus, None
                products.append(z)
                return z if plus is None else z + plus

            output, new_states = self._masked_step(
                x_t,
                states,
                weights,
                constants,
                [a.read(t) for a in ms],
                product,
            )
            now = {"before": states, "products": products, "outputs": [output]}
            arrays = {name: _write(arrays[name], t, now[name]) for name in arrays}
            return t + 1, _of_shapes(new_states, states), arrays

        _, last, arrays = tf.while_loop(
            lambda t, *_: t < length,
            body,
            (tf.constant(0), list(first_states), arrays),
            maximum_iterations=time,
        )
        [outputs] = arrays.pop("outputs")
        kept = arrays["before"], arrays["products"]
        return outputs.stack(), last, kept

    def backward(
        self,
        length,
        offset,
        x,
        weights,
        constants,
        masks,
        kept,
        delta_outputs,
        delta_last,
    ):
        """Steps length-1 … 0.

        Returns:
            `(δx, δs_0, δz, gradients of the weights inside F)`.
        """
        states_before, zs = kept
        time = tf.shape(x[0])[0]
        xs, ms = self._read_from(x), self._read_from(masks)
        if not self.form.input_inside:
            nothing = tf.zeros_like(x[0][0])
            xs[0] = None
        [delta_ys] = self._read_from([delta_outputs])
        out = {
            "x": [
                self._array(t, time, t.shape[-1])
                for t, array in zip(x, xs, strict=True)
                if array
            ],
            "z": [self._array(delta_outputs, time, n) for n in self.form.products],
        }
        inside = [
            w
            for w, is_in in zip(weights, self.form.weights_inside, strict=True)
            if is_in
        ]

        def body(t, deltas, delta_inside, out):
            x_t = [a.read(t) if a else nothing for a in xs]
            s_t = [a.read(t) for a in states_before]
            z_t = [a.read(t) for a in zs]
            mask_t = [a.read(t) for a in ms]
            delta_y = delta_ys.read(t)
            with tf.GradientTape() as tape:
                tape.watch([x_t, s_t, z_t, inside])
                output, new_states = self._masked_step(
                    x_t, s_t, weights, constants, mask_t, self._recall(z_t)
                )
            delta_x, delta_s, delta_z, more = tape.gradient(
                [output, *new_states],
                [x_t, s_t, z_t, inside],
                [delta_y, *deltas],
                unconnected_gradients="zero",
            )
            if not self.form.input_inside:
                del delta_x[0]
            out = {
                "x": _write(out["x"], t, delta_x),
                "z": _write(out["z"], t, delta_z),
            }
            delta_inside = [a + b for a, b in zip(delta_inside, more, strict=True)]
            if self.truncate:
                delta_s = self._cut(offset + t, delta_s)
            return t - 1, _of_shapes(delta_s, deltas), delta_inside, out

        _, delta_first, delta_inside, out = tf.while_loop(
            lambda t, *_: t >= 0,
            body,
            (length - 1, delta_last, [tf.zeros_like(w) for w in inside], out),
            maximum_iterations=time,
        )
        delta = {name: [a.stack() for a in arrays] for name, arrays in out.items()}
        # z = a U + x: what comes back to z has come back to x.
        of_sums = [
            d for d, is_sum in zip(delta["z"], self.form.sums, strict=True) if is_sum
        ]
        if not self.form.input_inside:
            delta["x"].insert(0, of_sums.pop() if of_sums else tf.zeros_like(x[0]))
        for more in of_sums:
            delta["x"][0] += more
        return delta["x"], delta_first, delta["z"], delta_inside

    def _recall(self, products):
        return _recall(products, self.form.sums)

    def _cut(self, step, deltas):
        """No gradient from step nk, n = 1, 2, …, to the step before it."""
        stop = (step > 0) & (step % self.truncate == 0)
        return [tf.where(stop, tf.zeros_like(delta), delta) for delta in deltas]

    def of_weights(self, x, weights, constants, masks, kept, delta_z, delta_inside):
        """∂L/∂U = Aᵀ Δ for every product of all steps; the sums of the weights in F."""
        before, products = [[a.stack() for a in arrays] for arrays in kept]
        linears = []
        with tf.GradientTape() as tape:
            tape.watch(weights)
            recall = self._recall(products)

            def product(linear, a, plus=None):
                linears.append(linear(tf.stop_gradient(a)))
                return recall(linear, a, plus)

            self._masked_step(x, before, weights, constants, masks, product)
        gradients = tape.gradient(
            linears, weights, delta_z, unconnected_gradients="zero"
        )
        delta_inside = iter(delta_inside)
        return [
            g + next(delta_inside) if is_in else g
            for g, is_in in zip(gradients, self.form.weights_inside, strict=True)
        ]


class _Compiled:
    """Both ways as XLA programs, one for every shape of their arguments."""

    def __init__(self, loops):
        self.form = loops.form

        def forward(*arguments):
            outputs, last, kept = loops.forward(*arguments)
            return outputs, last, [[a.stack() for a in arrays] for arrays in kept]

        def arrays_of(kept):
            return [[_read_from(t) for t in tensors] for tensors in kept]

        def backward(length, offset, x, weights, constants, masks, kept, *deltas):
            known = (x, weights, constants, masks, arrays_of(kept))
            return loops.backward(length, offset, *known, *deltas)

        def of_weights(x, weights, constants, masks, kept, *deltas):
            known = (x, weights, constants, masks, arrays_of(kept))
            return loops.of_weights(*known, *deltas)

        self.forward, self.backward, self.of_weights = (
            tf.function(way, autograph=False, jit_compile=True)
            for way in (forward, backward, of_weights)
        )


class _Pieces:
    """Both ways in pieces of n steps, the last of which may be shorter."""

    def __init__(self, loops, size):
        self.loops = loops
        self.size = size

    def _piece(self, tensors, number):
        """Steps number·n … number·n + n - 1, with zeros behind the end."""
        return [self._padded(t, number * self.size) for t in tensors]

    def _padded(self, tensor, place):
        piece = tensor[place : place + self.size]
        missing = self.size - tf.shape(piece)[0]
        behind = [[0, missing], *[[0, 0]] * (tensor.shape.rank - 1)]
        # A piece that is whole is not copied.
        piece = tf.cond(missing > 0, lambda: tf.pad(piece, behind), lambda: piece)
        return tf.ensure_shape(piece, [self.size, *tensor.shape[1:]])

    def _array(self, size, dtype, count):
        return tf.TensorArray(
            dtype,
            count,
            element_shape=[self.size, None, size],
            clear_after_read=False,
        )

    def _joined(self, array, time):
        """The first `time` steps of all pieces."""
        pieces = array.stack()
        shape = tf.shape(pieces)
        return tf.reshape(pieces, [-1, shape[2], pieces.shape[3]])[:time]

    def _counts(self, length):
        return tf.maximum(-(-length // self.size), 1)

    def forward(self, length, x, first_states, weights, constants, masks):
        """As of `_Loops`; what is kept are the results of each piece."""
        count = self._counts(length)
        form, dtype = self.loops.form, first_states[0].dtype
        sizes = [s.shape[-1] for s in first_states]

        def body(number, states, outputs, *kept):
            output, states, of_piece = self.loops.forward(
                tf.minimum(length - number * self.size, self.size),
                self._piece(x, number),
                states,
                weights,
                constants,
                self._piece(masks, number),
            )
            return (
                number + 1,
                states,
                outputs.write(number, output),
                *[_write(a, number, t) for a, t in zip(kept, of_piece, strict=True)],
            )

        _, last, outputs, *kept = tf.while_loop(
            lambda number, *_: number < count,
            body,
            (
                tf.constant(0),
                list(first_states),
                self._array(form.output, dtype, count),
                [self._array(n, dtype, count) for n in sizes],
                [self._array(n, dtype, count) for n in form.products],
            ),
            maximum_iterations=count,
        )
        return self._joined(outputs, tf.shape(x[0])[0]), last, kept

    def backward(
        self,
        length,
        offset,
        x,
        weights,
        constants,
        masks,
        kept,
        delta_outputs,
        delta_last,
    ):
        """As of `_Loops`, with the gradients of all weights, of which no δz is left.

        The products of one piece do not hold up the loop of the next.
        """
        count = self._counts(length)

        def body(number, deltas, of_weights, delta_x):
            place = number * self.size
            known = (
                self._piece(x, number),
                weights,
                constants,
                self._piece(masks, number),
                [[a.read(number) for a in arrays] for arrays in kept],
            )
            delta, deltas, *rest = self.loops.backward(
                tf.minimum(length - place, self.size),
                offset + place,
                *known,
                self._padded(delta_outputs, place),
                deltas,
            )
            more = self.loops.of_weights(*known, *rest)
            of_weights = [a + b for a, b in zip(of_weights, more, strict=True)]
            return number - 1, deltas, of_weights, _write(delta_x, number, delta)

        arrays = [self._array(t.shape[-1], t.dtype, count) for t in x]
        zeros = [tf.zeros_like(w) for w in weights]
        _, deltas, of_weights, arrays = tf.while_loop(
            lambda number, *_: number >= 0,
            body,
            (count - 1, list(delta_last), zeros, arrays),
            maximum_iterations=count,
        )
        time = tf.shape(x[0])[0]
        return [self._joined(a, time) for a in arrays], deltas, of_weights

    def of_weights(self, x, weights, constants, masks, kept, of_weights):
        """What `backward` has added up."""
        return of_weights


def _reversed(sequence, length):
    """The first `length` steps in reverse order, the rest where it is."""
    batch = tf.fill([tf.shape(sequence)[1]], length)
    return tf.reverse_sequence(sequence, batch, seq_axis=0, batch_axis=1)


def _recall(products, sums):
    """A `product` that returns stored values, and has the gradient of the real one.

    But for the x of a sum, which gets its gradient after the loop.
    """
    stored = iter(zip(products, sums, strict=True))

    def product(linear, a, plus=None):
        stored_z, is_sum = next(stored)
        with tf.GradientTape() as tape:
            tape.watch(a)
            again = linear(a)

        @tf.custom_gradient
        def recalled(_, z):
            def gradient(delta_z):
                return tape.gradient(again, a, delta_z), delta_z

            return tf.identity(z), gradient

        z = recalled(a, stored_z)
        return z if plus is None or is_sum else z + plus

    return product
