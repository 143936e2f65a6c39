"""Recipes: what is read, and how mistakes are reported."""

import dataclasses
import importlib.resources
import inspect
import re

import pytest

from keras_rnn_zoo import topologies
from keras_rnn_zoo.training import recipes

GOOD = """\
# A comment = with an equals sign.
title = "Digits"
task = "classification"

[data]
name = "krz_digits"

[data.options]
view = "rows"

[model]
topology = "ManyToOne"
cell = "GRU"
units = [8, 4]

[training]
epochs = 3
learning_rate = 1
"""


def test_a_recipe_is_read_as_it_is_written():
    recipe = recipes.parse(GOOD, "models/digits/recipe.toml")
    assert recipe.name == "digits"
    assert recipe.task == "classification"
    assert recipe.seed == 1
    assert recipe.data.options == {"view": "rows"}
    assert recipe.model.arguments() == {"cell": "GRU", "units": [8, 4]}
    assert recipe.training.learning_rate == 1.0
    assert isinstance(recipe.training.learning_rate, float)


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_of_the_zoo_is_right_and_round_trips(name):
    recipe = recipes.load(name)
    assert recipe.name == name
    assert recipes.parse(recipe.to_toml(), f"models/{name}/recipe.toml") == recipe


def test_what_is_only_said_is_no_setting():
    recipe = recipes.load("wnut17_bilstm_crf")
    assert recipe.example and recipe.notes and recipe.published
    said = {"title", "notes", "example", "published", "search"}
    assert not {key.partition(".")[0] for key in recipe.settings()} & said
    assert recipe.settings()["model.cell"] == "LSTM"


def test_the_five_recipes_are_there():
    names = recipes.names()
    assert names == sorted(names)
    assert set(names) > {
        "digits_gru",
        "py_chars_lstm",
        "py_cursor_lstm",
        "py_tagger_bilstm",
        "py_tagger_output_recurrence",
    }


@pytest.mark.parametrize("topology", recipes.TOPOLOGY_KEYS)
def test_the_keys_of_a_topology_are_its_arguments(topology):
    arguments = set(inspect.signature(getattr(topologies, topology)).parameters)
    elsewhere = {"num_outputs", "vocabulary_size", "num_features"}
    elsewhere |= {"source_tokens", "target_tokens"}
    elsewhere |= {"seed", "name", "dtype"}
    assert recipes.TOPOLOGY_KEYS[topology] == arguments - elsewhere
    known = {field.name for field in dataclasses.fields(recipes.ModelRecipe)}
    assert recipes.TOPOLOGY_KEYS[topology] <= known


