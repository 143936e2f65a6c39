"""The native kernels against Keras's layers and against the equations step by step."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_rnn_zoo import native
from tests.compare import assert_close

pytestmark = pytest.mark.skipif(
    native.load(wait=None) is None,
    reason=f"no native kernels: {native.status().reason}",
)

KERAS = {
    "simple_rnn": (keras.layers.SimpleRNN, {}),
    "simple_rnn_relu": (keras.layers.SimpleRNN, {"activation": "relu"}),
    "lstm": (keras.layers.LSTM, {"use_cudnn": False}),
    "gru": (keras.layers.GRU, {"use_cudnn": False}),
    "gru_reset_before": (keras.layers.GRU, {"reset_after": False}),
}


def step(cell, x, states, kernel, recurrent, bias, peepholes, factors):
    """The equations of one step; `factors` (batch, blocks, units) multiply h."""
    h = states[0]
    blocks = kernel.shape[1] // h.shape[1]
    recurrent_bias = tf.zeros_like(kernel[0])
    if cell == "gru":
        bias, recurrent_bias = tf.unstack(bias)
    x = tf.split(x @ kernel + bias, blocks, axis=1)
    u = tf.split(recurrent, blocks, axis=1)
    b = tf.split(recurrent_bias, blocks)
    hs = [h * factors[:, g] for g in range(blocks)]
    r = [hs[g] @ u[g] + b[g] for g in range(blocks)]
    sigmoid, tanh = tf.sigmoid, tf.tanh
    if cell.startswith("simple_rnn"):
        h = (tf.nn.relu if cell.endswith("relu") else tanh)(x[0] + r[0])
        return [h]
    if cell == "gru":
        z, reset = sigmoid(x[0] + r[0]), sigmoid(x[1] + r[1])
        return [z * h + (1 - z) * tanh(x[2] + reset * r[2])]
    if cell == "gru_reset_before":
        z, reset = sigmoid(x[0] + r[0]), sigmoid(x[1] + r[1])
        return [z * h + (1 - z) * tanh(x[2] + (reset * hs[2]) @ u[2])]
    c = states[1]
    if cell == "coupled_lstm":
        f, g = sigmoid(x[0] + r[0]), tanh(x[1] + r[1])
        c = f * c + (1 - f) * g
        return [sigmoid(x[2] + r[2]) * tanh(c), c]
    p = tf.split(peepholes, 3) if cell == "peephole_lstm" else [0, 0, 0]
    i, f = sigmoid(x[0] + r[0] + p[0] * c), sigmoid(x[1] + r[1] + p[1] * c)
    c = f * c + i * tanh(x[2] + r[2])
    return [sigmoid(x[3] + r[3] + p[2] * c) * tanh(c), c]


def loop(
    cell,
    x,
    states,
    kernel,
    recurrent,
    bias,
    *,
    peepholes,
    mask,
    factors,
    backwards,
    zero,
):
    """`native.rnn` in plain TensorFlow."""
    batch, steps = x.shape[:2]
    units = recurrent.shape[0]
    if factors is None:
        factors = tf.ones((batch, kernel.shape[1] // units, units), x.dtype)
    if bias is None:
        bias = tf.zeros((2,) * (cell == "gru") + (kernel.shape[1],), x.dtype)
    output, outputs = tf.zeros((batch, units), x.dtype), []
    for t in reversed(range(steps)) if backwards else range(steps):
        new = step(cell, x[:, t], states, kernel, recurrent, bias, peepholes, factors)
        on = tf.ones((batch, 1), bool) if mask is None else mask[:, t, None]
        other = tf.zeros_like(output) if zero else output
        output = tf.where(on, new[0], other)
        states = [tf.where(on, a, b) for a, b in zip(new, states, strict=True)]
        outputs.append(output)
    return output, tf.stack(outputs, axis=1), states


def draw(cell, batch, steps, features, units, dtype="float64", seed=0):
    """Random tensors: `(sequences, states, kernel, recurrent_kernel, bias)`."""
    rng = np.random.default_rng(seed)
    blocks, states = native.CELLS[cell]

    def normal(*shape, scale=1.0):
        return tf.constant(rng.normal(scale=scale, size=shape), dtype)

    bias = normal(*(2,) * (cell == "gru"), blocks * units, scale=0.5)
    return (
        normal(batch, steps, features),
        [normal(batch, units) for _ in range(states)],
        normal(features, blocks * units, scale=0.5 / max(features, 1) ** 0.5),
        normal(units, blocks * units, scale=1 / units**0.5),
        bias,
    )


def results(run, watched, seed=1):
    """Outputs, states, and the gradients of a random sum of all of them."""
    with tf.GradientTape() as tape:
        tape.watch(watched)
        last, outputs, states = run()
        values = [v for v in [last, outputs, *states] if v is not None]
        rng = np.random.default_rng(seed)
        loss = sum(
            tf.reduce_sum(v * tf.constant(rng.normal(size=v.shape), v.dtype))
            for v in values
        )
    gradients = tape.gradient(loss, watched, unconnected_gradients="zero")
    return [*values, *gradients]


def make_mask(kind, batch, steps, rng):
    lengths = rng.integers(0, steps + 1, size=(batch, 1))
    if kind == "right":
        return np.arange(steps)[None] < lengths
    if kind == "left":
        return np.arange(steps)[None] >= lengths
    if kind == "gaps":
        return rng.random((batch, steps)) < 0.6
    return np.zeros((batch, steps), bool)


@pytest.mark.parametrize("cell", native.CELLS)
@settings(max_examples=25)
@given(data=st.data())
def test_equals_the_equations(cell, data):
    batch = data.draw(st.integers(1, 9), "batch")
    steps = data.draw(st.integers(1, 6), "steps")
    features = data.draw(st.integers(1, 9), "features")
    units = data.draw(st.sampled_from([1, 3, 8, 16, 17, 33, 70]), "units")
    dtype = data.draw(st.sampled_from(["float64", "float32"]), "dtype")
    kind = data.draw(
        st.sampled_from([None, "right", "left", "gaps", "nothing"]), "mask"
    )
    backwards = data.draw(st.booleans(), "backwards")
    zero = data.draw(st.booleans(), "zero_output")
    sequences = data.draw(st.booleans(), "return_sequences")
    training = data.draw(st.booleans(), "training")
    use_bias = data.draw(st.booleans(), "bias")
    dropout = data.draw(st.sampled_from([None, "one", "each"]), "dropout")
    rng = np.random.default_rng(data.draw(st.integers(0, 99), "seed"))

    x, states, kernel, recurrent, bias = draw(
        cell, batch, steps, features, units, dtype, seed=rng.integers(100)
    )
    blocks = native.CELLS[cell][0]
    bias = bias if use_bias else None
    mask = None if kind is None else tf.constant(make_mask(kind, batch, steps, rng))
    factors = None
    if dropout:
        shape = (batch, blocks if dropout == "each" else 1, units)
        factors = tf.constant(rng.integers(0, 2, shape) * 2.0, dtype)
    peepholes = None
    if cell == "peephole_lstm":
        peepholes = tf.constant(rng.normal(size=3 * units), dtype)
    watched = [
        v for v in [x, *states, kernel, recurrent, bias, peepholes] if v is not None
    ]

    def ours():
        last, outputs, new = native.rnn(
            cell,
            x,
            states,
            kernel,
            recurrent,
            bias,
            peepholes=peepholes,
            mask=mask,
            recurrent_dropout_mask=factors,
            go_backwards=backwards,
            zero_output_for_mask=zero,
            return_sequences=sequences,
            training=training,
        )
        assert (outputs is not None) == sequences
        return last, outputs, new

    def theirs():
        every = None
        if factors is not None:
            every = tf.broadcast_to(factors, (batch, blocks, units))
        last, outputs, new = loop(
            cell,
            x,
            states,
            kernel,
            recurrent,
            bias,
            peepholes=peepholes,
            mask=mask,
            factors=every,
            backwards=backwards,
            zero=zero,
        )
        return last, outputs if sequences else None, new

    actual, expected = results(ours, watched), results(theirs, watched)
    for k, (a, e) in enumerate(zip(actual, expected, strict=True)):
        assert_close(a, e, dtype, f"result {k}")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cell", KERAS)
@pytest.mark.parametrize(
    "batch, steps, features, units",
    [
        (1, 1, 1, 1),
        (1, 9, 5, 64),
        (3, 1, 4, 20),
        (7, 12, 33, 48),
        (20, 5, 130, 100),
        (13, 50, 3, 17),  # more steps than a thread gathers on the way back
    ],
)
@pytest.mark.parametrize("kind", [None, "gaps"])
def test_equals_keras(cell, dtype, batch, steps, features, units, kind, rng):
    x, states, kernel, recurrent, bias = draw(
        cell, batch, steps, features, units, dtype
    )
    layer_class, options = KERAS[cell]
    layer = layer_class(
        units, return_sequences=True, return_state=True, dtype=dtype, **options
    )
    layer.build(x.shape)
    layer.set_weights([kernel, recurrent, bias])
    mask = None if kind is None else tf.constant(make_mask(kind, batch, steps, rng))

    def keras_run():
        outputs, *new = layer(x, initial_state=states, mask=mask)
        return outputs[:, -1], outputs, new

    weights = [w.value for w in layer.trainable_variables]

    def native_run():
        return native.rnn(cell, x, states, *weights, mask=mask, training=True)

    watched = [x, *states, *weights]
    for k, (a, e) in enumerate(
        zip(results(native_run, watched), results(keras_run, watched), strict=True)
    ):
        assert_close(a, e, dtype, f"result {k}")


@pytest.mark.parametrize("dropped", [False, True])
@pytest.mark.parametrize("steps", [7, 40])
@pytest.mark.parametrize("cell", native.CELLS)
def test_one_row_is_the_same_beside_another(cell, steps, dropped, rng):
    """A short sequence alone is multiplied with weights where they lie."""
    x, states, *weights = draw(cell, 2, steps, 5, 48, "float32")
    more: dict = {"mask": rng.random((2, steps)) < 0.8}
    if dropped:
        factors = rng.integers(0, 2, (2, native.CELLS[cell][0], 48)) * 2.0
        more["recurrent_dropout_mask"] = factors
    if cell == "peephole_lstm":
        more["peepholes"] = rng.normal(size=3 * 48)
    both = native.rnn(cell, x, states, *weights, **more)
    alone = {k: v if k == "peepholes" else v[:1] for k, v in more.items()}
    one = native.rnn(cell, x[:1], [s[:1] for s in states], *weights, **alone)
    for a, b in zip([*one[:2], *one[2]], [*both[:2], *both[2]], strict=True):
        np.testing.assert_allclose(a, b[:1], rtol=1e-6, atol=1e-6)


def test_swapped_gates_are_noticed():
    x, states, kernel, recurrent, bias = draw("lstm", 3, 4, 5, 8)
    i, f, c, o = tf.split(recurrent, 4, axis=1)
    swapped = tf.concat([f, i, c, o], axis=1)
    a = native.rnn("lstm", x, states, kernel, recurrent, bias)[1]
    b = native.rnn("lstm", x, states, kernel, swapped, bias)[1]
    with pytest.raises(AssertionError):
        assert_close(a, b, "float64")


@pytest.mark.parametrize("cell", native.CELLS)
@pytest.mark.parametrize("batch, steps", [(0, 4), (3, 0), (0, 0)])
def test_nothing_to_do(cell, batch, steps):
    x, states, kernel, recurrent, bias = draw(cell, batch, steps, 3, 5)
    peepholes = tf.ones(15, x.dtype) if cell == "peephole_lstm" else None
    watched = [x, *states, kernel, recurrent, bias]
    last, outputs, *rest = results(
        lambda: native.rnn(
            cell,
            x,
            states,
            kernel,
            recurrent,
            bias,
            peepholes=peepholes,
            training=True,
        ),
        watched,
    )
    assert last.shape == (batch, 5) and outputs.shape == (batch, steps, 5)
    assert not np.any(last)
    new_states, gradients = rest[: len(states)], rest[len(states) :]
    for new, old in zip(new_states, states, strict=True):
        np.testing.assert_array_equal(new, old)
    for gradient in gradients[1 + len(states) :]:
        assert not np.any(gradient)


@pytest.mark.parametrize("cell", native.CELLS)
def test_masked_steps_are_not_read(cell):
    """What stands in a padded step, even NaN, reaches nothing."""
    x, states, kernel, recurrent, bias = draw(cell, 4, 6, 3, 20, "float32")
    peepholes = tf.ones(60) if cell == "peephole_lstm" else None
    mask = np.arange(6)[None] < np.array([[6], [3], [0], [1]])
    poisoned = tf.where(mask[..., None], x, np.nan)

    def run(x):
        return results(
            lambda: native.rnn(
                cell,
                x,
                states,
                kernel,
                recurrent,
                bias,
                peepholes=peepholes,
                mask=tf.constant(mask),
                training=True,
            ),
            [x, *states, kernel, recurrent, bias],
        )

    for a, b in zip(run(poisoned), run(x), strict=True):
        assert np.all(np.isfinite(a))
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cell", native.CELLS)
def test_nan_and_infinity_survive(cell, dtype):
    x, states, kernel, recurrent, bias = draw(cell, 3, 5, 4, 20, dtype)
    peepholes = tf.ones(60, dtype) if cell == "peephole_lstm" else None

    def last(x):
        return native.rnn(
            cell, x, states, kernel, recurrent, bias, peepholes=peepholes
        )[0]

    bad = np.array(x)
    bad[1, 2, 0] = np.nan
    out = np.asarray(last(tf.constant(bad)))
    assert np.all(np.isnan(out[1])) and np.all(np.isfinite(out[[0, 2]]))
    positive = tf.abs(kernel)
    bad[1, 2] = np.inf
    x = tf.constant(bad)
    out = native.rnn(cell, x, states, positive, recurrent, bias, peepholes=peepholes)[1]
    if cell == "simple_rnn_relu":
        assert np.all(np.isposinf(out[1, 2]))
    else:  # saturated, not broken
        assert np.all(np.isfinite(out[1, 2]))


def test_extreme_activations():
    """tanh and sigmoid over the whole range, against TensorFlow's."""
    values = np.concatenate(
        [np.linspace(-30, 30, 4001), [-1e30, 1e30, -np.inf, np.inf, 1e-30, -1e-30]]
    )
    for dtype, limit in [("float32", 5e-7), ("float64", 1e-14)]:
        x = tf.constant(values[:, None, None], dtype)
        one, zero = tf.ones((1, 1), dtype), tf.zeros((1, 1), dtype)
        h = native.rnn("simple_rnn", x, [tf.zeros((len(x), 1), dtype)], one, zero)[0]
        np.testing.assert_allclose(h[:, 0], np.tanh(values), rtol=limit, atol=limit)
        # GRU with z = sigmoid(x), candidate 0, h = 1: the new h is z.
        kernel = tf.concat([one, zero, zero], axis=1)
        h = native.rnn(
            "gru_reset_before",
            tf.where(tf.math.is_finite(x), x, tf.sign(x) * tf.constant(1e30, dtype)),
            [tf.ones((len(x), 1), dtype)],
            kernel,
            tf.zeros((1, 3), dtype),
        )[0]
        with np.errstate(over="ignore"):
            expected = 1 / (1 + np.exp(-values))
        np.testing.assert_allclose(h[:, 0], expected, rtol=10 * limit, atol=limit)


