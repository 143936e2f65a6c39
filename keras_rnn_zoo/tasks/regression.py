"""Real values for a whole sequence, with intervals around them."""

import numpy as np

from keras_rnn_zoo.tasks.base import Figure, Task

#: The fact that holds half the widths of a forecaster's prediction intervals.
INTERVALS = "90 % interval, ±"


class Regression(Task):
    """Real values for a whole sequence."""

    name = "regression"
    words = "real values for a whole sequence"
    fields = ("value",)
    directions = {"rmse": "min", "rmse_1_step": "min", "coverage": "max"}
    per_step = False

    def __init__(self):
        self.errors = []

    @staticmethod
    def loss():
        import keras

        return keras.losses.MeanSquaredError()

    def metrics(self):
        import keras

        return [keras.metrics.RootMeanSquaredError(name="rmse")]

    @staticmethod
    def decide(answer):
        """Return the values."""
        return answer

    def add(self, y, answer):
        self.errors.append(answer - y)
        return answer, None

    def result(self):
        errors = np.stack(self.errors)
        figures = {"rmse": float(np.sqrt(np.mean(errors**2)))}
        if errors.shape[1] > 1:
            figures["rmse_1_step"] = float(np.sqrt(np.mean(errors[:, 0] ** 2)))
        return figures

    def further_facts(self, model, pipelines):
        if pipelines.num_outputs == 1:
            return {}
        widths = interval_widths(model, pipelines.raw["validation"])
        return {INTERVALS: " ".join(f"{one:.4g}" for one in widths)}

    def figures(self, name, model, evaluation, pipelines, facts):
        figures = super().figures(name, model, evaluation, pipelines, facts)
        widths = kept_widths(facts)
        if pipelines.num_outputs > 1 and widths is not None:
            share = coverage(evaluation.predictions, pipelines.raw["test"], widths)
            note = "share of test values in 90 % intervals from validation errors"
            figures.append(Figure(name, "coverage", share, note))
        return figures

    def draw(self, path, title, report):
        from keras_rnn_zoo.inspection import report_plots

        examples = [
            (x[:, 0], y, predicted)
            for (x, y), predicted in zip(
                report.pipelines.raw["test"],
                report.evaluation.predictions,
                strict=True,
            )
        ]
        facts = report.pipelines.facts
        widths = np.array(facts.get(INTERVALS, "").split(), "float64")
        unit = facts.get("unit", "")
        report_plots.forecasts(path, title, examples, unit, widths=widths)

    def show(self, console, result):
        from keras_rnn_zoo.terminal import shown

        for i, label in enumerate(result.labels):
            truth = "" if result.truth is None else f"  truth {result.truth[i]:.4f}"
            width = "" if result.widths is None else f" ± {result.widths[i]:.4f}"
            value = f"{result.predicted[i]:.4f}{width}"
            console.print(f"{shown(label):<14} {value}{truth}")
        if result.widths is not None:
            console.print("±: 90 % intervals, from errors on validation data")


def kept_widths(facts):
    """Return half the widths of prediction intervals, or None if there are none."""
    if not facts.get(INTERVALS):
        return None
    return np.array([float(one) for one in facts[INTERVALS].split()])


def interval_widths(model, examples, level=0.9) -> np.ndarray:
    """Return half the width of prediction intervals, one for each value.

    The quantile of the absolute errors on examples that the model was not fitted to
    (split conformal prediction; Vovk et al. 2005): value ± width holds the truth with
    a probability of `level` if the future is like these examples.

    Args:
        model: a regression model.
        examples: list of `(x, y)` NumPy arrays: the validation data.
        level: float in (0, 1).

    Returns:
        `(values,)`, float64.
    """
    from keras_rnn_zoo.tasks.evaluation import evaluate

    found = evaluate(model, Regression.name, examples)
    errors = np.abs(np.stack(found.predictions) - np.stack([y for _, y in examples]))
    rank = min(1.0, np.ceil((len(errors) + 1) * level) / len(errors))
    return np.quantile(errors, rank, axis=0, method="higher")


def coverage(predictions, examples, widths) -> float:
    """Return the share of true values that lie in their prediction intervals."""
    errors = np.abs(np.stack(predictions) - np.stack([y for _, y in examples]))
    return float(np.mean(errors <= widths))
