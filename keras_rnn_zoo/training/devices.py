"""Which processor computes, and what this machine has to offer."""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time

from keras_rnn_zoo import extras


def silence_tensorflow() -> None:
    """Import TensorFlow with its start-up notes kept off the terminal.

    TensorFlow 2.21 writes some before it looks at `TF_CPP_MIN_LOG_LEVEL`, straight to
    the file descriptor of standard error; that is put aside for the time of the import
    and written out after all if the import fails. Does nothing once TensorFlow is
    there, or where `TF_CPP_MIN_LOG_LEVEL` is set to 0.
    """
    if "tensorflow" in sys.modules:
        return
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") == "0":
        return
    sys.stderr.flush()
    real = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except Exception:  # and not of an interrupt
            aside.seek(0)
            os.write(real, aside.read())
            raise
        finally:
            os.dup2(real, 2)
            os.close(real)


def gpus():
    """Return TensorFlow's list of GPUs, with memory growth switched on for each.

    Without memory growth TensorFlow takes all memory of a GPU at its first use.
    """
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    for gpu in found:
        # Too late once a GPU is in use; then it stays as it is.
        with contextlib.suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(gpu, True)
    return found


def choose(device: str | None = None) -> str:
    """Return the name of the device to compute on.

    Args:
        device: `"cpu"`, `"gpu"`, `"gpu:1"`, or None for a GPU where there is one.

    Returns:
        Such as `"cpu:0"` or `"gpu:0"`, for `keras.device`.

    Raises:
        ValueError: if the name means nothing, or there is no such GPU.
    """
    number = len(gpus())
    if device is None:
        return "gpu:0" if number else "cpu:0"
    kind, _, index = device.lower().partition(":")
    if kind not in ("cpu", "gpu") or not (index or "0").isdigit():
        raise ValueError(
            "`device` must be 'cpu', 'gpu' or a numbered one such as 'gpu:1'. "
            f"Received: device={device!r}."
        )
    index = int(index or 0)
    available = 1 if kind == "cpu" else number
    if index >= available:
        raise ValueError(
            f"`device` must be one that TensorFlow sees: it sees {available} {kind}s "
            f"here. Received: device={device!r}. `keras-rnn-zoo doctor` says more."
        )
    return f"{kind}:{index}"


def mixed_precision_policy(device: str) -> str:
    """Return the Keras dtype policy for mixed precision on a device from `choose`."""
    return "mixed_float16" if device.startswith("gpu") else "mixed_bfloat16"


def report() -> list[tuple[str, str, bool]]:
    """Look at this machine: versions, devices, libraries, compilers.

    Returns:
        `(what, finding, whether it is as it should be)`, in the order to read them.
    """
    silence_tensorflow()
    import keras
    import numpy as np
    import tensorflow as tf

    from keras_rnn_zoo.version import __version__

    build = tf.sysconfig.get_build_info()
    found = gpus()
    lines = [
        ("keras_rnn_zoo", __version__, True),
        ("Python", f"{platform.python_version()} on {platform.platform()}", True),
        ("TensorFlow", tf.__version__, True),
        (
            "Keras",
            f"{keras.__version__}, backend {keras.backend.backend()}",
            keras.backend.backend() == "tensorflow",
        ),
        ("NumPy", np.__version__, True),
        *_extras(),
        ("CPU cores", str(len(_usable_cores())), True),
    ]
    if found:
        for i, gpu in enumerate(found):
            details = tf.config.experimental.get_device_details(gpu)
            growth = tf.config.experimental.get_memory_growth(gpu)
            lines.append(
                (
                    f"GPU {i}",
                    f"{details.get('device_name', gpu.name)}, memory growth "
                    + ("on" if growth else "off"),
                    growth,
                )
            )
    else:
        lines.append(("GPU", "none that TensorFlow can use", True))
    if build.get("is_cuda_build"):
        versions = ", ".join(
            f"{name} {build[key]}"
            for name, key in (("CUDA", "cuda_version"), ("cuDNN", "cudnn_version"))
            if build.get(key)
        )
        used = "used" if found else "not used: no GPU"
        lines.append(("CUDA build", f"{versions} ({used})", True))
    else:
        lines.append(("CUDA build", "no, this TensorFlow computes on CPUs only", True))
    lines += [_xla(), _compiler()]
    device = choose()
    lines.append(("Device in use", device, True))
    lines.append(
        ("Mixed precision", f"{mixed_precision_policy(device)}, on request", True)
    )
    # Asking for the path may compile the kernels, so that comes first.
    path = _recurrent_path()
    lines += [_native(), ("Recurrent path", path, True)]
    return lines


_PATHS = {
    "loop": "the cell, step by step",
    "hoisted": "the cell, step by step, inputs projected before",
    "graph": "one TensorFlow loop with a backward pass of its own",
    "xla": "the same, compiled by XLA",
    "native": "C++ kernels",
    "cudnn": "cuDNN",
}


def _recurrent_path():
    """Say which loop an LSTM takes inside `fit` and inside `predict`."""
    from keras_rnn_zoo.layers import LSTM
    from keras_rnn_zoo.layers.core import engine

    layer = LSTM(2)
    paths = engine.paths_in_keras(layer)
    uses = zip(("training", "prediction"), paths, strict=True)
    text = "; ".join(f"{use}: {_PATHS[path]}" for use, path in uses)
    if set(paths) <= {"native", "cudnn"}:
        return text
    return f"{text} ({engine.why_not_native(layer)})"


def _native():
    """Say whether there are C++ kernels, or why not."""
    from keras_rnn_zoo import native

    status = native.status()
    if status.available:
        return "C++ kernels", f"compiled, {status.path}", True
    return "C++ kernels", f"not used: {status.reason}", True


def _usable_cores():
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return range(os.cpu_count() or 1)


def _extras():
    """Versions of what is optional, with the extra that brings it."""
    import importlib.metadata

    for package, extra in (
        ("tensorflow-datasets", None),
        ("matplotlib", "plot"),
        ("scikit-learn", "data"),
    ):
        try:
            yield package, importlib.metadata.version(package), True
        except importlib.metadata.PackageNotFoundError:
            how = extras.command(extra) if extra else f"pip install {package}"
            yield package, f"missing; {how}", bool(extra)


def _xla():
    import tensorflow as tf

    @tf.function(jit_compile=True)
    def double(x):
        return x + x

    started = time.perf_counter()
    try:
        right = float(double(tf.constant(2.0))) == 4.0
    except (tf.errors.OpError, ValueError) as error:
        return "XLA", f"does not work: {str(error).splitlines()[0]}", False
    seconds = time.perf_counter() - started
    return "XLA", f"works, first compilation {seconds:.1f} s", right


def _compiler():
    for name in ("c++", "g++", "clang++"):
        path = shutil.which(name)
        if path is None:
            continue
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
        if answer.returncode == 0 and answer.stdout:
            return "C++ compiler", f"{path}: {answer.stdout.splitlines()[0]}", True
    return "C++ compiler", "none found", True
