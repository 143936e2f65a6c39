"""What every kind of answer has: a loss, figures, a decision, words and a picture."""

import dataclasses
import shlex
from typing import Any, ClassVar, Self

import numpy as np


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
class Answer:
    """What a model says of one input.

    Attributes:
        predicted: class ids: one a step, or one in all; or the values; or, where
            several classes may be true, which of them are: bool `(time, classes)`.
        probabilities: `(…, classes)`, or the values.
        names: see `jobs.PredictResult`.
        tags: see `jobs.PredictResult`.
        candidates: see `jobs.PredictResult`.
        alignment: see `jobs.PredictResult`.
    """

    predicted: np.ndarray
    probabilities: np.ndarray | None
    names: list[tuple[int, int, str]] | None = None
    tags: tuple[str, ...] | None = None
    candidates: list[tuple[tuple[str, ...], float]] | None = None
    alignment: np.ndarray | None = None


class Task:
    """One kind of answer. An instance judges a trained model, example by example.

    Attributes:
        name: str. What recipes call it; a class without is no task of its own.
        words: str. What the model answers, for its card.
        directions: dict of each figure, and of each metric of the training, to "max"
            where more is better, else "min".
        per_step: bool. Whether there is an answer for every step.
        continues: bool. Whether the model can write on what it reads.
        fields: what is learnt from of one's own file, see `datasets.examples`; (): it
            is not learnt from one.
        class_weights: bool. Whether `training.class_weights` makes sense.
        ignored_class: int. A class of which the figures are not to be; None: all count.
        asked: Python that lets a model answer on an example, for the card.
        answered: Python for what of it is worth printing; "": nothing is asked.
        labels: names of the classes, of an instance.
    """

    name: ClassVar[str]
    words: ClassVar[str]
    directions: ClassVar[dict[str, str]] = {}
    per_step: ClassVar[bool] = True
    continues: ClassVar[bool] = False
    fields: ClassVar[tuple[str, ...]] = ()
    class_weights: ClassVar[bool] = False
    ignored_class: ClassVar[int | None] = None
    asked: ClassVar[str] = 'answer = jobs.predict("{name}", {example})'
    answered: ClassVar[str] = ""
    labels: tuple[str, ...] = ()

    @classmethod
    def of(cls, labels: Any) -> Self:
        """Return a new instance for classes of these names."""
        task = cls()
        task.labels = tuple(labels)
        return task

    # --- Training

    @staticmethod
    def loss() -> Any:
        """Return what the training makes small."""
        import keras

        return keras.losses.SparseCategoricalCrossentropy()

    def metrics(self) -> list:
        """Return new Keras metrics, the one the task is judged by first."""
        from keras_rnn_zoo.metrics import TokenAccuracy

        return [TokenAccuracy()]

    @staticmethod
    def inputs(model: Any, examples: Any) -> Any:
        """Return what a direct call of the model reads, of a few examples `(x, y)`."""
        from keras_rnn_zoo.tasks.evaluation import pad, padding_of

        return pad([x for x, _ in examples], padding_of(model))

    # --- Judging

    def run(self, model: Any, teacher_forced: bool = False) -> Any:
        """Return a function of a padded batch that gives what `add` takes, a row each.

        Args:
            model: the model.
            teacher_forced: bool. See `evaluation.forward`.
        """
        from keras_rnn_zoo.tasks.evaluation import forward

        return forward(model, teacher_forced=teacher_forced)

    @staticmethod
    def decide(answer: np.ndarray) -> np.ndarray:
        """Return what a model's output says: class ids, here."""
        return answer.argmax(-1)

    def add(self, y: Any, answer: Any) -> tuple[Any, Any]:
        """Judge one example.

        Args:
            y: array. The truth, without padding.
            answer: float64 array. The model's output for it, without padding.

        Returns:
            `(prediction, confidence)`, as in `Evaluation`; None for what the task does
            not keep.
        """
        raise NotImplementedError

    def result(self) -> dict[str, float]:
        """Return the figures over all examples so far, the main one first."""
        raise NotImplementedError

    def further_facts(self, model: Any, pipelines: Any) -> dict[str, str]:
        """Return what is to be kept with the model, found out on validation data."""
        return {}

    def figures(
        self,
        name: str,
        model: Any,
        evaluation: Any,
        pipelines: Any,
        facts: dict[str, Any],
    ) -> list[Figure]:
        """Return the figures of a model on the test data, the main one first.

        Args:
            name: of the model.
            model: the model.
            evaluation: `Evaluation` on the test data.
            pipelines: the data.
            facts: what was kept with the model.
        """
        return [Figure(name, key, value) for key, value in evaluation.metrics.items()]

    def baselines(self, pipelines: Any) -> list[Figure]:
        """Return figures of simpler methods; of this class: those the data tell of."""
        from keras_rnn_zoo.tasks.baselines import compute

        return [
            Figure(one.name, one.metric, one.value, one.note)
            for one in compute(pipelines, task=self.name)
        ]

    # --- Using

    def answer(
        self, model: Any, codec: Any, inputs: Any, scheme: str = "BIO", text: str = ""
    ) -> Answer:
        """Return what a model says of one input.

        Args:
            model: the model.
            codec: `Codec` of its input, or None.
            inputs: array, one sequence without padding.
            scheme: of the tags of names, where there are.
            text: what was made ids of, if it was text.

        Raises:
            ValueError: if another scheme is asked for where there are no names, or a
                model of several inputs is given one of them.
        """
        from keras_rnn_zoo.layers.core.graphs import graphs_of
        from keras_rnn_zoo.tasks.evaluation import pad

        if scheme != "BIO":
            raise ValueError(
                "`scheme` must be left out for a model that finds no names. Received: "
                f"scheme={scheme!r}, and a model of the task {self.name}."
            )
        declared = graphs_of(model)
        if declared is not None and not isinstance(inputs, dict):
            names = " and ".join(repr(one.name) for one in declared.inputs)
            raise ValueError(
                f"An `example` must be chosen for a model that reads {names}. "
                f"Received: one input, of shape {np.shape(inputs)}."
            )
        probabilities = np.asarray(self.run(model)(pad([inputs])), "float64")[0]
        return Answer(self.decide(probabilities), probabilities)

    def samples(
        self, model: Any, codec: Any, texts: Any, seed: int
    ) -> list[tuple[str, str, str]]:
        """Return what a model that continues wrote: heading, prompt and text each."""
        return []

    @staticmethod
    def start(name: str, example: str = "") -> str:
        """Return the arguments of the command that shows what a model can do."""
        return f"predict {name} " + (shlex.quote(example) if example else "--example 1")

    # --- Showing

    def draw(self, path: Any, title: str, report: Any) -> None:
        """Draw a picture of what a model did on the test data.

        Args:
            path: of the file.
            title: str.
            report: `keras_rnn_zoo.tasks.report.Report`.
        """
        raise NotImplementedError

    def show(self, console: Any, result: Any) -> None:
        """Print an answer.

        Args:
            console: `rich.console.Console`.
            result: `jobs.PredictResult`.
        """
        raise NotImplementedError
