"""Names of all alphabets, tables over strangers' files, models that were changed."""

import json
import os
import pathlib
import shutil
import unicodedata

import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo
from keras_rnn_zoo import jobs
from keras_rnn_zoo.jobs import cards
from keras_rnn_zoo.jobs.publish import write_table
from keras_rnn_zoo.jobs.train import with_own_data
from keras_rnn_zoo.presets import model_directory
from keras_rnn_zoo.training import fit as fitting
from keras_rnn_zoo.training import recipes

MODELS = pathlib.Path(__file__).parents[2] / "models"

RECIPE = """
title = "made up"
task = "classification"
[data]
name = "file"
[model]
topology = "ManyToOne"
[training]
epochs = 1
"""

# --- Names

STEMS = (
    "données",
    unicodedata.normalize("NFD", "données"),
    "数据",
    "my data (1)",
    "😀",
    "_x",
    "-x",
    "..x",
    "𝔘nicode",
    "ñ\u200b\x7f",
    "İ",
    "x" * 100,
)


@pytest.mark.parametrize("stem", STEMS, ids=ascii)
def test_a_file_and_a_directory_of_any_name_make_a_recipe(stem, tmp_path):
    """The recipe can be read again, TensorFlow takes the name, and so does a path."""
    (tmp_path / stem).mkdir()
    (tmp_path / stem / "recipe.toml").write_text(RECIPE)
    (tmp_path / f"{stem}.csv").touch()
    named = recipes.load(tmp_path / stem)
    for recipe in (named, with_own_data(named, tmp_path / f"{stem}.csv")):
        assert recipes.parse(recipe.to_toml()) == recipe
        assert "/" not in recipe.name and recipe.name not in ("", ".", "..")
        name = fitting.name_for_keras(recipe.name)
        with tf.Graph().as_default(), tf.name_scope(name):
            assert tf.zeros([]).name.isascii()


