"""From a recipe to a trained model: data, model, optimizer, the epoch to keep."""

import dataclasses
import itertools
import math
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_rnn_zoo import topologies
from keras_rnn_zoo.layers import CRFLoss, bio_constraints, sampling_schedules
from keras_rnn_zoo.metrics import BitsPerCharacter, TokenAccuracy

#: The quantity a task is judged by, and whether more of it is better.
TASK_METRIC = {
    "tagging": ("accuracy", True),
    "classification": ("accuracy", True),
    "language_model": ("bits_per_character", False),
    "regression": ("rmse", False),
}


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
    return dataset, steps


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
        **_model_arguments(recipe, pipelines.labels),
        seed=recipe.seed,
        dtype=dtype,
        name=recipe.name,
    )
    x, y = next(iter(pipelines.validation.take(1)))
    model(x[:1])
    if recipe.training.initial_weights is not None:
        model.load_weights(recipe.training.initial_weights)
    return model


def _model_arguments(recipe, labels):
    arguments = recipe.model.arguments()
    head = arguments.get("head")
    if isinstance(head, dict) and "scheme" in head:
        head = dict(head)
        rules = bio_constraints(labels, head.pop("scheme"))
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


def task_metrics(task: str) -> list[keras.metrics.Metric]:
    """Return new metrics for a task, the one it is judged by first."""
    if task == "language_model":
        return [BitsPerCharacter(), TokenAccuracy()]
    if task == "regression":
        return [keras.metrics.RootMeanSquaredError(name="rmse")]
    return [TokenAccuracy()]


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


