"""A training, station by station: prepare, fit, judge, write, draw.

Each takes one value and gives one, which holds the one before.
"""

import contextlib
import dataclasses
import pathlib
import shutil
import time
from typing import Any

import numpy as np

from keras_rnn_zoo import extras
from keras_rnn_zoo.jobs.common import Reporter, figures_of, interpreter_of, origin
from keras_rnn_zoo.jobs.data import load_data
from keras_rnn_zoo.presets import Assets
from keras_rnn_zoo.tasks import Figure, Task, task_of
from keras_rnn_zoo.tasks.report import Report
from keras_rnn_zoo.training import checkpoints, recipes


@dataclasses.dataclass(frozen=True)
class TrainOptions:
    """How a training is carried out; what is trained, the recipe says. See `train`."""

    device: str | None = None
    mixed_precision: bool = False
    data_dir: Any = None
    download: bool = False
    pictures: bool = True
    baselines: bool = True
    tensorboard: Any = None
    resume: bool = False
    reporter: Reporter = dataclasses.field(default_factory=Reporter)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be done.

    Attributes:
        loaded: the recipe as it was read.
        recipe: the recipe that is followed, changes included.
        working: directory of the checkpoint.
        start: the checkpoint to go on from, or None.
        device: such as "cpu:0"; whoever takes the stations does so there.
        options: `TrainOptions`.
    """

    loaded: recipes.Recipe
    recipe: recipes.Recipe
    working: pathlib.Path
    start: checkpoints.Checkpoint | None
    device: str
    options: TrainOptions


@dataclasses.dataclass(frozen=True)
class Prepared:
    """Data and a model that has weights.

    Attributes:
        plan: `Plan`.
        pipelines: the data.
        model: the model.
        run: what a checkpoint says of the training.
        callbacks: of the training, beyond the common ones.
        seconds: dict of wall time by part.
    """

    plan: Plan
    pipelines: Any
    model: Any
    run: dict[str, Any]
    callbacks: list
    seconds: dict[str, float]

    @property
    def task(self) -> Task:
        """A new instance of the task."""
        return task_of(self.plan.recipe.task, self.pipelines.labels)


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained model: what was prepared, and `training.fit.Fit`."""

    prepared: Prepared
    fit: Any


@dataclasses.dataclass(frozen=True)
class Judged:
    """A model with its figures on the test data, and those of simpler methods."""

    trained: Trained
    evaluation: Any
    figures: list[Figure]
    baselines: list[Figure]


@dataclasses.dataclass(frozen=True)
class Written:
    """What lies in the run's directory.

    Attributes:
        judged: `Judged`.
        directory: where it lies, for now.
        assets: vocabulary, labels and facts.
        checks: the largest difference from the model by file loaded again.
        samples: what a language model wrote: heading, prompt, text each.
    """

    judged: Judged
    directory: pathlib.Path
    assets: Assets
    checks: dict[str, float]
    samples: list[tuple[str, str, str]]

    @property
    def text(self) -> str:
        """The last of the samples, with its prompt; "" if there is none."""
        return self.samples[-1][1] + self.samples[-1][2] if self.samples else ""


@contextlib.contextmanager
def _timed(seconds, part):
    since = time.perf_counter()
    yield
    seconds[part] = time.perf_counter() - since


def prepare(plan: Plan) -> Prepared:
    """Load the data, build the model and say what both are."""
    from keras_rnn_zoo.training import devices
    from keras_rnn_zoo.training import fit as fitting

    options, recipe = plan.options, plan.recipe
    dtype = None
    if options.mixed_precision:
        dtype = devices.mixed_precision_policy(plan.device)
    elif plan.start is not None:
        dtype = plan.start.run["dtype"]  # need not be asked for again
    board = options.tensorboard
    callbacks = [] if board is None else _tensorboard_callbacks(board)
    say, seconds = options.reporter.say, {}
    say(f"{recipe.name}: {recipe.title}")
    with _timed(seconds, "data"):
        pipelines = load_data(
            recipe, data_dir=options.data_dir, download=options.download
        )
    for line in _describe_data(pipelines):
        say(line)
    model = fitting.build_model(recipe, pipelines, dtype=dtype)
    say(_describe_model(recipe, model, plan.device, dtype))
    run = checkpoints.describe(
        *(plan.loaded, recipe, pipelines),
        epochs=recipe.training.epochs,
        dtype=dtype,
        device=plan.device,
    )
    return Prepared(plan, pipelines, model, run, callbacks, seconds)


