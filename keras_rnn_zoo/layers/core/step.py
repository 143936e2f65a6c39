"""What a step is given: the terms of its input, its weights, and products with them.

A cell is a function of these and of its states, and keeps nothing of a call. Whoever
carries it through time (a plain loop, back-propagation through time, a kernel) makes
them and chooses how a product is computed.
"""

import typing
import warnings

import keras
import tensorflow as tf
from keras import ops

from keras_rnn_zoo.ops.loop import in_place


class Weight(typing.NamedTuple):
    """A weight of a cell beyond kernel, recurrent_kernel and bias.

    Attributes:
        name: str. The step reads it as `u.<name>`, the terms as `w.<name>`.
        shape: tuple of int.
        initializer: a Keras initializer.
        regularizer: a Keras regularizer, or None.
        constraint: a Keras constraint, or None.
        trainable: bool. Whether training changes it.
    """

    name: str
    shape: tuple
    initializer: object = "zeros"
    regularizer: object = None
    constraint: object = None
    trainable: bool = True


class Draws(typing.NamedTuple):
    """What chance decides for one call of a layer, drawn before the first step.

    Attributes:
        inputs: `(masks, batch, features)`, the dropout mask of the input: one for all
            blocks, or one for each; None: nothing is dropped.
        states: `(masks, batch, size)`, the same for what U multiplies.
        keep: `(batch, time, sum of sizes)`, 1 where zoneout keeps an element of a state
            at a step; None outside of training, where the states are mixed.
    """

    inputs: object = None
    states: object = None
    keep: object = None


class Blocks:
    """Blocks side by side in one tensor, and what else a step reads, by name.

    `x.f` is block "f"; iterating gives the blocks in order.

    Args:
        sizes: dict from the name of a block to its width, in order.
        tensor: `(…, sum of sizes)`.
        others: dict from a name to a tensor `(…, size)`.

    Example:
    >>> x = Blocks({"f": 1, "h": 2}, np.ones((4, 3)), {"inputs": np.zeros((4, 5))})
    >>> x.h.shape, x.inputs.shape
    (TensorShape([4, 2]), (4, 5))
    """

    def __init__(self, sizes, tensor, others=None):
        self.sizes = sizes
        self.tensor = tensor
        self.others = others or {}
        self._parts = None

    def also(self, **others):
        """The same with more named tensors."""
        return Blocks(self.sizes, self.tensor, {**self.others, **others})

    def tensors(self):
        """All tensors of it, the blocks first: what an engine cuts into steps."""
        return [self.tensor, *self.others.values()]

    def with_tensors(self, tensors):
        """The same names for other tensors, in the order of `tensors`."""
        tensor, *others = tensors
        return Blocks(self.sizes, tensor, dict(zip(self.others, others, strict=True)))

    def __iter__(self):
        return iter(self._split().values())

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self.sizes:
            return self._split()[name]
        if name in self.others:
            return self.others[name]
        known = ", ".join([*self.sizes, *self.others])
        raise AttributeError(f"There is no term {name!r}, only {known}.")

    def _split(self):
        if self._parts is None:
            names, widths = list(self.sizes), list(self.sizes.values())
            parts = [self.tensor]
            if len(names) > 1:
                same = len(set(widths)) == 1
                ends = [sum(widths[:k]) for k in range(1, len(widths))]
                parts = ops.split(self.tensor, len(names) if same else ends, axis=-1)
            self._parts = dict(zip(names, parts, strict=True))
        return self._parts


