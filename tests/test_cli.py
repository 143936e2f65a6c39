"""The command line, in processes of its own, as a user runs it."""

import ast
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import typer.testing

from keras_rnn_zoo import inspection
from keras_rnn_zoo.cli import app

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="session")
def cli(tmp_path_factory):
    """Run the command in a directory that the tests share."""
    directory = tmp_path_factory.mktemp("cli")

    def run(*arguments, stdin="", **environment):
        return subprocess.run(
            [sys.executable, "-m", "keras_rnn_zoo", *arguments],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    run.directory = directory
    return run


@pytest.fixture
def here(cli, monkeypatch):
    """Run the command in this process, which is quicker, in the same directory."""
    monkeypatch.chdir(cli.directory)
    return lambda *arguments: typer.testing.CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="session")
def training(cli):
    """The output of one training, for all who look at it."""
    return cli("train", "digits_gru", "--epochs", "2", "--data-dir", "tfds")


def test_train_tells_what_it_does_and_where_everything_is(training, cli):
    assert training.returncode == 0, training.stderr
    out = training.stdout
    assert "krz_digits: 1,151 train, 287 validation, 359 test sequences" in out
    assert re.search(r"Model .*ManyToOne\(cell=GRU, units=64\): [\d,]+ weights", out)
    assert len(re.findall(r"^epoch \d/2 +\d+\.\d s  .*val_accuracy", out, re.M)) == 2
    assert "1-nearest neighbour" in out and "majority" in out
    assert re.search(r"digits_gru +│ +0\.\d{4}", out)
    assert "Loaded again and compared" in out
    for file in ("model.keras", "saved_model", "curves.png", "predictions.png"):
        assert file in out
        assert (cli.directory / "runs" / "digits_gru" / file).exists()
    assert "\r" not in out and "\x1b" not in out, "no bars and no colours in a pipe"
    assert "Traceback" not in training.stderr
    assert "Warning" not in training.stderr


def test_evaluate_repeats_the_figure(training, cli):
    answer = cli("evaluate", "digits_gru", "--data-dir", "tfds")
    assert answer.returncode == 0, answer.stderr
    figure = re.search(r"digits_gru +│ +(0\.\d{4})", training.stdout)[1]
    assert re.search(rf"digits_gru +│ +{figure}", answer.stdout)
    assert "Largest difference from the run's own figures: 0.0e+00" in answer.stdout


def test_predict_shows_the_digit(training, cli):
    arguments = ("predict", "digits_gru", "--example", "3", "--data-dir", "tfds")
    answer = cli(*arguments)
    assert answer.returncode == 0, answer.stderr
    assert "█" in answer.stdout
    assert re.search(r"^The truth: \d$", answer.stdout, re.M)
    numbers = cli("predict", "digits_gru", "-", stdin="0 " * 64)
    assert numbers.returncode == 0, numbers.stderr


def test_export_writes_files_for_serving(training, here, cli):
    answer = here("export", "digits_gru", "--out", "served")
    assert answer.exit_code == 0, answer.output
    assert re.search(r"Written: served, \d+ kB: serving_default, step", answer.output)
    assert re.search(r"largest difference: \d\.\de-\d\d", answer.output)
    assert (cli.directory / "served" / "saved_model.pb").is_file()
    extra = cli.directory / "served" / "assets.extra" / "metadata.json"
    assert '"accuracy"' in extra.read_text() and '"CC BY 4.0"' in extra.read_text()


def test_list_and_show(training, here, monkeypatch):
    figure = re.search(r"digits_gru +│ +(0\.\d{4})", training.stdout)[1]
    monkeypatch.setenv("COLUMNS", "80")
    assert figure in here("list").output
    monkeypatch.setenv("COLUMNS", "100")
    listed = here("list")
    assert listed.exit_code == 0, listed.output
    assert f"accuracy {figure}" in listed.output
    assert "py_tagger_output_recurrence" in listed.output
    shown = here("show", "digits_gru")
    assert 'topology = "ManyToOne"' in shown.output
    assert f"accuracy {figure}" in shown.output
    chars = here("show", "py_chars_lstm").output
    assert "keras-rnn-zoo train py_chars_lstm" in chars
    assert re.search(
        r"^Shipped: bits per character 1\.\d{4} ± 0\.\d{4}; 1,4\d\d kB, Apache-2.0; "
        r"data PSF-2.0$",
        chars,
        re.M,
    )
    assert "0.9740 ± 0.0016" in listed.output


def test_a_shipped_model_answers_without_training(here, tmp_path):
    nowhere = ("--runs", str(tmp_path))
    tagged = here("predict", "py_tagger_bilstm", "if x:  # y", *nowhere)
    assert tagged.output.splitlines()[0] == "keyword\t'if'", tagged.output
    written = here("generate", "--prompt", "def f(", "--seed", "1", *nowhere)
    assert written.output.startswith("def f("), written.output
    exported = here("export", "digits_gru", "--out", str(tmp_path / "e"), *nowhere)
    assert exported.exit_code == 0, exported.output
    assert (tmp_path / "e" / "saved_model.pb").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "digitz_gru"), "Received: name='digitz_gru'"),
        (("train", "bad.toml"), "bad.toml, line 3: unknown key `sead`"),
        (("train", "--units", "many"), "Received: units='many'"),
        (("train", "digits_gru", "--epochs", "0"), "Received: epochs=0"),
        (("train", "digits_gru", "--out", "file"), "which is a file"),
        (("train", "--seed", "1", "--seeds", "1,2"), "seeds='1,2'"),
        (("train", "--seeds", "1,x"), "Received: seeds='1,x'"),
        (
            ("evaluate", "py_charz"),
            "Received: name='py_charz'. Known names: adding_200_gru, ",
        ),
        (("publish", "runs/no", "--seeds-json", "no"), "Received: seeds_json='no'"),
        (("predict", "digits_gru", "--file", "no.txt"), "Received: file='no.txt'"),
        (("export", "digits_gru", "--to", "onyx"), "Received: to='onyx'"),
    ],
)
def test_what_the_user_can_put_right_is_one_message_and_exit_code_2(
    arguments, message, cli, here
):
    (cli.directory / "bad.toml").write_text('title = "x"\ntask = "tagging"\nsead = 1\n')
    (cli.directory / "file").write_text("")
    answer = here(*arguments)
    assert answer.exit_code == 2, answer.output
    assert message in answer.stderr
    assert "Traceback" not in answer.output


