"""Zoneout and trainable initial states: options of every cell, applied by the base."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from tests.cases import ANATOMIES, CASES, IDS, mostly_slow
from tests.compare import assert_close, assert_same, randomise, run
from tests.references import over_time

each_case = pytest.mark.parametrize("case", CASES, ids=IDS)
# What costs a compilation or a file is tried on one cell of each kind.
each_anatomy = pytest.mark.parametrize("case", ANATOMIES, ids=lambda case: case.id)
BATCH, TIME, FEATURES = 3, 6, 3
RATE = 0.4


def built(case, rng, **options):
    options = {"return_sequences": True, "return_state": True, **options}
    layer = case.make_layer(**options)
    layer.build((BATCH, TIME, FEATURES))
    randomise(layer, rng)
    return layer


def twin(layer, **options):
    other = type(layer).from_config({**layer.get_config(), **options})
    other.build((BATCH, TIME, FEATURES))
    other.set_weights(layer.get_weights())
    return other


def draw(rng, layer, dtype="float64"):
    inputs = rng.normal(size=(BATCH, TIME, FEATURES)).astype(dtype)
    sizes = layer.cell.state_sizes
    return inputs, [rng.normal(size=(BATCH, size)).astype(dtype) for size in sizes]


# --- Zoneout


def zoned(case, rates):
    """The paper's expectation: each new memory is mixed with the one before."""
    rates = dict(zip(case.memories, rates, strict=True))
    rates = [rates.get(name, 0.0) for name in case.cell.state_names]

    def step(x, states, weights):
        output, new = case.reference(x, states, weights)
        new = [r * h + (1 - r) * n for h, n, r in zip(states, new, rates, strict=True)]
        return case.output_of(output, new), new

    return step


@each_case
def test_outside_of_training_zoneout_is_its_mean(case, rng):
    rates = [0.3, 0.6, 0.2][: len(case.memories)]
    layer = built(case, rng, zoneout=rates, dtype="float64")
    inputs, states = draw(rng, layer)
    mask = rng.random((BATCH, TIME)) > 0.3
    outputs, *last = layer(inputs, initial_state=states, mask=mask)
    expected, expected_last = over_time(
        zoned(case, rates), inputs, states, layer.get_weights(), mask
    )
    assert_close(outputs, expected, "float64")
    for state, known in zip(last, expected_last, strict=True):
        assert_close(state, known, "float64")


@each_case
def test_in_training_an_element_is_kept_or_new(case, rng):
    """With the masks of the same seed, the layer is the paper's recurrence."""
    layer = built(case, rng, zoneout=RATE, dtype="float64", seed=3)
    inputs, states = draw(rng, layer)
    outputs, *last = layer(inputs, initial_state=states, training=True)
    keep = np.asarray(twin(layer).cell.zoneout_masks(BATCH, TIME))
    ends = np.cumsum(layer.cell.state_sizes)[:-1]
    step = case.in_training or case.reference
    for t in range(TIME):
        output, new = step(inputs[:, t], states, layer.get_weights())
        kept = np.split(keep[:, t], ends, axis=1)
        states = [
            np.where(k == 1, h, n) for k, h, n in zip(kept, states, new, strict=True)
        ]
        assert_close(outputs[:, t], case.output_of(output, states), "float64")
    for state, known in zip(last, states, strict=True):
        assert_close(state, known, "float64")


@each_anatomy
@pytest.mark.parametrize(
    "path",
    [
        {"implementation": "graph"},
        pytest.param({"implementation": "xla"}, marks=pytest.mark.slow),
        {"implementation": "graph", "checkpoint": 2},
        {"unroll": True},
    ],
    ids=lambda path: "-".join(map(str, path.values())),
)
def test_every_path_keeps_the_same_elements(case, path, rng):
    options = dict(zoneout=RATE, seed=5, dtype="float64", implementation="loop")
    options["dropout"] = 0.2
    loop = built(case, rng, trainable_initial_state=True, **options)
    inputs, states = draw(rng, loop)
    mask = rng.random((BATCH, TIME)) > 0.3
    actual = run(twin(loop, **path), inputs, states, mask, training=True)
    assert_same(actual, run(loop, inputs, states, mask, training=True), "float64")


