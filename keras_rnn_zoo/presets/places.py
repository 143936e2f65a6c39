"""Where results go: what may be replaced there, and which files are whole or not there.

A path that the user named may hold anything. What stands there is replaced only if it
is empty, or complete, of the same kind as what replaces it, ours to the last file, and
owned by this user. Everything else is refused before there is any work to lose.
"""

import contextlib
import dataclasses
import errno
import fnmatch
import functools
import itertools
import json
import os
import pathlib
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

_SAVED_MODEL = (
    "saved_model.pb",
    "fingerprint.pb",
    "variables/variables.index",
    "variables/variables.data-*",
    "assets.extra/metadata.json",
    "assets/",
)
#: For each kind of directory, the words for it and all that it can hold.
_KINDS = {
    "run": (
        "a complete run",
        (
            *("model.keras", "recipe.toml", "assets.json", "metrics.json"),
            *("history.csv", "checkpoint.npz", "generated.txt"),
            *("curves.png", "predictions.png", "predictions.svg"),
            *(f"saved_model/{one}" for one in _SAVED_MODEL),
        ),
    ),
    "model": (
        "a model that `publish` wrote",
        (
            *("README.md", "recipe.toml", "metadata.json", "figures.json"),
            *("config.json", "model.weights.h5", "assets/assets.json"),
            *("golden.npz", "predictions.png", "predictions.svg"),
        ),
    ),
    "export": (
        "exported files",
        (
            *_SAVED_MODEL,
            *("metadata.json", "sequence.onnx", "step.onnx"),
            *("sequence.tflite", "sequence_int8.tflite"),
            *("step.tflite", "step_int8.tflite"),
        ),
    ),
}
Kind = Literal["run", "model", "export"]

#: What file managers leave in every directory that somebody looked into.
_LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})

#: Hidden directories of a process at work, and of an unfinished training.
_WORKING = re.compile(r"\.(partial-[0-9a-f]{8}|training)")
_LOCK = ".lock"

#: Seconds after which a directory whose owner cannot be asked counts as left behind.
_OLD = 24 * 3600.0

#: What renaming to the name of a directory that holds something fails with.
_TAKEN = {errno.ENOTEMPTY, errno.EEXIST, *([errno.EACCES] if os.name == "nt" else [])}

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a directory will stand.

    Attributes:
        path: absolute, links resolved.
        inside: whether what stands there must keep its place, because it is a mount
            point, or its parent or itself belongs to somebody else. Then its content
            is replaced, and the hidden directories lie in it instead of beside it.
    """

    path: pathlib.Path
    inside: bool

    @property
    def home(self) -> pathlib.Path:
        """The directory of the hidden ones."""
        return self.path if self.inside else self.path.parent

    def hidden(self, what: str) -> pathlib.Path:
        """Return a hidden path for work on this one."""
        return self.home / (f".{what}" if self.inside else f".{self.path.name}.{what}")

    def working(self) -> list[pathlib.Path]:
        """Return this user's hidden directories of processes at work or killed."""
        if not self.home.is_dir():
            return []
        pattern = re.escape(self.hidden("partial-").name) + "[0-9a-f]{8}"
        return [
            one
            for one in sorted(self.home.iterdir())
            if re.fullmatch(pattern, one.name) and is_own_directory(one)
        ]


def replaceable(
    path: str | os.PathLike,
    *kinds: Kind,
    carried: Iterable[str] = (),
    argument: str = "path",
) -> Place:
    """Check that a directory may be made or replaced; call it before any work.

    What a killed process had moved aside is moved back first.

    Args:
        path: the directory.
        *kinds: what may be replaced. None: all of ours.
        carried: names of files that the caller hands on to the new directory.
        argument: how the caller calls `path`.

    Returns:
        `Place`.

    Raises:
        FileExistsError: if it is the working directory or one of its parents, or holds
            anything but a complete directory of one of `kinds`.
        NotADirectoryError: if a file or a link to nothing is in the way.
        PermissionError: if it belongs to somebody else, or cannot be written.
    """
    place = place_of(path, argument)
    recover(place)
    _check_content(place, kinds, frozenset(carried), argument)
    return place


