"""What the jobs share: who hears of them, and how a figure is told."""

from keras_rnn_zoo.tasks import Figure, task_of

DEFAULT_NAME = "py_tagger_bilstm"
DEFAULT_GENERATOR = "py_chars_lstm"


class Reporter:
    """Hears what a job is doing. This one keeps it to itself; override what matters."""

    def say(self, text: str) -> None:
        """Hear one line for people."""

    def step(self, epoch: int, done: int, steps: int, logs: dict) -> None:
        """Hear that `done` of `steps` batches of an epoch are done."""

    def epoch(self, epoch: int, epochs: int, logs: dict, seconds: float) -> None:
        """Hear that an epoch is over."""


def origin(facts):
    """Return where the figures hold: interpreter and corpus, where they matter.

    The corpus's sha256 is shortened; `assets.json` and `metrics.json` have all of it.
    """
    kept = [interpreter_of(facts)] if "interpreter" in facts else []
    if "corpus sha256" in facts:
        kept.append(f"corpus sha256 {facts['corpus sha256'][:12]}…")
    return ", ".join(kept)


def interpreter_of(facts):
    """Return whose standard library the data are, for a picture, or ""."""
    return f"interpreter {facts['interpreter']}" if "interpreter" in facts else ""


def figures_of(recipe, model, evaluation, pipelines, facts):
    """Return the figures of the model on the test split, the main one first.

    Args:
        recipe: `Recipe`.
        model: the model.
        evaluation: `Evaluation` on the test data.
        pipelines: the data.
        facts: what is kept with the model.
    """
    task = task_of(recipe.task, pipelines.labels)
    if not getattr(model, "can_be_forced", False):
        return task.figures(recipe.name, model, evaluation, pipelines, facts)
    from keras_rnn_zoo.tasks.evaluation import evaluate

    forced = evaluate(model, task, pipelines.raw["test"], teacher_forced=True)
    return [
        Figure(f"{recipe.name}, {how}", metric, value, note)
        for how, note, one in (
            ("free running", "its own outputs are fed back", evaluation),
            ("teacher-forced", "the true outputs are fed back", forced),
        )
        for metric, value in one.metrics.items()
    ]
