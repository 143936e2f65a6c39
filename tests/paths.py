"""How the tests reach each path of a layer, and what they try on few cells only."""

import re

import keras
import numpy as np
import tensorflow as tf

from tests.cases import CASES
from tests.compare import assert_close

# One of each kind: with a kernel and two states; of no kernel; normalised; and without
# a matrix.
KINDS = [
    next(case for case in CASES if case.id == name)
    for name in ("LSTM", "MGU", "LayerNormLSTM", "IndRNN")
]
PLACES = ("eager", "graph", "keras")


def has_kernel(case):
    """Whether `implementation="native"` computes this cell on this machine."""
    try:
        case.make_layer(implementation="native")(np.zeros((1, 1, 3)))
    except ValueError:
        return False
    return True


NATIVE = {case.id for case in KINDS if has_kernel(case)}


def ways(case, compiled=True):
    """All `(implementation, place)` that a cell can take.

    Args:
        case: one of `KINDS`.
        compiled: bool. Whether to try XLA, which costs a second.
    """
    names = ["auto", "loop", "hoisted", "graph"]
    names += ["native"] if case.id in NATIVE else []
    found = [(name, place) for name in names for place in PLACES]
    found = [way for way in found if way != ("auto", "keras") or compiled]
    return [*found, ("xla", "keras")] if compiled else found


def built(case, rng=None, *, like=None, features=3, shape=None, **options):
    """A built layer with drawn weights, or with those of the layer `like`."""
    layer = case.make_layer(**options)
    layer.build(shape or (None, None, features))
    if like is not None:
        layer.set_weights(like.get_weights())
    elif rng is not None:
        layer.set_weights(
            [rng.normal(scale=0.5, size=w.shape) for w in layer.get_weights()]
        )
    return layer


class _Step(keras.Model):
    """A model whose step of training is a function of the data."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def train_step(self, data):
        return self.function(*data)


def at(place, function, *given, specs=None):
    """Calls `function(*given)`.

    Args:
        place: "eager"; "graph", in a `tf.function` of a user's; or "keras", in the step
            of a model's training.
        function: callable that returns a dict of tensors.
        *given: tensors, or tuples of them.
        specs: as `given`, their specs; None where all shapes are known.
    """
    if place == "eager":
        return function(*given)
    if place == "graph":
        names = []

        def listed(*given):
            found = function(*given)
            names[:] = found
            return list(found.values())

        signature = None if specs is None else list(specs)
        values = tf.function(listed, input_signature=signature, autograph=False)(*given)
        return dict(zip(names, values, strict=True))
    model = _Step(function)
    model.compile()
    if specs is None:
        dataset = tf.data.Dataset.from_tensors(given)
    else:
        dataset = tf.data.Dataset.from_generator(
            lambda: iter([given]), output_signature=tuple(specs)
        )
    model.make_train_function()
    return model.train_function(iter(dataset))


def loose(tensor):
    """The spec of a tensor of which only the last dimension is known."""
    return tf.TensorSpec(
        [None] * (len(tensor.shape) - 1) + [tensor.shape[-1]], tensor.dtype
    )


def outcome(function, *arguments, **options):
    """`(result, None)`, or `(None, error)`."""
    try:
        return function(*arguments, **options), None
    except Exception as error:  # whatever it is, a test looks at it
        return None, error


def says(error, *words):
    """Asserts that an error is a ValueError or TypeError in which all words stand."""
    text = str(error)
    missing = [word for word in words if not re.search(word, text)]
    kinds = ValueError | TypeError | NotImplementedError
    assert isinstance(error, kinds) and not missing, f"{type(error).__name__}: {text}"


def all_close(actual, expected, dtype="float32", what="", factor=1.0):
    """`assert_close` for dicts and lists of arrays."""
    if isinstance(expected, dict):
        assert list(actual) == list(expected)
        actual, expected = actual.values(), expected.values()
    for k, (a, b) in enumerate(zip(actual, expected, strict=True)):
        assert_close(a, b, dtype, f"{what} [{k}]", factor)
