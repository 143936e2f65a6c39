"""What the arguments of cells and layers may be, in words that type checkers read."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

#: A name that Keras knows, a config, a function or object; None for none.
Activation: TypeAlias = str | dict[str, Any] | Callable[..., Any] | None
Initializer: TypeAlias = str | dict[str, Any] | Callable[..., Any] | None
Regularizer: TypeAlias = str | dict[str, Any] | Callable[..., Any] | None
Constraint: TypeAlias = str | dict[str, Any] | Callable[..., Any] | None

#: One for all states, or one for each.
Rates: TypeAlias = float | Sequence[float]

#: A name, such as `"mixed_float16"`, or a policy; None for Keras's own.
DType: TypeAlias = Any

#: How a sequence is computed; see `RNN`.
Implementation: TypeAlias = Literal[
    0, 1, 2, "auto", "loop", "hoisted", "graph", "xla", "native", "cudnn"
]
