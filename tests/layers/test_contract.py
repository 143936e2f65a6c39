"""What every layer of the table promises, whatever its equations."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo
from tests.cases import CASES, IDS, ONE_EACH, mostly_slow
from tests.compare import assert_close, assert_same, randomise, run

each_case = pytest.mark.parametrize("case", CASES, ids=IDS)
each_unit = pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.id)
few_units = mostly_slow(ONE_EACH)
FEATURES = 3


def built(case, rng, **options):
    layer = case.make_layer(**options)
    layer.build((None, None, FEATURES))
    randomise(layer, rng)
    return layer


def draw(rng, batch=2, time=6, dtype="float32"):
    return rng.normal(size=(batch, time, FEATURES)).astype(dtype)


@each_case
def test_weights_have_the_documented_names_and_shapes(case, rng):
    layer = built(case, rng)
    found = {w.name: tuple(w.shape) for w in layer.cell.weights}
    assert found == case.weights
    assert list(found) == list(case.weights)


@each_case
@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("return_state", [True, False])
def test_symbolic_shapes_are_the_actual_ones(case, return_sequences, return_state, rng):
    layer = built(
        case, rng, return_sequences=return_sequences, return_state=return_state
    )
    symbolic = layer(keras.Input((None, FEATURES)))
    actual = layer(draw(rng))
    if not return_state:
        symbolic, actual = [symbolic], [actual]
    assert len(symbolic) == len(actual)
    for a, b in zip(symbolic, actual, strict=True):
        assert a.shape[0] is None and a.shape[-1] == b.shape[-1]
        assert len(a.shape) == len(b.shape) and a.dtype == b.dtype.name


@each_case
def test_config_holds_every_argument_and_comes_back(case, rng):
    layer = built(case, rng, return_sequences=True, name="zoo_layer")
    config = layer.get_config()
    arguments = set(inspect.signature(case.layer).parameters) - {"kwargs", "use_cudnn"}
    assert arguments <= set(config)
    again = case.layer.from_config(config)
    assert again.get_config() == config
    again.build((None, None, FEATURES))
    again.set_weights(layer.get_weights())
    x = draw(rng)
    assert_close(again(x), layer(x))


@each_unit
def test_keras_file_round_trip(case, rng, tmp_path):
    model = keras.Sequential(
        [
            keras.Input((None, FEATURES)),
            keras.layers.Bidirectional(case.make_layer(return_sequences=True)),
            case.make_layer(),
        ]
    )
    randomise(model, rng)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x = draw(rng)
    assert_close(again(x), model(x))
    assert isinstance(again.layers[1], case.layer)


@each_case
def test_cell_config_round_trip(case):
    cell = case.make_cell(dropout=0.1, name="a_cell")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(cell)
    )
    assert type(again) is case.cell and again.get_config() == cell.get_config()


@few_units
def test_unrolled_and_compiled_are_the_loop(case, rng):
    x, mask = draw(rng), rng.random((2, 6)) > 0.3
    loop = built(case, rng, return_sequences=True, return_state=True)
    states = [rng.normal(size=(2, n)).astype("float32") for n in loop.state_size]
    expected = run(loop, x, states, mask)
    unrolled = case.make_layer(return_sequences=True, return_state=True, unroll=True)
    unrolled.build((2, 6, FEATURES))
    unrolled.set_weights(loop.get_weights())
    assert_same(run(unrolled, x, states, mask), expected)
    for jit in (False, True):
        compiled = tf.function(
            lambda x, m, *s: loop(x, initial_state=list(s), mask=m), jit_compile=jit
        )
        results = compiled(x, mask, *states)
        for result, known in zip(results, list(expected.values()), strict=False):
            assert_close(result, known)


@each_case
def test_every_weight_gets_a_gradient(case, rng):
    layer = built(case, rng, return_sequences=True, return_state=True)
    states = [rng.normal(size=(2, n)).astype("float32") for n in layer.state_size]
    for name, gradient in run(layer, draw(rng), states).items():
        if name in case.flat:
            assert not gradient.any(), name
        elif name.startswith("d "):
            assert np.abs(gradient).max() > 0 and np.isfinite(gradient).all(), name


@each_unit
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_dtype_policy_reaches_the_cell(case, policy, rng):
    layer = case.make_layer(dtype=policy, return_state=True)
    expected = keras.DTypePolicy(policy)
    results = layer(draw(rng))
    assert layer.cell.dtype_policy.name == policy
    assert {r.dtype.name for r in results} == {expected.compute_dtype}
    assert {w.dtype for w in layer.weights} == {expected.variable_dtype}
    states = layer.cell.get_initial_state(2)
    output, states = layer.cell(draw(rng)[:, 0], states)
    assert {s.dtype.name for s in (output, *states)} == {expected.compute_dtype}


@each_unit
def test_dynamic_batch_and_time_in_one_trace(case, rng):
    layer = built(case, rng)
    traces = []

    @tf.function(input_signature=[tf.TensorSpec((None, None, FEATURES))])
    def call(x):
        traces.append(1)
        return layer(x)

    for batch, time in [(2, 6), (1, 1), (5, 3)]:
        x = draw(rng, batch, time)
        assert_close(call(x), layer(x))
    assert len(traces) == 1


@mostly_slow(
    [case for case in ONE_EACH if case.learns],
    few={"LSTM", "MGU", "LayerNormLSTM", "IndRNN"},
)
def test_trains_in_a_model_with_masks_and_many_lengths(case, rng):
    model = keras.Sequential(
        [
            keras.layers.Embedding(9, 6, mask_zero=True),
            case.make_layer(units=8, return_sequences=True),
            keras.layers.Dense(9, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.03),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    tokens = rng.integers(1, 9, size=(64, 12)).astype("int32")
    data = tf.data.Dataset.from_tensor_slices(tokens).map(lambda t: (t, t))
    lengths = tf.data.Dataset.from_tensor_slices(rng.integers(3, 13, size=64))
    data = tf.data.Dataset.zip(data, lengths).map(lambda xy, n: (xy[0][:n], xy[1][:n]))
    data = data.padded_batch(8)
    history = model.fit(data, epochs=12, verbose=0).history
    assert history["accuracy"][-1] > 0.9 > history["accuracy"][0]


@few_units  # tests/export has a model of all of them
def test_portable_export_loads_and_agrees(case, rng, tmp_path):
    model = keras.Sequential(
        [
            keras.layers.Embedding(9, 6, mask_zero=True),
            case.make_layer(return_sequences=True),
        ]
    )
    tokens = np.array([[1, 2, 3, 0], [4, 0, 0, 0]], "int32")
    expected = model(tokens)
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    assert_close(loaded.serve(tokens), expected)


def test_a_layer_or_a_cell_can_be_a_tf_function(rng):
    """The signature of the constructor is not that of the call."""
    layer, x = keras_rnn_zoo.LSTM(4), draw(rng)
    expected = layer(x)
    assert_close(tf.function(layer)(x), expected)
    states = layer.cell.get_initial_state(2)
    output, _ = tf.function(layer.cell)(x[:, 0], states)
    assert_close(output, layer.cell(x[:, 0], states)[0])


def test_stateful_chunks_are_one_sequence_and_reset(rng):
    x = draw(rng, time=8)
    for case in CASES:
        whole = built(case, rng, return_sequences=True)
        parts = case.make_layer(return_sequences=True, stateful=True)
        parts.build((2, 4, FEATURES))
        parts.set_weights(whole.get_weights()[: len(parts.get_weights())])
        expected = np.asarray(whole(x))
        for _ in range(2):
            chunks = [np.asarray(parts(x[:, :4])), np.asarray(parts(x[:, 4:]))]
            assert_close(np.concatenate(chunks, 1), expected, what=case.id)
            parts.reset_state()
        states = [rng.normal(size=(2, n)).astype("float32") for n in parts.state_size]
        parts.reset_state(states)
        assert_close(parts(x), whole(x, initial_state=states), what=case.id)


def test_registered_names_are_in_our_package():
    for case in CASES:
        for cls in (case.layer, case.cell):
            assert keras.saving.get_registered_name(cls) == (
                f"keras_rnn_zoo>{cls.__name__}"
            )


def test_registering_a_name_twice_raises():
    class LSTM(keras.layers.Layer):
        pass

    with pytest.raises(ValueError, match=r"name of its own.*cls='.*LSTM'"):
        keras_rnn_zoo.layers.register(LSTM)
