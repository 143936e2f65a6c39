"""Every cell on the same three tasks, with as many weights, and as long to learn.

    python -m tests.benchmarks race [--steps 600] [--seconds 60] [--cells LSTM,GRU]
        [--tasks adding,copy,characters] [--runs 24] [--workers 1] [--csv FILE] [--draw]

Three tasks: `adding`, the sum of two marked numbers among 200; `copy`, ten symbols to
be written down again after a pause of 50 steps; `characters`, the next character of
Python's own standard library. Every cell stands between the same two layers: the input
is brought to 32 features, and a dense layer answers. As many units as come nearest to
16,000 weights are found by counting. Adam, its learning rate, the clipped norm, the
batches and the seed are the same for all, and nothing is tuned for any of them: a place
in this table says how a cell does as it comes, in a short time.

A run ends after `--seconds` of training (60; what is traced and compiled before the
first step, and judging, aside), or after `--steps`. On a machine that does other things
meanwhile steps alone are comparable, so the stored runs are of equal steps, and their
milliseconds are only about right; where a run has fewer steps, its seconds were over.
Once all cells have run with one seed, the ten best run with two more; the best are
those of the smallest mean rank over the tasks.

Every run writes its row at once, and what has a row is not run again: a race that was
stopped goes on. `figure` is the mean squared error, the cross-entropy of the ten
symbols in nats, or bits per character, of sequences not trained on: lower is better.
`baseline` is what is reached without a memory: always the mean, any of the eight
symbols, and the frequencies of characters. `claim` says of cells whose papers are about
long memories whether this race shows one: `shown` is less than half of the baseline on
adding or copy. `--draw` draws the picture and says what is missing, and trains nothing.
"""

import argparse
import collections
import csv
import gc
import math
import multiprocessing
import os
import pathlib
import platform
import sysconfig
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.datasets import series
from keras_rnn_zoo.inspection import catalogue
from keras_rnn_zoo.layers.core.engine import paths_in_keras

RESULTS = pathlib.Path(__file__).parent / "results"
COLUMNS = (
    "cell,year,task,seed,weights,units,figure,baseline,claim,steps,seconds,ms_a_step,"
    "path,python"
).split(",")
TASKS = ("adding", "copy", "characters")
WEIGHTS, WIDTH = 16_000, 32
BATCH, HELD_OUT, OTHER_SEED = 32, 512, 99  # what is held out is always the same
LEARNING_RATE = 0.003
BEST, MORE_SEEDS = 10, (1, 2)
BLANKS, WINDOW = 50, 100
# Cells whose papers are about gradients or memories over hundreds of steps.
LONG_MEMORY = (
    *("AntisymmetricRNN", "BRC", "CoRNN", "ExpRNN", "GatedAntisymmetricRNN", "IndRNN"),
    *("JANET", "LEM", "LMU", "LRU", "NBRC", "PhasedLSTM", "S4D", "S5", "S6", "TauGRU"),
    *("UnICORNN", "Mamba2", "ClockworkRNN", "RGLRU", "DeltaNet", "GatedDeltaNet"),
)


# --- Cells


def weights_of(name, units):
    """How many weights a layer has for `WIDTH` features; None if it cannot be so."""
    try:
        layer = getattr(zoo, name)(units)
        layer.build((None, None, WIDTH + _time(name)))
    except ValueError:
        return None
    return sum(
        math.prod(w.shape) for w in layer.weights if "seed_generator" not in w.path
    )


def units_of(name, weights=WEIGHTS):
    """The number of units whose number of weights is nearest."""
    low, high = 1, 2
    while (weights_of(name, high) or 0) < weights:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        count = weights_of(name, middle)
        if count is None:  # a width that the cell cannot have
            break
        low, high = (middle, high) if count < weights else (low, middle)
    known = {units: weights_of(name, units) for units in range(low, high + 1)}
    known = {units: count for units, count in known.items() if count}
    return min(known, key=lambda units: abs(known[units] - weights))