def test_unknown_batch_and_time():
    x, states, kernel, recurrent, bias = draw("gru", 4, 6, 3, 10)

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None, 3), "float64"),
            tf.TensorSpec((None, 10), "float64"),
            tf.TensorSpec((None, None), "bool"),
        ]
    )
    def run(x, h, mask):
        with tf.GradientTape() as tape:
            tape.watch(x)
            last, outputs, _ = native.rnn(
                "gru", x, [h], kernel, recurrent, bias, mask=mask, training=True
            )
            assert outputs.shape[2] == last.shape[1] == 10
            loss = tf.reduce_sum(outputs**2)
        return outputs, tape.gradient(loss, x)

    for batch, steps in [(4, 6), (2, 3), (1, 1)]:
        part, h = x[:batch, :steps], states[0][:batch]
        mask = tf.ones((batch, steps), "bool")
        outputs, dx = run(part, h, mask)
        expected = native.rnn("gru", part, [h], kernel, recurrent, bias)[1]
        np.testing.assert_array_equal(outputs, expected)
        assert dx.shape == part.shape


def test_gradient_twice_from_one_tape():
    """The backward pass works in place only where nobody else needs the values."""
    x, states, kernel, recurrent, bias = draw("lstm", 4, 6, 3, 10)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        out = native.rnn("lstm", x, states, kernel, recurrent, bias, training=True)[1]
        loss = tf.reduce_sum(out**2)
    first, second = tape.gradient(loss, x), tape.gradient(loss, x)
    np.testing.assert_array_equal(first, second)


