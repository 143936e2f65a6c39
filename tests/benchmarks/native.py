"""The native kernels against Keras, PyTorch and bare matrix products.

    python -m tests.benchmarks.native [--only lstm] [--rounds 7] [--threads 2]
        [--clock wall] [--csv FILE]

Every case runs all competitors in turn, round by round, in one process; a figure is the
median over the rounds. Training: forward, and the gradients of the sequences and of all
weights. The floor is the same number of multiplications as bare matrix products. On a
machine that others use, `--threads 1 --clock cpu` measures what the work itself costs.
"""

import argparse
import csv
import math
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_zoo import native

try:
    import torch
except ImportError:
    torch = None

CASES = [
    (1, 100, 32, 64),
    (32, 50, 32, 64),
    (32, 200, 64, 128),
    (64, 100, 128, 256),
    (128, 100, 256, 512),
]
LAYERS = {"simple_rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}
BLOCKS = {"simple_rnn": 1, "lstm": 4, "gru": 3}


def keras_step(cell, x, units, training, mask=None):
    layer = getattr(keras.layers, LAYERS[cell])(units, return_sequences=True)
    layer.build(x.shape)
    weights = layer.trainable_variables

    @tf.function
    def step(x):
        if not training:
            return layer(x, mask=mask)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x, mask=mask, training=True))
        return tape.gradient(loss, [x, *weights])

    return lambda: step(x), layer


def native_step(cell, x, layer, training, mask=None):
    weights = layer.trainable_variables
    states = [tf.zeros((x.shape[0], layer.units))] * native.CELLS[cell][1]

    def run(x):
        return native.rnn(
            cell, x, states, *map(tf.convert_to_tensor, weights), mask=mask,
            training=training,
        )[1]  # fmt: skip

    @tf.function
    def step(x):
        if not training:
            return run(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(run(x))
        return tape.gradient(loss, [x, *weights])

    return lambda: step(x)


def torch_step(cell, x, units, training):
    kind = {"simple_rnn": "RNN"}.get(cell, LAYERS[cell])
    layer = getattr(torch.nn, kind)(x.shape[-1], units, batch_first=True)
    inputs = torch.tensor(x.numpy(), requires_grad=training)

    def step():
        if not training:
            with torch.inference_mode():
                return layer(inputs)[0]
        layer.zero_grad(set_to_none=True)
        inputs.grad = None
        layer(inputs)[0].sum().backward()
        return inputs.grad

    return step


def floor_step(cell, x, units, training):
    """Input, recurrent and (for training) four more products of the same size."""
    batch, steps, features = x.shape
    columns = BLOCKS[cell] * units
    rows = batch * steps
    both = tf.random.normal((rows, features + units))
    kernel = tf.random.normal((features + units, columns))
    d = tf.random.normal((rows, columns))

    @tf.function
    def step():
        forward = tf.matmul(both, kernel)
        if not training:
            return forward
        return (
            forward,
            tf.matmul(d, kernel, transpose_b=True),
            tf.matmul(both, d, transpose_a=True),
        )

    return step


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def interleaved(steps, rounds, clock=time.perf_counter, seconds=0.1):
    """Median milliseconds of each of the steps, run in turn."""
    repeats = {}
    for name, step in steps.items():
        step()
        begin = clock()
        step()
        once = clock() - begin
        repeats[name] = max(1, min(200, int(seconds / max(once, 1e-5))))
    times = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            time.sleep(0.05)  # threads of the one before may still spin
            step()
            begin = clock()
            for _ in range(repeats[name]):
                step()
            times[name].append((clock() - begin) / repeats[name] * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


def geomean(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def main(arguments=None):
    """Prints the table; returns its rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help="one of " + ", ".join(LAYERS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cases", type=int, default=len(CASES))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--csv")
    options = parser.parse_args(arguments)
    clock = CLOCKS[options.clock]
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    if native.load() is None:
        raise SystemExit(f"no native kernels: {native.status().reason}")
    if torch is not None:
        torch.set_num_threads(options.threads)
    rows = []
    print("cell        B,T,I,H            mode      native   keras   torch   floor"
          "  | keras/  torch/  /floor")  # fmt: skip
    for cell in [options.only] if options.only else LAYERS:
        for case in CASES[: options.cases]:
            batch, steps, features, units = case
            x = tf.random.normal((batch, steps, features))
            for training in (True, False):
                keras_run, layer = keras_step(cell, x, units, training)
                steps_of = {
                    "native": native_step(cell, x, layer, training),
                    "keras": keras_run,
                    "floor": floor_step(cell, x, units, training),
                }
                if torch is not None:
                    steps_of["torch"] = torch_step(cell, x, units, training)
                ms = interleaved(steps_of, options.rounds, clock)
                ms.setdefault("torch", math.nan)
                row = {"cell": cell, "case": case, "training": training, **ms}
                rows.append(row)
                print(
                    f"{cell:11s} {','.join(map(str, case)):18s}",
                    f"{'train' if training else 'infer':7s}",
                    *(f"{ms[k]:7.2f}" for k in ("native", "keras", "torch", "floor")),
                    "|",
                    f"{ms['keras'] / ms['native']:6.2f}",
                    f"{ms['torch'] / ms['native']:7.2f}",
                    f"{ms['native'] / ms['floor']:7.2f}",
                    flush=True,
                )
    for training in (True, False):
        chosen = [r for r in rows if r["training"] == training]
        print(
            f"geomean {'training ' if training else 'inference'}:",
            f"{geomean([r['keras'] / r['native'] for r in chosen]):.2f} x Keras,",
            f"{geomean([r['torch'] / r['native'] for r in chosen]):.2f} x PyTorch",
        )
    ragged(options.rounds, clock)
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return rows


def ragged(rounds, clock):
    """Lengths uniform in 1..T against the same batch without a mask."""
    batch, steps, features, units = 64, 100, 128, 256
    lengths = np.random.default_rng(0).integers(1, steps + 1, batch)
    mask = tf.constant(np.arange(steps)[None] < lengths[:, None])
    x = tf.random.normal((batch, steps, features))
    for training in (True, False):
        keras_run, layer = keras_step("lstm", x, units, training, mask=mask)
        ms = interleaved(
            {
                "padded": native_step("lstm", x, layer, training),
                "ragged": native_step("lstm", x, layer, training, mask=mask),
                "keras": keras_run,
            },
            rounds,
            clock,
        )
        print(
            f"ragged lstm {'training ' if training else 'inference'}:",
            f"{ms['ragged']:.2f} ms, padded {ms['padded']:.2f}, Keras ragged "
            f"{ms['keras']:.2f}: {ms['padded'] / ms['ragged']:.2f} x padded,",
            f"{ms['keras'] / ms['ragged']:.2f} x Keras",
        )


if __name__ == "__main__":
    main()
