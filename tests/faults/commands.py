"""The processes of `repro.sh`, forked from one that has imported all that they need.

So a command costs what it does, and not the import of TensorFlow. Told over one FIFO
the file of a request, answers over another one with the exit code. A request is
strings that end with NUL: the directory, `ulimit -v`, a file for what is printed, what
to run, its arguments after their number, and the environment. To run: `krz`, the
command line; `many`, several command lines, one after the other; or a file.

A line of `many` is `NAME [< FILE] | ARGUMENTS`, the arguments as a shell would read
them. What it printed goes to `NAME.out`, its exit code to `NAME.rc`.
"""

import os
import pathlib
import resource
import runpy
import select
import shlex
import signal
import sys

LIMIT = 1200  # seconds that a command may take


def fork_one(line, place):
    """One line of `many`: returns its words in the child, None in the parent."""
    head, _, arguments = line.partition("|")
    name, _, file = (part.strip() for part in head.partition("<"))
    place.mkdir(parents=True, exist_ok=True)  # if the command before removed it
    os.chdir(place)
    child = os.fork()
    if child == 0:
        redirect(f"{name}.out", file or os.devnull)
        return shlex.split(arguments)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{name}.rc").write_text(f"{code}\n")
    return None


def redirect(out, given=os.devnull):
    handle = os.open(out, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644)
    os.dup2(os.open(given, os.O_RDONLY), 0)
    os.dup2(handle, 1)
    os.dup2(handle, 2)


def become(request):
    """What this process was asked to be; returns what it has to run."""
    place, limit, out, what, count, *rest = request
    arguments, variables = rest[: int(count)], rest[int(count) :]
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(one.split("=", 1) for one in variables)
    os.chdir(place)
    redirect(out)
    if limit != "unlimited":
        size = int(limit) * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    return what, arguments


def run(what, arguments):
    """In the child: ends as a process of that command would."""
    from keras_rnn_zoo import cli

    if what == "many":
        place = pathlib.Path.cwd()
        text = pathlib.Path(arguments[0]).read_text("utf-8", "surrogateescape")
        words = (fork_one(line, place) for line in text.split("\n") if line.strip())
        arguments = next((one for one in words if one is not None), None)
        if arguments is None:
            return  # all have been run
    if what in ("krz", "many"):
        sys.argv = ["keras-rnn-zoo", *arguments]
        cli.main()
    else:
        sys.argv, sys.path[0] = [what, *arguments], os.getcwd()
        runpy.run_path(what, run_name="__main__")


def serve(asks, tells):
    """Answer requests until nobody can ask; returns in the children only."""
    with open(asks) as asks, open(tells, "w") as tells:
        for file in asks:
            parts = pathlib.Path(file.rstrip("\n")).read_bytes().split(b"\0")[:-1]
            child = os.fork()
            if child == 0:
                return become([os.fsdecode(part) for part in parts])
            ended = os.pidfd_open(child)
            if not select.select([ended], [], [], LIMIT)[0]:
                os.killpg(child, signal.SIGKILL)
            os.close(ended)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(code if code >= 0 else 128 - code, file=tells, flush=True)
    sys.exit()


def main():
    import keras  # noqa: F401
    import tensorflow as tf  # noqa: F401
    import tensorflow_datasets  # noqa: F401

    import keras_rnn_zoo.cli
    import keras_rnn_zoo.export
    import keras_rnn_zoo.jobs
    import keras_rnn_zoo.tasks.evaluation
    import keras_rnn_zoo.topologies
    import keras_rnn_zoo.training.fit  # noqa: F401

    run(*serve(*sys.argv[1:]))


if __name__ == "__main__":
    main()
