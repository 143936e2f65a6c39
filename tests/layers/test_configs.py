"""Each argument away from its default survives config, copies, wrappers and files."""

import copy
import inspect
import json

import keras
import numpy as np
import pytest

import keras_rnn_zoo as zoo
from tests.cases import ONE_EACH
from tests.compare import assert_close, randomise
from tests.paths import KINDS, outcome, says

each_unit = pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.id)

# A value of each argument that is not its default.
OTHER = {
    "recurrent_units": 6,
    "max_radius": 0.75,
    "min_radius": 0.25,
    "lower_bound": 0.25,
    "num_heads": 5,
    "step_rank": 3,
    "units": 5,
    "activation": "softsign",
    "output_activation": "softsign",
    "alpha": 0.5,
    "open_ratio": 0.5,
    "leak": 0.25,
    "leaky": 0.25,
    "connectivity": 0.25,
    "recurrent_activation": "hard_sigmoid",
    "use_bias": False,
    "kernel_initializer": "he_normal",
    "recurrent_initializer": "glorot_normal",
    "bias_initializer": "ones",
    "gamma_initializer": "zeros",
    "beta_initializer": "ones",
    "peephole_initializer": "ones",
    "projection_initializer": "ones",
    "kernel_regularizer": "l2",
    "recurrent_regularizer": "l1",
    "bias_regularizer": "l2",
    "activity_regularizer": "l2",
    "projection_regularizer": "l2",
    "kernel_constraint": "non_neg",
    "recurrent_constraint": "non_neg",
    "bias_constraint": "non_neg",
    "projection_constraint": "non_neg",
    "unit_forget_bias": False,
    "reset_after": False,
    "dropout": 0.25,
    "recurrent_dropout": 0.5,
    "seed": 12,
    "zoneout": 0.125,
    "trainable_initial_state": True,
    "return_sequences": True,
    "return_state": True,
    "go_backwards": True,
    "stateful": True,
    "unroll": True,
    "zero_output_for_mask": True,
    "implementation": "graph",
    "truncate": 3,
    "checkpoint": 4,
    "use_cudnn": False,
    "epsilon": 0.25,
    "update": 0.25,
    "projection_units": 3,
    "beta": 0.5,
    "longest": 30,
    "max_length": 30,
    "name": "another_name",
    "dtype": "float64",
    "trainable": False,
}
COMMON = ("name", "dtype", "trainable")


def arguments_of(cls):
    """Names and values of all that a layer takes."""
    parameters = inspect.signature(cls).parameters
    found = {}
    for name, parameter in parameters.items():
        if name in ("args", "kwargs", "cell"):
            continue
        default = parameter.default
        if isinstance(default, bool):
            found[name] = not default
        elif name in OTHER:
            found[name] = OTHER[name]
        elif isinstance(default, int | float):
            found[name] = default + 1
        elif name.endswith("_initializer"):
            found[name] = "ones"
        elif name.endswith("_regularizer"):
            found[name] = "l2"
        elif name.endswith("_constraint"):
            found[name] = "non_neg"
        else:
            raise AssertionError(f"give {name!r} of {cls.__name__} a row in `OTHER`")
    return {**found, **{name: OTHER[name] for name in COMMON}}


def plain(value):
    """An argument as a file would hold it."""
    if callable(getattr(value, "get_config", None)) and not isinstance(value, type):
        value = keras.saving.serialize_keras_object(value)
    elif callable(value):
        value = value.__name__
    return json.loads(json.dumps(value, default=str))


def one_at_a_time(cls):
    """A layer for each argument, with that argument alone away from its default."""
    for name, value in arguments_of(cls).items():
        yield name, cls(**{"units": 4, name: value})


def attribute(layer, name):
    if name == "dtype":
        return layer.dtype_policy.name, layer.cell.dtype_policy.name
    if name == "trainable":
        return layer.trainable, layer.cell.trainable
    return plain(getattr(layer, name))


