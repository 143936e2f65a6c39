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

class LRUCell(GatedCell):
    memory_size: int
    min_radius: float
    max_radius: float
    max_phase: float
    def _first_decay(self, shape: Any, dtype: Any = ...) -> Any: ...
    def _first_phase(self, shape: Any, dtype: Any = ...) -> Any: ...
    def _first_gain(self, shape: Any, dtype: Any = ...) -> Any: ...
    def __init__(
        self,
        units: int,
        memory_size: int = 32,
        use_bias: bool = False,
        kernel_initializer: Initializer = "glorot_uniform",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        min_radius: float = 0.0,
        max_radius: float = 1.0,
        max_phase: float = 6.283185307179586,
        seed: int | None = None,
        *,
        zoneout: Rates = 0.0,
        trainable_initial_state: bool = False,
        implementation: Implementation = 2,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...

class LRU(RecurrentLayer):
    cell: LRUCell
    cell_class: type[LRUCell]
    memory_size: int
    min_radius: float
    max_radius: float
    max_phase: float
    def __init__(
        self,
        units: int,
        memory_size: int = 32,
        use_bias: bool = False,
        kernel_initializer: Initializer = "glorot_uniform",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        activity_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        min_radius: float = 0.0,
        max_radius: float = 1.0,
        max_phase: float = 6.283185307179586,
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
