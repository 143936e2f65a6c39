"""Let a trained model answer: on the test data, on one input, as a writer."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from keras_rnn_zoo.jobs.common import (
    DEFAULT_GENERATOR,
    DEFAULT_NAME,
    figures_of,
)
from keras_rnn_zoo.jobs.models import load_run
from keras_rnn_zoo.tasks import TASKS, Figure, task_of


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
    from keras_rnn_zoo.tasks import evaluation as judging
    from keras_rnn_zoo.training import fit as fitting

    pipelines = fitting.load_data(run.recipe, data_dir=data_dir, download=download)
    _check_same_classes(run, pipelines)
    evaluation = judging.evaluate(
        run.model, run.recipe.task, pipelines.raw["test"], labels=pipelines.labels
    )
    stored = run.assets.facts
    return EvaluateResult(
        run.directory,
        figures_of(run.recipe, run.model, evaluation, pipelines, stored),
        [Figure(**one) for one in run.metrics["test"]],
        [Figure(**one) for one in run.metrics["baselines"]],
        {str(k): str(v) for k, v in pipelines.facts.items()},
        all(
            stored.get(key) in (None, str(pipelines.facts.get(key)))
            for key in ("corpus sha256", "data sha256")
        ),
    )


def _check_same_classes(run, pipelines):
    pairs = [("labels", run.assets.labels, pipelines.labels)]
    if run.codec is not None:
        pairs.append(("vocabulary", run.codec.tokens, pipelines.vocabulary or ()))
        now = pipelines.codec
        pairs.append(
            (
                "characters",
                (run.codec.characters or (), run.codec.max_characters),
                (now and now.characters or (), now and now.max_characters),
            )
        )
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
        predicted: class ids: one a character, or one in all; or the values; or, where
            several classes may be true, which of them are: bool `(time, classes)`.
        probabilities: `(…, classes)`, or the values.
        truth: the true answer, if the input is an example of the test data, or None.
        widths: half the widths of 90 % prediction intervals of values, or None.
        names: for BIO tags the names that were found, `(first token, the one behind the
            last, kind)` each; None for other labels.
        true_names: those of `truth`, or None.
        tags: the tag of each token, in the scheme that was asked for; None but for
            taggers.
        candidates: the best answers, tokens and score each, where a sequence of another
            length is written; None else.
        alignment: `(tokens of the first of them, tokens read)`: what each looked at;
            None where there is no attention.
    """

    task: str
    tokens: tuple[str, ...]
    separator: str
    values: np.ndarray | None
    labels: tuple[str, ...]
    predicted: np.ndarray
    probabilities: np.ndarray | None
    truth: np.ndarray | None = None
    widths: np.ndarray | None = None
    names: list[tuple[int, int, str]] | None = None
    true_names: list[tuple[int, int, str]] | None = None
    tags: tuple[str, ...] | None = None
    candidates: list[tuple[tuple[str, ...], float]] | None = None
    alignment: np.ndarray | None = None


