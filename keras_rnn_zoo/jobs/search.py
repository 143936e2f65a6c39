"""Search for good settings of a recipe, then train with the best."""

import dataclasses
import inspect
import pathlib
from typing import Any

from keras_rnn_zoo.jobs.common import DEFAULT_NAME, Reporter
from keras_rnn_zoo.jobs.data import load_data
from keras_rnn_zoo.jobs.train import (
    REQUEST,
    Request,
    TrainOptions,
    TrainResult,
    beside,
    check_place,
    require_tensorboard,
    train,
    train_recipe,
)
from keras_rnn_zoo.presets.places import check_file
from keras_rnn_zoo.training.recipes import SEARCHABLE


@dataclasses.dataclass(frozen=True)
class SearchResult:
    """What `search` did.

    Attributes:
        path: the CSV file with all trials.
        trials: list of `keras_rnn_zoo.training.search.Trial`.
        best: the one whose settings were trained and judged.
        run: the `TrainResult` of that.
    """

    path: pathlib.Path
    trials: list[Any]
    best: Any
    run: TrainResult


def search(
    name: str = DEFAULT_NAME,
    trials: int = 10,
    *,
    reporter: Reporter | None = None,
    **arguments: Any,
) -> SearchResult:
    """Try settings from a recipe's table `[search]`, then train with the best.

    The trials are judged by `training.monitor` on the validation data. Only the last
    training, an ordinary run whose `recipe.toml` holds the settings found, is judged on
    the test data. The trials are listed in `OUT-search.csv`, after each of them.

    Args:
        name: name of a recipe, or path of a recipe file.
        trials: how many settings to try.
        reporter: hears about the progress.
        **arguments: see `train`. A setting that is given is not searched.

    Raises:
        ValueError: if the recipe has no table `[search]`, or nothing in it is left, or
            `trials` is not positive.
        ImportError: if Optuna is not installed.
        RuntimeError: if no trial came to an end with a number.
        FileExistsError: if a path holds what may not be replaced.
        Other errors: see `train`.
    """
    reporter = reporter or Reporter()
    options = inspect.signature(train).bind(name, **arguments)
    options.apply_defaults()
    options = options.arguments
    if options["resume"]:
        raise ValueError(
            "`resume` must be left out for a search. Received: resume=True. What was "
            "interrupted in its last training goes on as an ordinary run."
        )
    request = Request.read(**{key: options.pop(key) for key in REQUEST})
    loaded, changes, out = request.loaded, request.changes, request.out
    ranges = {
        key: value
        for key, value in loaded.search.items()
        if changes.get(f"{SEARCHABLE[key]}__{key}") is None
    }
    recipe = loaded.replace(**changes, search=ranges)
    check_place(out, options["tensorboard"])
    path = beside(out, "-search.csv")
    check_file(path, _has_trials, "out")
    from keras_rnn_zoo.training import devices

    devices.silence_tensorflow()
    import keras

    from keras_rnn_zoo.training import search as searching

    device = devices.choose(options["device"])
    half = options["mixed_precision"]
    dtype = devices.mixed_precision_policy(device) if half else None
    searching.check(recipe, trials)
    if options["tensorboard"] is not None:  # said now, not after all trials
        require_tensorboard()
    path.parent.mkdir(parents=True, exist_ok=True)
    done = []
    with keras.device(device):
        pipelines = load_data(
            recipe, data_dir=options["data_dir"], download=options["download"]
        )
        for trial in searching.search(
            recipe, pipelines, trials, dtype=dtype, listener=reporter
        ):
            done.append(trial)
            searching.write_trials(path, recipe, done)
            reporter.say(
                f"Trial {trial.number} of {trials}: "
                + ", ".join(f"{key} {_short(v)}" for key, v in trial.settings.items())
                + f": {recipe.training.monitor} {trial.value:.4f}"
                + (f", given up after epoch {trial.epochs}" if trial.pruned else "")
            )
    best = searching.best(recipe, done)
    reporter.say(f"Training with the settings of trial {best.number} …")
    found = {f"{SEARCHABLE[key]}__{key}": value for key, value in best.settings.items()}
    options["reporter"] = reporter
    request = dataclasses.replace(request, changes=changes | found)
    run = train_recipe(request, TrainOptions(**options))
    return SearchResult(path, done, best, run)


def _has_trials(path):
    with open(path, "rb") as file:
        return file.read(6) == b"trial,"


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else value
