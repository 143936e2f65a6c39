"""The documented three against `keras.layers`, over drawn shapes and options."""

import inspect

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest

import keras_rnn_zoo
from tests.compare import assert_close, assert_same, randomise, run

# Keras's own layers say so from 3.16 on, and end masks; see test_bidirectional.py.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Layer .* was passed an input with a mask:UserWarning"
)

LAYERS = ["SimpleRNN", "LSTM", "GRU"]
CELLS = [name + "Cell" for name in LAYERS]
OURS_ALONE = {
    *("zero_output_for_mask", "implementation", "use_cudnn", "truncate", "checkpoint"),
    *("zoneout", "trainable_initial_state"),
}
each_layer = pytest.mark.parametrize("name", LAYERS)


def pair(unit, /, *args, **options):
    """Our layer and Keras's with the same arguments."""
    return (
        getattr(keras_rnn_zoo, unit)(*args, **options),
        getattr(keras.layers, unit)(*args, **options),
    )


@pytest.mark.parametrize("name", LAYERS + CELLS)
def test_signature(name):
    ours, theirs = (
        inspect.signature(getattr(module, name)).parameters
        for module in (keras_rnn_zoo, keras.layers)
    )
    shared = [p for p in ours if p in theirs]
    assert shared == list(theirs)
    assert set(ours) - set(theirs) <= OURS_ALONE
    for parameter in theirs:
        assert ours[parameter].default == theirs[parameter].default
        assert ours[parameter].kind == theirs[parameter].kind


@pytest.mark.parametrize("name", LAYERS + CELLS)
def test_config(name):
    options = dict(
        activation="relu",
        use_bias=False,
        kernel_initializer="he_normal",
        recurrent_regularizer="l2",
        bias_constraint="non_neg",
        dropout=0.25,
        recurrent_dropout=0.5,
        seed=3,
        name="same",
    )
    if name in LAYERS:
        options.update(return_sequences=True, go_backwards=True, unroll=True)
    ours, theirs = (layer.get_config() for layer in pair(name, 5, **options))
    assert {key: ours[key] for key in theirs} == theirs
    assert set(ours) - set(theirs) <= OURS_ALONE | {"seed"}


@each_layer
def test_positional_arguments_and_attributes(name):
    ours, theirs = pair(name, 5, "relu")
    assert ours.activation is theirs.activation is keras.activations.relu
    assert ours.units == theirs.units == 5


@each_layer
@pytest.mark.parametrize("bias", [True, False])
def test_weights_and_files_move_both_ways(name, bias, tmp_path, rng):
    sequential = [
        keras.Sequential(
            [keras.Input((None, 3)), layer, keras.layers.Dense(2, name="dense")],
            name="model",
        )
        for layer in pair(name, 5, use_bias=bias, name="recurrent")
    ]
    ours, theirs = sequential
    layers = [model.layers[0] for model in sequential]
    assert [(w.path, w.shape) for w in layers[0].weights] == [
        (w.path, w.shape) for w in layers[1].weights
    ]
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    randomise(theirs, rng)
    ours.set_weights(theirs.get_weights())
    assert_close(ours(x), theirs(x))
    for source, target in [(ours, theirs), (theirs, ours)]:
        randomise(source, rng)
        source.save_weights(tmp_path / "w.weights.h5")
        target.load_weights(tmp_path / "w.weights.h5")
        assert_close(target(x), source(x))


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_one_seed_gives_the_same_first_weights(name):
    weights = []
    for module in (keras_rnn_zoo, keras.layers):
        keras.utils.set_random_seed(4)
        layer = getattr(module, name)(6)
        layer.build((None, None, 3))
        weights.append(layer.get_weights())
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def masks(batch, time, kind, rng):
    steps = np.arange(time)[None]
    lengths = rng.integers(1, time + 1, size=(batch, 1))
    mask = {
        "none": None,
        "right": steps < lengths,
        "left": steps >= time - lengths,
        "gaps": rng.random((batch, time)) > 0.4,
        "one row empty": (steps < lengths) & (np.arange(batch) > 0)[:, None],
    }
    return mask[kind]