def place_of(path: str | os.PathLike, argument: str = "path") -> Place:
    """Find out where a directory would stand and whether one can stand there.

    Args:
        path: the directory; nothing is made.
        argument: how the caller calls `path`.

    Raises:
        See `replaceable`; what the directory holds is not looked at.
    """
    received = f"Received: {argument}={os.fspath(path)!r}"
    given = pathlib.Path(os.path.abspath(path))
    for one in (given, *given.parents):
        if one.is_symlink() and not one.exists():
            raise NotADirectoryError(
                f"`{argument}` must be a directory or a free name. {received}, and "
                f"{one} is a link to nothing. Remove the link, or make its target."
            )
    if given.is_symlink() and not is_mine(given.lstat(), given.parent, root=True):
        raise PermissionError(
            f"`{argument}` must not be another user's link. {received}. Name the "
            "directory itself."
        )
    real = pathlib.Path(os.path.realpath(given))
    try:
        status = real.stat()  # once: another process may be replacing it
    except (FileNotFoundError, NotADirectoryError):
        status = None
    exists = status is not None
    if exists and not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(
            f"`{argument}` must be a directory or a free name. {received}, "
            "which is a file."
        )
    if exists and _is_above(real, status):
        raise FileExistsError(
            f"`{argument}` must not be the working directory or one of its parents: "
            f"all in it would be replaced. {received}. Name a new directory, such as "
            f"{os.path.join(os.fspath(path), 'out')!r}."
        )
    if re.search(r"\.(partial-[0-9a-f]{8}|training)$", real.name):
        raise FileExistsError(
            f"`{argument}` must not have the name of a directory of a process at work. "
            f"{received}. Choose another name."
        )
    if len(os.fsencode(real.name)) > 230:  # of 255; the hidden names are longer
        raise FileExistsError(
            f"`{argument}` must have a name of at most 230 bytes. {received}. Choose a "
            "shorter one."
        )
    above = next(one for one in real.parents if one.exists() or one.is_symlink())
    if not above.is_dir():
        raise NotADirectoryError(
            f"`{argument}` must lie in a directory. {received}, and {above} is a file."
        )
    inside = exists and (
        _is_mount(real) or not _is_writable(above) or not is_mine(status, above)
    )
    home = real if inside else above
    if not _is_writable(home):
        raise PermissionError(
            f"`{argument}` must be a directory that can be written. {received}, and "
            f"nothing can be made in {home}. Choose another directory."
        )
    return Place(real, inside)


def _is_writable(directory):
    return os.access(directory, os.W_OK | os.X_OK)


def _is_above(directory, status):
    """Whether a directory is the working directory or one of its parents."""
    if directory.parent == directory:
        return True
    try:
        here = pathlib.Path.cwd()
    except FileNotFoundError:  # removed while we are in it
        return False
    return any(os.path.samestat(status, one.stat()) for one in (here, *here.parents))


def _is_mount(directory):
    if os.path.ismount(directory):
        return True
    try:  # a directory of the same file system that is bound here
        with open("/proc/self/mountinfo", errors="surrogateescape") as file:
            points = [line.split()[4] for line in file]
    except (OSError, IndexError):
        return False
    points = (re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), p) for p in points)
    return str(directory) in points


def is_mine(status: os.stat_result, directory: pathlib.Path, *, root=False) -> bool:
    """Whether something belongs to this user, or to nobody in particular.

    Args:
        status: of the file or directory.
        directory: where a file would be made to see whom the file system takes us for;
            some shares give everything to one user.
        root: whether the administrator's will do as well.
    """
    if not hasattr(os, "geteuid") or status.st_uid == os.geteuid():
        return True
    return (root and status.st_uid == 0) or status.st_uid == _given_owner(directory)


