"""A function with a fast gradient of its own, and right derivatives of every order."""

import tensorflow as tf

_BITS = {2: tf.int16, 4: tf.int32, 8: tf.int64}


def with_reference(forward, reference, args, others=(), again=True):
    """Computes a function whose first derivative is written by hand.

    What a hand-written way back does cannot be differentiated again: it would give
    zeros, or nothing. Here the derivative of the derivative is that of `reference`, so
    that Jacobians of gradients, gradient penalties and forward-mode derivatives are
    those of the plain computation, and cost as much.

    Args:
        forward: `forward(args, others)` returns `(results, backward)`, where
            `backward(deltas)`, of one delta for each result, is a list of gradients,
            one for each of `args`.
        reference: `reference(args, others)` returns the same results, differentiable
            by TensorFlow. It reads no other tensor: derivatives of derivatives are
            traced in graphs that see none.
        args: list of float tensors.
        others: list of tensors that have no gradient.
        again: bool. False refuses derivatives of derivatives, in words: for programs of
            XLA in a graph, which TensorFlow cannot run beside them.

    Returns:
        list of tensors.
    """
    count, known = len(args), len(args) + len(others)

    @tf.custom_gradient
    def first(*given):
        # What watches from outside would have it record the way forward as well.
        results, backward = forward(_unwatched(given[:count]), list(given[count:]))

        def gradient(*deltas):
            # Rows picked from a result come back as IndexedSlices.
            deltas = map(tf.convert_to_tensor, deltas)
            return *second(*given, *deltas), *[None] * len(others)

        @tf.custom_gradient
        def second(*given):
            gradients = backward(_unwatched(given[known:]))

            def gradient(*deltas):
                args, rest = list(given[:count]), list(given[count:known])
                try:
                    if not again:
                        raise ValueError("XLA's loops are differentiated once")
                    both = of_reference(args, rest, list(given[known:]), list(deltas))
                except (TypeError, ValueError, LookupError) as error:
                    raise NotImplementedError(
                        '`implementation` must be "loop" for this derivative of a '
                        "derivative through a recurrent layer, which TensorFlow "
                        f"cannot take otherwise. Received: {error}"
                    ) from error
                return *both[:count], *[None] * len(rest), *both[count:]

            return gradients, gradient

        return results, gradient

    # Not with tapes, which forward-mode differentiation has stopped by then.
    @tf.function(autograph=False)
    def of_reference(args, rest, deltas, more):
        """The derivative of the reference's derivative, along `more`."""
        options = {"unconnected_gradients": "zero"}
        gradients = tf.gradients(reference(args, rest), args, deltas, **options)
        return tf.gradients(gradients, [*args, *deltas], more, **options)

    return list(first(*args, *others))


def _unwatched(tensors):
    """The same values, of which neither a tape nor an accumulator outside knows.

    `stop_gradient` is not enough: forward-mode accumulators take it for a function of
    derivative zero, and under two tapes functions of its results are made ready to be
    differentiated again, which XLA's cannot be.
    """
    return [tf.bitcast(tf.bitcast(t, _BITS[t.dtype.size]), t.dtype) for t in tensors]
