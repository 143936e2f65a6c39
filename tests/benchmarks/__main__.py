"""`python -m tests.benchmarks NAME [options]`: figures, not tests. A file each."""

import pathlib
import runpy
import sys

NAMES = sorted(
    path.stem
    for path in pathlib.Path(__file__).parent.glob("*.py")
    if not path.stem.startswith("_")
)

if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
    raise SystemExit(f"usage: python -m tests.benchmarks {'|'.join(NAMES)} [options]")
name = sys.argv.pop(1)
runpy.run_module(f"tests.benchmarks.{name}", run_name="__main__", alter_sys=True)
