"""What a call is given means the same on every path, or no path takes it."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.metrics import SpanF1, TokenAccuracy
from tests.cases import ONE_EACH
from tests.compare import assert_close
from tests.paths import KINDS, NATIVE, all_close, at, built, loose, outcome, says, ways

BATCH, TIME, FEATURES = 4, 5, 3
FACTOR = 10.0  # of normalised cells
each_kind = pytest.mark.parametrize("case", KINDS, ids=lambda case: case.id)
each_unit = pytest.mark.parametrize("case", ONE_EACH, ids=lambda case: case.id)


def paths_of(case):
    """What can be asked for by name in an eager call."""
    native = ["native"] if case.id in NATIVE else []
    return ["loop", "auto", "hoisted", "graph", *native]


@functools.cache
def on_each_path(case_id):
    """`{path: layer}` with the same weights, which the tests share."""
    [case] = [case for case in KINDS if case.id == case_id]
    options = {"return_sequences": True, "return_state": True}
    rng = np.random.default_rng(7)
    first = built(case, rng, implementation="loop", **options)
    return {
        path: built(case, like=first, implementation=path, **options)
        for path in paths_of(case)
    }


def draw(rng, *shape):
    return rng.normal(size=shape or (BATCH, TIME, FEATURES)).astype("float32")


def same(results, what=""):
    """Of `{path: (result, error)}`: all answer alike or all refuse."""
    expected, refusal = results["loop"]
    for path, (found, error) in results.items():
        assert (error is None) == (refusal is None), (
            f"{what}: {path} {'answers' if error is None else repr(error)}, the loop "
            f"{'answers' if refusal is None else repr(refusal)}"
        )
        if expected is not None:
            all_close(found, expected, what=f"{what}: {path}", factor=FACTOR)
    return expected, refusal


# --- Numbers of other dtypes

DTYPES = ("uint8", "int32", "int64", "bool", "float16", "float64")


@each_kind
@pytest.mark.parametrize("dtype", DTYPES)
def test_features_of_any_dtype(case, dtype, rng):
    """As Keras's layers: they are taken as numbers of the layer's own dtype."""
    layers = on_each_path(case.id)
    x = rng.integers(0, 2 if dtype == "bool" else 5, size=(BATCH, TIME, FEATURES))
    expected = layers["loop"](x.astype("float32"))
    for path, layer in layers.items():
        for given in (x.astype(dtype), tf.constant(x.astype(dtype))):
            found = layer(given)
            all_close(found, expected, what=path, factor=FACTOR)
            assert {one.dtype.name for one in found} == {"float32"}


@pytest.mark.parametrize(
    ("unit", "dtype"),
    [("LSTM", "uint8"), ("LSTM", "bool"), ("LSTM", "float64"), ("GRU", "uint8")]
    + [("MGU", "bool")],
)
def test_a_model_is_trained_on_any_dtype(unit, dtype, rng):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            layer = getattr(zoo, unit)
            self.recurrent = layer(
                3, implementation="graph" if unit == "MGU" else "auto"
            )
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(self.recurrent(x))

    x, losses = rng.integers(0, 2, size=(4, 3, 2)), []
    for kind in (dtype, "float32"):
        keras.utils.set_random_seed(2)
        model = Model()
        model.compile("sgd", "mse")
        losses.append(model.train_on_batch(x.astype(kind), np.ones((4, 1))))
    np.testing.assert_allclose(*losses, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["int32", "uint8"])
def test_a_functional_model_of_integers(dtype, rng):
    features = keras.Input((None, FEATURES), dtype=dtype)
    model = keras.Model(features, zoo.LSTM(4)(features))
    x = rng.integers(0, 5, size=(BATCH, TIME, FEATURES)).astype(dtype)
    expected = model.layers[-1](x.astype("float32"))
    assert_close(model.predict_on_batch(x), expected)


@each_kind
@pytest.mark.parametrize("dtype", ["int32", "float64", "float16"])
def test_initial_states_of_any_dtype(case, dtype, rng):
    x = draw(rng)
    layers = on_each_path(case.id)
    states = [rng.integers(-3, 4, size=(BATCH, n)) for n in layers["loop"].state_size]
    known = layers["loop"](x, initial_state=[s.astype("float32") for s in states])
    given = [state.astype(dtype) for state in states]
    for path, layer in layers.items():
        found = layer(x, initial_state=given)
        all_close(found, known, what=path, factor=FACTOR)


@each_kind
@pytest.mark.parametrize("dtype", ["int32", "float32", "uint8"])
def test_masks_of_any_dtype(case, dtype, rng):
    x, mask = draw(rng), rng.random((BATCH, TIME)) > 0.4
    layers = on_each_path(case.id)
    expected = layers["loop"](x, mask=mask)
    for path, layer in layers.items():
        found = layer(x, mask=mask.astype(dtype))
        all_close(found, expected, what=path, factor=FACTOR)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8])
def test_integers_of_numpy_are_integers(kind, tmp_path):
    layer = zoo.LSTM(kind(4), truncate=kind(2), seed=kind(3))
    assert type(layer.get_config()["truncate"]) is int
    assert type(layer.get_config()["seed"]) is int
    assert zoo.MGU(4, checkpoint=kind(2)).get_config()["checkpoint"] == 2
    for state in layer.cell.get_initial_state(batch_size=kind(2)):
        assert state.shape == (2, 4)
    stateful = keras.Sequential(
        [keras.Input((None, 2), batch_size=int(kind(2))), zoo.GRU(3, stateful=True)]
    )
    assert stateful(np.ones((2, 4, 2))).shape == (2, 3)
    assert zoo.ManyToOne(kind(2), kind(3), "MGU", num_features=kind(2)).built


def test_integers_of_numpy_are_integers_for_an_export(tmp_path):
    pytest.importorskip("ai_edge_litert")
    from keras_rnn_zoo.export import export_litert

    model = keras.Sequential([keras.Input((None, 2)), zoo.SimpleRNN(3)])
    sizes = {"batch_size": np.int64(2), "steps": np.int32(3)}
    exported = export_litert(model, tmp_path / "litert", int8=False, **sizes)
    assert exported.num_bytes > 0


# --- Masks and states of wrong shapes

WRONG = {
    "transposed": lambda m: m.T,
    "a step short": lambda m: m[:, 1:],
    "a row more": lambda m: np.concatenate([m, m[:1]]),
    "flat": lambda m: m.reshape(-1),
    "one row flat": lambda m: m[0],
    "of the features": lambda m: np.repeat(m[..., None], FEATURES, axis=-1),
}


def names_both(error, mask, x):
    """The error is a ValueError that names the shapes of the mask and what it masks."""
    assert isinstance(error, ValueError), repr(error)
    text = str(error).replace("[", "(").replace("]", ")")
    assert str(tuple(mask.shape)) in text, text
    assert str(tuple(x.shape)) in text or str(tuple(x.shape[:2])) in text, text


@each_kind
@pytest.mark.parametrize("wrong", WRONG)
def test_a_mask_of_another_shape_is_refused_on_every_path(case, wrong, rng):
    x, mask = draw(rng), WRONG[wrong](rng.random((BATCH, TIME)) > 0.4)
    for path, layer in on_each_path(case.id).items():
        found, error = outcome(layer, x, mask=mask)
        assert found is None, f"{path} took a mask of shape {mask.shape}"
        names_both(error, mask, x)


@each_unit
def test_a_transposed_mask_is_refused_by_every_unit(case, rng):
    x, mask = draw(rng), rng.random((TIME, BATCH)) > 0.4
    _, error = outcome(built(case, rng), x, mask=mask)
    assert error is not None
    names_both(error, mask, x)


@pytest.mark.parametrize("place", ["graph", "keras"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("unit", ["LSTM", "MGU"])
def test_a_mask_of_another_shape_is_refused_in_graphs(unit, known, place, rng):
    """With known shapes as in an eager call; else when the graph runs."""
    case = next(case for case in KINDS if case.id == unit)
    layer = built(case, rng)
    given = tf.constant(draw(rng)), tf.constant(rng.random((TIME, BATCH)) > 0.4)
    specs = None if known else (loose(given[0]), tf.TensorSpec([None, None], "bool"))

    def call(x, mask):
        return {"y": layer(x, mask=mask, training=True)}

    found, error = outcome(at, place, call, *given, specs=specs)
    assert found is None, "took a transposed mask"
    if known:
        names_both(error, given[1], given[0])
    else:
        assert isinstance(error, ValueError | tf.errors.InvalidArgumentError)


def test_a_mask_of_another_shape_is_refused_by_the_models(rng):
    mask = rng.random((TIME, BATCH)) > 0.4
    x = draw(rng)
    crf, tags = zoo.CRF(3), rng.integers(0, 3, size=(BATCH, TIME))
    crf.build((None, None, FEATURES))
    gaussian = zoo.HMM(2, "gaussian", num_features=FEATURES)
    tokens = rng.integers(0, 3, size=(BATCH, TIME))
    symbols = zoo.HMM(2, num_symbols=3)
    for call in (
        lambda: crf(x, mask=mask),
        lambda: crf.viterbi(x, mask),
        lambda: crf.marginals(x, mask),
        lambda: crf.log_likelihood(x, tags, mask),
        lambda: gaussian(x, mask=mask),
        lambda: gaussian.posterior(x, mask),
        lambda: gaussian.viterbi(x, mask),
    ):
        names_both(outcome(call)[1], mask, x)
    for call in (
        lambda: symbols.log_prob(tokens, mask),
        lambda: symbols.joint_log_prob(tokens % 2, tokens, mask),
        lambda: symbols.expectations(tokens, mask),
    ):
        names_both(outcome(call)[1], mask, tokens)


def test_weights_of_another_shape_are_refused_by_the_metrics(rng):
    tags = rng.integers(0, 3, size=(BATCH, TIME))
    probabilities = tf.one_hot(tags, 3)
    wrong = np.ones((TIME, BATCH), "float32")
    for metric in (SpanF1(["O", "B-x", "I-x"]), TokenAccuracy()):
        found, error = outcome(metric.update_state, tags, probabilities, wrong)
        assert found is None and error is not None, metric.name
        names_both(error, wrong, tags)


@each_kind
def test_masks_that_broadcast_are_taken_by_all_paths_or_by_none(case, rng):
    """Where they are taken they mean what broadcasting means."""
    x, mask = draw(rng), rng.random((BATCH, TIME)) > 0.4
    layers = on_each_path(case.id)
    for given, meant in (
        (mask[..., None], mask),
        (mask[:1], np.repeat(mask[:1], BATCH, axis=0)),
        (mask[:, :1], np.repeat(mask[:, :1], TIME, axis=1)),
    ):
        results = {
            path: outcome(layer, x, mask=given) for path, layer in layers.items()
        }
        found, error = same(results, f"mask of shape {given.shape}")
        if error is None:
            known = layers["loop"](x, mask=meant)
            all_close(found, known, what=str(given.shape), factor=FACTOR)
        else:
            names_both(error, given, x)


@each_kind
def test_states_of_one_row_are_taken_by_all_paths_or_by_none(case, rng):
    """Keras gives them to every row."""
    x = draw(rng)
    layers = on_each_path(case.id)
    states = [draw(rng, 1, n) for n in layers["loop"].state_size]
    results = {
        path: outcome(layer, x, initial_state=states) for path, layer in layers.items()
    }
    found, error = same(results, "states of one row")
    if error is None:
        tiled = [np.repeat(state, BATCH, axis=0) for state in states]
        known = layers["loop"](x, initial_state=tiled)
        all_close(found, known, factor=FACTOR)
    else:
        says(error, "`initial_state` must", r"\(1, ")


@each_kind
def test_states_of_too_many_rows_are_refused_in_words(case, rng):
    x = draw(rng)
    layers = on_each_path(case.id)
    for rows in (2, BATCH + 1):
        states = [draw(rng, rows, n) for n in layers["loop"].state_size]
        for path, layer in layers.items():
            found, error = outcome(layer, x, initial_state=states)
            assert found is None, path
            says(error, "`initial_state` must", rf"\({rows}, ")


# --- Empty sequences


def of_nothing(layer, x, states, training=True):
    """Results and gradients of a call, by name."""
    with tf.GradientTape() as tape:
        tape.watch([x, *states])
        results = layer(x, initial_state=list(states) or None, training=training)
        loss = sum(tf.reduce_sum(result**2) for result in results)
    named = {f"result {k}": result for k, result in enumerate(results)}
    weights = [w.value for w in layer.trainable_weights]
    sources = [x, *states, *weights]
    gradients = tape.gradient(loss, sources, unconnected_gradients="zero")
    return {**named, **{f"d {k}": g for k, g in enumerate(gradients)}}


EMPTY = [
    pytest.param(case, *way, id="-".join((case.id, *way)))
    for case in KINDS
    for way in ways(case)
    if case.id == "MGU"
    or (case.id == "LSTM" and way[0] in ("auto", "native"))
    or way == ("auto", "eager")
]


@pytest.mark.parametrize(("case", "path", "place"), EMPTY)
def test_a_sequence_of_no_steps_leaves_the_states(case, path, place, rng):
    for sequences in (True, False):
        options = {"return_sequences": sequences, "return_state": True}
        layer = built(case, rng, implementation=path, **options)
        states = [tf.constant(draw(rng, BATCH, n)) for n in layer.state_size]
        x = tf.zeros((BATCH, 0, FEATURES))

        def call(x, states, layer=layer):
            return of_nothing(layer, x, states)

        given = x, tuple(states)
        specs = keras.tree.map_structure(loose, given) if sequences else None
        found = at(place, call, *given, specs=specs)
        output = np.asarray(found["result 0"])
        width = layer.cell.output_size
        if sequences:
            assert output.shape == (BATCH, 0, width)
        else:
            assert output.shape == (BATCH, width) and np.isfinite(output).all()
        for k, state in enumerate(states):
            np.testing.assert_array_equal(found[f"result {k + 1}"], state)
        of_weights = list(found)[1 + 2 * len(states) + 1 :]
        assert of_weights
        for name in of_weights:
            assert not np.asarray(found[name]).any(), name


@each_unit
def test_every_unit_reads_nothing(case, rng):
    layer = built(case, rng, return_sequences=True)
    assert layer(np.zeros((2, 0, 3), "float32")).shape == (2, 0, layer.cell.output_size)
    assert layer(np.zeros((0, 4, 3), "float32")).shape == (0, 4, layer.cell.output_size)
    last = built(case, like=layer)
    np.testing.assert_array_equal(last(np.zeros((2, 0, 3), "float32")), 0)


@pytest.mark.parametrize("path", ["loop", "auto", "hoisted", "graph"])
def test_no_rows(path, rng):
    for case in KINDS[: 2 if path == "graph" else None]:  # to trace takes a second
        options = {"return_state": True, "implementation": path}
        layer = built(case, rng, **options)
        states = [draw(rng, 0, n) for n in layer.state_size]
        found = of_nothing(
            layer, tf.zeros((0, TIME, FEATURES)), list(map(tf.constant, states))
        )
        for name, value in found.items():
            assert np.isfinite(value).all() and not np.asarray(value).any(), name


def test_rows_of_no_steps_among_others(rng):
    """A row that is masked throughout is a sequence of no steps."""
    x, mask = draw(rng), np.ones((BATCH, TIME), bool)
    mask[1] = False
    for case in KINDS:
        layers = on_each_path(case.id)
        states = [draw(rng, BATCH, n) for n in layers["loop"].state_size]
        for path, layer in layers.items():
            _, *last = layer(x, initial_state=states, mask=mask)
            for state, first in zip(last, states, strict=True):
                np.testing.assert_array_equal(np.asarray(state)[1], first[1], path)


def test_nothing_through_wrappers_and_models(rng):
    x = np.zeros((2, 0, 3), "float32")
    both = zoo.Bidirectional(zoo.MGU(4, return_sequences=True))
    assert both(x).shape == (2, 0, 8)
    model = zoo.ManyToMany(3, 4, "MGU", num_features=3)
    assert model.predict_on_batch(x).shape == (2, 0, 3)


# --- What stands behind a mask


@pytest.mark.parametrize(
    ("case", "garbage"),
    [(case, np.nan) for case in KINDS] + [(KINDS[1], np.inf), (KINDS[0], 1e38)],
    ids=lambda value: getattr(value, "id", str(value)),
)
def test_masked_values_never_touch_a_gradient(case, garbage, rng):
    x = draw(rng)
    mask = np.ones((BATCH, TIME), bool)
    mask[0, 3:] = mask[1, :2] = mask[2, 2] = mask[3] = False
    x[~mask] = 0.0
    spoiled = np.where(mask[..., None], x, np.float32(garbage))
    for path, layer in on_each_path(case.id).items():
        found = []
        for given in (x, spoiled):
            given = tf.constant(given)
            with tf.GradientTape() as tape:
                tape.watch(given)
                results = layer(given, mask=mask, training=True)
                loss = sum(tf.reduce_sum(result**2) for result in results)
            weights = [w.value for w in layer.trainable_weights]
            found.append([loss, *tape.gradient(loss, [given, *weights])])
        assert np.isfinite(found[1][0]), path
        all_close(found[1], found[0], what=path, factor=FACTOR)


@pytest.mark.parametrize("unit", ["LSTM", "MGU"])
def test_masked_values_never_touch_a_weight_in_fit(unit, rng):
    x = draw(rng)
    mask = np.ones((BATCH, TIME), bool)
    mask[0, 3:] = False
    weights = []
    for garbage in (0.0, np.nan):
        keras.utils.set_random_seed(1)
        features = keras.Input((None, FEATURES))
        given = keras.Input((None,), dtype="bool")
        y = getattr(zoo, unit)(3, implementation="auto")(features, mask=given)
        model = keras.Model([features, given], y)
        model.compile("sgd", "mse")
        spoiled = np.where(mask[..., None], x, np.float32(garbage))
        model.train_on_batch([spoiled, mask], np.ones((BATCH, 3)))
        weights.append(model.get_weights())
    all_close(weights[1], weights[0])


# --- Words


def test_ragged_tensors_are_refused_in_one_sentence():
    ragged = tf.RaggedTensor.from_tensor(tf.ones((2, 3, 2)), lengths=[3, 2])
    for layer in (zoo.LSTM(3), zoo.MGU(3), zoo.RNN(zoo.GRUCell(3))):
        _, error = outcome(layer, ragged)
        says(error, "[Rr]agged", "to_tensor|mask")


def test_states_inside_a_sequential_model_are_refused_in_one_sentence():
    for layer in (zoo.LSTM(3, return_state=True), zoo.MGU(3, return_state=True)):
        model, error = outcome(
            keras.Sequential, [keras.Input((None, 2)), layer, keras.layers.Dense(1)]
        )
        if error is None:
            _, error = outcome(model, np.ones((1, 2, 2), "float32"))
        says(error, "return_state")
