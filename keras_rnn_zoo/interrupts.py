"""Ctrl-C that is not lost, whoever catches it on the way.

A `KeyboardInterrupt` may be raised where it is swallowed: inside an import, in a
callback, in a destructor. The command then goes on as if nothing had been. So it is
raised again until the command has it, but not while it is on its way there.
"""

import _thread
import signal
import sys
import threading
from typing import Any

#: Seconds after which an interrupt that has not arrived is raised again.
_AGAIN = 0.1

#: What runs the first lines of a compiled module.
_LOADERS = ("ExtensionFileLoader.create_module", "ExtensionFileLoader.exec_module")

_state = {"noted": False, "begun": False, "reminder": None}


def watch() -> None:
    """Take over SIGINT, where it would have raised `KeyboardInterrupt`.

    Until `begin` it is only noted.
    """
    ours = threading.current_thread() is threading.main_thread()
    if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
        sys.unraisablehook = _unraisable


def begin() -> None:
    """Raise what was noted until now, and from now on when it comes."""
    _state["begun"] = True
    if _state["noted"]:
        raise KeyboardInterrupt


def honoured() -> None:
    """Forget what was noted: the command has it, and is not interrupted in its end."""
    _state["begun"] = False
    reminder, _state["reminder"] = _state["reminder"], None
    if reminder is not None:
        reminder.stop.set()
        reminder.join()  # or it might do it once more when nobody is left to have it
    _state["noted"] = False


def end() -> None:
    """Let the next one end the process at once: there is nothing left to tidy up."""
    if signal.getsignal(signal.SIGINT) is _interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def is_noted() -> bool:
    """Whether there was an interrupt that the command has not got yet."""
    return _state["noted"]


def _interrupted(number, frame):
    again, _state["noted"] = _state["noted"], True
    if not _state["begun"]:
        return
    if _state["reminder"] is None:
        reminder = _Reminder(daemon=True)
        reminder.start()
        _state["reminder"] = reminder
    if again and _is_on_its_way(sys.exc_info()[1]) or _is_in_a_library(frame):
        return
    raise KeyboardInterrupt


class _Reminder(threading.Thread):
    """Interrupts the main thread again and again until it is told to stop."""

    def __init__(self, **options):
        super().__init__(**options)
        self.stop = threading.Event()

    def run(self):
        while not self.stop.wait(_AGAIN):
            if not (_state["noted"] and _state["begun"]):
                continue
            if hasattr(signal, "pthread_kill"):  # ends what it waits for, too
                main: Any = threading.main_thread().ident
                signal.pthread_kill(main, signal.SIGINT)
            else:
                _thread.interrupt_main()


def _is_on_its_way(error):
    """Whether a handler of the interrupt, or of what was made of it, is at work."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_in_a_library(frame):
    """Whether a compiled module is being imported: an error there may abort it all."""
    while frame is not None:
        if frame.f_code.co_qualname in _LOADERS:
            return True
        frame = frame.f_back
    return False


def _unraisable(one):
    """Say nothing of an interrupt that was swallowed: it is raised again."""
    if not issubclass(one.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(one)