def compile_model(recipe, model, steps_per_epoch: int):
    """Compile a model as its recipe says: Adam, its head's loss, the task's metrics."""
    if getattr(model, "head_name", "dense") == "crf":
        loss = CRFLoss()
    elif recipe.task == "regression":
        loss = keras.losses.MeanSquaredError()
    else:
        loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(
        optimizer=keras.optimizers.Adam(
            learning_rate(recipe.training, steps_per_epoch),
            clipnorm=recipe.training.clipnorm,
        ),
        loss=loss,
        metrics=task_metrics(recipe.task),
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
    compile_model(recipe, model, steps)
    training = recipe.training
    measured = ["val_loss", *(f"val_{m.name}" for m in task_metrics(recipe.task))]
    if training.monitor not in measured:
        raise ValueError(
            f"`training.monitor` must be one of {', '.join(measured)}. "
            f"Received: monitor={training.monitor!r}."
        )
    mode = "max" if training.monitor == "val_accuracy" else "min"
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
        validation_data=pipelines.validation,
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


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What a model does on one split, every unpadded step counted once.

    Attributes:
        metrics: dict of name → value: `accuracy` and `macro_f1`, or
            `bits_per_character` and `accuracy`, or `rmse`, and `rmse_1_step` of the
            first value, if there are several.
        predictions: list of arrays, one an example in the order of `raw`: class ids
            `(time,)` or a class id, or values; empty for language models.
        confidences: list like `predictions`: probability of the predicted class.
        num_examples: int.
    """

    metrics: dict[str, float]
    predictions: list[Any]
    confidences: list[Any]
    num_examples: int


def forward(model, *, teacher_forced=False):
    """Return a compiled function of a batch that gives the model's output.

    One graph serves all batch sizes and lengths.

    Args:
        model: the model.
        teacher_forced: bool. Whether the function takes `(x, y)`, y the true outputs
            that `OutputRecurrence` is to feed back.
    """
    import tensorflow as tf

    num_features = model.get_config().get("num_features")
    if num_features is not None:
        x = tf.TensorSpec((None, None, num_features), "float32")
    else:
        x = tf.TensorSpec((None, None), "int32")
    if teacher_forced:
        signature = [x, tf.TensorSpec((None, None), "int32")]
        return tf.function(
            lambda x, y: model((x, y), training=False), input_signature=signature
        )
    return tf.function(lambda x: model(x, training=False), input_signature=[x])


def evaluate(
    model, task: str, examples, *, batch_size=64, teacher_forced=False
) -> Evaluation:
    """Evaluate a model on un-padded examples.

    Examples are sorted by length, padded batch by batch, and put back into their order,
    so that the answer belongs to the example and little padding is computed.

    Args:
        model: the model.
        task: `"tagging"`, `"classification"` or `"language_model"`.
        examples: list of `(x, y)` NumPy arrays, as in `Pipelines.raw`.
        batch_size: int.
        teacher_forced: bool. Feed back the true outputs, see `forward`.

    Raises:
        ValueError: if there are no examples.
    """
    if not examples:
        raise ValueError("`examples` must not be empty. Received: examples=[].")
    run = forward(model, teacher_forced=teacher_forced)
    if task == "regression":
        return _evaluate_values(run, examples, batch_size)
    order = sorted(range(len(examples)), key=lambda i: len(examples[i][0]))
    bits, right, total = 0.0, 0, 0
    predictions, confidences = [None] * len(order), [None] * len(order)
    for chosen in _chunks(order, batch_size):
        x = pad([examples[i][0] for i in chosen])
        inputs = (x, pad([examples[i][1] for i in chosen])) if teacher_forced else (x,)
        probabilities = np.asarray(run(*inputs), "float64")
        for row, i in enumerate(chosen):
            y = np.asarray(examples[i][1])
            p = probabilities[row]
            if task != "classification":
                p = p[: len(y)]
            predicted = p.argmax(-1)
            right += int(np.sum(predicted == y))
            total += y.size
            if task == "language_model":
                p = p / p.sum(-1, keepdims=True)
                chosen_p = np.take_along_axis(p, y[..., None], -1)
                bits -= float(np.log2(np.maximum(chosen_p, 1e-12)).sum())
            else:
                predictions[i], confidences[i] = predicted, p.max(-1)
    metrics = {"accuracy": right / total}
    if task == "language_model":
        metrics = {"bits_per_character": bits / total, **metrics}
        predictions, confidences = [], []
    else:
        metrics["macro_f1"] = macro_f1(
            [y for _, y in examples], predictions, int(probabilities.shape[-1])
        )
    return Evaluation(metrics, predictions, confidences, len(examples))


def _evaluate_values(run, examples, batch_size):
    predictions = []
    for chosen in _chunks(examples, batch_size):
        predictions += list(np.asarray(run(pad([x for x, _ in chosen])), "float64"))
    errors = np.stack(predictions) - np.stack([y for _, y in examples])
    metrics = {"rmse": float(np.sqrt(np.mean(errors**2)))}
    if errors.shape[1] > 1:
        metrics["rmse_1_step"] = float(np.sqrt(np.mean(errors[:, 0] ** 2)))
    return Evaluation(metrics, predictions, [], len(examples))


def interval_widths(model, examples, level=0.9) -> np.ndarray:
    """Return half the width of prediction intervals, one for each value.

    The quantile of the absolute errors on examples that the model was not fitted to
    (split conformal prediction; Vovk et al. 2005): value ± width holds the truth with
    a probability of `level` if the future is like these examples.

    Args:
        model: a regression model.
        examples: list of `(x, y)` NumPy arrays: the validation data.
        level: float in (0, 1).

    Returns:
        `(values,)`, float64.
    """
    found = evaluate(model, "regression", examples)
    errors = np.abs(np.stack(found.predictions) - np.stack([y for _, y in examples]))
    rank = min(1.0, np.ceil((len(errors) + 1) * level) / len(errors))
    return np.quantile(errors, rank, axis=0, method="higher")


def coverage(predictions, examples, widths) -> float:
    """Return the share of true values that lie in their prediction intervals."""
    errors = np.abs(np.stack(predictions) - np.stack([y for _, y in examples]))
    return float(np.mean(errors <= widths))


def bits_of(model, examples) -> list[np.ndarray]:
    """Return -log2 p of each true token, one array an example.

    Args:
        model: a language model.
        examples: list of `(x, y)` NumPy arrays, as in `Pipelines.raw`.
    """
    run, answers = forward(model), []
    for x, y in examples:
        p = np.asarray(run(pad([x])), "float64")[0]
        p = p[np.arange(len(y)), y] / p.sum(-1)
        answers.append(-np.log2(np.maximum(p, 1e-12)))
    return answers


def macro_f1(truths, predictions, num_classes: int) -> float:
    """Return the mean F1 over the classes that occur in the truth."""
    y = np.concatenate([np.ravel(one) for one in truths])
    p = np.concatenate([np.ravel(one) for one in predictions])
    table = np.zeros((num_classes, num_classes), "int64")
    np.add.at(table, (y, p), 1)
    hits = np.diag(table)
    present = table.sum(1) > 0
    f1 = 2 * hits[present] / (table.sum(1) + table.sum(0))[present]
    return float(f1.mean())


def pad(sequences) -> np.ndarray:
    """Pad sequences on the right with zeros to the longest of them.

    Example:
    >>> pad([np.array([3, 4, 5]), np.array([6])])
    array([[3, 4, 5],
           [6, 0, 0]], dtype=int32)
    """
    first = np.asarray(sequences[0])
    dtype = "int32" if np.issubdtype(first.dtype, np.integer) else "float32"
    longest = max(len(one) for one in sequences)
    padded = np.zeros((len(sequences), longest, *first.shape[1:]), dtype)
    for row, one in zip(padded, sequences, strict=True):
        row[: len(one)] = one
    return padded


def _chunks(items, size):
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
