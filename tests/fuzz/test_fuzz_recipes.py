"""Any recipe: what it says, or an error with its file; never anything else."""

import re

import hypothesis
import hypothesis.strategies as st

from keras_rnn_zoo.training import recipes
from tests.fuzz import strategies as given


def check(make, path):
    """A recipe that comes back the same from its own text; None if it is refused."""
    try:
        recipe = make()
    except recipes.RecipeError as error:
        assert str(error).startswith(str(path)), error
        assert error.line is None or error.line >= 1
        return None
    again = recipes.parse(recipe.to_toml(), path, check_files=False)
    assert again == recipe or "nan" in repr(recipe)
    assert re.fullmatch(r"[\w.-]+", recipe.name), repr(recipe.name)
    assert recipe.name.strip(".") and not recipe.name.startswith("-"), recipe.name
    assert "nan" not in repr(recipe.training), recipe.training
    return recipe


@given.examples(250)
@hypothesis.given(text=given.recipe_texts())
@hypothesis.example(text='name = ".."\n' + given.RECIPES["digits_gru"])
@hypothesis.example(
    text=given.RECIPES["digits_gru"].replace("= 0.005", "= 0.005\nwarmup_epochs = inf")
)
def test_a_recipe_or_an_error_with_its_file(text):
    path = "some/where/recipe.toml"
    recipe = check(lambda: recipes.parse(text, path, check_files=False), path)
    if recipe is not None and recipe.training.warmup_epochs is not None:
        assert recipe.training.warmup_epochs < float("inf")


@given.examples(60)
@hypothesis.given(data=st.data())
def test_any_bytes_in_a_recipe_file(tmp_path_factory, data):
    text = given.RECIPES[data.draw(st.sampled_from(sorted(given.RECIPES)))]
    path = tmp_path_factory.getbasetemp() / "recipe.toml"
    path.write_bytes(data.draw(given.mutated_bytes(text.encode())))
    with given.nothing_outside(path.parent):
        check(lambda: recipes.load(str(path)), path)
