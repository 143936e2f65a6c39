"""A cell in which input and state are multiplied where they were added."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_rnn_zoo.layers.core.arguments import checked
from keras_rnn_zoo.layers.core.base import GatedCell
from keras_rnn_zoo.layers.core.kinds import Initializer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Blocks, Products
from keras_rnn_zoo.layers.core.wrapper import CellWrapper, checked_cell
from keras_rnn_zoo.ops.checks import is_number


@register
class MultiplicativeIntegration(CellWrapper):
    """A cell in which input and state are multiplied where they were added.

        x_t W + h U + b  becomes  α ⊙ (x_t W) ⊙ (h U) + β1 ⊙ (h U) + β2 ⊙ (x_t W) + b

    for every block of the cell's equations that has both; h is what the cell multiplies
    by U, as r_t ⊙ h_{t-1} in a GRU. Row vectors.
    When to use it: sequences in which what a symbol means depends on the state; three
    vectors more than the cell, and no product.

    Reference: Wu, Zhang, Zhang, Bengio & Salakhutdinov, 2016, "On Multiplicative
    Integration with Recurrent Neural Networks", https://arxiv.org/abs/1606.06630, eq.
    (3) and (4). Differs from the paper: it takes any cell, not the simple one, the LSTM
    and the GRU alone.

    Args:
        cell: a cell instance of the zoo that reads x_t W + b and h U as their sum
            only, as `SimpleRNNCell`, `LSTMCell`, `PeepholeLSTMCell`,
            `GRUCell(reset_after=False)`.
        alpha_initializer: initializer of α; a number for a constant.
        beta1_initializer: initializer of β1; a number for a constant.
        beta2_initializer: initializer of β2; a number for a constant.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: `(batch, features)`.
        states: those of the cell.
        training: bool. As of the cell.

    Returns:
        Output and states of the cell.

    Weights: those of the cell, and alpha, beta1, beta2, as wide as its recurrent kernel
        each, in blocks as there.

    Raises:
        TypeError: if `cell` is no cell instance.
        ValueError: if the cell reads the two otherwise than as a sum, if it has no
            recurrent kernel, or if only its call is known, as of Keras's cells.

    Example:
    >>> layer = RNN(MultiplicativeIntegration(LSTMCell(4)))
    >>> layer(np.zeros((2, 5, 3))).shape
    TensorShape([2, 4])
    """

    def __init__(
        self,
        cell: Any,
        alpha_initializer: Initializer | float = 1.0,
        beta1_initializer: Initializer | float = 0.5,
        beta2_initializer: Initializer | float = 0.5,
        **kwargs: Any,
    ) -> None:
        checked_cell("cell", cell)
        if reason := _why_no_sum(cell):
            raise ValueError(
                "`cell` must be a cell of the zoo that reads x W + b and h U as their "
                f"sum only. Received: cell of type {type(cell).__name__}, {reason}."
            )
        super().__init__(cell, **kwargs)
        given = {
            "alpha": alpha_initializer,
            "beta1": beta1_initializer,
            "beta2": beta2_initializer,
        }
        self.initializers = {
            name: checked("initializer", f"{name}_initializer", _constant(value))
            for name, value in given.items()
        }

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        width = self.cell.recurrent_kernel.shape[-1]
        for name, initializer in self.initializers.items():
            weight = self.add_weight(shape=(width,), name=name, initializer=initializer)
            setattr(self, name, weight)

    def own_values(self) -> Any:
        return {name: getattr(self, name) for name in self.initializers}

    def terms(self, inputs: Any, w: Any) -> Any:
        w, bias = w.apart()
        a = self.cell.terms(inputs, w)
        alpha, beta1, beta2 = (getattr(w, self.named(k)) for k in self.initializers)
        wide = _names(self.cell)
        both = ops.concatenate([getattr(a, name) for name in wide], -1)
        scaled = self._by_block(beta2 * both)
        tensor = ops.concatenate(
            [scaled.get(name, block) for name, block in zip(a.sizes, a, strict=True)],
            -1,
        )
        tensor = tensor if bias is None else tensor + bias
        gain = {self.named("gain"): alpha * both + beta1}
        return Blocks(a.sizes, tensor, a.others).also(**gain)

    def _by_block(self, tensor):
        sizes = {name: self.cell.block_size(name) for name in _names(self.cell)}
        return dict(zip(sizes, Blocks(sizes, tensor), strict=True))

    def advance(self, x: Any, states: Any, u: Any, keep: Any = None) -> Any:
        gain = self._by_block(getattr(x, self.named("gain")))
        return self.cell.advance(x, states, _Scaled(u, gain), keep)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            **{
                f"{name}_initializer": keras.initializers.serialize(initializer)
                for name, initializer in self.initializers.items()
            },
        }


class _Scaled(Products):
    """`Products` of the states, each block times a gain; the bias is added after."""

    _gain: Any
    _added: Any

    def __init__(self, products, gain):
        apart, bias = products.apart()
        vars(self).update(vars(apart), _gain=gain, _added=bias)

    def __call__(self, a, blocks=None, plus=None):
        z = super().__call__(a, blocks)
        gains = [self._gain[name] for name in z.sizes]
        gain = gains[0] if len(gains) == 1 else ops.concatenate(gains, -1)
        tensor = z.tensor * gain
        if self._added is not None:
            names = list(self._sizes)
            first = names.index(next(iter(z.sizes)))
            last = first + len(z.sizes)
            tensor = tensor + self._columns(self._added, first, last)
        return Blocks(z.sizes, tensor if plus is None else tensor + plus.tensor)


def _names(cell):
    return list(cell.blocks if cell.recurrent_blocks is None else cell.recurrent_blocks)


def _constant(value):
    if is_number(value):
        return keras.initializers.Constant(float(value))
    return value


def _why_no_sum(cell):
    """What keeps a cell from being a function of x W + b + h U; None if nothing does.

    It is tried: what is taken from the one and added to the other must not be seen.
    """
    if not isinstance(cell, GatedCell) or not cell.is_pure:
        return "of which only a call is known"
    if cell.recurrent_shape is None or len(cell.recurrent_shape) != 2:
        return "which has no matrix U"
    if type(cell).terms is not GatedCell.terms:
        return "which has terms of its own"
    if not set(_names(cell)) <= set(cell.blocks):
        return "whose blocks of U are not among those of W"
    with tf.init_scope():
        seen = _seen_apart(cell)
    return "which also reads one of them alone" if seen else None


def _seen_apart(cell):
    config = {**cell.get_config(), "name": None, "dtype": "float32"}
    for key in ("kernel_initializer", "recurrent_initializer"):
        if key in config:  # quicker than orthogonal ones
            config[key] = "random_normal"
    rng = np.random.default_rng(0)

    def normal(*shape):
        return ops.convert_to_tensor(rng.normal(size=shape), dtype="float32")

    cell = type(cell).from_config(config)
    cell.build((None, 1))
    states = [normal(1, size) for size in cell.state_sizes]
    shift = {k: normal(1, cell.block_size(k)) for k in _names(cell)}
    weights = {k: normal(*value.shape) for k, value in cell.all_weights().items()}
    u = cell.of_states(weights)
    terms = cell.terms(
        ops.convert_to_tensor([[1.0]], "float32"), cell.of_input(weights)
    )
    moved = ops.concatenate(
        [
            block - shift.get(name, 0)
            for name, block in zip(terms.sizes, terms, strict=True)
        ],
        -1,
    )
    moved = Blocks(terms.sizes, moved, terms.others)
    one = cell.advance(terms, states, u)
    other = cell.advance(moved, states, _Shifted(u, shift))
    pairs = zip([one[0], *one[1]], [other[0], *other[1]], strict=True)
    return not all(np.allclose(a, b, 1e-3, 1e-3) for a, b in pairs)


class _Shifted(Products):
    """`Products` of the states, something added to each block."""

    _shift: Any

    def __init__(self, products, shift):
        vars(self).update(vars(products), _shift=shift)

    def __call__(self, a, blocks=None, plus=None):
        z = super().__call__(a, blocks, plus)
        shift = [self._shift[name] for name in z.sizes]
        return Blocks(z.sizes, z.tensor + ops.concatenate(shift, -1))
