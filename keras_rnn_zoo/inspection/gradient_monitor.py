"""A callback that watches the gradients while a model trains."""

import dataclasses
import warnings
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_zoo import extras
from keras_rnn_zoo.inspection import plotting


@dataclasses.dataclass(frozen=True)
class Stop:
    """Where a training was stopped.

    Attributes:
        step: int. Number of the training step, from 1.
        layer: name of the first layer whose gradient was not finite.
        layers: names of all of them.
        message: str.
    """

    step: int
    layer: str
    layers: tuple
    message: str


class GradientMonitor(keras.callbacks.Callback):
    """Keeps the norm of each layer's gradient at every training step.

    Norms are those of the gradients as the optimizer gets them, before it clips. With
    `steps_per_execution` above 1, of the last step of each execution. A step whose
    gradient is not finite ends the training with a `RuntimeWarning` that names the step
    and the first such layer. Needs Keras's TensorFlow backend.

    Args:
        log_dir: directory for TensorBoard's scalars `gradient_norm/<layer>`,
            `gradient_norm/all` and `gradient_clipped`; None for none.
        stop_on_nan: bool. Whether a gradient that is not finite ends the training.

    Attributes:
        steps: list of int, the numbers of the training steps, from 1.
        norms: dict from a layer's name to a list of its norms, one for each step.
        global_norms: list: of all layers together.
        clipped: list of bool: whether the optimizer clipped (`clipnorm`,
            `global_clipnorm`, `clipvalue`).
        stopped: `Stop`, or None.

    Raises:
        TypeError: if `stop_on_nan` is not a bool.
        ImportError: if `log_dir` is given without TensorBoard, the extra `tensorboard`.

    Example:
    >>> model = ManyToOne(2, units=4, num_features=1)
    >>> model.compile("adam", "sparse_categorical_crossentropy")
    >>> monitor = GradientMonitor()
    >>> x, y = np.ones((4, 5, 1)), np.zeros(4)
    >>> history = model.fit(x, y, verbose=0, callbacks=[monitor])
    >>> list(monitor.norms)
    ['recurrent_1', 'output']
    """

    def __init__(self, log_dir: Any = None, stop_on_nan: bool = True) -> None:
        super().__init__()
        if not isinstance(stop_on_nan, bool):
            raise TypeError(
                f"`stop_on_nan` must be a bool. Received: stop_on_nan={stop_on_nan!r}."
            )
        if log_dir is not None:
            extras.require("tensorboard", "`log_dir` needs TensorBoard.", "tensorboard")
        self.log_dir = log_dir
        self.stop_on_nan = stop_on_nan
        self._optimizer: Any = None
        self._writer: Any = None
        self._forget()

    def _forget(self):
        self.steps, self.norms, self.global_norms = [], {}, []
        self.clipped, self.stopped = [], None

    def on_train_begin(self, logs: Any = None) -> None:
        self._forget()
        self._release()
        optimizer = self.model.optimizer
        self._optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        self._owner = {
            id(variable): layer.name
            for layer in [self.model, *self.model.layers]
            for variable in layer.trainable_variables
        }
        names = [layer.name for layer in self.model.layers if layer.trainable_variables]
        ownerless = self.model.name in self._owner.values()
        self._names = [*names, self.model.name] if ownerless else names
        self.norms = {name: [] for name in self._names}
        self._latest = tf.Variable(tf.zeros(len(self._names) + 2), trainable=False)
        apply = self._optimizer.apply

        def watched(grads, trainable_variables=None):
            variables = trainable_variables or self.model.trainable_variables
            self._latest.assign(self._measure(grads, variables))
            return apply(grads, trainable_variables)

        vars(self._optimizer)["apply"] = watched
        self.model.make_train_function(force=True)
        if self.log_dir is not None:
            self._writer = tf.summary.create_file_writer(str(self.log_dir))

    def _measure(self, grads, variables):
        """Norms of the layers, norm of all, and whether they will be clipped."""
        squares = {name: tf.zeros(()) for name in self._names}
        clip: Any = self._optimizer
        clipped = tf.constant(False)
        for gradient, variable in zip(grads, variables, strict=True):
            if gradient is None:
                continue
            gradient = tf.cast(tf.convert_to_tensor(gradient), "float32")
            square = tf.reduce_sum(gradient**2)
            squares[self._owner[id(variable)]] += square
            if clip.clipnorm is not None:
                clipped |= tf.sqrt(square) > clip.clipnorm
            if clip.clipvalue is not None:
                clipped |= tf.reduce_any(tf.abs(gradient) > clip.clipvalue)
        total = tf.sqrt(tf.add_n(list(squares.values())))
        if clip.global_clipnorm is not None:
            clipped |= total > clip.global_clipnorm
        norms = [tf.sqrt(squares[name]) for name in self._names]
        return tf.stack([*norms, total, tf.cast(clipped, "float32")])

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        *norms, total, clipped = self._latest.numpy().astype("float64")
        step = int(self._optimizer.iterations)
        self.steps.append(step)
        for name, norm in zip(self._names, norms, strict=True):
            self.norms[name].append(float(norm))
        self.global_norms.append(float(total))
        self.clipped.append(bool(clipped))
        if self._writer is not None:
            with self._writer.as_default(step=step):
                for name, norm in zip(self._names, norms, strict=True):
                    tf.summary.scalar(f"gradient_norm/{name}", norm)
                tf.summary.scalar("gradient_norm/all", total)
                tf.summary.scalar("gradient_clipped", clipped)
        broken = [n for n, v in zip(self._names, norms, strict=True) if v - v != 0]
        if broken and self.stop_on_nan:
            message = (
                f"Training stopped: the gradient of layer {broken[0]!r} is not finite "
                f"at step {step} (layers: {', '.join(broken)})."
            )
            self.stopped = Stop(step, broken[0], tuple(broken), message)
            self.model.stop_training = True
            warnings.warn(message, RuntimeWarning, stacklevel=2)

    def on_train_end(self, logs: Any = None) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._release()
        self.model.make_train_function(force=True)

    def _release(self):
        if self._optimizer is not None:
            vars(self._optimizer).pop("apply", None)
            self._optimizer = None

    def plot(self, ax: Any = None) -> Any:
        """Draws the norms over the training steps; returns the axes."""
        ax = plotting.axes(ax)
        for k, (name, norms) in enumerate(self.norms.items()):
            colour = plotting.colour_of(k + 1)
            ax.plot(self.steps, norms, color=colour, linewidth=1, label=name)
        clipped = np.array(self.clipped, bool)
        if clipped.any():
            steps, norms = np.array(self.steps), np.array(self.global_norms)
            label = f"all layers, clipped ({clipped.sum()} steps)"
            ax.plot(steps[clipped], norms[clipped], "v", color="#e0002b", label=label)
        ax.set_yscale("log")
        ax.set_xlabel("training step")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_ylabel("gradient norm")
        ax.grid(alpha=0.25)
        ax.legend(fontsize=8, frameon=False)
        return ax