def fit(prepared: Prepared) -> Trained:
    """Train, or train on, and keep the best epoch."""
    from keras_rnn_zoo.training import fit as fitting

    plan, run = prepared.plan, prepared.run
    start, say = plan.start, plan.options.reporter.say
    if start is not None:
        checkpoints.check_same(start, run)
        say(f"Going on after epoch {start.epochs} of {run['epochs']}.")
        if start.run["device"] != plan.device:
            say(
                f"It began on {start.run['device']}: the last digits may differ "
                "from those of a run on one device."
            )
    trained = fitting.fit(
        *(plan.recipe, prepared.pipelines, prepared.model),
        listener=plan.options.reporter,
        callbacks=prepared.callbacks,
        save=lambda one: dataclasses.replace(one, run=run).write(plan.working),
        start=start,
    )
    prepared.seconds["training"] = trained.seconds
    if trained.diverged:
        epoch = len(trained.history["loss"])
        say(f"Stopped: the weights became nan or inf in epoch {epoch}.")
    say(
        f"Kept epoch {trained.best_epoch}, the best on validation data by "
        f"{plan.recipe.training.monitor}. Judging it on the test data …"
    )
    return Trained(prepared, trained)


def judge(trained: Trained) -> Judged:
    """Measure the model on the test data, and simpler methods beside it."""
    from keras_rnn_zoo.tasks.evaluation import evaluate

    prepared = trained.prepared
    recipe, model = prepared.plan.recipe, prepared.model
    pipelines, task = prepared.pipelines, prepared.task
    with _timed(prepared.seconds, "evaluation"):
        evaluation = evaluate(model, task, pipelines.raw["test"])
        pipelines.facts.update(task.further_facts(model, pipelines))
        figures = figures_of(recipe, model, evaluation, pipelines, pipelines.facts)
        compared = []
        if prepared.plan.options.baselines:
            compared = task.baselines(pipelines)
    return Judged(trained, evaluation, figures, compared)


def write(judged: Judged, directory: pathlib.Path) -> Written:
    """Save, export, and check both by loading them again."""
    trained, prepared = judged.trained, judged.trained.prepared
    plan, pipelines, task = prepared.plan, prepared.pipelines, prepared.task
    recipe = plan.recipe
    assets = Assets(
        task=recipe.task,
        data=recipe.data.name,
        codec=pipelines.codec and pipelines.codec.get_config(),
        labels=pipelines.labels,
        num_features=pipelines.num_features,
        facts={str(key): str(value) for key, value in pipelines.facts.items()},
    )
    assets.write(directory)
    (directory / recipes.RECIPE_FILE).write_text(recipe.to_toml(), "utf-8")
    history = trained.fit.history
    checkpoints.write_history(directory / checkpoints.HISTORY_FILE, history)
    shutil.copy(plan.working / checkpoints.FILE, directory)
    checks = _save_and_check(judged, directory, assets)
    texts = (pipelines.texts or {}).get("test")
    samples = task.samples(prepared.model, pipelines.codec, texts, recipe.seed)
    written = Written(judged, directory, assets, checks, samples)
    if samples:
        (directory / "generated.txt").write_text(written.text + "\n", "utf-8")
    return written


def draw(written: Written) -> None:
    """Draw the two pictures, or say which extra draws them."""
    from keras_rnn_zoo.inspection import report_plots
    from keras_rnn_zoo.tasks import report

    judged, prepared = written.judged, written.judged.trained.prepared
    options = prepared.plan.options
    if not options.pictures:
        return
    if not report_plots.is_available():
        hint = extras.hint("plot")
        options.reporter.say(f"No pictures: matplotlib is missing. {hint}")
        return
    shown = Report(
        *(prepared.model, prepared.pipelines, prepared.plan.recipe),
        *(judged.trained.fit, judged.evaluation, judged.figures, judged.baselines),
        *(written.samples, interpreter_of(prepared.pipelines.facts)),
    )
    report.draw(written.directory, prepared.task, shown)


