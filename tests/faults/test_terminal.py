"""What a user of the command sees, whatever others have written into the files."""

import dataclasses
import errno
import io
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unicodedata
import zipfile

import numpy as np
import pytest
import tensorflow as tf
import typer.testing
from rich.console import Console

from keras_rnn_zoo import cli, jobs
from keras_rnn_zoo.cli import printing
from keras_rnn_zoo.jobs import models
from keras_rnn_zoo.presets import Assets
from keras_rnn_zoo.terminal import one_line, shown, words_of
from keras_rnn_zoo.training import recipes

ROOT = pathlib.Path(__file__).parents[2]
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
#: What acts on a terminal, hides, is taken for markup or for an emoji, or ends a line.
HOSTILE = (
    *("\x1b]0;owned\x07", "\x1b[2J", "\x9b31m", "\x00\x08\x7f", "over\rwritten"),
    *("\u202eevil\u2066", "\u200bzero\ufeff", "\u2028line\u2029", "\udcff\ud83d"),
    *("[/]", "[bold red]x", "[link=x]y[/link]", ":smile:", "\\[/]", "x\\"),
    *("new\nline", "tab\tulator", "\U000e0041tag", "é ö 漢 👍"),
)


def harmless(text, keep="\n"):
    return [
        one
        for one in text
        if one not in keep
        and unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ] == []


def test_every_character_is_shown_and_none_acts():
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    text = shown(everything)
    assert harmless(text, keep="")
    text.encode("utf-8")
    assert {"é", "\\", "[", "漢", "\xa0"} <= set(text)
    assert shown("\x1b[2J\u202e\udc00\U000e0041\n") == (
        "\\x1b[2J\\u202e\\udc00\\U000e0041\\n"
    )
    assert shown("a\n\tb\r", keep="\n\t") == "a\n\tb\\r"
    assert shown(pathlib.Path("a\x1b")) == "a\\x1b" and shown(3) == "3"


# --- Every command, with hostile text in every field


def figure(text, value=0.5):
    return jobs.Figure(f"n{text}", f"m{text}", value, f"o{text}")


def recipe(text, **changes):
    known = recipes.load("digits_gru")
    return dataclasses.replace(
        known, name=f"r{text}", title=f"t{text}", example=f"e{text}", **changes
    )


def trained(text):
    return jobs.TrainResult(
        directory=pathlib.Path(f"d{text}"),
        recipe=recipe(text, task="language_model"),
        model=[figure(text)],
        baselines=[figure(f"b{text}", None)],
        validation={},
        best_epoch=1,
        parameters=3,
        seconds={"training": 1.0},
        facts={"interpreter": f"i{text}", "corpus sha256": f"s{text}"},
        files={"model.keras": pathlib.Path("x")},
        checks={"model.keras": 0.0},
        text=f"w{text}",
    )


def metadata(text):
    one = {"metric": f"m{text}", "mean": 0.5, "standard_deviation": 0.1}
    files = {"x": {"bytes": 3}}
    licences = {"licence": f"l{text}", "data_licence": f"k{text}"}
    return {"test_over_seeds": [one], "files": files, **licences}


def entry(text, path, problem=""):
    return jobs.ModelEntry(
        recipe(text),
        path,
        pathlib.Path(f"u{text}"),
        figure(text),
        metadata(text),
        problem and f"p{text}",
    )


def prediction(text, task, **more):
    labels = (f"x{text}", f"B-{text}", f"I-{text}")
    common = {"tokens": (f"a{text}", f"z{text}"), "separator": " ", "values": None}
    steps = {"predicted": np.array([1, 2]), "probabilities": np.full((2, 3), 0.9)}
    return jobs.PredictResult(task=task, labels=labels, **common | steps | more)