@each_unit
def test_all_arguments_at_once_come_back(case):
    """But `unroll`, which may contradict others."""
    arguments = {k: v for k, v in arguments_of(case.layer).items() if k != "unroll"}
    default, layer = case.layer(units=4), case.layer(**arguments)
    config = layer.get_config()
    assert arguments.keys() <= config.keys()
    again = case.layer.from_config(json.loads(json.dumps(config)))
    assert again.get_config() == config
    for name in arguments:
        known = attribute(layer, name)
        assert name in COMMON or known != attribute(default, name), name
        assert attribute(again, name) == known, name


def test_each_argument_alone_comes_back():
    """From a config, a copy and a wrapper."""
    for name, layer in one_at_a_time(zoo.LSTM):
        config, known = layer.get_config(), attribute(layer, name)
        for again in (zoo.LSTM.from_config(config), copy.deepcopy(layer)):
            assert attribute(again, name) == known, name
            assert again.get_config() == config, name
        if name in ("return_state", "go_backwards", "name", "zero_output_for_mask"):
            continue  # which Keras's wrapper sets itself
        both = zoo.Bidirectional(layer)
        assert attribute(both.forward_layer, name) == known, name
        assert attribute(both.backward_layer, name) == known or name == "seed", name


@pytest.mark.parametrize("case", KINDS, ids=lambda case: case.id)
def test_all_arguments_at_once_come_through_a_file(case, tmp_path, rng):
    left_out = (
        "go_backwards",
        "return_state",
        "unroll",
        "checkpoint",
        "dtype",
        "trainable",
        "stateful",
    )
    arguments = arguments_of(case.layer)
    arguments = {k: v for k, v in arguments.items() if k not in left_out}
    layer = case.layer(**arguments)
    model = keras.Sequential(
        [keras.Input((None, 3)), zoo.Bidirectional(layer), zoo.RNN(case.make_cell())]
    )
    randomise(model, rng)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = rng.normal(size=(2, 4, 3)).astype("float32")
    assert_close(loaded(x), model(x), factor=10.0)
    for again in (loaded, keras.models.clone_model(model)):
        found = again.layers[0].forward_layer.get_config()
        known = model.layers[0].forward_layer.get_config()
        assert found == known
        for name in arguments:
            assert attribute(again.layers[0].forward_layer, name) == attribute(
                model.layers[0].forward_layer, name
            ), name


def test_arguments_of_the_layer_that_carries_any_cell(tmp_path):
    for name in (
        *("return_sequences", "go_backwards", "stateful", "unroll"),
        *("zero_output_for_mask", "implementation", "truncate", "checkpoint"),
        *("use_cudnn", "return_state"),
    ):
        layer = zoo.RNN(zoo.GRUCell(4), **{name: OTHER[name]})
        again = zoo.RNN.from_config(layer.get_config())
        for one in (again, copy.deepcopy(layer)):
            assert getattr(one, name) == OTHER[name], name


@pytest.mark.parametrize("use_cudnn", [True, False])
def test_use_cudnn_survives(use_cudnn, tmp_path):
    model = keras.Sequential(
        [
            keras.Input((None, 2)),
            zoo.Bidirectional(zoo.GRU(3, return_sequences=True, use_cudnn=use_cudnn)),
            zoo.LSTM(3, use_cudnn=use_cudnn),
        ]
    )
    model.save(tmp_path / "model.keras")
    for again in (
        model,
        keras.models.load_model(tmp_path / "model.keras"),
        keras.models.clone_model(model),
        copy.deepcopy(model),
    ):
        both, layer = again.layers
        for one in (both.forward_layer, both.backward_layer, layer):
            assert one.use_cudnn is use_cudnn


@pytest.mark.parametrize("value", [0, 1, 2])
def test_every_implementation_of_keras_is_taken(value):
    for cls in (zoo.LSTM, zoo.GRU, zoo.SimpleRNN):
        layer = cls(3, implementation=value)
        assert layer.get_config()["implementation"] == value
        assert layer(np.ones((1, 2, 2), "float32")).shape == (1, 3)


# --- Models that changed after they were made

