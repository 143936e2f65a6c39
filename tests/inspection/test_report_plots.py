"""The pictures: written, of a sensible size, and not empty."""

import importlib.util
import xml.etree.ElementTree

import matplotlib.image
import numpy as np
import pytest

from keras_rnn_zoo.inspection import report_plots
from keras_rnn_zoo.tasks import report


def pixels(path):
    return matplotlib.image.imread(path)[..., :3]


def near(image, colour, tolerance=0.02):
    """Count the pixels of a colour."""
    wanted = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return int((np.abs(image - wanted).max(-1) < tolerance).sum())


def test_tagged_texts_mark_errors_and_only_errors(tmp_path):
    text = "cost = $3\n\tx"
    truth = np.zeros(len(text), int)
    wrong = truth.copy()
    wrong[[2, 9]] = 1  # a letter, and the newline
    images = []
    for predicted in (truth, wrong):
        path = tmp_path / "p.png"
        report_plots.tagged_texts(path, "t", [("h", text, truth, predicted)], "ab")
        images.append(pixels(path))
    assert images[0].shape == images[1].shape
    assert near(images[0], "#ffd5dc") == 0
    assert near(images[1], "#ffd5dc") > 100


def test_letters_that_the_font_lacks_make_an_svg(tmp_path):
    """Boxes say nothing; each character has its place, a Chinese one two columns."""
    text, truth = "李白<a", np.array([1, 1, 0, 0])
    predicted = np.array([1, 0, 0, 1])
    path = tmp_path / "p.png"
    examples = [("h", text, truth, predicted)]
    report_plots.tagged_texts(path, "t", examples, ("O", "B-x"))
    [made] = tmp_path.iterdir()
    assert made.name == "p.svg" and "□" not in made.read_text("utf-8")
    svg = xml.etree.ElementTree.parse(made).getroot()
    spelt = {
        one.text: [float(x) for x in one.get("x").split()]
        for one in svg
        if one.tag.endswith("text")
    }
    assert spelt["李"] == [20] and spelt["白<"] == [36, 52] and spelt["a"] == [60]
    boxes = [
        (float(one.get("x")), float(one.get("width")))
        for one in svg
        if one.get("fill") == "#ffd5dc"
    ]
    assert boxes == [(36, 16), (60, 8)]
    assert spelt["said O, is B-x; said B-x, is O"]
    # What is no letter stays a box, and the picture a PNG.
    examples = [("h", "ab🙂c", truth, predicted)]
    report_plots.tagged_texts(path, "t", examples, ("O", "B-x"))
    assert pixels(path).mean() > 0.6
    wide = [("中" * 99, 0, 0, 0.9), ("a", 0, 1, 0.5)]
    report_plots.classified_texts(path, "t", wide, ["name", "string"])
    assert "…中" in made.read_text("utf-8").replace("</text>", "")


def test_neighbouring_errors_of_one_kind_share_a_remark():
    truth, predicted = np.array([0, 0, 0, 1, 0]), np.array([1, 1, 2, 0, 0])
    wrong = np.flatnonzero(truth != predicted)
    stretches = report_plots._stretches(wrong, truth, predicted)
    assert [[int(i) for i in one] for one in stretches] == [[0, 1], [2], [3]]


def test_classified_texts(tmp_path):
    path = tmp_path / "p.png"
    examples = [("def f(x):\n  ret", 0, 0, 0.9), ("x" * 300, 1, 0, 0.5)]
    report_plots.classified_texts(path, "t", examples, ["name", "string"])
    image = pixels(path)
    assert near(image, "#dff3e8") > 20
    assert near(image, "#ffd5dc") > 20


def test_images(tmp_path, rng):
    path = tmp_path / "p.png"
    examples = [(rng.random((8, 8)), i % 3, 0) for i in range(7)]
    report_plots.images(path, "t", examples, "012", across=4)
    image = pixels(path)
    assert image.shape[1] > 400
    assert near(image, "#e0002b", 0.1) > 50


def test_images_of_any_shape_fit_on_a_page(tmp_path, rng):
    for shape in ((365, 1), (2, 90)):
        examples = [(rng.random(shape), 0, 1)] * 30
        report_plots.images(tmp_path / "i.png", "t", examples, "ab")
        height, width, _ = pixels(tmp_path / "i.png").shape
        assert height < 2 * width, shape
    long, square = [rng.random((365, 1))] * 2, [rng.random((9, 1))] * 2
    assert [one.shape for one in report._as_images(long)] == [(1, 365)] * 2
    assert [one.shape for one in report._as_images(square)] == [(3, 3)] * 2


def test_tags_without_an_outside_are_plain_classes():
    assert report_plots.kinds_of(["B-x", "I-x"]) == ("B-x", "I-x")
    assert report_plots.kinds_of(["O", "B-x", "I-x"]) == ("O", "x", "x")


def test_piano_rolls_show_what_was_not_expected(tmp_path):
    truth = np.zeros((9, 12))
    truth[:, 3] = truth[4, 7] = 1
    images = []
    for unexpected in (0.9, 0.1):
        probabilities = 0.9 * truth
        probabilities[:, 3] = unexpected
        path = tmp_path / "p.png"
        rolls = [("h", truth, probabilities), ("shorter", truth[:5], truth[:5])]
        keys = [f"{'CDEFGA'[i % 6]}{i // 6}" for i in range(12)]
        report_plots.piano_rolls(path, "t", rolls, keys)
        images.append(pixels(path))
    assert images[0].shape == images[1].shape
    assert near(images[1], "#e0002b") > near(images[0], "#e0002b") + 500
    assert near(images[0], "#1a1a1a") > near(images[1], "#1a1a1a") + 500


def test_recalled_texts_mark_wrong_symbols(tmp_path):
    read, truth = "ab" + 96 * "." + "..", 98 * "." + "ab"
    images = []
    for written in (truth, truth[:-1] + "a"):
        path = tmp_path / "p.png"
        report_plots.recalled_texts(path, "t", [("h", read, written, truth)])
        images.append(pixels(path))
    assert images[0].shape == images[1].shape
    assert near(images[0], "#ffd5dc") == 0 < near(images[1], "#ffd5dc")
    assert images[0].shape[1] < 1000, "the pause is not written out"


def test_generated_texts_are_darker_where_they_are_less_expected(tmp_path):
    images = []
    for bits in (0.0, 7.9):
        path = tmp_path / f"{bits}.png"
        report_plots.generated_texts(
            path, "t", [("h", "abc", [bits] * 3)], [("h", "de", "f(x):\n")]
        )
        images.append(pixels(path))
    assert images[1].mean() < images[0].mean() - 0.001


def test_curves(tmp_path):
    path = tmp_path / "c.png"
    history = {"loss": [2.0, 1.0], "accuracy": [0.5, 0.8]}
    history |= {f"val_{key}": values for key, values in history.items()}
    report_plots.curves(
        path, history, 2, "accuracy", test=0.7, baselines=[("majority", 0.4)]
    )
    image = pixels(path)
    assert near(image, "#0072b2", 0.1) > 100
    assert near(image, "#009e73", 0.1) > 20


def test_without_matplotlib_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"keras_rnn_zoo\[plot\]"):
        report_plots.curves(tmp_path / "c.png", {"loss": [1]}, 1, "accuracy")