def predictions(text):
    one = {"predicted": np.array(1), "probabilities": np.array([0.1, 0.8, 0.1])}
    both = np.ones((2, 3), bool)
    names = [(0, 2, text)]
    values = dict.fromkeys(("predicted", "truth", "widths"), np.ones(3))
    yield prediction(text, "regression", **values), "x"
    yield prediction(text, "classification", **one, truth=1), "aBx"
    polyphony = {"values": both, "predicted": both, "truth": both}
    yield prediction(text, "polyphony", **polyphony), "x"
    yield prediction(text, "recall", truth=np.array([0, 1])), "azIBx"
    yield prediction(text, "language_model"), "BIx"
    yield prediction(text, "tagging", truth=np.array([0, 1])), "BI"
    tags = {"tags": (f"B-{text}", f"I-{text}")}
    yield prediction(text, "tagging", names=names, true_names=names, **tags), "az"


class Running:
    """Jobs replaced by one answer each; the command in this process."""

    def __init__(self, monkeypatch, terminal):
        self.monkeypatch = monkeypatch
        monkeypatch.setenv("COLUMNS", "6000")
        self.colours = terminal
        if terminal:
            make = printing.console
            monkeypatch.setattr(
                printing,
                "console",
                lambda **options: make(
                    force_terminal=True, color_system="truecolor", **options
                ),
            )

    def answer(self, job, result):
        def call(*args, **kwargs):
            if "reporter" in kwargs:
                kwargs["reporter"].say(self.text)
            if isinstance(result, BaseException):
                raise result
            return result

        self.monkeypatch.setattr(jobs, job, call)

    def __call__(self, *arguments, text, fields="", code=0, keep="", ours=""):
        """Run a command; check that the text is seen behind each of the letters."""
        answer = typer.testing.CliRunner().invoke(cli.app, list(arguments))
        case = (arguments, text)
        assert answer.exception is None or isinstance(answer.exception, SystemExit), (
            case,
            answer.exception,
        )
        output = answer.stdout + answer.stderr
        assert answer.exit_code == code, (case, output)
        if self.colours:
            output = COLOURS.sub("", output)
        assert harmless(output, "\n" + keep + ours), (case, output)
        spaced = re.sub("[ \t]+", " ", output)
        for letter in fields:
            seen = f"{letter}{text}".rstrip()
            forms = [shown(seen), re.sub("[ \t]+", " ", shown(seen, keep=keep))]
            found = [all(part in spaced for part in one.split("\n")) for one in forms]
            assert any(found), (case, letter, output)
        return output


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_no_command_lets_hostile_text_through(terminal, monkeypatch, tmp_path):
    run = Running(monkeypatch, terminal)
    for text in HOSTILE:
        run.text = text
        check_training(run, text)
        check_looking(run, text, tmp_path)
        check_answers(run, text, terminal)
        check_ends(run, text)


def check_training(run, text):
    result = trained(text)
    run.answer("train", result)
    seen = "dwnmob" + ("i" if "\n" not in text else "")
    run("train", text=text, fields="d" + seen, keep="\n\t")
    run.answer("train_seeds", jobs.SeedsResult(pathlib.Path("P" + text), [result], []))
    spread = [(figure(text), 0.1)]
    seeds = jobs.SeedsResult(pathlib.Path(f"P{text}"), [result], spread)
    run.answer("train_seeds", seeds)
    run("train", "--seeds", "1,2", text=text, fields="Pnmis")
    from keras_rnn_zoo.training.search import Trial

    trial = Trial(1, {f"K{text}": f"V{text}"}, 0.5, 1, 1, False, 1.0)
    found = jobs.SearchResult(pathlib.Path(f"P{text}"), [trial], trial, result)
    run.answer("search", found)
    run("train", "--search", "3", text=text, fields="PKV", keep="\n\t")
    run.answer("publish", pathlib.Path(f"P{text}".replace("\x00", "")))
    run("publish", "x", text=text.replace("\x00", ""), fields="P")
    exported = {"max_difference": 0.0, "num_bytes": 3, "signatures": ("step",)}
    exported = dataclasses.make_dataclass("Exported", ["path", *exported])(
        pathlib.Path(f"P{text}"), *exported.values()
    )
    run.answer("export", exported)
    run("export", text=text, fields="P")


