"""What comes before a recurrent network, and what sits on top of it, on two tasks.

    python -m tests.benchmarks taggers [--data krz_py_tokens]
    python -m tests.benchmarks taggers --data krz_wnut17 --files FOLDER

FOLDER holds the three files of WNUT 2017 (github.com/leondz/emerging_entities_17).
Each model is trained for each seed on the training split; the epoch is chosen on the
validation split; the figure is that of the test split. The rows of the models that were
run are put into the table `tests/benchmarks/results/taggers-<data>.csv`, which keeps
the others. The hidden Markov model is counted: the same for every seed.

Words that the training split holds less than three times are read as their shape, for
all models alike: "Xx" for Rome, "<@>" for @someone.
"""

import argparse
import collections
import csv
import dataclasses
import itertools
import os
import pathlib
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo import datasets
from keras_rnn_zoo.metrics import SpanF1, TokenAccuracy
from keras_rnn_zoo.training.counting import fit_counts

RESULTS = pathlib.Path(__file__).parent / "results"
MODELS = {
    "window net": "window",
    "HMM, supervised": "hmm",
    "RNN": "rnn",
    "BRNN": "brnn",
    "BiLSTM": "bilstm",
    "BiLSTM-CRF": "bilstm-crf",
}
TASKS = {
    "krz_wnut17": {
        "window": 2,
        "embedding_dim": 64,
        "units": 64,
        "dropout": 0.3,
        "learning_rate": 0.003,
        "batch_size": 32,
        "epochs": 20,
        "monitor": "span_f1",
    },
    "krz_py_tokens": {
        "window": 3,
        "embedding_dim": 32,
        "units": 64,
        "dropout": 0.0,
        "learning_rate": 0.005,
        "batch_size": 32,
        "epochs": 10,
        "monitor": "accuracy",
    },
}
COLUMNS = (
    *("data", "model", "metric", "mean", "std", "seeds", "parameters"),
    *("seconds", "train_examples", "settings"),
)


def shape(word):
    """What a rare word looks like."""
    for start in ("@", "#", "http"):
        if word.startswith(start) and len(word) > 1:
            return f"<{start}>"
    kinds = (
        "X" if c.isupper() else "x" if c.islower() else "0" if c.isdigit() else c
        for c in word
    )
    return "<" + "".join(key for key, _ in itertools.groupby(kinds))[:4] + ">"


def with_shapes(data, batch_size, seed, min_count=3):
    """The same data, with the rare words read as their shapes."""
    counts = collections.Counter(w for row in data.texts["train"] for w in row)
    frequent = {word for word, count in counts.items() if count >= min_count}

    def read(word):
        return word if word in frequent else shape(word)

    rows = {s: [[read(w) for w in r] for r in t] for s, t in data.texts.items()}
    known = sorted({word for row in rows["train"] for word in row})
    codec = datasets.Codec(("", "\N{REPLACEMENT CHARACTER}", *known), unit="word")
    raw = {
        split: [
            (codec.encode(row), y) for row, (_, y) in zip(rows[split], old, strict=True)
        ]
        for split, old in data.raw.items()
    }

    def batches(split):
        columns = [tf.ragged.constant([e[i] for e in raw[split]]) for i in (0, 1)]
        dataset = tf.data.Dataset.from_tensor_slices(tuple(columns))
        if split == "train":
            dataset = dataset.shuffle(len(raw[split]), seed=seed)
        dataset = dataset.ragged_batch(batch_size)
        return dataset.map(lambda x, y: (x.to_tensor(), y.to_tensor())).prefetch(2)

    return dataclasses.replace(
        data,
        raw=raw,
        codec=codec,
        vocabulary=codec.tokens,
        **{split: batches(split) for split in ("train", "validation", "test")},
    )


def network(kind, task, data, seed):
    reading = {
        "vocabulary_size": data.vocabulary_size,
        "embedding_dim": task["embedding_dim"],
        "dropout": task["dropout"],
        "seed": seed,
    }
    if kind == "window":
        units = [2 * task["units"]]
        return zoo.WindowClassifier(
            data.num_outputs, units, window=task["window"], **reading
        )
    head = "dense"
    if kind.endswith("crf"):
        rules = zoo.bio_constraints(data.labels) if "O" in data.labels else {}
        head = {"name": "crf", **rules}
    return zoo.ManyToMany(
        data.num_outputs,
        task["units"],
        "LSTM" if "lstm" in kind else "SimpleRNN",
        bidirectional=kind.startswith("b"),
        output_dropout=task["dropout"],
        head=head,
        **reading,
    )


def metrics(data):
    names = [SpanF1(data.labels)] if "O" in data.labels else []
    return [TokenAccuracy(), *names]


