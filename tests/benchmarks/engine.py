"""Our back-propagation through time against Keras, PyTorch and the plain loop.

    python -m tests.benchmarks engine [--units LSTM,GRU] [--shapes 32,50,32,64]
        [--rounds 7] [--threads 2] [--csv FILE]

`pure` is what `implementation="auto"` takes in fit and predict where there are no
native kernels: XLA in training; `graph` is the same without XLA. SimpleRNN, LSTM and
GRU stand beside Keras's own layers (and PyTorch's, where it is installed), all other
cells beside themselves in the loop of `keras.layers.RNN`. Training is forward, and the
gradients of inputs and weights. Every round runs all competitors in turn, in one
process; a figure is the median over the rounds. `first` is the first call of `pure` and
`graph`, in seconds.
"""

import argparse
import csv
import math
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_RNN_ZOO_NATIVE"] = "0"

import keras
import tensorflow as tf

import keras_rnn_zoo as zoo
from tests.benchmarks import native

DOCUMENTED = "SimpleRNN,LSTM,GRU"
OTHERS = (
    "PeepholeLSTM,ProjectedLSTM,CIFGLSTM,LayerNormLSTM,LayerNormGRU,"
    "LayerNormSimpleRNN,MGU,IndRNN,JANET,MinGRU,LSTM+recurrent_dropout"
)
SHAPES = "1,100,32,64 32,50,32,64 32,200,64,128 64,100,128,256 128,100,256,512"


def make(unit, units, **options):
    """A layer of the zoo; `LSTM+recurrent_dropout` is LSTM with that."""
    name, *more = unit.split("+")
    options.update({option: 0.2 for option in more}, seed=1)
    if name == "ProjectedLSTM":
        options["projection_units"] = units // 2
    return getattr(zoo, name)(units, return_sequences=True, **options)


def training_step(layer):
    weights = [w.value for w in layer.trainable_weights]

    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x, training=True) ** 2)
        return tape.gradient(loss, [x, *weights])

    return step


def competitors(unit, shape, x, training):
    """`{name: function without arguments}`, all with the same weights."""
    *_, features, units = shape
    layers = {"pure": make(unit, units)}
    if training:
        layers["graph"] = make(unit, units, implementation="graph")
    documented = unit in DOCUMENTED.split(",")
    if documented:
        layers["keras"] = getattr(keras.layers, unit)(units, return_sequences=True)
    else:
        layers["keras"] = make(unit, units, implementation="loop")
    steps = {}
    for name, layer in layers.items():
        layer.build((None, None, features))
        layer.set_weights(layers["pure"].get_weights())
        function = training_step(layer) if training else layer
        if name == "pure":
            function = _as_in_keras(function)
        signature = [tf.TensorSpec((None, None, features))]
        steps[name] = _of(tf.function(function, input_signature=signature), x)
    if documented:
        cell = {"SimpleRNN": "simple_rnn"}.get(unit, unit.lower())
        steps["floor"] = native.floor_step(cell, x, units, training)
        if native.torch is not None:
            steps["torch"] = native.torch_step(cell, x, units, training)
    return steps


def _of(function, x):
    return lambda: function(x)


def _as_in_keras(function):
    """XLA is left out of functions that could be exported: this is how fit calls."""

    def one_step_on_data(x):
        return function(x)

    return one_step_on_data


def rows(units, shapes, rounds):
    """Measures; yields a row, as a dict, for each unit, shape and mode."""
    for unit in units.split(","):
        for text in shapes.split():
            shape = tuple(map(int, text.split(",")))
            x = tf.random.normal(shape[:3])
            for training in (True, False):
                steps, first = competitors(unit, shape, x, training), {}
                for name in {"pure", "graph"} & set(steps):
                    start = time.perf_counter()
                    steps[name]()
                    first[name] = time.perf_counter() - start
                ms = native.interleaved(steps, rounds)
                yield {
                    "unit": unit,
                    "B,T,I,H": text,
                    "mode": "training" if training else "inference",
                    **{f"{name} ms": round(value, 3) for name, value in ms.items()},
                    **{f"first {name} s": round(s, 2) for name, s in first.items()},
                    "keras/pure": round(ms["keras"] / ms["pure"], 3),
                }


def show(row):
    others = "  ".join(
        f"{name} {row['keras ms'] / row[f'{name} ms']:5.2f}x"
        for name in ("graph", "torch", "floor")
        if f"{name} ms" in row
    )
    print(
        f"{row['unit']:22s} {row['B,T,I,H']:16s} {row['mode']:9s} "
        f"keras {row['keras ms']:8.2f} ms  pure {row['keras/pure']:5.2f}x  {others}  "
        f"first {row['first pure s']:.1f} s"
        + (f", graph {row['first graph s']:.1f} s" if "first graph s" in row else ""),
        flush=True,
    )


def summary(measured):
    """Geometric means, and the worst case, for Keras's three and for the others."""
    for mode in ("training", "inference"):
        for title, documented in (("Keras's three", True), ("other cells", False)):
            ratios = [
                row["keras/pure"]
                for row in measured
                if row["mode"] == mode
                and (row["unit"] in DOCUMENTED.split(",")) == documented
            ]
            if ratios:
                mean = math.exp(statistics.fmean(map(math.log, ratios)))
                print(
                    f"{mode}, {title}: geomean {mean:.2f}x, worst {min(ratios):.2f}x "
                    f"({len(ratios)} cases)"
                )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", default=f"{DOCUMENTED},{OTHERS}")
    parser.add_argument("--shapes", default=SHAPES)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--csv")
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    if native.torch is not None:
        native.torch.set_num_threads(options.threads)
    measured = []
    for row in rows(options.units, options.shapes, options.rounds):
        show(row)
        measured.append(row)
    summary(measured)
    if options.csv:
        names = list(dict.fromkeys(name for row in measured for name in row))
        with open(options.csv, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(measured)


if __name__ == "__main__":
    main()
