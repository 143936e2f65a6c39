"""Random search over the settings that a recipe's table `[search]` names.

Settings are drawn at random (Bergstra and Bengio 2012, "Random Search for
Hyper-Parameter Optimization", JMLR 13), each training is judged by its best epoch on
the validation data, and one whose best epoch so far is worse than the median of the
completed ones was at that epoch is given up.
"""

import csv
import dataclasses
import math
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import keras

from keras_rnn_zoo import extras
from keras_rnn_zoo.presets.places import whole_file
from keras_rnn_zoo.tasks import direction
from keras_rnn_zoo.training import fit as fitting
from keras_rnn_zoo.training.recipes import SEARCHABLE

#: Before so many trainings are complete none is given up.
NUM_STARTUP = 3


@dataclasses.dataclass(frozen=True)
class Trial:
    """One training of a search.

    Attributes:
        number: int, from 1.
        settings: dict of what was drawn, by the keys of `[search]`.
        value: float. The monitored validation quantity in the best epoch; nan if the
            weights became nan before there was one.
        best_epoch: int, 1-based.
        epochs: int. How many were trained.
        pruned: bool. Whether the training was given up.
        seconds: float. Wall time of the training.
    """

    number: int
    settings: dict[str, Any]
    value: float
    best_epoch: int
    epochs: int
    pruned: bool
    seconds: float


class _Prune(keras.callbacks.Callback):
    """Report each epoch to Optuna and stop where it says so."""

    def __init__(self, trial, monitor):
        super().__init__()
        self._trial, self._monitor, self.pruned = trial, monitor, False

    def on_epoch_end(self, epoch, logs=None):
        self._trial.report((logs or {})[self._monitor], epoch)
        if self._trial.should_prune() and epoch + 1 < self.params["epochs"]:
            self.pruned = self.model.stop_training = True


def search(
    recipe, pipelines, count: int, *, dtype=None, listener=None
) -> Iterator[Trial]:
    """Train `count` times with settings drawn from the recipe's ranges.

    All trainings have the recipe's seed, so that they differ in their settings alone.
    The test data is not looked at.

    Args:
        recipe: `Recipe` with a table `[search]`.
        pipelines: its data.
        count: int. How many trainings.
        dtype: see `fit.build_model`.
        listener: see `fit.Progress`.

    Returns:
        An iterator of `Trial`, each trained when it is asked for.

    Raises:
        ValueError: if the recipe has nothing to search, or `count` is not positive.
        ImportError: if Optuna is not installed.
    """
    check(recipe, count)
    return _trials(recipe, pipelines, count, dtype, listener)


def check(recipe, count: int) -> None:
    """Check that there is something to search, and what it takes.

    Raises:
        ValueError: if the recipe has nothing to search, or `count` is not positive.
        ImportError: if Optuna is not installed.
    """
    if not recipe.search:
        raise ValueError(
            "`recipe` must have a table [search] of the settings to try. Received: "
            f"{recipe.name!r}, which has none. Such as: learning_rate = [0.001, 0.02]"
        )
    if count < 1:
        raise ValueError(f"`count` must be positive. Received: count={count!r}.")
    extras.require("search", "A search needs Optuna.", "optuna")


def _trials(recipe, pipelines, count, dtype, listener):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    way: Any = f"{direction(recipe.training.monitor)}imize"
    study = optuna.create_study(
        direction=way,
        sampler=optuna.samplers.RandomSampler(recipe.seed),
        pruner=optuna.pruners.MedianPruner(NUM_STARTUP, n_warmup_steps=0),
    )
    for number in range(1, count + 1):
        trial = study.ask()
        settings = {
            key: _draw(trial, key, value) for key, value in recipe.search.items()
        }
        changed = with_settings(recipe, settings)
        data = fitting.batch_again(changed, pipelines)
        model = fitting.build_model(changed, data, dtype=dtype)
        prune = _Prune(trial, recipe.training.monitor)
        started = time.perf_counter()
        try:
            result = fitting.fit(
                changed, data, model, listener=listener, callbacks=[prune]
            )
        except fitting.DivergedError as error:
            study.tell(trial, None, state=optuna.trial.TrialState.PRUNED)
            yield Trial(
                number=number,
                settings=settings,
                value=math.nan,
                best_epoch=error.epochs,
                epochs=error.epochs,
                pruned=False,
                seconds=time.perf_counter() - started,
            )
            continue
        values = result.history[recipe.training.monitor]
        value = values[result.best_epoch - 1]
        lost = prune.pruned or math.isnan(value)
        state = optuna.trial.TrialState.PRUNED if lost else None
        study.tell(trial, None if lost else value, state=state)
        yield Trial(
            number=number,
            settings=settings,
            value=value,
            best_epoch=result.best_epoch,
            epochs=len(values),
            pruned=prune.pruned,
            seconds=result.seconds,
        )


def _draw(trial, key, value):
    if isinstance(value, dict):
        # An index, for Optuna takes no lists for choices.
        return value["choices"][trial.suggest_int(key, 0, len(value["choices"]) - 1)]
    low, high = value
    if key in ("batch_size", "units", "embedding_dim"):
        return trial.suggest_int(key, low, high)
    drawn = trial.suggest_float(key, low, high, log=key == "learning_rate")
    return min(max(low, float(f"{drawn:.3g}")), high)


def with_settings(recipe, settings):
    """Return a recipe with settings by the keys of `[search]`."""
    changes = {f"{SEARCHABLE[key]}__{key}": value for key, value in settings.items()}
    return recipe.replace(**changes)


def best(recipe, trials) -> Trial:
    """Return the best of the trials that were trained to their end.

    Raises:
        RuntimeError: if there is none.
    """
    kept = [one for one in trials if not one.pruned and not math.isnan(one.value)]
    if not kept:
        raise RuntimeError(
            "At least one training of a search must come to its end. Received: "
            f"{len(trials)} without a number for {recipe.training.monitor}. Lower the "
            "learning rates."
        )
    choose = {"max": max, "min": min}[direction(recipe.training.monitor)]
    return choose(kept, key=lambda one: one.value)


def write_trials(path: pathlib.Path, recipe, trials) -> None:
    """Write one line a trial as CSV; the file is whole or not there."""
    with whole_file(path, newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        facts = ("best_epoch", "epochs", "pruned", "seconds")
        writer.writerow(["trial", *recipe.search, recipe.training.monitor, *facts])
        for one in trials:
            drawn = [one.settings[key] for key in recipe.search]
            measured = (one.value, one.best_epoch, one.epochs, one.pruned, one.seconds)
            row = [one.number, *drawn, *measured]
            writer.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in row])
