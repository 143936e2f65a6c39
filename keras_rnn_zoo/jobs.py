"""What the commands do: one function per command.

Nothing here prints. A function returns its findings as a data class and tells a
`Reporter` on the way what it is doing; `keras_rnn_zoo.cli` prints both. TensorFlow is
imported by the functions that need it.
"""

import csv
import dataclasses
import functools
import json
import os
import pathlib
import platform
import re
import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_rnn_zoo import presets
from keras_rnn_zoo.presets import Assets, new_directory, recover
from keras_rnn_zoo.training import recipes

DEFAULT_NAME = "py_tagger_bilstm"
DEFAULT_GENERATOR = "py_chars_lstm"

#: The fact that holds half the widths of a forecaster's prediction intervals.
INTERVALS = "90 % interval, ±"


class Reporter:
    """Hears what a job is doing. This one keeps it to itself; override what matters."""

    def say(self, text: str) -> None:
        """Hear one line for people."""

    def step(self, epoch: int, done: int, steps: int, logs: dict) -> None:
        """Hear that `done` of `steps` batches of an epoch are done."""

    def epoch(self, epoch: int, epochs: int, logs: dict, seconds: float) -> None:
        """Hear that an epoch is over."""


@dataclasses.dataclass(frozen=True)
class Figure:
    """One measured figure, of the model or of a baseline.

    Attributes:
        name: whose figure it is.
        metric: such as `"accuracy"`.
        value: float. None if it could not be measured; `note` says why.
        note: a remark, or "".
    """

    name: str
    metric: str
    value: float | None
    note: str = ""


@dataclasses.dataclass(frozen=True)
class TrainResult:
    """What `train` did.

    Attributes:
        directory: where everything lies.
        recipe: the recipe that was followed, changes included.
        model: figures of the model on the test data, the one it is judged by first.
        baselines: figures of simpler methods on the same data.
        validation: dict of the validation figures of the epoch that was kept.
        best_epoch: int, 1-based.
        parameters: int. Number of weights.
        seconds: dict of wall time by part: data, training, evaluation, total.
        facts: dict of facts on the data; with the interpreter and the corpus's sha256
            for data made of the standard library.
        files: dict of what lies where.
        checks: dict of the largest difference from the model by file loaded again.
        text: what the model wrote, for language models.
    """

    directory: pathlib.Path
    recipe: recipes.Recipe
    model: list[Figure]
    baselines: list[Figure]
    validation: dict[str, float]
    best_epoch: int
    parameters: int
    seconds: dict[str, float]
    facts: dict[str, str]
    files: dict[str, pathlib.Path]
    checks: dict[str, float]
    text: str = ""


def train(
    name: str = DEFAULT_NAME,
    *,
    epochs: int | None = None,
    cell: str | None = None,
    units: int | Sequence[int] | None = None,
    seed: int | None = None,
    limit: int | None = None,
    batch_size: int | None = None,
    device: str | None = None,
    mixed_precision: bool = False,
    out: str | os.PathLike | None = None,
    data: str | os.PathLike | None = None,
    data_dir: str | os.PathLike | None = None,
    download: bool = False,
    pictures: bool = True,
    baselines: bool = True,
    reporter: Reporter | None = None,
) -> TrainResult:
    """Train a model, judge it beside simpler methods, save, draw, export and check it.

    Args:
        name: name of a recipe, or path of a recipe file.
        epochs: most epochs. None: as the recipe says; so for all other changes.
        cell: name of the cell.
        units: width, or a list of widths for a stack.
        seed: seed of everything.
        limit: train on about this many sequences an epoch.
        batch_size: sequences in a batch.
        device: `"cpu"`, `"gpu"`, `"gpu:1"`. None: a GPU if there is one.
        mixed_precision: compute in half precision.
        out: directory for the run. None: `runs/NAME`. An older run there stays until
            the new one is complete.
        data: one's own file instead of the recipe's data, see
            `keras_rnn_zoo.datasets.files`; the run is then called NAME_FILE.
        data_dir: directory of prepared data. None: TensorFlow Datasets' own.
        download: whether data may be fetched from the network.
        pictures: whether to draw `curves.png` and `predictions.png`.
        baselines: whether to measure the simpler methods as well.
        reporter: hears about the progress.

    Returns:
        `TrainResult`.

    Raises:
        FileNotFoundError: if there is no such recipe.
        ValueError: if the recipe, a change to it or `device` does not fit.
        NotADirectoryError: if `out` is a file.
    """
    reporter = reporter or Reporter()
    started = time.perf_counter()
    recipe = recipes.load(name)
    if data is not None:
        recipe = _with_own_data(recipe, pathlib.Path(data))
    recipe = recipe.replace(
        training__epochs=epochs,
        model__cell=cell,
        model__units=list(units) if isinstance(units, list | tuple) else units,
        seed=seed,
        data__limit=limit,
        data__batch_size=batch_size,
    )
    out = pathlib.Path(out) if out is not None else pathlib.Path("runs", recipe.name)
    with new_directory(out) as directory:
        return _train_into(
            directory,
            out,
            recipe,
            started,
            reporter,
            device=device,
            mixed_precision=mixed_precision,
            data_dir=data_dir,
            download=download,
            pictures=pictures,
            baselines=baselines,
        )


