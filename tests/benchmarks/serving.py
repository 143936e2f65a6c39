"""What a step costs in each kind of exported file, and what int8 weights cost.

    python -m tests.benchmarks serving [--runs runs/digits_gru,runs/py_chars_lstm]
        [--rounds 300] [--examples 400] [--data-dir DIR] [--csv FILE]

For each trained model: one time step at batch size 1, from the `step` signature of the
SavedModel, `step.tflite` (float32 and int8), `step.onnx`, and `model.predict`, which
has no states to carry: of one step, and of the 64 steps that a client without a step
model has to send again for each new one. One thread each. Every round calls all of them
in turn, in one process; p50 and p99 are over the rounds.

Then the sizes of the LiteRT files, and the test figures of the float32 and the int8 one
on the same examples.
"""

import argparse
import csv
import os
import pathlib
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import onnxruntime
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from keras_rnn_zoo import jobs
from keras_rnn_zoo.export import export_litert, export_onnx, export_saved_model
from keras_rnn_zoo.tasks import evaluation
from keras_rnn_zoo.training import fit as fitting

PREFIX = 64


def litert_runner(path):
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    return interpreter.get_signature_runner("serving_default")


def competitors(model, root, x):
    """`{name: function}` that carry their states on, and what must not be freed."""
    loaded = tf.saved_model.load(str(root / "saved_model"))
    states = dict(loaded.signatures["initial_state"](batch_size=tf.constant(1)))
    key = "token" if x.ndim == 2 else "features"
    rows = [np.ascontiguousarray(x[:, t]) for t in range(x.shape[1])]
    arrays = {name: np.asarray(value) for name, value in states.items()}
    position = iter(range(10**9))

    def row():
        return rows[next(position) % len(rows)]

    def of_saved_model(carried=states, step=loaded.signatures["step"]):
        out = step(**{key: tf.constant(row())}, **carried)
        carried.update((name, out[name]) for name in carried)
        return np.asarray(out["probabilities"])

    def of_litert(name):
        run, carried = litert_runner(root / "litert" / f"{name}.tflite"), dict(arrays)

        def call():
            out = run(**{key: row()}, **carried)
            carried.update((name, out[name]) for name in carried)
            return out["probabilities"]

        return call

    def of_onnx():
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            str(root / "onnx" / "step.onnx"), options, ["CPUExecutionProvider"]
        )
        names = [one.name for one in session.get_inputs()][1:]
        carried = {name: arrays[name] for name in names}

        def call():
            answer, *new = session.run(None, {key: row(), **carried})
            carried.update(zip(carried, new, strict=True))
            return answer

        return call

    one, prefix = x[:, :1], x[:, :PREFIX]
    return {
        "SavedModel": of_saved_model,
        "LiteRT": of_litert("step"),
        "LiteRT int8": of_litert("step_int8"),
        "ONNX Runtime": of_onnx(),
        "model.predict, 1 step": lambda: model.predict(one, verbose=0),
        f"model.predict, {x[:, :PREFIX].shape[1]} steps": lambda: model.predict(
            prefix, verbose=0
        ),
    }, loaded


def latencies(functions, rounds):
    """`{name: (p50, p99)}` in milliseconds."""
    times = {name: [] for name in functions}
    for _ in range(20):
        for function in functions.values():
            function()
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return {
        name: tuple(1e3 * np.percentile(values, [50, 99]))
        for name, values in times.items()
    }


def figures(path, examples, task, batch, steps):
    """Test figures of a LiteRT file."""
    run, bits, right, total = litert_runner(path), 0.0, 0, 0
    for start in range(0, len(examples), batch):
        chosen = examples[start : start + batch]
        given = evaluation.pad([x for x, _ in chosen])
        widths = [(0, batch - len(given)), (0, steps - given.shape[1])]
        x = np.pad(given, widths + [(0, 0)] * (given.ndim - 2))
        [p] = run(**{"tokens" if x.ndim == 2 else "features": x}).values()
        for row, (_, y) in zip(p, chosen, strict=False):
            row = row if task == "classification" else row[: len(y)]
            right += int(np.sum(row.argmax(-1) == y))
            total += np.size(y)
            of_truth = np.take_along_axis(row, np.asarray(y)[..., None], -1)
            bits -= float(np.log2(np.maximum(of_truth, 1e-12)).sum())
    return {"accuracy": right / total, "bits": bits / total}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", default="runs/digits_gru,runs/py_chars_lstm")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--examples", type=int, default=400)
    parser.add_argument("--data-dir")
    parser.add_argument("--csv")
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    rows = []
    for name in arguments.runs.split(","):
        run = jobs.load_run(name)
        pipelines = fitting.load_data(run.recipe, data_dir=arguments.data_dir)
        examples = pipelines.raw["test"][: arguments.examples]
        steps, batch = max(len(x) for x, _ in examples), 16
        longest = max((x for x, _ in examples), key=len)[None]
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            export_saved_model(run.model, root / "saved_model", longest)
            export_onnx(run.model, root / "onnx", longest)
            export_litert(run.model, root / "litert", longest, steps=steps)
            export_litert(
                run.model, root / "batch", longest, steps=steps, batch_size=batch
            )
            functions, _loaded = competitors(run.model, root, longest)
            measured = latencies(functions, arguments.rounds)
            print(f"\n{run.recipe.name}, one step at batch 1, ms")
            for who, (p50, p99) in measured.items():
                print(f"  {who:24s} p50 {p50:8.3f}  p99 {p99:8.3f}")
                rows.append([run.recipe.name, who, "p50 ms", f"{p50:.4f}"])
                rows.append([run.recipe.name, who, "p99 ms", f"{p99:.4f}"])
            for kind in ("", "_int8"):
                file = root / "batch" / f"sequence{kind}.tflite"
                found = figures(file, examples, run.recipe.task, batch, steps)
                alone = root / "litert" / file.name  # its constants grow with the batch
                found = {"bytes at batch 1": alone.stat().st_size, **found}
                shown = "  ".join(f"{key} {value:.5g}" for key, value in found.items())
                print(f"  {file.name:24s} {shown}  ({len(examples)} examples)")
                for key, value in found.items():
                    rows.append([run.recipe.name, file.name, key, f"{value:.6g}"])
    if arguments.csv:
        with open(arguments.csv, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["model", "what", "figure", "value"])
            writer.writerows(rows)


if __name__ == "__main__":
    main()
