"""Two directions: as Keras's wrapper, and right where that is not."""

import copy
import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from tests.cases import ONE_EACH
from tests.compare import assert_close, randomise
from tests.paths import outcome, says

# Keras's own layers say so from 3.16 on, and end masks; see `test_masks_go_through`.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Layer .* was passed an input with a mask:UserWarning"
)

MERGE_MODES = ("concat", "sum", "mul", "ave", None)
CLASSES = ("SimpleRNN", "LSTM", "GRU")
X = np.random.default_rng(5).normal(size=(2, 5, 3)).astype("float32")
MASK = np.arange(5)[None] < np.array([[5], [3]])

each_class = pytest.mark.parametrize("name", CLASSES)


def flat(results):
    return list(results) if isinstance(results, list | tuple) else [results]


def same(actual, expected):
    actual, expected = flat(actual), flat(expected)
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected, strict=True):
        assert_close(a, b)


def both_of(rng, name, merge_mode="concat", explicit=False, **options):
    """Ours, and Keras's around Keras's, with the same weights."""
    pair = []
    for wrapper, home in (
        (zoo.Bidirectional, zoo),
        (keras.layers.Bidirectional, keras.layers),
    ):
        make = getattr(home, name)
        backward = make(4, go_backwards=True, name="b", **options) if explicit else None
        layer = wrapper(
            make(4, name="a", **options),
            merge_mode=merge_mode,
            backward_layer=backward,
            name="both",
        )
        layer.build(X.shape)
        pair.append(layer)
    ours, theirs = pair
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    randomise(theirs, rng)
    ours.set_weights(theirs.get_weights())
    return ours, theirs


# --- As Keras's


@pytest.mark.parametrize(
    ("name", "merge_mode"),
    [
        *(("LSTM", merge_mode) for merge_mode in MERGE_MODES),
        *(("GRU", "concat"), ("SimpleRNN", "ave")),
    ],
)
def test_answers_as_keras(name, merge_mode, rng):
    """Outputs, states, shapes: all merge modes, with masks and states."""
    for return_sequences, return_state in ((False, False), (True, True)):
        options = {"return_sequences": return_sequences, "return_state": return_state}
        ours, theirs = both_of(rng, name, merge_mode, explicit=return_state, **options)
        count = 4 if name == "LSTM" else 2
        states = [rng.normal(size=(2, 4)).astype("float32") for _ in range(count)]
        for given in ({}, {"initial_state": states, "mask": MASK}):
            results = ours(X, **given)
            same(results, theirs(X, **given))
        shapes = [(None, *result.shape[1:]) for result in flat(results)]
        for layer in (ours, theirs):
            symbolic = flat(layer(keras.Input(X.shape[1:])))
            assert [s.shape for s in symbolic] == shapes
            assert {s.dtype for s in symbolic} == {"float32"}


def test_states_and_gradients_of_a_functional_model(rng):
    """Initial states as symbols: an encoder's states are a decoder's first."""
    models = []
    for wrapper, home in (
        (zoo.Bidirectional, zoo),
        (keras.layers.Bidirectional, keras.layers),
    ):
        inputs = keras.Input((5, 3))
        _, *states = wrapper(home.LSTM(4, return_state=True))(inputs)
        y = wrapper(home.LSTM(4))(inputs, initial_state=states)
        models.append(keras.Model(inputs, keras.layers.Dense(1)(y)))
    ours, theirs = models
    randomise(theirs, rng)
    ours.set_weights(theirs.get_weights())
    gradients = []
    for model in models:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(X) ** 2)
        gradients.append(tape.gradient(loss, model.trainable_variables))
    same(*gradients)


@each_class
def test_states_carry_on_as_kerass(name, rng):
    ours, theirs = both_of(rng, name, stateful=True, return_sequences=True)
    for _ in range(2):
        same(ours(X), theirs(X))
    same(ours.states, theirs.states)
    for layer in (ours, theirs):
        layer.reset_state()
    same(ours(X), theirs(X))
    with pytest.raises(AttributeError, match="stateful"):
        zoo.Bidirectional(zoo.GRU(3)).reset_state()


