"""The kernel that writes, against the loop in TensorFlow that says what it should."""

import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from keras_rnn_zoo import (
    BahdanauAttention,
    EncoderDecoder,
    GRUCell,
    LuongAttention,
    SimpleRNNCell,
    native,
)
from keras_rnn_zoo.native import writer
from keras_rnn_zoo.ops import BeamSampler, RandomSampler
from keras_rnn_zoo.ops.samplers import GreedySampler
from keras_rnn_zoo.topologies import _encoder_decoder_kernel as kernel

pytestmark = pytest.mark.skipif(
    native.load(wait=None) is None,
    reason=f"no native kernels: {native.status().reason}",
)

SOURCE = np.array([[3, 4, 5, 6, 1], [6, 3, 0, 0, 0], [0, 0, 0, 0, 0], [0, 2, 0, 7, 0]])
TOKENS, LENGTH = 11, 8
CASES = {
    "as shipped": {"attention": "luong", "bidirectional": True, "units": 32},
    "no attention": {"cell": "SimpleRNN"},
    "LSTM, two layers": {"cell": "LSTM", "num_layers": 2, "units": 16},
    "feeding": {"attention": "luong", "input_feeding": True, "num_layers": 2},
    "tied": {"attention": "luong", "tie_weights": True, "cell": "LSTM", "units": 17},
    "bahdanau": {"attention": "bahdanau", "bidirectional": True, "num_layers": 3},
    "normalised": {
        "attention": BahdanauAttention(7, normalize=True),
        "query": "after",
        "cell": "CIFGLSTM",
    },
    "before": {"attention": "luong", "query": "before", "cell": "PeepholeLSTM"},
    "dot": {"attention": LuongAttention("dot"), "cell": GRUCell(5, reset_after=False)},
    "scaled, relu": {
        "attention": LuongAttention("scaled"),
        "cell": SimpleRNNCell(5, activation="relu"),
        "bridge": "zeros",
    },
    "no bias": {"cell": GRUCell(5, use_bias=False), "attention": "luong"},
    "float64": {"attention": "luong", "bidirectional": True, "dtype": "float64"},
    "float64, LSTM": {"attention": "bahdanau", "cell": "LSTM", "dtype": "float64"},
}
SAMPLERS = [
    "greedy",
    BeamSampler(5),
    BeamSampler(1, True),
    BeamSampler(4, True, length_penalty=0.8),
    BeamSampler(6, True, num_groups=3, diversity=0.9, length_penalty=0.3),
    BeamSampler(20, True),
    BeamSampler(3, length_penalty=1.0, coverage_penalty=0.6),
    BeamSampler(4, True, num_groups=2, coverage_penalty=0.3),
]


def rules(which, rng):
    may = rng.random((4, 5, TOKENS)) < 0.7
    follows = rng.random((TOKENS, TOKENS)) < 0.6
    return [
        {},
        {"min_length": 4},
        {"allowed": may[0, 0]},
        {"allowed": may[0], "min_length": 2},
        {"allowed": may, "allowed_transitions": follows},
        {"allowed_transitions": follows},
        {"allowed": np.arange(TOKENS) > TOKENS},  # nothing may stand
    ][which % 7]


def make(rng, units=5, **options):
    """A model that says something else of each source, and ends now and then."""
    options = {"cell": "GRU", "embedding_dim": 6, "seed": 1, **options}
    model = EncoderDecoder(8, TOKENS, units, **options)
    for w in model.trainable_weights:
        scale = 1.8 / w.shape[0] ** 0.5 if len(w.shape) == 2 else 0.3
        scale = 1.0 if "embeddings" in w.path else scale
        value = scale * rng.normal(size=w.shape)
        if w.shape == (TOKENS,):
            value[2] = 1.0  # the end
        w.assign(value)
    return model


def ops_of(model):
    """The types of the ops of each loop that a model has written with."""
    return [{op.type for op in one.graph.get_operations()} for one in loops(model)]


def loops(model):
    return list(model.__dict__.get("_loops", {}).values())


