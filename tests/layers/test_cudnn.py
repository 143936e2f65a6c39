"""cuDNN: what runs without a GPU, and what needs one."""

import hypothesis
import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo.layers.core import engine
from keras_rnn_zoo.ops import cudnn
from tests.cases import CASES
from tests.compare import assert_close, assert_same, randomise, run
from tests.cudnn_op import CudnnRNNV3, one_step, unpacked

SUPPORTED = [case for case in CASES if case.make_cell().cudnn_kernel]
each_case = pytest.mark.parametrize("case", SUPPORTED, ids=lambda case: case.id)


@each_case
def test_the_vector_of_weights_is_in_the_documented_order(case, rng):
    cell = case.make_cell(units=5, dtype="float64")
    cell.build((None, 3))
    randomise(cell, rng)
    bias = None if cell.bias is None else tf.constant(cell.bias)
    kernels = [tf.constant(w) for w in (cell.kernel, cell.recurrent_kernel)]
    vector = cudnn.parameters(cell.cudnn_kernel, *kernels, bias)
    x, h, c = (rng.normal(size=(2, n)) for n in (3, 5, 5))
    mode = cell.cudnn_kernel
    expected, _ = cell(x, [h, c][: case.states])
    actual, _ = one_step(mode, *unpacked(mode, vector, 3, 5), x, h, c)
    assert_close(actual, expected, "float64")


@hypothesis.given(mask=hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2)))
def test_which_masks_cudnn_takes(mask):
    lengths = mask.sum(axis=1)
    expected = all(
        length > 0 and row[:length].all()
        for length, row in zip(lengths, mask, strict=True)
    )
    assert bool(cudnn.takes(tf.constant(mask))) == expected


@each_case
def test_the_op_can_be_traced_for_any_size(case):
    layer = case.make_layer(return_sequences=True)
    layer.build((None, None, 3))

    @tf.function(input_signature=[tf.TensorSpec((None, None, 3))])
    def trace(x):
        states = layer.get_initial_state(tf.shape(x)[0])
        mask = tf.ones(tf.shape(x)[:2], "bool")
        return engine.run("cudnn", layer, x, states, mask, True)

    last, outputs, _ = trace.get_concrete_function().structured_outputs
    assert last.shape[-1] == outputs.shape[-1] == 4 and outputs.shape.rank == 3


def test_without_a_gpu_it_cannot_be_asked_for():
    if engine.has_gpu():
        pytest.skip("there is a GPU")
    layer = SUPPORTED[0].make_layer(implementation="cudnn")
    with pytest.raises(ValueError, match="there is no GPU.*implementation='cudnn'"):
        layer(np.zeros((1, 2, 3), "float32"))


def compare(case, rng, *, backwards, zeros, pattern, training=True):
    """Outputs, states and gradients on cuDNN's path and in the loop, in float64."""
    options = dict(
        return_sequences=True,
        return_state=True,
        go_backwards=backwards,
        zero_output_for_mask=zeros,
        dtype="float64",
    )
    fast, loop = (
        case.make_layer(implementation=i, **options) for i in ("cudnn", "loop")
    )
    for layer in (fast, loop):
        layer.build((None, None, 3))
    randomise(fast, rng)
    loop.set_weights(fast.get_weights())
    inputs = rng.normal(size=(3, 6, 3))
    states = [rng.normal(size=(3, 4)) for _ in range(case.states)]
    mask = np.arange(6)[None] < np.array([[6], [2], [4]])
    mask = {
        None: None,
        "right": mask,
        "left": mask[:, ::-1],
        "empty row": mask & (np.arange(3)[:, None] != 1),
    }[pattern]
    actual = run(fast, inputs, states, mask, training=training)
    expected = run(loop, inputs, states, mask, training=training)
    assert_same(actual, expected, "float64")


PATTERNS = [None, "right", "left", "empty row"]


