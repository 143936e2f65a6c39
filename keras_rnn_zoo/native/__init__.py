"""Recurrent kernels in C++ for the CPU, compiled at first use where a compiler is.

A layer calls `start_building(dtype)` when it is built and asks `supports(cell, dtype)`
where it is traced; `rnn` computes. Neither of the first two raises, whatever a machine
lacks. `writer.write` is the whole loop in which an encoder-decoder writes.
"""

from keras_rnn_zoo.native.build import (
    DTYPES,
    WAIT_SECONDS,
    NativeBuildError,
    NativeStatus,
    clean,
    load,
    start_building,
    status,
)
from keras_rnn_zoo.native.context import (
    compiles_with_xla,
    holds_native_ops,
    may_run_here,
)
from keras_rnn_zoo.native.kernels import CELLS, rnn, supports

__all__ = [
    "CELLS",
    "DTYPES",
    "NativeBuildError",
    "NativeStatus",
    "WAIT_SECONDS",
    "clean",
    "compiles_with_xla",
    "holds_native_ops",
    "load",
    "may_run_here",
    "rnn",
    "start_building",
    "status",
    "supports",
]
