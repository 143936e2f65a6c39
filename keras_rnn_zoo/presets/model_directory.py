"""Read, write and verify a directory of a shipped model.

    models/NAME/
      README.md          card, made of metadata.json
      metadata.json      figures, sizes, sha256 of the files below, versions, licences
      recipe.toml        how to train it again
      config.json        architecture, for Keras
      model.weights.h5   weights, for Keras
      assets/assets.json vocabulary and labels
      golden.npz         a small input x, or x_NAME of each, and the exact answer y

Nothing here knows an architecture: Keras's registry does. A directory without weights
has `figures.json` instead, the content of `metadata.json` but for the files.
"""

import difflib
import hashlib
import importlib.resources
import json
import os
import pathlib
from typing import Any

from keras_rnn_zoo.presets.json_files import FIGURE, NUMBER, read_json
from keras_rnn_zoo.presets.places import whole_file
from keras_rnn_zoo.presets.run_directory import Assets
from keras_rnn_zoo.terminal import one_line

_FIGURES = {"name": str, "metric": str, "mean": NUMBER}
_METADATA = {
    "name": str,
    "licence": str,
    "data_licence": str,
    "test": [FIGURE, ...],
    "test_over_seeds": [{**_FIGURES, "standard_deviation": (*NUMBER, None)}, ...],
    "baselines": [FIGURE],
    "files": {str: {"bytes": int, "sha256": str}},
}
_HINT = "Install the package again."

RECIPE_FILE = "recipe.toml"
METADATA_FILE = "metadata.json"
FIGURES_FILE = "figures.json"  # measured, but the weights are not shipped
CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.weights.h5"
ASSETS_FILE = "assets/assets.json"
GOLDEN_FILE = "golden.npz"

#: What loading reads, and therefore verifies first.
VERIFIED_FILES = (CONFIG_FILE, WEIGHTS_FILE, ASSETS_FILE, GOLDEN_FILE)


def models_directories() -> list[pathlib.Path]:
    """Return the directories that hold models: the installed one, or the checkout's."""
    package = pathlib.Path(str(importlib.resources.files("keras_rnn_zoo")))
    candidates = [package / "_models"]
    if (package.parent / "pyproject.toml").is_file():  # not a stranger's site-packages
        candidates.append(package.parent / "models")
    return [path for path in candidates if path.is_dir()]


def names() -> list[str]:
    """Return the names of the models that come with trained weights, sorted.

    Example:
    >>> "digits_gru" in names()
    True
    """
    found = {
        path.parent.name
        for directory in models_directories()
        for path in directory.glob(f"*/{METADATA_FILE}")
    }
    return sorted(found)


def find(name: str | os.PathLike) -> pathlib.Path:
    """Return the directory of a shipped model.

    Args:
        name: a name out of `names()`, or the path of such a directory.

    Raises:
        FileNotFoundError: if there is none. The message lists the names there are.
    """
    text = os.fspath(name)
    if text and os.sep not in text:
        for directory in models_directories():
            if (directory / text / METADATA_FILE).is_file():
                return directory / text
            if (directory / text / RECIPE_FILE).is_file():
                raise FileNotFoundError(
                    "`name` must be a model with trained weights. Received: "
                    f"name={text!r}, of which there is the recipe only. Train it: "
                    f"keras-rnn-zoo train {text}"
                )
    path = pathlib.Path(text)
    if text and (path / METADATA_FILE).is_file():
        return path
    known = names()
    close = difflib.get_close_matches(text, known, n=1)
    raise FileNotFoundError(
        f"`name` must be one of the models {', '.join(known)}, or the directory of "
        f"one. Received: name={text!r}."
        + (f" Did you mean {close[0]!r}?" if close else "")
    )


def read_metadata(name: str | os.PathLike) -> dict[str, Any]:
    """Return what is known of a shipped model: the content of its `metadata.json`.

    Args:
        name: see `find`.

    Raises:
        FileNotFoundError: if there is no such model.
        ValueError: if the file is not what a published model has.

    Example:
    >>> read_metadata("digits_gru")["licence"]
    'Apache-2.0'
    """
    return read_json(find(name) / METADATA_FILE, _METADATA, hint=_HINT)


def verify(name: str | os.PathLike) -> pathlib.Path:
    """Check that a shipped model's files are those that were published.

    Args:
        name: see `find`.

    Returns:
        The directory.

    Raises:
        FileNotFoundError: if there is no such model, or one of its files is missing.
        ValueError: if a file's size or sha256 is not the one in `metadata.json`.
    """
    directory = find(name)
    files = read_metadata(directory)["files"]
    for file in VERIFIED_FILES:
        path, about = directory / file, files.get(file, {})
        if not path.is_file():
            raise FileNotFoundError(
                f"`name` must be a complete model. Received: name={os.fspath(name)!r}, "
                f"whose {path} is missing. Install the package again."
            )
        changed = (
            "The file was changed after the model was published and was not read. "
            "Install the package again."
        )
        size, expected = path.stat().st_size, about.get("sha256")
        if size != about.get("bytes", size):
            raise ValueError(
                f"{path} must have {about['bytes']} bytes. Received: {size}. {changed}"
            )
        received = sha256(path)
        if received != expected:
            raise ValueError(
                f"{path} must have the sha256 {expected}. Received: {received}. "
                f"{changed}"
            )
    return directory