@pytest.mark.parametrize(
    ("old", "new", "key", "line", "message"),
    [
        (
            "units = [8, 4]",
            "unit = 8",
            "model.unit",
            14,
            r"unknown key `model\.unit`\. Did you mean `units`\?",
        ),
        ("title =", "titel =", "titel", 2, r"unknown key `titel`.*mean `title`"),
        ("[training]", "[trainig]", "trainig", 16, "unknown key.*mean `training`"),
        (
            "units = [8, 4]",
            'units = "many"',
            "model.units",
            14,
            r"`model.units` must be an integer or a list of integers\. "
            r"Received: units='many'",
        ),
        ("[8, 4]", "[8, 0]", "model.units", 14, r"positive.*units=\[8, 0\]"),
        ("[8, 4]", "[]", "model.units", 14, r"positive.*units=\[\]"),
        ("[8, 4]", "true", "model.units", 14, "integer.*Received: units=True"),
        ("epochs = 3", "epochs = 0", "training.epochs", 17, "positive.*epochs=0"),
        ("epochs = 3", "epochs = 2.5", "training.epochs", 17, "an integer.*epochs=2.5"),
        (
            "epochs = 3",
            "",
            "training.epochs",
            16,
            r"the key `training.epochs` \(an integer\) is missing",
        ),
        ('name = "krz_digits"', "", "data.name", 5, "`data.name`.*missing"),
        (
            '"classification"',
            '"classify"',
            "task",
            3,
            'must be one of "classification",.* "language_model",.* "polyphony".*'
            "task='classify'.*Did you mean `classification`",
        ),
        (
            '"ManyToOne"',
            '"OutputRecurrence"',
            "model.cell",
            13,
            "`OutputRecurrence` has no `cell`. It takes: activation, ",
        ),
        (
            "learning_rate = 1",
            "learning_rate = -0.5",
            "training.learning_rate",
            18,
            "a positive number.*learning_rate=-0.5",
        ),
        (
            "learning_rate = 1",
            'monitor = "loss"',
            "training.monitor",
            18,
            "validation quantity.*monitor='loss'",
        ),
        (
            'view = "rows"',
            'view = "rows"\n[data.more]',
            "data.more",
            10,
            "unknown key `data.more`",
        ),
        ("[data.options]\nview = ", "options = ", "data.options", 8, "must be a table"),
        (
            "learning_rate = 1",
            'initial_weights = "none.weights.h5"',
            "training.initial_weights",
            18,
            "must name a file that exists.*none.weights.h5",
        ),
        (
            "learning_rate = 1",
            '[published]\nmetric = "accuracy"\nvalue = 1',
            "published",
            18,
            "a table of `metric`, `value` with a point and `source`.*value",
        ),
        (
            'cell = "GRU"',
            "dropout = 1.0",
            "model.dropout",
            13,
            "at least 0, below 1.*dropout=1.0",
        ),
        (
            '[data]\nname = "krz_digits"',
            '[data]\nname = "krz_digits"\nlimit = 0',
            "data.limit",
            7,
            "positive integer.*limit=0",
        ),
    ],
)
def test_a_mistake_is_reported_with_file_key_and_line(old, new, key, line, message):
    assert old in GOOD
    text = GOOD.replace(old, new)
    with pytest.raises(recipes.RecipeError, match=message) as caught:
        recipes.parse(text, "some/recipe.toml")
    assert caught.value.key == key
    assert caught.value.line == line
    assert str(caught.value).startswith(f"some/recipe.toml, line {line}: ")


def test_a_missing_table_has_no_line_and_says_so_plainly():
    text = GOOD[: GOOD.index("[training]")]
    with pytest.raises(recipes.RecipeError, match=r"`training` \(a table\)") as caught:
        recipes.parse(text, "some/recipe.toml")
    assert caught.value.line is None
    assert str(caught.value).startswith("some/recipe.toml: the key")


def test_text_that_is_no_toml_is_reported_with_its_line():
    with pytest.raises(recipes.RecipeError, match="line 2: this is not TOML") as caught:
        recipes.parse('title = "x"\ntask = \n', "r.toml")
    assert caught.value.line == 2