def check_looking(run, text, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_bytes(f"f{text}".encode("utf-8", "replace"))
    run.answer("list_models", [entry(text, path), entry(text, path, "broken")])
    run("list", text=text, fields="rtmlp")
    run.answer("show", entry(text, path, "broken"))
    run("show", text=text, fields="rtmlkup", keep="\n\t")
    readable = text.encode("utf-8", "replace").decode().replace("\r", "\n")
    run("show", text=readable, fields="f", keep="\n\t")
    run.answer("show", dataclasses.replace(entry(text, path), run=None, figure=None))
    run("show", text=text, fields="t", keep="\n\t")
    run.answer("doctor", [jobs.Finding(f"F{text}", f"G{text}", True)])
    run("doctor", text=text, fields="FG")
    names = ["path", "compiler", "version", "cache_dir", "available", "reason"]
    status = dataclasses.make_dataclass("Status", names)
    status = status(*(f"{letter}{text}" for letter in "PCVD"), False, f"R{text}")
    run.answer("native_build", status)
    run("native", "build", text=text, fields="P")
    run.answer("native_status", {"float32": status, "float64": status})
    run("native", "status", text=text, fields="CVDR", keep="\n\t")


def check_answers(run, text, terminal):
    evaluated = jobs.EvaluateResult(
        pathlib.Path(f"d{text}"),
        [figure(text)],
        [],
        [],
        {"interpreter": f"i{text}", "corpus sha256": f"s{text}"},
        True,
    )
    run.answer("evaluate", evaluated)
    run("evaluate", text=text, fields="dnmis")
    for result, fields in predictions(text):
        run.answer("predict", result)
        # Whole texts keep their lines; labels and single words never.
        output = run("predict", text="", keep="\n\t")
        for letter in fields:
            seen = f"{letter}-{text}" if letter in "BI" else f"{letter}{text}"
            if result.task == "language_model":
                seen = repr(seen)[1:-1]
            forms = {shown(seen), re.sub("\t", " ", shown(seen, keep="\n\t"))}
            spaced = re.sub("[ \t]+", " ", output)
            found = [form for form in forms if form.split("\n")[0].strip() in spaced]
            assert found, (result.task, letter, text, output)
    run.answer("generate", jobs.GenerateResult(f"P{text}", f"W{text}", True))
    run("generate", text=text, fields="PW", keep="\n\t")


def check_ends(run, text):
    for error in (ValueError, OSError, KeyError, recipes.RecipeError):
        arguments = (f"E{text}",) if error is not recipes.RecipeError else ("x", text)
        run.answer("doctor", error(*arguments))
        if error is KeyError:
            run("doctor", text="", code=2)
        elif error is recipes.RecipeError:
            run("doctor", text=text, code=2, keep="\n")
        else:
            run("doctor", text=text, fields="E", code=2, keep="\n")
    run.answer("doctor", KeyboardInterrupt(f"I{text}"))
    run("doctor", text=text, fields="I", code=130)
    if "\x00" not in text and "\n" not in text:
        run(f"C{text}", text="", code=2, keep="")
        run("train", "--epochs", text, text="", code=2)
        run("train", f"--E{text}", text="", code=2)


def test_a_bar_is_not_made_of_markup():
    """What a reporter is told while a training runs in a terminal."""
    file = io.StringIO()
    console = printing.console(file=file, force_terminal=True, width=120)
    reporter = printing.ConsoleReporter(console)
    for text in HOSTILE:
        reporter.say(f"S{text}")
        reporter.step(1, 1, 2, {f"[/]{text}": 0.5})
        reporter.bar.refresh()
        reporter.epoch(1, 2, {f"m{text}": 0.5}, 0.1)
    reporter.close()
    output = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue())
    assert harmless(output, "\n\r")
    assert "[/]" in output and "\\x1b]0;owned" in output