def is_own_directory(path: pathlib.Path) -> bool:
    """Whether a path is a directory, no link to one, and belongs to this user."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and is_mine(status, path.parent)


def _given_owner(directory):
    try:
        with tempfile.TemporaryDirectory(dir=directory, prefix=".owner-") as made:
            return os.lstat(made).st_uid
    except OSError:
        return None


# --- What stands there


def _check_content(place, kinds, carried, argument="path"):
    """Check that all that stands at a place may go."""
    for left in reversed(range(40)):
        before = _version(place.path)
        try:
            return _check_once(place, kinds, carried, argument)
        except OSError:
            # Nothing cannot be wrong: what was found came and may have gone meanwhile.
            same = before is not None and _version(place.path) == before
            if same or not left:
                raise  # else another process has replaced it: see what is there now
            time.sleep(0.005)


def _version(path):
    """What tells one directory from the next of that name; numbers come again."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_ctime_ns


def _check_once(place, kinds, carried, argument):
    path, kinds = place.path, kinds or tuple(_KINDS)
    if not path.is_dir():
        return
    found = [one.name for one in path.iterdir() if not _stays(place, one.name)]
    words = " or ".join(_KINDS[kind][0] for kind in kinds)
    expected = f"`{argument}` must be free, empty, or hold {words} and nothing else"
    received = f"Received: {argument}={str(path)!r}"
    advice = "Choose another directory, or move that away."
    strangers = {kind: list(_foreign(place, kind, carried)) for kind in kinds}
    fewest = min(strangers.values(), key=len)
    if fewest:
        shown = ", ".join(fewest[:3])
        if len(fewest) > 3:
            shown += f" and {len(fewest) - 3} more"
        raise FileExistsError(f"{expected}. {received}, with {shown}. {advice}")
    if set(found) - carried - _LITTER and not any(
        not strangers[kind] and _is_complete(path, kind) for kind in kinds
    ):
        shown = ", ".join(sorted(found)[:3])
        raise FileExistsError(
            f"{expected}. {received}, where {shown} are no complete one. {advice}"
        )


def _stays(place, name):
    """Whether a name in a directory is none of its content."""
    return place.inside and bool(_WORKING.fullmatch(name) or name == "lost+found")


def _foreign(place, kind, carried):
    """Yield what a directory holds besides what one of its kind does."""
    patterns, folders, owners = _KINDS[kind][1], set(), {}
    for one in patterns:
        pure = pathlib.PurePosixPath(one)
        folders.update(str(parent) for parent in pure.parents)
        if one.endswith("/"):
            folders.add(str(pure))

    def mine(status):
        if status.st_uid not in owners:
            owners[status.st_uid] = is_mine(status, place.home)
        return owners[status.st_uid]

    def walk(directory, prefix):
        for entry in sorted(os.scandir(directory), key=lambda one: one.name):
            name = prefix + entry.name
            if not prefix and _stays(place, name):
                continue
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                if name in folders and not _is_mount(pathlib.Path(entry.path)):
                    yield from walk(entry.path, f"{name}/")
                else:
                    yield f"{name}/"
            elif not stat.S_ISREG(status.st_mode) or not (
                entry.name in _LITTER
                or name in carried
                or any(fnmatch.fnmatchcase(name, one) for one in patterns)
            ):
                yield name
            elif name == "README.md" and not is_made(pathlib.Path(entry.path)):
                yield f"{name} that was written by hand"
            elif not mine(status):
                yield f"{name} of another user"

    yield from walk(place.path, "")


def _is_complete(directory, kind):
    """Whether a directory has what is written last, and it is what it should be."""

    def has(name, *keys):
        return keys_of(directory / name).issuperset(keys)

    if kind == "run":
        return (directory / "model.keras").is_file() and has(
            "metrics.json", "name", "test", "versions"
        )
    if kind == "model":
        return (directory / "recipe.toml").is_file() and any(
            has(name, "name", "test_over_seeds")
            for name in ("metadata.json", "figures.json")
        )

    def is_export(name):  # an encoder-decoder says of both sides what their tokens are
        return any(has(name, one, "parameters") for one in ("reads", "source_tokens"))

    if (directory / "saved_model.pb").is_file():
        return is_export("assets.extra/metadata.json")
    files = [*directory.glob("*.onnx"), *directory.glob("*.tflite")]
    return bool(files) and is_export("metadata.json")


