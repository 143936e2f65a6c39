"""The C++ compiler: which one, and how it is run so that nothing of it stays behind."""

import os
import shlex
import shutil
import signal
import subprocess
import threading
from typing import Any

_VERSION_SECONDS = 10

# Runs "$@" in a group of processes of its own. When this process ends, however it ends,
# the other end of standard input is closed: then the whole group is ended, and the
# directory of the build, $KERAS_RNN_ZOO_BUILD, is removed.
_SUPERVISED = """
exec 3<&0
"$@" </dev/null 3<&- &
job=$!
{
  trap '' TERM
  read -r _ <&3
  kill -TERM 0
  command -p sleep 1
  [ -z "$KERAS_RNN_ZOO_BUILD" ] || command -p rm -rf -- "$KERAS_RNN_ZOO_BUILD"
  kill -KILL 0
} >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$job"
code=$?
kill -KILL "$watch"
exit "$code"
"""

_lock = threading.Lock()
_running = set()
_versions = {}
_ending = False


class NativeBuildError(RuntimeError):
    """The native kernels cannot be compiled or loaded; the message says why."""


class Command:
    """A command that has begun.

    Args:
        words: list of strings.
        directory: str or None. For its temporary files, removed if this process dies.
    """

    _process: Any
    _alive: Any

    def __init__(self, words, directory=None):
        environment = {
            **os.environ,
            "LC_ALL": "C",
            "KERAS_RNN_ZOO_BUILD": directory or "",
        }
        if directory:
            environment["TMPDIR"] = directory
        with _lock:
            if _ending:
                raise NativeBuildError("the process is ending")
            try:
                self._process = subprocess.Popen(
                    ["/bin/sh", "-c", _SUPERVISED, "sh", *words],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    env=environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise NativeBuildError(f"{words[0]} cannot be run: {error}") from error
            _running.add(self)
        # Not for `communicate` to close at once: it is what the shell watches.
        self._alive, self._process.stdin = self._process.stdin, None

    def finish(self, seconds):
        """Returns `(status, what it printed)`, or ends it after so many seconds."""
        try:
            output, _ = self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise NativeBuildError(
                f"the compiler did not end within {seconds} seconds"
            ) from None
        finally:
            self.end()
        return self._process.returncode, output.strip()

    def end(self):
        """Ends it, if it still runs, with all that it has started."""
        with _lock:
            if self not in _running:
                return
            _running.discard(self)
        if self._process.returncode is None:
            self.kill()
        self._process.stdout.close()
        self._process.wait()
        self._alive.close()

    def kill(self):
        """Ends it at once."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except OSError:  # there is none any more
            pass

    def forget(self):
        """Lets go of a command of the parent process, after a fork."""
        self._alive.close()
        self._process.stdout.close()
        self._process.returncode = 0  # not ours to wait for


def end_all():
    """Ends all that runs and lets nothing begin: the interpreter is about to end."""
    global _ending
    with _lock:
        _ending = True
        running = list(_running)
    for command in running:
        command.kill()


def ending():
    """True after `end_all`."""
    return _ending


def _after_fork():
    for command in _running:
        command.forget()
    _running.clear()
    _lock.release()


# A fork waits until no command is about to begin: a child with copies of its pipes
# would let this process wait for its end.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _lock.acquire(),
        after_in_parent=lambda: _lock.release(),
        after_in_child=_after_fork,
    )


def find_compiler():
    """Returns the compiler's command as a list of strings, or None."""
    chosen = os.environ.get("CXX")
    for command in [chosen] if chosen else ["g++", "clang++", "c++"]:
        try:
            words = shlex.split(command)
        except ValueError:
            continue
        found = shutil.which(words[0]) if words else None
        if found:
            return [found, *words[1:]]
    return None


def why_no_compiler():
    """Why `find_compiler` finds none."""
    chosen = os.environ.get("CXX")
    if not chosen:
        return "no C++ compiler: none of g++, clang++, c++"
    try:
        shlex.split(chosen)
    except ValueError as error:
        return f"no C++ compiler: $CXX is {chosen!r}: {error}"
    return f"no C++ compiler: $CXX is {chosen!r}, which is not there"


def version(words):
    """Returns what a compiler says of its version. A process asks once."""
    words = tuple(words)
    if words not in _versions:
        try:
            status, output = Command([*words, "--version"]).finish(_VERSION_SECONDS)
            if status:
                raise NativeBuildError(f"the compiler does not run: {output}")
            _versions[words] = output
        except NativeBuildError as error:
            _versions[words] = error
    if isinstance(_versions[words], NativeBuildError):
        raise _versions[words]
    return _versions[words]


def forget_versions():
    """Lets `version` ask again."""
    _versions.clear()
