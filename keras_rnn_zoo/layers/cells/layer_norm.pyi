"""Written by `python -m tests.stubs --write`."""

from typing import Any, Literal

from keras_rnn_zoo.layers.cells.lstm import ForgetGateCell
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

NORMALISATION: Any

def normalise(a: Any, epsilon: Any) -> Any: ...

class LayerNormLSTMCell(ForgetGateCell):
    gamma_initializer: Any
    epsilon: float
    carry_normalised: bool
    def __init__(
        self,
        units: int,
        activation: Activation = "tanh",
        recurrent_activation: Activation = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        bias_initializer: Initializer = "zeros",
        gamma_initializer: Initializer = "ones",
        unit_forget_bias: bool = True,
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        recurrent_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        epsilon: float = 0.001,
        carry_normalised: bool = False,
        seed: int | None = None,
        *,
        zoneout: Rates = 0.0,
        trainable_initial_state: bool = False,
        norm_epsilon: float = ...,
        norm_gamma_initializer: Initializer = ...,
        implementation: Implementation = 2,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...

class LayerNormLSTM(RecurrentLayer):
    cell: LayerNormLSTMCell
    cell_class: type[LayerNormLSTMCell]
    gamma_initializer: Any
    unit_forget_bias: bool
    epsilon: float
    carry_normalised: bool
    def __init__(
        self,
        units: int,
        activation: Activation = "tanh",
        recurrent_activation: Activation = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        bias_initializer: Initializer = "zeros",
        gamma_initializer: Initializer = "ones",
        unit_forget_bias: bool = True,
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        activity_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        recurrent_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        epsilon: float = 0.001,
        carry_normalised: bool = False,
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
        norm_epsilon: float = ...,
        norm_gamma_initializer: Initializer = ...,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...

class LayerNormGRUCell(GatedCell):
    gamma_initializer: Any
    epsilon: float
    def _normalised(self, a: Any) -> Any: ...
    def __init__(
        self,
        units: int,
        activation: Activation = "tanh",
        recurrent_activation: Activation = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        bias_initializer: Initializer = "zeros",
        gamma_initializer: Initializer = "ones",
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        recurrent_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        epsilon: float = 0.001,
        seed: int | None = None,
        *,
        zoneout: Rates = 0.0,
        trainable_initial_state: bool = False,
        implementation: Implementation = 2,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...

class LayerNormGRU(RecurrentLayer):
    cell: LayerNormGRUCell
    cell_class: type[LayerNormGRUCell]
    gamma_initializer: Any
    epsilon: float
    def __init__(
        self,
        units: int,
        activation: Activation = "tanh",
        recurrent_activation: Activation = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        bias_initializer: Initializer = "zeros",
        gamma_initializer: Initializer = "ones",
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        activity_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        recurrent_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        epsilon: float = 0.001,
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

class LayerNormSimpleRNNCell(GatedCell):
    gamma_initializer: Any
    gamma_regularizer: Any
    gamma_constraint: Any
    epsilon: float
    def __init__(
        self,
        units: int,
        activation: Activation = "tanh",
        use_bias: bool = True,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        bias_initializer: Initializer = "zeros",
        gamma_initializer: Initializer = "ones",
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        gamma_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        recurrent_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        gamma_constraint: Constraint = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        epsilon: float = 0.001,
        seed: int | None = None,
        *,
        zoneout: Rates = 0.0,
        trainable_initial_state: bool = False,
        layernorm_epsilon: float = ...,
        implementation: Implementation = 2,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...

class LayerNormSimpleRNN(RecurrentLayer):
    cell: LayerNormSimpleRNNCell
    cell_class: type[LayerNormSimpleRNNCell]
    gamma_initializer: Any
    gamma_regularizer: Any
    gamma_constraint: Any
    epsilon: float
    def __init__(
        self,
        units: int,
        activation: Activation = "tanh",
        use_bias: bool = True,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        bias_initializer: Initializer = "zeros",
        gamma_initializer: Initializer = "ones",
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        activity_regularizer: Regularizer = None,
        gamma_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        recurrent_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        gamma_constraint: Constraint = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        epsilon: float = 0.001,
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
        layernorm_epsilon: float = ...,
        name: str | None = None,
        dtype: DType = None,
        trainable: bool = True,
    ) -> None: ...
