"""From a recipe to a trained model: data, model, optimizer, the epoch to keep."""

import dataclasses
import inspect
import math
import re
import time
import unicodedata
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_zoo import layers, topologies
from keras_rnn_zoo.datasets.tags import SCHEME
from keras_rnn_zoo.layers import bio_constraints
from keras_rnn_zoo.layers.heads import sampling_schedules
from keras_rnn_zoo.tasks import direction, task_of
from keras_rnn_zoo.topologies._reading import DEFAULT_UNITS, head_of
from keras_rnn_zoo.training.checkpoints import Checkpoint
from keras_rnn_zoo.training.class_weights import weighted
from keras_rnn_zoo.training.recipes import TOPOLOGY_KEYS


@dataclasses.dataclass(frozen=True)
class Fit:
    """A trained model and how it got there.

    Attributes:
        model: the model, with the weights of the best epoch.
        history: dict of lists, one value an epoch, as Keras gives it; with
            `"seconds"`, the wall time of each epoch, and `"learning_rate"`.
        best_epoch: int. The 1-based epoch whose weights were kept.
        seconds: float. Wall time of the training.
        diverged: bool. Whether it was stopped because weights became nan or inf.
    """

    model: keras.Model
    history: dict[str, list[float]]
    best_epoch: int
    seconds: float
    diverged: bool = False


def load_data(recipe, *, data_dir=None, download=False):
    """Prepare the data of a recipe.

    Args:
        recipe: `Recipe`.
        data_dir: str. Directory of prepared data sets. None: TFDS's own.
        download: bool. Whether a data set may be fetched from the network.

    Returns:
        `keras_rnn_zoo.datasets.Pipelines`.
    """
    from keras_rnn_zoo import datasets

    _begin_order()
    return datasets.load(
        recipe.data.name,
        batch_size=recipe.data.batch_size,
        seed=recipe.seed,
        data_dir=data_dir,
        download=download,
        **recipe.data.options,
    )


def batch_again(recipe, pipelines):
    """Return data as `load_data` gives it to a recipe, without reading it once more.

    Args:
        recipe: `Recipe` that may differ in its batch size from the one of the data.
        pipelines: the data.
    """
    from keras_rnn_zoo.datasets.batches import batches

    _begin_order()
    raw, size, padding = pipelines.raw, recipe.data.batch_size, pipelines.padding or 0
    return dataclasses.replace(
        pipelines,
        train=batches(raw["train"], size, seed=recipe.seed, padding=padding),
        validation=batches(raw["validation"], size, padding=padding),
        test=batches(raw["test"], size, padding=padding),
    )


def _begin_order():
    """Let the order of the examples depend on the recipe's seed alone.

    It hangs on TensorFlow's seed as well, which an earlier model of this process has
    set. This is the one a process begins with.
    """
    tf.random.set_seed(87654321)


def training_batches(recipe, pipelines):
    """Return the training batches of a recipe, cut to `data.limit`, and their number.

    Returns:
        `(dataset, steps)`.
    """
    dataset, limit = pipelines.train, recipe.data.limit
    if limit is not None:
        dataset = dataset.take(math.ceil(limit / recipe.data.batch_size))
    steps = int(dataset.cardinality())
    if steps < 0:  # bucketing by length hides the number of batches
        steps = sum(1 for _ in dataset)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
    return weighted(dataset, recipe, pipelines), steps


def skip_epochs(dataset, epochs: int) -> None:
    """Bring a data set that shuffles each epoch anew to where `model.fit` leaves it.

    A data set is in its next order with each iterator. Keras 3.15 makes two in an
    epoch: the one it reads, and another when that has given its last batch.

    Args:
        dataset: `tf.data.Dataset` of known cardinality.
        epochs: int. How many to skip; no more than their first batches are made.
    """
    for _ in range(epochs):
        next(iter(dataset))
        iter(dataset)


