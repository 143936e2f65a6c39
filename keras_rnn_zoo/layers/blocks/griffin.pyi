"""Written by `python -m tests.stubs --write`."""

from typing import Any, Literal

from keras_rnn_zoo.layers.cells.rglru import RGLRUCell
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.kinds import (
    Activation,
    Constraint,
    DType,
    Implementation,
    Initializer,
    Rates,
    Regularizer,
)

class GriffinBlock(Any):
    def __init__(
        self, recurrent_units: int | None = ..., expansion: int = ..., window: int = ..., heads: int = ..., dropout: float = ..., return_state: bool = ..., stateful: bool = ..., implementation: Any = ..., **kwargs: Any
    ) -> None: ...

class GriffinRecurrentCell(RGLRUCell):
    recurrent_units: int | None
    window: int
    heads: int
    @property
    def width(self) -> int: ...
    def __init__(
        self,
        units: int,
        recurrent_units: int | None = None,
        window: int = 4,
        heads: int = 1,
        activation: Activation = "gelu",
        recurrent_activation: Activation = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Initializer = "glorot_uniform",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        seed: int | None = None,
        *,
        zoneout: Rates = 0.0,
        trainable_initial_state: bool = False,
        implementation: Implementation = 2,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...

class GriffinRecurrent(RecurrentLayer):
    cell: GriffinRecurrentCell
    cell_class: type[GriffinRecurrentCell]
    recurrent_units: int | None
    window: int
    heads: int
    def __init__(
        self,
        units: int,
        recurrent_units: int | None = None,
        window: int = 4,
        heads: int = 1,
        activation: Activation = "gelu",
        recurrent_activation: Activation = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Initializer = "glorot_uniform",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        activity_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: bool | Literal["auto"] = "auto",
        *,
        zoneout: Rates = 0.0,
        trainable_initial_state: bool = False,
        zero_output_for_mask: bool = False,
        implementation: Implementation = "auto",
        truncate: int | None = None,
        checkpoint: int | None = None,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...
