"""Our back-propagation through time against the plain loop, and Keras where it can.

    python -m tests.benchmarks engine [--units LSTM,GRU] [--shapes 32,50,32,64]
        [--rounds 9]

One table: milliseconds of the plain loop, and how many times faster each other path
is, for training (forward, and the gradients of inputs and weights) and inference.
Every round runs all competitors in turn, in one process; a figure is the median over
the rounds. `first` is the first call in seconds: tracing, and compiling if it does.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.layers import engine

SHAPES = "1,100,32,64 32,50,32,64 32,200,64,128 64,100,128,256"
UNITS = "SimpleRNN,LSTM,GRU,PeepholeLSTM,LayerNormLSTM,MGU,IndRNN,MinGRU"


def training_step(layer):
    weights = [w.value for w in layer.trainable_weights]

    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x, training=True) ** 2)
        return tape.gradient(loss, [x, *weights])

    return step


def competitors(unit, features, units, training):
    """`{name: function of x}`, all with the weights of the first."""
    layers = {
        path: getattr(zoo, unit)(units, return_sequences=True, implementation=path)
        for path in ("loop", "hoisted", "graph", "xla")
    }
    if engine.why_not_native(layers["loop"]) is None:
        layers["native"] = getattr(zoo, unit)(
            units, return_sequences=True, implementation="native"
        )
    if hasattr(keras.layers, unit):
        layers["keras"] = getattr(keras.layers, unit)(units, return_sequences=True)
    signature = [tf.TensorSpec((None, None, features))]
    steps = {}
    for name, layer in layers.items():
        layer.build((None, None, features))
        layer.set_weights(layers["loop"].get_weights())
        function = training_step(layer) if training else layer
        if name in ("native", "xla"):  # where Keras's own fit and predict would run it
            function = _as_in_keras(function)
        steps[name] = tf.function(function, input_signature=signature)
    return steps


def _as_in_keras(function):
    def one_step_on_data(x):
        return function(x)

    return one_step_on_data


def measure(steps, x, rounds):
    first, times = {}, {name: [] for name in steps}
    for name, step in steps.items():
        start = time.perf_counter()
        step(x)
        first[name] = time.perf_counter() - start
    for _ in range(rounds):
        for name, step in steps.items():
            known = times[name]
            repeat = max(1, int(0.03 / statistics.median(known))) if known else 1
            start = time.perf_counter()
            for _ in range(repeat):
                result = step(x)
            np.asarray(tf.nest.flatten(result)[0])
            known.append((time.perf_counter() - start) / repeat)
    return first, {name: statistics.median(t) for name, t in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", default=UNITS)
    parser.add_argument("--shapes", default=SHAPES)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    for unit in arguments.units.split(","):
        for shape in arguments.shapes.split():
            batch, steps, features, units = map(int, shape.split(","))
            x = tf.random.normal((batch, steps, features))
            for training in (True, False):
                runs = competitors(unit, features, units, training)
                first, medians = measure(runs, x, arguments.rounds)
                loop = medians["loop"]
                others = "  ".join(
                    f"{name} {loop / value:5.2f}x (first {first[name]:.1f} s)"
                    for name, value in medians.items()
                    if name != "loop"
                )
                print(
                    f"{unit:14s} B,T,I,H={shape:16s} "
                    f"{'training ' if training else 'inference'} "
                    f"loop {loop * 1e3:8.2f} ms  {others}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
