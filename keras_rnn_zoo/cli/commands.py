"""The commands, in the order in which `--help` lists them."""

import os
import sys
from typing import Any

import typer
import typer.core

from keras_rnn_zoo import interrupts
from keras_rnn_zoo.cli import answers, cells, errors, files, machine, models, train


class _Commands(typer.core.TyperGroup):
    def make_context(self, *args, **kwargs):
        with errors.shown_usage():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx):
        with errors.shown_usage():
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands,
    name="keras-rnn-zoo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Train, judge, look at and export recurrent networks in Keras 3.",
    pretty_exceptions_enable=False,
)

_NAMED = {
    "train": train.train,
    "list": models.list_models,
    "show": models.show,
    "cells": cells.cells,
    "publish": files.publish,
    "evaluate": answers.evaluate,
    "predict": answers.predict,
    "generate": answers.generate,
    "export": files.export,
    "doctor": machine.doctor,
}
_NATIVE = {
    "build": machine.native_build,
    "status": machine.native_status,
    "clean": machine.native_clean,
}


def _add(commands, to):
    for name, command in commands.items():
        to.command(name)(errors.friendly(command))


_kernels = typer.Typer(no_args_is_help=True)
_add(_NAMED, app)
_add(_NATIVE, _kernels)
app.add_typer(
    _kernels, name="native", help="The C++ kernels for the CPU: compile, look, remove."
)


def main():
    """Run the command line."""
    interrupts.watch()
    # Before TensorFlow is imported, or it is too late.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stream: Any
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not every terminal has every letter
            stream.reconfigure(errors="backslashreplace")
    try:
        interrupts.begin()
        app(prog_name=app.info.name)
    except (KeyboardInterrupt, SystemExit):
        if not interrupts.is_noted():
            raise
        # Before or after a command; while it was read, Typer ends without a word.
        interrupts.honoured()
        errors.say_error(("Stopped.", "red"))
        sys.exit(130)
    finally:
        interrupts.end()
