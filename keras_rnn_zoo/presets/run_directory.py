"""Write a directory so that it is whole or not there at all."""

import contextlib
import dataclasses
import json
import os
import pathlib
import stat
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from keras_rnn_zoo.presets import places
from keras_rnn_zoo.presets.json_files import read_json


@contextlib.contextmanager
def new_directory(
    path: str | os.PathLike, *kinds: places.Kind, carried: Iterable[str] = ()
) -> Iterator[pathlib.Path]:
    """Fill a directory that appears under its name only when it is complete.

    The body of the `with` statement writes into a hidden sibling, or into a hidden
    directory inside, where `path` is a mount point. At the end that takes the place of
    what was there. If the body raises, it is removed; if the process is killed, it
    stays until the next call for the same name finds that nobody holds its lock. Either
    way what was at `path` before is untouched, or comes back with that call. If a
    stranger's file has come to `path` meanwhile, the result is kept beside it.

    Args:
        path: the directory to make or to replace; its parents are made.
        *kinds: what may be replaced, see `places.replaceable`.
        carried: names of files there that the body writes again.

    Yields:
        The directory to write into.

    Raises:
        OSError: if `path` may not be replaced, see `places.replaceable`.
    """
    carried = tuple(carried)
    place = places.replaceable(path, *kinds, carried=carried)
    with places.working_directory(place) as working:
        new = working / "new"
        new.mkdir()
        yield new
        places.replace(place, working, new, kinds, carried)


@contextlib.contextmanager
def training_directory(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Hold what a training needs to be continued until its result lies at `path`.

    The directory is a hidden sibling, `.NAME.training`; where `path` is a mount point,
    `.training` inside. It is removed after the body of the `with` statement; if the
    body raises or the process is killed, it stays, unless it holds nothing but hidden
    files.

    Args:
        path: where the result will lie; its parents are made.

    Yields:
        The directory, with what a predecessor left in it.

    Raises:
        OSError: if no directory can be made at `path`, see `places.place_of`, or the
            hidden one belongs to another user.
        RuntimeError: if another process is in the body for the same `path`.
    """
    place = places.place_of(path)
    directory = place.hidden("training")
    lock = _lock_training(directory, path)
    remove = False
    try:
        for one in directory.glob(".*.partial-*"):  # of files half written
            one.unlink()
        try:
            yield directory
        except BaseException:
            remove = all(one.name.startswith(".") for one in directory.iterdir())
            raise
        remove = True
    finally:
        if places.fcntl is None:  # Windows renames nothing that is open
            os.close(lock)
        if remove:  # under another name first: nobody locks what goes away
            with contextlib.suppress(OSError), places.working_directory(place) as rest:
                directory.rename(rest / "training")
        if places.fcntl is not None:
            os.close(lock)


def _lock_training(directory, path):
    """Make and lock the directory of a training; return the open lock file."""
    while True:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            directory.mkdir()
        try:
            status = directory.lstat()
            own = places.is_mine(status, directory.parent)
            if not (own and stat.S_ISDIR(status.st_mode)):
                raise PermissionError(
                    "`path` must be free for a training of this user. Received: "
                    f"path={os.fspath(path)!r}, beside which {directory} belongs to "
                    "somebody else. Train into another directory."
                )
            lock = places.open_lock(directory)
        except FileNotFoundError:  # the one before has just removed it
            continue
        taken = places.try_lock(lock)
        if taken is False:
            os.close(lock)
            raise RuntimeError(
                "`path` must not be in training by another process. Received: "
                f"path={os.fspath(path)!r}. Wait for it, or train into another "
                "directory."
            )
        if not places.is_same(lock, directory / ".lock"):
            os.close(lock)
            continue
        if taken is None:
            warnings.warn(
                f"The file system of {directory} has no locks: nothing keeps a second "
                "training out of it.",
                stacklevel=4,
            )
        return lock


def recover(path: str | os.PathLike) -> None:
    """Tidy up after processes that were killed while they wrote `path`.

    See `places.recover`.
    """
    places.recover(path)


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
        codec: configuration of the `Codec` that makes ids of text. None without text.
        labels: names of the classes, index = class id.
        num_features: int. Width of real-valued input, None without any.
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
        if values["codec"] is None and values["num_features"] is None:
            raise ValueError(
                f"{path} must be a JSON document with `codec` or `num_features`. "
                f"Received: neither. {_HINT}"
            )
        values["labels"] = tuple(values["labels"])
        return cls(**{one.name: values[one.name] for one in dataclasses.fields(cls)})
