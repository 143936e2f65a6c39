"""The same layers on the JAX backend give what they give on TensorFlow."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.cases import FEW, ONE_EACH
from tests.compare import assert_same, randomise, run

BATCH, TIME, FEATURES = 3, 5, 3

# Reads weights, inputs and random directions; leaves outputs, states and gradients.
ON_JAX = """
import sys
import jax, keras, numpy as np
from tests.cases import BY_ID
given, results = dict(np.load(sys.argv[1])), {}
for case in map(BY_ID.get, sys.argv[3:]):
    layer = case.make_layer(
        return_sequences=True, return_state=True, zoneout=0.2
    )
    layer.build((None, None, 3))
    name = case.id
    layer.set_weights(
        [given[f"{name}/w{k}"] for k in range(len(layer.get_weights()))]
    )
    states = [given[f"{name}/s{k}"] for k in range(case.states)]
    weights = [w.value for w in layer.trainable_variables]
    rest = [v.value for v in layer.non_trainable_variables]

    def loss(x, states, weights):
        results, _ = layer.stateless_call(
            weights, rest, x, initial_state=states, mask=given["mask"]
        )
        rng = np.random.default_rng(0)
        total = sum((r * rng.normal(size=r.shape)).sum() for r in results)
        return total, results

    calculate = jax.jit(jax.value_and_grad(loss, (0, 1, 2), has_aux=True))
    (_, outputs), (dx, ds, dw) = calculate(given["x"], states, weights)
    names = ["output"] + [f"state {k}" for k in range(len(states))]
    names += ["d inputs"] + [f"d state {k}" for k in range(len(states))]
    names += [f"d {w.name}" for w in layer.trainable_variables]
    for key, value in zip(names, [*outputs, dx, *ds, *dw], strict=True):
        results[f"{name}/{key}"] = np.asarray(value)
assert keras.config.backend() == "jax"
np.savez(sys.argv[2], **results)
"""


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param([case for case in ONE_EACH if case.id in FEW], id="few"),
        pytest.param(ONE_EACH, id="all", marks=pytest.mark.slow),
    ],
)
def test_cells_on_jax(cases, tmp_path, rng):
    pytest.importorskip("jax")
    mask = np.array([[1, 1, 1, 1, 1], [0, 1, 0, 1, 1], [1, 1, 1, 0, 0]], bool)
    given = {
        "x": rng.normal(size=(BATCH, TIME, FEATURES)).astype("float32"),
        "mask": mask,
    }
    expected = {}
    for case in cases:
        layer = case.make_layer(
            return_sequences=True,
            return_state=True,
            zoneout=0.2,
            implementation="loop",
        )
        layer.build((None, None, FEATURES))
        randomise(layer, rng)
        sizes = np.ravel(layer.cell.state_size)
        states = [rng.normal(size=(BATCH, n)).astype("float32") for n in sizes]
        for prefix, arrays in (("w", layer.get_weights()), ("s", states)):
            for k, array in enumerate(arrays):
                given[f"{case.id}/{prefix}{k}"] = array
        expected[case.id] = run(layer, given["x"], states, mask)
    np.savez(tmp_path / "given.npz", **given)
    files = [str(tmp_path / name) for name in ("given.npz", "results.npz")]
    done = subprocess.run(
        [sys.executable, "-c", ON_JAX, *files, *(case.id for case in cases)],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    results = dict(np.load(files[1]))
    for name, values in expected.items():
        actual = {key: results[f"{name}/{key}"] for key in values}
        # A weight of one number: its gradient is a sum of many that cancel.
        single = {key for key, value in values.items() if value.size == 1}
        for key in single:
            one = {key: actual.pop(key)}, {key: values.pop(key)}
            assert_same(*one, factor=10)
        assert_same(actual, values)
