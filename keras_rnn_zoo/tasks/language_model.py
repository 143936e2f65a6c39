"""The next token, at every step: a model that can write."""

import shlex

import numpy as np

from keras_rnn_zoo.tasks.base import Task


class LanguageModel(Task):
    """The next token, at every step."""

    name = "language_model"
    words = "the next token, at every step"
    fields = ("text",)
    asked = 'answer = jobs.generate("{name}", {example}, seed=1)'
    answered = "answer.prompt + answer.text"
    directions = {"bits_per_character": "min", "accuracy": "max"}
    continues = True

    def __init__(self):
        self.nats, self.right, self.total = 0.0, 0, 0

    def metrics(self):
        from keras_rnn_zoo.metrics import BitsPerCharacter, TokenAccuracy

        return [BitsPerCharacter(), TokenAccuracy()]

    def add(self, y, answer):
        self.nats += nats_of(y, answer)
        self.right += int(np.sum(answer.argmax(-1) == y))
        self.total += y.size
        return None, None

    def result(self):
        return {
            "bits_per_character": self.nats / np.log(2) / self.total,
            "accuracy": self.right / self.total,
        }

    def samples(self, model, codec, texts, seed, *, prompt_length=24, steps=240):
        rng = np.random.default_rng(seed)
        samples = []
        for temperature in (1.0, 0.7, 0.4):
            prompt = texts[int(rng.integers(len(texts)))][:prompt_length]
            written, _ = continue_text(
                model, codec, prompt, steps, temperature=temperature, seed=seed
            )
            heading = (
                "Bold: the beginning of a test text. Blue: written by the model, "
                f"temperature {temperature}."
            )
            samples.append((heading, prompt, written))
        return samples

    @staticmethod
    def start(name, example=""):
        return f"generate {name} --prompt {shlex.quote(example)}"

    def draw(self, path, title, report):
        from keras_rnn_zoo.inspection import report_plots

        surprises = report.surprises()
        report_plots.generated_texts(path, title, surprises, report.samples)

    def show(self, console, result):
        from keras_rnn_zoo.terminal import shown

        chosen = result.probabilities[-1].argsort()[::-1][:5]
        console.print("Most probable next characters:")
        for i in chosen:
            label = shown(repr(result.labels[i]))
            console.print(f"{label:<6} {result.probabilities[-1][i]:.4f}")


def continue_text(model, codec, prompt, steps, **arguments):
    """Return what a language model writes after a prompt, and whether it ended.

    It ends where the model writes the token that stands between texts.
    """
    ids = codec.encode(prompt)
    written = np.ravel(model.generate(ids, steps, **arguments))[len(ids) :]
    ended = False
    if codec.boundary is not None:
        ends = np.flatnonzero(written == codec.tokens.index(codec.boundary))
        if len(ends):
            written, ended = written[: ends[0]], True
    return codec.decode(written), ended


def nats_of(y, answer) -> float:
    """Return the sum of -log p of the true classes."""
    p = np.take_along_axis(answer, y[..., None], -1)[..., 0] / answer.sum(-1)
    return -float(np.log(np.maximum(p, 1e-12)).sum())
