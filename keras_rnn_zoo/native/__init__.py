"""Recurrent kernels in C++ for the CPU, compiled at first use where a compiler is."""

from keras_rnn_zoo.native.build import (
    DTYPES,
    NativeBuildError,
    NativeStatus,
    clean,
    load,
    status,
)
from keras_rnn_zoo.native.context import compiles_with_xla, may_run_here
from keras_rnn_zoo.native.kernels import CELLS, rnn, supports

__all__ = [
    "CELLS",
    "DTYPES",
    "NativeBuildError",
    "NativeStatus",
    "clean",
    "compiles_with_xla",
    "load",
    "may_run_here",
    "rnn",
    "status",
    "supports",
]