def both(model, source, sampler="greedy", length=LENGTH, **options):
    """What the kernel writes and what the loop writes, tokens and scores."""
    found = []
    for implementation in ("auto", "loop"):
        model.decoder.implementation = implementation
        model.__dict__.pop("_loops", None)
        found.append(
            model.generate(source, length, sampler, return_scores=True, **options)
        )
        [used] = ops_of(model)
        assert ("KerasRnnZoo>Write" in used) == (implementation == "auto")
    model.decoder.implementation = "auto"
    return found


def assert_same(actual, expected, tolerance=1e-5):
    np.testing.assert_array_equal(actual[0], expected[0])
    assert actual[0].dtype == expected[0].dtype == "int32"
    assert actual[1].dtype == expected[1].dtype == "float32"
    finite = np.isfinite(expected[1])
    np.testing.assert_array_equal(actual[1][~finite], expected[1][~finite])
    apart = np.abs(actual[1][finite] - expected[1][finite]).max(initial=0.0)
    assert apart <= tolerance * np.abs(expected[1][finite]).max(initial=1e-30)


# --- The same as the loop


@pytest.mark.parametrize("case", CASES)
def test_the_kernel_writes_what_the_loop_writes(case, rng):
    model = make(rng, **CASES[case])
    attends, place = model.decoder_cell is not None, list(CASES).index(case)
    for i, sampler in enumerate(SAMPLERS):
        if getattr(sampler, "coverage_penalty", 0) and not attends:
            continue
        if i > 0 and i % 4 != place % 4:  # each of them with some models, not with all
            continue
        options = rules(place + 2 * i, rng)
        actual, expected = both(model, SOURCE, sampler, **options)
        assert_same(actual, expected)


@pytest.mark.parametrize(("sampler", "rule"), [(i, i) for i in range(7)])
def test_every_sampler_and_every_rule(sampler, rule, rng):
    model = make(rng, 16, attention="luong", bidirectional=True)
    assert_same(*both(model, SOURCE, SAMPLERS[sampler + 1], **rules(rule, rng)))


def test_one_source_is_written_as_among_others(rng):
    """Threads share the sources; weights are packed for many rows, not for a few."""
    model = make(rng, 48, attention="luong", bidirectional=True)
    source = rng.integers(0, 8, (70, 9))
    for sampler in ("greedy", BeamSampler(8, True, length_penalty=0.5)):
        actual, expected = both(model, source, sampler, 20)
        assert_same(actual, expected)
        for row in range(0, 70, 23):
            one = model.generate(source[row], 20, sampler, return_scores=True)
            assert_same(one, (expected[0][row], expected[1][row]))


def test_a_longer_one_may_overtake(rng):
    """What goes on is divided by the penalty of the greatest length, not by its own."""
    model = make(rng, 16, attention="luong")
    source = rng.integers(1, 8, (60, 5))
    for penalty in (1.0, 1.5):
        sampler = BeamSampler(2, True, length_penalty=penalty)
        actual, expected = both(model, source, sampler, 12)
        assert_same(actual, expected)
        assert len(np.unique((expected[0] == 2).argmax(-1))) > 5  # lengths


def test_no_source_at_all_and_sources_of_nothing(rng):
    model = make(rng, attention="luong")
    for sampler in ("greedy", BeamSampler(3, True)):
        tokens, scores = model.generate(SOURCE[:0], 4, sampler, return_scores=True)
        assert tokens.shape[0] == scores.shape[0] == 0 and tokens.shape[-1] == 4
        assert_same(*both(model, np.zeros((2, 0), int), sampler))


def test_more_tokens_than_are_kept(rng):
    """So many tokens, one after the other, that products of the first ones are gone."""
    model = EncoderDecoder(8, 1300, 6, cell="GRU", attention="luong", embedding_dim=4)
    for w in (model.target_embedding.embeddings, model.output_layer.kernel):
        w.assign(rng.normal(size=w.shape))
    allowed = np.zeros((1200, 1300), "bool")
    allowed[np.arange(1199), 3 + np.arange(1199) % 1100] = True
    allowed[-1, 2] = True
    actual, expected = both(model, SOURCE[:1], length=1200, allowed=allowed)
    assert_same(actual, expected)
    assert len(np.unique(actual[0])) == 1101


