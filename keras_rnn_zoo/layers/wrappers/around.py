"""Ways past a cell: its input is added to its output, or mixed with it by a gate."""

from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers.core.arguments import checked
from keras_rnn_zoo.layers.core.kinds import Initializer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import matmul, value_of
from keras_rnn_zoo.layers.core.wrapper import CellWrapper


class _PastTheCell(CellWrapper):
    """Base: output and input are of one width, and are brought together."""

    def build(self, input_shape: Any) -> None:
        width = self.output_size
        if input_shape[-1] != width:
            raise ValueError(
                f"`cell` of {type(self).__name__} must be as wide as its input. "
                f"Received: cell of output width {width} for an input of shape "
                f"{tuple(input_shape)}. Put a Dense({width}) before it."
            )
        super().build(input_shape)


@register
class ResidualCell(_PastTheCell):
    """A cell with its input added to its output.

        h_t, s_t = cell(x_t, s_{t-1})
        y_t = h_t + x_t

    The output is y_t; the states are the cell's, which never sees the sum.
    When to use it: in stacks of four and more layers, whose gradients then reach the
    lowest one whatever the layers between them do.

    Reference: Wu et al., 2016, "Google's Neural Machine Translation System",
    https://arxiv.org/abs/1609.08144, section 3.1. Differs from the paper: nothing.

    Args:
        cell: a cell instance, as wide as its input.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: `(batch, features)`, in the cell's compute dtype.
        states: those of the cell.
        training: bool. As of the cell.

    Returns:
        `(y, states)`, y of shape `(batch, features)`.

    Weights: those of the cell.

    Raises:
        TypeError: if `cell` is no cell instance.
        ValueError: if the cell is of another width than its input; if a cell of which
            only a call is known has dropout.

    Example:
    >>> RNN([ResidualCell(GRUCell(3)), ResidualCell(LSTMCell(3))])(
    ...     np.zeros((2, 5, 3))).shape
    TensorShape([2, 3])
    """

    def around(self, inputs: Any, output: Any) -> Any:
        return output + ops.cast(inputs, output.dtype)

    def terms(self, inputs: Any, w: Any) -> Any:
        return self.cell.terms(inputs, w).also(**{self.named("past"): inputs})

    def advance(self, x: Any, states: Any, u: Any, keep: Any = None) -> Any:
        h, states = self.cell.advance(x, states, u, keep)
        return h + getattr(x, self.named("past")), states


@register
class HighwayCell(_PastTheCell):
    """A cell whose output and input are mixed by a gate that reads the input.

        h_t, s_t = cell(x_t, s_{t-1})
        T_t = σ(x_t W_T + b_T)
        y_t = T_t ⊙ h_t + (1 - T_t) ⊙ x_t

    σ is the logistic function. The output is y_t; the states are the cell's.
    When to use it: as `ResidualCell`, where each unit is to learn how much of the input
    it lets pass; b_T below 0 begins with most of it.

    Reference: Srivastava, Greff & Schmidhuber, 2015, "Highway Networks",
    https://arxiv.org/abs/1505.00387, eq. (3). Differs from the paper: the layer that is
    passed by is a recurrent cell, as in Zhang et al., 2016,
    https://arxiv.org/abs/1510.08983, whose gate also reads the memories.

    Args:
        cell: a cell instance, as wide as its input.
        transform_bias: number. First value of b_T.
        kernel_initializer: initializer of W_T.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: `(batch, features)`, in the cell's compute dtype.
        states: those of the cell.
        training: bool. As of the cell.

    Returns:
        `(y, states)`, y of shape `(batch, features)`.

    Weights: those of the cell, transform_kernel `(features, features)`, transform_bias
        `(features,)`.

    Raises:
        TypeError: if `cell` is no cell instance, or `transform_bias` no number.
        ValueError: as of `ResidualCell`.

    Example:
    >>> RNN(HighwayCell(GRUCell(3)))(np.zeros((2, 5, 3))).shape
    TensorShape([2, 3])
    """

    def __init__(
        self,
        cell: Any,
        transform_bias: float = -1.0,
        kernel_initializer: Initializer = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, **kwargs)
        self.first_transform_bias = checked("number", "transform_bias", transform_bias)
        self.kernel_initializer = checked(
            "initializer", "kernel_initializer", kernel_initializer
        )

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        width = input_shape[-1]
        self.transform_kernel = self.add_weight(
            shape=(width, width),
            name="transform_kernel",
            initializer=self.kernel_initializer,
        )
        self.transform_bias = self.add_weight(
            shape=(width,),
            name="transform_bias",
            initializer=keras.initializers.Constant(self.first_transform_bias),
        )

    def own_values(self) -> Any:
        return {"W_T": self.transform_kernel, "b_T": self.transform_bias}

    def around(self, inputs: Any, output: Any) -> Any:
        x = ops.cast(inputs, output.dtype)
        W, b = (value_of(one, x.dtype) for one in self.own_values().values())
        t = ops.sigmoid(matmul(x, W) + b)
        return t * output + (1 - t) * x

    def terms(self, inputs: Any, w: Any) -> Any:
        W, b = (getattr(w, self.named(name)) for name in ("W_T", "b_T"))
        t = ops.sigmoid(matmul(inputs, W) + b)
        more = {self.named("past"): inputs, self.named("transform"): t}
        return self.cell.terms(inputs, w).also(**more)

    def advance(self, x: Any, states: Any, u: Any, keep: Any = None) -> Any:
        h, states = self.cell.advance(x, states, u, keep)
        x_t, t = (getattr(x, self.named(name)) for name in ("past", "transform"))
        return t * h + (1 - t) * x_t, states

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "transform_bias": self.first_transform_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