def build_model(recipe, pipelines, *, dtype=None) -> keras.Model:
    """Build the model of a recipe for some data; its weights exist afterwards.

    The seeds of Python, NumPy and Keras are set to the recipe's first.

    Args:
        recipe: `Recipe`.
        pipelines: the data: says how many classes and which inputs there are.
        dtype: dtype or policy such as `"mixed_bfloat16"`. None: float32.

    Raises:
        ValueError: if the topology refuses an argument.
    """
    keras.utils.set_random_seed(recipe.seed)
    topology = getattr(topologies, recipe.model.topology)
    model = topology(
        **_told_by_data(topology, pipelines),
        **_model_arguments(recipe, pipelines),
        seed=recipe.seed,
        dtype=dtype,
        name=name_for_keras(recipe.name),
    )
    if not model.built:
        x, _ = next(iter(pipelines.validation.take(1)))
        model(x[:1])
    if recipe.training.initial_weights is not None:
        model.load_weights(recipe.training.initial_weights)
    return model


def _told_by_data(topology, pipelines):
    """Return the arguments of a topology that the data tell, by name."""
    tokens = pipelines.vocabulary
    told = {
        "num_outputs": pipelines.num_outputs,
        "vocabulary_size": pipelines.vocabulary_size,
        "num_features": pipelines.num_features,
        "source_tokens": None if tokens is None else list(tokens),
        "target_tokens": list(pipelines.labels),
    }
    taken = inspect.signature(topology).parameters
    return {key: one for key, one in told.items() if key in taken and one is not None}


def name_for_keras(name: str) -> str:
    """Return a name that TensorFlow takes for a model: ASCII, without spaces.

    Example:
    >>> name_for_keras("py_cursor_lstm_donn\u00e9es"), name_for_keras("\u6570\u636e")
    ('py_cursor_lstm_donnees', 'model___')
    """
    apart = unicodedata.normalize("NFKD", name)
    plain = "".join(one for one in apart if not unicodedata.combining(one))
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", plain)
    return plain if re.match(r"[A-Za-z0-9.]", plain) else f"model_{plain}"


def _model_arguments(recipe, pipelines):
    arguments = recipe.model.arguments()
    padding = pipelines.padding
    if padding is not None and arguments.setdefault("mask_value", padding) != padding:
        raise ValueError(
            f"`model.mask_value` must be {padding}, the padding of {pipelines.name}, "
            f"or be left out. Received: mask_value={arguments['mask_value']!r}."
        )
    codec = pipelines.codec
    if codec is not None and codec.characters is not None:
        if "characters" not in TOPOLOGY_KEYS[recipe.model.topology]:
            raise ValueError(
                "`data.options.max_characters` must be left out for a model that reads "
                f"no characters. Received: topology={recipe.model.topology!r}."
            )
        arguments["characters"] = {
            **arguments.get("characters", {}),
            "vocabulary_size": len(codec.characters),
            "max_characters": codec.max_characters,
        }
    elif "characters" in arguments:
        raise ValueError(
            "`data.options.max_characters` must say how many characters of a word are "
            "read, for a model with `model.characters`. Received: data without "
            "characters."
        )
    head = arguments.get("head")
    if isinstance(head, dict) and "scheme" in head:
        head = dict(head)
        if SCHEME in pipelines.facts and head["scheme"] not in ("BIO", "IOB2"):
            raise ValueError(
                "`model.head.scheme` must be 'BIO', in which tags of names are read "
                "from files, whatever their scheme. Received: "
                f"scheme={head['scheme']!r}."
            )
        rules = bio_constraints(pipelines.labels, head.pop("scheme"))
        arguments["head"] = {**head, **rules}
    if isinstance(arguments.get("cell"), dict):
        arguments["cell"] = _cell_of(arguments["cell"], arguments.get("units"))
    schedule = arguments.get("sampling_schedule")
    if isinstance(schedule, dict):
        options = dict(schedule)
        name = options.pop("class", None)
        known = {
            one.__name__: one
            for one in sampling_schedules.SamplingSchedule.__subclasses__()
        }
        if name not in known:
            raise ValueError(
                "`class` of `model.sampling_schedule` must be one of "
                f"{', '.join(known)}. Received: class={name!r}."
            )
        try:
            arguments["sampling_schedule"] = known[name](**options)
        except TypeError as error:
            raise ValueError(
                f"`model.sampling_schedule` must hold arguments of {name}. "
                f"Received: {schedule!r} ({error})."
            ) from error
    return arguments


