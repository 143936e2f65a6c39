"""`python -m tests.benchmarks native|engine [options]`: figures, not tests."""

import runpy
import sys

NAMES = ("native", "engine")

if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
    raise SystemExit(f"usage: python -m tests.benchmarks {'|'.join(NAMES)} [options]")
name = sys.argv.pop(1)
runpy.run_module(f"tests.benchmarks.{name}", run_name="__main__", alter_sys=True)