def test_second_derivative_is_refused():
    x, states, kernel, recurrent, bias = draw("lstm", 2, 3, 3, 4)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            out = native.rnn("lstm", x, states, kernel, recurrent, bias)[0]
        loss = tf.reduce_sum(inner.gradient(out, x))
    with pytest.raises(NotImplementedError, match='implementation="loop"'):
        outer.gradient(loss, x)


def test_concurrent_calls():
    """As in a bidirectional layer: two calls at once, in one graph."""
    x, states, kernel, recurrent, bias = draw("lstm", 8, 20, 16, 64, "float32")

    @tf.function
    def both(x):
        ahead = native.rnn("lstm", x, states, kernel, recurrent, bias)[1]
        back = native.rnn(
            "lstm", x, states, kernel, recurrent, bias, go_backwards=True
        )[1]
        return ahead, back

    expected = [
        native.rnn("lstm", y, states, kernel, recurrent, bias)[1]
        for y in (x, tf.reverse(x, [1]))
    ]
    for _ in range(20):
        for a, b in zip(both(x), expected, strict=True):
            np.testing.assert_array_equal(a, b)


def test_bad_arguments():
    x, states, kernel, recurrent, bias = draw("lstm", 2, 3, 3, 4)
    with pytest.raises(ValueError, match="cell='tree'"):
        native.rnn("tree", x, states, kernel, recurrent, bias)
    with pytest.raises(ValueError, match="hold 2 tensors. Received: 1 "):
        native.rnn("lstm", x, states[:1], kernel, recurrent, bias)
    half = tf.cast(kernel, "float16")
    with pytest.raises(TypeError, match="dtype float16"):
        native.rnn("lstm", x, states, half, recurrent, bias)
    assert not native.supports("tree", "float32")
    assert not native.supports("lstm", "float16")
    assert native.supports("lstm", "float32")
    for nonsense in ([], {}, None, 3):
        assert not native.supports(nonsense, "float32")
        assert not native.supports("lstm", nonsense)