# --- Weights, threads, files


def test_weights_that_change_are_those_that_write(rng):
    model = make(rng, 32, attention="luong")
    first = model.generate(SOURCE, LENGTH, return_scores=True)
    for w in model.trainable_weights:
        w.assign(0.5 * rng.normal(size=w.shape))
    second = model.generate(SOURCE, LENGTH, return_scores=True)
    assert len(loops(model)) == 1 and (first[1] != second[1]).all()
    assert_same(second, both(model, SOURCE)[1])


def test_threads_that_write_at_once(rng):
    model = make(rng, 32, attention="luong", bidirectional=True)
    source = rng.integers(0, 8, (40, 9))
    expected = model.generate(source, 20, BeamSampler(5), return_scores=True)
    found: list = [None] * 4

    def write(i):
        for _ in range(5):
            found[i] = model.generate(source, 20, BeamSampler(5), return_scores=True)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in found:
        np.testing.assert_array_equal(one[0], expected[0])
        np.testing.assert_array_equal(one[1], expected[1])


def test_no_file_holds_it(rng, tmp_path):
    model = make(rng, attention="luong")
    expected = model.generate(SOURCE, LENGTH)
    [loop] = loops(model)
    assert native.holds_native_ops(loop)
    model.export(tmp_path / "exported", verbose=False)
    text = (tmp_path / "exported" / "saved_model.pb").read_bytes()
    assert not native.holds_native_ops(SavedModel.FromString(text))
    holder = tf.Module()
    holder.loop = loop
    with pytest.raises(ValueError, match="keras_rnn_zoo"):
        tf.saved_model.save(holder, str(tmp_path / "holder"))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.generate(SOURCE, LENGTH), expected)


# --- What it does not serve


@keras.saving.register_keras_serializable("tests")
class Doubtful(EncoderDecoder):
    def _logits(self, a):
        return super()._logits(a) / 2


class Slow(GreedySampler):
    """As greedy, but somebody's own."""


OTHERS = {
    "RandomSampler": ({"attention": "luong"}, RandomSampler(seed=1)),
    "Slow": ({}, Slow()),
    "LocationAttention": ({"attention": "location"}, "greedy"),
    "MonotonicAttention": ({"attention": "monotonic"}, BeamSampler(2)),
    "copying": ({"attention": "luong", "copying": True}, "greedy"),
    "MGUCell": ({"cell": "MGU", "attention": "luong"}, "greedy"),
    "zoneout": ({"cell": GRUCell(5, zoneout=0.2)}, "greedy"),
    "mixed_bfloat16": ({"dtype": "mixed_bfloat16"}, "greedy"),
    "LSTMCell": ({"cell": keras.layers.LSTMCell}, "greedy"),
}


@pytest.mark.parametrize("reason", OTHERS)
def test_what_it_does_not_serve_goes_the_other_way(reason, rng, monkeypatch):
    options, sampler = OTHERS[reason]
    model = EncoderDecoder(8, 8, 5, **{"cell": "GRU", "seed": 1, **options})
    for w in model.trainable_weights:
        w.assign(0.7 * rng.normal(size=w.shape))
    why = kernel.why_not(model, GreedySampler() if sampler == "greedy" else sampler)
    assert why is not None and reason in why
    actual = model.generate(SOURCE, LENGTH, sampler, return_scores=True)
    assert "KerasRnnZoo>Write" not in ops_of(model)[0]
    monkeypatch.setattr(kernel, "why_not", lambda *_: "switched off")
    model.__dict__.pop("_loops")
    expected = model.generate(SOURCE, LENGTH, sampler, return_scores=True)
    np.testing.assert_array_equal(actual[0], expected[0])
    np.testing.assert_array_equal(actual[1], expected[1])


def test_a_model_of_somebody_writes_as_it_says(rng):
    model = make(rng, attention="luong")
    own = Doubtful.from_config(model.get_config())
    own.set_weights(model.get_weights())
    assert "_logits of its own" in kernel.why_not(own, GreedySampler())
    _, expected = own.generate(SOURCE, LENGTH, return_scores=True)
    assert (expected != model.generate(SOURCE, LENGTH, return_scores=True)[1]).any()