def test_the_first_layer_may_be_the_one_that_reads_backwards(rng):
    pair = []
    for wrapper, home in (
        (zoo.Bidirectional, zoo),
        (keras.layers.Bidirectional, keras.layers),
    ):
        layers = [
            home.GRU(4, go_backwards=backwards, return_sequences=True)
            for backwards in (True, False)
        ]
        layer = wrapper(layers[0], backward_layer=layers[1])
        layer.build(X.shape)
        pair.append(layer)
    randomise(pair[1], rng)
    pair[0].set_weights(pair[1].get_weights())
    same(pair[0](X, mask=MASK), pair[1](X, mask=MASK))


def test_penalties_count_once(rng):
    options = {
        "kernel_regularizer": "l2",
        "bias_regularizer": "l1",
        "activity_regularizer": "l2",
    }
    ours, theirs = both_of(rng, "GRU", **options)
    ours(X), theirs(X)
    assert len(ours.losses) == len(theirs.losses) == 6
    assert_close(sum(ours.losses), sum(theirs.losses))


def test_files_of_weights_go_both_ways(tmp_path, rng):
    models = [
        keras.Sequential([keras.Input((None, 3)), layer])
        for layer in both_of(rng, "LSTM")
    ]
    for k, (one, other) in enumerate((models, models[::-1])):
        file = tmp_path / f"{k}.weights.h5"
        randomise(one, rng)
        one.save_weights(file)
        other.load_weights(file)
        same(one(X), other(X))


def test_around_kerass_own_layers_and_in_kerass_own_wrapper(tmp_path, rng):
    """Each goes with each, through a file too."""
    for wrapper, home in (
        (zoo.Bidirectional, keras.layers),
        (keras.layers.Bidirectional, zoo),
    ):
        layer = wrapper(home.GRU(3, return_sequences=True))
        model = keras.Sequential([keras.Input((None, 3)), layer])
        randomise(model, rng)
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        assert type(again.layers[0]) is wrapper
        same(again(X), model(X))


# --- Where Keras's is not right


def mask_of(tensor):
    return getattr(tensor, "_keras_mask", None)


@pytest.mark.parametrize("merge_mode", ["concat", None])
@pytest.mark.parametrize("stateful", [False, True])
def test_masks_go_through(merge_mode, stateful):
    """Also past a stateful layer that returns its states."""
    embedded = keras.layers.Embedding(9, 3, mask_zero=True)(np.array([[3, 4, 0, 0]]))
    for return_state in (False, True):
        options = {"stateful": stateful, "return_state": return_state}
        layer = zoo.Bidirectional(
            zoo.LSTM(4, return_sequences=True, **options), merge_mode=merge_mode
        )
        assert layer.supports_masking
        results = flat(layer(embedded))
        outputs = 1 if merge_mode else 2
        for k, result in enumerate(results):
            if k < outputs:
                np.testing.assert_array_equal(mask_of(result), [[1, 1, 0, 0]])
            else:
                assert mask_of(result) is None
        last = zoo.Bidirectional(zoo.LSTM(4, **options), merge_mode=merge_mode)
        assert all(mask_of(result) is None for result in flat(last(embedded)))


def test_padding_counts_in_no_layer_above(rng):
    """What stands behind the mask changes nothing two layers further on."""
    model = keras.Sequential(
        [
            keras.layers.Masking(0.0),
            zoo.Bidirectional(zoo.GRU(4, return_sequences=True)),
            zoo.Bidirectional(zoo.LSTM(4, return_sequences=True), merge_mode="sum"),
            zoo.Bidirectional(zoo.MGU(4)),
        ]
    )
    padded = X * MASK[..., None]
    assert_close(model(padded)[1:], model(X[1:, :3]))


