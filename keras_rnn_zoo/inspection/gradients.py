"""Gradients back through time, to the states and to the inputs."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_zoo.inspection import plotting
from keras_rnn_zoo.inspection.stepping import state_names, stepping
from keras_rnn_zoo.layers.core.parts import parts_of


@dataclasses.dataclass(frozen=True)
class GradientFlow:
    """What `gradient_flow` measured.

    Attributes:
        loss: the loss L.
        norms: dict from a layer's name to float64 `(time,)`: ‖∂L/∂s_t‖ over the whole
            batch, s_t the state; 0 where every sequence is masked.
        states: dict from a layer's name to the name of that state.
    """

    loss: float
    norms: dict
    states: dict

    def plot(self, ax: Any = None) -> Any:
        """Draws the norms over time, on a logarithmic axis; returns the axes."""
        ax = plotting.axes(ax)
        for k, (name, norms) in enumerate(self.norms.items()):
            shown = np.where(norms > 0, norms, np.nan)
            label = f"{name}, {self.states[name]}"
            steps = np.arange(1, len(norms) + 1)
            ax.plot(steps, shown, ".-", color=plotting.colour_of(k + 1), label=label)
        ax.set_yscale("log")
        plotting.label_steps(ax, None, len(norms))
        ax.set_ylabel("norm of ∂L/∂state$_t$")
        ax.grid(alpha=0.25)
        ax.legend(fontsize=8, frameon=False)
        return ax


def gradient_flow(
    model: Any, x: Any, y: Any, loss: Any = None, state: int | str | None = None
) -> GradientFlow:
    """How large the gradient of the loss is at every step, in every recurrent layer.

        ∂L/∂s_t = Σ_{k≥t} ∂L_k/∂s_t,   s_t the state h_t (or another one)

    the whole gradient through time, whatever `truncate` of a layer is. Dropout is off.

    Args:
        model: `keras.Model`, or a recurrent layer, on Keras's TensorFlow backend.
        x: one batch of its inputs.
        y: the targets.
        loss: function of `(y, outputs)` to a number or one for each sequence, which
            are averaged; None: the model's compiled loss.
        state: name of a state, such as "c" of an LSTM; None: the first, h.

    Returns:
        `GradientFlow`.

    Raises:
        ValueError: if the model has no recurrent layer, is not compiled while `loss` is
            None, or a layer has no such state.

    Example:
    >>> layer = SimpleRNN(4)
    >>> flow = gradient_flow(layer, np.ones((2, 5, 3)), None, lambda y, h: h ** 2)
    >>> flow.norms[layer.name].shape
    (5,)
    """
    if loss is None and getattr(model, "optimizer", None) is None:
        raise ValueError(
            "`loss` must be a function unless the model is compiled. "
            f"Received: loss=None with {getattr(model, 'name', model)!r}, which is not."
        )
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        with stepping(model, tape) as records:
            index = {r.name: _index_of(state, r) for r in records}
            outputs = model(keras.ops.convert_to_tensor(x), training=False)
        if loss is None:
            value = model.compute_loss(x=x, y=y, y_pred=outputs, training=False)
        else:
            value = tf.reduce_mean(loss(y, outputs))
    wanted = {r.name: [step[index[r.name]] for step in r.states] for r in records}
    found = tape.gradient(value, wanted, unconnected_gradients="zero")
    return GradientFlow(
        loss=float(value),
        norms={
            name: np.array([np.linalg.norm(g.numpy().astype("float64")) for g in steps])
            for name, steps in found.items()
        },
        states={r.name: state_names(r.layer.cell)[index[r.name]] for r in records},
    )


def _index_of(state, record):
    names = state_names(record.layer.cell)
    if state is None:
        return 0
    if state not in names:
        raise ValueError(
            f"`state` must be one of {names} for the layer {record.name!r}. "
            f"Received: state={state!r}."
        )
    return names.index(state)


@dataclasses.dataclass(frozen=True)
class Saliency:
    """What `saliency` measured.

    Attributes:
        norms: float `(batch, time)`: ‖∂o/∂x_t‖.
        gradients: float `(batch, time, features)`: ∂o/∂x_t; of tokens, x_t is the
            embedding.
        outputs: int `(batch,)`: which output o was, for each sequence.
        labels: of the steps, or None.
    """

    norms: np.ndarray
    gradients: np.ndarray
    outputs: np.ndarray
    labels: list | None = None

    def plot(self, ax: Any = None, sequence: int = 0) -> Any:
        """Draws the norms of one sequence as bars; returns the axes."""
        plotting.check_sequence(sequence, len(self.norms))
        ax = plotting.axes(ax)
        norms = self.norms[sequence]
        ax.bar(np.arange(1, len(norms) + 1), norms, color=plotting.colour_of(1))
        plotting.label_steps(ax, self.labels, len(norms))
        ax.set_ylabel("norm of ∂o/∂x$_t$")
        ax.set_title(f"output {self.outputs[sequence]}", fontsize=10)
        return ax


def saliency(
    model: Any,
    x: Any,
    output: int | None = None,
    step: int = -1,
    labels: Sequence[str] | None = None,
) -> Saliency:
    """Which inputs an output depends on: the gradient ∂o/∂x_t for every step t.

    Args:
        model: `keras.Model` with one input, on Keras's TensorFlow backend; token models
            read through one `Embedding`.
        x: `(batch, time)` integers or `(batch, time, features)`.
        output: int, the class or value o; None: the largest of each sequence.
        step: int. Of a model with an output at every step, which step's o.
        labels: str or list, one for each step: what `plot` writes along the axis.

    Returns:
        `Saliency`.

    Raises:
        ValueError: if the model reads integers without one `Embedding`, or `output`,
            `step` or `labels` does not fit.

    Example:
    >>> model = ManyToOne(3, units=4, vocabulary_size=10)
    >>> saliency(model, np.array([[4, 7, 2]])).norms.shape
    (1, 3)
    """
    x = keras.ops.convert_to_tensor(x)
    labels = plotting.check_labels(labels, x.shape[1])
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        if x.dtype.is_integer:
            outputs, inputs = _through_the_embedding(model, x, tape)
        else:
            x = inputs = tf.cast(x, model.compute_dtype)
            tape.watch(inputs)
            with stepping(model):
                outputs = model(inputs, training=False)
        if len(outputs.shape) == 3:
            _check_index("step", step, outputs.shape[1])
            outputs = outputs[:, step]
        if output is None:
            chosen = tf.argmax(outputs, axis=-1)
        else:
            _check_index("output", output, outputs.shape[-1])
            chosen = tf.fill((outputs.shape[0],), output % outputs.shape[-1])
        picked = tf.gather(outputs, chosen, axis=1, batch_dims=1)
    gradients = tape.gradient(picked, inputs, unconnected_gradients="zero").numpy()
    return Saliency(
        np.linalg.norm(gradients.astype("float64"), axis=-1),
        gradients,
        chosen.numpy(),
        labels,
    )


def _through_the_embedding(model, x, tape):
    found = [p for p in parts_of(model) if isinstance(p, keras.layers.Embedding)]
    if len(found) != 1:
        raise ValueError(
            "`model` must read integers through one `Embedding`, whose output the "
            f"gradient is taken of. Received: a model with {len(found)}."
        )
    [embedding], seen = found, []
    look_up = embedding.call

    def watched(inputs):
        seen.append(look_up(inputs))
        tape.watch(seen[-1])
        return seen[-1]

    vars(embedding)["call"] = watched
    try:
        with stepping(model):
            outputs = model(x, training=False)
    finally:
        del vars(embedding)["call"]
    return outputs, seen[-1]


def _check_index(name, value, count):
    if not -count <= value < count:
        raise ValueError(
            f"`{name}` must be at least {-count} and below {count}. "
            f"Received: {name}={value!r}."
        )
