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

def _even(low: Any, high: Any) -> Any: ...
def _signs(shape: Any, dtype: Any = ...) -> Any: ...
def _nothing_changed(shape: Any, dtype: Any = ...) -> Any: ...

class LTCCell(GatedCell):
    unfolds: int
    use_bias: bool
    def currents(self, a: Any, w: Any, name: str) -> Any: ...
    def __init__(
        self,
        units: int,
        recurrent_activation: Activation = "sigmoid",
        kernel_initializer: Initializer = ...,
        recurrent_initializer: Initializer = ...,
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        recurrent_constraint: Constraint = None,
        dropout: float = 0.0,
        unfolds: int = 6,
        seed: int | None = None,
        *,
        zoneout: Rates = 0.0,
        trainable_initial_state: bool = False,
        implementation: Implementation = 2,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...

class LTC(RecurrentLayer):
    cell: LTCCell
    cell_class: type[LTCCell]
    unfolds: int
    def __init__(
        self,
        units: int,
        recurrent_activation: Activation = "sigmoid",
        kernel_initializer: Initializer = ...,
        recurrent_initializer: Initializer = ...,
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        recurrent_constraint: Constraint = None,
        dropout: float = 0.0,
        unfolds: int = 6,
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
