"""Symbols to be written down again: most steps are silent, and do not count."""

import numpy as np

from keras_rnn_zoo.tasks.language_model import nats_of
from keras_rnn_zoo.tasks.tagging import Tagging


class Recall(Tagging):
    """A class for every step, of which the first, class 0, says that there is none.

    What counts are the steps of the other classes; the loss is over all of them.
    """

    name = "recall"
    words = "a class for every step, of which the last ones count"
    fields = ()
    directions = {"recall_accuracy": "max", "accuracy": "max", "nll": "min"}
    class_weights = False
    ignored_class = 0

    def __init__(self):
        super().__init__()
        self.nats = 0.0

    def metrics(self):
        from keras_rnn_zoo.metrics import TokenAccuracy

        return [
            TokenAccuracy("recall_accuracy", ignore_class=self.ignored_class),
            TokenAccuracy(),
        ]

    def add(self, y, answer):
        self.nats += nats_of(y, answer)
        return super().add(y, answer)

    def result(self):
        recalled = self.table[1:]
        return {
            "recall_accuracy": float(np.trace(recalled, offset=1) / recalled.sum()),
            "accuracy": float(np.trace(self.table) / self.table.sum()),
            "nll": float(self.nats / self.table.sum()),
        }

    def draw(self, path, title, report):
        from keras_rnn_zoo.inspection import report_plots

        examples = [
            (
                heading,
                text,
                "".join(report.labels[i] for i in predicted),
                "".join(report.labels[i] for i in truth),
            )
            for heading, text, truth, predicted in report.some_tagged()
        ]
        report_plots.recalled_texts(path, title, examples)

    def show(self, console, result):
        from keras_rnn_zoo.terminal import shown

        answers = {"reads": result.tokens}
        answers["writes"] = [result.labels[i] for i in result.predicted]
        if result.truth is not None:
            answers["truth"] = [result.labels[i] for i in result.truth]
        for name, symbols in answers.items():
            line = f"{name:<6} {shown(result.separator.join(symbols))}"
            console.print(line, soft_wrap=True)