def test_directions_with_other_numbers_of_states(rng):
    """An LSTM one way and a GRU of another width the other."""
    layer = zoo.Bidirectional(
        zoo.LSTM(4, return_state=True, return_sequences=True),
        backward_layer=zoo.GRU(
            2, return_state=True, return_sequences=True, go_backwards=True
        ),
    )
    states = [rng.normal(size=(2, n)).astype("float32") for n in (4, 4, 2)]
    y, *last = layer(X, initial_state=states)
    first, second = layer.forward_layer, layer.backward_layer
    a, *f = first(X, initial_state=states[:2])
    b, *g = second(X, initial_state=states[2:])
    same(y, np.concatenate([a, np.flip(b, 1)], -1))
    same(last, [*f, *g])
    shapes = layer.compute_output_shape(X.shape)
    assert shapes == ((2, 5, 6), (2, 4), (2, 4), (2, 2))


def test_stacked_cells_keep_the_structure_of_their_states(rng):
    for home in (zoo, keras.layers):
        cells = [home.LSTMCell(3), home.GRUCell(2)]
        layer = zoo.Bidirectional(zoo.RNN(cells, return_state=True))
        _, *states = layer(X)
        assert len(tree := keras.tree.flatten(states)) == 6
        once = layer(X, initial_state=states)[0]
        same(layer(X, initial_state=tree)[0], once)


def test_states_can_be_set_also_of_kerass_layers(rng):
    for home in (zoo, keras.layers):
        both = zoo.Bidirectional(home.GRU(3, stateful=True))
        both.build((2, 4, 3))
        states = [rng.normal(size=(2, 3)).astype("float32") for _ in range(2)]
        both.reset_state(states)
        same(both.states, states)
        _, error = outcome(both.reset_state, states[:1])
        says(error, "states", "2 tensors", "1 tensor")


def test_weights_given_are_those_it_starts_with(rng):
    source = zoo.Bidirectional(zoo.GRU(3))
    expected = source(X)
    weights = source.get_weights()
    same(zoo.Bidirectional(zoo.GRU(3), weights=weights)(X), expected)
    layer = zoo.Bidirectional(zoo.GRU(3), weights=weights[:3])
    _, error = outcome(layer, X)
    says(error, "weights", "forward layer first")


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: zoo.GRU(4, dropout=0.5, seed=seed),
        lambda seed: zoo.RNN(zoo.GRUCell(4, dropout=0.5, seed=seed)),
        lambda seed: zoo.RNN([zoo.MGUCell(4, zoneout=0.5, seed=seed)]),
        lambda seed: keras.layers.LSTM(4, dropout=0.5, seed=seed),
    ],
)
def test_seeds_of_the_copy_follow_from_the_users(make):
    def seeds(layer):
        cell = getattr(layer.cell, "cells", [layer.cell])[0]
        return cell.seed, cell.seed_generator.get_config()["seed"]

    first, again, other = (zoo.Bidirectional(make(seed)) for seed in (3, 3, 4))
    assert seeds(first.forward_layer) == (3, 3)
    second = seeds(first.backward_layer)
    assert second == seeds(again.backward_layer) != seeds(other.backward_layer)
    assert second[0] == second[1] not in (3, None)
    for one in (zoo.Bidirectional.from_config(first.get_config()), copy.copy(first)):
        assert seeds(one.forward_layer) == (3, 3)
        assert seeds(one.backward_layer) == second
    unseeded = zoo.Bidirectional(make(None))
    assert seeds(unseeded.backward_layer)[0] is None


def without_shapes(config):
    """A config without those shapes that only a built layer knows."""
    for inner in ("layer", "backward_layer"):
        config[inner].pop("build_config", None)
    return config


