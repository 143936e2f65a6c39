"""The catalogue says what `build` makes and what a step computes."""

import math

import pytest
import tensorflow as tf

from keras_rnn_zoo.inspection import catalogue
from tests.cases import ONE_EACH


def test_every_unit_is_in_it_with_its_paper_and_its_parameters():
    entries = {entry.name: entry for entry in catalogue(features=3, units=4)}
    assert set(entries) == {case.layer.__name__ for case in ONE_EACH}
    for case in ONE_EACH:
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
