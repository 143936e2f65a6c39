"""From a recipe to a trained model: data, model, optimizer, the epoch to keep."""

import dataclasses
import math
import time
from collections.abc import Sequence

import keras
import numpy as np

from keras_rnn_zoo import topologies
from keras_rnn_zoo.layers import CRFLoss, bio_constraints, sampling_schedules
from keras_rnn_zoo.training.class_weights import weighted
from keras_rnn_zoo.training.recipes import TOPOLOGY_KEYS
from keras_rnn_zoo.training.tasks import task_of


@dataclasses.dataclass(frozen=True)
class Fit:
    """A trained model and how it got there.

    Attributes:
        model: the model, with the weights of the best epoch.
        history: dict of lists, one value an epoch, as Keras gives it; with
            `"seconds"`, the wall time of each epoch, and `"learning_rate"`.
        best_epoch: int. The 1-based epoch whose weights were kept.
        seconds: float. Wall time of the training.
    """

    model: keras.Model
    history: dict[str, list[float]]
    best_epoch: int
    seconds: float


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

    return datasets.load(
        recipe.data.name,
        batch_size=recipe.data.batch_size,
        seed=recipe.seed,
        data_dir=data_dir,
        download=download,
        **recipe.data.options,
    )


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
    return weighted(dataset, recipe, pipelines), steps


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
    if pipelines.vocabulary_size is not None:
        width = {"vocabulary_size": pipelines.vocabulary_size}
    else:
        width = {"num_features": pipelines.num_features}
    model = topology(
        pipelines.num_outputs,
        **width,
        **_model_arguments(recipe, pipelines),
        seed=recipe.seed,
        dtype=dtype,
        name=recipe.name,
    )
    x, y = next(iter(pipelines.validation.take(1)))
    model(x[:1])
    if recipe.training.initial_weights is not None:
        model.load_weights(recipe.training.initial_weights)
    return model


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
        rules = bio_constraints(pipelines.labels, head.pop("scheme"))
        arguments["head"] = {**head, **rules}
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
    if getattr(model, "head_name", "dense") == "crf":
        loss = CRFLoss()
    else:
        loss = task.loss()
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
    """Tell a listener how far the training is, and time the epochs.

    Args:
        listener: object with `step(epoch, done, steps, logs)`, called a few times a
            second, and `epoch(epoch, epochs, logs, seconds)`, called at the end of
            each epoch. Epochs count from 1. None: nobody listens.
        steps: int. Batches in an epoch.
    """

    def __init__(self, listener, steps):
        super().__init__()
        self.listener, self.steps = listener, steps
        self.seconds, self.learning_rates = [], []
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
        self.seconds.append(seconds)
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        self.learning_rates.append(float(rate))
        if self.listener is not None:
            epochs = self.params["epochs"]
            self.listener.epoch(epoch + 1, epochs, logs or {}, seconds)


def fit(
    recipe,
    pipelines,
    model: keras.Model,
    *,
    listener=None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Fit:
    """Train a model and keep the epoch that is best on the validation data.

    The test data is not looked at.

    Args:
        recipe: `Recipe`.
        pipelines: the data.
        model: the model, from `build_model`.
        listener: see `Progress`.
        callbacks: further Keras callbacks.

    Raises:
        ValueError: if `training.monitor` is not among what is measured.
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
    mode = "max" if training.monitor.endswith(("accuracy", "f1")) else "min"
    progress = Progress(listener, steps)
    keep_best = keras.callbacks.EarlyStopping(
        training.monitor,
        mode=mode,
        patience=training.patience or training.epochs,
        restore_best_weights=True,
    )
    started = time.perf_counter()
    history = model.fit(
        dataset,
        validation_data=weighted(pipelines.validation, recipe, pipelines),
        epochs=training.epochs,
        callbacks=[progress, keep_best, *callbacks],
        shuffle=False,  # the data set shuffles
        verbose=0,
    ).history
    seconds = time.perf_counter() - started
    monitored = np.array(history[training.monitor])
    best = int(np.argmax(monitored) if mode == "max" else np.argmin(monitored))
    history = {key: [float(v) for v in values] for key, values in history.items()}
    history["seconds"] = progress.seconds
    history["learning_rate"] = progress.learning_rates
    return Fit(model, history, best + 1, seconds)
