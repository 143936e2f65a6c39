"""What batches of like lengths are worth: useful tokens per second of training.

    python -m tests.benchmarks bucketing [--rounds 3] [--csv FILE]

A tagger, LSTM(64), on 1,000 sequences of skewed lengths (log-normal, median 20, at most
400 steps), with Keras's layer and with ours, whose native kernels do not compute what
is padding: batches as `keras_rnn_zoo.datasets` makes them, shuffled batches padded to
their own longest, and batches padded to the longest of all. Whole epochs of `fit`, in
turn, in one process; the first epoch, which compiles, is not counted. `times` is
relative to padding to the longest of all with the same layer.
"""

import argparse
import csv
import itertools
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_zoo import ManyToMany
from keras_rnn_zoo.datasets import batches


def examples(count=1000, longest=400, seed=0):
    rng = np.random.default_rng(seed)
    lengths = np.clip(rng.lognormal(np.log(20), 1.0, count).astype(int), 2, longest)
    rows = [rng.integers(2, 100, length).astype("int32") for length in lengths]
    return [(x, (x % 5).astype("int32")) for x in rows]


def ways(rows, batch_size):
    """Name to dataset; every way has every example once an epoch."""
    longest = max(len(x) for x, _ in rows)
    plain = tf.data.Dataset.from_generator(
        lambda: iter(rows),
        output_signature=(tf.TensorSpec([None], "int32"),) * 2,
    )
    plain = plain.apply(tf.data.experimental.assert_cardinality(len(rows)))
    plain = plain.cache().shuffle(len(rows), seed=0)
    yield "bucketed", batches.batches(rows, batch_size, seed=0)
    yield "padded to the batch's longest", plain.padded_batch(batch_size)
    yield (
        "padded to the longest of all",
        plain.padded_batch(batch_size, ([longest], [longest])),
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--csv")
    options = parser.parse_args()
    rows = examples()
    useful = sum(len(x) for x, _ in rows)
    trained = {}
    layers = {"Keras's LSTM": keras.layers.LSTM, "LSTM": "LSTM"}
    pairs = itertools.product(layers, ways(rows, options.batch_size))
    for layer, (name, dataset) in pairs:
        keras.utils.set_random_seed(0)
        model = ManyToMany(5, units=64, cell=layers[layer], vocabulary_size=100)
        model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
        total = sum(int(np.prod(x.shape)) for x, _ in dataset)
        kept = sum(int(np.count_nonzero(x)) for x, _ in dataset)
        assert kept == useful, "nothing lost, nothing twice"
        trained[layer, name] = (model, dataset, 1 - useful / total, [])
    for round in range(options.rounds + 1):
        for model, dataset, _, times in trained.values():
            begin = time.perf_counter()
            model.fit(dataset, shuffle=False, verbose=0)
            if round:
                times.append(time.perf_counter() - begin)
    lines = [["layer", "batches", "padding", "useful_tokens_per_second", "times"]]
    for (layer, name), (_, _, waste, times) in trained.items():
        second = statistics.median(times)
        slowest = statistics.median(trained[layer, "padded to the longest of all"][-1])
        ratio = f"{slowest / second:.2f}"
        lines.append([layer, name, f"{waste:.3f}", f"{useful / second:.0f}", ratio])
    for line in lines:
        print("  ".join(f"{cell:<29}" for cell in line))
    if options.csv:
        with open(options.csv, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(lines)


if __name__ == "__main__":
    main()