def load(name: str | os.PathLike) -> Any:
    """Load a trained model of the zoo.

    All its files are verified by sha256 before one of them is read. The model is not
    compiled: it answers at once; to train it further, compile it first.

    Args:
        name: name of a model that comes with the package (`keras-rnn-zoo list`), or
            the directory of one.

    Returns:
        `keras.Model`. Its vocabulary and labels: `read_assets(name)`.

    Raises:
        FileNotFoundError: if there is no such model, or one of its files is missing.
        ValueError: if a file was changed since the model was published, or a weight is
            no finite number.

    Example:
    >>> model = load("digits_gru")
    >>> model(np.zeros((1, 8, 8), "float32")).shape
    TensorShape([1, 10])
    """
    directory = verify(name)
    import keras
    import numpy as np

    shape = {"class_name": str, "config": dict}
    config = read_json(directory / CONFIG_FILE, shape, hint=_HINT)
    try:
        model = keras.saving.deserialize_keras_object(config)
        model.load_weights(directory / WEIGHTS_FILE)
    except MemoryError:
        raise
    except Exception as error:  # Keras and h5py raise of all kinds
        raise ValueError(
            f"{directory} must hold a model that Keras can make of {CONFIG_FILE} and "
            f"{WEIGHTS_FILE}. Received: {type(error).__name__}: {one_line(error)}"
        ) from error
    for variable in model.weights:
        value = keras.ops.convert_to_numpy(variable)
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise ValueError(
                f"{directory / WEIGHTS_FILE} must hold finite numbers. Received: NaN "
                f"or infinity in {variable.path}. Train the model again."
            )
    return model


def read_assets(name: str | os.PathLike) -> Assets:
    """Return vocabulary, labels and facts of a shipped model.

    Args:
        name: see `find`.

    Raises:
        FileNotFoundError: if there is no such model, or one of its files is missing.
        ValueError: if a file was changed since the model was published.

    Example:
    >>> read_assets("py_tagger_bilstm").labels[:3]
    ('space', 'keyword', 'name')
    """
    return Assets.read((verify(name) / ASSETS_FILE).parent)


def write_model(
    directory: pathlib.Path, model, assets: Assets, golden_input, metadata: dict
) -> dict[str, Any]:
    """Write the files of a shipped model, the card excepted.

    `recipe.toml` and `README.md` are the caller's. To write a directory that is whole
    or not there at all, call this inside `new_directory`.

    Args:
        directory: an existing directory.
        model: a built `keras.Model`.
        assets: its vocabulary and labels.
        golden_input: array, or a dict of named ones; the answer to it is stored beside.
        metadata: what `metadata.json` holds besides `files`.

    Returns:
        The content of `metadata.json`.

    Raises:
        RuntimeError: if the model answers otherwise when it is loaded again.
    """
    import keras
    import numpy as np

    x = golden_input if isinstance(golden_input, dict) else np.asarray(golden_input)
    y = np.asarray(model(x, training=False), "float32")
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    write_json(directory / CONFIG_FILE, config)
    # A copy that was never compiled: no optimizer in the file, a third of the size.
    copy = keras.saving.deserialize_keras_object(config)
    copy.set_weights(model.get_weights())
    copy.save_weights(directory / WEIGHTS_FILE)
    (directory / ASSETS_FILE).parent.mkdir()
    assets.write((directory / ASSETS_FILE).parent)
    named = {f"x_{key}": one for key, one in x.items()} if isinstance(x, dict) else {}
    np.savez_compressed(directory / GOLDEN_FILE, **(named or {"x": x}), y=y)
    files = {
        file: {
            "bytes": (directory / file).stat().st_size,
            "sha256": sha256(directory / file),
        }
        for file in VERIFIED_FILES
    }
    document = {**metadata, "files": files}
    write_json(directory / METADATA_FILE, document)
    difference = golden_difference(directory)
    if not difference <= 1e-6:
        raise RuntimeError(
            "The model must give the same answers when it is loaded again. Received: "
            f"max_difference={difference}."
        )
    return document


def read_golden(name: str | os.PathLike):
    """Return the small input of a shipped model, and the exact answer to it.

    Args:
        name: see `find`.

    Returns:
        `(x, y)`, arrays; x is a dict of them for a model of several inputs.
    """
    import numpy as np

    with np.load(find(name) / GOLDEN_FILE) as golden:
        named = {
            key.removeprefix("x_"): golden[key] for key in golden if key[:2] == "x_"
        }
        return named or golden["x"], golden["y"]


def golden_difference(name: str | os.PathLike) -> float:
    """Return how far a shipped model's answer is from the stored one, at most.

    Args:
        name: see `find`.

    Raises:
        FileNotFoundError: if there is no such model, or one of its files is missing.
        ValueError: if a file was changed since the model was published.
    """
    import numpy as np

    model = load(name)
    x, y = read_golden(name)
    answer = np.asarray(model(x, training=False), "float32")
    if answer.shape != y.shape:
        return float("inf")
    return float(np.abs(answer - y).max())


def sha256(path: pathlib.Path) -> str:
    """Return the sha256 of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: pathlib.Path, document) -> None:
    """Write a document in the same bytes on every system, whole or not at all."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    with whole_file(path, encoding="utf-8", newline="\n") as file:
        file.write(text + "\n")
