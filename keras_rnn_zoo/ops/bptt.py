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
instead of one small product and one addition for each step. The same holds for biases
and for weights inside F, and the input's part is handed back for all steps at once, so
that ∂L/∂W = Xᵀ ΔX is one product too. Plain automatic differentiation of a loop does
all of this step by step.

Nothing of F is kept from the way forward but the states and the products: F is
computed again, from them, where its vector-Jacobian product is needed.
"""

import dataclasses
import typing

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of a recurrence.

    Attributes:
        run: `run(x, states, weights, constants, product)` returns `(output, states)`.
            `x` is a list of tensors, one step of each sequence; `product(linear, a)`
            must be called for every z = linear(a) with `linear` linear in `a` and a
            function of `weights` and `constants` alone. All else works on the last
            axis only, so that it can take `(batch, size)` and `(time, batch, size)`.
        training: whatever else distinguishes two traces of `run`.
    """

    run: typing.Callable
    training: bool = False


class Anatomy(typing.NamedTuple):
    """What a trial run of a step shows.

    Attributes:
        products: for each product, the size of z.
        output: size of the output.
        output_state: index of the new state that the output is; None if it is none.
        weights_inside: whether F itself, outside of its products, reads weights.
    """

    products: tuple
    output: int
    output_state: int | None
    weights_inside: bool


def anatomy(step, x, states, weights, constants):
    """Traces `step` once, in a graph that is thrown away, and reports its `Anatomy`.

    Args:
        step: a `Step`.
        x: list of `(time, batch, size)` tensors.
        states: list of `(batch, size)` tensors.
        weights: list of tensors.
        constants: list of tensors.
    """
    seen = {}

    def specs(tensors, drop=0):
        return [tf.TensorSpec(t.shape[drop:], t.dtype) for t in tensors]

    def whole(x, states, weights, constants):
        sizes = []

        def product(linear, a):
            z = linear(a)
            sizes.append(z.shape[-1])
            return z

        output, new_states = step.run(x, states, weights, constants, product)
        seen.update(
            sizes=tuple(sizes),
            output=output.shape[-1],
            state=next((i for i, s in enumerate(new_states) if s is output), None),
        )
        return output, new_states

    def without_products(x, states, weights, constants):
        given = iter(seen["sizes"])

        def product(linear, a):
            return tf.zeros((*tf.unstack(tf.shape(a)[:-1]), next(given)), a.dtype)

        results = step.run(x, states, weights, constants, product)
        seen["inside"] = any(weight.consumers() for weight in tf.nest.flatten(weights))
        return results

    arguments = (specs(x, 1), specs(states), specs(weights), specs(constants))
    for trial in (whole, without_products):
        tf.function(trial, autograph=False).get_concrete_function(*arguments)
    return Anatomy(seen["sizes"], seen["output"], seen["state"], seen["inside"])


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
    compiled=False,
):
    """Carries `step` over a sequence, with the gradient above.

    Args:
        step: a `Step`.
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
        compiled: bool. Whether XLA compiles the two passes, for each shape of `x`.

    Returns:
        `(outputs, states)`: `(time, batch, size)`, and the list of last states.
    """
    x, states, weights = list(x), list(states), list(weights)
    constants = list(constants)
    form = anatomy(step, x, states, weights, constants)
    carried = mask is not None and form.output_state is None
    if carried:
        step, form = _carry_output(step, form, len(states))
        batch = tf.shape(states[0])[0]
        states = [*states, tf.zeros((batch, form.output), states[0].dtype)]
    loops = _Loops(step, form, mask is not None, backwards)
    forward, backward = loops.forward, loops.backward
    if compiled:
        forward = tf.function(forward, autograph=False, jit_compile=True)
        backward = tf.function(backward, autograph=False, jit_compile=True)
    if length is None:
        length = tf.shape(x[0])[0]
    masks = [] if mask is None else [mask]

    @tf.custom_gradient
    def run(x, states, weights):
        # What a tape outside watches would have it record the loop as well.
        x, states, weights = tf.nest.map_structure(
            tf.stop_gradient, (x, states, weights)
        )
        outputs, every_state, products = forward(
            length, x, states, weights, constants, masks
        )
        last = [
            _last(s, length, first)
            for s, first in zip(every_state, states, strict=True)
        ]

        def gradient(*deltas):
            delta_outputs, *delta_last = deltas
            known = (x, states, weights, constants, masks, every_state, products)
            return _once(backward)(length, *known, delta_outputs, delta_last)

        return (outputs, *last), gradient

    outputs, *last = run(x, states, weights)
    if carried:
        last = last[:-1]
    elif mask is not None:
        order = _reversed(mask, length) if backwards else mask
        begun = tf.cumsum(tf.cast(order, tf.int32)) > 0
        outputs = tf.where(begun, outputs, tf.zeros_like(outputs))
    return outputs, last


