"""The same model in three training loops: `fit`, a `tf.function` of one's own, eagerly.

    python -m tests.benchmarks loops [--units SimpleRNN,LSTM,GRU]
        [--shapes "32,50,64 32,120,96 64,100,256"] [--rounds 5] [--steps 8] [--csv FILE]

The model is an embedding of 64, the layer over the sequence and a dense softmax at each
step, trained by Adam on rows of different length with a mask; once with the zoo's layer
and once with Keras's, from the same weights. What Keras does not have stands beside
itself in the loop of `keras.layers.RNN`. Where there is a GPU, all is computed there.
Shapes are rows, steps and units. Every round runs all competitors in turn; a figure is
the median over the rounds of the seconds of `--steps` batches, and what is said is
Keras's over the zoo's. The kernels are built, and everything is traced, before the
first round. `first` is the first epoch ever of a process whose kernel cache is empty,
`--first` alone: the build counted.
"""

import argparse
import csv
import functools
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo import native

LOOPS = ("fit", "own step", "eager")
TOKENS, WIDTH, LABELS = 1000, 64, 20


def make(library, unit, units):
    layer = getattr(library, unit, None)
    if layer is None:  # Keras has only its loop for it
        layer = functools.partial(getattr(zoo, unit), implementation="loop")
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(TOKENS, WIDTH, mask_zero=True),
            layer(units, return_sequences=True),
            keras.layers.Dense(LABELS, activation="softmax"),
        ]
    )


def batches(rows, time, count, rng):
    """Batches of rows that are half to wholly as long as the longest."""
    for _ in range(count):
        lengths = rng.integers(time // 2, time + 1, size=rows)
        lengths[0] = time
        x = rng.integers(1, TOKENS, size=(rows, time)).astype("int32")
        x[np.arange(time)[None] >= lengths[:, None]] = 0
        yield tf.constant(x), tf.constant(x % LABELS)


def loop_of(name, model, data):
    """A function without arguments that trains on all of `data` once."""
    loss_of = keras.losses.SparseCategoricalCrossentropy()
    optimizer = keras.optimizers.Adam(1e-3)
    if name == "fit":
        model.compile(optimizer, loss_of)
        dataset = tf.data.Dataset.from_generator(
            lambda: iter(data),
            output_signature=(tf.TensorSpec((None, None), "int32"),) * 2,
        )
        return lambda: model.fit(dataset, verbose=0)
    optimizer.build(model.trainable_variables)

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        gradients = tape.gradient(loss, [w.value for w in model.trainable_variables])
        optimizer.apply(gradients)
        return loss

    if name == "own step":
        step = tf.function(
            step, input_signature=[tf.TensorSpec((None, None), "int32")] * 2
        )

    def epoch():
        for x, y in data:
            loss = step(x, y)
        return float(loss)

    return epoch


def rows(units, shapes, rounds, steps):
    """Measures; yields a row, as a dict, for each unit, shape and loop."""
    for unit in units.split(","):
        for text in shapes.split():
            batch, length, width = map(int, text.split(","))
            data = list(batches(batch, length, steps, np.random.default_rng(1)))
            for name in LOOPS:
                few = data[:1] if name == "eager" else data
                ours, theirs = make(zoo, unit, width), make(keras.layers, unit, width)
                theirs.set_weights(ours.get_weights())
                loops = {
                    "zoo": loop_of(name, ours, few),
                    "keras": loop_of(name, theirs, few),
                }
                for loop in loops.values():  # traced, compiled
                    loop()
                seconds = {key: [] for key in loops}
                for _ in range(rounds):
                    for key, loop in loops.items():
                        start = time.perf_counter()
                        loop()
                        seconds[key].append(time.perf_counter() - start)
                medians = {key: statistics.median(s) for key, s in seconds.items()}
                ratios = [
                    k / z for k, z in zip(seconds["keras"], seconds["zoo"], strict=True)
                ]
                yield {
                    "unit": unit,
                    "B,T,H": text,
                    "loop": name,
                    **{f"{k} ms": 1e3 * s / len(few) for k, s in medians.items()},
                    "keras/zoo": statistics.median(ratios),
                }


FIRST = """
import sys, time
import numpy as np
from tests.benchmarks import loops
import keras, keras_rnn_zoo as zoo, tensorflow as tf
library = zoo if sys.argv[1] == "zoo" else keras.layers
data = list(loops.batches(32, 40, 120, np.random.default_rng(1)))
start = time.perf_counter()
model = loops.make(library, "LSTM", 64)
epoch = loops.loop_of("fit", model, data)
for _ in range(3):
    epoch()
    print(time.perf_counter() - start)
    start = time.perf_counter()
"""


def first_epochs(rounds):
    """Seconds of the first three epochs in fresh processes, the zoo's and Keras's."""
    seconds = {"zoo": [], "keras": []}
    for _ in range(rounds):
        for key, found in seconds.items():
            with tempfile.TemporaryDirectory() as cache:
                environment = {**os.environ, "KERAS_RNN_ZOO_CACHE": cache}
                done = subprocess.run(
                    [sys.executable, "-c", FIRST, key],
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=True,
                )
            found.append([float(line) for line in done.stdout.split()])
    return {key: np.median(found, axis=0) for key, found in seconds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", default="SimpleRNN,LSTM,GRU")
    parser.add_argument("--shapes", default="32,50,64 32,120,96 64,100,256")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--first", action="store_true", help="the first epochs alone")
    parser.add_argument("--csv")
    options = parser.parse_args()
    if options.first:
        for key, epochs in first_epochs(options.rounds).items():
            print(f"{key:6s}", "  ".join(f"{s:6.2f} s" for s in epochs))
        return
    native.load("float32", wait=None)
    measured = []
    for row in rows(options.units, options.shapes, options.rounds, options.steps):
        print(
            f"{row['unit']:10s} {row['B,T,H']:11s} {row['loop']:9s} "
            f"keras {row['keras ms']:9.2f} ms  zoo {row['zoo ms']:9.2f} ms  "
            f"{row['keras/zoo']:6.2f}x",
            flush=True,
        )
        measured.append(row)
    for name in LOOPS:
        ratios = [row["keras/zoo"] for row in measured if row["loop"] == name]
        mean = math.exp(statistics.fmean(map(math.log, ratios)))
        print(f"{name}: geomean {mean:.2f}x, worst {min(ratios):.2f}x")
    if options.csv:
        with open(options.csv, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(measured[0]))
            writer.writeheader()
            writer.writerows(measured)


if __name__ == "__main__":
    main()
