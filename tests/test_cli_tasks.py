"""What `predict` prints of answers that are neither one class nor tags."""

import io

import numpy as np

from keras_rnn_zoo import jobs
from keras_rnn_zoo.cli import answers, printing


def printed(result):
    console = printing.console(file=io.StringIO(), width=100)
    answers.print_prediction(console, result)
    return console.file.getvalue().splitlines()


def test_symbols_that_are_recalled(tmp_path):
    """The shipped model, on the pause that it has learnt."""
    text = "hgfedcbaab" + 99 * "." + ">" + 10 * "."
    result = jobs.predict("copy_memory_rnn", text, runs=tmp_path)
    reads, writes = printed(result)
    assert reads == f"reads  {text}"
    assert writes == f"writes {110 * '.'}hgfedcbaab"
    result = jobs.predict("copy_memory_rnn", example=3, runs=tmp_path)
    lines = printed(result)
    assert [line.split()[0] for line in lines] == ["reads", "writes", "truth"]
    assert lines[1].split()[1] == lines[2].split()[1]


def test_keys_that_may_sound(tmp_path):
    roll = np.zeros((3, 88), "float32")
    keys = [48, 52, 55, 60]
    roll[0, keys] = roll[1, keys] = 1
    np.save(tmp_path / "chord.npy", roll)
    result = jobs.predict(
        "jsb_chorales_lstm", file=tmp_path / "chord.npy", runs=tmp_path
    )
    assert result.predicted.shape == (3, 88) and result.predicted.dtype == bool
    heading, *steps = printed(result)
    assert heading.split() == "step reads then, with its probability".split()
    assert len(steps) == 3
    names = [result.labels[i] for i in keys]
    for line, p in zip(steps, result.probabilities, strict=True):
        for label, one in zip(result.labels, p, strict=True):
            assert (f"{label} {one:.2f}" in line) == (one > 0.5)
    assert steps[0].split()[1:5] == names
    assert steps[2].split()[1] == "–", "silence"