def _time(name):
    return int(name == "PhasedLSTM")  # its last feature is the time


class WithTime(keras.layers.Layer):
    """Puts the number of the step behind the features."""

    def call(self, inputs):
        ones = keras.ops.ones_like(inputs[..., :1])
        return keras.ops.concatenate([inputs, keras.ops.cumsum(ones, 1)], -1)


# --- Tasks: what is read, what is answered, the loss, and what is reached without one


def adding(batches, seed):
    """Two marked numbers among 200, and their sum."""
    train = series.adding(200, batches * BATCH, seed)["train"]
    test = series.adding(200, HELD_OUT, OTHER_SEED)["train"]
    train, test = (
        [np.stack(part) for part in zip(*pairs, strict=True)] for pairs in (train, test)
    )
    baseline = float(np.mean((test[1] - 1) ** 2))
    return train, test, baseline, 1


def copy(batches, seed):
    """Ten of eight symbols, a pause, and the ten again."""
    letters = (*series.COPY_SYMBOLS, series.COPY_BLANK, series.COPY_GO)
    ids = {letter: k for k, letter in enumerate(letters)}

    def numbers(count, seed):
        pairs = series.copying(BLANKS, count, seed)["train"]
        x = np.array([[ids[one] for one in text] for text, _ in pairs], "int32")
        return x, x[:, :10]

    parts = numbers(batches * BATCH, seed), numbers(HELD_OUT, OTHER_SEED)
    return *parts, math.log(8), len(letters)


def characters(batches, seed):
    """Windows of the standard library's files; every tenth file is held out."""
    folder = pathlib.Path(sysconfig.get_paths()["stdlib"])
    alphabet = {chr(code): k for k, code in enumerate((9, 10, *range(32, 127)), 1)}
    texts = {False: [], True: []}
    for k, path in enumerate(sorted(folder.glob("*.py"))):
        text = path.read_text("utf-8", "replace")
        texts[k % 10 == 9].append(
            np.array([alphabet.get(one, 0) for one in text], "uint8")
        )
    train, test = (np.concatenate(texts[held_out]) for held_out in (False, True))

    def windows(text, count, seed):
        rng = np.random.default_rng(seed)
        starts = rng.integers(0, len(text) - WINDOW, count)
        cut = text[starts[:, None] + np.arange(WINDOW + 1)].astype("int32")
        return cut[:, :-1], cut[:, 1:]

    counted = np.bincount(train, minlength=len(alphabet) + 1) + 1
    held_out = windows(test, HELD_OUT, OTHER_SEED)
    share = counted / counted.sum()
    baseline = float(-np.mean(np.log2(share[held_out[1]])))
    batches = windows(train, batches * BATCH, seed)
    return batches, held_out, baseline, len(alphabet) + 1


def network(name, task, units, symbols):
    """The model, and the layer in it."""
    layer = getattr(zoo, name)(units, return_sequences=task != "adding")
    if task == "adding":
        inputs = keras.Input((200, 2))
        x = keras.layers.Dense(WIDTH)(inputs)
    else:
        inputs = keras.Input((WINDOW if task == "characters" else BLANKS + 20,))
        x = keras.layers.Embedding(symbols, WIDTH)(inputs)
    if _time(name):
        x = WithTime()(x)
    x = layer(x)
    if task == "copy":
        x = x[:, -10:]
    answers = {"adding": 1, "copy": 8, "characters": symbols}[task]
    return keras.Model(inputs, keras.layers.Dense(answers)(x)), layer


# --- A run


class Clock(keras.callbacks.Callback):
    """Ends training after some seconds; the first step, which compiles, aside."""

    def __init__(self, seconds):
        super().__init__()
        self.limit, self.steps, self.started = seconds, 0, None

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        now = time.perf_counter()
        self.started = self.started or now
        self.seconds = now - self.started
        if self.seconds > self.limit:
            self.model.stop_training = True
            raise _TimeIsUp


