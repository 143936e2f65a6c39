"""Which predictions on test data a picture shows, and the pictures of a training."""

import dataclasses
from typing import Any

import numpy as np

from keras_rnn_zoo.tasks.base import Figure


@dataclasses.dataclass(frozen=True)
class Report:
    """What a picture of a trained model is drawn from.

    Attributes:
        model: the model.
        pipelines: the data, `keras_rnn_zoo.datasets.Pipelines`.
        recipe: name, title and seed are read.
        trained: history and best epoch are read.
        evaluation: predictions on the test data.
        figures: the model's figures on the test data, the main one first.
        baselines: figures of other methods.
        samples: what a language model wrote: (heading, prompt, text) each.
        origin: str. Where the figures hold, or "".
    """

    model: Any
    pipelines: Any
    recipe: Any
    trained: Any
    evaluation: Any
    figures: list[Figure]
    baselines: list[Figure]
    samples: list[tuple[str, str, str]]
    origin: str = ""

    @property
    def labels(self):
        """Names of the classes."""
        return self.pipelines.labels

    @property
    def rng(self):
        """A generator that draws the same examples each time."""
        return np.random.default_rng(self.recipe.seed)

    def some_tagged(self):
        """Choose texts to show: heading, text, true and predicted classes each."""
        return _some_tagged(self.pipelines, self.evaluation, self.rng)

    def some_rolls(self):
        """Choose pieces of music to show: heading, truth, probabilities each."""
        return _some_rolls(self.pipelines, self.evaluation, self.rng)

    def surprises(self):
        """Take two test texts and how many bits each of their characters costs."""
        return _surprises(self.pipelines, self.model, self.rng)

    def some_alignments(self, end, most=6):
        """Choose words to show: heading, letters, tokens written, weights each."""
        test, rng, chosen = self.pipelines.raw["test"], self.rng, []
        right, wrong = [], []
        for i in rng.permutation(len(test)):
            written = [int(t) for t in self.evaluation.predictions[i] if t]
            known = [[int(t) for t in row if t] for row in np.atleast_2d(test[i][1])]
            (right if written in known else wrong).append(int(i))
        for i in [*wrong[: most // 2], *right][:most]:
            x, (y, *_) = test[i][0], np.atleast_2d(test[i][1])
            tokens = np.array([t for t in self.evaluation.predictions[i] if t], "int32")
            said, truth = (
                " ".join(self.labels[t] for t in one if t not in (0, end))
                for one in (tokens, y)
            )
            heading = said if i in right else f"{said}\nthe dictionary: {truth}"
            weights = self.model.attention_weights(x[None], tokens[None])[0]
            letters = [self.pipelines.vocabulary[t] for t in x]
            written = [self.labels[t] for t in tokens]
            chosen.append((heading, i in right, letters, written, weights))
        return chosen

    def classified_texts(self, title):
        """Return the title, with what was chosen, and text, truth, answer, p each."""
        pipelines, evaluation = self.pipelines, self.evaluation
        chosen = _wrong_first(pipelines, evaluation, self.rng, most=8, total=28)
        title += f"\n{_selection(chosen, pipelines, evaluation)}"
        return title, [
            (
                _joined(pipelines, i),
                int(pipelines.raw["test"][i][1]),
                int(evaluation.predictions[i]),
                float(evaluation.confidences[i]),
            )
            for i in chosen
        ]

    def classified_values(self, title):
        """Return the title, with what was chosen, and image, truth, answer each."""
        pipelines, evaluation = self.pipelines, self.evaluation
        chosen = _wrong_first(pipelines, evaluation, self.rng, most=24, total=60)
        title += f"\n{_selection(chosen, pipelines, evaluation)}"
        if pipelines.padding is not None:
            title += "; time from left to right, a row a feature, in its standard units"
        shown = _as_images([pipelines.raw["test"][i][0] for i in chosen])
        return title, [
            (
                image,
                int(pipelines.raw["test"][i][1]),
                int(evaluation.predictions[i]),
            )
            for i, image in zip(chosen, shown, strict=True)
        ]


def draw(directory, task, report):
    """Draw `curves.png`, and `predictions.png` or `.svg`, of a training.

    Args:
        directory: where to.
        task: `Task`, which draws the second one.
        report: `Report`.

    Raises:
        ImportError: without matplotlib.
    """
    from keras_rnn_zoo.inspection import report_plots

    main, recipe = report.figures[0], report.recipe
    watched = main.metric
    if watched not in report.trained.history:  # it takes writing, not one call
        watched = recipe.training.monitor.removeprefix("val_")
    report_plots.curves(
        directory / "curves.png",
        report.trained.history,
        report.trained.best_epoch,
        watched,
        test=main.value if watched == main.metric else None,
        baselines=[
            (one.name, one.value)
            for one in report.baselines
            if one.metric == watched and one.value is not None
        ],
        title=f"{recipe.name}: {recipe.title}",
    )
    title = (
        f"{main.name}: {main.metric.replace('_', ' ')} {main.value:.4f} on "
        f"{report.evaluation.num_examples:,} test sequences"
    )
    if report.origin:
        title += f"\n{report.origin}"
    task.draw(directory / "predictions.png", title, report)


def _joined(pipelines, i):
    text = pipelines.texts["test"][i]
    return text if isinstance(text, str) else " ".join(text)


def _as_images(sequences):
    """Make pictures: squares of one column, else time down, or right where long."""
    longest = max(map(len, sequences))
    if min(map(len, sequences)) < longest:
        steps = np.concatenate(sequences)
        mean, deviation = steps.mean(0), np.maximum(steps.std(0), 1e-9)
        pictures = [np.clip((one - mean) / deviation, -2, 2).T for one in sequences]
        return [
            np.pad(one, ((0, 0), (0, longest - one.shape[1])), constant_values=np.nan)
            for one in pictures
        ]
    side = round(longest**0.5)
    if sequences[0].shape[1] == 1 and side * side == longest:
        return [one.reshape(side, side) for one in sequences]
    if longest > 3 * sequences[0].shape[1]:
        return [one.T for one in sequences]  # long: time to the right here as well
    return sequences


def _is_wrong(pipelines, evaluation):
    return [
        bool(predicted != truth)
        for predicted, (_, truth) in zip(
            evaluation.predictions, pipelines.raw["test"], strict=True
        )
    ]


def _wrong_first(pipelines, evaluation, rng, *, most, total):
    """Choose examples to show: up to `most` wrong ones, then right ones, at random."""
    wrong = _is_wrong(pipelines, evaluation)
    order = [int(i) for i in rng.permutation(len(wrong))]
    shown = [i for i in order if wrong[i]][:most]
    return shown + [i for i in order if not wrong[i]][: total - len(shown)]


def _selection(chosen, pipelines, evaluation):
    """Say honestly what is shown."""
    wrong = _is_wrong(pipelines, evaluation)
    shown, total = sum(wrong[i] for i in chosen), sum(wrong)
    if total == 0:
        return "no wrong answer; these were drawn at random"
    which = f"all {total}" if shown == total else f"{shown} of all {total}"
    return f"{which} wrong answers first, then right ones, drawn at random"


def _some_rolls(pipelines, evaluation, rng):
    """Choose pieces to show: two at random, and the one that surprised most."""
    test = pipelines.raw["test"]
    nll = []
    for (_, truth), p in zip(test, evaluation.predictions, strict=True):
        right = np.clip(np.where(truth > 0, p, 1 - p), 1e-7, 1)
        nll.append(-np.log(right).sum(1).mean())
    worst = int(np.argmax(nll))
    others = [int(i) for i in rng.permutation(len(test)) if i != worst]
    chosen = [("drawn at random", i) for i in others[:2]]
    chosen.append(("the one that surprised most", worst))
    return [
        (
            f"Test piece {i + 1} of {len(test)}, {why}: {nll[i]:.2f} nats a step",
            test[i][1],
            evaluation.predictions[i],
        )
        for why, i in chosen
    ]


def _some_tagged(pipelines, evaluation, rng):
    """Choose texts to show: three at random, and the one with most errors.

    Of sentences with the tags of names nine at random, out of those with names.
    """
    test = pipelines.raw["test"]
    errors = [
        int(np.sum(truth != predicted))
        for (_, truth), predicted in zip(test, evaluation.predictions, strict=True)
    ]
    worst = int(np.argmax(errors))
    others = [int(i) for i in rng.permutation(len(test)) if i != worst]
    chosen = [("drawn at random", i) for i in others[:3]]
    from keras_rnn_zoo.inspection import report_plots

    if report_plots.kinds_of(pipelines.labels) != tuple(pipelines.labels):
        outside = pipelines.labels.index("O")
        named = [i for i in others if np.any(test[i][1] != outside)]
        chosen = [("drawn at random of those with names", i) for i in named[:9]]
    chosen.append(("the one with most errors", worst))
    unit = pipelines.codec.unit
    examples = []
    for why, i in chosen:
        heading = (
            f"Test text {i + 1} of {len(test)}, {why}: "
            f"{errors[i]} of {len(test[i][1])} {unit}s wrong"
        )
        tokens = pipelines.codec.split(pipelines.texts["test"][i])
        truth, predicted = test[i][1], evaluation.predictions[i]
        if unit == "word":
            truth, predicted = (
                _per_character(tokens, classes) for classes in (truth, predicted)
            )
        examples.append((heading, _joined(pipelines, i), truth, predicted))
    return examples


def _per_character(words, classes):
    """Give every character the class of its word, spaces the first class."""
    answer = []
    for word, one in zip(words, classes, strict=True):
        answer += [int(one)] * len(word) + [0]
    return np.array(answer[:-1])


def _surprises(pipelines, model, rng):
    from keras_rnn_zoo.tasks.evaluation import bits_of

    test = pipelines.raw["test"]
    chosen = [int(i) for i in rng.permutation(len(test))[:2]]
    answer = []
    costs = bits_of(model, [test[i] for i in chosen])
    for i, bits in zip(chosen, costs, strict=True):
        text = _joined(pipelines, i)
        heading = (
            f"Test text {i + 1} of {len(test)}, drawn at random: the darker, the less "
            f"expected ({bits.mean():.2f} bits per character)"
        )
        answer.append((heading, text, list(bits[: len(text)])))
    return answer
