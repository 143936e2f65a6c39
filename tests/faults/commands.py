"""Runs several commands of the command line in one process, and keeps what they said.

One line of standard input is one command: `NAME [< FILE] | ARGUMENTS`, the arguments as
a shell would read them. What it printed goes to `NAME.out`, its exit code to `NAME.rc`;
an exception that left the command is printed as a traceback.
"""

import os
import pathlib
import shlex
import sys
import traceback

import typer.testing

from keras_rnn_zoo.cli import app

PLACE = pathlib.Path.cwd()


def run(line):
    PLACE.mkdir(parents=True, exist_ok=True)  # if the command before removed it
    os.chdir(PLACE)
    head, _, arguments = line.partition("|")
    name, _, file = (part.strip() for part in head.partition("<"))
    stdin = pathlib.Path(file).read_bytes() if file else b""
    result = typer.testing.CliRunner().invoke(
        app, shlex.split(arguments), input=stdin, color=True
    )
    text = result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        text += "".join(traceback.format_exception(result.exception))
    PLACE.mkdir(parents=True, exist_ok=True)
    (PLACE / f"{name}.out").write_text(text, "utf-8", "surrogateescape")
    (PLACE / f"{name}.rc").write_text(f"{result.exit_code}\n")


if __name__ == "__main__":
    for one in sys.stdin:
        if one.strip():
            run(one)