def test_letters_stay_letters(tmp_path):
    for stem in STEMS[:2]:
        (tmp_path / f"{stem}.csv").touch()
        recipe = with_own_data(recipes.load("digits_gru"), tmp_path / f"{stem}.csv")
        assert recipe.name == "digits_gru_données"
    assert fitting.name_for_keras("digits_gru_données") == "digits_gru_donnees"
    assert fitting.name_for_keras("digits_gru") == "digits_gru"


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "/", "/etc", "../..", "a/b", "a\\b", "~", "-rf", "a b"),
        *("a\nb", "a\x00b", "数据", "_a", "a*", "C:"),
    ],
    ids=ascii,
)
def test_a_recipe_cannot_name_another_directory(name, tmp_path, monkeypatch):
    """A stranger's recipe was a way to have any directory replaced."""
    path = tmp_path / "recipe.toml"
    path.write_text(f"# of a stranger\nname = {json.dumps(name)}\n{RECIPE}")
    message = r"recipe.toml, line 2: `name` must be letters, .*Received: name="
    with pytest.raises(recipes.RecipeError, match=message):
        recipes.load(path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(recipes.RecipeError, match="line 2: `name` must be"):
        jobs.train(str(path))
    with pytest.raises(recipes.RecipeError, match="Received: name="):
        recipes.load("digits_gru").replace(name=name)
    assert [one.name for one in tmp_path.iterdir()] == ["recipe.toml"]


def test_a_recipe_is_named_after_its_directory_however_that_is_said(
    tmp_path, monkeypatch
):
    (tmp_path / "mine" / "x").mkdir(parents=True)
    (tmp_path / "mine" / "recipe.toml").write_text(RECIPE)
    for directory, path in (
        (tmp_path / "mine", "recipe.toml"),
        (tmp_path / "mine" / "x", "../recipe.toml"),
        (tmp_path, "mine/x/../recipe.toml"),
    ):
        monkeypatch.chdir(directory)
        assert recipes.load(path).name == "mine"
    assert recipes.parse(RECIPE, "/recipe.toml").name == "recipe"


def test_a_file_name_that_is_no_text_is_refused_before_there_is_work(tmp_path):
    try:
        path = pathlib.Path(os.fsdecode(os.fsencode(tmp_path) + b"/donn\xe9es.csv"))
        path.touch()
    except (OSError, UnicodeError) as error:
        pytest.skip(f"this system has no such names: {error}")
    with pytest.raises(ValueError, match="`data` must have a path in UTF-8.*Received"):
        jobs.train("digits_gru", data=path)


# --- Tables


@pytest.fixture
def zoo(tmp_path):
    """A directory with one model of ours and neighbours that have other files."""
    directory = tmp_path / "zoo"
    shutil.copytree(MODELS / "digits_gru", directory / "digits_gru")
    for number, text in enumerate(
        ("[]", "null", "{", '{"name": "digits_gru"}', "[" * 100_000, '"\udcff"')
    ):
        (directory / f"other{number}").mkdir()
        for name in ("metadata.json", "figures.json"):
            path = directory / f"other{number}" / name
            path.write_text(text, "utf-8", errors="surrogateescape")
    (directory / "link").mkdir()
    (directory / "link" / "metadata.json").symlink_to("nothing")
    return directory


def test_neighbours_with_files_of_the_same_name_are_no_models(zoo):
    text = cards.table(zoo)
    assert text.count("digits_gru/README.md") == 1 and "other" not in text


TABLE = "# Models\n\n<!-- Made of the metadata.json files; do not edit. -->\n\nold\n"


@pytest.mark.parametrize(
    ("before", "ours"),
    [
        (None, True),
        (TABLE, True),
        ("# My project\n", False),
        ("", False),
        ("# Mine\n\nMade of the metadata.json files; do not edit.\n", False),
        (b"\xff" + TABLE.encode(), False),
        ("link", False),
    ],
)
def test_a_table_is_written_over_a_table_only(zoo, before, ours):
    """`publish` into a directory of a project must leave the project's README."""
    readme = zoo / "README.md"
    if before == "link":
        (zoo / "TARGET").write_text(TABLE)
        readme.symlink_to("TARGET")
    elif before is not None:
        readme.write_bytes(before if isinstance(before, bytes) else before.encode())
    content = readme.read_bytes() if readme.exists() else None
    write_table(zoo)
    if ours:
        assert "[digits_gru](digits_gru/README.md)" in readme.read_text("utf-8")
    else:
        assert readme.read_bytes() == content
    assert readme.is_symlink() == (before == "link")
    assert not list(zoo.glob(".*"))


def test_a_shipped_model_is_not_published_again(tmp_path):
    with pytest.raises(ValueError, match="a run of your own. Received: run=.*shipped"):
        jobs.publish(MODELS / "digits_gru", out=tmp_path / "x", weights=False)


# --- Models that were changed


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(MODELS / "digits_gru", tmp_path / "digits_gru")
    return tmp_path / "digits_gru"


@pytest.mark.parametrize("file", model_directory.VERIFIED_FILES)
def test_a_file_of_another_size_is_not_read_to_know_it(file, copied, monkeypatch):
    expected = (copied / file).stat().st_size
    os.truncate(copied / file, 40 << 30)  # takes no room, but would take the memory

    def read(path):
        raise AssertionError("it was read")

    monkeypatch.setattr(model_directory, "sha256", read)
    monkeypatch.setattr(model_directory, "VERIFIED_FILES", (file,))
    message = rf"{file} must have {expected} bytes\. Received: {40 << 30}\. The file"
    with pytest.raises(ValueError, match=message):
        keras_rnn_zoo.load(copied)


def test_the_sum_of_a_large_file_is_made_in_pieces(tmp_path):
    import tracemalloc

    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 64 << 20)
    tracemalloc.start()
    total = model_directory.sha256(tmp_path / "large")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total[:8] == "3b6a07d0" and peak < 4 << 20


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_not_loaded(copied, value):
    """Even if their sum is the stated one: such a model answers nothing."""
    model = keras_rnn_zoo.load(copied)
    model.weights[1].assign(np.full(model.weights[1].shape, value, "float32"))
    path = copied / "model.weights.h5"
    model.save_weights(path)
    document = json.loads((copied / "metadata.json").read_text("utf-8"))
    about = {"bytes": path.stat().st_size, "sha256": model_directory.sha256(path)}
    document["files"]["model.weights.h5"] = about
    (copied / "metadata.json").write_text(json.dumps(document))
    message = "model.weights.h5 must hold finite numbers. Received: NaN or infinity in "
    with pytest.raises(ValueError, match=message):
        keras_rnn_zoo.load(copied)


@pytest.mark.parametrize("text", ["[]", "null", '{"files": []}', '{"files": {"a": 1}}'])
def test_another_document_is_no_metadata(copied, text):
    (copied / "metadata.json").write_text(text)
    with pytest.raises(ValueError, match=r"metadata.json.* must be .*Received: "):
        keras_rnn_zoo.load(copied)
