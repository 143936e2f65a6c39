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

def held_for_a_step(w: Any, dt: Any) -> Any: ...

class S4DCell(GatedCell):
    num_pairs: int
    min_step: float
    max_step: float
    def _first_frequency(self, shape: Any, dtype: Any = ...) -> Any: ...
    def __init__(
        self,
        units: int,
        num_pairs: int = 32,
        use_bias: bool = False,
        kernel_initializer: Initializer = "glorot_uniform",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        min_step: float = 0.001,
        max_step: float = 0.1,
        seed: int | None = None,
        *,
        zoneout: Rates = 0.0,
        trainable_initial_state: bool = False,
        implementation: Implementation = 2,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...

class S4D(RecurrentLayer):
    cell: S4DCell
    cell_class: type[S4DCell]
    num_pairs: int
    min_step: float
    max_step: float
    def __init__(
        self,
        units: int,
        num_pairs: int = 32,
        use_bias: bool = False,
        kernel_initializer: Initializer = "glorot_uniform",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        activity_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        min_step: float = 0.001,
        max_step: float = 0.1,
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
