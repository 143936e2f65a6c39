"""What a model is to answer on, as people give it: read, or refused in words."""

import functools
import inspect
import io
import time
import types

import numpy as np
import pytest
import typer.testing

from keras_rnn_zoo import cli, jobs
from keras_rnn_zoo.datasets.limits import MAX_STEPS
from keras_rnn_zoo.export import export_saved_model
from keras_rnn_zoo.jobs import answer

DIGIT = np.arange(64.0).reshape(8, 8) / 64
MARK = "\ufeff"


@pytest.fixture(autouse=True, scope="module")
def loaded_once():
    """Shipped models, each loaded once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answer, "load_run", functools.cache(answer.load_run))
        yield


@pytest.fixture
def cli_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")

    def run(*arguments, **options):
        return typer.testing.CliRunner().invoke(cli.app, [*arguments], **options)

    return run


def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path, cli_run):
    sentence = "London is big"
    expected = jobs.predict("wnut17_bilstm_crf", sentence)
    assert expected.labels[expected.predicted[0]] == "B-location"
    path = tmp_path / "a.txt"
    path.write_text(sentence, "utf-8-sig")
    for found in (
        jobs.predict("wnut17_bilstm_crf", file=path),
        jobs.predict("wnut17_bilstm_crf", file=io.BytesIO(path.read_bytes())),
    ):
        assert found.tokens == expected.tokens and found.names == expected.names
    lines = "London\tB-location\nis\tO\nbig\tO\n"
    read = cli_run("predict", "wnut17_bilstm_crf", "-", input=MARK + sentence)
    assert read.stdout == lines, read.output
    read = cli_run("predict", "wnut17_bilstm_crf", "--file", str(path))
    assert read.stdout == lines, read.output
    numbers = MARK + " ".join(map(str, DIGIT.ravel()))
    path.write_text(numbers, "utf-8")
    np.testing.assert_array_equal(jobs.predict("digits_gru", file=path).values, DIGIT)


@pytest.mark.parametrize("scheme", ["bioes", "own"])
def test_tags_in_another_scheme(scheme, cli_run):
    read = cli_run("predict", "wnut17_bilstm_crf", "London is", "--scheme", scheme)
    tag = {"bioes": "S-location", "own": "B-location"}[scheme]
    assert read.stdout == f"London\t{tag}\nis\tO\n", read.output
    with pytest.raises(ValueError, match="finds no names.*'IOB1'.*task tagging"):
        jobs.predict("py_tagger_bilstm", "x = 1", scheme="iob1")
    assert jobs.predict("py_tagger_bilstm", "x", scheme="own").tags == ("name",)


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def header(shape, kind="<f8"):
    content = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}"
    return (
        b"\x93NUMPY\x01\x00"
        + (len(content) + 1).to_bytes(2, "little")
        + (content.encode() + b"\n")
    )


WHOLE = "must be a whole .npy file of numbers.*a.npy"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", f"{WHOLE}' of 0 bytes"),
        (b"PK\3\4x", WHOLE),
        (npy(DIGIT)[:-1], WHOLE),
        (npy(DIGIT)[:40], WHOLE),
        (header((10**12, 8)) + b"x", WHOLE),
        (header((10**30,)), WHOLE),
        (header((-8, 8)) + b"x" * 99, WHOLE),
        (b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535, WHOLE),
        (npy(np.array([{}])), WHOLE),
        (b"\x93NUMPY\x09\x00", WHOLE),
        (npy(np.zeros((4, 2, 8))), r"one sequence, of shape \(time, 8\).*\(4, 2, 8\)"),
        (npy(np.zeros((8, 4, 2))), r"one sequence.*shape \(8, 4, 2\)"),
        (npy(np.zeros((16, 4))), r"one sequence.*shape \(16, 4\)"),
        (npy(np.zeros((8, 8, 1))), r"one sequence.*shape \(8, 8, 1\)"),
        (npy(np.array(1.0)), "a multiple of 8.*1 values"),
        (npy(np.zeros((0, 8))), "a multiple of 8.*0 values"),
        (npy(np.zeros((8, 8), complex)), "64 values of type complex128"),
        (npy(np.full((8, 8), "1")), "64 values of type <U1"),
        (npy(np.full((8, 8), 1e300)), "at most 3.4e38. Received: 64 that are not"),
        (npy(np.full((8, 8), np.nan)), "Received: 64 that are not"),
        (npy(np.zeros((10_001, 8), "int8")), "10,000 steps. Received: 10,001"),
    ],
)
def test_arrays_that_are_none(data, message, tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message):
        jobs.predict("digits_gru", file=path)


@pytest.mark.parametrize(
    "array",
    [DIGIT, DIGIT.ravel(), np.asfortranarray(DIGIT), (DIGIT * 64).astype("uint8")],
)
def test_arrays_that_are_read(array, tmp_path):
    path = tmp_path / "A.NPY"
    path.write_bytes(npy(array))
    found = jobs.predict("digits_gru", file=path)
    np.testing.assert_array_equal(
        found.values, np.asarray(array, "float32").reshape(8, 8)
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("sunspots_gru", "1e300 " * 24, "finite numbers, at most 3.4e38.*24 that"),
        ("sunspots_gru", "1e400 " * 24, "finite numbers.*24 that"),
        ("sunspots_gru", "1 " * 10_001, "too long.*10,000 steps. Received: 10,001"),
        ("wnut17_bilstm_crf", "word " * 10_001, "10,000 words. Received: 10,001"),
        ("py_tagger_bilstm", "x" * 10_001, "10,000 characters. Received: 10,001"),
        ("wnut17_bilstm_crf", "a \udcff", r"must be text. Received: '\\udcff' at.* 3"),
    ],
)
def test_texts_that_no_model_reads(name, text, message):
    with pytest.raises(ValueError, match=message):
        jobs.predict(name, text)


def test_the_limit_is_that_of_exported_models():
    default = inspect.signature(export_saved_model).parameters["max_length"].default
    assert default == MAX_STEPS


def test_files_that_are_too_large_are_refused_at_once(tmp_path, cli_run):
    path = tmp_path / "a.txt"
    with open(path, "wb") as file:
        file.truncate(2**28)
    since = time.monotonic()
    with pytest.raises(ValueError, match="at most 16,777,216 bytes.*a.txt"):
        jobs.predict("wnut17_bilstm_crf", file=path)
    assert time.monotonic() - since < 5
    endless = types.SimpleNamespace(read=lambda size: b"a " * (size // 2 + 1))
    with pytest.raises(ValueError, match="at most 16,777,216 bytes"):
        jobs.predict("wnut17_bilstm_crf", file=endless)
    read = cli_run("predict", "wnut17_bilstm_crf", "-", input=b"caf\xe9 \n")
    assert read.exit_code == 2
    assert "`file` must be UTF-8 text" in read.stderr and "line 1" in read.stderr


def test_what_a_language_model_goes_on_from():
    for prompt, steps, message in (
        ("a\udcff", 3, r"`prompt` must be text. Received: '\\udcff' at character 2"),
        ("a" * 10_001, 3, "too long.*10,000 characters"),
        (
            "a",
            10**11,
            "`steps` must be at most 1,000,000. Received: steps=100000000000",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            jobs.generate("py_chars_lstm", prompt, steps=steps)