# What does not fit, and never has as many elements as what does by chance.
WRONG = {
    "mask (time, batch)": {"mask": tf.ones((5, 4), bool)},
    "mask flat": {"mask": tf.ones(20, bool)},
    "mask of one row": {"mask": tf.ones((1, 5), bool)},
    "mask of one step": {"mask": tf.ones((4, 1), bool)},
    "mask with more": {"mask": tf.ones((4, 5, 3), bool)},
    "mask in front": {"mask": tf.ones((1, 4, 5), bool)},
    "states of one row": {"initial_states": [tf.zeros((1, 6))] * 2},
    "states (units, batch)": {"initial_states": [tf.zeros((6, 4))] * 2},
    "one state flat": {"initial_states": [tf.zeros((4, 6)), tf.zeros(24)]},
    "sequences flat": {"sequences": tf.zeros((20, 3))},
    "sequences deep": {"sequences": tf.zeros((4, 5, 3, 1))},
    "kernel (columns, features)": {"kernel": tf.zeros((24, 3))},
    "kernel of fewer features": {"kernel": tf.zeros((2, 24))},
    "kernel flat": {"kernel": tf.zeros(72)},
    "recurrent (columns, units)": {"recurrent_kernel": tf.zeros((24, 6))},
    "recurrent square": {"recurrent_kernel": tf.zeros((12, 12))},
    "bias in a row": {"bias": tf.zeros((1, 24))},
    "bias of GRU": {"bias": tf.zeros((2, 12))},
    "bias short": {"bias": tf.zeros(5)},
    "peepholes not wanted": {"peepholes": tf.zeros(18)},
}


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize("wrong", WRONG)
def test_shapes_that_do_not_fit(wrong, graph):
    """Refused by the op itself, whatever was known before; never scrambled."""
    fitting = {
        "sequences": tf.zeros((4, 5, 3)),
        "initial_states": [tf.zeros((4, 6))] * 2,
        "kernel": tf.zeros((3, 24)),
        "recurrent_kernel": tf.zeros((6, 24)),
        "bias": tf.zeros(24),
        "mask": tf.ones((4, 5), bool),
    }
    given = {**fitting, **WRONG[wrong]}

    def run():
        if graph:  # whose shapes nobody knows before it runs
            unknown = tf.nest.map_structure(
                lambda t: tf.compat.v1.placeholder_with_default(t, None), given
            )
            return native.rnn("lstm", **unknown)
        return native.rnn("lstm", **given)

    if graph:
        run = tf.function(run)
    with pytest.raises(tf.errors.InvalidArgumentError, match="` must have .* Received"):
        run()


