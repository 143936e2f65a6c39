"""Where the compiled libraries lie, and whether they are to be trusted.

A library is code that runs in this process. So it is loaded only if nobody but this
user (and the superuser) could have put it there: the file, its directory and all
directories above belong to one of the two and cannot be written by others. A directory
with the sticky bit, such as /tmp, may stand above.
"""

import contextlib
import errno
import hashlib
import os
import pathlib
import re
import shutil
import stat
import time
from typing import Any

from keras_rnn_zoo.native import compiler
from keras_rnn_zoo.native.compiler import NativeBuildError

fcntl: Any
pwd: Any
try:
    import fcntl
    import pwd
except ImportError:  # not on Windows, where the native kernels are not offered
    fcntl = pwd = None

_REMEMBERED_SECONDS = 24 * 3600
# What a compiler or linker says of the sources, or of options and libraries ...
_OF_THE_SOURCES = re.compile(
    r":\d+: (fatal )?error: |undefined (reference|symbol)|cannot find -l|"
    r"unrecognized|unknown argument|unsupported option"
)
# ... unless it comes from the state of the machine.
_OF_THE_MACHINE = re.compile(
    r"no space|space left|memory|resource|allocat|kill|signal|quota|too (many|large)|"
    r"input/output|read-only|permission|stale|bad_alloc|internal compiler error|"
    r"timed out|temporar|fork",
    re.IGNORECASE,
)


def _home():
    home = os.environ.get("HOME")
    if not home and pwd is not None:
        with contextlib.suppress(KeyError):  # a user without an entry
            home = pwd.getpwuid(os.getuid()).pw_dir
    return home if home and os.path.isabs(home) else None


def cache_dir():
    """Returns the directory of the compiled libraries, as an absolute `pathlib.Path`.

    Raises:
        NativeBuildError: if there is none.
    """
    own = os.environ.get("KERAS_RNN_ZOO_CACHE")
    base = os.environ.get("XDG_CACHE_HOME")
    if own and not own.startswith("~"):
        return pathlib.Path(os.path.abspath(own), "native")
    if not own and base and os.path.isabs(base):  # a relative one is to be ignored
        return pathlib.Path(base, "keras_rnn_zoo", "native")
    home = _home()
    if own and own[1:2] not in ("", "/"):  # ~user
        expanded = os.path.expanduser(own)
        if not os.path.isabs(expanded):
            raise NativeBuildError(
                f"no cache directory: KERAS_RNN_ZOO_CACHE is {own!r}, and there is no "
                "such user"
            )
        return pathlib.Path(expanded, "native")
    if home is None:
        raise NativeBuildError(
            "no cache directory: this user has no home directory; set "
            "KERAS_RNN_ZOO_CACHE to a directory"
        )
    if own:
        return pathlib.Path(home + own[1:], "native")
    return pathlib.Path(home, ".cache", "keras_rnn_zoo", "native")


def _steps(path):
    """All that is passed on the way to a path, and its `lstat`; links are followed."""
    done, todo, links = "/", os.path.abspath(path).split("/")[::-1], 0
    yield done, os.lstat(done)
    while todo:
        name = todo.pop()
        if name == "..":
            done = os.path.dirname(done)
        if name in ("", ".", ".."):
            continue
        here = os.path.join(done, name)
        facts = os.lstat(here)
        yield here, facts
        if not stat.S_ISLNK(facts.st_mode):
            done = here
            continue
        links += 1
        if links > 40:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        target = os.readlink(here)
        if target.startswith("/"):
            done = "/"
        todo.extend(target.split("/")[::-1])


def check_trusted(path):
    """Raises `NativeBuildError` if others could have put it there or can change it."""
    me = os.getuid()
    for step, facts in _steps(path):
        if facts.st_uid not in (me, 0):
            raise NativeBuildError(f"{step} belongs to another user, {facts.st_uid}")
        others_write = facts.st_mode & 0o022 and not stat.S_ISLNK(facts.st_mode)
        sticky = stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX
        if others_write and not sticky:
            raise NativeBuildError(f"{step} can be written by others")


