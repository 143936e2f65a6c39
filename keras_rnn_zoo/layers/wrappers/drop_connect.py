"""A cell that loses some of its recurrent weights in training."""

from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers.core.arguments import checked
from keras_rnn_zoo.layers.core.engine import takes_engine
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import value_of
from keras_rnn_zoo.layers.core.wrapper import CellWrapper


@register
class DropConnect(CellWrapper):
    """A cell some of whose recurrent weights are dropped in training.

        U' = U ⊙ m / (1 - p) in training, U' = U else;  m_jk = 0 with probability p
        y_t, s_t = cell(x_t, s_{t-1}) with U' in the place of U

    m is drawn once a call of the layer, the same for all its steps and rows. A cell
    that makes a matrix of U, as `ExpRNNCell` does, makes it of U'.
    When to use it: language models that learn their training text by heart: it leaves
    the states alone, and costs nothing a step.

    Reference: Merity, Keskar & Socher, 2017, "Regularizing and Optimizing LSTM Language
    Models", https://arxiv.org/abs/1708.02182, section 2; Wan et al., 2013,
    "Regularization of Neural Networks using DropConnect", ICML. Differs from the
    papers: nothing of AWD-LSTM; Wan et al. draw a mask for every row.

    Args:
        cell: a cell instance of the zoo, with a recurrent kernel.
        rate: float in [0, 1). p.
        seed: int or None. Seed of the masks.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: `(batch, features)`.
        states: those of the cell.
        training: bool. Called by itself, or in `keras.layers.RNN`, it draws a mask at
            every step, and warns of it: `keras_rnn_zoo.RNN` draws one a sequence.

    Returns:
        Output and states of the cell.

    Weights: those of the cell.

    Raises:
        TypeError: if `cell` is no cell instance, or `rate` no number.
        ValueError: if `rate` is out of its range; if the cell has no recurrent kernel,
            or only its call is known, as of Keras's cells.

    Example:
    >>> layer = RNN(DropConnect(LSTMCell(4), 0.5, seed=1))
    >>> x = np.ones((2, 5, 3))
    >>> bool(np.allclose(layer(x, training=True)[0], layer(x, training=True)[1]))
    False
    """

    def __init__(
        self, cell: Any, rate: float = 0.5, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(cell, **kwargs)
        self.rate = checked("rate", "rate", rate)
        self.seed = checked("seed", "seed", seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        if not takes_engine(cell) or _recurrent_shape(cell) is None:
            raise ValueError(
                "`cell` must be a cell of the zoo with a recurrent kernel. Received: "
                f"cell of type {type(cell).__name__}. Take for example "
                "`keras_rnn_zoo.LSTMCell`."
            )

    @property
    def draws_masks(self) -> bool:
        return bool(self.rate) or super().draws_masks

    def all_weights(self, values: Any = None, training: bool = False) -> Any:
        if not training or not self.rate:
            return super().all_weights(values, training=training)
        if values is None:
            variables = self.own_weights
            values = {w.name: value_of(w, self.compute_dtype) for w in variables}
        U = values["recurrent_kernel"]
        ones = ops.ones(U.shape, dtype=U.dtype)
        mask = keras.random.dropout(ones, self.rate, seed=self.seed_generator)
        values = {**values, "recurrent_kernel": U * mask}
        return super().all_weights(values, training=training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


def _recurrent_shape(cell):
    while isinstance(cell, CellWrapper):
        cell = cell.cell
    return getattr(cell, "recurrent_shape", None)
