"""What the plots of this room share. Matplotlib is imported when one is drawn."""

from typing import Any

import numpy as np

from keras_rnn_zoo import extras
from keras_rnn_zoo.inspection.report_plots import colour_of as colour_of


def axes(ax: Any, width: float = 6.0, height: float = 3.0, columns: int = 1) -> Any:
    """Returns `ax`, or new axes; a list of them where `columns` is not 1.

    Raises:
        ImportError: without matplotlib.
    """
    if ax is not None:
        return ax if columns == 1 else list(np.atleast_1d(ax))
    extras.require("plot", "Plots need matplotlib.", "matplotlib.pyplot")
    import matplotlib.pyplot as plt

    size = (width * columns, height)
    _, made = plt.subplots(
        1, columns, figsize=size, squeeze=False, layout="constrained"
    )
    return made[0, 0] if columns == 1 else list(made[0])


def label_steps(ax, labels, count):
    """Writes a text, or the numbers 1, 2, …, along the axis of time."""
    if labels is None:
        ax.set_xlabel("time step t")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlim(0.5, count + 0.5)
        return
    labels = [{"\n": "↵", " ": "␣"}.get(str(one), str(one)) for one in labels]
    ax.set_xticks(np.arange(1, count + 1), labels[:count])
    longest = max(map(len, labels[:count]), default=0)
    ax.tick_params(axis="x", labelsize=8, rotation=0 if longest < 4 else 60)
    ax.set_xlabel("input at time step t")
    ax.set_xlim(0.5, count + 0.5)


def check_labels(labels, steps):
    """Returns labels of the steps as a list, or None.

    Raises:
        ValueError: if there are fewer labels than steps.
    """
    if labels is None:
        return None
    labels = list(labels)
    if len(labels) < steps:
        raise ValueError(
            f"`labels` must hold one label for each of {steps} steps. "
            f"Received: labels of length {len(labels)}."
        )
    return labels


def check_sequence(sequence, count):
    """Raises a ValueError if `sequence` is not the number of a sequence."""
    if not -count <= sequence < count:
        raise ValueError(
            f"`sequence` must be the number of one of {count} sequences. "
            f"Received: sequence={sequence!r}."
        )
