"""Train a model, judge it, save, draw, export and check it."""

import contextlib
import dataclasses
import os
import pathlib
import platform
import re
import shutil
import time
import unicodedata
from collections.abc import Sequence

import numpy as np

from keras_rnn_zoo import extras
from keras_rnn_zoo.jobs.common import (
    DEFAULT_NAME,
    Reporter,
    figures_of,
    origin,
)
from keras_rnn_zoo.jobs.data import load_data
from keras_rnn_zoo.presets import (
    Assets,
    new_directory,
    replaceable,
    training_directory,
)
from keras_rnn_zoo.presets.model_directory import write_json
from keras_rnn_zoo.tasks import Figure, task_of
from keras_rnn_zoo.tasks.report import Report
from keras_rnn_zoo.training import checkpoints, recipes


@dataclasses.dataclass(frozen=True)
class TrainResult:
    """What `train` did.

    Attributes:
        directory: where everything lies.
        recipe: the recipe that was followed, changes included.
        model: figures of the model on the test data, the one it is judged by first.
        baselines: figures of simpler methods on the same data.
        validation: dict of the validation figures of the epoch that was kept.
        best_epoch: int, 1-based.
        parameters: int. Number of weights.
        seconds: dict of wall time by part: data, training, evaluation, total.
        facts: dict of facts on the data; with the interpreter and the corpus's sha256
            for data made of the standard library.
        files: dict of what lies where.
        checks: dict of the largest difference from the model by file loaded again.
        text: what the model wrote, for language models.
    """

    directory: pathlib.Path
    recipe: recipes.Recipe
    model: list[Figure]
    baselines: list[Figure]
    validation: dict[str, float]
    best_epoch: int
    parameters: int
    seconds: dict[str, float]
    facts: dict[str, str]
    files: dict[str, pathlib.Path]
    checks: dict[str, float]
    text: str = ""


def train(
    name: str = DEFAULT_NAME,
    *,
    epochs: int | None = None,
    cell: str | None = None,
    units: int | Sequence[int] | None = None,
    seed: int | None = None,
    limit: int | None = None,
    batch_size: int | None = None,
    device: str | None = None,
    mixed_precision: bool = False,
    out: str | os.PathLike | None = None,
    data: str | os.PathLike | None = None,
    data_options: dict[str, str | int] | None = None,
    data_dir: str | os.PathLike | None = None,
    download: bool = False,
    pictures: bool = True,
    baselines: bool = True,
    tensorboard: str | os.PathLike | None = None,
    resume: bool = False,
    reporter: Reporter | None = None,
) -> TrainResult:
    """Train a model, judge it beside simpler methods, save, draw, export and check it.

    After each epoch, `.NAME.training` beside the run's directory (`.training` in it, if
    it is a mount point) holds the history and a checkpoint. When the run is complete,
    the checkpoint lies in it.

    Args:
        name: name of a recipe, or path of a recipe file.
        epochs: most epochs. None: as the recipe says; so for all other changes.
        cell: name of the cell.
        units: width, or a list of widths for a stack.
        seed: seed of everything.
        limit: train on about this many sequences an epoch.
        batch_size: sequences in a batch.
        device: `"cpu"`, `"gpu"`, `"gpu:1"`. None: a GPU if there is one.
        mixed_precision: compute in half precision.
        out: directory for the run. None: `runs/NAME`. An older run there stays until
            the new one is complete; anything else there is an error, before any work.
        data: one's own file instead of the recipe's data, see
            `keras_rnn_zoo.datasets.files`; the run is then called NAME_FILE.
        data_options: what to know of that file: `token_column`, `tag_column`,
            `scheme`; see the data set "file" of `keras_rnn_zoo.datasets.load`.
        data_dir: directory of prepared data. None: TensorFlow Datasets' own.
        download: whether data may be fetched from the network.
        pictures: whether to draw `curves.png` and `predictions.png`.
        baselines: whether to measure the simpler methods as well.
        tensorboard: directory for TensorBoard's files: figures of every epoch, norms of
            the gradients at every step.
        resume: go on from the checkpoint of a run that was interrupted, or, with a
            constant learning rate and more `epochs`, of a finished one. Weights and
            figures become those of a run without a break. What was asked for then
            need not be repeated and cannot be changed.
        reporter: hears about the progress.

    Returns:
        `TrainResult`.

    Raises:
        FileNotFoundError: if there is no such recipe, or nothing to resume.
        ValueError: if the recipe, a change to it or `device` does not fit, or what is
            to be resumed was another training.
        ImportError: if `tensorboard` is given and not installed.
        FileExistsError: if `out` holds anything but a run, or is the working directory
            or one of its parents.
        NotADirectoryError: if `out` is a file or a link to nothing.
        RuntimeError: if another process is training into `out`, or the weights became
            nan or inf before an epoch was kept.
        KeyboardInterrupt: if the user stopped it; the text says what is kept.
    """
    started = time.perf_counter()
    loaded, changes, out = read_request(
        name, epochs, cell, units, seed, limit, batch_size, data, data_options, out
    )
    return train_recipe(
        loaded,
        changes,
        out,
        reporter=reporter or Reporter(),
        started=started,
        device=device,
        mixed_precision=mixed_precision,
        data_dir=data_dir,
        download=download,
        pictures=pictures,
        baselines=baselines,
        tensorboard=tensorboard,
        resume=resume,
    )


