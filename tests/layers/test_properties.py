"""What has to hold for any recurrence, checked over several seeds."""

import numpy as np
import pytest

import keras_rnn_zoo
from tests.cases import CASES, IDS
from tests.compare import assert_close, randomise

each_case = pytest.mark.parametrize("case", CASES, ids=IDS)
# The second one with the slow tests.
SEEDS = [0, pytest.param(1, marks=pytest.mark.slow)]
RATES = ("dropout", "recurrent_dropout")


def rates(case, rate):
    """Every kind of dropout that the unit has, at the same rate."""
    return {name: rate for name in RATES if name in case.cell.arguments}


def built(case, seed, **options):
    rng = np.random.default_rng(seed)
    layer = case.make_layer(return_sequences=True, **options)
    layer.build((None, None, 3))
    randomise(layer, rng)
    return layer, rng


def twin(case, layer, **options):
    other = case.make_layer(return_sequences=True, **options)
    other.build((None, None, 3))
    other.set_weights(layer.get_weights())
    return other


def normal(rng, *shape):
    return rng.normal(size=shape).astype("float32")


@each_case
@pytest.mark.parametrize("seed", SEEDS)
def test_padding_does_not_matter(case, seed):
    layer, rng = built(case, seed, return_state=True)
    x = normal(rng, 2, 7, 3)
    mask = np.broadcast_to(np.arange(7)[None] < 5, (2, 7))
    for garbage in (0.0, 1e3, np.nan):
        x[:, 5:] = garbage
        output, *states = layer(x, mask=mask)
        expected, *expected_states = layer(x[:, :5])
        assert_close(output[:, :5], expected)
        for state, known in zip(states, expected_states, strict=True):
            assert_close(state, known)


@each_case
@pytest.mark.parametrize("seed", SEEDS)
def test_two_chunks_with_carried_state_are_one_sequence(case, seed):
    layer, rng = built(case, seed, return_state=True)
    x = normal(rng, 2, 7, 3)
    whole, *last = layer(x)
    first, *states = layer(x[:, :3])
    second, *states = layer(x[:, 3:], initial_state=states)
    assert_close(np.concatenate([first, second], 1), whole)
    for state, known in zip(states, last, strict=True):
        assert_close(state, known)


@each_case
@pytest.mark.parametrize("seed", SEEDS)
def test_rows_of_a_batch_do_not_see_each_other(case, seed):
    layer, rng = built(case, seed)
    x, order = normal(rng, 4, 5, 3), rng.permutation(4)
    mask = rng.random((4, 5)) > 0.3
    assert_close(
        layer(x[order], mask=mask[order]), np.asarray(layer(x, mask=mask))[order]
    )


@each_case
@pytest.mark.parametrize("seed", SEEDS)
def test_the_future_does_not_change_the_past(case, seed):
    layer, rng = built(case, seed)
    x = normal(rng, 2, 6, 3)
    before = np.asarray(layer(x))
    x[:, 4] += 1.0
    after = np.asarray(layer(x))
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert np.abs(before[:, 4:] - after[:, 4:]).max() > 1e-4


@each_case
@pytest.mark.parametrize("seed", SEEDS)
def test_backwards_is_the_flipped_input(case, seed):
    layer, rng = built(case, seed)
    backwards = twin(case, layer, go_backwards=True)
    x, mask = normal(rng, 2, 6, 3), rng.random((2, 6)) > 0.3
    assert_close(backwards(x, mask=mask), layer(x[:, ::-1], mask=mask[:, ::-1]))


@each_case
def test_one_step_and_one_row(case):
    layer, rng = built(case, 0, return_state=True)
    x = normal(rng, 1, 1, 3)
    states = [normal(rng, 1, n) for n in layer.state_size]
    output, *new_states = layer(x, initial_state=states)
    expected, expected_states = layer.cell(x[:, 0], states)
    assert_close(output[:, 0], expected)
    for state, known in zip(new_states, expected_states, strict=True):
        assert_close(state, known)


