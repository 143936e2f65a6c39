"""Exported files: alone in a process that knows neither Keras nor this package."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from keras_rnn_zoo.export import export
from keras_rnn_zoo.topologies import ManyToMany, ManyToOne, OutputRecurrence

MODELS = {
    "tagger": lambda: ManyToMany(4, units=5, vocabulary_size=9, bidirectional=True),
    "stack": lambda: ManyToOne(3, units=[5, 4], cell="GRU", num_features=2),
    "output recurrence": lambda: OutputRecurrence(4, units=5, vocabulary_size=9),
}

SERVE = """
import sys
sys.modules["keras"] = None
sys.modules["keras_rnn_zoo"] = None
import numpy as np
import tensorflow as tf
directory, inputs, answer = sys.argv[1:]
model = tf.saved_model.load(directory)
x = tf.constant(np.load(inputs))
(named,) = model.signatures["serving_default"](x).values()
np.testing.assert_array_equal(named, model.serve(x))
np.save(answer, named)
"""


def inputs_for(name, rng):
    if name == "stack":
        return rng.normal(size=(3, 6, 2)).astype("float32")
    x = rng.integers(1, 9, size=(3, 6)).astype("int32")
    x[1, 4:] = 0
    return x


@pytest.mark.parametrize("name", MODELS)
def test_it_answers_without_keras_and_without_us(name, tmp_path, rng):
    model = MODELS[name]()
    x = inputs_for(name, rng)
    exported = export(model, tmp_path / "saved", x[:, :4])
    assert exported.max_difference <= 1e-6
    assert exported.num_bytes > 10_000
    np.save(tmp_path / "x.npy", x)
    arguments = [str(tmp_path / part) for part in ("saved", "x.npy", "y.npy")]
    process = subprocess.run(
        [sys.executable, "-c", SERVE, *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        timeout=240,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    # Another batch size and another length than the golden input had.
    np.testing.assert_allclose(
        np.load(tmp_path / "y.npy"), model(x, training=False), atol=1e-6
    )


@keras.saving.register_keras_serializable(package="test_saved_model")
class Fickle(keras.layers.Layer):
    """Answers differently each time."""

    def call(self, x):
        return ops.cast(x, "float32") + keras.random.normal((), seed=self.seed)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed = keras.random.SeedGenerator(1)


def test_an_export_that_answers_differently_leaves_the_old_one(tmp_path, rng):
    x = inputs_for("tagger", rng)
    export(MODELS["tagger"](), tmp_path / "saved", x)
    before = sorted(p.name for p in (tmp_path / "saved").rglob("*"))
    inputs = keras.Input((None,), dtype="int32")
    with pytest.raises(RuntimeError, match=r"Received: max_difference=\d.*tolerance"):
        export(keras.Model(inputs, Fickle()(inputs)), tmp_path / "saved", x)
    assert sorted(p.name for p in (tmp_path / "saved").rglob("*")) == before
    assert [p.name for p in tmp_path.iterdir()] == ["saved"]
