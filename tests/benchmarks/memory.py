"""Memory of one training step over a long sequence, with and without checkpoints.

    python -m tests.benchmarks memory [--steps 4096] [--batch 16] [--units 128]

Each way runs in a process of its own, which reports by how much its peak of resident
memory rose above what it had before the step.
"""

import argparse
import os
import subprocess
import sys

WAYS = {
    "plain automatic differentiation": {"implementation": "loop"},
    "graph": {"implementation": "graph"},
    "graph, checkpoint=64": {"implementation": "graph", "checkpoint": 64},
}

STEP = """
import os, resource, sys, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf, keras_rnn_zoo as zoo
steps, batch, units, options = eval(sys.argv[1])
layer = zoo.{unit}(units, **options)
layer.build((None, None, 16))
weights = [w.value for w in layer.trainable_weights]

@tf.function(input_signature=[tf.TensorSpec((None, None, 16))])
def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x, training=True) ** 2)
    return tape.gradient(loss, weights)

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

step(tf.random.normal((batch, 8, 16)))
x = tf.random.normal((batch, steps, 16))
before, start = peak(), time.perf_counter()
step(x)[0].numpy()
print(peak() - before, time.perf_counter() - start)
"""


def measure(unit, steps, batch, units, options):
    """`(MiB, seconds)` of one step."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            STEP.replace("{unit}", unit),
            repr((steps, batch, units, options)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(map(float, done.stdout.split()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=128)
    parser.add_argument("--steps", type=int, default=4096)
    parser.add_argument("--batch", type=int, default=16)
    options = parser.parse_args()
    os.environ.setdefault("KERAS_RNN_ZOO_NATIVE", "0")
    for unit in ("LSTM", "GRU", "MGU"):
        plain = None
        for name, way in WAYS.items():
            mib, seconds = measure(
                unit, options.steps, options.batch, options.units, way
            )
            plain = plain or mib
            print(
                f"{unit:5s} T={options.steps} B={options.batch} H={options.units} "
                f"{name:32s} {mib:8.0f} MiB  {mib / plain:5.2f} of plain  "
                f"{seconds:5.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
