"""Written by `python -m tests.stubs --write`."""

from typing import Any, Literal

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.kinds import (
    Constraint,
    DType,
    Implementation,
    Initializer,
    Rates,
    Regularizer,
)

def first_steps(seed: Any) -> Any: ...

class S6Cell(GatedCell):
    memory_size: int
    step_rank: int | None
    step_initializer: Any
    @property
    def rank(self) -> int: ...
    def _first_decay(self, shape: Any, dtype: Any = ...) -> Any: ...
    def __init__(
        self,
        units: int,
        memory_size: int = 16,
        step_rank: int | None = None,
        use_bias: bool = False,
        kernel_initializer: Initializer = "glorot_uniform",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        step_initializer: Initializer = "glorot_uniform",
        seed: int | None = None,
        *,
        zoneout: Rates = 0.0,
        trainable_initial_state: bool = False,
        implementation: Implementation = 2,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...

class S6(RecurrentLayer):
    cell: S6Cell
    cell_class: type[S6Cell]
    memory_size: int
    step_rank: int | None
    step_initializer: Any
    def __init__(
        self,
        units: int,
        memory_size: int = 16,
        step_rank: int | None = None,
        use_bias: bool = False,
        kernel_initializer: Initializer = "glorot_uniform",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        activity_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        step_initializer: Initializer = "glorot_uniform",
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