def train(kind, task, data, train_batches, seed):
    keras.utils.set_random_seed(seed)
    model = network(kind, task, data, seed)
    crf = kind.endswith("crf")
    model.compile(
        keras.optimizers.Adam(task["learning_rate"], clipnorm=1.0),
        zoo.CRFLoss() if crf else "sparse_categorical_crossentropy",
        metrics=metrics(data),
        jit_compile=False,
    )
    stop = keras.callbacks.EarlyStopping(
        f"val_{task['monitor']}", mode="max", patience=4, restore_best_weights=True
    )
    history = model.fit(
        train_batches,
        validation_data=data.validation,
        epochs=task["epochs"],
        callbacks=[stop],
        verbose=0,
    )
    found = model.evaluate(data.test, verbose=0, return_dict=True)
    found["validation"] = max(history.history[f"val_{task['monitor']}"])
    found["epochs"] = len(history.history["loss"])
    return model, found


def count(data, train_batches, task):
    """The pseudocount is chosen on the validation split."""

    def measure(hmm, batches):
        judges = metrics(data)
        for x, y in batches:
            states, _ = hmm.viterbi(x)
            for judge in judges:
                one_hot = tf.one_hot(states, data.num_outputs)
                predicted = states if isinstance(judge, SpanF1) else one_hot
                judge.update_state(y, predicted, sample_weight=tf.cast(x > 0, "int32"))
        return {judge.name: float(judge.result()) for judge in judges}

    tried = {}
    for pseudocount in (0.001, 0.01, 0.1, 1.0):
        hmm = zoo.HMM(data.num_outputs, num_symbols=data.vocabulary_size, mask_value=0)
        fit_counts(hmm, train_batches, pseudocount=pseudocount)
        tried[pseudocount] = hmm, measure(hmm, data.validation)[task["monitor"]]
    best = max(tried, key=lambda p: tried[p][1])
    return tried[best][0], {**measure(tried[best][0], data.test), "pseudocount": best}


def write(name, rows):
    path = RESULTS / f"taggers-{name}.csv"
    kept = []
    if path.exists():
        with path.open(newline="") as file:
            kept = list(csv.DictReader(file))
    new = {(row["model"], row["metric"]) for row in rows}
    rows = [r for r in kept if (r["model"], r["metric"]) not in new] + rows
    rows.sort(key=lambda r: (list(MODELS).index(r["model"]), r["metric"]))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=TASKS, default="krz_py_tokens")
    parser.add_argument("--files", help="folder of the WNUT 2017 files")
    parser.add_argument("--data-dir", help="where prepared data lie")
    parser.add_argument("--models", default=",".join(MODELS.values()))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--limit", type=int, help="training examples, about")
    arguments = parser.parse_args()
    task = TASKS[arguments.data]
    task["epochs"] = arguments.epochs or task["epochs"]
    options = {"manual_dir": arguments.files} if arguments.files else {}
    for title, kind in MODELS.items():
        if kind not in arguments.models.split(","):
            continue
        scores, seconds, settings = {}, [], []
        for seed in range(arguments.seeds):
            data = datasets.load(
                arguments.data,
                batch_size=task["batch_size"],
                seed=seed,
                data_dir=arguments.data_dir,
                **options,
            )
            if arguments.data == "krz_wnut17":
                data = with_shapes(data, task["batch_size"], seed)
            batches = data.train
            examples = len(data.raw["train"])
            if arguments.limit:
                batches = batches.take(-(-arguments.limit // task["batch_size"]))
                examples = min(examples, arguments.limit)
            start = time.perf_counter()
            if kind == "hmm":
                model, found = count(data, batches, task)
            else:
                model, found = train(kind, task, data, batches, seed)
            seconds.append(time.perf_counter() - start)
            for metric in ("accuracy", "span_f1"):
                if metric in found:
                    scores.setdefault(metric, []).append(found[metric])
            settings.append(found.get("epochs", found.get("pseudocount")))
            print(title, seed, found, f"{seconds[-1]:.0f} s", flush=True)
        what = "pseudocount" if kind == "hmm" else "epochs"
        rows = [
            {
                "data": arguments.data,
                "model": title,
                "metric": metric,
                "mean": f"{np.mean(values):.4f}",
                "std": f"{statistics.stdev(values) if len(values) > 1 else 0:.4f}",
                "seeds": len(values),
                "parameters": model.count_params(),
                "seconds": f"{np.mean(seconds):.0f}",
                "train_examples": examples,
                "settings": f"{what} {' '.join(map(str, settings))}",
            }
            for metric, values in scores.items()
        ]
        write(arguments.data, rows)


if __name__ == "__main__":
    main()
