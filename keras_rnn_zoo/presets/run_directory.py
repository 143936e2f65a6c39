"""Write a directory so that it is whole or not there at all."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shutil
from collections.abc import Iterator
from typing import Any

from keras_rnn_zoo.presets.json_files import read_json

try:
    import fcntl
except ImportError:  # Windows: nothing tells that another process is at work
    fcntl = None

_LEFTOVER = re.compile(r"\.(?P<name>.+)\.(?P<kind>partial|old)-(?P<pid>\d+)$")


@contextlib.contextmanager
def new_directory(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Fill a directory that appears under its name only when it is complete.

    The body of the `with` statement writes into a hidden sibling, `.NAME.partial-PID`,
    which takes the place of `path` at the end by renaming. If the body raises, the
    sibling is removed; if the process is killed, the sibling stays until the next call
    for the same name removes it. Either way what was at `path` before is untouched.

    Args:
        path: the directory to make or to replace; its parents are made.

    Yields:
        The directory to write into.

    Raises:
        NotADirectoryError: if a file lies at `path` or at one of its parents.
    """
    path = _place_for(path)
    recover(path)
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    partial.mkdir()
    try:
        yield partial
        old = path.with_name(f".{path.name}.old-{os.getpid()}")
        if path.exists():
            path.rename(old)
        partial.rename(path)
        shutil.rmtree(old, ignore_errors=True)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        recover(path)
        raise


@contextlib.contextmanager
def training_directory(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Hold what a training needs to be continued until its result lies at `path`.

    The directory is a hidden sibling, `.NAME.training`. It is removed after the body of
    the `with` statement; if the body raises or the process is killed, it stays, unless
    it holds nothing but hidden files.

    Args:
        path: where the result will lie; its parents are made.

    Yields:
        The directory, with what a predecessor left in it.

    Raises:
        NotADirectoryError: if a file lies at `path` or at one of its parents.
        RuntimeError: if another process is in the body for the same `path`.
    """
    path = _place_for(path)
    directory = path.with_name(f".{path.name}.training")
    directory.mkdir(exist_ok=True)
    with open(directory / ".lock", "a") as lock:
        if fcntl is not None:
            try:  # until the file is closed or the process ends, however it ends
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise RuntimeError(
                    "`path` must not be in training by another process. Received: "
                    f"path={str(path)!r}. Wait for it, or train into another directory."
                ) from error
        try:
            yield directory
        except BaseException:
            if all(one.name.startswith(".") for one in directory.iterdir()):
                shutil.rmtree(directory, ignore_errors=True)
            raise
        shutil.rmtree(directory, ignore_errors=True)


def _place_for(path):
    """Return the absolute path of a directory that can be made, its parents made."""
    path = pathlib.Path(path).absolute()
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(
            f"`path` must be a directory or a free name. Received: path={str(path)!r}, "
            "which is a file."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise NotADirectoryError(
            f"`path` must lie in a directory. Received: path={str(path)!r}, "
            f"and {error.filename} is a file."
        ) from error
    return path


def recover(path: str | os.PathLike) -> None:
    """Tidy up after processes that were killed while they wrote `path`.

    A predecessor that had been moved aside and not been replaced yet is moved back;
    what was half written is removed. Processes that still run are left alone.
    """
    path = pathlib.Path(path).absolute()
    if not path.parent.is_dir():
        return
    for sibling in sorted(path.parent.iterdir()):
        match = _LEFTOVER.match(sibling.name)
        if not match or match["name"] != path.name:
            continue
        pid = int(match["pid"])
        if pid != os.getpid() and _is_running(pid):
            continue
        if match["kind"] == "old" and not path.exists():
            sibling.rename(path)
        else:
            shutil.rmtree(sibling, ignore_errors=True)


def _is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it runs, and belongs to somebody else
        return True
    return True


_ASSETS = {
    "task": str,
    "data": str,
    "codec": ({"tokens": [str]}, None),
    "labels": [str],
    "num_features": (int, None),
    "facts": {str: str},
}
_HINT = "Train the model again, or take a copy that is whole."


@dataclasses.dataclass(frozen=True)
class Assets:
    """What is needed to use a model on new input, besides the model.

    Attributes:
        task: str, as in the recipe.
        data: str. Name of the data set.
        codec: configuration of the `Codec` that makes ids of text. None for
            real-valued input.
        labels: names of the classes, index = class id.
        num_features: int. Width of real-valued input, None for tokens.
        facts: printable facts on the data.
    """

    task: str
    data: str
    codec: dict[str, Any] | None
    labels: tuple[str, ...]
    num_features: int | None
    facts: dict[str, str]

    def write(self, directory: pathlib.Path) -> None:
        """Write `assets.json`."""
        text = json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False)
        (directory / "assets.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, directory: pathlib.Path) -> "Assets":
        """Read `assets.json`.

        Raises:
            OSError: if it is not there or cannot be read.
            ValueError: if it is not what `write` writes.
        """
        path = directory / "assets.json"
        values = read_json(path, _ASSETS, hint=_HINT)
        if (values["codec"] is None) == (values["num_features"] is None):
            raise ValueError(
                f"{path} must be a JSON document with `codec` or `num_features`. "
                f"Received: {'neither' if values['codec'] is None else 'both'}. {_HINT}"
            )
        values["labels"] = tuple(values["labels"])
        return cls(**{one.name: values[one.name] for one in dataclasses.fields(cls)})