class Products:
    """One side of a cell's weights: products by block, and further weights by name.

        u(a)         a U + d for all blocks, as `Blocks`
        u(a, plus=x) the same with the terms x of the input added: cheaper than outside
        u.f(a)       block "f" alone
        u.product(a, u.V)  with another matrix
        u.gamma      a further weight, or one that the cell derives

    As what `GatedCell.terms` reads, it is the input's side: w(x) is x W + b.

    Args:
        sizes: dict from the name of a block of the matrix to its width, in order.
        matrix: str. Name of the matrix in `weights`.
        weights: dict from names to tensors.
        bias: callable that returns what is added to the product, or None.
        mask: dropout mask of what is multiplied, as in `Draws`, or None.
        carry_out: `carry_out(linear, a, plus)`, which an engine puts in the place of
            `linear(a) + plus`; `plus` may be None.
        training: bool.
    """

    def __init__(
        self, sizes, matrix, weights, bias, mask=None, carry_out=None, training=False
    ):
        self._sizes = sizes
        self._matrix = matrix
        self._weights = weights
        self._bias = bias
        self._mask = mask
        self._carry_out = carry_out or in_place
        self.training = training

    def __call__(self, a, blocks=None, plus=None):
        """(a ⊙ mask) U + d, as `Blocks`.

        Args:
            a: `(…, rows of U)`.
            blocks: names of neighbouring blocks; None for all.
            plus: `Blocks` of the same widths to add, or None.
        """
        names = list(self._sizes)
        chosen = names if blocks is None else list(blocks)
        first = names.index(chosen[0])
        last = first + len(chosen)
        if names[first:last] != chosen:
            raise ValueError(
                f"`blocks` must be neighbours in {names}. Received: blocks={chosen}."
            )
        sizes = {name: self._sizes[name] for name in chosen}

        def linear(a):
            z = self._masked_product(a, first, last)
            bias = self._bias()
            return z if bias is None else ops.add(z, self._columns(bias, first, last))

        plus = None if plus is None else plus.tensor
        return Blocks(sizes, self._carry_out(linear, a, plus))

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._sizes:
            return lambda a: self(a, [name]).tensor
        if name in self._weights:
            return self._weights[name]
        known = ", ".join([*self._sizes, *self._weights])
        raise AttributeError(f"There is no block or weight {name!r}, only {known}.")

    def blocks(self, tensor):
        """A tensor of this side's blocks, as `Blocks`."""
        return Blocks(self._sizes, tensor)

    def product(self, a, matrix):
        """Returns a V: a product with another matrix than this side's own."""
        return self._carry_out(lambda a: matmul(a, matrix), a, None)

    def apart(self):
        """`(products, bias)`: the same without what they add, and that, or None."""
        bare = Products.__new__(type(self))
        vars(bare).update(vars(self), _bias=lambda: None)
        return bare, self._bias()

    def dropped(self, a):
        """`a` under this side's dropout, where no matrix multiplies it."""
        return a if self._mask is None else a * self._mask[0]

    def _masked_product(self, a, first, last):
        columns = self._columns(self._weights[self._matrix], first, last)
        mask = self._mask
        if mask is None:
            return matmul(a, columns)
        if mask.shape[0] == 1:
            return matmul(a * mask[0], columns)
        parts = Blocks(dict(list(self._sizes.items())[first:last]), columns)
        places = zip(range(first, last), parts, strict=True)
        return ops.concatenate([matmul(a * mask[k], part) for k, part in places], -1)

    def _columns(self, matrix, first, last):
        """The columns of some blocks; the whole, unsliced, where that is all."""
        widths = list(self._sizes.values())
        start, stop = sum(widths[:first]), sum(widths[:last])
        if stop - start == matrix.shape[-1]:
            return matrix
        return matrix[..., start:stop]


def matmul(a, matrix):
    """Returns a W, over the last axis: one product for all steps if `a` has several."""
    if len(a.shape) == 2:
        return ops.matmul(a, matrix)
    shape = ops.shape(a)
    rows = ops.matmul(ops.reshape(a, (-1, a.shape[-1])), matrix)
    return ops.reshape(rows, (*shape[:-1], matrix.shape[-1]))


def value_of(variable, dtype):
    """The value of a variable, or a tensor, as a tensor of a dtype; read once."""
    value = variable.value if isinstance(variable, keras.Variable) else variable
    if keras.config.backend() == "tensorflow":
        return tf.cast(tf.convert_to_tensor(value), dtype)
    return ops.convert_to_tensor(value, dtype=dtype)


def warn_of_masks(cell):
    """Warns that a call of a cell by itself keeps no mask for the next step."""
    warnings.warn(
        f"A {type(cell).__name__} that is called by itself, or in keras.layers.RNN, "
        "draws new dropout masks at every step. Carry it through the sequence in a "
        "keras_rnn_zoo.RNN, which draws them once.",
        stacklevel=3,
    )
