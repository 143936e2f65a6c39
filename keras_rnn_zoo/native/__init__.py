"""Recurrent kernels in C++ for the CPU, compiled at first use where a compiler is."""

from keras_rnn_zoo.native.build import (
    NativeBuildError,
    NativeStatus,
    clean,
    load,
    status,
)
from keras_rnn_zoo.native.kernels import CELLS, rnn, supports

__all__ = [
    "CELLS",
    "NativeBuildError",
    "NativeStatus",
    "clean",
    "load",
    "rnn",
    "status",
    "supports",
]
