"""Every public class has what every public class must have: nothing is forgotten."""

import inspect
import pathlib

import keras
import pytest

import keras_rnn_zoo
from keras_rnn_zoo import layers
from tests.cases import CASES, NOT_A_UNIT

UNITS = {
    name: getattr(layers.cells, name)
    for name in layers.cells.__all__
    if issubclass(getattr(layers.cells, name), keras.Layer)
}
# A block that is one step of a recurrence is proven as a cell is.
UNITS.update(
    {
        cls.__name__: cls
        for layer in vars(layers.blocks).values()
        if getattr(layer, "cell_class", None)
        for cls in (layer, layer.cell_class)
    }
)
# Everything else in the shelf helps a unit: initializers and constraints.


def test_every_unit_has_a_row_and_every_row_is_public():
    rows = {cls.__name__ for case in CASES for cls in (case.layer, case.cell)}
    assert rows == set(UNITS)
    assert not set(NOT_A_UNIT) & set(UNITS)


@pytest.mark.parametrize("name", sorted(UNITS))
def test_every_unit_is_registered_and_at_the_top(name):
    assert getattr(keras_rnn_zoo, name) is UNITS[name]
    assert keras.saving.get_registered_name(UNITS[name]) == f"keras_rnn_zoo>{name}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_reference_is_written_from_the_paper_alone(case):
    file = pathlib.Path(inspect.getfile(case.reference))
    assert file.parent.name == "references"
    assert "keras" not in file.read_text()
    assert inspect.getmodule(case.reference).__doc__


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_cell_states_its_paper_and_its_differences(case):
    doc = " ".join(inspect.getdoc(case.cell).split())
    for part in ("Reference:", "Differs from the paper", "Weights:", "Returns:"):
        assert part in doc, part
    assert "When to use it:" in doc
    assert case.cell.__name__ in inspect.getdoc(case.layer)


def test_every_unit_stands_on_the_page_of_papers():
    root = pathlib.Path(__file__).parents[1]
    page = root.joinpath("docs", "pages", "cell_options.md").read_text("utf-8")
    for name in UNITS:
        assert f"`{name}`" in page, name