@each_case
def test_gradients_stay_finite_over_500_steps(case):
    import tensorflow as tf

    layer, rng = built(case, 0)
    layer.set_weights([0.5 * w for w in layer.get_weights()])
    x = tf.constant(normal(rng, 2, 500, 3))

    @tf.function
    def gradients(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(layer(x)[:, -1] ** 2)
        return tape.gradient(loss, [w.value for w in layer.trainable_weights])

    for gradient in gradients(x):
        assert np.isfinite(gradient).all()


# --- Dropout


@pytest.mark.parametrize(
    ("case", "option"),
    [
        pytest.param(case, option, id=f"{case.id}-{option}")
        for case in CASES
        for option in RATES
        if option in case.cell.arguments
    ],
)
def test_dropout_is_off_at_inference_and_on_in_training(case, option):
    layer, rng = built(case, 0)
    dropped = twin(case, layer, **{option: 0.5})
    x = normal(rng, 2, 6, 3)
    assert_close(dropped(x), layer(x))
    a, b = (np.asarray(dropped(x, training=True)) for _ in range(2))
    # The first step from a zero state has nothing recurrent to drop.
    first = 0 if option == "dropout" else 1
    assert np.abs(a[:, first:] - b[:, first:]).max() > 1e-4
    assert_close(dropped(x), layer(x))


@each_case
def test_dropout_masks_are_shared_by_all_steps_and_not_by_rows(case):
    """Constant inputs: only the mask can tell rows apart, and no step may."""
    cell = case.make_cell(**rates(case, 0.5), seed=1)
    cell.build((None, 3))
    randomise(cell, np.random.default_rng(0))
    x = np.ones((64, 3), "float32")
    states = [np.ones((64, size), "float32") for size in cell.state_sizes]
    sequences = np.repeat(x[:, None], 3, axis=1)
    # From the same state at each step, the same mask gives the same output.
    draws = cell.draw(64, 3, training=True)
    w = cell.of_input(cell.all_weights(), draws.inputs, True)
    u = cell.of_states(cell.all_weights(), draws.states, True)
    one, two = (cell.advance(cell.terms(x, w), states, u)[0] for _ in range(2))
    with pytest.warns(UserWarning, match="at every step"):
        other, _ = cell(x, states, training=True)
    np.testing.assert_array_equal(one, two)
    assert np.abs(np.asarray(one) - np.asarray(other)).max() > 1e-3
    assert len(np.unique(np.asarray(one).round(5), axis=0)) > 5
    # And a layer draws once for all steps.
    again = case.cell.from_config(cell.get_config())
    again.build((None, 3))
    again.set_weights(cell.get_weights())
    state, drawn = states, again.draw(64, 3, training=True)
    w = again.of_input(again.all_weights(), drawn.inputs, True)
    u = again.of_states(again.all_weights(), drawn.states, True)
    fresh = keras_rnn_zoo.RNN(
        case.cell.from_config(cell.get_config()), return_sequences=True
    )
    fresh.build((None, None, 3))
    fresh.set_weights(cell.get_weights())
    outputs = fresh(sequences, initial_state=states, training=True)
    for t in range(3):
        expected, state = again.advance(again.terms(x, w), state, u)
        assert_close(outputs[:, t], expected)


@each_case
@pytest.mark.parametrize("rate", [0.2, 0.6])
def test_dropout_rate_and_scale(case, rate):
    """A share `rate` of elements is zero, the rest is scaled to keep the mean."""
    options = rates(case, rate)
    cell = case.make_cell(units=50, **options)
    cell.build((None, 40))
    masks = cell.draw(2000, training=True)[:2]
    each_gate = "recurrent_dropout" in options
    counts = [len(b) for b in (cell.blocks, cell.recurrent_blocks or cell.blocks)]
    assert len([m for m in masks if m is not None]) == len(options)
    for mask, count in zip(masks, counts, strict=True):
        if mask is None:
            continue
        mask = np.asarray(mask)
        assert mask.shape[0] == (count if each_gate else 1)
        zeros = (mask == 0).mean(axis=(1, 2))
        np.testing.assert_allclose(zeros, rate, atol=0.02)
        np.testing.assert_allclose(mask[mask > 0], 1 / (1 - rate), rtol=1e-6)


@pytest.mark.parametrize(
    "case", [c for c in CASES if not c.scale_free], ids=lambda case: case.id
)
def test_dropout_average_over_masks_is_near_the_layer(case):
    """Small positive weights read linearly: the mean over masks is the plain layer."""
    layer, rng = built(case, 0)
    layer.set_weights([0.05 * np.abs(w) for w in layer.get_weights()])
    dropped = twin(case, layer, **rates(case, 0.3))
    x = np.repeat(np.abs(normal(rng, 1, 4, 3)), 4000, axis=0)
    mean = np.asarray(dropped(x, training=True)).mean(axis=0)
    plain = np.asarray(layer(x[:1]))[0]
    np.testing.assert_allclose(mean, plain, atol=0.05 * plain.max())


@each_case
def test_one_seed_gives_one_run(case):
    x = normal(np.random.default_rng(0), 2, 5, 3)
    layer, _ = built(case, 0)
    results = [
        np.asarray(twin(case, layer, **rates(case, 0.3), seed=5)(x, training=True))
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*results)
