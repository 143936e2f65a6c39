"""The recursion in pieces of a fixed length, which XLA compiles once."""

import tensorflow as tf

from keras_rnn_zoo.ops.bptt.recursion import read_from, write


class Compiled:
    """Both ways as XLA programs, one for every shape of their arguments."""

    def __init__(self, loops):
        self.form = loops.form

        def forward(*arguments):
            outputs, last, kept = loops.forward(*arguments)
            return outputs, last, [[a.stack() for a in arrays] for arrays in kept]

        def arrays_of(kept):
            return [[read_from(t) for t in tensors] for tensors in kept]

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


class Pieces:
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
        """As of `Loops`; what is kept are the results of each piece."""
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
                *[write(a, number, t) for a, t in zip(kept, of_piece, strict=True)],
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
        """As of `Loops`, with the gradients of all weights, of which no δz is left.

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
            return number - 1, deltas, of_weights, write(delta_x, number, delta)

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
