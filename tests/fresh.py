"""Runs code in a fresh process that cannot import Keras or this package."""

import os
import pickle
import subprocess
import sys

import numpy as np

BLOCK = "import sys\nsys.modules['keras'] = sys.modules['keras_rnn_zoo'] = None\n"


_QUESTION = """
import pathlib, pickle
root = pathlib.Path(sys.argv[1])
asked, answers = pickle.loads((root / "asked.pickle").read_bytes()), {}
"""
_ANSWER = """
(root / "answers.pickle").write_bytes(pickle.dumps(answers))
"""


def ask_without_the_zoo(code, root, asked):
    """Runs `code`, which finds `root` and `asked` and fills the dict `answers`.

    Args:
        code: Python source.
        root: a `pathlib.Path`, where the code runs.
        asked: what `code` is to know.

    Returns:
        `(answers, what it printed)`.
    """
    (root / "asked.pickle").write_bytes(pickle.dumps(asked))
    done = subprocess.run(
        [sys.executable, "-c", BLOCK + _QUESTION + code + _ANSWER, str(root)],
        capture_output=True,
        text=True,
        cwd=root,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return pickle.loads((root / "answers.pickle").read_bytes()), done.stdout


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