def test_shapes_that_do_not_fit_the_gradient():
    """The backward op looks as well: its inputs can come from anywhere."""
    ops = native.load(wait=None)
    x, h = tf.zeros((4, 5, 3)), tf.zeros((4, 6))
    none = tf.zeros(0)
    given = [x, tf.zeros(0, bool), tf.zeros((3, 6)), tf.zeros((6, 6)), none, none, none]

    def backward(gates=(20, 1, 6), kept=(1, 20, 6), last=(4, 6), all_=(4, 5, 6), d=h):
        gates, kept, last, all_ = (tf.zeros(s) for s in (gates, kept, last, all_))
        return ops.keras_rnn_zoo_backward(
            *given, gates, kept, last, all_, [d], cell="simple_rnn",
            go_backwards=False, zero_output_for_mask=False, d_sequences_wanted=True,
        )  # fmt: skip

    assert backward().d_sequences.shape == x.shape
    for wrong, name in [
        ({"gates": (19, 1, 6)}, "gates"),
        ({"kept": (20, 1, 6)}, "kept"),
        ({"last": (6, 4)}, "d_last"),
        ({"all_": (5, 4, 6)}, "d_outputs"),
        ({"d": tf.zeros((1, 6))}, "d_states"),
    ]:
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"`{name}` must"):
            backward(**wrong)