def test_bytes_that_are_no_text_are_reported_with_their_line(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_bytes(b'title = "x"\n# \xff\n')
    with pytest.raises(recipes.RecipeError, match="line 2: the file is not UTF-8"):
        recipes.load(path)


def test_a_name_that_does_not_exist_lists_those_that_do():
    expected = "Received: name='py_tagger_bilstn'.*Did you mean `py_tagger_bilstm`"
    with pytest.raises(FileNotFoundError, match=expected):
        recipes.load("py_tagger_bilstn")
    with pytest.raises(FileNotFoundError, match="Received: name=''"):
        recipes.load("")


@pytest.mark.parametrize(
    ("text", "keys", "line"),
    [
        ("[a]\nb = 1\n[c]\nb = 2\n", ("c", "b"), 4),
        ("b = 1\n[a]\nb = 2\n", ("b",), 1),
        ("a.b = 1\n", ("a", "b"), 1),
        ("x = 0\na = {b = 1}\n", ("a", "b"), 2),
        ('a = """\n[c]\nb = 1\n"""\n[c]\nb = 2\n', ("c", "b"), 6),
        ("# b = 1\n\nb = 2\n", ("b",), 3),
        ("[a.b]\nc = 1\n", ("a", "b", "c"), 2),
        ('"b" = 1\n', ("b",), 1),
        ("[a]\nb = 1\n", ("a", "z"), 1),
        ("b = 1\n", ("z",), None),
    ],
)
def test_line_of(text, keys, line):
    assert recipes.line_of(text, *keys) == line


def test_changes_are_checked_like_a_file():
    recipe = recipes.parse(GOOD, "models/digits/recipe.toml")
    changed = recipe.replace(seed=5, training__epochs=9, model__cell=None)
    assert (changed.seed, changed.training.epochs) == (5, 9)
    assert changed.model == recipe.model
    with pytest.raises(recipes.RecipeError, match="positive.*Received: epochs=0"):
        recipe.replace(training__epochs=0)
    with pytest.raises(recipes.RecipeError, match="unknown key `model.unit`"):
        recipe.replace(model__unit=3)


def test_files_are_looked_for_beside_the_recipe_and_stay_found(tmp_path):
    weights = tmp_path / "start.weights.h5"
    weights.write_bytes(b"")
    path = tmp_path / "recipe.toml"
    path.write_text(GOOD + 'initial_weights = "start.weights.h5"\n')
    recipe = recipes.load(path).replace(seed=2)
    assert recipe.training.initial_weights == str(weights)
    weights.unlink()
    with pytest.raises(recipes.RecipeError, match="line 19.*must name a file"):
        recipes.load(path)
    assert recipes.load(path, check_files=False).seed == 1


def test_an_installed_model_comes_before_that_of_the_checkout(tmp_path, monkeypatch):
    package = tmp_path / "keras_rnn_zoo"
    for place, title in ((package / "_models", "in"), (tmp_path / "models", "out")):
        (place / "digits").mkdir(parents=True)
        text = GOOD.replace('"Digits"', f'"{title}"')
        (place / "digits" / "recipe.toml").write_text(text)
    monkeypatch.setattr(importlib.resources, "files", lambda name: package)
    assert recipes.load("digits").title == "in"
    assert recipes.names() == ["digits"]
    (package / "_models" / "digits" / "recipe.toml").unlink()
    assert recipes.names() == [], "a directory beside the package is a stranger's"
    (tmp_path / "pyproject.toml").touch()
    assert recipes.load("digits").title == "out"


def test_a_directory_with_a_recipe_is_enough(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "recipe.toml").write_text(GOOD)
    assert recipes.load(tmp_path / "mine").name == "mine"
    assert recipes.load(str(tmp_path / "mine" / "recipe.toml")).name == "mine"


def test_texts_with_quotes_and_newlines_survive():
    title = 'a "b"\n\\c \N{SNOWMAN}'
    recipe = recipes.parse(GOOD, "models/digits/recipe.toml")
    recipe = dataclasses.replace(recipe, title=title)
    again = recipes.parse(recipe.to_toml(), "models/digits/recipe.toml")
    assert again.title == title
    assert re.search(r'title = ".*\\n', recipe.to_toml())


@pytest.mark.parametrize(
    "options",
    [
        'a = {"b c" = {"" = [1, {d = "x"}]}}',
        "a = []",
        "a = 2020-01-31\nb = 07:32:00",
        '"a b" = 1',
    ],
)
def test_a_recipe_comes_back_from_its_own_text_with_all_of_its_options(options):
    text = recipes.load("digits_gru").to_toml()
    text = text.replace(
        "[model]", f"[data.options]\n{options}\n\n[model]\ncharacters = {{}}"
    )
    recipe = recipes.parse(text)
    assert recipe.data.options and recipe.model.characters == {}
    assert recipes.parse(recipe.to_toml()) == recipe