def _with_own_data(recipe, path):
    """Return a recipe that learns the same task from a file."""
    if not path.is_file():
        raise FileNotFoundError(f"`data` must be a file. Received: data={str(path)!r}.")
    stem = re.sub(r"\W+", "_", path.stem)
    return recipe.replace(
        name=f"{recipe.name}_{stem}",
        title=f"{recipe.title}; trained on {path.name}",
        data=dataclasses.asdict(recipe.data)
        | {
            "name": "file",
            "options": {"path": str(path.absolute()), "task": recipe.task},
        },
        notes=[],
    )


def _train_into(
    directory,
    out,
    recipe,
    started,
    reporter,
    *,
    device,
    mixed_precision,
    data_dir,
    download,
    pictures,
    baselines,
):
    from keras_rnn_zoo.training import devices

    devices.silence_tensorflow()
    import keras

    from keras_rnn_zoo.training import fit as fitting

    device = devices.choose(device)
    dtype = devices.mixed_precision_policy(device) if mixed_precision else None
    seconds = {}
    reporter.say(f"{recipe.name}: {recipe.title}")
    with keras.device(device):
        since = time.perf_counter()
        pipelines = fitting.load_data(recipe, data_dir=data_dir, download=download)
        seconds["data"] = time.perf_counter() - since
        for line in _describe_data(pipelines):
            reporter.say(line)
        model = fitting.build_model(recipe, pipelines, dtype=dtype)
        reporter.say(_describe_model(recipe, model, device, dtype))
        trained = fitting.fit(recipe, pipelines, model, listener=reporter)
        seconds["training"] = trained.seconds
        reporter.say(
            f"Kept epoch {trained.best_epoch}, the best on validation data by "
            f"{recipe.training.monitor}. Judging it on the test data …"
        )
        since = time.perf_counter()
        evaluation = fitting.evaluate(model, recipe.task, pipelines.raw["test"])
        if recipe.task == "regression" and pipelines.num_outputs > 1:
            widths = fitting.interval_widths(model, pipelines.raw["validation"])
            pipelines.facts[INTERVALS] = " ".join(f"{one:.4g}" for one in widths)
        figures = _figures(recipe, model, evaluation, pipelines)
        compared = _baselines(pipelines) if baselines else []
        seconds["evaluation"] = time.perf_counter() - since
        assets = Assets(
            task=recipe.task,
            data=recipe.data.name,
            codec=pipelines.codec and pipelines.codec.get_config(),
            labels=pipelines.labels,
            num_features=pipelines.num_features,
            facts={str(key): str(value) for key, value in pipelines.facts.items()},
        )
        reporter.say("Saving, exporting and checking both by loading them again …")
        assets.write(directory)
        (directory / recipes.RECIPE_FILE).write_text(recipe.to_toml(), "utf-8")
        _write_history(directory / "history.csv", trained.history)
        checks = _save_and_check(model, directory, pipelines, assets, figures)
        text, samples = "", []
        if recipe.task == "language_model":
            samples = _write_samples(model, recipe, pipelines)
            text = samples[-1][1] + samples[-1][2]
            (directory / "generated.txt").write_text(text + "\n", "utf-8")
        if pictures:
            _draw(
                directory,
                reporter,
                model,
                pipelines,
                recipe=recipe,
                trained=trained,
                evaluation=evaluation,
                figures=figures,
                baselines=compared,
                samples=samples,
            )
    seconds["total"] = time.perf_counter() - started
    validation = {
        key.removeprefix("val_"): values[trained.best_epoch - 1]
        for key, values in trained.history.items()
        if key.startswith("val_")
    }
    result = TrainResult(
        directory=out,
        recipe=recipe,
        model=figures,
        baselines=compared,
        validation=validation,
        best_epoch=trained.best_epoch,
        parameters=int(model.count_params()),
        seconds={key: round(value, 1) for key, value in seconds.items()},
        facts=assets.facts,
        files={
            path.name: out / path.name
            for path in sorted(directory.iterdir())
            if path.name != "metrics.json"
        }
        | {"metrics.json": out / "metrics.json"},
        checks=checks,
        text=text,
    )
    _write_json(directory / "metrics.json", _metrics_document(result))
    return result


def _describe_data(pipelines):
    counts = ", ".join(
        f"{len(pipelines.raw[split]):,} {split}"
        for split in ("train", "validation", "test")
    )
    lengths = [len(x) for x, _ in pipelines.raw["train"]]
    span = (
        f"{min(lengths)} steps"
        if min(lengths) == max(lengths)
        else f"{min(lengths)} to {max(lengths)} steps"
    )
    real = pipelines.raw["train"][0][1].dtype.kind == "f"
    kind = "values" if real else "classes"
    what = (
        f"{pipelines.vocabulary_size} different tokens"
        if pipelines.vocabulary_size is not None
        else f"{pipelines.num_features} features"
    )
    yield (
        f"Data   {pipelines.name}: {counts} sequences of {span}; {what} in, "
        f"{pipelines.num_outputs} {kind} out"
    )
    origin = _origin(pipelines.facts)
    if origin:
        yield f"       {origin}"


def _origin(facts):
    """Return where the figures hold: interpreter and corpus, where they matter.

    The corpus's sha256 is shortened; `assets.json` and `metrics.json` have all of it.
    """
    kept = []
    if "interpreter" in facts:
        kept.append(f"interpreter {facts['interpreter']}")
    if "corpus sha256" in facts:
        kept.append(f"corpus sha256 {facts['corpus sha256'][:12]}…")
    return ", ".join(kept)