def test_a_mask_with_one_more_dimension():
    x, states, kernel, recurrent, bias = draw("lstm", 4, 5, 3, 6)
    mask = tf.constant(np.random.default_rng(0).random((4, 5)) < 0.5)
    plain, more = (
        native.rnn("lstm", x, states, kernel, recurrent, bias, mask=m)[1]
        for m in (mask, mask[..., None])
    )
    np.testing.assert_array_equal(plain, more)


@pytest.mark.parametrize("kind", ["int32", "uint8", "float16", "float64", "bool"])
def test_sequences_are_cast_to_the_kernel(kind):
    _, states, kernel, recurrent, bias = draw("gru", 4, 5, 3, 6, "float32")
    x = tf.cast(np.random.default_rng(0).integers(0, 2, (4, 5, 3)), kind)
    run = [
        native.rnn("gru", value, states, kernel, recurrent, bias)[1]
        for value in (x, tf.cast(x, "float32"))
    ]
    assert run[0].dtype == tf.float32
    np.testing.assert_array_equal(*run)


def test_memory_does_not_grow():
    """Resident memory over 1500 training steps, after 50 to warm up."""
    x, states, kernel, recurrent, bias = draw("lstm", 16, 50, 32, 64, "float32")

    @tf.function
    def train(x):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel, recurrent, bias])
            out = native.rnn("lstm", x, states, kernel, recurrent, bias, training=True)
            loss = tf.reduce_sum(out[1])
        return tape.gradient(loss, [x, kernel, recurrent, bias])

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    try:
        resident()
    except OSError:
        pytest.skip("no /proc/self/statm")
    for _ in range(50):
        train(x)
    before = resident()
    for _ in range(1500):
        train(x)
    grown = resident() - before
    print(
        f"{before / 2**20:.1f} MiB resident, {grown / 2**20:.2f} more after 1500 steps"
    )
    assert grown < 8 * 2**20


