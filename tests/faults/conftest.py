import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).parents[2]
_tally = collections.Counter()
_totals = collections.Counter()


@pytest.fixture(scope="session")
def rounds():
    """How many times what chance decides is tried, as a factor."""
    return int(os.environ.get("KRZ_FAULT_ROUNDS") or 1)


@pytest.fixture
def tally():
    """Counts what was tried, for the line at the end."""
    return _tally


@pytest.fixture
def as_root():
    if os.getuid() != 0:
        _tally["skipped"] += 1
        pytest.skip("needs root")


@pytest.fixture
def chance():
    """Random moments: the same in every run unless more rounds are asked for."""
    return random.Random(None if os.environ.get("KRZ_FAULT_ROUNDS") else 5)


class Server:
    """Starts commands; see `server.py`."""

    def __init__(self, place):
        self.place, self.count = place, 0
        self.process = subprocess.Popen(
            [sys.executable, str(pathlib.Path(__file__).with_name("server.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "TF_CPP_MIN_LOG_LEVEL": "3",
                "CUDA_VISIBLE_DEVICES": "-1",
                "KERAS_RNN_ZOO_NATIVE": "0",
                "COLUMNS": "200",
            },
        )
        assert json.loads(self.process.stdout.readline()) == "ready"

    def run(self, *argv, cwd, kill_after=None, sign=signal.SIGKILL, **options):
        """`(exit code, what it printed, seconds)`; killed after some seconds."""
        self.count += 1
        out = self.place / f"{self.count}.out"
        asked = {"argv": list(map(str, argv)), "cwd": str(cwd), "out": str(out)}
        begun = time.monotonic()
        print(json.dumps(asked | options), file=self.process.stdin, flush=True)
        pid = int(self.process.stdout.readline())

        def end(number=sign):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

        limit = threading.Timer(300, end, [signal.SIGKILL])
        limit.start()
        timer = None
        if kill_after is not None:
            timer = threading.Timer(kill_after, end)
            timer.start()
        code = int(self.process.stdout.readline())
        seconds = time.monotonic() - begun
        for one in (timer, limit):
            if one is not None:
                one.cancel()
        text = out.read_text("utf-8", "replace") if out.exists() else ""
        return code, text, seconds


@pytest.fixture(scope="session")
def command():
    """`command(*argv, cwd=…, kill_after=seconds, uid=…, fsize=…, env=…)`."""
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        os.chmod(place, 0o777)
        server = Server(pathlib.Path(place))
        yield server.run
        server.process.stdin.close()
        server.process.wait(60)
        server.process.stdout.close()


@pytest.fixture(scope="session")
def work():
    """A directory that other users can reach, as pytest's own cannot be."""
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        os.chmod(place, 0o755)
        yield pathlib.Path(place)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["faults"] = dict(_tally)
    else:
        _totals.update(_tally)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    _totals.update(getattr(node, "workeroutput", {}).get("faults", {}))


def pytest_terminal_summary(terminalreporter):
    if _totals:
        text = ", ".join(f"{count} {what}" for what, count in sorted(_totals.items()))
        terminalreporter.write_line(f"faults: {text}")