OPTIONS = st.fixed_dictionaries(
    {
        "return_sequences": st.booleans(),
        "go_backwards": st.booleans(),
        "unroll": st.booleans(),
        "use_bias": st.booleans(),
        "activation": st.sampled_from(["tanh", "relu", "linear", "softsign"]),
    }
)


@each_layer
@hypothesis.settings(max_examples=25)
@hypothesis.given(
    options=OPTIONS,
    shape=st.tuples(*[st.integers(1, 5)] * 4),
    kind=st.sampled_from(["none", "right", "left", "gaps", "one row empty"]),
    zero=st.booleans(),
    more=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 1000),
)
def test_outputs_states_and_gradients(
    name, options, shape, kind, zero, more, dtype, seed
):
    rng = np.random.default_rng(seed)
    batch, time, features, units = shape
    if name == "GRU":
        options["reset_after"] = more
    if name == "LSTM":
        options["unit_forget_bias"] = more
    if zero and kind != "none" and not (options["unroll"] and options["go_backwards"]):
        options["zero_output_for_mask"] = True
    ours, theirs = pair(name, units, dtype=dtype, return_state=True, **options)
    ours.build((batch, time, features))
    theirs.build((batch, time, features))
    randomise(ours, rng)
    theirs.set_weights(ours.get_weights())
    inputs = rng.normal(size=(batch, time, features)).astype(dtype)
    states = [rng.normal(size=(batch, size)).astype(dtype) for size in ours.state_size]
    mask = masks(batch, time, kind, rng)
    actual = run(ours, inputs, states, mask)
    expected = run(theirs, inputs, states, mask)
    assert_same(actual, expected, dtype)


@pytest.mark.parametrize("name", CELLS)
def test_cell(name, rng):
    ours, theirs = pair(name, 4, dtype="float64")
    x = rng.normal(size=(2, 3))
    states = [rng.normal(size=(2, 4)) for _ in range(2 if name == "LSTMCell" else 1)]
    theirs(x, states)
    randomise(theirs, rng)
    ours.build((2, 3))
    ours.set_weights(theirs.get_weights())
    output, new_states = ours(x, states)
    expected, expected_states = theirs(x, states)
    assert_close(output, expected, "float64")
    for state, known in zip(new_states, expected_states, strict=True):
        assert_close(state, known, "float64")
    assert ours.state_size == theirs.state_size
    assert ours.output_size == theirs.output_size
    for a, b in zip(
        ours.get_initial_state(3), theirs.get_initial_state(3), strict=True
    ):
        assert a.shape == b.shape and a.dtype == b.dtype


@pytest.mark.parametrize("name", CELLS)
def test_our_cell_in_keras_loop_and_theirs_in_ours(name, rng):
    ours, theirs = pair(name, 4)
    layers = [keras.layers.RNN(ours), keras_rnn_zoo.RNN(theirs)]
    layers.append(keras_rnn_zoo.RNN([getattr(keras_rnn_zoo, name)(4)]))
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    mask = rng.random((2, 6)) > 0.3
    for layer in layers:
        layer.build((None, None, 3))
    randomise(layers[0], rng)
    for layer in layers[1:]:
        layer.set_weights(layers[0].get_weights())
        assert_close(layer(x, mask=mask), layers[0](x, mask=mask))


@each_layer
def test_bidirectional_and_stacked(name, rng):
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    mask = np.arange(6)[None] < np.array([[6], [3]])
    models = [
        keras.layers.Bidirectional(layer) for layer in pair(name, 4, return_state=True)
    ]
    for model in models:
        model.build((None, None, 3))
    randomise(models[0], rng)
    models[1].set_weights(models[0].get_weights())
    for a, b in zip(models[0](x, mask=mask), models[1](x, mask=mask), strict=True):
        assert_close(a, b)
    stacks = [
        keras.layers.RNN([getattr(keras.layers, name + "Cell")(n) for n in (4, 5)]),
        keras_rnn_zoo.RNN([getattr(keras_rnn_zoo, name + "Cell")(n) for n in (4, 5)]),
    ]
    for stack in stacks:
        stack.build((None, None, 3))
    randomise(stacks[0], rng)
    stacks[1].set_weights(stacks[0].get_weights())
    assert_close(stacks[1](x, mask=mask), stacks[0](x, mask=mask))


