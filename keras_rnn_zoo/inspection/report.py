"""Which predictions a training shows, and how: one picture for each kind of task."""

import numpy as np

from keras_rnn_zoo.inspection import report_plots


def draw(
    directory,
    pipelines,
    *,
    recipe,
    trained,
    evaluation,
    figures,
    baselines,
    samples,
    bits_of,
    origin,
):
    """Draw `curves.png` and `predictions.png` of a training.

    Args:
        directory: where to.
        pipelines: the data, `keras_rnn_zoo.datasets.Pipelines`.
        recipe: title, task and seed are read.
        trained: history and best epoch are read.
        evaluation: predictions on the test data.
        figures: the model's figures on the test data, the main one first.
        baselines: figures of other methods.
        samples: what a language model wrote: (heading, prompt, text) each.
        bits_of: function from examples to bits of each token, for language models.
        origin: str. Where the figures hold, or "".

    Raises:
        ImportError: without matplotlib.
    """
    main = figures[0]
    report_plots.curves(
        directory / "curves.png",
        trained.history,
        trained.best_epoch,
        main.metric,
        test=main.value,
        baselines=[
            (one.name, one.value)
            for one in baselines
            if one.metric == main.metric and one.value is not None
        ],
        title=f"{recipe.name}: {recipe.title}",
    )
    title = (
        f"{main.name}: {main.metric.replace('_', ' ')} {main.value:.4f} on "
        f"{evaluation.num_examples:,} test sequences"
    )
    if origin:
        title += f"\n{origin}"
    path = directory / "predictions.png"
    if recipe.task == "regression":
        examples = [
            (x[:, 0], y, predicted)
            for (x, y), predicted in zip(
                pipelines.raw["test"], evaluation.predictions, strict=True
            )
        ]
        widths = pipelines.facts.get("90 % interval, ±", "").split()
        report_plots.forecasts(
            path,
            title,
            examples,
            pipelines.facts.get("unit", ""),
            widths=np.array(widths, "float64"),
        )
        return
    rng = np.random.default_rng(recipe.seed)
    if recipe.task == "language_model":
        surprises = _surprises(pipelines, bits_of, rng)
        report_plots.generated_texts(path, title, surprises, samples)
    elif recipe.task == "polyphony":
        examples = _some_rolls(pipelines, evaluation, rng)
        report_plots.piano_rolls(path, title, examples, pipelines.labels)
    elif recipe.task == "recall":
        examples = _some_tagged(pipelines, evaluation, rng)
        examples = [
            (
                heading,
                text,
                "".join(pipelines.labels[i] for i in predicted),
                "".join(pipelines.labels[i] for i in truth),
            )
            for heading, text, truth, predicted in examples
        ]
        report_plots.recalled_texts(path, title, examples)
    elif recipe.task == "tagging":
        examples = _some_tagged(pipelines, evaluation, rng)
        report_plots.tagged_texts(path, title, examples, pipelines.labels)
    elif pipelines.codec is not None:
        chosen = _wrong_first(pipelines, evaluation, rng, most=8, total=28)
        title += f"\n{_selection(chosen, pipelines, evaluation)}"
        examples = [
            (
                _joined(pipelines, i),
                int(pipelines.raw["test"][i][1]),
                int(evaluation.predictions[i]),
                float(evaluation.confidences[i]),
            )
            for i in chosen
        ]
        report_plots.classified_texts(path, title, examples, pipelines.labels)
    else:
        chosen = _wrong_first(pipelines, evaluation, rng, most=24, total=60)
        title += f"\n{_selection(chosen, pipelines, evaluation)}"
        if pipelines.padding is not None:
            title += "; time from left to right, a row a feature, in its standard units"
        shown = _as_images([pipelines.raw["test"][i][0] for i in chosen])
        examples = [
            (
                image,
                int(pipelines.raw["test"][i][1]),
                int(evaluation.predictions[i]),
            )
            for i, image in zip(chosen, shown, strict=True)
        ]
        report_plots.images(path, title, examples, pipelines.labels)


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


def _surprises(pipelines, bits_of, rng):
    """Take two test texts and how many bits each of their characters costs."""
    test = pipelines.raw["test"]
    chosen = [int(i) for i in rng.permutation(len(test))[:2]]
    answer = []
    for i, bits in zip(chosen, bits_of([test[i] for i in chosen]), strict=True):
        text = _joined(pipelines, i)
        heading = (
            f"Test text {i + 1} of {len(test)}, drawn at random: the darker, the less "
            f"expected ({bits.mean():.2f} bits per character)"
        )
        answer.append((heading, text, list(bits[: len(text)])))
    return answer