def test_nothing_else_prints():
    """In every room, a print is of our own words alone."""
    for path in (ROOT / "keras_rnn_zoo").rglob("*.py"):
        if path.parent.name == "cli" or path.name == "terminal.py":
            continue
        text = path.read_text("utf-8")
        assert "rich" not in re.findall(r"^\s*(?:from|import) (\w+)", text, re.M), path
    # The command's own consoles take no markup, so none can be forgotten.
    console = printing.console(file=io.StringIO(), width=50)
    console.print("[bold]:smile:[/] [/]")
    assert console.file.getvalue() == "[bold]:smile:[/] [/]\n"
    assert isinstance(console, Console)
    files = [*(ROOT / "keras_rnn_zoo" / "cli").glob("*.py")]
    assert files and not [one for one in files if "markup=True" in one.read_text()]
    made = [one.name for one in files if "Console(" in one.read_text()]
    assert made == ["printing.py"]


def test_letters_that_a_terminal_does_not_have_are_written_as_escapes(tmp_path):
    body = "return [jobs.Finding('Zo\\xeb', '\\u6771\\u4eac', True)]"
    done = child(body, tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "Zo\\xeb" in done.stdout and "\\u6771\\u4eac" in done.stdout


def child(body, cwd, **environment):
    """Run the command `doctor` in a process of its own, its job replaced."""
    return subprocess.run(
        [sys.executable, "-c", CHILD.format(body=body)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{cwd}", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


CHILD = """
import sys
sys.argv = ["keras-rnn-zoo", "doctor"]
sys.orig_argv = sys.argv
import keras_rnn_zoo.cli as cli
from keras_rnn_zoo import jobs
import os, signal, time

def stop():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(20)

class Destructor:
    def __del__(self):
        stop()

def doctor():
    {body}
    return []

jobs.doctor = doctor
cli.main()
"""


# --- Errors of libraries


def oom():
    return tf.errors.ResourceExhaustedError(
        None,
        None,
        "Exception encountered when calling LSTM.call().\n\n\x1b[1m{{function_node "
        "__wrapped__Mul}} OOM when allocating tensor with shape[9,9] [Op:Mul] "
        "name: \x1b[0m\n\nArguments received by LSTM.call():\n  • inputs=1",
    )


def inside_fit():
    return tf.errors.InternalError(
        None,
        None,
        "Graph execution error:\n\nDetected at node a/b defined at (most recent call "
        "last):\n<stack traces unavailable>\n  File x\n{{node a/b}} It broke.\n",
    )


def broken_json():
    import json

    try:
        json.loads("{")
    except ValueError as error:
        return error


def broken_text():
    try:
        b"\xff".decode()
    except ValueError as error:
        return error


def key_error():
    try:
        models.METRICS["nothing"]
    except KeyError as error:
        return error


ERRORS = [
    (oom, "more memory than there is. Received: OOM when allocating tensor with shape"),
    (inside_fit, "TensorFlow: It broke."),
    (lambda: MemoryError(), "This needs more memory than there is. Take fewer"),
    (
        lambda: np._core._exceptions._ArrayMemoryError((9**9,), np.dtype("f")),
        "allocate",
    ),
    (lambda: OSError(errno.ENOSPC, "No space", "a/b"), "is full. Received: a/b."),
    (
        lambda: tf.errors.UnknownError(None, None, "a/b; No space left on device"),
        "is full. Received: a/b; No space left on device.",
    ),
    (
        lambda: OSError("Not enough free space to write 12 bytes"),
        "is full. Received: Not enough",
    ),
    (lambda: OSError(errno.EACCES, "Denied", "a/b"), "Denied: 'a/b'"),
    (lambda: zipfile.BadZipFile("File is not a zip file"), "A file must be whole."),
    (lambda: EOFError("No data left in file"), "A file must be whole. Received: No"),
    (lambda: OverflowError("int too large"), "must be smaller"),
    (broken_json, "Expecting property name"),
    (broken_text, "valid Unicode. Received: 'utf-8'"),
    (lambda: RecursionError("maximum recursion depth"), "nested so deeply"),
    (key_error, "KeyError: 'nothing'"),
    (lambda: AttributeError("no attribute 'x'"), "AttributeError: no attribute 'x'"),
    (lambda: AssertionError(), "AssertionError: AssertionError"),
    (lambda: tf.errors.OutOfRangeError(None, None, ""), "TensorFlow: OutOfRangeError"),
]


def test_an_error_of_a_library_is_a_line_and_exit_code_2(monkeypatch):
    run = Running(monkeypatch, terminal=False)
    for make, message in ERRORS:
        error = make()
        run.answer("list_models", error)
        output = run("list", text="", code=2)
        lines = output.splitlines()
        assert lines[0].startswith("Error: ") and message in lines[0], output
        assert len(lines) <= 2, output
    assert one_line(oom()) == "OOM when allocating tensor with shape[9,9]"
    assert "\x1b" not in words_of(oom())
    run.answer("list_models", oom())
    monkeypatch.setenv("KERAS_RNN_ZOO_TRACEBACK", "1")
    with pytest.raises(tf.errors.ResourceExhaustedError):
        typer.testing.CliRunner().invoke(cli.app, ["list"], catch_exceptions=False)


# --- JSON files of ours


FIGURES = [{"name": "x", "metric": "accuracy", "value": 0.5, "note": ""}]
METRICS = {
    "name": "digits_gru",
    "seed": 1,
    "test": FIGURES,
    "baselines": FIGURES,
    "parameters": 3,
    "seconds": {"training": 1.5},
    "data": {"licence": "x"},
    "versions": {"keras": "3"},
    "new in another version": {},
}
ASSETS = {
    "task": "tagging",
    "data": "x",
    "codec": {"tokens": ["", "\ufffd", "a"], "unit": "word"},
    "labels": ["a", "b"],
    "num_features": None,
    "facts": {"licence": "x"},
}
OTHERS = (None, True, 3, "x", [], {}, [1], {"a": 1}, [[]])


def mutants(document):
    """The document with each value replaced by others, or left out."""
    if isinstance(document, dict):
        for key in document:
            yield {k: v for k, v in document.items() if k != key}
            for one in mutants(document[key]):
                yield {**document, key: one}
    elif isinstance(document, list) and document:
        for one in mutants(document[0]):
            yield [one, *document[1:]]
    yield from OTHERS


def read_all(directory):
    """All that the commands take of a run's JSON files."""
    metrics = models.read_metrics(directory)
    [jobs.Figure(**one) for one in metrics["test"] + metrics["baselines"]]
    assert metrics["test"][0]["metric"] + metrics["name"]
    assert metrics["parameters"] + metrics["seconds"]["training"] + metrics["seed"]
    assets = Assets.read(directory)
    assert assets.codec is not None or assets.num_features is not None
    "".join([*assets.labels, assets.task, *assets.facts.values()])
    if assets.codec is not None:
        "".join(assets.codec["tokens"])


@pytest.mark.parametrize("file", ["metrics.json", "assets.json"])
def test_a_wrong_json_file_of_a_run_is_named(file, tmp_path):
    import json

    files = {"metrics.json": METRICS, "assets.json": ASSETS}
    for name, document in files.items():
        (tmp_path / name).write_text(json.dumps(document))
    read_all(tmp_path)
    refused = 0
    raw = [b"", b" ", b"{", b"\xff", b"[" * 100_000, b"9" * 5000, b"nul", b'{"a":1,}']
    made = [json.dumps(one).encode() for one in mutants(files[file])]
    for data in raw + made:
        (tmp_path / file).write_bytes(data)
        try:
            read_all(tmp_path)
        except ValueError as error:
            message = str(error)
            assert message.startswith(f"{tmp_path / file} must be "), data
            assert "Received: " in message and "\n" not in message
            refused += 1
    assert refused > 0.7 * len(raw + made) and refused < len(raw + made)
    (tmp_path / file).write_text('{\n "task": 1,\n x}')
    with pytest.raises(ValueError, match="line 3, column 2"):
        read_all(tmp_path)


def test_one_broken_run_does_not_end_the_list(tmp_path, monkeypatch):
    import json

    monkeypatch.setenv("COLUMNS", "300")
    for name, text in [
        ("digits_gru", ""),
        ("py_chars_lstm", "[]"),
        ("sunspots_gru", json.dumps({**METRICS, "test": []})),
        ("py_cursor_lstm", json.dumps(METRICS)),
    ]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.json").write_text(text)
    (tmp_path / "adding_gru" / "metrics.json").mkdir(parents=True)
    done = typer.testing.CliRunner().invoke(cli.app, ["list", "--runs", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert done.output.count("broken, see below") == 3
    problems = [line for line in done.output.splitlines() if line.startswith("Broken:")]
    assert len(problems) == 3
    assert f"{tmp_path}/digits_gru/metrics.json must be" in problems[0]
    assert "an empty file" in problems[0]
    assert "accuracy 0.5000" in done.output
    arguments = ["show", "py_chars_lstm", "--runs", str(tmp_path)]
    done = typer.testing.CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == 0, done.output
    assert "a JSON document that is an object. Received: []" in done.output


# --- Ctrl-C


SWALLOW = """
import os, signal, time
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(20)
except BaseException:
    pass
"""
CLEANUP = """
    try:
        stop()
    finally:
        time.sleep(0.4)
        print("tidied up")
"""
LIBRARY = """
    global ExtensionFileLoader

    class ExtensionFileLoader:
        def exec_module(self):
            os.kill(os.getpid(), signal.SIGINT)
            print("tidied up")

    ExtensionFileLoader().exec_module()
    time.sleep(20)
"""
ANOTHER = """
    try:
        stop()
    except BaseException as error:
        raise RuntimeError("something else") from error
"""


@pytest.mark.parametrize(
    "body",
    [
        "import swallow; time.sleep(20)",
        "exec(open('swallow.py').read()); time.sleep(20)",
        "Destructor(); time.sleep(20)",
        "exec(open('swallow.py').read())",
        CLEANUP,
        LIBRARY,
        ANOTHER,
    ],
    ids="import callback destructor end cleanup library another".split(),
)
def test_an_interrupt_that_is_swallowed_stops_the_command(body, tmp_path):
    (tmp_path / "swallow.py").write_text(SWALLOW)
    started = time.monotonic()
    done = child(body, tmp_path)
    assert done.returncode == 130, (done.stdout, done.stderr)
    assert time.monotonic() - started < 19
    assert "Traceback" not in done.stderr and "ignored" not in done.stderr
    assert ("tidied up" in done.stdout) == (body in (CLEANUP, LIBRARY))


@pytest.mark.parametrize("method", ["make_context", "invoke"])
def test_an_interrupt_while_the_command_line_is_read_is_said(method, tmp_path):
    """Typer makes a silent exit code of it there."""
    code = CHILD.format(body="pass").replace(
        "cli.main()",
        f"cli.commands._Commands.{method} = lambda *a, **k: stop()\ncli.main()",
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, ""), done.stderr
    assert done.stderr == "Stopped.\n"


@pytest.mark.parametrize("seconds", [0.35, 1.2, 2.5])
def test_an_interrupt_while_tensorflow_is_imported_is_honoured(seconds, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "keras_rnn_zoo.cli", "generate", "--steps", "9000"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    # Before the package is imported at all, Python itself ends by the signal.
    assert process.returncode in (130, -signal.SIGINT), (out, err)
    # It does so too if one was raised, and honoured, within an `eval` of a library.
    if process.returncode == 130 or "Stopped." in err:
        assert err.splitlines()[-1].startswith("Stopped."), err
        assert "Traceback" not in err and out == ""
    else:
        assert err.splitlines()[-1] == "KeyboardInterrupt", err
