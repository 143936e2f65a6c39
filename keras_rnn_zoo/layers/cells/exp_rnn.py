"""A recurrence that turns its state and neither shrinks nor stretches it."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.ops.expm import expm


@register
class SkewBlocks(keras.initializers.Initializer):
    """Angles s above the diagonal, for a skew matrix of blocks [[0, s], [-s, 0]].

    exp of such a matrix turns each pair of units by its angle.

    Args:
        form: "henaff": s is even over [-π, π] (Henaff et al., 2016); "cayley": s is
            -√((1 - cos u) / (1 + cos u)) with u even over [0, π / 2] (Helfrich et al.,
            2018).
        seed: int, None, or a Keras seed generator.

    Raises:
        ValueError: if `form` is none of the two.

    Example:
    >>> SkewBlocks(seed=0)((4, 4)).numpy().nonzero()
    (array([0, 2]), array([1, 3]))
    """

    def __init__(self, form: str = "henaff", seed: int | None = None) -> None:
        if form not in ("henaff", "cayley"):
            raise ValueError(
                f"`form` must be 'henaff' or 'cayley'. Received: form={form!r}."
            )
        self.form, self.seed = form, seed

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        high = np.pi if self.form == "henaff" else np.pi / 2
        low = -np.pi if self.form == "henaff" else 0.0
        pairs = shape[0] // 2
        s = keras.random.uniform((pairs,), low, high, dtype=dtype, seed=self.seed)
        if self.form == "cayley":
            s = -ops.sqrt((1 - ops.cos(s)) / (1 + ops.cos(s)))
        places = np.arange(pairs)[:, None] * 2 + [[0, 1]]
        return ops.scatter(places, s, shape)

    def get_config(self) -> dict[str, Any]:
        return {"form": self.form, "seed": self.seed}


@register
class ExpRNNCell(GatedCell):
    """expRNN: a simple recurrent network whose recurrent matrix is orthogonal.

        U = exp(A - Aᵀ), A the part of P above the diagonal
        z_t = x_t W + h_{t-1} U
        h_t = sign(z_t) ⊙ max(|z_t| + b, 0)               modReLU

    recurrent_kernel is P, from which U is made once a sequence: whatever gradient
    descent does to P, U stays orthogonal. Row vectors, as in the code. The output is
    h_t.
    When to use it: dependencies over hundreds of steps; along h the gradient keeps its
    length where b is 0. Give P a tenth of the learning rate. U costs some 30 products
    of matrices for a sequence.

    Reference: Lezcano-Casado & Martínez-Rubio, 2019, "Cheap Orthogonal Constraints in
    Neural Networks: A Simple Parametrization of the Orthogonal and Unitary Group",
    https://arxiv.org/abs/1901.08428. Differs from the paper: nothing; the base point of
    exp is the identity, and stays there.
    The determinant of U is 1.

    Args:
        recurrent_initializer: initializer of P; `SkewBlocks()` by default.
        bias_initializer: initializer of b; even over [-0.01, 0.01] by default. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`, bias `(units,)`.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = ExpRNNCell(3, recurrent_initializer=SkewBlocks("cayley"))
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> h.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    without_arguments = ("activation", "recurrent_activation")
    extra_arguments = {
        "recurrent_initializer": Argument("initializer", "keras_rnn_zoo>SkewBlocks"),
        "bias_initializer": Argument(
            "initializer",
            {
                "class_name": "RandomUniform",
                "config": {"minval": -0.01, "maxval": 0.01},
            },
        ),
    }

    def derived(self, w):
        above = ops.triu(w.recurrent_kernel, 1)
        return {"recurrent_kernel": expm(above - ops.transpose(above))}

    def split_bias(self, bias):
        return None, None  # b is in the modReLU

    def step(self, x, states, u):
        [h] = states
        z = u(h, plus=x).tensor
        size = ops.abs(z) + u.bias if self.use_bias else ops.abs(z)
        h = ops.sign(z) * ops.relu(size)
        return h, [h]


@register
class ExpRNN(RecurrentLayer):
    """expRNN over a sequence; equations in `ExpRNNCell`.

    Args: those of `ExpRNNCell` and of `RNN`.

    Example:
    >>> ExpRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = ExpRNNCell