def _once(backward):
    """The way back, with an error instead of a wrong answer when differentiated."""

    @tf.custom_gradient
    def run(*arguments):
        def second(*_):
            raise NotImplementedError(
                "`implementation` must be 'loop' for a second derivative through a "
                "recurrent layer. Received: a gradient of the gradient of "
                "back-propagation through time. Build the layer with "
                'implementation="loop".'
            )

        return backward(*arguments), second

    return run


def _carry_output(step, form, index):
    """The same step with its output as one more state, kept where a step is masked."""

    def run(x, states, weights, constants, product):
        output, new = step.run(x, states[:-1], weights, constants, product)
        return output, [*new, output]

    return dataclasses.replace(step, run=run), form._replace(output_state=index)


def _last(sequence, length, first):
    """The element before `length`; `first` if there is none."""
    index = tf.maximum(length - 1, 0)
    nothing = tf.equal(tf.shape(sequence)[0], 0)
    padded = tf.cond(nothing, lambda: first[None], lambda: sequence)
    return tf.where(length > 0, padded[index], first)


def _write(arrays, t, values):
    return [a.write(t, value) for a, value in zip(arrays, values, strict=True)]


class _Loops:
    """The way forward and the way back for one kind of step."""

    def __init__(self, step, form, masked, backwards):
        self.step = step
        self.form = form
        self.masked = masked
        self.backwards = backwards

    def _array(self, tensor, time, size=None):
        shape = [None, size] if size else tensor.shape
        return tf.TensorArray(
            tensor.dtype, time, element_shape=shape, clear_after_read=False
        )

    def _read_from(self, tensors):
        return [
            tf.TensorArray(
                t.dtype,
                tf.shape(t)[0],
                element_shape=t.shape[1:],
                clear_after_read=False,
            ).unstack(t)
            for t in tensors
        ]

    def _masked_step(self, x, states, weights, constants, mask, product):
        output, new = self.step.run(x, states, weights, constants, product)
        if mask:
            kept = [
                tf.where(mask[0], n, old) for n, old in zip(new, states, strict=True)
            ]
            output, new = kept[self.form.output_state], kept
        return output, list(new)

    def _place(self, t, length):
        return length - 1 - t if self.backwards else t

    def forward(self, length, x, states, weights, constants, masks):
        """Steps 0 … length-1: every output, state and product, by time."""
        time = tf.shape(x[0])[0]
        xs, ms = self._read_from(x), self._read_from(masks)
        like = states[0]
        keep_states = [self._array(s, time) for s in states]
        keep_products = [self._array(like, time, n) for n in self.form.products]
        keep_outputs = (
            []
            if self.form.output_state is not None
            else [self._array(like, time, self.form.output)]
        )

        def body(t, states, keep_states, keep_products, keep_outputs):
            place, products = self._place(t, length), []

            def product(linear, a):
                products.append(linear(a))
                return products[-1]

            output, states = self._masked_step(
                [a.read(place) for a in xs],
                states,
                weights,
                constants,
                [a.read(place) for a in ms],
                product,
            )
            return (
                t + 1,
                states,
                _write(keep_states, t, states),
                _write(keep_products, t, products),
                [k.write(t, output) for k in keep_outputs],
            )

        _, _, keep_states, keep_products, keep_outputs = tf.while_loop(
            lambda t, *_: t < length,
            body,
            (tf.constant(0), states, keep_states, keep_products, keep_outputs),
            maximum_iterations=time,
        )
        every_state = [k.stack() for k in keep_states]
        outputs = [k.stack() for k in keep_outputs]
        if not outputs:
            outputs = [every_state[self.form.output_state]]
        return outputs[0], every_state, [k.stack() for k in keep_products]

    def backward(
        self,
        length,
        x,
        first_states,
        weights,
        constants,
        masks,
        every_state,
        products,
        delta_outputs,
        delta_last,
    ):
        """Steps length-1 … 0 for δs; then everything else for all steps at once."""
        time = tf.shape(x[0])[0]
        before = [
            tf.concat([first[None], s[:-1]], 0)
            for first, s in zip(first_states, every_state, strict=True)
        ]
        xs, ms = self._read_from(x), self._read_from(masks)
        states_before = self._read_from(before)
        zs = self._read_from(products)
        [delta_ys] = self._read_from([delta_outputs])
        out = {
            "x": [self._array(t, time, t.shape[-1]) for t in x],
            "z": [self._array(t, time, t.shape[-1]) for t in products],
            "s": [self._array(t, time) for t in first_states]
            if self.form.weights_inside
            else [],
        }

        def body(t, deltas, out):
            place = self._place(t, length)
            x_t = [a.read(place) for a in xs]
            s_t = [a.read(t) for a in states_before]
            z_t = [a.read(t) for a in zs]
            mask_t = [a.read(place) for a in ms]
            delta_y = delta_ys.read(t)
            with tf.GradientTape() as tape:
                tape.watch([x_t, s_t, z_t])
                output, new_states = self._masked_step(
                    x_t, s_t, weights, constants, mask_t, _recall(z_t)
                )
            delta_x, delta_s, delta_z = tape.gradient(
                [output, *new_states],
                [x_t, s_t, z_t],
                [delta_y, *deltas],
                unconnected_gradients="zero",
            )
            out = {
                "x": _write(out["x"], place, delta_x),
                "z": _write(out["z"], t, delta_z),
                "s": _write(out["s"], t, deltas if out["s"] else []),
            }
            return t - 1, delta_s, out

        _, delta_first, out = tf.while_loop(
            lambda t, *_: t >= 0,
            body,
            (length - 1, delta_last, out),
            maximum_iterations=time,
        )
        delta = {name: [a.stack() for a in arrays] for name, arrays in out.items()}
        delta_weights = self._all_steps_at_once(
            x, before, weights, constants, masks, products, delta, delta_outputs, length
        )
        return delta["x"], delta_first, delta_weights

    def _all_steps_at_once(
        self,
        x,
        before,
        weights,
        constants,
        masks,
        products,
        delta,
        delta_outputs,
        length,
    ):
        """∂L/∂U = Aᵀ Δ for every product, and the gradients of weights inside F."""
        if self.backwards:
            x, masks = [
                [_reversed(t, length) for t in tensors] for tensors in (x, masks)
            ]
        linears = []
        with tf.GradientTape() as tape:
            tape.watch(weights)
            recall = _recall(products)

            def product(linear, a):
                linears.append(linear(tf.stop_gradient(a)))
                return recall(linear, a)

            output, new_states = self._masked_step(
                x, before, weights, constants, masks, product
            )
            targets, deltas = list(linears), list(delta["z"])
            if self.form.weights_inside:
                targets += [output, *new_states]
                deltas += [delta_outputs, *delta["s"]]
        return tape.gradient(targets, weights, deltas, unconnected_gradients="zero")


def _reversed(sequence, length):
    """The first `length` steps in reverse order, the rest where it is."""
    batch = tf.fill([tf.shape(sequence)[1]], length)
    return tf.reverse_sequence(sequence, batch, seq_axis=0, batch_axis=1)


def _recall(products):
    """A `product` that returns stored values, and has the gradient of the real one."""
    stored = iter(products)

    def product(linear, a):
        with tf.GradientTape() as tape:
            tape.watch(a)
            again = linear(a)

        @tf.custom_gradient
        def recalled(_, z):
            def gradient(delta_z):
                return tape.gradient(again, a, delta_z), delta_z

            return tf.identity(z), gradient

        return recalled(a, next(stored))

    return product
