"""Which models there are, shipped and trained, and how to read one."""

import dataclasses
import json
import os
import pathlib
import shlex
import warnings
from typing import Any

from keras_rnn_zoo import presets
from keras_rnn_zoo.jobs.common import DEFAULT_NAME, Figure
from keras_rnn_zoo.presets import Assets
from keras_rnn_zoo.training import recipes


@dataclasses.dataclass(frozen=True)
class ModelEntry:
    """A recipe that comes with the package, its run and its shipped weights, if any.

    Attributes:
        recipe: the recipe.
        path: its file.
        run: directory of the trained model, or None.
        figure: the run's main figure on the test data, or None.
        shipped: content of the shipped model's `metadata.json`, or None.
    """

    recipe: recipes.Recipe
    path: pathlib.Path
    run: pathlib.Path | None
    figure: Figure | None
    shipped: dict[str, Any] | None = None


def list_models(runs: str | os.PathLike = "runs") -> list[ModelEntry]:
    """Return all models that can be trained, with what is known of their runs.

    Args:
        runs: the directory that holds the runs.
    """
    return [show(name, runs=runs) for name in recipes.names()]


def show(name: str = DEFAULT_NAME, *, runs: str | os.PathLike = "runs") -> ModelEntry:
    """Return one recipe, and its run, if there is one.

    Args:
        name: name of a recipe, path of a recipe file or of a run.
        runs: the directory that holds the runs.

    Raises:
        FileNotFoundError: if there is no such recipe.
        RecipeError: if it has a mistake.
    """
    path = recipes.find(name)
    recipe = recipes.load(path, check_files=False)
    run = path.parent
    if not (run / "model.keras").is_file():
        run = pathlib.Path(runs, recipe.name)
    figure = None
    if (run / "metrics.json").is_file():
        document = json.loads((run / "metrics.json").read_text("utf-8"))
        figure = Figure(**document["test"][0])
    shipped = None
    if recipe.name in presets.names():
        shipped = presets.read_metadata(recipe.name)
    return ModelEntry(recipe, path, run if figure else None, figure, shipped)


@dataclasses.dataclass(frozen=True)
class Run:
    """A trained model that was read from a directory.

    Attributes:
        directory: where it lies.
        recipe: the recipe it was trained with.
        assets: vocabulary, labels, facts.
        metrics: the content of `metrics.json`, or of a shipped `metadata.json`.
        codec: the `Codec` that makes ids of text, None for real-valued input.
        model: the Keras model.
    """

    directory: pathlib.Path
    recipe: recipes.Recipe
    assets: Assets
    metrics: dict[str, Any]
    codec: Any
    model: Any


def find_run(name: str, *, runs: str | os.PathLike = "runs") -> pathlib.Path:
    """Return the directory of a trained model: your run, or else the shipped one.

    Args:
        name: name of a model, or the directory of a run or of a shipped model.
        runs: the directory that holds the runs.

    Raises:
        FileNotFoundError: if there is none.
    """
    candidates = [pathlib.Path(runs, name), pathlib.Path(name)]
    if os.sep in str(name):
        candidates.reverse()
    for path in candidates:
        if (path / "model.keras").is_file():
            return path
        if hidden := presets.moved_aside(path):
            warnings.warn(
                f"{path} is not there or not complete: a process ended while it "
                f"replaced it. It lies in {hidden}. To have it back: "
                f"mv {shlex.quote(str(hidden))} {shlex.quote(str(path))}",
                stacklevel=2,
            )
    if (
        name in presets.names()
        or (pathlib.Path(name) / presets.METADATA_FILE).is_file()
    ):
        return presets.find(name)
    if name in recipes.names():
        raise FileNotFoundError(
            f"`name` must be a trained model. Received: name={name!r}, and there is no "
            f"{candidates[0]}. Train it first: keras-rnn-zoo train {name}"
        )
    raise FileNotFoundError(
        "`name` must be the name of a trained model or the directory of a run. "
        f"Received: name={name!r}. Known names: {', '.join(recipes.names())}."
    )


def load_run(name: str, *, runs: str | os.PathLike = "runs") -> Run:
    """Read a trained model and what belongs to it.

    Args:
        name: name of a model, or the directory of a run.
        runs: the directory that holds the runs.

    Raises:
        FileNotFoundError: if there is none.
    """
    directory = find_run(name, runs=runs)
    from keras_rnn_zoo.training import devices

    devices.silence_tensorflow()
    import keras

    # Loading needs the registered classes.
    from keras_rnn_zoo import layers, metrics, topologies  # noqa: F401
    from keras_rnn_zoo.datasets import Codec

    devices.gpus()
    if not (directory / "model.keras").is_file():
        assets = presets.read_assets(directory)
        return Run(
            directory,
            recipes.load(directory / recipes.RECIPE_FILE, check_files=False),
            assets,
            presets.read_metadata(directory),
            None if assets.codec is None else Codec(**assets.codec),
            presets.load(directory),
        )
    assets = Assets.read(directory)
    return Run(
        directory,
        recipes.load(directory / recipes.RECIPE_FILE, check_files=False),
        assets,
        json.loads((directory / "metrics.json").read_text("utf-8")),
        None if assets.codec is None else Codec(**assets.codec),
        keras.models.load_model(directory / "model.keras"),
    )
