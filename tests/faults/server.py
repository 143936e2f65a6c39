"""Runs commands of the command line in forks of one process that has imported all.

So a command costs what it does, and not the import of TensorFlow. One JSON object a
line on standard input: `argv`, `cwd`, `out` (a file for what it prints), and, where
wanted, `env`, `uid`, `fsize` (the largest file, in bytes). The answers, one a line: the
process number at once, its exit status when it has ended (minus the signal's number).
"""

import ctypes
import json
import os
import resource
import sys
import traceback


def become(user):
    """Another user, who may read all: the interpreter may lie in a private place.

    Writing is refused to him as to anybody.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(8, 1, 0, 0, 0)  # PR_SET_KEEPCAPS
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    read = 1 << 2  # CAP_DAC_READ_SEARCH
    data = (ctypes.c_uint32 * 6)(read, read, 0, 0, 0, 0)
    if libc.capset(head, data):
        raise OSError(ctypes.get_errno(), "capset")


def run(asked):
    """Become what was asked for, run it, and end; nothing of this process goes on."""
    code = 70
    try:
        os.setsid()
        os.chdir(asked["cwd"])
        handle = os.open(asked["out"], os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644)
        null = os.open(os.devnull, os.O_RDONLY)
        for target, source in ((0, null), (1, handle), (2, handle)):
            os.dup2(source, target)
        for key, value in asked.get("env", {}).items():
            os.environ.pop(key, None) if value is None else os.environ.update(
                {key: value}
            )
        if asked.get("uid") is not None:
            become(asked["uid"])
        if asked.get("fsize") is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (asked["fsize"],) * 2)
        from keras_rnn_zoo.cli import app

        try:
            app(asked["argv"], standalone_mode=True)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code or 0)


def main():
    """Import what every command needs, then serve until standard input ends."""
    import keras  # noqa: F401
    import tensorflow as tf  # noqa: F401
    import tensorflow_datasets  # noqa: F401

    import keras_rnn_zoo.export  # noqa: F401
    import keras_rnn_zoo.jobs
    import keras_rnn_zoo.tasks.evaluation
    import keras_rnn_zoo.topologies
    import keras_rnn_zoo.training.fit  # noqa: F401

    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    print(json.dumps("ready"), file=answers)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            run(asked)
        print(child, file=answers)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers)


if __name__ == "__main__":
    main()