def _describe_model(recipe, model, device, dtype):
    arguments = recipe.model.arguments()
    shown = ", ".join(f"{key}={value}" for key, value in arguments.items())
    return (
        f"Model  {recipe.model.topology}({shown}): {model.count_params():,} weights, "
        f"on {device}" + (f" in {dtype}" if dtype else "")
    )


def _interval_widths(facts):
    if INTERVALS not in facts:
        return None
    return np.array([float(one) for one in facts[INTERVALS].split()])


def _figures(recipe, model, evaluation, pipelines, intervals=None):
    """Return the figures of the model on the test split, the main one first."""
    from keras_rnn_zoo.training import fit as fitting

    if recipe.model.topology != "OutputRecurrence":
        figures = [
            Figure(recipe.name, metric, value)
            for metric, value in evaluation.metrics.items()
        ]
        if recipe.task == "regression" and pipelines.num_outputs > 1:
            if INTERVALS not in pipelines.facts:
                pipelines.facts[INTERVALS] = intervals
            widths = _interval_widths(pipelines.facts)
            share = fitting.coverage(
                evaluation.predictions, pipelines.raw["test"], widths
            )
            note = "share of test values in 90 % intervals from validation errors"
            figures.append(Figure(recipe.name, "coverage", share, note))
        if recipe.task == "tagging" and _are_bio(pipelines.labels):
            found = _span_f1(pipelines, evaluation.predictions)
            figures.append(Figure(recipe.name, "span_f1", found))
        return figures
    forced = fitting.evaluate(
        model, recipe.task, pipelines.raw["test"], teacher_forced=True
    )
    return [
        Figure(f"{recipe.name}, {how}", metric, value, note)
        for how, note, one in (
            ("free running", "its own outputs are fed back", evaluation),
            ("teacher-forced", "the true outputs are fed back", forced),
        )
        for metric, value in one.metrics.items()
    ]


def _are_bio(labels):
    kinds = {label[:2] for label in labels if label != "O"}
    return "O" in labels and "B-" in kinds and kinds <= {"B-", "I-"}


def _span_f1(pipelines, predictions):
    """Return the F1 of whole names on the test split."""
    from keras_rnn_zoo.metrics import SpanF1

    truths = [y for _, y in pipelines.raw["test"]]
    outside = pipelines.labels.index("O")
    rows = np.full((2, len(truths), max(map(len, truths))), outside, "int32")
    for i, (truth, predicted) in enumerate(zip(truths, predictions, strict=True)):
        rows[0, i, : len(truth)], rows[1, i, : len(truth)] = truth, predicted
    metric = SpanF1(pipelines.labels)
    metric.update_state(rows[0], rows[1])
    return float(metric.result())


def _baselines(pipelines):
    from keras_rnn_zoo.training import baselines

    return [
        Figure(one.name, one.metric, one.value, one.note or "")
        for one in baselines.compute(pipelines)
    ]


def _write_history(path, history):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", *history])
        for epoch, row in enumerate(zip(*history.values(), strict=True), 1):
            writer.writerow([epoch, *(f"{value:.6g}" for value in row)])