def test_masks_have_the_rates_and_differ_between_steps():
    cell = zoo.LSTMCell(50, zoneout=[0.1, 0.7])
    masks = np.asarray(cell.zoneout_masks(40, 30))
    assert masks.shape == (40, 30, 100) and set(np.unique(masks)) == {0.0, 1.0}
    for block, rate in ((masks[..., :50], 0.1), (masks[..., 50:], 0.7)):
        np.testing.assert_allclose(block.mean(), rate, atol=0.01)
        np.testing.assert_allclose(block.mean(axis=(0, 2)), rate, atol=0.06)
    agree = (masks[:, 0] == masks[:, 1]).mean()
    assert agree < 0.8


@pytest.mark.parametrize("jit", [False, True])
def test_a_cell_by_itself_or_stacked_draws_at_every_step(jit, rng):
    """Where no layer of ours brings masks, a step draws its own, inside of loops."""
    for layer in (
        keras.layers.RNN(zoo.LSTMCell(40, zoneout=0.5), return_sequences=True),
        zoo.RNN([zoo.GRUCell(40, zoneout=0.5)] * 1, return_sequences=True),
    ):
        x = rng.normal(size=(BATCH, TIME, FEATURES)).astype("float32")
        layer.build(x.shape)
        call = tf.function(
            lambda x, layer=layer: layer(x, training=True), jit_compile=jit
        )
        y = np.asarray(call(x))
        kept = y[:, 1:] == y[:, :-1]
        assert (np.abs(kept.mean(axis=(0, 2)) - 0.5) < 0.2).all()
        assert (kept[:, 0] != kept[:, 1]).any()


def test_zoneout_of_a_subclass_that_calls_its_parent_comes_once(rng):
    class Doubled(zoo.LSTMCell):
        def call(self, inputs, states, training=False):
            h, new_states = super().call(inputs, states, training)
            return h, new_states

    x = rng.normal(size=(2, 3)).astype("float32")
    states = [rng.normal(size=(2, 4)).astype("float32") for _ in range(2)]
    parent, child = zoo.LSTMCell(4, zoneout=0.3), Doubled(4, zoneout=0.3)
    parent.build((2, 3))
    child.build((2, 3))
    child.set_weights(parent.get_weights())
    assert_close(child(x, states)[0], parent(x, states)[0])


# --- Trainable initial states


@each_case
def test_initial_states_are_weights_after_the_others(case, rng):
    layer = built(case, rng, trainable_initial_state=True)
    names = [f"initial_{name}" for name in case.memories]
    found = [(w.name, tuple(w.shape)) for w in layer.weights]
    sizes = zip(case.cell.state_names, layer.cell.state_sizes, strict=True)
    added = [(f"initial_{name}", (n,)) for name, n in sizes if name in case.memories]
    assert sorted(found) == sorted([*case.weights.items(), *added])
    assert [n for n, _ in found if not n.startswith("initial_")] == list(case.weights)
    fresh = case.make_layer(trainable_initial_state=True)
    fresh.build((None, None, FEATURES))
    values = {w.name: w.numpy() for w in fresh.weights}
    assert all((values[name] == 0).all() for name in names)


@each_anatomy
@pytest.mark.parametrize("implementation", ["loop", "graph"])
def test_a_sequence_starts_from_its_weights(case, implementation, rng):
    options = dict(dtype="float64", implementation=implementation)
    layer = built(case, rng, trainable_initial_state=True, **options)
    inputs, _ = draw(rng, layer)
    values = {w.name: w.numpy() for w in layer.weights}
    states = [
        np.tile(values[f"initial_{name}"], (BATCH, 1)) for name in case.cell.state_names
    ]
    assert min(np.abs(state).max() for state in states) > 0.01
    expected = run(layer, inputs, states)
    weights = {w.name: w.value for w in layer.weights}
    with tf.GradientTape() as tape:
        results = layer(inputs)
        drawn = np.random.default_rng(0)
        loss = sum(tf.reduce_sum(r * drawn.normal(size=r.shape)) for r in results)
    assert_close(results[0], expected["output"], "float64")
    gradients = tape.gradient(loss, weights)
    for k, name in enumerate(case.cell.state_names):
        known = expected[f"d state {k}"].sum(axis=0)
        assert_close(gradients[f"initial_{name}"], known, "float64", name)


