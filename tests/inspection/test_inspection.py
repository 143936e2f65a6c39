"""Numbers of the inspection tools against loops of their own and NumPy; their plots."""

import itertools
import warnings

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import (
    CIFGLSTM,
    GRU,
    HMM,
    JANET,
    LSTM,
    MGU,
    Bidirectional,
    IndRNN,
    LSTMCell,
    ManyToMany,
    ManyToOne,
    Markov,
    MinGRU,
    OutputRecurrence,
    PeepholeLSTM,
    ProjectedLSTM,
    SimpleRNN,
    WindowClassifier,
    inspection,
)
from keras_rnn_zoo.layers import LayerNormLSTM, StackedRNNCells
from tests.references import gru, lstm, sigmoid


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def shaken(layer, rng, shape=(None, None, 3)):
    """A built layer whose weights all differ."""
    layer.build(shape)
    layer.set_weights([rng.normal(0, 0.7, w.shape) for w in layer.get_weights()])
    return layer


# --- Gradients


def hand_written(layers, output, x, y, mask):
    """States of every layer and step and the loss, under a tape that holds them."""
    sequence, states_of = list(tf.unstack(x, axis=1)), []
    for layer in layers:
        kernel, recurrent_kernel, bias = layer.cell.weights
        h = c = tf.zeros((x.shape[0], layer.units))
        seen, outputs = [], []
        for t, x_t in enumerate(sequence):
            a = x_t @ kernel.value + h @ recurrent_kernel.value + bias.value
            a_i, a_f, a_c, a_o = tf.split(a, 4, axis=-1)
            new_c = tf.sigmoid(a_f) * c + tf.sigmoid(a_i) * tf.tanh(a_c)
            new_h = tf.sigmoid(a_o) * tf.tanh(new_c)
            seen.append((new_h, new_c))
            keep = mask[:, t, None]
            h, c = tf.where(keep, new_h, h), tf.where(keep, new_c, c)
            outputs.append(h)
        states_of.append(seen)
        sequence = outputs
    o = tf.stack([output(h) for h in sequence], 1)
    losses = keras.losses.sparse_categorical_crossentropy(y, o)
    weights = tf.cast(mask, "float32")
    return states_of, tf.reduce_sum(losses * weights) / tf.reduce_sum(weights)


@pytest.mark.parametrize("state", ["h", "c"])
def test_gradient_flow_is_that_of_a_loop_written_by_hand(rng, state):
    model = ManyToMany(3, units=[4, 5], num_features=2, mask_value=0.0)
    model.compile("adam", "sparse_categorical_crossentropy")
    x = rng.normal(size=(3, 6, 2)).astype("float32")
    x[1, 4:] = 0  # padding
    y = rng.integers(0, 3, (3, 6))
    flow = inspection.gradient_flow(model, x, y, state=state)
    layers = [model.get_layer(f"recurrent_{k}") for k in (1, 2)]
    mask = tf.constant(np.any(x != 0, axis=-1))
    with tf.GradientTape(persistent=True) as tape:
        args = (model.get_layer("output"), tf.constant(x), y, mask)
        states_of, loss = hand_written(layers, *args)
    np.testing.assert_allclose(flow.loss, loss, rtol=1e-5)
    for k in (1, 2):
        assert flow.states[f"recurrent_{k}"] == state
        wanted = []
        for states in states_of[k - 1]:
            gradient = tape.gradient(loss, states["hc".index(state)])
            wanted.append(np.linalg.norm(gradient.numpy()))
        np.testing.assert_allclose(flow.norms[f"recurrent_{k}"], wanted, rtol=1e-4)


def test_gradient_flow_both_ways_and_with_a_loss_of_its_own(rng):
    """Only the first state's direction decides: a linear RNN has U^k in closed form."""
    options = {"activation": "linear", "recurrent_initializer": "orthogonal"}
    layer = Bidirectional(SimpleRNN(3, **options), name="both")
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    layer(x)
    flow = inspection.gradient_flow(layer, x, None, lambda y, h: tf.reduce_sum(h, -1))
    steps = np.arange(5)
    for name, part, lag in (
        ("both.forward", layer.forward_layer, 4 - steps),
        ("both.backward", layer.backward_layer, steps),
    ):
        u = part.cell.recurrent_kernel.numpy()
        rows = np.full((2, 3), 0.5)
        wanted = [np.linalg.norm(rows @ np.linalg.matrix_power(u.T, k)) for k in lag]
        np.testing.assert_allclose(flow.norms[name], wanted, rtol=1e-5)