def check_own(path):
    """The same for what is in the cache, which holds no links."""
    check_trusted(path)
    if os.path.islink(path):
        raise NativeBuildError(f"{path} is a link")
    facts = os.lstat(path)
    if facts.st_mode & 0o022:  # not even with the sticky bit
        raise NativeBuildError(f"{path} can be written by others")


def sha256(path):
    """Returns the digest of a file."""
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def intact(path):
    """True if the library is there, is mine, and its sha256 belongs to it."""
    digest = path.with_suffix(".sha256")
    try:
        for own in (path.parent.parent, path.parent, path, digest):
            check_own(own)
        return digest.read_text().strip() == sha256(path)
    except (OSError, ValueError, NativeBuildError):
        return False


def make_directory(path):
    """Makes a directory, and all above it, for this user alone, and checks it."""
    missing = [path, *path.parents]
    missing = missing[: next(i for i, p in enumerate(missing) if p.is_dir())]
    try:
        check_trusted(path if not missing else missing[-1].parent)
        for step in reversed(missing):
            with contextlib.suppress(FileExistsError):  # by another process meanwhile
                step.mkdir(mode=0o700)
        check_own(path)
    except OSError as error:
        raise NativeBuildError(
            f"the cache directory cannot be written: {error}"
        ) from error
    except NativeBuildError as error:
        raise NativeBuildError(f"the cache directory is not safe: {error}") from error


_held = set()


def _after_fork():
    """Closes the parent's locks; they stay the parent's."""
    for handle in _held:
        os.close(handle)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextlib.contextmanager
def lock(directory, seconds):
    """One process at a time, where the file system has locks.

    Gives True; False if there are no locks, or after so many seconds. Then others may
    build at the same time, each in a directory of its own. The lock ends with the
    process, however it ends.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(directory / "lock", flags, 0o600)
    except OSError as error:
        raise NativeBuildError(
            f"the cache directory cannot be written: {error}"
        ) from error
    _held.add(handle)
    try:
        deadline = time.monotonic() + seconds
        alone = None
        while alone is None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                alone = True
            except OSError as error:
                busy = error.errno in (errno.EWOULDBLOCK, errno.EACCES)
                if not busy or time.monotonic() > deadline:
                    alone = False
                elif compiler.ending():
                    raise NativeBuildError("the process is ending") from None
                else:
                    time.sleep(0.05)
        yield alone
    finally:
        if handle in _held:  # not in a child, which has closed it
            _held.discard(handle)
            with contextlib.suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_UN)
            os.close(handle)


def remove_leftovers(directory):
    """Removes what builds that were cut short have left. Only under the lock."""
    for path in directory.glob("build-*"):
        shutil.rmtree(path, ignore_errors=True)


def remember_failure(path, message):
    """Notes that the sources do not compile. Nothing else is worth remembering."""
    if _OF_THE_SOURCES.search(message) and not _OF_THE_MACHINE.search(message):
        with contextlib.suppress(OSError):
            path.with_suffix(".failed").write_text(message)


def failure(path):
    """Returns the message of an attempt that failed within a day, or None."""
    failed = path.with_suffix(".failed")
    try:
        check_own(failed)
        if time.time() - failed.stat().st_mtime > _REMEMBERED_SECONDS:
            return None
        return failed.read_text()
    except (OSError, ValueError, NativeBuildError):
        return None


def store(built, path):
    """Moves a complete library into its place, with its digest."""
    digest = built.with_suffix(".sha256")
    try:
        digest.write_text(sha256(built) + "\n")
        built.chmod(0o700)
        digest.chmod(0o600)
        os.replace(built, path)
        os.replace(digest, path.with_suffix(".sha256"))
        path.with_suffix(".failed").unlink(missing_ok=True)
    except OSError as error:
        raise NativeBuildError(f"the library cannot be stored: {error}") from error