@pytest.mark.parametrize(
    "case",
    [case for case in SUPPORTED if case.id in ("LSTM", "GRU")],
    ids=lambda case: case.id,
)
@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_ways_to_the_op_and_from_it(
    case, zeros, backwards, pattern, rng, monkeypatch
):
    """With what the op computes in its place: that needs no GPU."""
    monkeypatch.setattr(engine, "has_gpu", lambda: True)
    monkeypatch.setattr(tf.raw_ops, "CudnnRNNV3", CudnnRNNV3())
    options = dict(backwards=backwards, zeros=zeros, pattern=pattern)
    compare(case, rng, training=False, **options)


FULL = np.ones((3, 6), bool)
RIGHT = np.arange(6)[None] < np.array([[6], [2], [4]])


def pair(case, rng):
    """A layer on cuDNN's path, and one in the loop, of the same weights."""
    fast, loop = (
        case.make_layer(
            implementation=i, dtype="float64", return_sequences=True, return_state=True
        )
        for i in ("cudnn", "loop")
    )
    for layer in (fast, loop):
        layer.build((None, None, 3))
    randomise(fast, rng)
    loop.set_weights(fast.get_weights())
    return fast, loop


def one_shape_after_the_other(case, rng):
    """Sequences of a shape without padding, then with some, then none again."""
    fast, loop = pair(case, rng)
    inputs = rng.normal(size=(3, 6, 3))
    states = [rng.normal(size=(3, 4)) for _ in range(case.states)]
    for mask in (None, FULL, RIGHT, FULL, None, RIGHT):
        given = inputs, states, mask
        assert_same(run(fast, *given), run(loop, *given), "float64")


def in_a_graph(case, rng):
    """The same, any other mask and no rows, in one graph for all sizes."""

    def results_and_gradients(layer):
        def of(inputs, states, mask):
            with tf.GradientTape() as tape:
                tape.watch([inputs, *states])
                results = layer(inputs, initial_state=states, mask=mask, training=True)
                loss = tf.add_n([tf.reduce_sum(tf.cos(result)) for result in results])
            weights = [w.value for w in layer.trainable_weights]
            return [*results, *tape.gradient(loss, [inputs, *states, *weights])]

        return of

    fast, eagerly = map(results_and_gradients, pair(case, rng))
    in_graph = tf.function(
        fast,
        input_signature=[
            tf.TensorSpec((None, None, 3), "float64"),
            [tf.TensorSpec((None, 4), "float64")] * case.states,
            tf.TensorSpec((None, None), "bool"),
        ],
    )
    hole = RIGHT ^ np.eye(3, 6, dtype=bool)
    for mask in (FULL, RIGHT, RIGHT[:, ::-1], hole, FULL[:0], ~FULL, RIGHT[:, :2]):
        inputs = tf.constant(rng.normal(size=(*mask.shape, 3)))
        sizes = [(len(mask), 4)] * case.states
        states = [tf.constant(rng.normal(size=size)) for size in sizes]
        given = inputs, states, tf.constant(mask)
        for one, other in zip(in_graph(*given), eagerly(*given), strict=True):
            assert_close(one, other, "float64")


WAYS = pytest.mark.parametrize("way", [one_shape_after_the_other, in_a_graph])


@each_case
@WAYS
def test_any_padding(case, way, rng, monkeypatch):
    monkeypatch.setattr(engine, "has_gpu", lambda: True)
    monkeypatch.setattr(tf.raw_ops, "CudnnRNNV3", CudnnRNNV3())
    way(case, rng)


@pytest.mark.gpu
@pytest.mark.skipif(not engine.has_gpu(), reason="needs a GPU")
@each_case
@WAYS
def test_any_padding_on_the_gpu(case, way, rng):
    way(case, rng)


@pytest.mark.gpu
@pytest.mark.skipif(not engine.has_gpu(), reason="needs a GPU")
@each_case
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_cudnn_equals_loop(case, training, backwards, zeros, pattern, rng):
    options = dict(backwards=backwards, zeros=zeros, pattern=pattern)
    compare(case, rng, training=training, **options)
