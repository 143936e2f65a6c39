"""Look at this machine and at its kernels."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing `doctor` looked at.

    Attributes:
        what: str.
        found: str.
        good: bool. Whether it is as it should be.
    """

    what: str
    found: str
    good: bool


def doctor() -> list[Finding]:
    """Look at this machine: versions, devices, libraries, and what will be used."""
    from keras_rnn_zoo.training import devices

    return [Finding(*line) for line in devices.report()]


def native_status() -> Any:
    """What is known of the C++ kernels; builds nothing.

    Returns:
        One `keras_rnn_zoo.native.NativeStatus` for each dtype, by the dtype's name.
    """
    from keras_rnn_zoo.training import devices

    devices.silence_tensorflow()
    from keras_rnn_zoo import native

    return {dtype: native.status(dtype) for dtype in native.DTYPES}


def native_build(dtype: str = "float32", *, force: bool = False) -> Any:
    """Compile the C++ kernels now, and not at their first use.

    Args:
        dtype: "float32" or "float64".
        force: compile even if an intact library is there.

    Returns:
        A `keras_rnn_zoo.native.NativeStatus`.

    Raises:
        ValueError: if there are no kernels for `dtype`.
        NativeBuildError: a `RuntimeError` that says why it is not possible here.
    """
    from keras_rnn_zoo.training import devices

    devices.silence_tensorflow()
    from keras_rnn_zoo.native.build import build, status

    build(dtype, force=force)
    return status(dtype)


def native_clean() -> int:
    """Remove the compiled C++ kernels of this user; return how many there were."""
    from keras_rnn_zoo.training import devices

    devices.silence_tensorflow()
    from keras_rnn_zoo import native

    return native.clean()