#: What `read_request` reads of the arguments of `train`.
REQUEST = tuple(
    "name epochs cell units seed limit batch_size data data_options out".split()
)


def read_request(
    name, epochs, cell, units, seed, limit, batch_size, data, data_options, out
):
    """Return what is asked for: recipe, changes to it, and directory for the run."""
    recipe = recipes.load(name)
    if data is not None:
        recipe = with_own_data(recipe, pathlib.Path(data), data_options)
    elif data_options:
        key, value = next(iter(data_options.items()))
        raise ValueError(
            f"`data` must be given with `{key}`, which tells how to read that file. "
            f"Received: {key}={value!r}."
        )
    changes = {
        "training__epochs": epochs,
        "model__cell": cell,
        "model__units": list(units) if isinstance(units, list | tuple) else units,
        "seed": seed,
        "data__limit": limit,
        "data__batch_size": batch_size,
    }
    out = pathlib.Path(out) if out is not None else pathlib.Path("runs", recipe.name)
    return recipe, changes, out


def train_recipe(loaded, changes, out, *, reporter, resume, **options):
    """Train a recipe with changes; arguments as of `train`."""
    check_place(out, options["tensorboard"])
    with training_directory(out) as working:
        try:
            start = _find_start(working, out, reporter, resume)
            if start is None:
                recipe = loaded.replace(**changes)
            else:
                recipe = checkpoints.continued(start, loaded, changes)
                if not (working / checkpoints.FILE).is_file():
                    _check_unfinished(start, recipe)
            with contextlib.ExitStack() as stack:
                return _train_into(
                    lambda: stack.enter_context(new_directory(out, "run")),
                    out,
                    working,
                    loaded,
                    recipe,
                    start,
                    reporter,
                    **options,
                )
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_what_is_kept(working, out)) from None


def check_place(out, tensorboard=None):
    """Check that a run can be written to a directory; nothing is done yet."""
    place = replaceable(out, "run", argument="out")
    if tensorboard is not None:
        board = pathlib.Path(os.path.realpath(tensorboard))
        if board.is_relative_to(place.path):
            raise ValueError(
                "`tensorboard` must be a directory outside of `out`, which a new run "
                f"replaces. Received: tensorboard={os.fspath(tensorboard)!r}, "
                f"out={os.fspath(out)!r}."
            )


def beside(out, suffix):
    """Return the path that has the name of another one, and more."""
    if out.name in ("", ".."):
        raise FileExistsError(
            f"`out` must end with a name. Received: out={str(out)!r}. Name a new "
            f"directory, such as {str(out / 'out')!r}."
        )
    return out.with_name(out.name + suffix)


def _find_start(working, out, reporter, resume):
    """Return the checkpoint to go on from, or None to begin."""
    interrupted = (working / checkpoints.FILE).is_file()
    if resume:
        place = working if interrupted else out
        if not (place / checkpoints.FILE).is_file():
            raise FileNotFoundError(
                "`resume` must be left out where nothing was interrupted. Received: "
                f"resume=True, and there is no {working / checkpoints.FILE} and no "
                f"{out / checkpoints.FILE}."
            )
        return checkpoints.Checkpoint.read(place)
    if interrupted:
        reporter.say(
            f"An interrupted run of {_progress(working)} epochs is here; --resume "
            "continues it. The first epoch of this one replaces it."
        )
    return None


def _check_unfinished(start, recipe):
    """Check that there is an epoch left to add to a complete run."""
    done = start.epochs
    if start.stopped:
        raise ValueError(
            "`resume` must be left out for a run that stopped by itself, here after "
            f"epoch {done}, the best being epoch {start.best_epoch}. Received: "
            "resume=True."
        )
    if recipe.training.epochs == done:
        raise ValueError(
            f"`epochs` must be above {done} to resume a run that is complete. "
            f"Received: epochs={done}."
        )


