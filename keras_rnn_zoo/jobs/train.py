"""Train a model, judge it, save, draw, export and check it."""

import dataclasses
import os
import pathlib
import platform
import re
import time
import unicodedata
from collections.abc import Sequence
from typing import Any

from keras_rnn_zoo.jobs import stations
from keras_rnn_zoo.jobs.common import (
    DEFAULT_NAME,
    Reporter,
)
from keras_rnn_zoo.jobs.stations import Plan, TrainOptions
from keras_rnn_zoo.jobs.stations import require_tensorboard as require_tensorboard
from keras_rnn_zoo.presets import (
    new_directory,
    replaceable,
    training_directory,
)
from keras_rnn_zoo.presets.model_directory import write_json
from keras_rnn_zoo.tasks import Figure
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
        pictures: whether to draw `curves.png`, and `predictions.png` or `.svg`.
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
    given: dict[str, Any] = dict(locals())
    request = Request.read(**{key: given.pop(key) for key in REQUEST})
    given["reporter"] = reporter or Reporter()
    return train_recipe(request, TrainOptions(**given))


@dataclasses.dataclass(frozen=True)
class Request:
    """What is asked for: a recipe, changes to it, and a directory for the run."""

    loaded: recipes.Recipe
    changes: dict[str, Any]
    out: pathlib.Path

    @classmethod
    def read(cls, *, name, out, data, data_options, **changed):
        """Read the arguments of `train` that `REQUEST` names."""
        recipe = recipes.load(name)
        if data is not None:
            recipe = with_own_data(recipe, pathlib.Path(data), data_options)
        elif data_options:
            key, value = next(iter(data_options.items()))
            raise ValueError(
                f"`data` must be given with `{key}`, which tells how to read that "
                f"file. Received: {key}={value!r}."
            )
        changes = {place: changed[key] for key, place in _CHANGES.items()}
        if isinstance(changes["model__units"], tuple):
            changes["model__units"] = list(changes["model__units"])
        return cls(recipe, changes, directory_of(recipe, out))


#: The arguments of `train` that change the recipe, and the key that each changes.
_CHANGES = {
    "epochs": "training__epochs",
    "cell": "model__cell",
    "units": "model__units",
    "seed": "seed",
    "limit": "data__limit",
    "batch_size": "data__batch_size",
}
#: What `Request.read` reads of the arguments of `train`.
REQUEST = ("name", "out", "data", "data_options", *_CHANGES)


def directory_of(recipe, out):
    """Return where the run of a recipe goes: `out`, if that is not None."""
    return pathlib.Path("runs", recipe.name) if out is None else pathlib.Path(out)


def train_recipe(request: Request, options: TrainOptions) -> TrainResult:
    """Train a recipe with changes, and put the run in its place when it is complete."""
    started, out = time.perf_counter(), request.out
    check_place(out, options.tensorboard)
    with training_directory(out) as working:
        try:
            plan = _plan(request, options, working)
            return _train_into(out, plan, started)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_what_is_kept(working, out)) from None


def _plan(request, options, working):
    """Return the `Plan`: where to begin, and with which recipe."""
    loaded = request.loaded
    start = _find_start(working, request.out, options.reporter, options.resume)
    if start is None:
        recipe = loaded.replace(**request.changes)
    else:
        recipe = checkpoints.continued(start, loaded, request.changes)
        if not (working / checkpoints.FILE).is_file():
            _check_unfinished(start, recipe)
    from keras_rnn_zoo.training import devices

    devices.silence_tensorflow()
    device = devices.choose(options.device)
    return Plan(loaded, recipe, working, start, device, options)


def _train_into(out, plan, started):
    import keras

    with keras.device(plan.device):
        judged = stations.judge(stations.fit(stations.prepare(plan)))
        plan.options.reporter.say(
            "Saving, exporting and checking both by loading them again …"
        )
        with new_directory(out, "run") as directory:
            written = stations.write(judged, directory)
            stations.draw(written)
            result = _result(out, written, time.perf_counter() - started)
            write_json(directory / "metrics.json", _metrics_document(result))
    return result


def _result(out, written, total):
    judged, fit = written.judged, written.judged.trained.fit
    prepared = judged.trained.prepared
    seconds = prepared.seconds | {"total": total}
    validation = {
        key.removeprefix("val_"): values[fit.best_epoch - 1]
        for key, values in fit.history.items()
        if key.startswith("val_")
    }
    names = sorted({path.name for path in written.directory.iterdir()})
    names = [name for name in names if name != "metrics.json"] + ["metrics.json"]
    return TrainResult(
        directory=out,
        recipe=prepared.plan.recipe,
        model=judged.figures,
        baselines=judged.baselines,
        validation=validation,
        best_epoch=fit.best_epoch,
        parameters=int(prepared.model.count_params()),
        seconds={key: round(value, 1) for key, value in seconds.items()},
        facts=written.assets.facts,
        files={name: out / name for name in names},
        checks=written.checks,
        text=written.text,
    )


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
