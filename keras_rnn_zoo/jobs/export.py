"""Write a trained model as files for serving."""

import os
import pathlib
from typing import Any

from keras_rnn_zoo.jobs.common import DEFAULT_NAME
from keras_rnn_zoo.jobs.models import find_run, load_run
from keras_rnn_zoo.presets import replaceable
from keras_rnn_zoo.training import recipes


def export(
    name: str = DEFAULT_NAME,
    to: str = "saved_model",
    out: str | os.PathLike | None = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    runs: str | os.PathLike = "runs",
) -> Any:
    """Write a trained model as files that run without this package.

    Args:
        name: name of a model, or the directory of a run.
        to: `"saved_model"`, `"litert"` or `"onnx"`.
        out: directory to make, or to replace if it holds exported files and nothing
            else. None: `exported/NAME-TO`.
        batch_size: rows of the LiteRT files, whose shapes are fixed. None: as of
            `export_litert`.
        steps: time steps of a row of the LiteRT files. None: likewise.
        runs: the directory that holds the runs.

    Returns:
        `keras_rnn_zoo.export.Exported`.

    Raises:
        FileNotFoundError: if there is no such run.
        ValueError: if `to` is none of the above, the model cannot be written so, or
            `batch_size` or `steps` is given for files whose shapes are not fixed.
        ImportError: if a package of the extra `export` is missing.
        RuntimeError: if the files answer differently from the model.
        OSError: if `out` may not be replaced; found before any work.
    """
    formats = ("saved_model", "litert", "onnx")
    if to not in formats:
        raise ValueError(f"`to` must be one of {formats}. Received: to={to!r}.")
    sizes = {"batch_size": batch_size, "steps": steps}
    sizes = {key: value for key, value in sizes.items() if value is not None}
    if sizes and to != "litert":
        argument, value = next(iter(sizes.items()))
        raise ValueError(
            f"`{argument}` must be left out for to={to!r}, which takes any. "
            f"Received: {argument}={value!r}. Only LiteRT's shapes are fixed."
        )
    directory = find_run(name, runs=runs)
    if out is None:
        recipe = recipes.load(directory / recipes.RECIPE_FILE, check_files=False)
        out = pathlib.Path("exported", f"{recipe.name}-{to}")
    replaceable(out, "export", argument="out")
    run = load_run(str(directory), runs=runs)
    from keras_rnn_zoo import export as room

    common = {
        "assets": run.assets,
        "metadata": {"name": run.recipe.name, "metrics": run.metrics["test"]},
    }
    if to == "litert":
        return room.export_litert(run.model, out, **sizes, **common)
    write = room.export_onnx if to == "onnx" else room.export_saved_model
    return write(run.model, out, **common)
