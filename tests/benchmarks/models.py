"""Whole epochs of `fit`: our layers against Keras's in the same models.

    python -m tests.benchmarks models [fit|feedback|swap] [--only NAME] [--rounds 5]
        [--threads 2] [--csv FILE]

fit       the ready-built models, each against the same with Keras's layer and the same
          weights: epochs in turn, in one process, data pipeline included, medians
feedback  output recurrence, 500 steps: teacher forcing at once against its own loop
swap      a plain Sequential with one LSTM(64) on the tagger's data, each in processes
          of its own with an empty cache, so that compiling the kernels counts: first
          and third epoch, batches of like lengths and batches padded to their longest
"""

import argparse
import csv
import json
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
from keras_rnn_zoo.tasks import evaluation
from keras_rnn_zoo.training import fit as fitting
from keras_rnn_zoo.training import recipes


def seconds(run):
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def in_turn(runs, rounds):
    """The first time of each, and the median of the others, in seconds."""
    first = {name: seconds(run) for name, run in runs.items()}
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(seconds(run))
    return first, {name: statistics.median(values) for name, values in times.items()}


def epoch_of(model, dataset):
    return lambda: model.fit(dataset, shuffle=False, verbose=0)


NEED_FILES = "krz_wnut17", "krz_wnut17_btc", "krz_uner_zh", "krz_names_18_languages"


def with_keras_layers(model):
    """The same topology and weights, with Keras's layer of the same name."""
    config = model.get_config()
    layer = getattr(keras.layers, config["cell"])
    twin = type(model)(**{**config, "cell": layer})
    twin.set_weights(model.get_weights())
    return twin


def fit(options):
    for name in recipes.names():
        recipe = recipes.load(name)
        needs_files = recipe.data.name in NEED_FILES
        if recipe.model.cell is None or needs_files or options.only not in (None, name):
            continue
        pipelines = fitting.load_data(recipe)
        dataset, steps = fitting.training_batches(recipe, pipelines)
        ours = fitting.build_model(recipe, pipelines)
        models = {"ours": ours, "keras": with_keras_layers(ours)}
        for model in models.values():
            fitting.compile_model(recipe, model, steps)
        runs = {key: epoch_of(model, dataset) for key, model in models.items()}
        first, median = in_turn(runs, options.rounds)
        yield {
            "what": name,
            "ours_first": first["ours"],
            "other_first": first["keras"],
            "ours": median["ours"],
            "other": median["keras"],
            "ratio": median["keras"] / median["ours"],
        }


def feedback(options):
    for batch in (1, 8, 32):
        yield teacher_forcing(batch, 500, options.rounds)


def teacher_forcing(batch, length, rounds):
    x = tf.random.uniform((batch, length), 1, 100, tf.int32, seed=1)
    y = tf.random.uniform((batch, length), 0, 7, tf.int32, seed=2)
    batches = tf.data.Dataset.from_tensors((x, y)).repeat(20)
    ways = {
        "ours": {"training_feedback": "teacher"},
        "loop": {"training_feedback": "scheduled", "sampling_schedule": 1.0},
    }
    models = {}
    for key, way in ways.items():
        models[key] = zoo.OutputRecurrence(7, 128, vocabulary_size=100, **way)
        models[key].set_weights(
            models["ours"].get_weights()[: len(models[key].weights)]
        )
        models[key].compile("adam", "sparse_categorical_crossentropy")
    runs = {key: epoch_of(model, batches) for key, model in models.items()}
    first, median = in_turn(runs, rounds)
    losses = [
        model.evaluate_teacher_forced(batches.take(1), verbose=0)
        for model in models.values()
    ]
    np.testing.assert_allclose(*losses, rtol=1e-3)  # they have learnt the same
    return {
        "what": f"output recurrence, teacher forcing, {batch} x {length}",
        "ours_first": first["ours"],
        "other_first": first["loop"],
        "ours": median["ours"],
        "other": median["loop"],
        "ratio": median["loop"] / median["ours"],
    }


LAYERS = {
    "ours": (zoo.LSTM, "auto"),
    "keras": (keras.layers.LSTM, "auto"),
    "keras, jit_compile": (keras.layers.LSTM, True),
}


def one_swap(layer, padded, epochs=3):
    """Seconds of each epoch of one model, in a process that has done nothing else."""
    layer, jit_compile = LAYERS[layer]
    recipe = recipes.load("py_tagger_bilstm")
    pipelines = fitting.load_data(recipe)
    dataset = pipelines.train
    if padded:
        raw = pipelines.raw["train"]
        order = np.random.default_rng(0).permutation(len(raw))
        batches = [[raw[i] for i in order[k : k + 32]] for k in range(0, len(raw), 32)]
        arrays = [
            tuple(evaluation.pad(part) for part in zip(*b, strict=True))
            for b in batches
        ]
        signature = (tf.TensorSpec((None, None), "int32"),) * 2
        dataset = tf.data.Dataset.from_generator(
            lambda: iter(arrays), output_signature=signature
        ).apply(tf.data.experimental.assert_cardinality(len(arrays)))
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Embedding(pipelines.vocabulary_size, 64, mask_zero=True),
            layer(64, return_sequences=True),
            keras.layers.Dense(pipelines.num_outputs, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=jit_compile)
    return [seconds(epoch_of(model, dataset)) for _ in range(epochs)]


def swap(options):
    for padded in (False, True):
        wanted = LAYERS if options.only is None else ("ours", options.only)
        times = {name: [] for name in wanted}
        for _ in range(options.rounds):
            for name in times:
                with tempfile.TemporaryDirectory() as cache:
                    done = subprocess.run(
                        [sys.executable, "-m", "tests.benchmarks", "models", "swap"]
                        + ["--one", json.dumps([name, padded])],
                        env={**os.environ, "KERAS_RNN_ZOO_CACHE": cache},
                        stdout=subprocess.PIPE,
                        text=True,
                        check=True,
                    )
                times[name].append(json.loads(done.stdout.splitlines()[-1]))
        epochs = {
            name: [statistics.median(column) for column in zip(*rows, strict=True)]
            for name, rows in times.items()
        }
        for other in epochs:
            if other != "ours":
                yield {
                    "what": f"swap, {'padded' if padded else 'bucketed'}, {other}",
                    "ours_first": epochs["ours"][0],
                    "other_first": epochs[other][0],
                    "ours": epochs["ours"][-1],
                    "other": epochs[other][-1],
                    "ratio": epochs[other][-1] / epochs["ours"][-1],
                }


PARTS = {"fit": fit, "feedback": feedback, "swap": swap}


def main(arguments=None):
    """Prints a line for each row as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="?", choices=PARTS)
    parser.add_argument("--only")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--csv")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    if options.one:
        print(json.dumps(one_swap(*json.loads(options.one))))
        return
    print(f"{'seconds of an epoch':46s}    first  (other)   later  (other)   ratio")
    rows = []
    for part in [options.part] if options.part else PARTS:
        for row in PARTS[part](options):
            rows.append(row)
            print(
                f"{row['what']:46s} {row['ours_first']:8.2f} {row['other_first']:8.2f}"
                f" {row['ours']:8.3f} {row['other']:8.3f} {row['ratio']:7.2f}",
                flush=True,
            )
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=rows[0])
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