def _progress(working):
    """Return how far the checkpoint of a directory is, such as "7 of 30"."""
    start = checkpoints.Checkpoint.read(working)
    return f"{start.epochs} of {start.run['epochs']}"


def _what_is_kept(working, out):
    if not (working / checkpoints.FILE).is_file():
        return "No run was changed."
    return f"{_progress(working)} epochs are kept; --resume --out {out} continues."


def with_own_data(recipe, path, options=None):
    """Return a recipe that learns the same task from a file, read with `options`."""
    if not path.is_file():
        raise FileNotFoundError(f"`data` must be a file. Received: data={str(path)!r}.")
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        raise ValueError(
            "`data` must have a path in UTF-8, which a recipe can hold. Received: "
            f"data={str(path)!r}. Rename it."
        ) from None
    # Some systems take accents apart; what is left alone then is no letter.
    stem = re.sub(r"\W+", "_", unicodedata.normalize("NFC", path.stem))
    lasting = ("lowercase", "min_count", "max_characters", "context", "horizon")
    kept = {
        key: recipe.data.options[key] for key in lasting if key in recipe.data.options
    }
    kept |= options or {}
    return recipe.replace(
        name=f"{recipe.name}_{stem}",
        title=f"{recipe.title}; trained on {path.name}",
        data=dataclasses.asdict(recipe.data)
        | {
            "name": "file",
            "options": {"path": str(path.absolute()), "task": recipe.task, **kept},
        },
        notes=[],
        published={},
        example="",
    )


def _train_into(
    make_directory,
    out,
    working,
    loaded,
    recipe,
    start,
    reporter,
    *,
    started,
    device,
    mixed_precision,
    data_dir,
    download,
    pictures,
    baselines,
    tensorboard,
):
    from keras_rnn_zoo.training import devices

    devices.silence_tensorflow()
    import keras

    from keras_rnn_zoo.tasks import evaluation as judging
    from keras_rnn_zoo.training import fit as fitting

    device = devices.choose(device)
    dtype = devices.mixed_precision_policy(device) if mixed_precision else None
    if start is not None and dtype is None:
        dtype = start.run["dtype"]  # need not be asked for again
    callbacks = [] if tensorboard is None else _tensorboard_callbacks(tensorboard)
    seconds = {}
    reporter.say(f"{recipe.name}: {recipe.title}")
    with keras.device(device):
        since = time.perf_counter()
        pipelines = load_data(recipe, data_dir=data_dir, download=download)
        seconds["data"] = time.perf_counter() - since
        for line in _describe_data(pipelines):
            reporter.say(line)
        model = fitting.build_model(recipe, pipelines, dtype=dtype)
        reporter.say(_describe_model(recipe, model, device, dtype))
        run = checkpoints.describe(
            loaded,
            recipe,
            pipelines,
            epochs=recipe.training.epochs,
            dtype=dtype,
            device=device,
        )
        if start is not None:
            checkpoints.check_same(start, run)
            reporter.say(f"Going on after epoch {start.epochs} of {run['epochs']}.")
            if start.run["device"] != device:
                reporter.say(
                    f"It began on {start.run['device']}: the last digits may differ "
                    "from those of a run on one device."
                )
        trained = fitting.fit(
            recipe,
            pipelines,
            model,
            listener=reporter,
            callbacks=callbacks,
            save=lambda one: dataclasses.replace(one, run=run).write(working),
            start=start,
        )
        seconds["training"] = trained.seconds
        if trained.diverged:
            reporter.say(
                f"Stopped: the weights became nan or inf in epoch "
                f"{len(trained.history['loss'])}."
            )
        reporter.say(
            f"Kept epoch {trained.best_epoch}, the best on validation data by "
            f"{recipe.training.monitor}. Judging it on the test data …"
        )
        since = time.perf_counter()
        task = task_of(recipe.task, pipelines.labels)
        evaluation = judging.evaluate(model, task, pipelines.raw["test"])
        pipelines.facts.update(task.further_facts(model, pipelines))
        figures = figures_of(recipe, model, evaluation, pipelines, pipelines.facts)
        compared = _baselines(pipelines, task) if baselines else []
        seconds["evaluation"] = time.perf_counter() - since
        assets = Assets(
            task=recipe.task,
            data=recipe.data.name,
            codec=pipelines.codec and pipelines.codec.get_config(),
            labels=pipelines.labels,
            num_features=pipelines.num_features,
            facts={str(key): str(value) for key, value in pipelines.facts.items()},
        )
        reporter.say("Saving, exporting and checking both by loading them again …")
        directory = make_directory()
        assets.write(directory)
        (directory / recipes.RECIPE_FILE).write_text(recipe.to_toml(), "utf-8")
        checkpoints.write_history(directory / checkpoints.HISTORY_FILE, trained.history)
        shutil.copy(working / checkpoints.FILE, directory)
        checks = _save_and_check(model, directory, task, pipelines, assets, figures)
        texts = (pipelines.texts or {}).get("test")
        samples = task.samples(model, pipelines.codec, texts, recipe.seed)
        text = ""
        if samples:
            text = samples[-1][1] + samples[-1][2]
            (directory / "generated.txt").write_text(text + "\n", "utf-8")
        if pictures:
            report = Report(
                *(model, pipelines, recipe, trained, evaluation, figures, compared),
                *(samples, origin(pipelines.facts)),
            )
            _draw(directory, reporter, task, report)
    seconds["total"] = time.perf_counter() - started
    validation = {
        key.removeprefix("val_"): values[trained.best_epoch - 1]
        for key, values in trained.history.items()
        if key.startswith("val_")
    }
    result = TrainResult(
        directory=out,
        recipe=recipe,
        model=figures,
        baselines=compared,
        validation=validation,
        best_epoch=trained.best_epoch,
        parameters=int(model.count_params()),
        seconds={key: round(value, 1) for key, value in seconds.items()},
        facts=assets.facts,
        files={
            path.name: out / path.name
            for path in sorted(directory.iterdir())
            if path.name != "metrics.json"
        }
        | {"metrics.json": out / "metrics.json"},
        checks=checks,
        text=text,
    )
    write_json(directory / "metrics.json", _metrics_document(result))
    return result


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
    from keras_rnn_zoo.datasets.pipelines import PADDING
    from keras_rnn_zoo.datasets.statistics import class_counts
    from keras_rnn_zoo.datasets.tags import SCHEME

    counts = ", ".join(
        f"{len(pipelines.raw[split]):,} {split}"
        for split in ("train", "validation", "test")
    )
    lengths = [len(x) for x, _ in pipelines.raw["train"]]
    span = (
        f"{min(lengths)} steps"
        if min(lengths) == max(lengths)
        else f"{min(lengths)} to {max(lengths)} steps (median "
        f"{np.median(lengths):g}, {pipelines.facts[PADDING]} padding in batches)"
    )
    real = pipelines.raw["train"][0][1].dtype.kind == "f"
    kind = "values" if real else "classes"
    what = (
        f"{pipelines.vocabulary_size} different tokens"
        if pipelines.vocabulary_size is not None
        else f"{pipelines.num_features} features"
    )
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