def test_gathered_rows_of_the_results():
    """Their gradient comes as IndexedSlices; in a graph the op itself gets it."""
    x, states, kernel, recurrent, bias = draw("lstm", 4, 5, 3, 6)

    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            last, outputs, (h, c) = native.rnn(
                "lstm", x, states, kernel, recurrent, bias, training=True
            )
            rows = [tf.gather(v, [2, 0, 2]) for v in (last, outputs, h, c)]
            loss = tf.add_n([tf.reduce_sum(r**2) for r in rows])
        return tape.gradient(loss, x)

    np.testing.assert_allclose(run(x), tf.function(run)(x), rtol=1e-12)


def test_a_gradient_that_nobody_wants_is_not_computed():
    """Of the sequences, in `fit`: they are data."""
    x, states, kernel, recurrent, bias = draw("lstm", 4, 5, 3, 6)

    def wanted(watched):
        @tf.function
        def run(x):
            weights = {"x": x, "kernel": kernel}
            with tf.GradientTape() as tape:
                tape.watch([weights[name] for name in watched])
                last = native.rnn("lstm", x, states, kernel, recurrent, bias)[0]
                loss = tf.reduce_sum(last)
            return tape.gradient(loss, [weights[name] for name in watched])

        (op,) = [
            op
            for op in run.get_concrete_function(x).graph.get_operations()
            if op.type == "KerasRnnZoo>Backward"
        ]
        gradients = run(x)
        assert [g.shape for g in gradients] == [
            {"x": x, "kernel": kernel}[name].shape for name in watched
        ]
        return op.get_attr("d_sequences_wanted")

    assert wanted(["x"]) and wanted(["x", "kernel"]) and not wanted(["kernel"])


def test_the_gradient_of_a_function_of_ours():
    """Asked for from outside, where no tape says what is wanted."""
    x, states, kernel, recurrent, bias = draw("gru", 4, 5, 3, 6)

    @tf.function
    def inner(x, kernel):
        return native.rnn("gru", x, states, kernel, recurrent, bias)[1]

    def outer(call):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            loss = tf.reduce_sum(call(x, kernel) ** 2)
        return tape.gradient(loss, [x, kernel])

    for a, b in zip(outer(inner), outer(inner.python_function), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
