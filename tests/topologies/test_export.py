"""SavedModels of the topologies, served where this package and Keras are unknown."""

import json
import subprocess
import sys

import numpy as np

from keras_rnn_zoo.topologies import ManyToMany, ManyToOne, OutputRecurrence
from tests.compare import assert_close, randomise
from tests.topologies.shared import SERVED, compiled, tokens_of

MODELS = {
    "many to many": lambda: ManyToMany(
        4, [5, 3], "LSTM", vocabulary_size=6, bidirectional=True
    ),
    "many to one": lambda: ManyToOne(4, 5, "GRU", num_features=2, mask_value=0.0),
    "teacher": lambda: OutputRecurrence(4, 5, vocabulary_size=6),
    "soft": lambda: OutputRecurrence(
        4,
        [5, 3],
        num_features=2,
        mask_value=0.0,
        training_feedback="soft",
        sampling_schedule="linear",
        feedback="argmax",
    ),
    "sample": lambda: OutputRecurrence(4, 5, vocabulary_size=6, feedback="sample"),
}


def test_a_fresh_process_serves_them_all(tmp_path, rng):
    expected, paths = {}, []
    for name, make in MODELS.items():
        model = make()
        if name != "soft":
            randomise(model, rng)
        tokens, classes = tokens_of(rng, 6, 5)
        x = tokens
        if getattr(model, "num_features", None) or name == "many to one":
            x = rng.normal(size=(3, 5, 2)).astype("float32") * (tokens != 0)[..., None]
            x = x.astype("float32")
        if name == "soft":
            compiled(model).fit(x, classes, verbose=0)
        path = tmp_path / name
        path.mkdir()
        model.export(path / "model", verbose=False)
        inputs = {"whole": x, "short": x[:1, :2]}
        np.savez(path / "inputs.npz", **inputs)
        expected[path] = {k: model.predict(v, verbose=0) for k, v in inputs.items()}
        paths.append(str(path))
    subprocess.run([sys.executable, "-c", SERVED, json.dumps(paths)], check=True)
    for path, outputs in expected.items():
        served = np.load(path / "served.npz")
        for name, output in outputs.items():
            if path.name == "sample":  # Only the first step waits for no draw.
                np.testing.assert_allclose(served[name].sum(-1), 1.0, rtol=1e-5)
                assert_close(served[name][:, 0], output[:, 0])
            else:
                assert_close(served[name], output)
