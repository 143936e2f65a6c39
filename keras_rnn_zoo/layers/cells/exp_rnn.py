"""A recurrence that turns its state and neither shrinks nor stretches it."""

from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.ops.expm import expm


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
