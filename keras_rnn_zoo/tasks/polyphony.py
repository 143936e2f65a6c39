"""Several classes at every step or none, each for itself: keys of a piano."""

import numpy as np

from keras_rnn_zoo.tasks.base import Task


class Polyphony(Task):
    """Several classes at every step or none, each for itself: keys of a piano."""

    name = "polyphony"
    words = "a probability for each of several classes, at every step"
    directions = {"nll": "min", "nll_per_sequence": "min"}

    def __init__(self):
        self.frames = []

    @staticmethod
    def loss():
        from keras_rnn_zoo.metrics import frame_nll

        return frame_nll

    def metrics(self):
        from keras_rnn_zoo.metrics import FrameNLL

        return [FrameNLL()]

    @staticmethod
    def decide(answer):
        """Return whether each class is more probable than not."""
        return answer > 0.5

    def add(self, y, answer):
        p = np.clip(answer, 1e-7, 1 - 1e-7)
        self.frames.append(-np.sum(np.log(np.where(y > 0.5, p, 1 - p)), axis=-1))
        return answer, None

    def result(self):
        return {
            "nll": float(np.concatenate(self.frames).mean()),
            "nll_per_sequence": float(np.mean([one.mean() for one in self.frames])),
        }

    def draw(self, path, title, report):
        from keras_rnn_zoo.inspection import report_plots

        report_plots.piano_rolls(path, title, report.some_rolls(), report.labels)

    def show(self, console, result):
        from keras_rnn_zoo.tasks import terminal

        terminal.print_sounds(console, result)
