"""Any argument of any constructor: an error that names it, or a config of it."""

import inspect
import json
import zlib

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest

import keras_rnn_zoo as zoo
from keras_rnn_zoo import layers, metrics
from tests.cases import ONE_EACH
from tests.fuzz import strategies as given

#: A value for each argument that some class cannot do without.
VALUES = {
    "units": 4,
    "num_outputs": 3,
    "num_features": 2,
    "window": 2,
    "num_tags": 3,
    "num_states": 3,
    "num_symbols": 4,
    "order": 2,
    "vocabulary_size": 5,
    "max_value": 2.0,
    "low": 0.5,
    "high": 1.0,
    "k": 0.5,
    "tags": ["O", "B-x", "I-x"],
    "length": 3,
    "reach": 1,
    "embedding_dim": 2,
    "characters": {"vocabulary_size": 5, "max_characters": 3},
    "cell": zoo.GRUCell(3),
    "attention": zoo.LuongAttention(),
    "memory_shape": (4, 3),
    "source_tokens": ["", "a", "b"],
    "target_tokens": ["", "<s>", "</s>", "c"],
}
#: What a class needs although its signature does not say so.
FURTHER = {
    "ManyToMany": ("num_features",),
    "ManyToOne": ("num_features",),
    "OutputRecurrence": ("num_features",),
    "WindowClassifier": ("num_features", "window"),
    "HMM": ("num_symbols",),
}
CLASSES = {
    name: cls
    for room in (zoo, layers, metrics)
    for name in getattr(room, "__all__", dir(room))
    if inspect.isclass(cls := getattr(room, name, None))
    and cls.__module__.startswith("keras_rnn_zoo")
    and name not in {"GatedCell", "RecurrentLayer", "RNN", "Bidirectional"}
    and name not in {"StackedRNNCells", "ResetCell", "SamplingSchedule"}
    and name not in {"FastSlow", "ResidualCell", "HighwayCell", "DropConnect"}
    and name not in {"MultiplicativeIntegration", "Nested"}  # these are given cells
    and name
    not in {"BitsPerCharacter", "FrameNLL", "CRFLoss"}  # no arguments of their own
}
#: Arguments that are Keras's alone.
KERAS_OWN = ("name", "dtype", "reduction")


def arguments_of(cls):
    """The names that may be given, without those that Keras itself reads."""
    named = inspect.signature(cls).parameters.values()
    own = [p.name for p in named if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return [name for name in own if name not in KERAS_OWN]


def required_by(cls):
    """What a class cannot do without, by name."""
    named = inspect.signature(cls).parameters.values()
    own = [p for p in named if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    names = [p.name for p in own if p.default is p.empty]
    return {name: VALUES[name] for name in (*names, *FURTHER.get(cls.__name__, ()))}


def names_it(error, arguments):
    """Whether a message names an argument that was given, and says what it was."""
    said = str(error)
    return "eceived" in said and any(name in said for name in arguments)


def comes_back(value):
    """Whether Keras can write a value to a file: not functions, classes and arrays."""
    if isinstance(value, dict | list | tuple):
        inside = value.values() if isinstance(value, dict) else value
        return all(map(comes_back, inside))
    return not callable(value) and not isinstance(value, np.ndarray | np.generic)


def same(one, two):
    """Equal configs, NaN and arrays included."""
    return json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", sorted(CLASSES))
def test_an_error_that_names_the_argument_or_a_config(name):
    cls = CLASSES[name]
    required = required_by(cls)
    possible = arguments_of(cls)

    # Each class gets other examples than its neighbours.
    @hypothesis.seed(zlib.crc32(name.encode()))
    @given.examples(8, cost=20)
    @hypothesis.given(
        drawn=st.dictionaries(
            st.sampled_from(possible), given.argument_values, min_size=1, max_size=2
        )
    )
    def check(drawn):
        big = [v for v in drawn.values() if isinstance(v, int) and abs(v) > 1000]
        hypothesis.assume(not big or "seed" in drawn)
        try:
            made = cls(**{**required, **drawn})
        except (ValueError, TypeError) as error:
            assert names_it(error, drawn), f"{name}({drawn}): {error!r}"
            return
        if not all(map(comes_back, drawn.values())):
            return
        config = made.get_config()
        again = cls.from_config(json.loads(json.dumps(_plain(config))))
        assert same(_plain(config), _plain(again.get_config())), drawn

    check()


def _plain(config):
    """A config as Keras writes it to a file."""
    return keras.saving.serialize_keras_object(config)


@pytest.mark.filterwarnings("default")
@given.examples(15, cost=10)
@hypothesis.given(data=st.data())
def test_a_layer_of_any_accepted_arguments_answers(data):
    """What a constructor takes, the layer can do: shapes, finite numbers."""
    units = {case.layer.__name__: case.layer for case in ONE_EACH}
    name = data.draw(st.sampled_from(sorted(units)))
    cls = units[name]
    drawn = data.draw(
        st.dictionaries(
            st.sampled_from([n for n in arguments_of(cls) if n != "units"]),
            given.argument_values,
            max_size=3,
        )
    )
    try:
        layer = cls(3, **drawn)
    except (ValueError, TypeError):
        return
    x = np.ones((2, 4, 3), "float32")
    try:
        answer = layer(x)
    except (ValueError, TypeError, NotImplementedError, RuntimeError) as error:
        # An array is an initializer to Keras, which knows no name when it does not fit.
        given_as = ["tensor as initializer"]
        named = [n for n in [*drawn, *given_as] if n in str(error)]
        assert named, f"{name}({drawn}): {error!r}"
        return
    outputs = answer[0] if isinstance(answer, list | tuple) else answer
    assert outputs.shape[0] == 2


def test_no_class_is_forgotten():
    for cls in CLASSES.values():
        cls(**required_by(cls))
    assert len(CLASSES) > 35