def names_in(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return the names in BIO tags, as `SpanF1` counts them.

    Args:
        tags: sequence of "O", "B-kind" and "I-kind".

    Returns:
        A list of `(first, stop, kind)`.

    Example:
    >>> names_in(["B-person", "I-person", "O", "B-group", "B-group"])
    [(0, 2, 'person'), (3, 4, 'group'), (4, 5, 'group')]
    """
    from keras_rnn_zoo.datasets.tags import spans_of

    return spans_of(tags, "BIO")


def predict(
    name: str = DEFAULT_NAME,
    text: str | None = None,
    *,
    file: str | os.PathLike | BinaryIO | None = None,
    example: int | None = None,
    scheme: str = "bio",
    runs: str | os.PathLike = "runs",
    data_dir: str | os.PathLike | None = None,
) -> PredictResult:
    """Let a trained model answer on a text, a file or an example of its test data.

    Args:
        name: name of a model, or the directory of a run.
        text: what to read; numbers for real-valued input: one step a line, or all on
            one line.
        file: file to read instead, or a binary stream: UTF-8 text, with or without a
            byte order mark; or `.npy` for real-valued input: one sequence, `(time,
            features)` or flat.
        example: 1-based number of an example of the test data to read instead.
        scheme: of the tags of a name tagger: one of `keras_rnn_zoo.datasets.tags`, in
            capitals or not; "own": that of the file the model has learnt from.
        runs: the directory that holds the runs.
        data_dir: directory of prepared data, for `example`.

    Raises:
        FileNotFoundError: if there is no such run or file.
        ValueError: if not exactly one input is given, it does not fit the model or is
            too long, or `scheme` is none or given for a model that finds no names.
    """
    from keras_rnn_zoo.training import devices

    devices.silence_tensorflow()  # which the next one imports
    from keras_rnn_zoo.datasets import tags as schemes
    from keras_rnn_zoo.tasks.regression import kept_widths

    if scheme != "own":
        scheme = schemes.scheme_named(scheme)
    text, values = _given(text, file, example)
    run = load_run(name, runs=runs)
    truth = None
    if example is not None:
        inputs, truth, text = _example(run, example, data_dir)
    elif run.codec is None:
        inputs = _as_features(run, text if values is None else values)
    elif values is not None:
        raise ValueError(
            f"`file` must be a text: {run.recipe.name} reads text. "
            f"Received: file={str(file)!r}."
        )
    else:
        inputs = _as_ids(run.codec, text)
    if scheme == "own":
        scheme = run.assets.facts.get(schemes.SCHEME, "BIO")
    task = task_of(run.recipe.task, run.assets.labels)
    answer = task.answer(run.model, run.codec, inputs, scheme, text or "")
    words = run.codec is not None and run.codec.unit == "word"
    true_names = None
    if truth is not None and answer.names is not None:
        true_names = names_in([run.assets.labels[i] for i in truth])
    return PredictResult(
        task=run.recipe.task,
        tokens=() if run.codec is None else tuple(run.codec.split(text)),
        separator=" " if words else "",
        values=inputs if run.codec is None else None,
        labels=run.assets.labels,
        predicted=answer.predicted,
        probabilities=answer.probabilities,
        truth=truth,
        widths=kept_widths(run.assets.facts),
        names=answer.names,
        true_names=true_names,
        tags=answer.tags,
        candidates=answer.candidates,
        alignment=answer.alignment,
    )


def _given(text: Any, file: Any, example: Any) -> tuple[Any, Any]:
    """Return the text, or the numbers, of the one input that is given."""
    if sum(one is not None for one in (text, file, example)) != 1:
        raise ValueError(
            "`text`, `file` or `example` must be given, and only one of them. "
            f"Received: text={text!r}, file={file and str(file)!r}, "
            f"example={example!r}."
        )
    if isinstance(file, str | os.PathLike):
        file = pathlib.Path(file)
        if not file.is_file():
            raise FileNotFoundError(
                f"`file` must be a file. Received: file={str(file)!r}."
            )
        if file.suffix.lower() == ".npy":
            return None, _read_npy(file)
    if file is not None:
        return _read_text(file), None
    if text is not None:
        _check_text("text", text)
    return text, None


def _example(run, example, data_dir):
    """Return input, truth and text of an example of the test data."""
    from keras_rnn_zoo.datasets.inputs import each
    from keras_rnn_zoo.training import fit as fitting

    pipelines = fitting.load_data(run.recipe, data_dir=data_dir)
    _check_same_classes(run, pipelines)
    test = pipelines.raw["test"]
    if not 1 <= example <= len(test):
        raise ValueError(
            f"`example` must be from 1 to {len(test)}. Received: example={example!r}."
        )
    text: Any
    x, y = test[example - 1]
    inputs, truth = each(x, np.asarray), np.asarray(y)
    texts = pipelines.texts or {}
    text = None if run.codec is None else texts["test"][example - 1]
    return inputs, truth, text


def _as_ids(codec, text):
    tokens = codec.split(text)
    if not tokens:
        raise ValueError(f"`text` must not be empty. Received: text={text!r}.")
    _check_length(len(tokens), f"{codec.unit}s")
    return codec.encode(text)


def _check_text(argument, text):
    from keras_rnn_zoo.datasets import limits

    half = limits.surrogate_in(text)
    if half is not None:
        raise ValueError(
            f"`{argument}` must be text. Received: {half!r} at character "
            f"{text.index(half) + 1}, which stands for a byte that is not UTF-8, or "
            "for half of a character."
        )


def _check_length(count, unit):
    from keras_rnn_zoo.datasets import limits

    if count > limits.MAX_STEPS:
        raise ValueError(f"The input is too long: {limits.too_long(count, unit)}")


def _read_text(file):
    """The text of a file or a binary stream, without a byte order mark."""
    from keras_rnn_zoo.datasets import limits

    where = f"file={str(getattr(file, 'name', file))!r}"
    if isinstance(file, pathlib.Path):
        where = f"file={str(file)!r}"
    data = limits.read_bytes(file)
    if len(data) > limits.MAX_BYTES:
        raise ValueError(
            f"`file` must have at most {limits.MAX_BYTES:,} bytes. Received: {where}, "
            "which has more. Give one sequence at a time."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(
            f"`file` must be UTF-8 text. Received: {where}, where byte "
            f"{error.start} in line {line} is none ({error.reason})."
        ) from error


def _read_npy(file):
    """The array of a `.npy` file; what its header promises must be there."""
    try:
        return np.lib.format.open_memmap(file, mode="r")
    except (ValueError, EOFError, OverflowError, TypeError, SyntaxError) as error:
        raise ValueError(
            "`file` must be a whole .npy file of numbers, as numpy.save writes it. "
            f"Received: file={str(file)!r} of {file.stat().st_size:,} bytes ({error})."
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
    if given.size == 0 or given.size % width or given.dtype.kind not in "iufb":
        raise ValueError(
            f"The input must be numbers, a multiple of {width}: this model reads "
            f"{width} a step. Received: {given.size} values of type {given.dtype}."
        )
    if given.ndim != 1 and given.shape[1:] != (width,):
        raise ValueError(
            f"The input must be one sequence, of shape (time, {width}) or flat. "
            f"Received: shape {given.shape}."
        )
    _check_length(given.size // width, "steps")
    with np.errstate(over="ignore"):
        values = given.astype("float32")
    if not np.isfinite(values).all():
        raise ValueError(
            "The input must be finite numbers, at most 3.4e38. Received: "
            f"{int((~np.isfinite(values)).sum())} that are not."
        )
    return values.reshape(-1, width)


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
    if not TASKS[run.recipe.task].continues:
        raise ValueError(
            "`name` must be a language model, such as 'py_chars_lstm'. "
            f"Received: name={name!r}, whose task is {run.recipe.task!r}."
        )
    from keras_rnn_zoo.datasets import limits
    from keras_rnn_zoo.tasks.language_model import continue_text

    _check_text("prompt", prompt)
    _check_length(len(prompt), "characters")
    if isinstance(steps, int) and steps > limits.MAX_WRITTEN:
        raise ValueError(
            f"`steps` must be at most {limits.MAX_WRITTEN:,}. Received: steps={steps}."
        )
    text, ended = continue_text(
        run.model,
        run.codec,
        prompt,
        steps,
        temperature=temperature,
        top_k=top_k,
        seed=seed,
    )
    return GenerateResult(prompt, text, ended)