class _TimeIsUp(Exception):
    pass


def run(name, task, seed, steps, seconds):
    """Trains once; returns the row."""
    entry = next(one for one in catalogue() if one.name == name)
    units = units_of(name)
    batches = steps or 2000
    data = globals()[task](batches, seed)
    (x, y), (x_test, y_test), baseline, symbols = data
    keras.utils.set_random_seed(seed)
    model, layer = network(entry.name, task, units, symbols)
    loss = (
        keras.losses.MeanSquaredError()
        if task == "adding"
        else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    optimizer = keras.optimizers.Adam(LEARNING_RATE, clipnorm=1.0)
    model.compile(optimizer, loss, jit_compile=False)
    clock = Clock(seconds)
    try:
        while not steps or clock.steps < steps:
            model.fit(x, y, BATCH, verbose=0, shuffle=False, callbacks=[clock])
    except _TimeIsUp:
        pass
    figure = model.evaluate(x_test, y_test, 256, verbose=0)
    if task == "characters":
        figure /= math.log(2)
    return {
        "cell": entry.name,
        "year": entry.year,
        "task": task,
        "seed": seed,
        "weights": weights_of(entry.name, units),
        "units": units,
        "figure": f"{figure:.4f}",
        "baseline": f"{baseline:.4f}",
        "claim": claim(entry.name, task, figure, baseline),
        "steps": clock.steps,
        "seconds": f"{clock.seconds:.1f}",
        "ms_a_step": f"{1000 * clock.seconds / max(1, clock.steps - 1):.1f}",
        "path": paths_in_keras(layer)[0],
        "python": platform.python_version(),
    }


def results(runs, workers):
    """Yields the rows of some runs as they end; for one that failed, what it said."""
    if workers == 1:
        for one in runs:
            yield _run(one)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _of_one_thread, maxtasksperchild=12) as pool:
        yield from pool.imap_unordered(_run, runs)


def _of_one_thread():
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _run(one):
    try:
        return run(*one)
    except Exception as error:  # the others go on
        return f"failed: {one}: {type(error).__name__}: {error}"
    finally:
        keras.backend.clear_session()
        gc.collect()


def claim(name, task, figure, baseline):
    """Whether a cell of a long memory shows it; nothing is said of others."""
    if name not in LONG_MEMORY or task == "characters":
        return ""
    return "shown" if figure < baseline / 2 else "not shown at this scale"


# --- The table