def _save_and_check(model, directory, pipelines, assets, figures):
    """Write `.keras` and SavedModel and compare both, loaded again, with the model."""
    import keras

    from keras_rnn_zoo.export import export_saved_model
    from keras_rnn_zoo.training.fit import pad

    shortest_first = sorted(pipelines.raw["test"], key=lambda example: len(example[0]))
    chosen = shortest_first[:: max(1, len(shortest_first) // 8)]
    golden = pad([x for x, _ in chosen])
    exported = export_saved_model(
        model,
        directory / "saved_model",
        golden,
        assets=assets,
        metadata={"metrics": [dataclasses.asdict(one) for one in figures]},
    )
    model.save(directory / "model.keras")
    loaded = keras.models.load_model(directory / "model.keras")
    expected = np.asarray(model(golden, training=False), "float32")
    answer = np.asarray(loaded(golden, training=False), "float32")
    difference = float(np.abs(answer - expected).max())
    if not difference <= 1e-6:
        raise RuntimeError(
            "The saved model must give the answers of the trained one. Received: "
            f"max_difference={difference}."
        )
    return {"model.keras": difference, "saved_model": exported.max_difference}


def _write_samples(model, recipe, pipelines, *, prompt_length=24, steps=240):
    """Let a language model continue the beginnings of real test texts.

    Returns:
        list of (heading, prompt, what the model wrote).
    """
    rng = np.random.default_rng(recipe.seed)
    samples = []
    for temperature in (1.0, 0.7, 0.4):
        text = pipelines.texts["test"][int(rng.integers(len(pipelines.texts["test"])))]
        prompt = text[:prompt_length]
        written, _ = _continue_text(
            model,
            pipelines.codec,
            prompt,
            steps,
            temperature=temperature,
            seed=recipe.seed,
        )
        heading = (
            "Bold: the beginning of a test function. Blue: written by the model, "
            f"temperature {temperature}."
        )
        samples.append((heading, prompt, written))
    return samples


def _continue_text(model, codec, prompt, steps, **arguments):
    """Return what a language model writes after a prompt, and whether it ended.

    It ends where the model writes the token that stands between texts.
    """
    ids = codec.encode(prompt)
    written = np.ravel(model.generate(ids, steps, **arguments))[len(ids) :]
    ended = False
    if codec.boundary is not None:
        ends = np.flatnonzero(written == codec.tokens.index(codec.boundary))
        if len(ends):
            written, ended = written[: ends[0]], True
    return codec.decode(written), ended


def _draw(directory, reporter, model, pipelines, **findings):
    """Draw the two pictures, or say which extra draws them."""
    from keras_rnn_zoo.inspection import report, report_plots
    from keras_rnn_zoo.training.fit import bits_of

    if not report_plots.is_available():
        reporter.say(
            "No pictures: matplotlib is missing. "
            "Install it with: pip install 'keras_rnn_zoo[plot]'"
        )
        return
    report.draw(
        directory,
        pipelines,
        bits_of=functools.partial(bits_of, model),
        origin=_origin(pipelines.facts),
        **findings,
    )


def _metrics_document(result):
    """Return `metrics.json`: the figures and what they depend on."""
    import keras
    import tensorflow as tf

    from keras_rnn_zoo.version import __version__

    return {
        "name": result.recipe.name,
        "task": result.recipe.task,
        "seed": result.recipe.seed,
        "test": [dataclasses.asdict(one) for one in result.model],
        "baselines": [dataclasses.asdict(one) for one in result.baselines],
        "validation": result.validation,
        "best_epoch": result.best_epoch,
        "parameters": result.parameters,
        "seconds": result.seconds,
        "checks": result.checks,
        "data": result.facts,
        "versions": {
            "keras_rnn_zoo": __version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "python": platform.python_version(),
        },
    }


def _write_json(path, document):
    text = json.dumps(document, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


@dataclasses.dataclass(frozen=True)
class SeedsResult:
    """What `train_seeds` did.

    Attributes:
        path: the JSON file with all figures.
        runs: one `TrainResult` a seed.
        spread: for each figure of the model `(figure with the mean, standard deviation
            over the seeds)`.
    """

    path: pathlib.Path
    runs: list[TrainResult]
    spread: list[tuple[Figure, float]]


def train_seeds(
    name: str = DEFAULT_NAME,
    seeds: Sequence[int] = (1, 2, 3),
    *,
    out: str | os.PathLike | None = None,
    reporter: Reporter | None = None,
    **arguments,
) -> SeedsResult:
    """Train one recipe with several seeds and write mean and spread of its figures.

    Each run goes to `OUT-seed<N>`, the summary to `OUT-seeds.json`. Baselines do not
    depend on the seed and are measured once.

    Args:
        name: name of a recipe, or path of a recipe file.
        seeds: different integers, at least two.
        out: stem of the paths. None: `runs/NAME`.
        reporter: hears about the progress.
        **arguments: see `train`.

    Raises:
        ValueError: if there are fewer than two seeds, or one comes twice.
        Other errors: see `train`.
    """
    seeds = list(seeds)
    if len(seeds) < 2 or len(set(seeds)) != len(seeds):
        raise ValueError(
            "`seeds` must be at least two different integers. "
            f"Received: seeds={seeds!r}."
        )
    recipe = recipes.load(name)
    if arguments.get("data") is not None:
        recipe = _with_own_data(recipe, pathlib.Path(arguments["data"]))
    out = pathlib.Path(out) if out is not None else pathlib.Path("runs", recipe.name)
    wanted = arguments.pop("baselines", True)
    runs = [
        train(
            name,
            seed=seed,
            out=out.with_name(f"{out.name}-seed{seed}"),
            baselines=wanted and i == 0,
            reporter=reporter,
            **arguments,
        )
        for i, seed in enumerate(seeds)
    ]
    spread = []
    for figures in zip(*(run.model for run in runs), strict=True):
        values = [one.value for one in figures]
        mean = dataclasses.replace(figures[0], value=statistics.fmean(values))
        spread.append((mean, statistics.stdev(values)))
    path = out.with_name(f"{out.name}-seeds.json")
    document = {
        "name": recipe.name,
        "seeds": seeds,
        "test": [
            {
                "name": figure.name,
                "metric": figure.metric,
                "mean": figure.value,
                "standard_deviation": deviation,
                "values": [run.model[i].value for run in runs],
            }
            for i, (figure, deviation) in enumerate(spread)
        ],
        "baselines": [dataclasses.asdict(one) for one in runs[0].baselines],
        "parameters": runs[0].parameters,
        "training_seconds": [run.seconds["training"] for run in runs],
        "best_epochs": [run.best_epoch for run in runs],
        "data": runs[0].facts,
    }
    temporary = path.with_name(f".{path.name}.partial-{os.getpid()}")
    _write_json(temporary, document)
    temporary.replace(path)
    return SeedsResult(path, runs, spread)


def publish(
    run: str | os.PathLike,
    seeds_json: str | os.PathLike,
    out: str | os.PathLike | None = None,
    *,
    hardware: str = "",
) -> pathlib.Path:
    """Make a model directory, as the package ships them, of a finished run.

    The directory appears when it is complete and has answered correctly after being
    loaded again; what was there before stays until then. The table over all models
    beside it, `README.md`, is written anew. A recipe that is there already, in its
    author's words, stays if the run followed it; so does its list of notes.

    Args:
        run: directory of the run whose weights are shipped.
        seeds_json: `NAME-seeds.json` of `train_seeds`, which has this run's figures.
        out: the directory to make or to replace. None: `models/NAME`.
        hardware: what the training ran on, for the card.

    Returns:
        The directory.

    Raises:
        FileNotFoundError: if the run or the file is not there.
        ValueError: if the file does not tell of this run: another name, a seed or
            figures that it does not have; or if the run's recipe is not that of `out`.
        RuntimeError: if the directory, loaded again, answers otherwise.
    """
    seeds_json = pathlib.Path(seeds_json)
    if not seeds_json.is_file():
        raise FileNotFoundError(
            "`seeds_json` must be a file that training with several seeds leaves. "
            f"Received: seeds_json={str(seeds_json)!r}."
        )
    summary = json.loads(seeds_json.read_text("utf-8"))
    trained = load_run(str(run))
    metrics, recipe = trained.metrics, trained.recipe
    _check_summary(summary, metrics, seeds_json)
    out = pathlib.Path(out) if out is not None else pathlib.Path("models", recipe.name)
    recipe_text = recipe.to_toml()
    if (out / recipes.RECIPE_FILE).is_file():
        recipe_text = (out / recipes.RECIPE_FILE).read_text("utf-8")
        written = recipes.parse(recipe_text, out / recipes.RECIPE_FILE)
        if written.replace(seed=recipe.seed, notes=recipe.notes) != recipe.replace():
            raise ValueError(
                f"`run` must follow the recipe in {out}. Received: "
                f"run={os.fspath(run)!r}, which was trained otherwise. Train it again, "
                "or publish to another directory."
            )
        recipe = written.replace(seed=recipe.seed)
    from keras_rnn_zoo.export.golden import golden_input
    from keras_rnn_zoo.presets import cards, model_directory

    licence = trained.assets.facts.get("licence", "unknown")
    codec = trained.codec
    metadata = {
        "name": recipe.name,
        "title": recipe.title,
        "task": recipe.task,
        "model": {"topology": recipe.model.topology, **recipe.model.arguments()},
        "reads": f"real-valued sequences, {trained.assets.num_features} a step"
        if codec is None
        else f"text, {codec.unit} by {codec.unit}; {len(codec.tokens)} tokens",
        "parameters": metrics["parameters"],
        "seed": recipe.seed,
        "seeds": summary["seeds"],
        "test": metrics["test"],
        "test_over_seeds": summary["test"],
        "baselines": summary["baselines"],
        "training_seconds": summary["training_seconds"],
        "hardware": hardware,
        "data": metrics["data"],
        "versions": metrics["versions"],
        "licence": "Apache-2.0",
        "data_licence": licence,
        "notice": cards.NOTICES.get(licence, ""),
        "notes": recipe.notes,
    }
    picture = "predictions.png"
    with new_directory(out) as directory:
        (directory / recipes.RECIPE_FILE).write_text(recipe_text, "utf-8")
        if (trained.directory / picture).is_file():
            data = (trained.directory / picture).read_bytes()
            (directory / picture).write_bytes(data)
            metadata["picture"] = picture
        metadata = model_directory.write_model(
            directory,
            trained.model,
            trained.assets,
            golden_input(trained.model, None, trained.assets, shape=(3, 16)),
            metadata,
        )
        (directory / "README.md").write_text(cards.card(metadata), "utf-8")
    table = out.with_name("README.md")
    temporary = table.with_name(f".{table.name}.partial-{os.getpid()}")
    temporary.write_text(cards.table(out.parent), "utf-8")
    temporary.replace(table)
    return out


def _check_summary(summary, metrics, path):
    """Check that the figures over several seeds are also those of this run."""
    values = {
        (one["name"], one["metric"]): dict(
            zip(summary["seeds"], one["values"], strict=True)
        )
        for one in summary["test"]
    }
    found = {
        (one["name"], one["metric"]): values.get((one["name"], one["metric"]), {}).get(
            metrics["seed"]
        )
        for one in metrics["test"]
    }
    expected = {(one["name"], one["metric"]): one["value"] for one in metrics["test"]}
    if summary["name"] != metrics["name"] or found != expected:
        raise ValueError(
            f"`seeds_json` must have the figures of the run, {metrics['name']} with "
            f"seed {metrics['seed']}. Received: {path}, with {summary['name']}, seeds "
            f"{summary['seeds']} and {list(found.values())} where the run has "
            f"{list(expected.values())}."
        )


@dataclasses.dataclass(frozen=True)
class ModelEntry:
    """A recipe that comes with the package, its run and its shipped weights, if any.

    Attributes:
        recipe: the recipe.
        path: its file.
        run: directory of the trained model, or None.
        figure: the run's main figure on the test data, or None.
        shipped: content of the shipped model's `metadata.json`, or None.
    """

    recipe: recipes.Recipe
    path: pathlib.Path
    run: pathlib.Path | None
    figure: Figure | None
    shipped: dict[str, Any] | None = None


def list_models(runs: str | os.PathLike = "runs") -> list[ModelEntry]:
    """Return all models that can be trained, with what is known of their runs.

    Args:
        runs: the directory that holds the runs.
    """
    return [show(name, runs=runs) for name in recipes.names()]


def show(name: str = DEFAULT_NAME, *, runs: str | os.PathLike = "runs") -> ModelEntry:
    """Return one recipe, and its run, if there is one.

    Args:
        name: name of a recipe, path of a recipe file or of a run.
        runs: the directory that holds the runs.

    Raises:
        FileNotFoundError: if there is no such recipe.
        RecipeError: if it has a mistake.
    """
    path = recipes.find(name)
    recipe = recipes.load(path, check_files=False)
    run = path.parent
    if not (run / "model.keras").is_file():
        run = pathlib.Path(runs, recipe.name)
    figure = None
    if (run / "metrics.json").is_file():
        document = json.loads((run / "metrics.json").read_text("utf-8"))
        figure = Figure(**document["test"][0])
    shipped = None
    if recipe.name in presets.names():
        shipped = presets.read_metadata(recipe.name)
    return ModelEntry(recipe, path, run if figure else None, figure, shipped)


@dataclasses.dataclass(frozen=True)
class Run:
    """A trained model that was read from a directory.

    Attributes:
        directory: where it lies.
        recipe: the recipe it was trained with.
        assets: vocabulary, labels, facts.
        metrics: the content of `metrics.json`, or of a shipped `metadata.json`.
        codec: the `Codec` that makes ids of text, None for real-valued input.
        model: the Keras model.
    """

    directory: pathlib.Path
    recipe: recipes.Recipe
    assets: Assets
    metrics: dict[str, Any]
    codec: Any
    model: Any


def find_run(name: str, *, runs: str | os.PathLike = "runs") -> pathlib.Path:
    """Return the directory of a trained model: your run, or else the shipped one.

    Args:
        name: name of a model, or the directory of a run or of a shipped model.
        runs: the directory that holds the runs.

    Raises:
        FileNotFoundError: if there is none.
    """
    candidates = [pathlib.Path(runs, name), pathlib.Path(name)]
    if os.sep in str(name):
        candidates.reverse()
    for path in candidates:
        recover(path)
        if (path / "model.keras").is_file():
            return path
    if (
        name in presets.names()
        or (pathlib.Path(name) / presets.METADATA_FILE).is_file()
    ):
        return presets.find(name)
    if name in recipes.names():
        raise FileNotFoundError(
            f"`name` must be a trained model. Received: name={name!r}, and there is no "
            f"{candidates[0]}. Train it first: keras-rnn-zoo train {name}"
        )
    raise FileNotFoundError(
        "`name` must be the name of a trained model or the directory of a run. "
        f"Received: name={name!r}. Known names: {', '.join(recipes.names())}."
    )


def load_run(name: str, *, runs: str | os.PathLike = "runs") -> Run:
    """Read a trained model and what belongs to it.

    Args:
        name: name of a model, or the directory of a run.
        runs: the directory that holds the runs.

    Raises:
        FileNotFoundError: if there is none.
    """
    directory = find_run(name, runs=runs)
    from keras_rnn_zoo.training import devices

    devices.silence_tensorflow()
    import keras

    # Loading needs the registered classes.
    from keras_rnn_zoo import layers, metrics, topologies  # noqa: F401
    from keras_rnn_zoo.datasets import Codec

    devices.gpus()
    if not (directory / "model.keras").is_file():
        assets = presets.read_assets(directory)
        return Run(
            directory,
            recipes.load(directory / recipes.RECIPE_FILE, check_files=False),
            assets,
            presets.read_metadata(directory),
            None if assets.codec is None else Codec(**assets.codec),
            presets.load(directory),
        )
    assets = Assets.read(directory)
    return Run(
        directory,
        recipes.load(directory / recipes.RECIPE_FILE, check_files=False),
        assets,
        json.loads((directory / "metrics.json").read_text("utf-8")),
        None if assets.codec is None else Codec(**assets.codec),
        keras.models.load_model(directory / "model.keras"),
    )


@dataclasses.dataclass(frozen=True)
class EvaluateResult:
    """What `evaluate` measured.

    Attributes:
        directory: the run.
        model: figures measured now, on the test data.
        stored: figures of the same metrics as the run's `metrics.json` has them.
        baselines: the run's baselines.
        facts: facts on the data used now.
        same_data: whether this is the corpus the stored figures were measured on.
    """

    directory: pathlib.Path
    model: list[Figure]
    stored: list[Figure]
    baselines: list[Figure]
    facts: dict[str, str]
    same_data: bool


def evaluate(
    name: str = DEFAULT_NAME,
    *,
    runs: str | os.PathLike = "runs",
    data_dir: str | os.PathLike | None = None,
    download: bool = False,
) -> EvaluateResult:
    """Measure a trained model on the test data again.

    Args:
        name: name of a model, or the directory of a run.
        runs: the directory that holds the runs.
        data_dir: directory of prepared data. None: TensorFlow Datasets' own.
        download: whether data may be fetched from the network.

    Raises:
        FileNotFoundError: if there is no such run.
        ValueError: if the data has other tokens or classes than the model was made for.
    """
    run = load_run(name, runs=runs)
    from keras_rnn_zoo.training import fit as fitting

    pipelines = fitting.load_data(run.recipe, data_dir=data_dir, download=download)
    _check_same_classes(run, pipelines)
    evaluation = fitting.evaluate(run.model, run.recipe.task, pipelines.raw["test"])
    key = "corpus sha256"
    return EvaluateResult(
        run.directory,
        _figures(
            run.recipe,
            run.model,
            evaluation,
            pipelines,
            run.assets.facts.get(INTERVALS),
        ),
        [Figure(**one) for one in run.metrics["test"]],
        [Figure(**one) for one in run.metrics["baselines"]],
        {str(k): str(v) for k, v in pipelines.facts.items()},
        run.assets.facts.get(key) == str(pipelines.facts.get(key))
        or (key not in run.assets.facts and key not in pipelines.facts),
    )


def _check_same_classes(run, pipelines):
    pairs = [("labels", run.assets.labels, pipelines.labels)]
    if run.codec is not None:
        pairs.append(("vocabulary", run.codec.tokens, pipelines.vocabulary or ()))
    for key, before, now in pairs:
        if tuple(before) != tuple(now):
            raise ValueError(
                f"`{key}` of the data must be that of the model. Received: {len(now)} "
                f"entries now, {len(before)} when the model was trained, or others. "
                f"Train again with: keras-rnn-zoo train {run.recipe.name}"
            )


@dataclasses.dataclass(frozen=True)
class PredictResult:
    """What a model answered.

    Attributes:
        task: as in the recipe.
        tokens: what was read: characters or words; empty for real-valued input.
        separator: what stands between the tokens: "" for characters, " " for words.
        values: the real-valued input, `(time, features)`, or None.
        labels: names of the classes.
        predicted: class ids: one a character, or one in all; or the values.
        probabilities: `(…, classes)`, or the values.
        truth: the true answer, if the input is an example of the test data, or None.
        widths: half the widths of 90 % prediction intervals of values, or None.
    """

    task: str
    tokens: tuple[str, ...]
    separator: str
    values: np.ndarray | None
    labels: tuple[str, ...]
    predicted: np.ndarray
    probabilities: np.ndarray
    truth: np.ndarray | None = None
    widths: np.ndarray | None = None


def predict(
    name: str = DEFAULT_NAME,
    text: str | None = None,
    *,
    file: str | os.PathLike | None = None,
    example: int | None = None,
    runs: str | os.PathLike = "runs",
    data_dir: str | os.PathLike | None = None,
) -> PredictResult:
    """Let a trained model answer on a text, a file or an example of its test data.

    Args:
        name: name of a model, or the directory of a run.
        text: what to read; numbers for real-valued input: one step a line, or all on
            one line.
        file: file to read instead: UTF-8 text, or `.npy` for real-valued input.
        example: 1-based number of an example of the test data to read instead.
        runs: the directory that holds the runs.
        data_dir: directory of prepared data, for `example`.

    Raises:
        FileNotFoundError: if there is no such run or file.
        ValueError: if not exactly one input is given, or it does not fit the model.
    """
    given = [one for one in (text, file, example) if one is not None]
    if len(given) != 1:
        raise ValueError(
            "`text`, `file` or `example` must be given, and only one of them. "
            f"Received: text={text!r}, file={file and str(file)!r}, "
            f"example={example!r}."
        )
    values = None
    if file is not None:
        file = pathlib.Path(file)
        if not file.is_file():
            raise FileNotFoundError(
                f"`file` must be a file. Received: file={str(file)!r}."
            )
        if file.suffix == ".npy":
            values = np.load(file, allow_pickle=False)
        else:
            text = _read_text(file)
    run = load_run(name, runs=runs)
    truth = None
    if example is not None:
        from keras_rnn_zoo.training import fit as fitting

        pipelines = fitting.load_data(run.recipe, data_dir=data_dir)
        _check_same_classes(run, pipelines)
        test = pipelines.raw["test"]
        if not 1 <= example <= len(test):
            raise ValueError(
                f"`example` must be from 1 to {len(test)}. "
                f"Received: example={example!r}."
            )
        inputs, truth = (np.asarray(one) for one in test[example - 1])
        if run.codec is not None:
            text = pipelines.texts["test"][example - 1]
    elif run.codec is not None:
        if values is not None:
            raise ValueError(
                f"`file` must be a text: {run.recipe.name} reads text. "
                f"Received: file={str(file)!r}."
            )
        if not run.codec.split(text):
            raise ValueError(f"`text` must not be empty. Received: text={text!r}.")
        inputs = run.codec.encode(text)
    else:
        inputs = _as_features(run, values if values is not None else text)
    from keras_rnn_zoo.training.fit import forward, pad

    probabilities = np.asarray(forward(run.model)(pad([inputs])), "float64")[0]
    words = run.codec is not None and run.codec.unit == "word"
    return PredictResult(
        task=run.recipe.task,
        tokens=() if run.codec is None else tuple(run.codec.split(text)),
        separator=" " if words else "",
        values=inputs if run.codec is None else None,
        labels=run.assets.labels,
        predicted=probabilities
        if run.recipe.task == "regression"
        else probabilities.argmax(-1),
        probabilities=probabilities,
        truth=truth,
        widths=_interval_widths(run.assets.facts),
    )


def _read_text(file):
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        raise ValueError(
            f"`file` must be UTF-8 text. Received: file={str(file)!r}, where byte "
            f"{error.start} in line {line} is none ({error.reason})."
        ) from error


def _as_features(run, given):
    """Make `(time, features)` of numbers in a text or in an array."""
    width = run.assets.num_features
    if isinstance(given, str):
        words = given.replace(",", " ").replace(";", " ").split()
        try:
            given = np.array([float(word) for word in words])
        except ValueError as error:
            raise ValueError(
                f"`text` must hold numbers: {run.recipe.name} reads sequences of "
                f"{width} numbers a step. Received: {error}."
            ) from error
    given = np.asarray(given)
    if given.size == 0 or given.size % width or given.dtype.kind not in "iufb":
        raise ValueError(
            f"The input must be numbers, a multiple of {width}: this model reads "
            f"{width} a step. Received: {given.size} values of type {given.dtype}."
        )
    if not np.isfinite(given).all():
        raise ValueError(
            "The input must be finite numbers. Received: "
            f"{int((~np.isfinite(given)).sum())} that are not."
        )
    return given.reshape(-1, width).astype("float32")


@dataclasses.dataclass(frozen=True)
class GenerateResult:
    """What a language model wrote.

    Attributes:
        prompt: str.
        text: str. What comes after the prompt.
        ended: bool. Whether the model ended the text by itself.
    """

    prompt: str
    text: str
    ended: bool


def generate(
    name: str = DEFAULT_GENERATOR,
    prompt: str = "def ",
    *,
    steps: int = 200,
    temperature: float = 0.7,
    top_k: int | None = None,
    seed: int | None = None,
    runs: str | os.PathLike = "runs",
) -> GenerateResult:
    """Let a trained language model continue a text.

    Args:
        name: name of a model, or the directory of a run.
        prompt: the beginning; may be empty if texts begin with a token of their own.
        steps: int. Most characters to write; fewer if the model ends the text.
        temperature: float. Below 1 the model takes fewer risks, at 0 none.
        top_k: int. Choose among this many most probable characters. None: among all.
        seed: int. The same seed writes the same text. None: another one each time.
        runs: the directory that holds the runs.

    Raises:
        FileNotFoundError: if there is no such run.
        ValueError: if the model is not a language model, or an argument is out of its
            range.
    """
    run = load_run(name, runs=runs)
    if run.recipe.task != "language_model":
        raise ValueError(
            "`name` must be a language model, such as 'py_chars_lstm'. "
            f"Received: name={name!r}, whose task is {run.recipe.task!r}."
        )
    text, ended = _continue_text(
        run.model,
        run.codec,
        prompt,
        steps,
        temperature=temperature,
        top_k=top_k,
        seed=seed,
    )
    return GenerateResult(prompt, text, ended)


def export(
    name: str = DEFAULT_NAME,
    to: str = "saved_model",
    out: str | os.PathLike | None = None,
    *,
    batch_size: int = 1,
    steps: int = 128,
    runs: str | os.PathLike = "runs",
):
    """Write a trained model as files that run without this package.

    Args:
        name: name of a model, or the directory of a run.
        to: `"saved_model"`, `"litert"` or `"onnx"`.
        out: directory to make or to replace. None: `exported/NAME-TO`.
        batch_size: rows of the LiteRT files, whose shapes are fixed.
        steps: time steps of a row of the LiteRT files.
        runs: the directory that holds the runs.

    Returns:
        `keras_rnn_zoo.export.Exported`.

    Raises:
        FileNotFoundError: if there is no such run.
        ValueError: if `to` is none of the above, or the model cannot be written so.
        ImportError: if a package of the extra `export` is missing.
        RuntimeError: if the files answer differently from the model.
    """
    formats = ("saved_model", "litert", "onnx")
    if to not in formats:
        raise ValueError(f"`to` must be one of {formats}. Received: to={to!r}.")
    run = load_run(name, runs=runs)
    from keras_rnn_zoo import export as room

    out = out or pathlib.Path("exported", f"{run.recipe.name}-{to}")
    common = {
        "assets": run.assets,
        "metadata": {"name": run.recipe.name, "metrics": run.metrics["test"]},
    }
    if to == "litert":
        return room.export_litert(
            run.model, out, batch_size=batch_size, steps=steps, **common
        )
    write = room.export_onnx if to == "onnx" else room.export_saved_model
    return write(run.model, out, **common)


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing `doctor` looked at.

    Attributes:
        what: str.
        found: str.
        good: bool. Whether it is as it should be.
    """

    what: str
    found: str
    good: bool


def doctor() -> list[Finding]:
    """Look at this machine: versions, devices, libraries, and what will be used."""
    from keras_rnn_zoo.training import devices

    return [Finding(*line) for line in devices.report()]


def native_status():
    """What is known of the C++ kernels; builds nothing.

    Returns:
        One `keras_rnn_zoo.native.NativeStatus` for each dtype, by the dtype's name.
    """
    from keras_rnn_zoo import native

    return {dtype: native.status(dtype) for dtype in native.DTYPES}


def native_build(dtype: str = "float32", *, force: bool = False):
    """Compile the C++ kernels now, and not at their first use.

    Args:
        dtype: "float32" or "float64".
        force: compile even if an intact library is there.

    Returns:
        A `keras_rnn_zoo.native.NativeStatus`.

    Raises:
        ValueError: if there are no kernels for `dtype`.
        NativeBuildError: a `RuntimeError` that says why it is not possible here.
    """
    from keras_rnn_zoo.native.build import build, status

    build(dtype, force=force)
    return status(dtype)


def native_clean() -> int:
    """Remove the compiled C++ kernels of this user; return how many there were."""
    from keras_rnn_zoo import native

    return native.clean()
