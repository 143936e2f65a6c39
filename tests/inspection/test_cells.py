"""The catalogue says what `build` makes and what a step computes."""

import math

import pytest
import tensorflow as tf

from keras_rnn_zoo.inspection import catalogue, libraries
from tests.cases import ONE_EACH


def test_every_unit_is_in_it_with_its_paper_and_its_parameters():
    entries = {entry.name: entry for entry in catalogue(features=3, units=4)}
    cases = [case for case in ONE_EACH if ".blocks." not in case.layer.__module__]
    assert set(entries) == {case.layer.__name__ for case in cases}
    for case in cases:
        entry = entries[case.layer.__name__]
        assert entry.year and entry.equations and "Differs from" in entry.paper
        assert entry.linear == case.cell.linear
        if not case.options:
            sizes = [math.prod(shape) for shape in case.weights.values()]
            assert entry.parameters == sum(sizes), entry.name


@pytest.mark.parametrize("name", ["LSTM", "MGU", "QRNN", "DeltaNet"])
def test_multiply_adds_are_those_of_the_products_of_a_traced_step(name):
    [case] = [case for case in ONE_EACH if case.layer.__name__ == name]
    cell = case.make_cell()
    cell.build((None, 3))

    @tf.function
    def step(x, *states):
        return cell(x, list(states))

    states = [tf.zeros((1, size)) for size in cell.state_sizes]
    graph = step.get_concrete_function(tf.zeros((1, 3)), *states).graph
    counted = sum(
        math.prod(op.inputs[1].shape)
        for op in graph.get_operations()
        if op.type == "MatMul"
    )
    assert catalogue(name, features=3, units=4).multiply_adds == counted > 0


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ValueError, match="`name` must be one of .*LSTM.*'Nothing'"):
        catalogue("Nothing")


def test_what_others_have_names_cells_and_libraries_that_there_are():
    entries = {entry.name: entry for entry in catalogue()}
    assert set(libraries._HAVE) <= set(entries)
    for name, differs in libraries.DIFFERENT.items():
        assert set(differs) <= set(entries[name].also_in), name
        for library, how in differs.items():
            assert f"{library} ({how})" in str(entries[name])
    named = {library for entry in entries.values() for library in entry.also_in}
    assert named == set(libraries.LIBRARIES)
    for name in ("SimpleRNN", "LSTM", "GRU"):
        assert {"Keras", "PyTorch"} <= set(entries[name].also_in)
    of_torchrecurrent = [e for e in entries.values() if "torchrecurrent" in e.also_in]
    assert len(of_torchrecurrent) == 41  # all that it has
    assert "no other library" in str(entries["ExpRNN"])