@each_case
def test_a_stateful_layer_returns_to_its_weights(case, rng):
    layer = built(case, rng, trainable_initial_state=True, stateful=True)
    inputs, _ = draw(rng, layer, "float32")
    expected = twin(layer, stateful=False)(inputs)[0]
    for _ in range(2):
        layer.reset_state()
        assert_close(layer(inputs)[0], expected)
    assert np.abs(np.asarray(layer(inputs)[0]) - np.asarray(expected)).max() > 1e-4


# --- Both


@each_case
def test_off_they_change_nothing(case, rng):
    layer = built(case, rng)
    off = twin(layer, zoneout=[0.0] * len(case.memories), trainable_initial_state=False)
    inputs, states = draw(rng, layer, "float32")
    assert [w.name for w in layer.weights] == list(case.weights)
    for a, b in zip(
        layer(inputs, initial_state=states, training=True),
        off(inputs, initial_state=states, training=True),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


@mostly_slow(ANATOMIES, few={"LSTM"})
def test_they_train_save_and_export(case, rng, tmp_path):
    options = dict(zoneout=[0.2] * case.states, trainable_initial_state=True)
    model = keras.Sequential(
        [
            keras.layers.Embedding(9, 6, mask_zero=True),
            keras.layers.Bidirectional(
                case.make_layer(return_sequences=True, **options)
            ),
            keras.layers.Dense(9, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.03), "sparse_categorical_crossentropy")
    tokens = rng.integers(1, 9, size=(32, 5)).astype("int32")
    losses = model.fit(tokens, tokens, epochs=4, batch_size=8, verbose=0)
    assert losses.history["loss"][-1] < losses.history["loss"][0]
    for weight in model.weights:
        if weight.name.startswith("initial_"):
            assert np.abs(weight.numpy()).max() > 1e-3
    expected = model(tokens)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[1].forward_layer.zoneout == (0.2,) * case.states
    assert_close(again(tokens), expected)
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    assert_close(loaded.serve(tokens), expected)


@pytest.mark.parametrize(
    ("error", "arguments", "message"),
    [
        (ValueError, {"zoneout": 1.0}, r"`zoneout` must be.*0 <= rate.*zoneout=1\.0"),
        (ValueError, {"zoneout": [0.1, -1]}, r"numbers with.*zoneout=\[0\.1, -1\]"),
        (TypeError, {"zoneout": "h"}, r"zoneout='h'"),
        (TypeError, {"zoneout": [0.1, None]}, r"zoneout=\[0\.1, None\]"),
        (
            ValueError,
            {"zoneout": [0.1, 0.2, 0.3]},
            r"or 2 in the order \[h, c\].*zoneout=\[0\.1, 0\.2, 0\.3\]",
        ),
        (
            TypeError,
            {"trainable_initial_state": "yes"},
            r"True or False.*trainable_initial_state='yes'",
        ),
    ],
)
@pytest.mark.parametrize("cls", [zoo.LSTM, zoo.LSTMCell])
def test_errors(cls, error, arguments, message):
    with pytest.raises(error, match=message):
        cls(4, **arguments)


def test_one_argument_too_many_does_not_become_zoneout():
    with pytest.raises(TypeError, match="SimpleRNNCell: too many positional"):
        zoo.SimpleRNNCell(4, *zoo.SimpleRNNCell(4).argument_config().values())


# --- None, where Keras takes it


@each_case
def test_none_as_an_initializer_is_kerass_default(case):
    names = [
        name
        for name in inspect.signature(case.layer).parameters
        if name.endswith("_initializer")
    ]
    layer = case.make_layer(**dict.fromkeys(names))
    layer.build((BATCH, TIME, FEATURES))
    assert all(np.isfinite(weight).all() for weight in layer.get_weights())
    again = type(layer).from_config(layer.get_config())
    assert all(getattr(again, name) is None for name in names)


@pytest.mark.parametrize("unit", ["SimpleRNN", "LSTM", "GRU"])
@pytest.mark.parametrize("which", ["kernel", "recurrent"])
def test_none_starts_a_matrix_as_keras_does(unit, which):
    starts = []
    for library in (keras, zoo):
        keras.utils.set_random_seed(3)
        layer = getattr(library.layers, unit)(50, **{f"{which}_initializer": None})
        layer.build((None, None, 50))
        starts.append(layer.cell.weights[which == "recurrent"])
    spread = [float(np.abs(w).max()) for w in starts]
    bound = np.sqrt(6 / (50 + starts[0].shape[1]))  # Glorot's
    assert 0.99 * bound < spread[1] <= bound and 0.99 * bound < spread[0] <= bound
