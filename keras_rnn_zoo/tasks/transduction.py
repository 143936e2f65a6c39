"""A sequence of another length for a whole sequence, written token by token."""

from typing import Any

import numpy as np

from keras_rnn_zoo.tasks.base import Answer, Figure, Task
from keras_rnn_zoo.tasks.evaluation import evaluate, pad

#: The most tokens that are written, of data whose targets are all shorter.
MOST_WRITTEN = 48
BEAMS = 5


class Transduction(Task):
    """A sequence of another length: what an `EncoderDecoder` writes.

    Of the test data y is `(alternatives, time)`, any of which is right; the nearest one
    counts. Tokens are judged up to the end, which is token 2 of the target, as in the
    data sets of the zoo.
    """

    name = "transduction"
    words = "a sequence of another length"
    answered = "answer.candidates[0]"
    directions = {"wer": "min", "per": "min", "accuracy": "max"}
    per_step = False
    end = 2

    def __init__(self, sampler: Any = "greedy"):
        self.sampler = sampler
        self.pairs = []

    @staticmethod
    def inputs(model, examples):
        source = pad([x for x, _ in examples])
        target = pad([np.atleast_2d(y)[0] for _, y in examples])
        return {"source": source, "target": target}

    def run(self, model, teacher_forced=False):
        if teacher_forced:
            raise ValueError(
                "`teacher_forced` must be False for what is written freely. "
                "Received: teacher_forced=True."
            )
        return lambda x: model.generate(x, MOST_WRITTEN, self.sampler)

    @staticmethod
    def decide(answer):
        """Return the tokens."""
        return answer

    def add(self, y, answer):
        answer = np.asarray(answer, "int32")
        self.pairs.append((np.atleast_2d(y), answer))
        return answer, None

    def result(self):
        from keras_rnn_zoo.metrics import PhoneErrorRate, WordErrorRate

        truth, written = zip(*self.pairs, strict=True)
        most = max(len(one) for one in truth)
        longest = max(one.shape[1] for one in truth)
        y = np.zeros((len(truth), most, longest), "int32")
        for row, one in zip(y, truth, strict=True):
            row[: len(one), : one.shape[1]] = one
        metrics = WordErrorRate(self.end), PhoneErrorRate(self.end)
        for metric in metrics:
            metric.update_state(y, pad(written))
        return {one.name: float(one.result()) for one in metrics}

    def figures(self, name, model, evaluation, pipelines, facts):
        from keras_rnn_zoo.ops import BeamSampler

        wide = Transduction(BeamSampler(BEAMS))
        found = evaluate(model, wide, pipelines.raw["test"], batch_size=256)
        return [
            Figure(f"{name}, {how}", metric, value)
            for how, one in ((f"{BEAMS} beams", found), ("greedy", evaluation))
            for metric, value in one.metrics.items()
        ]

    def baselines(self, pipelines):
        from keras_rnn_zoo.tasks import joint_ngram
        from keras_rnn_zoo.tasks.letter_table import REACHES, LetterTable, align

        pairs = [(x, y[y != self.end]) for x, y in pipelines.raw["train"]]
        sizes = len(pipelines.vocabulary), len(pipelines.labels)
        aligned = list(align(pairs, *sizes))
        ngram, table = joint_ngram.JointNgram(aligned, sizes[0]), LetterTable(aligned)
        words, figures = [x for x, _ in pipelines.raw["test"]], []
        for name, answers, note in (
            (
                "table of neighbours",
                map(table.answer, words),
                f"a token with its neighbours, at most {REACHES[0]} on a side; aligned",
            ),
            (
                "joint n-gram",
                ngram.answers(words),
                "pairs of a token and what it stands for after the "
                f"{ngram.order} before, Kneser-Ney; {ngram.beams} beams",
            ),
        ):
            judge = Transduction()
            for (_, y), answer in zip(pipelines.raw["test"], answers, strict=True):
                judge.add(y, [*answer, self.end])
            figures += [
                Figure(name, metric, value, note)
                for metric, value in judge.result().items()
            ]
        return figures

    def answer(self, model, codec, inputs, scheme="BIO", text=""):
        from keras_rnn_zoo.ops import BeamSampler

        if scheme != "BIO":
            return super().answer(model, codec, inputs, scheme)
        if (unknown := np.flatnonzero(np.asarray(inputs) == 1)).size:
            others = [codec.split(text)[i] for i in unknown]
            raise ValueError(
                "`text` must hold tokens that the model knows: "
                f"{' '.join(codec.tokens[2:])}. Received: {text!r}, with "
                f"{', '.join(map(repr, dict.fromkeys(others)))}."
            )
        sampler = BeamSampler(BEAMS, return_all_beams=True)
        rows, scores = model.generate(inputs, MOST_WRITTEN, sampler, return_scores=True)
        there = np.isfinite(scores)
        rows, scores = rows[there], scores[there]
        said = [tuple(model.target_text(row)) for row in rows]
        alignment = None
        if model.decoder_cell is not None:
            length = len(said[0])
            alignment = model.attention_weights(inputs[None], rows[:1])[0, :length]
        candidates = list(zip(said, map(float, scores), strict=True))
        return Answer(rows[0], None, candidates=candidates, alignment=alignment)

    def draw(self, path, title, report):
        from keras_rnn_zoo.inspection import report_plots

        report_plots.alignments(path, title, report.some_alignments(self.end))

    def show(self, console, result):
        from keras_rnn_zoo.tasks import terminal

        terminal.print_candidates(console, result)
