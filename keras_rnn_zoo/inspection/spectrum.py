"""The spectrum of a recurrent kernel: does it shrink or stretch what it multiplies?"""

import dataclasses
from typing import Any

import keras
import numpy as np

from keras_rnn_zoo.inspection import plotting


@dataclasses.dataclass(frozen=True)
class SpectralRadius:
    """What `spectral_radius` measured.

    Attributes:
        radius: the largest |λ| of all blocks.
        blocks: dict from a block's name to its largest |λ|.
        eigenvalues: dict from a block's name to complex `(units,)`.
    """

    radius: float
    blocks: dict
    eigenvalues: dict

    def __float__(self):
        return self.radius

    def plot(self, ax: Any = None) -> Any:
        """Draws the eigenvalues beside the unit circle; returns the axes."""
        ax = plotting.axes(ax, 3.8, 3.4)
        angle = np.linspace(0, 2 * np.pi, 200)
        ax.plot(np.cos(angle), np.sin(angle), color="#8a8a8a", label="|λ| = 1")
        for k, (name, values) in enumerate(self.eigenvalues.items()):
            label = f"block {name}: radius {self.blocks[name]:.2f}"
            colour = plotting.colour_of(k + 1)
            ax.plot(values.real, values.imag, ".", color=colour, label=label)
        ax.set_aspect("equal")
        ax.set_xlabel("real part of λ")
        ax.set_ylabel("imaginary part of λ")
        ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        return ax


def spectral_radius(layer: Any) -> SpectralRadius:
    """The largest absolute eigenvalue of each block of a recurrent kernel.

    Of a simple recurrent network, powers of the recurrent kernel U carry the gradient
    through time: below 1 it vanishes, whatever φ'; above 1 it can explode.

    Args:
        layer: built layer or cell with a `recurrent_kernel` of square blocks
            `(units, units)`, one for each gate, or one number for each unit (IndRNN).

    Returns:
        `SpectralRadius`; `float(…)` of it is the largest of all.

    Raises:
        ValueError: if `layer` is not built, or has no such recurrent kernel.

    Example:
    >>> cell = SimpleRNNCell(2, recurrent_initializer="identity")
    >>> cell.build((None, 3))
    >>> float(spectral_radius(cell))
    1.0
    """
    cell = getattr(layer, "cell", layer)
    kernel = getattr(cell, "recurrent_kernel", None)
    shape = None if kernel is None else tuple(kernel.shape)
    if shape is None or (len(shape) == 2 and shape[1] % shape[0]):
        raise ValueError(
            "`layer` must be built and have a `recurrent_kernel` of square blocks. "
            f"Received: {type(layer).__name__} with recurrent_kernel of shape {shape}."
        )
    kernel = keras.ops.convert_to_numpy(kernel).astype("float64")
    if kernel.ndim == 1:
        blocks = [np.diag(kernel)]
    else:
        blocks = np.split(kernel, shape[1] // shape[0], axis=1)
    names = getattr(cell, "gates", None)
    if names is None or len(names) != len(blocks):
        known = {"LSTMCell": "ifco", "GRUCell": "zrh", "SimpleRNNCell": "h"}
        names = known.get(type(cell).__name__, range(1, len(blocks) + 1))
    values = {
        str(name): np.linalg.eigvals(block).astype(complex)
        for name, block in zip(names, blocks, strict=True)
    }
    radii = {name: float(np.abs(one).max()) for name, one in values.items()}
    return SpectralRadius(max(radii.values()), radii, values)
