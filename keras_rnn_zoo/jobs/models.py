"""Which models there are, shipped and trained, and how to read one."""

import dataclasses
import os
import pathlib
import shlex
import warnings
from typing import Any

from keras_rnn_zoo import presets
from keras_rnn_zoo.jobs.common import DEFAULT_NAME
from keras_rnn_zoo.presets import Assets
from keras_rnn_zoo.presets.json_files import FIGURE, NUMBER, read_json
from keras_rnn_zoo.tasks import Figure
from keras_rnn_zoo.terminal import one_line
from keras_rnn_zoo.training import recipes


@dataclasses.dataclass(frozen=True)
class ModelEntry:
    """A recipe that comes with the package, its run and its shipped weights, if any.

    Attributes:
        recipe: the recipe; None in a list if its file cannot be read.
        path: its file.
        run: directory of the trained model, or None.
        figure: the run's main figure on the test data, or None.
        shipped: content of the shipped model's `metadata.json`, or None.
        problem: str. What is wrong with the recipe, or the files of the run or of the
            shipped model; "" if nothing is.
    """

    recipe: recipes.Recipe | None
    path: pathlib.Path
    run: pathlib.Path | None
    figure: Figure | None
    shipped: dict[str, Any] | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """The name of the recipe, or of its directory where it cannot be read."""
        return self.path.parent.name if self.recipe is None else self.recipe.name


#: What a `metrics.json` must have.
METRICS = {
    "name": str,
    "seed": int,
    "test": [FIGURE, ...],
    "baselines": [FIGURE],
    "parameters": int,
    "seconds": {"training": NUMBER},
    "data": {str: str},
    "versions": {str: str},
}


def read_metrics(directory: pathlib.Path) -> dict[str, Any]:
    """Return the content of a run's `metrics.json`.

    Raises:
        OSError: if it is not there or cannot be read.
        ValueError: if it is not what `train` writes.
    """
    hint = "Train the model again, or remove the run."
    return _known(read_json(directory / "metrics.json", METRICS, hint=hint))


def _known(metrics):
    """The same figures, without what another version may have written beside them."""
    keys = {field.name for field in dataclasses.fields(Figure)}
    for table in ("test", "baselines"):
        metrics[table] = [
            {key: one[key] for key in one if key in keys} for one in metrics[table]
        ]
    return metrics


def list_models(runs: str | os.PathLike = "runs") -> list[ModelEntry]:
    """Return all models that can be trained, with what is known of their runs.

    Args:
        runs: the directory that holds the runs.
    """
    entries = []
    for name in recipes.names():
        path = recipes.find(name)
        try:
            entries.append(show(name, runs=runs))
        except (OSError, ValueError) as error:
            entries.append(ModelEntry(None, path, None, None, problem=str(error)))
    return entries


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
    figure, shipped, problems = None, None, []
    if (run / "metrics.json").is_file():
        try:
            figure = Figure(**read_metrics(run)["test"][0])
        except (OSError, ValueError) as error:
            problems.append(str(error))
    if recipe.name in presets.names():
        try:
            shipped = presets.read_metadata(recipe.name)
        except (OSError, ValueError) as error:
            problems.append(str(error))
    return ModelEntry(
        recipe, path, run if figure else None, figure, shipped, " ".join(problems)
    )


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

    # Loading needs the registered classes.
    from keras_rnn_zoo import layers, metrics, topologies  # noqa: F401
    from keras_rnn_zoo.datasets import Codec

    devices.gpus()
    if not (directory / "model.keras").is_file():
        assets = presets.read_assets(directory)
        metrics = _known(presets.read_metadata(directory))
        model, path = presets.load(directory), directory / presets.ASSETS_FILE
    else:
        path = directory / "assets.json"
        assets, metrics = Assets.read(directory), read_metrics(directory)
        model = _load_keras(directory / "model.keras")
    _check_assets(assets, model, path)
    try:
        codec = None if assets.codec is None else Codec(**assets.codec)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{path} must hold the arguments of a Codec. Received: {error}"
        ) from error
    recipe = recipes.load(directory / recipes.RECIPE_FILE, check_files=False)
    # A recipe without a name has its directory's; the directory may be a copy's.
    recipe = dataclasses.replace(recipe, name=metrics["name"])
    return Run(directory, recipe, assets, metrics, codec, model)


def _load_keras(path):
    import keras

    try:
        return keras.models.load_model(path)
    except MemoryError:
        raise
    except Exception as error:  # Keras, zipfile and h5py raise of all kinds
        raise ValueError(
            f"{path} must be a model that Keras can load. Received: "
            f"{type(error).__name__}: {one_line(error)}"
        ) from error


def _check_assets(assets, model, path):
    """Check that vocabulary and labels are of the model's sizes."""
    config = model.get_config()
    pairs = [("labels", len(assets.labels), config.get("num_outputs"))]
    if assets.num_features is not None:
        width = config.get("num_features", assets.num_features)
        if width is None:  # of a model of tokens alone
            raise ValueError(
                f"{path} must have no `num_features`, for a model that reads tokens. "
                f"Received: {assets.num_features}."
            )
        pairs.append(("num_features", assets.num_features, width))
    if assets.codec is not None:
        size = config.get("vocabulary_size")
        pairs.append(("codec.tokens", len(assets.codec["tokens"]), size))
    for key, received, expected in pairs:
        if expected is not None and received != expected:
            raise ValueError(
                f"{path} must have the `{key}` of the model, {expected}. "
                f"Received: {received}."
            )