def _baselines(pipelines, task):
    from keras_rnn_zoo.training import baselines

    found = task.baselines(pipelines)
    if found is not None:
        return found
    return [
        Figure(one.name, one.metric, one.value, one.note or "")
        for one in baselines.compute(pipelines, task=task.name)
    ]


def _save_and_check(model, directory, task, pipelines, assets, figures):
    """Write `.keras` and SavedModel and compare both, loaded again, with the model."""
    import keras

    from keras_rnn_zoo.export import export_saved_model

    shortest_first = sorted(pipelines.raw["test"], key=lambda example: len(example[0]))
    chosen = shortest_first[:: max(1, len(shortest_first) // 8)]
    golden = task.inputs(model, chosen)
    exported = export_saved_model(
        model,
        directory / "saved_model",
        golden,
        assets=assets,
        metadata={"metrics": [dataclasses.asdict(one) for one in figures]},
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


def _draw(directory, reporter, task, report):
    """Draw the two pictures, or say which extra draws them."""
    from keras_rnn_zoo.inspection import report_plots
    from keras_rnn_zoo.tasks.report import draw

    if not report_plots.is_available():
        reporter.say(f"No pictures: matplotlib is missing. {extras.hint('plot')}")
        return
    draw(directory, task, report)


def _metrics_document(result):
    """Return `metrics.json`: the figures and what they depend on."""
    return {
        "name": result.recipe.name,
        "task": result.recipe.task,
        "seed": result.recipe.seed,
        "test": [dataclasses.asdict(one) for one in result.model],
        "baselines": [dataclasses.asdict(one) for one in result.baselines],
        "validation": result.validation,
        "best_epoch": result.best_epoch,
        "parameters": result.parameters,
        "seconds": result.seconds,
        "checks": result.checks,
        "data": result.facts,
        "versions": {
            **checkpoints.versions(),
            "python": platform.python_version(),
        },
    }
