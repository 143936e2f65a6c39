"""What the jobs share: who hears of them, and how a figure is told."""

import dataclasses
import json

import numpy as np

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


def origin(facts):
    """Return where the figures hold: interpreter and corpus, where they matter.

    The corpus's sha256 is shortened; `assets.json` and `metrics.json` have all of it.
    """
    kept = []
    if "interpreter" in facts:
        kept.append(f"interpreter {facts['interpreter']}")
    if "corpus sha256" in facts:
        kept.append(f"corpus sha256 {facts['corpus sha256'][:12]}…")
    return ", ".join(kept)


def interval_widths(facts):
    """Return half the widths of prediction intervals, or None if there are none."""
    if INTERVALS not in facts:
        return None
    return np.array([float(one) for one in facts[INTERVALS].split()])


def figures_of(recipe, model, evaluation, pipelines, intervals=None):
    """Return the figures of the model on the test split, the main one first."""
    from keras_rnn_zoo.training import evaluation as judging

    if recipe.model.topology != "OutputRecurrence":
        figures = [
            Figure(recipe.name, metric, value)
            for metric, value in evaluation.metrics.items()
        ]
        if recipe.task == "regression" and pipelines.num_outputs > 1:
            if INTERVALS not in pipelines.facts:
                pipelines.facts[INTERVALS] = intervals
            widths = interval_widths(pipelines.facts)
            share = judging.coverage(
                evaluation.predictions, pipelines.raw["test"], widths
            )
            note = "share of test values in 90 % intervals from validation errors"
            figures.append(Figure(recipe.name, "coverage", share, note))
        if recipe.task == "tagging" and _are_bio(pipelines.labels):
            found = _span_f1(pipelines, evaluation.predictions)
            figures.append(Figure(recipe.name, "span_f1", found))
        return figures
    forced = judging.evaluate(
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


def write_json(path, document):
    """Write a document for people and programs."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