def _cell_of(table, units):
    """Make a cell of `model.cell`, a table of its name and its arguments."""
    options = dict(table)
    name = options.pop("name", None)
    cell = getattr(layers, f"{name}Cell", None)
    if cell is None:
        raise ValueError(
            "`name` of `model.cell` must be a cell of the zoo, such as 'SimpleRNN'. "
            f"Received: name={name!r}."
        )
    widths = set(units) if isinstance(units, list) else {units or DEFAULT_UNITS}
    if len(widths) > 1:
        raise ValueError(
            "`model.units` must be the same for all layers of a cell with arguments. "
            f"Received: units={units!r}."
        )
    try:
        return cell(*widths, **options)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`model.cell` must hold arguments of {name}Cell. Received: {table!r} "
            f"({error})."
        ) from error


def learning_rate(training, steps_per_epoch: int):
    """Return the learning rate of a `TrainingRecipe`: a number or a Keras schedule."""
    steps = training.epochs * steps_per_epoch
    rate, final = training.learning_rate, training.final_learning_rate
    if training.schedule == "cosine":
        warmup = round(training.warmup_epochs * steps_per_epoch)
        return keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else rate,
            max(1, steps - warmup),
            alpha=final / rate,
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    if training.schedule == "exponential":
        if final == 0:
            raise ValueError(
                "`final_learning_rate` must be above 0 for the schedule 'exponential'. "
                f"Received: final_learning_rate={final!r}."
            )
        return keras.optimizers.schedules.ExponentialDecay(
            rate, decay_steps=max(1, steps), decay_rate=final / rate
        )
    return rate


def compile_model(recipe, model, steps_per_epoch: int, labels=()):
    """Compile a model as its recipe says: Adam, its head's loss, the task's metrics."""
    task = task_of(recipe.task, labels)
    head = head_of(model)
    own = None if head is None else head.own_loss()
    loss = task.loss() if own is None else own
    model.compile(
        optimizer=keras.optimizers.Adam(
            learning_rate(recipe.training, steps_per_epoch),
            clipnorm=recipe.training.clipnorm,
        ),
        loss=loss,
        metrics=task.metrics(),
        jit_compile=False,  # XLA would compile for each length of sequence
    )


class Progress(keras.callbacks.Callback):
    """Tell a listener how far the training is, and keep the figures of the epochs.

    Args:
        listener: object with `step(epoch, done, steps, logs)`, called a few times a
            second, and `epoch(epoch, epochs, logs, seconds)`, called at the end of
            each epoch. Epochs count from 1. None: nobody listens.
        steps: int. Batches in an epoch.
        history: dict of lists, the figures of earlier epochs.
    """

    def __init__(self, listener, steps, history):
        super().__init__()
        self.listener, self.steps = listener, steps
        self.history = {key: list(values) for key, values in history.items()}
        self._epoch, self._started, self._told = 0, 0.0, 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._started = epoch + 1, time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        if self.listener is not None and now - self._told > 0.2:
            self._told = now
            self.listener.step(self._epoch, batch + 1, self.steps, logs or {})

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self._started
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        figures = (logs or {}) | {"seconds": seconds, "learning_rate": rate}
        for key, value in figures.items():
            self.history.setdefault(key, []).append(float(value))
        if self.listener is not None:
            epochs = self.params["epochs"]
            self.listener.epoch(epoch + 1, epochs, logs or {}, seconds)


class KeepBest(keras.callbacks.EarlyStopping):
    """Keep the weights of the best epoch, and stop when none was better for long.

    Args:
        start: `Checkpoint` to go on from, or None.
        **options: see `keras.callbacks.EarlyStopping`.
    """

    def __init__(self, start=None, **options):
        super().__init__(restore_best_weights=True, **options)
        self._start = start

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        if self._start is not None:
            self.best, self.wait = self._start.best, self._start.wait
            self.best_epoch = self._start.best_epoch - 1
            self.best_weights = self._start.variables["best"]


class DivergedError(RuntimeError):
    """A training whose weights are no numbers any more, before an epoch was kept.

    Attributes:
        epochs: int. Number of the epoch in which that was found, from 1.
    """

    def __init__(self, message, epochs):
        self.epochs = epochs
        super().__init__(message)


