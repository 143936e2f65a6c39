"""Every fault that once was there: `make faults` judges them all."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).with_name("repro.sh")
CASES = re.findall(r"^case_(\w+)\(\)", SCRIPT.read_text(), re.M)


def judged(case, tally):
    done = subprocess.run(
        ["bash", str(SCRIPT), case],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    if ": skipped" in done.stdout:
        tally["skipped"] += 1
        pytest.skip(done.stdout.strip())
    tally["cases"] += 1
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_case(case, tally):
    judged(case, tally)


def test_the_script_lists_its_cases_and_knows_no_other():
    done = subprocess.run(
        ["bash", str(SCRIPT), "no_such_case"],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    listed = done.stderr.partition("there are: ")[2].split()
    assert sorted(listed) == sorted(CASES) and len(CASES) >= 20
