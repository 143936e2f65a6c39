"""Piano rolls of polyphonic music: one row a step, one column for each key."""

import pathlib

import numpy as np

from keras_rnn_zoo import extras

_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")

#: The keys of a piano from the lowest to the highest; MIDI note 21 to 108.
KEYS = tuple(f"{_NAMES[note % 12]}{note // 12 - 1}" for note in range(21, 109))


def read_mat(path) -> dict[str, list[np.ndarray]]:
    """Read the piano rolls of a MATLAB file as Boulanger-Lewandowski et al. split them.

    Args:
        path: file with the cells `traindata`, `validdata` and `testdata`.

    Returns:
        dict of split to list of uint8 `(time, 88)`: 1 where a key sounds.

    Raises:
        ImportError: without SciPy.
        ValueError: if the file holds anything else.
    """
    extras.require("data", "krz_jsb_chorales needs SciPy to be prepared.", "scipy.io")
    from scipy.io import loadmat

    cells = {"train": "traindata", "validation": "validdata", "test": "testdata"}
    name = pathlib.Path(path).name
    content = loadmat(path)
    rolls = {}
    for split, cell in cells.items():
        if cell not in content:
            raise ValueError(
                f"{name} must hold {', '.join(cells.values())}. Received: a file "
                f"without {cell}."
            )
        rolls[split] = list(content[cell].ravel())
        for number, roll in enumerate(rolls[split], 1):
            if roll.shape[1:] != (len(KEYS),) or not np.isin(roll, (0, 1)).all():
                raise ValueError(
                    f"{name} must hold arrays of 0 and 1 with {len(KEYS)} columns. "
                    f"Received: number {number} of {cell}, of shape {roll.shape}, "
                    "which is none."
                )
    return rolls