def test_each_direction_keeps_its_own_options(tmp_path):
    """Through a config, a copy, a clone and a file."""
    layer = zoo.Bidirectional(
        zoo.LSTM(3, use_cudnn="auto", truncate=4, return_sequences=True),
        backward_layer=zoo.LSTM(
            5,
            use_cudnn=False,
            checkpoint=2,
            implementation="graph",
            return_sequences=True,
            go_backwards=True,
            dropout=0.25,
            seed=7,
        ),
        merge_mode="concat",
        name="both",
        dtype="float32",
    )
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.save(tmp_path / "model.keras")
    config = without_shapes(layer.get_config())
    for again in (
        layer,
        zoo.Bidirectional.from_config(layer.get_config()),
        copy.deepcopy(layer),
        keras.models.clone_model(model).layers[0],
        keras.models.load_model(tmp_path / "model.keras").layers[0],
    ):
        first, second = again.forward_layer, again.backward_layer
        assert (first.use_cudnn, second.use_cudnn) == ("auto", False)
        assert (first.truncate, second.truncate) == (4, None)
        assert (first.checkpoint, second.checkpoint) == (None, 2)
        assert (first.implementation, second.implementation) == ("auto", "graph")
        assert (second.dropout, second.seed, second.units) == (0.25, 7, 5)
        assert without_shapes(again.get_config()) == config
        assert type(again) is zoo.Bidirectional


@pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.id)
def test_every_cell_reads_both_ways(case, rng):
    layer = zoo.Bidirectional(case.make_layer(return_sequences=True))
    y = layer(X, mask=MASK)
    width = layer.forward_layer.compute_output_shape(X.shape)[-1]
    assert layer.compute_output_shape(X.shape) == y.shape == (2, 5, 2 * width)
    mirrored = layer.backward_layer(X[1:, :3])
    same(y[1:, :3, width:], np.flip(mirrored, 1))
    assert not np.asarray(y)[1, 3:].any()


def test_wrong_arguments_are_said():
    wrap = zoo.Bidirectional
    backwards = zoo.GRU(3, go_backwards=True)
    for make, words in (
        (lambda: wrap(zoo.GRU(3), merge_mode="max"), ["merge_mode", "concat", "max"]),
        (lambda: wrap(zoo.GRU(3), merge_mode=["sum"]), ["merge_mode", "concat"]),
        (lambda: wrap("LSTM"), ["layer", "recurrent", "LSTM"]),
        (lambda: wrap(keras.layers.Dense(3)), ["Dense", "go_backwards"]),
        (lambda: wrap(backwards), ["go_backwards=False", "backward_layer"]),
        (lambda: wrap(zoo.GRU(3), backward_layer=zoo.GRU(3)), ["go_backwards", "both"]),
        (lambda: wrap(zoo.GRU(3), backward_layer=3), ["backward_layer", "3"]),
        (
            lambda: wrap(zoo.GRU(3, return_sequences=True), backward_layer=backwards),
            ["return_sequences", "True", "False"],
        ),
        (
            lambda: wrap(zoo.LSTM(3))(X, initial_state=[np.zeros((2, 3))] * 2),
            ["initial_state", "4 tensors", "2 of the forward", "2 tensor"],
        ),
        (
            lambda: wrap(zoo.GRU(3))(X, initial_state=np.zeros((2, 3))),
            ["initial_state", "2 tensors", "1 tensor"],
        ),
        (lambda: wrap(zoo.GRU(3), time_major=True), ["time_major", "transpose"]),
        (
            lambda: wrap(zoo.GRU(3), batch_input_shape=(2, None, 3)),
            [r"keras\.Input", "batch_size"],
        ),
    ):
        _, error = outcome(make)
        says(error, *words)


def test_many_in_one_file_are_each_their_own(tmp_path):
    """Keras, while it loads, takes objects with one `id` for one object.

    What a `Bidirectional` was made of must not go while it is there: the next layer had
    its id, and one of some loads failed, or would have been the layer before.
    """
    units = range(3, 11)
    model = keras.Sequential([keras.Input((None, 2))])
    for width in units:
        inner = zoo.GRU(width, return_sequences=True, kernel_regularizer="l2")
        model.add(zoo.Bidirectional(inner))
    made_of = weakref.ref(inner)
    del inner
    gc.collect()
    assert made_of() is not None
    path = tmp_path / "model.keras"
    model.save(path)
    for _ in range(8):
        loaded = keras.models.load_model(path)
        assert [layer.forward_layer.units for layer in loaded.layers] == [*units]
        for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
