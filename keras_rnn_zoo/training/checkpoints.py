"""Checkpoints: all that a training needs to go on exactly where it stopped.

A checkpoint is written after each epoch. It holds the weights, the states of the random
generators and of sampling schedules, the optimizer's moments and step count, the
weights of the best epoch so far, and the history; on which the learning rate and the
patience depend. The order of the data follows from the seed and the number of epochs.

Exactly means: to the bit, wherever two trainings with one seed agree to the bit. On a
GPU they may differ in the last digits, interrupted or not.
"""

import csv
import dataclasses
import json
import pathlib
import zipfile
from typing import Any

import numpy as np

from keras_rnn_zoo.presets.places import whole_file
from keras_rnn_zoo.training import recipes

FILE = "checkpoint.npz"
HISTORY_FILE = "history.csv"

_EXAMPLES = "sha256 of the examples"


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A training at the end of an epoch.

    Attributes:
        variables: dict of `"model"`, `"optimizer"` and `"best"` (the weights of the
            best epoch) to lists of arrays.
        history: dict of lists, one value an epoch, as in `fit.Fit`.
        best: float. The monitored quantity in the best epoch.
        best_epoch: int, 1-based.
        wait: int. Epochs since.
        stopped: bool. Whether the training ended before its last epoch.
        run: what is trained, see `describe`.
    """

    variables: dict[str, list[np.ndarray]]
    history: dict[str, list[float]]
    best: float
    best_epoch: int
    wait: int
    stopped: bool
    run: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """Number of epochs that were trained."""
        return len(self.history["loss"])

    def restore(self, model) -> None:
        """Put a compiled model and its optimizer into this state.

        Raises:
            ValueError: if the model has other variables.
        """
        model.optimizer.build(model.trainable_variables)
        for kind, owner in (("model", model), ("optimizer", model.optimizer)):
            values, variables = self.variables[kind], owner.variables
            shapes = [tuple(value.shape) for value in values]
            expected = [tuple(variable.shape) for variable in variables]
            if shapes != expected:
                raise ValueError(
                    f"`checkpoint` must hold the variables of the {kind}, of shapes "
                    f"{expected}. Received: {shapes}. Train anew."
                )
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def write(self, directory: pathlib.Path) -> None:
        """Write `checkpoint.npz` and `history.csv`, each whole or not at all."""
        document = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "variables"
        }
        arrays: dict[str, Any] = {
            f"{kind}/{i}": value
            for kind, values in self.variables.items()
            for i, value in enumerate(values)
        }
        text = np.frombuffer(json.dumps(document).encode(), "uint8")
        with whole_file(directory / FILE, "wb") as file:
            np.savez(file, document=text, **arrays)
        write_history(directory / HISTORY_FILE, self.history)

    @classmethod
    def read(cls, directory: pathlib.Path) -> "Checkpoint":
        """Read the checkpoint of a directory.

        Raises:
            FileNotFoundError: if there is none.
            ValueError: if the file is damaged.
        """
        try:
            with np.load(directory / FILE) as arrays:
                document = json.loads(arrays["document"].tobytes())
                variables = {"model": [], "optimizer": [], "best": []}
                for key in arrays.files:
                    kind, _, _ = key.partition("/")
                    if kind in variables:
                        variables[kind].append(arrays[key])
            return cls(variables=variables, **document)
        except (
            *(ValueError, KeyError, TypeError, EOFError),
            zipfile.BadZipFile,
        ) as error:
            raise ValueError(
                f"{directory / FILE} must be a checkpoint. Received: {error}. Remove "
                "it, and train anew."
            ) from error


def write_history(path: pathlib.Path, history: dict[str, list[float]]) -> None:
    """Write the figures of every epoch as CSV; the file is whole or not there."""
    with whole_file(path, newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", *history])
        for epoch, row in enumerate(zip(*history.values(), strict=True), 1):
            writer.writerow([epoch, *(f"{value:.6g}" for value in row)])


def versions() -> dict[str, str]:
    """Return the versions on which the course of a training depends."""
    import keras
    import tensorflow as tf

    from keras_rnn_zoo.version import __version__

    return {
        "keras_rnn_zoo": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }


def describe(loaded, recipe, pipelines, **more) -> dict[str, Any]:
    """Return what is trained, for the checkpoint.

    Args:
        loaded: `Recipe` as it was read.
        recipe: `Recipe` with the changes that were asked for.
        pipelines: the data.
        **more: what else to note: `dtype`, None for float32; `epochs`; `device`.
    """
    return {
        "loaded": loaded.to_toml(),
        "recipe": recipe.to_toml(),
        "data": _describe_data(pipelines),
        "versions": versions(),
        **more,
    }


def _describe_data(pipelines):
    from keras_rnn_zoo.datasets.source import sha256_of

    facts = {key: str(value) for key, value in pipelines.facts.items()}
    learnt = {split: pipelines.raw[split] for split in ("train", "validation")}
    return facts | {_EXAMPLES: sha256_of(learnt)}


def continued(checkpoint: Checkpoint, loaded, changes: dict[str, Any]):
    """Return the recipe with which an interrupted training goes on.

    Args:
        checkpoint: `Checkpoint`.
        loaded: `Recipe` as it is read now.
        changes: what is asked for now, for `Recipe.replace`.

    Raises:
        ValueError: if that is another training, or if there is nothing left to do. The
            message names the first difference.
    """
    recipe = recipes.parse(checkpoint.run["recipe"], "checkpoint", check_files=False)
    before = recipes.parse(checkpoint.run["loaded"], "checkpoint", check_files=False)
    if _difference(before, loaded) and _difference(recipe, loaded):
        found: Any = _difference(before, loaded)
        key, old, new = found
        raise ValueError(
            f"`{key}` must be as it was for `resume`, {key}={old!r}. Received: "
            f"{key}={new!r} in the recipe. Undo that, or train anew without `resume`."
        )
    wanted = recipe.replace(**changes)
    epochs, done = wanted.training.epochs, checkpoint.epochs
    if found := _difference(recipe.replace(training__epochs=epochs), wanted):
        key, old, new = found
        raise ValueError(
            f"`{key}` must be as it was for `resume`, {key}={old!r}. Received: "
            f"{key}={new!r}. Leave it out, or train anew without `resume`."
        )
    before, schedule = recipe.training.epochs, recipe.training.schedule
    if epochs != before and schedule != "constant":
        raise ValueError(
            f"`epochs` must be {before} for `resume`, for the {schedule} schedule of "
            f"the learning rate was laid out for them. Received: epochs={epochs}. "
            "Leave it out, or train anew without `resume`."
        )
    if epochs < done:
        raise ValueError(
            f"`epochs` must be at least {done} for `resume`: so many are done. "
            f"Received: epochs={epochs}."
        )
    return wanted


def _difference(old, new):
    """Return the first setting in which two recipes differ: (key, old, new) or None."""
    old, new = old.settings(), new.settings()
    for key in [*old, *new]:
        if old.get(key) != new.get(key):
            return key, old.get(key), new.get(key)
    return None


def check_same(checkpoint: Checkpoint, run: dict[str, Any]) -> None:
    """Check that data, versions and precision are those of the checkpoint.

    Versions may differ in what comes after the second number.

    Args:
        checkpoint: `Checkpoint`.
        run: what `describe` returns now.

    Raises:
        ValueError: if they are not. The message names the first difference.
    """
    old, new = checkpoint.run, run
    pairs: list[tuple[Any, ...]] = [
        (f"version of {name}", old["versions"][name], new["versions"][name], _series)
        for name in new["versions"]
    ]
    if old["data"][_EXAMPLES] != new["data"][_EXAMPLES]:
        # A fact that tells people more than the sum comes first.
        keys = [*new["data"], *old["data"]]
        pairs += [
            (key, old["data"].get(key), new["data"].get(key), str) for key in keys
        ]
    pairs.append(("precision", *(one["dtype"] or "float32" for one in (old, new)), str))
    for what, before, now, kind in pairs:
        if kind(before) != kind(now):
            raise ValueError(
                f"The {what} must be as it was for `resume`: {before}. Received: {now}."
                " Bring that back, or train anew without `resume`."
            )


def _series(version):
    return version.split(".")[:2]