def keys_of(path: pathlib.Path) -> set[str]:
    """Return the keys of a JSON object in a file; none if it holds no such thing."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return set()
    return set(document) if isinstance(document, dict) else set()


def is_made(path: pathlib.Path) -> bool:
    """Whether a text of ours may be written anew: it says that it is made."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = list(itertools.islice(file, 10))
    except (OSError, ValueError):
        return False
    made = r"<!-- Made of .*; do not edit\. -->\s*"
    return not path.is_symlink() and any(re.fullmatch(made, one) for one in lines)


def check_file(
    path: pathlib.Path, is_ours: Callable[[pathlib.Path], bool], argument: str
) -> None:
    """Check that a file may be made or replaced; call it before any work.

    Args:
        path: the file.
        is_ours: whether a file that is there may be replaced.
        argument: the argument that the path was made of.

    Raises:
        FileExistsError: if something else is there.
    """
    if os.path.lexists(path):
        if path.is_symlink() or not path.is_file() or not is_ours(path):
            raise FileExistsError(
                f"`{argument}` must leave room for {path}. Received: something else "
                "of that name is there. Choose another name, or move that away."
            )


# --- Who is at work


def try_lock(file: int) -> bool | None:
    """Take the lock of an open file, which ends with the process, however it ends.

    Returns:
        Whether it was taken. None: this file system has no locks.
    """
    try:
        if fcntl is None:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
            return False
        return None
    return True


def open_lock(directory: pathlib.Path, *, make: bool = True) -> int:
    """Open the lock file in a directory, and no link to another one."""
    flags = os.O_RDWR | _NO_FOLLOW | (os.O_CREAT if make else 0)
    return os.open(directory / _LOCK, flags, 0o666)