def test_looking_leaves_the_model_as_it_was(rng):
    layer = LSTM(4, stateful=True)
    x = rng.normal(size=(2, 5, 3)).astype("float32")
    before = layer(x).numpy()
    kept = [s.numpy() for s in layer.states]
    inspection.gradient_flow(layer, x, None, lambda y, h: h)
    inspection.gate_activations(layer, x)
    for old, new in zip(kept, layer.states, strict=True):
        np.testing.assert_array_equal(old, new.numpy())
    assert "inner_loop" not in vars(layer)
    assert layer.cell.recurrent_activation is keras.activations.sigmoid
    layer.reset_state()
    np.testing.assert_allclose(layer(x), before, atol=1e-6)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("zeros", [False, True])
def test_the_stepped_loop_is_the_layer(rng, backwards, zeros):
    """Outputs with the recorder in place are those without it, masks and all."""
    from keras_rnn_zoo.inspection.stepping import stepping

    x = rng.normal(size=(3, 5, 3)).astype("float32")
    mask = np.array([[1, 1, 1, 1, 1], [0, 1, 1, 0, 1], [1, 1, 0, 0, 0]], bool)
    for every_step in (False, True):
        options = {"go_backwards": backwards, "zero_output_for_mask": zeros}
        layer = LSTM(4, return_sequences=every_step, **options)
        shaken(layer, rng)
        wanted = layer(x, mask=mask).numpy()
        with stepping(layer):
            np.testing.assert_allclose(layer(x, mask=mask), wanted, atol=1e-6)


@pytest.mark.parametrize("tokens", [True, False])
def test_saliency_is_a_difference_quotient(rng, tokens):
    reading = {"vocabulary_size": 9, "embedding_dim": 3} if tokens else {}
    reading = reading or {"num_features": 3}
    model = ManyToMany(4, units=5, cell="GRU", output_activation=None, **reading)
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    given = x
    if tokens:
        given = rng.integers(1, 9, (2, 6))
        x = model.get_layer("embedding")(given).numpy()
    found = inspection.saliency(model, given, output=1, step=3)
    tail = keras.Sequential([model.get_layer("recurrent_1"), model.get_layer("output")])

    def answer(x):
        return tail(x).numpy()[:, 3, 1].astype("float64")

    e = 1e-2
    for t, f in itertools.product(range(6), range(3)):
        step = np.zeros_like(x)
        step[:, t, f] = e
        wanted = (answer(x + step) - answer(x - step)) / (2 * e)
        np.testing.assert_allclose(found.gradients[:, t, f], wanted, atol=2e-4)
    assert np.all(found.norms[:, 4:] == 0) and np.all(found.norms[:, :4] > 0)
    assert found.outputs.tolist() == [1, 1]
    best = inspection.saliency(model, given)
    np.testing.assert_array_equal(best.outputs, model(given)[:, -1].numpy().argmax(-1))


# --- Gates


def gates_in_numpy(kind, x, weights):
    """`(batch, time, units)` of each gate, from zeros: the references, step by step."""
    step = lstm.step if kind == "lstm" else gru.reset_after_step
    units = weights[1].shape[0]
    states = [np.zeros((len(x), units))] * (2 if kind == "lstm" else 1)
    names = "ifco" if kind == "lstm" else "zrh"
    gates = {name: [] for name in names if name not in "ch"}
    for x_t in x.transpose(1, 0, 2):
        b = weights[2] if kind == "lstm" else weights[2].sum(0)
        a = x_t @ weights[0] + states[0] @ weights[1] + b
        for k, name in enumerate(names):
            if name in gates:
                gates[name].append(sigmoid(a[:, k * units : (k + 1) * units]))
        _, states = step(x_t, states, weights)
    return {name: np.stack(values, 1) for name, values in gates.items()}


