"""Runs code in a fresh process that cannot import Keras or this package."""

import subprocess
import sys

import numpy as np

BLOCK = "import sys\nsys.modules['keras'] = sys.modules['keras_rnn_zoo'] = None\n"


def run_without_the_zoo(code, directory, inputs):
    """Runs `code` with the arguments (export, inputs.npy, outputs.npy); the outputs.

    Args:
        code: Python source that loads `directory / "exported"`.
        directory: a `pathlib.Path`.
        inputs: array to save for it.
    """
    np.save(directory / "inputs.npy", inputs)
    files = [directory / n for n in ("exported", "inputs.npy", "outputs.npy")]
    done = subprocess.run(
        [sys.executable, "-c", BLOCK + code, *map(str, files)],
        capture_output=True,
        text=True,
        cwd=directory,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return np.load(files[2])
