"""Text that runs: doctests, and the parts of docstrings that can be checked."""

import doctest
import importlib
import inspect
import pathlib
import pkgutil
import re

import keras
import numpy as np
import pytest

import keras_rnn_zoo
from tests.cases import CASES

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(keras_rnn_zoo.__path__, "keras_rnn_zoo.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name):
    module = importlib.import_module(name)
    scope = {**vars(module), "np": np, "keras": keras, "keras_rnn_zoo": keras_rnn_zoo}
    public = {name: getattr(keras_rnn_zoo, name) for name in keras_rnn_zoo.__all__}
    scope = {**public, **scope}
    failures, _ = doctest.testmod(
        module, extraglobs=scope, optionflags=doctest.ELLIPSIS, verbose=False
    )
    assert failures == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_weights_line_is_what_build_makes(case):
    """`kernel (features, 4 * units)` in the docstring, evaluated, is a real shape."""
    section = re.search(r"Weights:\n(.+?)\n\n", inspect.getdoc(case.cell), re.S).group(
        1
    )
    section = " ".join(section.split())
    documented = re.findall(r"(\w+) `\(([^`]*)\)`", section)
    sizes = {"features": 3, "units": 4, "projection_units": 2, **case.options}
    shapes = {
        (name, tuple(eval(f"({shape},)".replace(",,", ","), {}, sizes)))
        for name, shape in documented
    }
    alternatives = set(re.findall(r"or `\(([^`]*)\)`", section))
    for shape in alternatives:
        shapes.add(("bias", tuple(eval(f"({shape},)".replace(",,", ","), {}, sizes))))
    for name, shape in case.weights.items():
        assert (name, shape) in shapes


def test_pyproject_and_setup_cfg_do_not_overlap():
    import configparser
    import tomllib

    root = pathlib.Path(__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())
    cfg = configparser.ConfigParser()
    cfg.read(root / "setup.cfg")
    tools = {"tool:pytest": "pytest", "flake8": "ruff", "metadata": "project"}
    for section in cfg.sections():
        assert section not in project["tool"]
        assert tools.get(section) not in {*project, *project["tool"]}
        assert not section.startswith("options")