@pytest.mark.parametrize(
    "kind, make",
    [("lstm", LSTM), ("gru", GRU), ("lstm", keras.layers.LSTM)]
    + [("gru", keras.layers.GRU)],
)
def test_gates_and_forget_products_are_those_of_numpy(rng, kind, make):
    layer = shaken(make(4, return_sequences=True, name="layer"), rng)
    x = rng.normal(size=(2, 7, 3)).astype("float32")
    weights = [w.astype("float64") for w in layer.get_weights()]
    wanted = gates_in_numpy(kind, x.astype("float64"), weights)
    found = inspection.gate_activations(layer, x).gates["layer"]
    assert list(found) == list(wanted)
    for name in wanted:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-4, atol=1e-6)
    kept = wanted["f" if kind == "lstm" else "z"]
    product = inspection.forget_product(layer, x).products["layer"]
    for t in range(7):
        left = kept[:, t + 1 :].prod(axis=1)
        np.testing.assert_allclose(product[:, t], left, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize(
    "make", [LSTM, PeepholeLSTM, CIFGLSTM, JANET, GRU, MGU, MinGRU, ProjectedLSTM]
)
def test_the_forget_product_is_the_memory_path(rng, make):
    """With U = 0 and no other way, ∂ last memory / ∂ memory_t is the product."""
    options = {"projection_units": 4} if make is ProjectedLSTM else {}
    layer = make(4, name="layer", **options)
    layer.build((None, None, 3))
    values = [
        np.zeros(w.shape)
        if w.name in ("recurrent_kernel", "peephole_kernel")
        else rng.normal(0, 0.7, w.shape)
        for w in layer.weights
    ]
    layer.set_weights(values)
    x = rng.normal(size=(1, 5, 3)).astype("float32")
    memory = -1  # the last state is the memory, in all of them
    product = inspection.forget_product(layer, x).products["layer"]
    states = layer.cell.get_initial_state(1)
    states = states if isinstance(states, list) else [states]
    seen = []
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(states)
        for x_t in tf.unstack(tf.constant(x), axis=1):
            _, states = layer.cell(x_t, states)
            seen.append(states[memory])
    for t in range(5):
        gradient = tape.gradient(seen[-1], seen[t])
        np.testing.assert_allclose(product[:, t], gradient, rtol=1e-4)


def test_masked_steps_have_no_gates_and_keep_the_memory(rng):
    model = ManyToOne(2, units=4, vocabulary_size=9, bidirectional=True)
    x = np.array([[3, 4, 5, 0, 0]])
    gates = inspection.gate_activations(model, x).gates
    assert list(gates) == ["recurrent_1.forward", "recurrent_1.backward"]
    for values in gates["recurrent_1.forward"].values():
        assert np.isnan(values[0, 3:]).all() and not np.isnan(values[0, :3]).any()
    products = inspection.forget_product(model, x).products
    assert (products["recurrent_1.forward"][0, 2:] == 1).all()
    assert (products["recurrent_1.backward"][0, 0] == 1).all()
    assert (products["recurrent_1.backward"][0, 1] < 1).all()


# --- Spectrum, parameters, diagram


def test_the_characters_of_words_are_no_time_of_the_sentence(rng):
    model = ManyToMany(
        3,
        4,
        vocabulary_size=7,
        bidirectional=True,
        characters={"vocabulary_size": 5, "max_characters": 6, "units": 2},
    )
    x = rng.integers(1, 5, (2, 4, 7))
    gates = inspection.gate_activations(model, x).gates
    assert list(gates) == ["recurrent_1.forward", "recurrent_1.backward"]
    assert gates["recurrent_1.forward"]["f"].shape == (2, 4, 4)
    assert inspection.unrolled(model, steps=3).steps == 3


def test_spectral_radius_is_that_of_numpy(rng):
    layer = shaken(GRU(5), rng)
    found = inspection.spectral_radius(layer)
    kernel = layer.get_weights()[1].astype("float64")
    for k, name in enumerate("zrh"):
        values = np.linalg.eigvals(kernel[:, 5 * k : 5 * k + 5])
        np.testing.assert_allclose(found.blocks[name], np.abs(values).max())
    assert float(found) == max(found.blocks.values())
    for keras_layer, names in (
        (keras.layers.LSTM(3), "ifco"),
        (keras.layers.SimpleRNN(3), "h"),
    ):
        keras_layer.build((None, None, 3))
        assert "".join(inspection.spectral_radius(keras_layer).blocks) == names
    each = shaken(IndRNN(4), rng)
    largest = np.abs(each.cell.recurrent_kernel.numpy()).max()
    np.testing.assert_allclose(float(inspection.spectral_radius(each)), largest)


def test_parameter_table_counts():
    model = ManyToMany(7, units=[8, 6], cell="GRU", vocabulary_size=11, embedding_dim=5)
    table = inspection.parameter_table(model)
    kinds = [row.kind for row in table.rows]
    assert kinds == ["Embedding", "GRUCell", "GRUCell", "Dense"]
    assert table.parameters == model.count_params()
    products = [0, 3 * 8 * (5 + 8), 3 * 6 * (8 + 6), 6 * 7]
    assert [row.multiply_adds for row in table.rows] == products
    assert table.multiply_adds == sum(products)
    assert [row.against_lstm for row in table.rows] == [None, 0.75, 0.75, None]
    assert ("kernel", (5, 24)) in table.rows[1].weights
    assert "0.75" in str(table) and f"{model.count_params():,}" in str(table)
    both = ManyToOne(2, units=4, num_features=3, bidirectional=True)
    table = inspection.parameter_table(both)
    names = [row.layer for row in table.rows]
    assert names == ["recurrent_1.forward", "recurrent_1.backward", "output"]
    assert table.parameters == both.count_params()
    dropped = LSTM(4, dropout=0.5, name="dropped")
    dropped.build((None, None, 3))
    [row] = inspection.parameter_table(dropped).rows
    assert row.against_lstm == 1.0 and len(row.weights) == 3


def edges(model, steps):
    return set(inspection.unrolled(model, steps).edges)


def test_unrolled_draws_the_arrows_of_each_topology():
    up, across = False, True
    common = {("x_1", "h1_1", up), ("x_2", "h1_2", up)}
    hidden = {("h1_1", "h1_2", across)}
    out = {("h1_1", "y_1", up), ("h1_2", "y_2", up)}
    reading = {"units": 3, "num_features": 1}
    assert edges(ManyToMany(2, **reading), 2) == common | hidden | out
    last = {("h1_2", "y_2", up)}
    assert edges(ManyToOne(2, **reading), 2) == common | hidden | last
    fed_back = {("y_1", "h1_2", across)}
    assert edges(OutputRecurrence(2, **reading), 2) == common | out | fed_back
    both = edges(ManyToMany(2, bidirectional=True, **reading), 2)
    backward = {("g1_2", "g1_1", across), ("x_1", "g1_1", up), ("g1_1", "y_1", up)}
    assert both > common | hidden | out | backward and len(both) == 10
    one = edges(ManyToOne(2, bidirectional=True, **reading), 2)
    assert ("g1_1", "y_2", across) in one and ("h1_2", "y_2", up) in one
    deep = edges(keras.Sequential([LSTM(3, return_sequences=True), GRU(2)]), 2)
    assert {("h1_1", "h2_1", up), ("h2_1", "h2_2", across)} < deep


def test_unrolled_with_details_names_weights_and_folds():
    reading = {"units": 3, "num_features": 1}
    graph = inspection.unrolled(ManyToMany(2, **reading), 2, details=True)
    kinds = {node.label: node.kind for node in graph.nodes}
    assert (kinds["o₁"], kinds["L₂"], kinds["y₂"]) == ("output", "loss", "truth")
    assert graph.labels["x_1", "h1_1"] == "W" and graph.labels["h1_1", "h1_2"] == "U"
    assert graph.labels["h1_2", "y_2"] == "V" and ("t_2", "L_2", False) in graph.edges
    assert graph.folded[1] == ("h1", "h", "U")
    texts = [one.get_text() for one in graph.plot().texts]
    assert "=" in texts and texts.count("U") == 2 and "L₁" in texts and "L" in texts
    last = inspection.unrolled(ManyToOne(2, **reading), 3, details=True)
    assert [node.label for node in last.nodes].count("L") == 1
    fed_back = inspection.unrolled(OutputRecurrence(2, **reading), 2, details=True)
    assert fed_back.labels["y_1", "h1_2"] == "U" and fed_back.folded[2][2] == "U:h1"
    both = ManyToMany(2, bidirectional=True, **reading)
    assert inspection.unrolled(both, 2, details=True).labels["g1_2", "g1_1"] == "U′"


def test_graphs_of_models_without_a_network():
    hmm, pairs = HMM(2, num_symbols=3), Markov(5, 2)
    assert edges(hmm, 2) == {
        *(("z_1", "x_1", False), ("z_2", "x_2", False), ("z_1", "z_2", True))
    }
    assert edges(pairs, 3) == {
        *(("x_1", "x_2", True), ("x_2", "x_3", True), ("x_1", "x_3", True))
    }
    crf = ManyToMany(3, units=3, num_features=1, head="crf")
    graph = inspection.unrolled(crf, 3)
    assert graph.undirected == {("y_1", "y_2"), ("y_2", "y_3")}
    assert all(one.plot() for one in (graph, inspection.unrolled(pairs, 3)))
    with pytest.raises(ValueError, match="`details` must be False .*details=True.*HMM"):
        inspection.unrolled(hmm, 2, details=True)


# --- The callback


def model_and_data(rng, optimizer):
    model = ManyToOne(2, units=4, cell="SimpleRNN", num_features=1, seed=1)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model, rng.normal(size=(6, 5, 1)).astype("float32"), np.arange(6) % 2


def test_monitor_keeps_the_norms_and_sees_clipping(rng, tmp_path):
    sgd = keras.optimizers.SGD(0.1, global_clipnorm=1e-3)
    model, x, y = model_and_data(rng, sgd)
    model.fit(x, y, verbose=0)  # traced before the callback comes
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x, y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    monitor = inspection.GradientMonitor(log_dir=tmp_path)
    model.fit(x, y, batch_size=6, epochs=3, verbose=0, callbacks=[monitor])
    assert monitor.steps == [2, 3, 4] and monitor.clipped == [True] * 3
    wanted = np.sqrt(sum(np.sum(g.numpy() ** 2) for g in gradients[:3]))
    np.testing.assert_allclose(monitor.norms["recurrent_1"][0], wanted, rtol=1e-4)
    total = tf.linalg.global_norm(gradients)
    np.testing.assert_allclose(monitor.global_norms[0], total, rtol=1e-4)
    assert "apply" not in vars(model.optimizer)
    model.fit(x, y, verbose=0)
    assert len(monitor.steps) == 3
    assert len(monitor.plot().lines) == 3
    event_accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        events = event_accumulator.EventAccumulator(str(tmp_path))
        events.Reload()
        written = events.Tags()["tensors"]
        steps = [e.step for e in events.Tensors("gradient_norm/recurrent_1")]
    assert {"gradient_norm/all", "gradient_norm/output", "gradient_clipped"} <= {
        *written
    }
    assert steps == [2, 3, 4]


@pytest.mark.parametrize(
    "options, clipped",
    [({"clipnorm": 1e-4}, True), ({"clipvalue": 1e-6}, True), ({"clipnorm": 9}, False)],
)
def test_monitor_knows_every_way_of_clipping(rng, options, clipped):
    model, x, y = model_and_data(rng, keras.optimizers.Adam(**options))
    monitor = inspection.GradientMonitor()
    model.fit(x, y, verbose=0, callbacks=[monitor])
    assert monitor.clipped == [clipped]


def test_monitor_stops_and_names_layer_and_step(rng):
    model, x, y = model_and_data(rng, "adam")
    x[4] = np.nan  # the third batch of two
    monitor = inspection.GradientMonitor()
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(2).repeat()
    pattern = r"layer 'recurrent_1' is not finite at step 3"
    with pytest.warns(RuntimeWarning, match=pattern):
        model.fit(data, steps_per_epoch=9, verbose=0, callbacks=[monitor])
    assert (monitor.stopped.layer, monitor.stopped.step) == ("recurrent_1", 3)
    assert len(monitor.steps) == 3 and np.isnan(monitor.norms["output"][-1])


# --- Plots and errors


@pytest.mark.parametrize("constrained", [False, True])
def test_plots_are_labelled(rng, constrained, monkeypatch):
    key = "figure.constrained_layout.use"
    monkeypatch.setitem(plt.rcParams, key, constrained)
    model = ManyToMany(3, units=4, vocabulary_size=9)
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y = rng.integers(1, 9, (2, 4)), rng.integers(0, 3, (2, 4))
    made = [
        inspection.gradient_flow(model, x, y).plot(),
        *inspection.gate_activations(model, x, labels="a b\n").plot(),
        inspection.forget_product(model, x).plot(),
        inspection.saliency(model, x, labels="word").plot(sequence=1),
        inspection.spectral_radius(model.get_layer("recurrent_1")).plot(),
    ]
    assert len(made) == 7
    for ax in made:
        ax.figure.canvas.draw()
        assert ax.get_xlabel() and ax.get_ylabel()
    assert [t.get_text() for t in made[1].get_xticklabels()] == ["a", "␣", "b", "↵"]
    table = inspection.parameter_table(model)
    assert table.plot().get_xlabel()
    _, ax = plt.subplots()
    graph = inspection.unrolled(model, 3)
    assert graph.plot(ax) is ax
    texts = {t.get_text() for t in ax.texts}
    assert {"x₁", "h₂", "ŷ₃"} <= texts
    assert len(ax.texts) == len(graph.nodes) + len(graph.edges)


def errors():
    lstm, x = LSTM(2), np.ones((1, 3, 1), "float32")
    model = ManyToOne(2, units=2, num_features=1)
    window = WindowClassifier(2, window=1, num_features=1)
    stack = keras.layers.RNN(StackedRNNCells([LSTMCell(2), LSTMCell(2)]), name="rnn")
    rnn, gates = SimpleRNN(2), inspection.gate_activations(lstm, x)
    projected = ProjectedLSTM(4, projection_units=3)
    projected.build((None, None, 1))
    flow, see = inspection.gradient_flow, inspection.saliency
    return [
        (lambda: flow(window, x, None, max), "carries a cell.*WindowClassifier"),
        (lambda: flow(model, x, [0]), "unless the model is compiled.*loss=None"),
        (lambda: flow(model, x, 0, max, state="s"), r"\['h', 'c'\].*state='s'"),
        (lambda: flow(stack, x, 0, max), "one cell each.*'rnn' with a stack"),
        (lambda: see(model, x, output=2), "`output`.*below 2.*output=2"),
        (lambda: see(model, np.ones((1, 3), int)), "one `Embedding`.*with 0"),
        (lambda: see(model, x, labels="ab"), "each of 3 steps.*of length 2"),
        (lambda: inspection.gate_activations(rnn, x), "gates.*SimpleRNNCell"),
        (lambda: inspection.forget_product(rnn, x), "by a gate.*SimpleRNNCell"),
        (lambda: gates.plot(sequence=1), "one of 1 sequences.*sequence=1"),
        (lambda: inspection.spectral_radius(GRU(2)), "built.*GRU.*shape None"),
        (lambda: inspection.spectral_radius(projected), r"square.*\(3, 16\)"),
        (lambda: inspection.parameter_table(GRU(2)), "be built.*GRU.*without"),
        (lambda: inspection.unrolled(window), "recurrent layer.*WindowClassifier"),
        (lambda: inspection.unrolled(model, 0), "positive.*steps=0"),
    ]


@pytest.mark.parametrize("number", range(15))
def test_errors_say_what_was_received(number):
    call, pattern = errors()[number]
    with pytest.raises(ValueError, match=pattern):
        call()
    with pytest.raises(TypeError, match="`stop_on_nan`.*stop_on_nan=1"):
        inspection.GradientMonitor(stop_on_nan=1)


def test_missing_extras_are_named(monkeypatch):
    import importlib.util
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    layer = LayerNormLSTM(2)
    layer.build((None, None, 1))
    with pytest.raises(ImportError, match=r"keras_rnn_zoo\[plot\]"):
        inspection.spectral_radius(layer).plot()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"keras_rnn_zoo\[tensorboard\]"):
        inspection.GradientMonitor(log_dir="logs")