def test_an_error_in_a_process_of_its_own(cli):
    answer = cli("train", "nothing")
    assert answer.returncode == 2
    assert answer.stdout == ""
    lines = answer.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("Error: `name` must be one of")


def test_a_traceback_comes_on_request(cli):
    answer = cli("train", "nothing", KERAS_RNN_ZOO_TRACEBACK="1")
    assert answer.returncode == 1
    assert "Traceback" in answer.stderr


def test_doctor(cli):
    answer = cli("doctor")
    assert answer.returncode == 0, answer.stderr
    for word in ("TensorFlow", "XLA", "cuDNN", "C++ compiler", "Recurrent path"):
        assert word in answer.stdout
    assert answer.stderr == ""


def test_native_build_status_clean(here, tmp_path, monkeypatch):
    from keras_rnn_zoo.native import build

    if build.load() is None:
        pytest.skip(f"no native kernels: {build.status().reason}")
    # What this machine has compiled already, in a cache of the test's own.
    library = pathlib.Path(build.status().path)
    cache = tmp_path / "native" / library.parent.name
    shutil.copytree(library.parent, cache)
    monkeypatch.setenv("KERAS_RNN_ZOO_CACHE", str(tmp_path))
    shown = here("native", "status")
    assert shown.exit_code == 0, shown.output
    assert re.search(
        rf"^float32 +{re.escape(str(cache / 'float32.so'))}$", shown.output, re.M
    )
    assert re.search(
        rf"^compiler +{re.escape(build.status().compiler)}: ", shown.output
    )
    assert here("native", "build").output == f"Ready: {cache / 'float32.so'}\n"
    count = len(list(cache.glob("*.so")))
    assert f"Removed {count} compiled librar" in here("native", "clean").output
    assert not cache.exists()
    monkeypatch.setattr(build, "_loaded", {})
    shown = here("native", "status").output
    assert re.search(r"^float32 +none: not compiled yet", shown, re.M)


def test_native_where_it_cannot_be(here, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_RNN_ZOO_CACHE", str(tmp_path))
    monkeypatch.delenv("KERAS_RNN_ZOO_NATIVE", raising=False)
    answer = here("native", "build", "--dtype", "float16")
    assert answer.exit_code == 2 and "Received: dtype='float16'" in answer.stderr
    monkeypatch.setenv("CXX", "no-such-compiler")
    answer = here("native", "build")
    assert answer.exit_code == 2 and "Error: no C++ compiler" in answer.stderr
    assert re.search(r"^compiler +none found$", here("native", "status").output, re.M)
    monkeypatch.setenv("KERAS_RNN_ZOO_NATIVE", "0")
    assert "float32   none: turned off by" in here("native", "status").output


def test_help_lists_the_commands_without_importing_tensorflow(cli):
    code = (
        "import sys\n"
        "sys.argv = ['whatever', '--help']\n"
        "from keras_rnn_zoo import _command\n"
        "try:\n"
        "    _command.main()\n"
        "finally:\n"
        "    print('heavy:', {'tensorflow', 'keras'} & set(sys.modules))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    for command in "train list show evaluate predict generate doctor native".split():
        assert re.search(rf"│ {command} ", answer.stdout), command
    assert "heavy: set()" in answer.stdout


def test_nothing_heavy_is_imported_to_parse_the_command_line():
    heavy = {"keras", "tensorflow", "matplotlib", "tensorflow_datasets"}
    package = ROOT / "keras_rnn_zoo"
    files = ["training/recipes.py", "training/__init__.py"]
    for file in [*files, *package.glob("cli/*.py"), *package.glob("jobs/*.py")]:
        for node in ast.parse((package / file).read_text()).body:
            if isinstance(node, ast.Import):
                imported = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported = {node.module.split(".")[0]}
            else:
                continue
            assert not imported & heavy, (file, ast.unparse(node))


def test_cells_are_listed_and_one_is_shown_with_its_equations(here):
    everything = here("cells", "--features", "3", "--units", "4").output
    assert re.search(r"│ MGU +│ 2016 +│ +64 │", everything)
    assert f"{len(inspection.catalogue())} cells" in everything
    one = here("cells", "mgucell").output
    assert "f_t = σ(x_t W_f + h_{t-1} U_f + b_f)" in one and "Zhou et al." in one
    wrong = here("cells", "MGX")
    assert wrong.exit_code == 2 and "`name` must be one of" in wrong.output
    wrong = here("cells", "--units", "0")
    assert wrong.exit_code == 2 and "`units`" in wrong.output
