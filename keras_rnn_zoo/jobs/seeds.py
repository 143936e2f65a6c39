"""Train one recipe with several seeds."""

import dataclasses
import os
import pathlib
import statistics
from collections.abc import Sequence
from typing import Any

from keras_rnn_zoo.jobs.common import DEFAULT_NAME, Reporter
from keras_rnn_zoo.jobs.train import (
    TrainResult,
    beside,
    check_place,
    directory_of,
    train,
    with_own_data,
)
from keras_rnn_zoo.presets.model_directory import write_json
from keras_rnn_zoo.presets.places import check_file, keys_of
from keras_rnn_zoo.tasks import Figure
from keras_rnn_zoo.training import recipes


@dataclasses.dataclass(frozen=True)
class SeedsResult:
    """What `train_seeds` did.

    Attributes:
        path: the JSON file with all figures.
        runs: one `TrainResult` a seed.
        spread: for each figure of the model `(figure with the mean, standard deviation
            over the seeds)`.
    """

    path: pathlib.Path
    runs: list[TrainResult]
    spread: list[tuple[Figure, float]]


def train_seeds(
    name: str = DEFAULT_NAME,
    seeds: Sequence[int] = (1, 2, 3),
    *,
    out: str | os.PathLike | None = None,
    reporter: Reporter | None = None,
    **arguments: Any,
) -> SeedsResult:
    """Train one recipe with several seeds and write mean and spread of its figures.

    Each run goes to `OUT-seed<N>`, the summary to `OUT-seeds.json`. Baselines do not
    depend on the seed and are measured once.

    Args:
        name: name of a recipe, or path of a recipe file.
        seeds: different integers, at least two.
        out: stem of the paths. None: `runs/NAME`.
        reporter: hears about the progress.
        **arguments: see `train`.

    Raises:
        ValueError: if there are fewer than two seeds, or one comes twice.
        FileExistsError: if a path holds what may not be replaced.
        Other errors: see `train`.
    """
    seeds = list(seeds)
    if len(seeds) < 2 or len(set(seeds)) != len(seeds):
        raise ValueError(
            "`seeds` must be at least two different integers. "
            f"Received: seeds={seeds!r}."
        )
    if arguments.get("resume"):
        raise ValueError(
            "`resume` must be left out for several seeds. Received: resume=True. "
            "Resume the one that was interrupted, with `out` of that seed."
        )
    recipe = recipes.load(name)
    if arguments.get("data") is not None:
        recipe = with_own_data(
            recipe, pathlib.Path(arguments["data"]), arguments.get("data_options")
        )
    out = directory_of(recipe, out)
    wanted = arguments.pop("baselines", True)
    board = arguments.pop("tensorboard", None)
    path = beside(out, "-seeds.json")
    places = [beside(out, f"-seed{seed}") for seed in seeds]
    check_file(path, lambda one: keys_of(one) >= {"name", "seeds", "test"}, "out")
    for one in places:  # all before the first
        check_place(one, board)
    runs = [
        train(
            name,
            seed=seed,
            out=one,
            baselines=wanted and i == 0,
            tensorboard=board and pathlib.Path(board, f"seed{seed}"),
            reporter=reporter,
            **arguments,
        )
        for i, (seed, one) in enumerate(zip(seeds, places, strict=True))
    ]
    spread = _spread(runs)
    write_json(path, {"name": recipe.name, "seeds": seeds, **_summary(runs, spread)})
    return SeedsResult(path, runs, spread)


def _spread(runs: list[TrainResult]) -> list[tuple[Figure, float]]:
    """Return every figure's mean, and its standard deviation, over the runs."""
    spread = []
    for figures in zip(*(run.model for run in runs), strict=True):
        values = [one.value for one in figures]
        mean = dataclasses.replace(figures[0], value=statistics.fmean(values))
        spread.append((mean, statistics.stdev(values)))
    return spread


def _summary(runs, spread):
    """Return what the file of several seeds says beside their names."""
    return {
        "test": [
            {
                "name": figure.name,
                "metric": figure.metric,
                "mean": figure.value,
                "standard_deviation": deviation,
                "values": [run.model[i].value for run in runs],
            }
            for i, (figure, deviation) in enumerate(spread)
        ],
        "baselines": [dataclasses.asdict(one) for one in runs[0].baselines],
        "parameters": runs[0].parameters,
        "training_seconds": [run.seconds["training"] for run in runs],
        "best_epochs": [run.best_epoch for run in runs],
        "data": runs[0].facts,
    }