TOKENS = np.arange(1, 7).reshape(2, 3)
MODELS = {
    "ManyToMany": lambda: zoo.ManyToMany(3, units=4, vocabulary_size=9),
    "ManyToOne": lambda: zoo.ManyToOne(3, units=4, vocabulary_size=9),
    "OutputRecurrence": lambda: zoo.OutputRecurrence(3, units=4, vocabulary_size=9),
    "WindowClassifier": lambda: zoo.WindowClassifier(3, window=1, vocabulary_size=9),
}
each_model = pytest.mark.parametrize("name", MODELS)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
@pytest.mark.filterwarnings("ignore:.*they do not support quantization")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=() if n == "ManyToMany" else pytest.mark.slow)
        for n in MODELS
    ],
)
def test_a_quantised_model_comes_back(name, tmp_path):
    model = MODELS[name]()
    model(TOKENS)
    model.quantize("int8")
    expected = np.asarray(model(TOKENS))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(TOKENS), expected, rtol=1e-5, atol=1e-6)
    assert type(again) is type(model)


@each_model
def test_frozen_layers_come_back_frozen(name, tmp_path):
    model = MODELS[name]()
    model(TOKENS)
    frozen = [layer for layer in model.layers if layer.weights][0]
    frozen.trainable = False
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.get_layer(frozen.name).trainable is False
    count = len(model.trainable_weights)
    assert len(again.trainable_weights) == count < len(model.weights)


# --- Two directions


def test_directions_of_two_widths(rng):
    x = rng.normal(size=(2, 4, 3)).astype("float32")

    def both(merge_mode="concat"):
        return zoo.Bidirectional(
            zoo.LSTM(2, return_sequences=True),
            backward_layer=zoo.LSTM(5, go_backwards=True, return_sequences=True),
            merge_mode=merge_mode,
        )

    layer = both()
    symbolic = layer(keras.Input((4, 3)))
    assert symbolic.shape == (None, 4, 7) and layer(x).shape == (2, 4, 7)
    inputs = keras.Input((4, 3))
    model = keras.Model(inputs, keras.layers.Dense(1)(both()(inputs)))
    assert model(x).shape == (2, 4, 1)
    pair = both(None)
    assert [one.shape[-1] for one in pair(keras.Input((4, 3)))] == [2, 5]
    for merge_mode in ("sum", "mul", "ave"):
        _, error = outcome(lambda mode=merge_mode: both(mode)(x))
        assert isinstance(error, ValueError)
        says(error, "merge_mode", "2", "5")


def test_states_of_both_directions_can_be_set(rng):
    both = zoo.Bidirectional(zoo.LSTM(3, stateful=True))
    both.build((2, 4, 3))
    states = [rng.normal(size=(2, 3)).astype("float32") for _ in range(4)]
    both.reset_state(states)
    carried = [*both.forward_layer.states, *both.backward_layer.states]
    for state, known in zip(carried, states, strict=True):
        np.testing.assert_array_equal(state, known)
    both.reset_state()
    for state in carried:
        assert not np.asarray(state).any()


def test_one_seed_is_not_one_mask_in_both_directions():
    """Of a constant sequence both directions would else give the same."""
    both = zoo.Bidirectional(zoo.SimpleRNN(40, dropout=0.5, seed=3), merge_mode=None)
    x = np.ones((8, 1, 40), "float32")
    both.build(x.shape)
    for layer in (both.forward_layer, both.backward_layer):
        layer.set_weights([np.eye(40), np.zeros((40, 40)), np.zeros(40)])
    forward, backward = both(x, training=True)
    assert (np.asarray(forward) != np.asarray(backward)).any()
    again = zoo.Bidirectional.from_config(both.get_config())
    assert again.forward_layer.seed == 3


# --- Configs of Keras 2


@pytest.mark.parametrize("cls", [zoo.LSTM, zoo.GRU, zoo.SimpleRNN, zoo.MGU])
def test_configs_of_keras_2(cls):
    config = {**cls(3).get_config(), "time_major": False}
    assert cls.from_config(config).units == 3
    assert cls(3, time_major=False).units == 3
    _, error = outcome(cls, 3, time_major=True)
    says(error, "time_major", "transpose|batch")
    for name, value in (("batch_input_shape", (4, None, 2)), ("input_dim", 2)):
        _, error = outcome(cls, 3, **{name: value})
        says(error, name, r"keras\.Input\(")
    _, error = outcome(cls, 3, batch_input_shape=(4, None, 2))
    says(error, "batch_size")
