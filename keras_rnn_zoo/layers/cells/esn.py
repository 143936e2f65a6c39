"""An echo state network: a reservoir that is drawn, and never trained."""

import keras
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class ESNCell(GatedCell):
    """Echo state network: a fixed random network whose states leak.

        h_t = (1 - a) h_{t-1} + a φ(x_t W + h_{t-1} U + b)

    φ is `activation`, a is `leaky`. W, U and b are not trained. U is drawn by
    `recurrent_initializer`, each element is kept with probability `connectivity`, and
    all of it is scaled until its largest eigenvalue has the absolute value
    `spectral_radius`; with `use_norm2` until the root of its sum of squares has, which
    is never below that eigenvalue, and quicker. Row vectors, as in the code. The output
    is h_t.
    When to use it: where a linear reader behind it is all that shall be learned, in one
    regression, as for chaotic time series; the spectral radius and the leak say how far
    back it remembers.

    Reference: Jaeger, 2001, "The 'echo state' approach to analysing and training
    recurrent neural networks", GMD report 148; the leak: Jaeger, Lukoševičius, Popovici
    & Siewert, 2007, "Optimization and applications of echo state networks with leaky-
    integrator neurons", Neural Networks 20(3). Differs from the paper: no feedback from
    the output. Arguments, defaults and `use_norm2` are those of TensorFlow Addons.

    Args:
        connectivity: number in (0, 1]. Share of the elements of U that are not 0.
        leaky: number in (0, 1]. a; 1 is no leak.
        spectral_radius: positive number. Below 1 the first state is forgotten.
        use_norm2: bool. Whether the root of the sum of squares is scaled instead. Other
            arguments: see `GatedCell`; regularizers and constraints do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`, bias `(units,)`;
        none of them is trained.

    Raises:
        TypeError: if `units` is not an integer, or `leaky` is not a number.
        ValueError: if `units` is not positive, or `connectivity` is not in (0, 1].

    Example:
    >>> cell = ESNCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape, len(cell.trainable_weights)
    (TensorShape([2, 3]), 0)
    """

    blocks = ("h",)
    fixed_weights = ("kernel", "recurrent_kernel", "bias")
    extra_arguments = {
        "connectivity": Argument("share", 0.1, after="units"),
        "leaky": Argument("share", 1.0, after="connectivity"),
        "spectral_radius": Argument("positive number", 0.9, after="leaky"),
        "use_norm2": Argument("flag", False, after="spectral_radius"),
        "activation": Argument("activation", "tanh", after="use_bias"),
        "recurrent_initializer": Argument("initializer", "glorot_uniform"),
    }
    without_arguments = (
        *("activation", "recurrent_activation"),  # the first stands elsewhere
        *("kernel_regularizer", "recurrent_regularizer", "bias_regularizer"),
        *("kernel_constraint", "recurrent_constraint", "bias_constraint"),
    )

    def initial_recurrent_kernel(self, shape, dtype=None):
        dtype = dtype or self.variable_dtype
        wide = keras.backend.result_type(dtype, "float32")
        U = ops.cast(super().initial_recurrent_kernel(shape, dtype=dtype), wide)
        drawn = keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)
        U = ops.where(drawn < self.connectivity, U, ops.zeros_like(U))
        if self.use_norm2:
            size = ops.sqrt(ops.sum(ops.square(U)))
        else:
            eigenvalues, _ = ops.eig(U)
            size = ops.cast(ops.max(ops.abs(eigenvalues)), wide)
        scale = self.spectral_radius / ops.where(size > 0, size, ops.ones_like(size))
        return ops.cast(U * scale, dtype)

    def step(self, x, states, u):
        [h] = states
        new = self.activation(u(h, plus=x).h)
        h = (1 - self.leaky) * h + self.leaky * new
        return h, [h]


@register
class ESN(RecurrentLayer):
    """Echo state network over a sequence; equations in `ESNCell`.

    Args: those of `ESNCell` and of `RNN`.

    Example:
    >>> ESN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = ESNCell