class StopAtNaN(keras.callbacks.Callback):
    """End a training whose weights are no numbers any more.

    The best epoch so far is kept, as at any other end. It must come before `KeepBest`
    among the callbacks.

    Args:
        recipe: `Recipe`, for the words.
        keep_best: `KeepBest`, which has the best weights so far.

    Raises:
        DivergedError: if there is no such epoch.
    """

    def __init__(self, recipe, keep_best):
        super().__init__()
        self._recipe, self._best, self.diverged = recipe, keep_best, False

    def on_epoch_end(self, epoch, logs=None):
        broken = _not_finite(self.model)
        if broken is None:
            return
        self.diverged = True
        if self._best.best_weights is not None:
            self.model.stop_training = True
            return
        figures = ", ".join(f"{key} {value:.4g}" for key, value in (logs or {}).items())
        training = self._recipe.training
        raise DivergedError(
            "The training must end with weights that are numbers. Received: "
            f"{broken} with nan or inf after epoch {epoch + 1} ({figures}): it "
            f"diverged. Lower `learning_rate`, {training.learning_rate:g} now, or "
            f"`clipnorm`, {training.clipnorm or 'not set'} now.",
            epoch + 1,
        )


def _not_finite(model):
    """Return the path of the first weight with nan or inf, or None."""
    for variable in model.trainable_variables:
        if not np.isfinite(keras.ops.convert_to_numpy(variable)).all():
            return variable.path
    return None


class _Saver(keras.callbacks.Callback):
    """Hand a `Checkpoint` to `save` at the end of each epoch."""

    def __init__(self, save, progress, keep_best):
        super().__init__()
        self._save, self._progress, self._best = save, progress, keep_best

    def on_epoch_end(self, epoch, logs=None):
        best = self._best
        as_array = keras.ops.convert_to_numpy
        self._save(
            Checkpoint(
                variables={
                    "model": [as_array(v) for v in self.model.variables],
                    "optimizer": [as_array(v) for v in self.model.optimizer.variables],
                    "best": best.best_weights,
                },
                history=self._progress.history,
                best=float(best.best),
                best_epoch=best.best_epoch + 1,
                wait=best.wait,
                stopped=self.model.stop_training,
            )
        )


def fit(
    recipe,
    pipelines,
    model: keras.Model,
    *,
    listener=None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    save: Callable[[Checkpoint], None] | None = None,
    start: Checkpoint | None = None,
) -> Fit:
    """Train a model and keep the epoch that is best on the validation data.

    The test data is not looked at. Going on from a checkpoint, in a process of its own
    or not, gives the weights and the figures of a training without a break.

    Args:
        recipe: `Recipe`.
        pipelines: the data.
        model: the model, from `build_model`.
        listener: see `Progress`.
        callbacks: further Keras callbacks.
        save: called with a `Checkpoint` at the end of each epoch.
        start: the `Checkpoint` to go on from. `pipelines` must be as loaded: no epoch
            may have been drawn from it.

    Raises:
        DivergedError: if the weights became nan or inf before an epoch was kept.
        ValueError: if `training.monitor` is not among what is measured, or `start` is
            not of such a model.
    """
    dataset, steps = training_batches(recipe, pipelines)
    compile_model(recipe, model, steps, pipelines.labels)
    training = recipe.training
    task = task_of(recipe.task, pipelines.labels)
    measured = ["val_loss", *(f"val_{m.name}" for m in task.metrics())]
    if training.monitor not in measured:
        raise ValueError(
            f"`training.monitor` must be one of {', '.join(measured)}. "
            f"Received: monitor={training.monitor!r}."
        )
    progress = Progress(listener, steps, {} if start is None else start.history)
    keep_best = KeepBest(
        start,
        monitor=training.monitor,
        mode=direction(training.monitor),
        patience=training.patience or training.epochs,
    )
    watch = StopAtNaN(recipe, keep_best)
    callbacks = [progress, watch, keep_best, *callbacks]
    if save is not None:
        callbacks.append(_Saver(save, progress, keep_best))
    first = 0
    if start is not None:
        start.restore(model)
        skip_epochs(dataset, start.epochs)
        first = training.epochs if start.stopped else start.epochs
    started = time.perf_counter()
    model.fit(
        dataset,
        validation_data=weighted(pipelines.validation, recipe, pipelines),
        initial_epoch=first,
        epochs=training.epochs,
        callbacks=callbacks,
        shuffle=False,  # the data set shuffles
        verbose=0,
    )
    seconds = time.perf_counter() - started
    if start is not None:
        seconds += sum(start.history["seconds"])
    best = keep_best.best_epoch + 1
    return Fit(model, progress.history, best, seconds, watch.diverged)