@each_layer
def test_bidirectional_keeps_masked_outputs_zero(name, rng):
    layer = keras_rnn_zoo.Bidirectional(
        getattr(keras_rnn_zoo, name)(4, return_sequences=True)
    )
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    mask = np.arange(6)[None] < np.array([[6], [3]])
    y = np.asarray(layer(x, mask=mask))
    assert (y[1, 3:] == 0).all() and (y[1, :3] != 0).all()
    short = np.asarray(layer(x[1:, :3]))
    assert_close(y[1:, :3], short)


@each_layer
@pytest.mark.parametrize("return_sequences", [True, False])
def test_unrolled_backwards_zeroes_the_masked_steps(name, return_sequences, rng):
    """Keras 3.15 zeroes the wrong steps here; its loop, not unrolled, is right."""
    options = dict(go_backwards=True, zero_output_for_mask=True)
    options["return_sequences"] = return_sequences
    unrolled = getattr(keras_rnn_zoo, name)(4, unroll=True, **options)
    loop = getattr(keras.layers, name)(4, **options)
    keras_unrolled = getattr(keras.layers, name)(4, unroll=True, **options)
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    mask = np.arange(6)[None] < np.array([[6], [2]])
    for layer in (unrolled, loop, keras_unrolled):
        layer.build((2, 6, 3))
    randomise(loop, rng)
    unrolled.set_weights(loop.get_weights())
    keras_unrolled.set_weights(loop.get_weights())
    assert_close(unrolled(x, mask=mask), loop(x, mask=mask))
    if return_sequences:
        theirs = np.asarray(keras_unrolled(x, mask=mask))
        assert np.abs(theirs - np.asarray(loop(x, mask=mask))).max() > 1e-3, (
            "Keras has mended its loop: say so in the changelog"
        )


@each_layer
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(name, policy, rng):
    ours, theirs = pair(name, 4, dtype=policy, return_state=True)
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    theirs(x)
    randomise(theirs, rng)
    ours.build((None, None, 3))
    ours.set_weights(theirs.get_weights())
    for a, b in zip(ours(x), theirs(x), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(
            np.asarray(a, "float32"), np.asarray(b, "float32"), atol=0.04
        )
    assert all(w.dtype == "float32" for w in ours.weights)


@each_layer
def test_regularizers_constraints_and_activity(name, rng):
    options = dict(
        kernel_regularizer="l2",
        recurrent_regularizer="l1",
        bias_regularizer="l2",
        activity_regularizer="l2",
        kernel_constraint="max_norm",
    )
    ours, theirs = pair(name, 4, **options)
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    theirs(x)
    ours(x)
    randomise(theirs, rng)
    ours.set_weights(theirs.get_weights())
    ours(x)
    theirs(x)
    assert len(ours.losses) == 4
    if name == "SimpleRNN":  # Keras's SimpleRNN takes activity_regularizer and drops it
        assert len(theirs.losses) == 3
    else:
        assert_close(sum(ours.losses), sum(theirs.losses))
    assert isinstance(ours.cell.kernel.constraint, keras.constraints.MaxNorm)


@each_layer
def test_fit_reaches_the_same_loss(name, rng):
    """The same weights, data and optimizer: three epochs end in the same place."""
    x = rng.normal(size=(32, 7, 3)).astype("float32")
    y = x.sum(axis=(1, 2))
    models = [
        keras.Sequential([keras.Input((None, 3)), layer, keras.layers.Dense(1)])
        for layer in pair(name, 8)
    ]
    models[0].set_weights(models[1].get_weights())
    losses = []
    for model in models:
        model.compile("adam", "mse")
        history = model.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0)
        losses.append(history.history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