def is_same(file: int, path: pathlib.Path) -> bool:
    """Whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(file), path.lstat())
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def working_directory(place: Place) -> Iterator[pathlib.Path]:
    """Hold a hidden directory whose lock tells that this process is at work.

    It is removed afterwards, and what was moved aside into it is moved back.
    """
    while True:
        directory = place.hidden(f"partial-{secrets.token_hex(4)}")
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir()
        try:
            lock = open_lock(directory)
        except FileNotFoundError:  # another process took it for a rest
            continue
        if try_lock(lock) is not False and is_same(lock, directory / _LOCK):
            break
        os.close(lock)  # likewise
    try:
        yield directory
    finally:
        try:
            _put_back(place, directory)
            if fcntl is None:  # Windows removes nothing that is open
                os.close(lock)
            _remove(directory)
        finally:
            if fcntl is not None:
                os.close(lock)


def _remove(working):
    """Remove a working directory so that a kill leaves one that can be removed."""
    with contextlib.suppress(OSError):  # no longer a predecessor to put back
        (working / "old").rename(working / "gone")
    with contextlib.suppress(OSError):
        for one in list(working.iterdir()):
            if one.name != _LOCK:
                shutil.rmtree(one, ignore_errors=True)
    shutil.rmtree(working, ignore_errors=True)


def recover(path: str | os.PathLike | Place) -> None:
    """Tidy up after processes that were killed while they wrote a directory.

    A predecessor that had been moved aside and not been replaced yet is moved back;
    what was half written is removed. A process that still runs, here, in another
    container or on another machine, is left alone: it holds a lock. Where there are no
    locks, only what is a day old counts as left behind. Commands that only read do
    not call this.

    Args:
        path: where the directory stands, or should.
    """
    place = path if isinstance(path, Place) else place_of(path)
    for directory in place.working():
        with contextlib.suppress(OSError):
            directory.rmdir()  # killed before there was a lock
            continue
        try:
            lock = open_lock(directory, make=False)
        except FileNotFoundError:
            lock = None
        except OSError:  # a link
            continue
        try:
            state = None if lock is None else try_lock(lock)
            if state is None:
                with contextlib.suppress(FileNotFoundError):
                    state = time.time() - directory.lstat().st_mtime > _OLD
            if state:
                _put_back(place, directory)
                if fcntl is None and lock is not None:
                    os.close(lock)
                    lock = None
                _remove(directory)
        finally:
            if lock is not None:
                os.close(lock)


def moved_aside(path: str | os.PathLike) -> pathlib.Path | None:
    """Return where the predecessor of a directory lies that a killed process moved.

    None, if nothing is amiss. Nothing is changed.
    """
    try:
        place = place_of(path)
    except OSError:
        return None
    if not place.inside and os.path.lexists(place.path):
        return None
    for directory in place.working():
        for name in ("ready", "old"):
            if (directory / name).is_dir():
                return directory / name
    return None


# --- Replacing


def replace(
    place: Place,
    working: pathlib.Path,
    new: pathlib.Path,
    kinds: tuple[Kind, ...],
    carried: Iterable[str],
) -> None:
    """Let a complete directory take its place; what stood there is in `working` then.

    If it cannot, it is kept under a free name beside its place.

    Args:
        place: where it belongs.
        working: the `working_directory` that holds it.
        new: the directory.
        kinds: what may be replaced, see `replaceable`.
        carried: names of files that are written again.

    Raises:
        OSError: if it cannot; the text says where it is kept.
    """
    put = _put_inside if place.inside else _put_beside
    check = functools.partial(_check_content, place, kinds, frozenset(carried))
    try:
        put(place, working, new, check)
    except Exception as error:
        _put_back(place, working)
        kept = next(
            one
            for number in itertools.count(2)
            if not os.path.lexists(one := place.home / f"{place.path.name}-{number}")
        )
        for one in (new, working / "ready"):
            if one.is_dir():
                one.rename(kept)
        kind = type(error) if isinstance(error, OSError) else RuntimeError
        raise kind(f"{error} What was made is kept in {kept}.") from error


def _put_beside(place, working, new, check):
    path, old = place.path, working / "old"
    for _ in range(100):  # as often as another process may end at the same moment
        check()
        try:
            new.rename(path)  # to a free name, or over an empty directory
            return
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        if old.exists():
            shutil.rmtree(old)
        with contextlib.suppress(FileNotFoundError):
            path.rename(old)
    raise FileExistsError(f"{path} is replaced by other processes all the time.")


def _put_inside(place, working, new, check):
    check()
    old, ready = working / "old", working / "ready"
    old.mkdir()
    for one in list(place.path.iterdir()):
        if not _stays(place, one.name):
            one.rename(old / one.name)
    new.rename(ready)  # from here on it is finished, not taken back
    _finish_inside(place, working)


def _finish_inside(place, working):
    for one in list((working / "ready").iterdir()):
        one.rename(place.path / one.name)
    (working / "old").rename(working / "gone")
    (working / "ready").rmdir()


def _put_back(place, working):
    """Undo what was begun in a working directory, or finish it."""
    old = working / "old"
    if not old.is_dir():
        return
    with contextlib.suppress(FileNotFoundError):
        if not place.inside:
            if not os.path.lexists(place.path):
                try:
                    old.rename(place.path)
                except OSError as error:  # another process was faster: its result stays
                    if error.errno not in _TAKEN:
                        raise
        elif (working / "ready").is_dir():
            _finish_inside(place, working)
        else:
            for one in list(old.iterdir()):
                if not os.path.lexists(place.path / one.name):
                    one.rename(place.path / one.name)


# --- Files


@contextlib.contextmanager
def whole_file(path: pathlib.Path, mode: str = "w", **options) -> Iterator:
    """Write a file that is whole or not there, through no link.

    Args:
        path: the file to make or to replace; a link of that name is replaced.
        mode: `"w"` or `"wb"`.
        **options: see `open`.

    Yields:
        The open file.
    """
    temporary = path.with_name(f".{path.name}.partial-{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW
    file = os.open(temporary, flags | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(file, mode, **options) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