def read(path):
    """The rows that there are."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def append(path, row):
    """Writes a row behind the others."""
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def ranks(rows):
    """`{cell: mean rank over the tasks}` of seed 0, the best first."""
    places = collections.defaultdict(list)
    for task in TASKS:
        figures = {
            row["cell"]: _worst_if_none(float(row["figure"]))
            for row in rows
            if row["task"] == task and row["seed"] == "0"
        }
        for cell, figure in figures.items():
            places[cell].append(sum(other < figure for other in figures.values()))
    means = {cell: np.mean(found) + 1 for cell, found in places.items()}
    return dict(sorted(means.items(), key=lambda item: item[1]))


def _worst_if_none(figure):
    return math.inf if math.isnan(figure) else figure


def missing(rows, cells, tasks):
    """The runs that are still to be made, in order."""
    done = {(row["cell"], row["task"], int(row["seed"])) for row in rows}
    first = [(cell, task, 0) for cell in cells for task in tasks]
    left = [one for one in first if one not in done]
    if left:
        return left
    best = [cell for cell in ranks(rows) if cell in cells][:BEST]
    more = [
        (cell, task, seed) for seed in MORE_SEEDS for cell in best for task in tasks
    ]
    return [one for one in more if one not in done]


# --- The picture


def draw(rows, path, left=()):
    """A row for each cell, the best above; a column for each task; what is missing."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    order = list(ranks(rows))[::-1]
    height = {cell: k for k, cell in enumerate(order)}
    figure, axes = plt.subplots(
        *(1, len(TASKS)), figsize=(11, 1.6 + 0.17 * len(order)), sharey=True
    )
    titles = {
        "adding": "adding, 200 steps\nmean squared error",
        "copy": f"copy after {BLANKS} steps\nnats a symbol",
        "characters": "characters of Python\nbits a character",
    }
    for axis, task in zip(axes, TASKS, strict=True):
        here = [row for row in rows if row["task"] == task and row["cell"] in height]
        baseline = float(here[0]["baseline"]) if here else 1.0
        for color, marker, chosen, label in (
            ("#9aa5b1", "o", lambda row: row["seed"] != "0", "other seeds"),
            ("#1f5fa8", "o", lambda row: not row["claim"], "seed 0"),
            ("#2a8a4a", "D", lambda row: row["claim"] == "shown", "long memory: shown"),
            ("#c2571a", "X", lambda row: True, "long memory: not shown here"),
        ):
            taken = [row for row in here if chosen(row)]
            here = [row for row in here if not chosen(row)]
            if task == "characters" and "long" in label:
                continue
            axis.scatter(
                [min(float(row["figure"]), 1.3 * baseline) for row in taken],
                [height[row["cell"]] for row in taken],
                s=14 if label == "other seeds" else 26,
                color=color,
                marker=marker,
                label=label,
                zorder=2 if label == "other seeds" else 3,
            )
        axis.axvline(baseline, color="#444444", lw=1, ls="--", label="without a memory")
        axis.set_title(titles[task], fontsize=10)
        axis.set_xlim(left=0)
        axis.grid(axis="both", color="#e3e6ea", lw=0.6)
        axis.set_axisbelow(True)
        axis.tick_params(labelsize=8)
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
    axes[0].set_yticks(range(len(order)), order, fontsize=8)
    axes[0].set_ylim(-1, len(order))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="lower center", ncols=5, fontsize=9, frameon=False
    )
    steps = sorted({int(row["steps"]) for row in rows})
    cells = len({cell for cell, *_ in left} - {*order})
    figure.suptitle(
        f"{len(order)} cells of about {WEIGHTS:,} weights after "
        f"{' to '.join(map(str, sorted({steps[0], steps[-1]})))} steps of {BATCH} "
        "sequences; lower is better; the smallest mean rank above"
        + (f"\nstill to run: {cells} cells, {len(left)} runs" if left else ""),
        fontsize=11,
    )
    figure.tight_layout(rect=(0, 0.4 / figure.get_figheight(), 1, 1))
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, help="training steps a run, at most")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--cells", help="names of layers, by comma; all if left out")
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--runs", type=int, help="stop after so many runs")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes, each of one thread if many"
    )
    parser.add_argument("--csv", type=pathlib.Path, default=RESULTS / "race.csv")
    parser.add_argument("--draw", action="store_true", help="draw, and train nothing")
    options = parser.parse_args()
    cells = (
        options.cells.split(",")
        if options.cells
        else [entry.name for entry in catalogue()]
    )
    tasks = options.tasks.split(",")
    count = 0
    while not options.draw and (left := missing(read(options.csv), cells, tasks)):
        if options.runs is not None:
            left = left[: options.runs - count]
        if not left:
            break
        runs = [(*one, options.steps, options.seconds) for one in left]
        before = count
        for row in results(runs, options.workers):
            if isinstance(row, str):
                print(row, flush=True)
                continue
            append(options.csv, row)
            count += 1
            more = len(left) - (count - before)
            print(*row.values(), f"{more} more", sep="  ", flush=True)
        if count == before:  # what is left cannot be run
            break
    rows = read(options.csv)
    left = missing(rows, cells, tasks)
    print(f"{len(rows)} runs; missing: {len(left)}", *map(str, left[:5]))
    if rows and (options.draw or not left):
        draw(rows, options.csv.with_suffix(".png"), left)


if __name__ == "__main__":
    main()