def require_tensorboard():
    """Raise unless TensorBoard is installed."""
    extras.require("tensorboard", "`tensorboard` needs TensorBoard.", "tensorboard")


def _tensorboard_callbacks(directory):
    require_tensorboard()
    import keras

    from keras_rnn_zoo.inspection import GradientMonitor

    directory = pathlib.Path(directory)
    return [
        keras.callbacks.TensorBoard(directory, write_graph=False),
        GradientMonitor(directory / "gradients", stop_on_nan=False),
    ]


def _describe_data(pipelines):
    from keras_rnn_zoo.datasets.inputs import steps_of
    from keras_rnn_zoo.datasets.pipelines import PADDING
    from keras_rnn_zoo.datasets.statistics import class_counts
    from keras_rnn_zoo.datasets.tags import SCHEME

    counts = ", ".join(
        f"{len(pipelines.raw[split]):,} {split}"
        for split in ("train", "validation", "test")
    )
    lengths = [steps_of(x) for x, _ in pipelines.raw["train"]]
    span = (
        f"{min(lengths)} steps"
        if min(lengths) == max(lengths)
        else f"{min(lengths)} to {max(lengths)} steps (median "
        f"{np.median(lengths):g}, {pipelines.facts[PADDING]} padding in batches)"
    )
    real = pipelines.raw["train"][0][1].dtype.kind == "f"
    kind = "values" if real else "classes"
    read = {
        "different tokens": pipelines.vocabulary_size,
        "features": pipelines.num_features,
    }
    what = " and ".join(f"{one} {key}" for key, one in read.items() if one is not None)
    yield (
        f"Data   {pipelines.name}: {counts} sequences of {span}; {what} in, "
        f"{pipelines.num_outputs} {kind} out"
    )
    if not real and pipelines.labels != pipelines.vocabulary:
        counts = class_counts(pipelines.raw["train"], pipelines.num_outputs)
        named = [i for i in range(len(counts)) if pipelines.labels[i] or counts[i]]
        most, least = (
            f"{pipelines.labels[i]} ({counts[i] / counts.sum():.1%})"
            for i in (counts.argmax(), min(named, key=lambda i: counts[i]))
        )
        yield f"       most frequent class in training {most}, rarest {least}"
    place = origin(pipelines.facts)
    if place:
        yield f"       {place}"
    for key in ("columns of tokens and tags", SCHEME):
        if fact := pipelines.facts.get(key):
            read = ", read as BIO" if key == SCHEME and fact != "BIO" else ""
            yield f"       {key}: {fact}{read}"


def _describe_model(recipe, model, device, dtype):
    arguments = recipe.model.arguments()
    shown = ", ".join(f"{key}={value}" for key, value in arguments.items())
    return (
        f"Model  {recipe.model.topology}({shown}): {model.count_params():,} weights, "
        f"on {device}" + (f" in {dtype}" if dtype else "")
    )


def _save_and_check(judged, directory, assets):
    """Write `.keras` and SavedModel and compare both, loaded again, with the model."""
    import keras

    from keras_rnn_zoo.datasets.inputs import steps_of
    from keras_rnn_zoo.export import export_saved_model

    prepared = judged.trained.prepared
    model, pipelines = prepared.model, prepared.pipelines
    shortest_first = sorted(pipelines.raw["test"], key=lambda one: steps_of(one[0]))
    chosen = shortest_first[:: max(1, len(shortest_first) // 8)]
    golden = prepared.task.inputs(model, chosen)
    exported = export_saved_model(
        model,
        directory / "saved_model",
        golden,
        assets=assets,
        metadata={"metrics": [dataclasses.asdict(one) for one in judged.figures]},
    )
    model.save(directory / "model.keras")
    loaded = keras.models.load_model(directory / "model.keras")
    expected = np.asarray(model(golden, training=False), "float32")
    answer = np.asarray(loaded(golden, training=False), "float32")
    difference = float(np.abs(answer - expected).max())
    if not difference <= 1e-6:
        raise RuntimeError(
            "The saved model must give the answers of the trained one. Received: "
            f"max_difference={difference}."
        )
    return {"model.keras": difference, "saved_model": exported.max_difference}
