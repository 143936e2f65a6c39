"""Makes `tests/data/before`: files as version 0.1.0 of this package wrote them.

`tests/test_before.py` loads them with the package as it is. Made anew they prove
nothing about that version, so do it only where a file changes on purpose.

    python -m tests.data.make_before
"""

import pathlib
import shutil
import tempfile

import keras
import numpy as np
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.export import export_litert, export_onnx, export_saved_model
from tests.cases import ONE_EACH

BEFORE = pathlib.Path(__file__).parent / "before"
ROWS, STEPS, FEATURES = 2, 6, 3


#: What there was then, in the order in which the files have it.
CELLS = (
    *("SimpleRNN", "LSTM", "GRU", "PeepholeLSTM", "ProjectedLSTM", "CIFGLSTM"),
    *("LayerNormLSTM", "LayerNormGRU", "LayerNormSimpleRNN", "MGU", "IndRNN"),
    *("JANET", "MinGRU"),
)


UNITS = {case.layer.__name__: case for case in ONE_EACH}


def cells():
    """All units side by side, so that a wrong one shows in its own columns."""
    features = keras.Input((None, FEATURES))
    x = keras.layers.Masking(0.0)(features)
    outputs = [
        case.make_layer(units=3 + k % 3, return_sequences=True)(x)
        for k, case in enumerate(map(UNITS.get, CELLS))
    ]
    return keras.Model(features, keras.layers.Concatenate()(outputs))


def directions():
    """Two layers each, in two directions, with options away from their defaults."""
    features = keras.Input((None, FEATURES))
    x = keras.layers.Masking(0.0)(features)
    outputs = []
    for merge_mode, first, second in (
        ("concat", zoo.LSTM(3, return_sequences=True), zoo.MGU(4, zoneout=0.2)),
        ("sum", zoo.GRU(4, return_sequences=True), zoo.LayerNormLSTM(3, epsilon=0.01)),
        ("ave", zoo.IndRNN(5, return_sequences=True), zoo.JANET(3, go_backwards=True)),
        (
            "concat",
            zoo.ProjectedLSTM(4, projection_units=3, return_sequences=True),
            zoo.PeepholeLSTM(3, trainable_initial_state=True, dropout=0.1),
        ),
    ):
        y = keras.layers.Bidirectional(first, merge_mode=merge_mode)(x)
        outputs.append(second(y))
    return keras.Model(features, keras.layers.Concatenate()(outputs))


def stacks():
    """Cells in a list, Keras's among them, and a layer that carries its states."""
    return keras.Sequential(
        [
            keras.Input((None, FEATURES), batch_size=ROWS),
            zoo.RNN(
                [zoo.CIFGLSTMCell(3), keras.layers.GRUCell(4)], return_sequences=True
            ),
            zoo.LayerNormGRU(4, return_sequences=True, stateful=True, truncate=2),
            zoo.GRU(3, return_sequences=True, implementation="graph", checkpoint=2),
            zoo.MinGRU(3, return_sequences=True, activation="tanh"),
        ]
    )


def trained():
    """Trained for two steps, with the optimizer's own numbers in the file."""
    model = keras.Sequential(
        [
            keras.Input((None, FEATURES)),
            zoo.SimpleRNN(4, return_sequences=True, kernel_regularizer="l2"),
            zoo.MGU(3, implementation="graph"),
            keras.layers.Dense(2),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "mse")
    x, y = example(), np.ones((ROWS, 2), "float32")
    for _ in range(2):
        model.train_on_batch(x, y)
    return model


MODELS = {
    "cells": cells,
    "directions": directions,
    "stacks": stacks,
    "trained": trained,
}
EXPORTED = ("cells", "directions")


def example():
    """Features with padding in the second row, zeros as Masking wants them."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(ROWS, STEPS, FEATURES)).astype("float32")
    x[1, 4:] = 0
    return x


def forget(model):
    """Stateful layers start anew."""
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()


def steps_of_saved_model(directory, x):
    """The answers of the signature `step`, one time step after the other."""
    loaded = tf.saved_model.load(directory)
    step = loaded.signatures["step"]
    first = loaded.signatures["initial_state"](batch_size=tf.constant(len(x)))
    states, answers = dict(first), []
    for t in range(x.shape[1]):
        answer = dict(step(features=tf.constant(x[:, t]), **states))
        states = {name: answer.pop(name) for name in states}
        answers.append(answer["values"].numpy())
    return np.stack(answers, 1)


def main():
    keras.utils.set_random_seed(4)
    rng = np.random.default_rng(4)
    shutil.rmtree(BEFORE, ignore_errors=True)
    BEFORE.mkdir()
    x, stored = example(), {}
    stored["x"] = x
    for name, make in MODELS.items():
        model = make()
        if name != "trained":
            for weight in model.trainable_weights:
                weight.assign(rng.normal(scale=0.5, size=weight.shape))
        stored[name] = model.predict(x, verbose=0)
        forget(model)
        model.save(BEFORE / f"{name}.keras")
        model.save_weights(BEFORE / f"{name}.weights.h5")
        if name == "trained":
            stored["loss"] = model.train_on_batch(x, np.ones((ROWS, 2), "float32"))
            for k, weight in enumerate(model.get_weights()):
                stored[f"trained weight {k}"] = weight
        if name not in EXPORTED:
            continue
        with tempfile.TemporaryDirectory() as temporary:
            root = pathlib.Path(temporary)
            export_saved_model(model, root / "served", x)
            model.export(root / "plain", verbose=False)
            if name == "cells":
                unpadded = np.where(x == 0, 1.0, x).astype("float32")
                stored["steps"] = steps_of_saved_model(root / "served", unpadded)
                stored["unpadded"] = unpadded
            export_litert(
                model, root / "litert", x, batch_size=ROWS, steps=STEPS, int8=False
            )
            export_onnx(model, root / "onnx", x)
            for kind in ("served", "plain", "litert", "onnx"):
                shutil.make_archive(BEFORE / f"{name}.{kind}", "zip", root / kind)
    np.savez_compressed(BEFORE / "answers.npz", **stored)
    for file in sorted(BEFORE.iterdir()):
        print(f"{file.stat().st_size:9,} {file.name}")


if __name__ == "__main__":
    main()
