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

import tensorflow as tf


def read_from(tensor):
    """The steps of a tensor, to be read one by one in a loop."""
    return tf.TensorArray(
        tensor.dtype,
        tf.shape(tensor)[0],
        element_shape=tensor.shape[1:],
        clear_after_read=False,
    ).unstack(tensor)


def of_shapes(tensors, like):
    """The tensors with the static shapes of others, as a loop asks for."""
    return [tf.ensure_shape(t, s.shape) for t, s in zip(tensors, like, strict=True)]


def write(arrays, t, values):
    """The arrays with the values of step t."""
    return [a.write(t, value) for a, value in zip(arrays, values, strict=True)]


class Loops:
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
        return [read_from(t) for t in tensors]

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
            arrays = {name: write(arrays[name], t, now[name]) for name in arrays}
            return t + 1, of_shapes(new_states, states), arrays

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
                "x": write(out["x"], t, delta_x),
                "z": write(out["z"], t, delta_z),
            }
            delta_inside = [a + b for a, b in zip(delta_inside, more, strict=True)]
            if self.truncate:
                delta_s = self._cut(offset + t, delta_s)
            return t - 1, of_shapes(delta_s, deltas), delta_inside, out

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
        return recalling(products, self.form.sums)

    def _cut(self, step, deltas):
        """No gradient from step nk, n = 1, 2, …, to the step before it."""
        stop = (step > 0) & (step % self.truncate == 0)
        return [tf.where(stop, tf.zeros_like(delta), delta) for delta in deltas]

    def of_weights(self, x, weights, constants, masks, kept, delta_z, delta_inside):
        """∂L/∂U = Aᵀ Δ for every product of all steps; the sums of the weights in F."""
        before, products = [[a.stack() for a in arrays] for arrays in kept]
        linears = []
        # Of this graph. In the way back of a `tf.cond` or a `tf.while_loop` a tape does
        # not know a tensor of the way forward again: its gradient would be zero.
        weights = [tf.identity(w) for w in weights]
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


def recalling(products, sums):
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
