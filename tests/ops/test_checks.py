"""Numbers from outside: NumPy's are taken as Python's are, what is none is not."""

import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.ops import checks
from keras_rnn_zoo.training.em import fit_em

NUMBERS = {
    "number": checks.number,
    "number_from": lambda name, value: checks.number_from(name, value, 0),
    "positive_number": checks.positive_number,
    "number_between": lambda name, value: checks.number_between(name, value, 0, 1),
    "fraction": checks.fraction,
    "rate": checks.rate,
    "share": checks.share,
}
INTEGERS = {
    "integer": checks.integer,
    "positive_integer": checks.positive_integer,
    "integer_from": lambda name, value: checks.integer_from(name, value, 1),
}
HALVES = [0.5, np.float16(0.5), np.float32(0.5), np.float64(0.5), np.array(0.5, "f4")]
ONES = [1, np.int8(1), np.int32(1), np.int64(1), np.uint16(1), np.array(1)]
NONE = [
    *(True, np.True_, np.array(True), "1", None, 1j, np.complex64(1)),
    *(np.ones(1), np.ones((1, 1)), [1], tf.constant([1.0])),
]


@pytest.mark.parametrize("check", NUMBERS.values(), ids=NUMBERS)
def test_a_number_of_numpy_is_one(check):
    for value in HALVES:
        found = check("a", value)
        assert type(found) is float and found == 0.5
    for value in NONE:
        with pytest.raises(TypeError, match="`a` must be .*Received: a="):
            check("a", value)


@pytest.mark.parametrize("check", INTEGERS.values(), ids=INTEGERS)
def test_an_integer_of_numpy_is_one(check):
    for value in ONES:
        found = check("a", value)
        assert type(found) is int and found == 1
    for value in [*HALVES, *NONE]:
        with pytest.raises(TypeError, match="`a` must be .*Received: a="):
            check("a", value)


def test_what_asked_for_a_python_number_takes_numpys():
    hmm = zoo.HMM(2, num_symbols=2, seed=1)
    small = np.float32(0.5)
    options = {"tolerance": small, "pseudocount": small, "min_variance": small}
    fit_em(hmm, [np.array([[0, 1]])], epochs=np.int64(1), **options)
    assert zoo.Markov(1, 3, discount=small).get_config()["discount"] == 0.5
    options = {"training_feedback": "scheduled", "sampling_schedule": small}
    layer = zoo.layers.JordanRNN(3, 4, **options)
    assert layer.sampling_schedule(0) == 0.5
    wrapped = zoo.layers.MultiplicativeIntegration(zoo.SimpleRNNCell(2), small)
    made = wrapped.get_config()["alpha_initializer"]
    assert made["config"]["value"] == 0.5
    for value in (np.float32(1), np.float32("nan")):
        with pytest.raises(ValueError, match=r"`discount` must be.*discount=np.float"):
            zoo.Markov(1, 3, discount=value)
