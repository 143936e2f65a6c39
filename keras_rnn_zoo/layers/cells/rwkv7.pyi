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

def _from_slow_to_fast(shape: Any, dtype: Any = ...) -> Any: ...

class RWKV7Cell(GatedCell):
    num_heads: int
    rank: int
    use_bias: bool
    def by_head(self, a: Any) -> Any: ...
    def __init__(
        self,
        units: int,
        recurrent_activation: Activation = "sigmoid",
        kernel_initializer: Initializer = "glorot_uniform",
        kernel_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        dropout: float = 0.0,
        num_heads: int = 1,
        rank: int = 16,
        seed: int | None = None,
        *,
        zoneout: Rates = 0.0,
        trainable_initial_state: bool = False,
        implementation: Implementation = 2,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...

class RWKV7(RecurrentLayer):
    cell: RWKV7Cell
    cell_class: type[RWKV7Cell]
    num_heads: int
    rank: int
    def __init__(
        self,
        units: int,
        recurrent_activation: Activation = "sigmoid",
        kernel_initializer: Initializer = "glorot_uniform",
        kernel_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        dropout: float = 0.0,
        num_heads: int = 1,
        rank: int = 16,
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
