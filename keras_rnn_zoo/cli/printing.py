"""What the commands print on: consoles, and the progress of a training."""

import os
from typing import Any

from rich.console import Console

from keras_rnn_zoo import jobs
from keras_rnn_zoo.terminal import shown

#: What a text of several lines keeps of what is not printable.
LINES = "\n\t"


def console(**options):
    """Return a console that takes every string for what it is: no markup, no emoji.

    What is not ours goes through `shown` before it is printed; styles are `Text`'s.
    """
    made = Console(highlight=False, markup=False, emoji=False, **options)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = 110  # nobody's window: do not fold tables
    return made


class ConsoleReporter(jobs.Reporter):
    """Prints progress: a bar in a terminal, one line an epoch otherwise too."""

    def __init__(self, console):
        self.console = console
        self.bar: Any = None
        self.task: Any = None

    def say(self, text):
        """Print one line."""
        self.console.print(shown(text), soft_wrap=True)

    def step(self, epoch, done, steps, logs):
        """Move the bar; in a pipe do nothing."""
        if not self.console.is_terminal:
            return
        if self.bar is None:
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
            )

            self.bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(compact=True),
                TextColumn("{task.fields[logs]}", style="dim", markup=False),
                console=self.console,
                transient=True,
            )
            self.task = self.bar.add_task("", total=steps, logs="")
            self.bar.start()
        self.bar.update(
            self.task,
            description=f"epoch {epoch:>3}",
            completed=done,
            total=steps,
            logs=_logs(logs),
        )

    def epoch(self, epoch, epochs, logs, seconds):
        """Print one line, and put the bar away."""
        self.close()
        width = len(str(epochs))
        self.console.print(
            f"epoch {epoch:>{width}}/{epochs}  {seconds:5.1f} s  {_logs(logs)}",
            soft_wrap=True,
        )

    def close(self):
        """Remove the bar."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def _logs(logs):
    return "  ".join(f"{shown(key)} {float(value):.4f}" for key, value in logs.items())
