"""What JAX runs and what it does not: each option answers as TensorFlow, or says so."""

import ast
import os
import pathlib
import subprocess
import sys

import pytest

# Each line: what was tried, and "ok" or the error.
ON_JAX = """
import keras, numpy as np, keras_rnn_zoo as zoo

x = np.random.default_rng(0).normal(size=(2, 4, 2)).astype("float32")
mask = np.array([[1, 1, 0, 1], [1, 1, 1, 0]], bool)

def attempt(what, function):
    try:
        function()
        print([what, "ok"])
    except Exception as error:
        print([what, f"{type(error).__name__}: {error}"[:400]])

loop = zoo.LSTM(3, implementation="loop")
loop.build((None, None, 2))
expected = np.asarray(loop(x, mask=mask))

def same(**options):
    def run():
        layer = zoo.LSTM(3, **options)
        layer.build((None, None, 2))
        layer.set_weights(loop.get_weights())
        found = np.asarray(layer(x, mask=mask))
        assert np.abs(found - expected).max() < 1e-5
    return run

for options in (
    {}, {"truncate": 2}, {"checkpoint": 2},
    *({"implementation": name} for name in ("hoisted", "graph", "native")),
):
    attempt(f"options {options}", same(**options))

def fit(**options):
    def run():
        model = keras.Sequential([keras.Input((4, 2)), zoo.MGU(3, **options)])
        model.compile("sgd", "mse")
        loss = model.fit(x, np.ones((2, 3)), verbose=0).history["loss"]
        assert np.isfinite(loss).all()
    return run

attempt("fit {'truncate': 2}", fit(truncate=2))
attempt("fit {'checkpoint': 2}", fit(checkpoint=2))
attempt("CRF", lambda: zoo.CRF(3)(x))
attempt("CRF in a model", lambda: zoo.ManyToMany(3, 3, num_features=2, head="crf")(x))

def fit_crf():
    model = zoo.ManyToMany(3, 3, num_features=2, head="crf")
    model.compile("sgd", zoo.CRFLoss())
    model.fit(x, np.zeros((2, 4), int), verbose=0)

def fit_hmm():
    model = zoo.HMM(2, "gaussian", num_features=2)
    model.compile("sgd")
    model.fit(x, verbose=0)

attempt("fit CRF", fit_crf)
attempt("fit HMM", fit_hmm)
attempt("HMM", lambda: zoo.HMM(2, "gaussian", num_features=2).log_prob(x))
attempt("JordanRNN", lambda: zoo.JordanRNN(3, 4)(x))
"""


@pytest.fixture(scope="module")
def results():
    pytest.importorskip("jax")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ON_JAX],
        cwd=pathlib.Path(__file__).parents[2],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    return dict(map(ast.literal_eval, lines))


def test_everything_runs_or_says_that_it_needs_tensorflow(results):
    assert len(results) == 14
    silent = {
        what: answer
        for what, answer in results.items()
        if answer != "ok" and not ("TensorFlow" in answer or "tensorflow" in answer)
    }
    assert not silent


def test_what_has_to_run_runs(results):
    for what in ("options {}", "options {'implementation': 'hoisted'}"):
        assert results[what] == "ok"


@pytest.mark.parametrize("option", ["truncate", "checkpoint"])
def test_options_run_or_are_named(results, option):
    for what, answer in results.items():
        if option in what and answer != "ok":
            assert f"`{option}`" in answer, answer
