"""What one kind of step is made of: its terms, products, states and weights."""

import typing

import tensorflow as tf


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
