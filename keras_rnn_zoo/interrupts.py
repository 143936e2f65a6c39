"""Ctrl-C while modules are imported, which swallow it now and then.

A `KeyboardInterrupt` that is raised inside an import may be caught there, in a callback
or in C++, and the command goes on as if nothing had been. So it is noted and raised
when the import is over.
"""

import _thread
import signal
import threading

_SOON = 0.05
_IMPORTING = "<frozen importlib"

_state = {"noted": False, "begun": False, "timer": None}


def watch() -> None:
    """Take over SIGINT, where it would have raised `KeyboardInterrupt`.

    Until `begin`, it is only noted.
    """
    ours = threading.current_thread() is threading.main_thread()
    if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)


def begin() -> None:
    """Raise what was noted until now, and from now on when it comes."""
    _state["begun"] = True
    check()


def check() -> None:
    """Raise `KeyboardInterrupt` if one was noted and did not reach its handler.

    To be called where a command goes on with its work: there it was swallowed.
    """
    if _state["noted"]:
        raise KeyboardInterrupt


def honoured() -> None:
    """Forget what was noted: a handler has it."""
    _state["noted"] = False


def is_noted() -> bool:
    """Whether an interrupt was noted that did not reach its handler."""
    return _state["noted"]


def _interrupted(number, frame):
    _state["noted"] = True
    if not _state["begun"]:
        return
    if not _is_importing(frame):
        raise KeyboardInterrupt
    if _state["timer"] is None:
        _state["timer"] = threading.Timer(_SOON, _again)
        _state["timer"].daemon = True
        _state["timer"].start()


def _again():
    _state["timer"] = None
    if _state["noted"]:
        _thread.interrupt_main()


def _is_importing(frame):
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORTING):
            return True
        frame = frame.f_back
    return False