def test_quantized_layers_and_xla_go_the_other_way(rng):
    model = make(rng, attention="luong")
    actual = model.generate(SOURCE, LENGTH, return_scores=True)
    compiled = model.generate(SOURCE, LENGTH, return_scores=True, jit_compile=True)
    assert_same(actual, compiled)
    assert "KerasRnnZoo>Write" not in ops_of(model)[1]
    model.output_layer.quantize("int8")
    assert "output_layer" in kernel.why_not(model, GreedySampler())
    model.generate(SOURCE, LENGTH)
    assert "KerasRnnZoo>Write" not in ops_of(model)[-1]


def test_switched_off_it_is_the_same(rng, monkeypatch):
    model = make(rng, attention="luong", bidirectional=True)
    for sampler in ("greedy", BeamSampler(3, True)):
        actual = model.generate(SOURCE, LENGTH, sampler, return_scores=True)
        with monkeypatch.context() as patch:
            patch.setenv("KERAS_RNN_ZOO_NATIVE", "0")
            expected = model.generate(SOURCE, LENGTH, sampler, return_scores=True)
        assert_same(actual, expected)
    with_and_without = ["KerasRnnZoo>Write" in ops for ops in ops_of(model)]
    assert with_and_without == [True, False, True, False]


# --- The op itself


def call(model, **changed):
    decoder = kernel.decoder_of(model)
    names = set(decoder._fields)
    decoder = decoder._replace(**{k: v for k, v in changed.items() if k in names})
    memory, mask, states = model._encode(SOURCE)
    given = {"memory": memory, "mask": mask, "states": states}
    options = {"start": 1, "end": 2, "max_length": 4, "min_length": 0}
    options |= {"beams": 2, "groups": 1, "diversity": 0.0}
    options |= {"length_penalty": 0.0, "coverage_penalty": 0.0}
    others = {k: v for k, v in changed.items() if k not in names}
    return writer.write(decoder, **{**given, **options, **others})


@pytest.mark.parametrize(
    ("match", "changed"),
    [
        (r"output_kernel.*\(5, 11\).*\(5, 9\)", {"output_kernel": tf.zeros((5, 9))}),
        ("`mask` must have 2 dimensions", {"mask": tf.ones(4, "bool")}),
        (r"memory.*Received: shape \(4, 3, 5\)", {"memory": tf.zeros((4, 3, 5))}),
        (r"states.*\(4, 5\).*\(4, 6\)", {"states": [tf.zeros((4, 6))]}),
        (r"`kernels` must.*\(6, 15\)", {"kernels": [tf.zeros((7, 15))]}),
        (r"recurrent_kernels.*\(5, 15\)", {"recurrent_kernels": [tf.zeros((5, 10))]}),
        (r"biases.*\(2, 15\)", {"biases": [tf.zeros(15)]}),
        (r"combine_kernel.*\(10, 5\)", {"combine_kernel": tf.zeros((9, 5))}),
        (r"allowed.*\(3, 1, 11\)", {"allowed": tf.ones((3, 1, 11), "bool")}),
        (r"transitions.*\(11, 11\)", {"transitions": tf.ones((2, 11), "bool")}),
        ("`start` and `end` must be tokens", {"end": 11}),
        ("`groups` divide `beams`", {"groups": 3}),
        ("no cell", {"cell": "mgu"}),
    ],
)
def test_shapes_that_do_not_fit(match, changed, rng):
    model = make(rng, attention="luong")
    call(model)
    with pytest.raises(tf.errors.InvalidArgumentError, match=match):
        call(model, **changed)


def test_nobody_learns_through_it(rng):
    model = make(rng, attention="luong")
    with tf.GradientTape() as tape:
        _, scores = call(model)
        loss = tf.reduce_sum(scores)
    with pytest.raises(LookupError, match="KerasRnnZoo>Write"):
        tape.gradient(loss, [w.value for w in model.trainable_weights])
