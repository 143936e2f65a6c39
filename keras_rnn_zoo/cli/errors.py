"""How a command ends that cannot go on: one message, and an exit code."""

import contextlib
import functools
import os
from typing import Any

import typer
from rich.text import Text

from keras_rnn_zoo import interrupts
from keras_rnn_zoo.cli import printing
from keras_rnn_zoo.terminal import shown, words_of
from keras_rnn_zoo.training import recipes

#: What a command line that cannot be read is said with.
UsageError: Any = typer.BadParameter.__base__


@contextlib.contextmanager
def shown_usage():
    """Make the user's own words in such a message harmless."""
    try:
        yield
    except UsageError as error:
        error.message = shown(error.message)
        raise


def friendly(command):
    """Turn what the user can put right into one message and exit code 2."""

    @functools.wraps(command)
    def run(*args, **kwargs):
        try:
            interrupts.begin()
            command(*args, **kwargs)
        except KeyboardInterrupt as interrupt:
            stopped(str(interrupt) or "No run was changed.")
        except (typer.Exit, typer.Abort, UsageError, BrokenPipeError):
            raise
        except Exception as error:
            if interrupts.is_noted():  # somebody made another error of it
                stopped("")
            if os.environ.get("KERAS_RNN_ZOO_TRACEBACK"):
                raise
            text = shown(words_of(error), keep="\n")
            say_error(("Error:", "bold red"), f" {text}")
            if not isinstance(error, recipes.RecipeError | OSError):
                text = (
                    "With KERAS_RNN_ZOO_TRACEBACK=1 in the environment, it says where "
                    "that was found."
                )
                say_error((text, "dim"))
            raise typer.Exit(2) from None
        if interrupts.is_noted():  # it came too late to stop anything
            interrupts.honoured()
            raise typer.Exit(130)

    return run


def stopped(text):
    """Say that a command was interrupted, and end with its exit code."""
    interrupts.honoured()
    say_error(("Stopped.", "red"), f" {shown(text)}".rstrip())
    raise typer.Exit(130) from None


def say_error(*parts):
    """Print a line on the stream of errors, of `Text.assemble`'s parts."""
    printing.console(stderr=True).print(Text.assemble(*parts), soft_wrap=True)
