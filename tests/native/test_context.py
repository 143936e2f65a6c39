"""Native ops stand where they can run, and never in what is written to a file."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from keras_rnn_zoo import GRU, native
from keras_rnn_zoo.native import context


@keras.saving.register_keras_serializable("tests")
class Probe(keras.layers.Layer):
    """Notes the answer at each call, and multiplies by one."""

    def build(self, input_shape):
        self.seen = []

    def call(self, inputs, training=False):
        self.seen.append(native.may_run_here())
        return inputs * 1.0


@pytest.fixture
def model():
    inputs = keras.Input((3,))
    probe = Probe()
    model = keras.Model(inputs, keras.layers.Dense(1)(probe(inputs)))
    model.probe = probe
    probe.seen.clear()
    return model


X, Y = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")

INSIDE = {
    "fit": lambda m: m.fit(X, Y, verbose=0),
    "evaluate": lambda m: m.evaluate(X, Y, verbose=0),
    "predict": lambda m: m.predict(X, verbose=0),
    "train_on_batch": lambda m: m.train_on_batch(X, Y),
    "test_on_batch": lambda m: m.test_on_batch(X, Y),
    "predict_on_batch": lambda m: m.predict_on_batch(X),
    "call": lambda m: m(X),
}


@pytest.mark.parametrize("how", INSIDE)
def test_native_inside_of_keras(model, how):
    model.compile("sgd", "mse", jit_compile=False)
    INSIDE[how](model)
    assert model.probe.seen and model.probe.seen[-1]


def test_native_with_several_steps_per_execution(model):
    model.compile("sgd", "mse", jit_compile=False, steps_per_execution=2)
    model.fit(X, Y, batch_size=1, verbose=0)
    assert model.probe.seen[-1]


def test_native_not_under_xla(model):
    model.compile("sgd", "mse", jit_compile=True)
    model.train_on_batch(X, Y)
    assert model.probe.seen == [False]
    answers = []

    @tf.function
    def inner(x):
        answers.append(native.compiles_with_xla())
        return x + 1

    tf.function(inner, jit_compile=True)(tf.ones(3))
    assert answers == [True]
    inner(tf.ones(4))
    assert answers == [True, False]


def archive(model, path, fn):
    made = keras.export.ExportArchive()
    made.track(model)
    made.add_endpoint("serve", fn=fn, input_signature=[tf.TensorSpec((None, 3))])
    made.write_out(path, verbose=False)


OUTSIDE = {
    "export": lambda m, path: m.export(path, verbose=False),
    "saved_model": lambda m, path: tf.saved_model.save(m, path),
    "archive": lambda m, path: archive(m, path, lambda x: m(x)),
    "archive, training": lambda m, path: archive(
        m, path, lambda x: m(x, training=True)
    ),
    "tf.function": lambda m, path: tf.function(lambda x: m(x))(X),
    "concrete function": lambda m, path: tf.function(
        lambda x: m(x)
    ).get_concrete_function(tf.TensorSpec((None, 3))),
    "tf.data": lambda m, path: list(tf.data.Dataset.from_tensors(X).map(m)),
}


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("how", OUTSIDE)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_pure_in_what_may_be_written(model, how, trained, tmp_path):
    if trained:
        model.compile("sgd", "mse", jit_compile=False)
        model.fit(X, Y, verbose=0)
        model.predict(X, verbose=0)
        model.probe.seen.clear()
    OUTSIDE[how](model, str(tmp_path / "model"))
    assert model.probe.seen and not any(model.probe.seen)


def one_op(x):
    return native.rnn("simple_rnn", x, [tf.zeros((2, 3))], tf.ones((4, 3)), tf.eye(3))[
        0
    ]


def plain(x):
    return tf.matmul(x[:, 0], tf.ones((4, 3)))


SPEC = tf.TensorSpec((2, 5, 4))


@pytest.mark.parametrize("function", [one_op, plain])
def test_holds_native_ops(function, tmp_path):
    """In a graph, in a function that it calls, in a branch, and in a file."""
    if native.load(wait=None) is None:
        pytest.skip(f"no native kernels: {native.status().reason}")
    inner = tf.function(function)
    wrapped = {
        "itself": inner,
        "called": tf.function(lambda x: inner(x) + 1.0),
        "twice": tf.function(lambda x: tf.function(lambda y: inner(y))(x)),
        "branch": tf.function(
            lambda x: tf.cond(x[0, 0, 0] > 0, lambda: inner(x), lambda: inner(-x))
        ),
        "loop": tf.function(
            lambda x: tf.while_loop(
                lambda k, y: k < 2, lambda k, y: (k + 1, inner(x)), (0, inner(x))
            )
        ),
    }
    expected = function is one_op
    for how, made in wrapped.items():
        concrete = made.get_concrete_function(SPEC)
        assert native.holds_native_ops(concrete) == expected, how
        assert native.holds_native_ops(concrete.graph) == expected, how
        assert native.holds_native_ops(concrete.graph.as_graph_def()) == expected, how
        meta = tf.compat.v1.MetaGraphDef(graph_def=concrete.graph.as_graph_def())
        assert native.holds_native_ops(meta) == expected, how
    module = tf.Module()
    module.serve = wrapped["called"]
    tf.saved_model.save(module, tmp_path, wrapped["twice"].get_concrete_function(SPEC))
    file = (tmp_path / "saved_model.pb").read_bytes()
    assert native.holds_native_ops(SavedModel.FromString(file)) == expected


def test_holds_native_ops_of_something_else():
    with pytest.raises(TypeError, match="`graph` must be .* Received: str"):
        native.holds_native_ops("graph")


def test_what_is_traced_for_its_answers_alone():
    """It says so while it is traced, in this thread, and also if the trace fails."""
    seen = []

    def note(x):
        seen.append(context.gives_answers_alone())
        if x.shape == (1,):
            raise RuntimeError("stop")
        return x + 1

    tf.function(note, autograph=False)(tf.ones(2))
    answers = tf.function(context.staying_here(note), autograph=False)
    answers(tf.ones(2))
    with pytest.raises(RuntimeError, match="stop"):
        answers(tf.ones(1))
    tf.function(note, autograph=False)(tf.ones(2))
    assert seen == [False, True, True, False]


def test_answers_are_read_without_what_derivatives_of_derivatives_need():
    layer = GRU(4, return_sequences=True)
    x = tf.ones((2, 5, 3))
    expected = layer(x)
    if native.load(wait=None) is None:
        pytest.skip(f"no native kernels: {native.status().reason}")
    for wrap, bits in ((lambda f: f, True), (context.staying_here, False)):

        def one_step_on_data(x):
            return layer(x)

        made = tf.function(wrap(one_step_on_data), autograph=False)
        graph = made.get_concrete_function(tf.TensorSpec((None, None, 3))).graph
        types = {op.type for op in graph.get_operations()}
        assert "KerasRnnZoo>Forward" in types and ("Bitcast" in types) == bits
        np.testing.assert_allclose(made(x), expected, rtol=1e-6)
