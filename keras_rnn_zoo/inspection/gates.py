"""What the gates let through, and what is left of the memory."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_rnn_zoo.inspection import plotting
from keras_rnn_zoo.inspection.stepping import (
    gate_names,
    recurrent_layers,
    state_names,
    stepping,
)
from keras_rnn_zoo.layers.core.registry import declaration_of


@dataclasses.dataclass(frozen=True)
class GateActivations:
    """What `gate_activations` measured.

    Attributes:
        gates: dict from a layer's name to a dict from a gate's name to float
            `(batch, time, units)`; nan where masked.
        labels: of the steps, or None.
    """

    gates: dict
    labels: list | None = None

    def plot(self, ax: Any = None, layer: str | None = None, sequence: int = 0) -> Any:
        """Draws one heat map for each gate of a layer, for one sequence.

        Args:
            ax: axes, or as many as there are gates; None makes them.
            layer: name of the layer; None: the first.
            sequence: int. Which sequence of the batch.

        Returns:
            list of axes.
        """
        gates = self.gates[next(iter(self.gates)) if layer is None else layer]
        first = next(iter(gates.values()))
        plotting.check_sequence(sequence, len(first))
        width = max(3.5, 0.16 * first.shape[1] + 1)
        all_axes = plotting.axes(ax, width, 3.0, columns=len(gates))
        all_axes = all_axes if isinstance(all_axes, list) else [all_axes]
        for one, (name, values) in zip(all_axes, gates.items(), strict=True):
            _, steps, units = values.shape
            image = one.imshow(
                values[sequence].T,
                aspect="auto",
                origin="lower",
                interpolation="nearest",
                vmin=0,
                vmax=1,
                extent=(0.5, steps + 0.5, 0.5, units + 0.5),
            )
            one.set_title(f"gate {name}", fontsize=10)
            one.set_ylabel("unit")
            plotting.label_steps(one, self.labels, steps)
            one.figure.colorbar(image, ax=one, label="0 = closed, 1 = open")
        return all_axes


def gate_activations(
    model: Any, x: Any, labels: Sequence[str] | None = None
) -> GateActivations:
    """The gates of every recurrent layer at every step: σ(…), between 0 and 1.

    Args:
        model: `keras.Model`, or a recurrent layer, on Keras's TensorFlow backend.
        x: one batch of its inputs.
        labels: str or list, one for each step: what `plot` writes along the axis, such
            as the text that was read.

    Returns:
        `GateActivations`. Layers whose cells have no gates are left out.

    Raises:
        ValueError: if no recurrent layer has gates, or `labels` are too few.

    Example:
    >>> layer = LSTM(4, name="lstm")
    >>> gates = gate_activations(layer, np.ones((2, 5, 3))).gates["lstm"]
    >>> list(gates), gates["f"].shape
    (['i', 'f', 'o'], (2, 5, 4))
    """
    layers = recurrent_layers(model)
    if not any(gate_names(layer.cell) for layer in layers.values()):
        cells = [type(layer.cell).__name__ for layer in layers.values()]
        raise ValueError(
            "`model` must have a recurrent layer with gates. "
            f"Received: layers of {', '.join(cells)}."
        )
    x = keras.ops.convert_to_tensor(x)
    labels = plotting.check_labels(labels, x.shape[1])
    with stepping(model) as records:
        model(x, training=False)
    gates = {}
    for record in records:
        for name in gate_names(record.layer.cell):
            values = np.stack([step[name].numpy() for step in record.gates], axis=1)
            if record.mask is not None:
                values = np.where(record.mask.numpy()[..., None], values, np.nan)
            gates.setdefault(record.name, {})[name] = values
    return GateActivations(gates, labels)


@dataclasses.dataclass(frozen=True)
class StateActivations:
    """What `state_activations` measured.

    Attributes:
        states: dict from a layer's name to a dict from a state's name to float
            `(batch, time, …)`; nan where masked.
        labels: of the steps, or None.
    """

    states: dict
    labels: list | None = None

    def plot(self, ax: Any = None, layer: str | None = None, sequence: int = 0) -> Any:
        """Draws one heat map for each state of a layer, for one sequence.

        Args:
            ax: axes, or as many as there are states; None makes them.
            layer: name of the layer; None: the first.
            sequence: int. Which sequence of the batch.

        Returns:
            list of axes.
        """
        states = self.states[next(iter(self.states)) if layer is None else layer]
        first = next(iter(states.values()))
        plotting.check_sequence(sequence, len(first))
        width = max(3.5, 0.16 * first.shape[1] + 1)
        all_axes = plotting.axes(ax, width, 3.0, columns=len(states))
        all_axes = all_axes if isinstance(all_axes, list) else [all_axes]
        for one, (name, values) in zip(all_axes, states.items(), strict=True):
            steps, rows = values.shape[1], values[sequence].reshape(values.shape[1], -1)
            size = np.nanmax(np.abs(rows)) if np.isfinite(rows).any() else 1.0
            image = one.imshow(
                rows.T,
                aspect="auto",
                origin="lower",
                interpolation="nearest",
                cmap="RdBu_r",
                vmin=-size,
                vmax=size,
                extent=(0.5, steps + 0.5, 0.5, rows.shape[1] + 0.5),
            )
            one.set_title(f"state {name}", fontsize=10)
            one.set_ylabel("unit")
            plotting.label_steps(one, self.labels, steps)
            one.figure.colorbar(image, ax=one)
        return all_axes


def state_activations(model: Any, x: Any, labels: Any = None) -> Any:
    """The states of every recurrent layer after every step.

    Args:
        model: `keras.Model`, or a recurrent layer, on Keras's TensorFlow backend.
        x: one batch of its inputs.
        labels: str or list, one for each step: what `plot` writes along the axis, such
            as the text that was read.

    Returns:
        `StateActivations`.

    Raises:
        ValueError: if there is no recurrent layer, or `labels` are too few.

    Example:
    >>> layer = LSTM(4, name="lstm")
    >>> states = state_activations(layer, np.ones((2, 5, 3))).states["lstm"]
    >>> list(states), states["c"].shape
    (['h', 'c'], (2, 5, 4))
    """
    x = keras.ops.convert_to_tensor(x)
    labels = plotting.check_labels(labels, x.shape[1])
    with stepping(model) as records:
        model(x, training=False)
    states = {}
    for record in records:
        for k, name in enumerate(state_names(record.layer.cell)):
            values = np.stack([step[k].numpy() for step in record.states], axis=1)
            if record.mask is not None:
                values = np.where(record.mask.numpy()[..., None], values, np.nan)
            states.setdefault(record.name, {})[name] = values
    return StateActivations(states, labels)


def _kept(cell):
    """What a cell multiplies its memory with, as a function of its gates; or None."""
    declared = declaration_of(cell)
    if kept := getattr(declared, "kept_by", None):
        return lambda gates: gates[kept]
    if replaced := getattr(declared, "replaced_by", None):
        return lambda gates: 1 - gates[replaced]
    return None


@dataclasses.dataclass(frozen=True)
class ForgetProduct:
    """What `forget_product` measured.

    Attributes:
        products: dict from a layer's name to float64 `(batch, time, units)`: the share
            of the memory of step t that is left after the last step read.
        labels: of the steps, or None.
    """

    products: dict
    labels: list | None = None

    def plot(self, ax: Any = None, sequence: int = 0) -> Any:
        """Draws the mean over units, and their range, over time; returns the axes."""
        ax = plotting.axes(ax)
        for k, (name, products) in enumerate(self.products.items()):
            plotting.check_sequence(sequence, len(products))
            values, colour = products[sequence], plotting.colour_of(k + 1)
            steps = np.arange(1, len(values) + 1)
            ax.plot(
                steps, values.mean(-1), ".-", color=colour, label=f"{name}, mean unit"
            )
            ax.fill_between(
                steps,
                values.min(-1),
                values.max(-1),
                color=colour,
                alpha=0.2,
                linewidth=0,
                label=f"{name}, all units",
            )
        plotting.label_steps(ax, self.labels, len(values))
        ax.set_ylim(0, 1.02)
        ax.set_ylabel("share of memory left at the end")
        ax.legend(fontsize=8, frameon=False)
        return ax


def forget_product(
    model: Any, x: Any, labels: Sequence[str] | None = None
) -> ForgetProduct:
    """How much of the memory of each step is left at the end.

        Π_{k>t} f_k,   where c_t = f_t ⊙ c_{t-1} + …

    also the gradient of the last memory with respect to c_t along the memory path
    alone. f is the forget gate of LSTMs and of JANET, z of GRUs, 1 - f of an MGU, 1 - z
    of a MinGRU.

    Args:
        model: `keras.Model`, or a recurrent layer, on Keras's TensorFlow backend.
        x: one batch of its inputs.
        labels: str or list, one for each step, for `plot`.

    Returns:
        `ForgetProduct`: 1 at the last step that is read (of a layer that goes
        backwards, the first). Masked steps keep everything.

    Raises:
        ValueError: if no layer has such a gate, or `labels` are too few.

    Example:
    >>> layer = LSTM(4, name="lstm")
    >>> product = forget_product(layer, np.ones((2, 5, 3))).products["lstm"]
    >>> product[0, -1].tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    layers = recurrent_layers(model)
    kept = {name: _kept(layer.cell) for name, layer in layers.items()}
    kept = {name: rule for name, rule in kept.items() if rule is not None}
    if not kept:
        cells = [type(layer.cell).__name__ for layer in layers.values()]
        raise ValueError(
            "`model` must have a recurrent layer whose cell keeps its memory by a "
            f"gate. Received: layers of {', '.join(cells)}."
        )
    measured = gate_activations(model, x, labels)
    products = {}
    for name, rule in kept.items():
        factors = rule(measured.gates[name]).astype("float64")
        factors = np.where(np.isnan(factors), 1.0, factors)
        if not layers[name].go_backwards:
            factors = factors[:, ::-1]
        after = np.cumprod(factors, axis=1)[:, :-1]
        product = np.concatenate([np.ones_like(factors[:, :1]), after], axis=1)
        if not layers[name].go_backwards:
            product = product[:, ::-1]
        products[name] = product
    return ForgetProduct(products, measured.labels)
