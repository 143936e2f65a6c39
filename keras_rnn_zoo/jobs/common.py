"""What the jobs share: who hears of them, and how a figure is told."""

import dataclasses

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
        return figures
    forced = judging.evaluate(
        model,
        recipe.task,
        pipelines.raw["test"],
        labels=pipelines.labels,
        teacher_forced=True,
    )
    return [
        Figure(f"{recipe.name}, {how}", metric, value, note)
        for how, note, one in (
            ("free running", "its own outputs are fed back", evaluation),
            ("teacher-forced", "the true outputs are fed back", forced),
        )
        for metric, value in one.metrics.items()
    ]
