"""Written by `python -m tests.stubs --write`."""

from typing import Any, Literal

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.kinds import (
    Activation,
    Constraint,
    DType,
    Implementation,
    Initializer,
    Rates,
    Regularizer,
)

def legendre_memory(size: Any, theta: Any) -> Any: ...

class LMUCell(GatedCell):
    memory_size: int
    theta: float
    memory_initializer: Any
    encoder_initializer: Any
    def __init__(
        self,
        units: int,
        memory_size: int = 32,
        theta: float = 100.0,
        activation: Activation = "tanh",
        use_bias: bool = False,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        recurrent_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        memory_initializer: Initializer = "glorot_uniform",
        encoder_initializer: Initializer = "zeros",
        seed: int | None = None,
        *,
        zoneout: Rates = 0.0,
        trainable_initial_state: bool = False,
        implementation: Implementation = 2,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...

class LMU(RecurrentLayer):
    cell: LMUCell
    cell_class: type[LMUCell]
    memory_size: int
    theta: float
    memory_initializer: Any
    encoder_initializer: Any
    def __init__(
        self,
        units: int,
        memory_size: int = 32,
        theta: float = 100.0,
        activation: Activation = "tanh",
        use_bias: bool = False,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        activity_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        recurrent_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        memory_initializer: Initializer = "glorot_uniform",
        encoder_initializer: Initializer = "zeros",
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
