"""Encoder and decoder: numbers, masks, decoding, files."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_rnn_zoo
from keras_rnn_zoo import (
    BahdanauAttention,
    EncoderDecoder,
    MonotonicAttention,
    native,
    recurrent_layers,
)
from keras_rnn_zoo.metrics import TokenAccuracy
from keras_rnn_zoo.ops import BeamSampler, RandomSampler, decoding, samplers
from keras_rnn_zoo.topologies import encoder_decoder
from tests.references import attention as reference

SOURCE = np.array([[3, 4, 5, 6], [6, 3, 0, 0], [0, 0, 0, 0]])
TARGET = np.array([[4, 3, 5, 2, 0], [5, 2, 0, 0, 0], [3, 4, 6, 3, 2]])
ATTENTIONS = [
    {},
    {"attention": "luong"},
    {"attention": "luong", "input_feeding": True},
    {"attention": "luong", "query": "before"},
    {"attention": "bahdanau", "bidirectional": True},
    {"attention": "location", "num_layers": 2},
    {"attention": MonotonicAttention(5, hard=True), "tie_weights": True},
    {"attention": "luong", "num_layers": 2, "bridge": "copy", "cell": "LSTM"},
    {"attention": "luong", "bidirectional": True, "bridge": "zeros"},
]
IDS = [f"{i}-{'-'.join(one)}" for i, one in enumerate(ATTENTIONS)]


def make(rng=None, **options):
    options = {"cell": "GRU", "embedding_dim": 6, "seed": 1, **options}
    model = EncoderDecoder(8, 7, 5, **options)
    if rng is not None:
        for w in model.trainable_weights:
            w.assign(0.7 * rng.normal(size=w.shape))
    return model


def probabilities(model, source=SOURCE, target=TARGET):
    return np.asarray(model({"source": source, "target": target}))


def log_p_of(model, source, tokens):
    """Σ log p of each row, from the teacher-forced probabilities."""
    p = probabilities(model, source, tokens)
    own = np.take_along_axis(np.log(p), tokens[..., None], -1)[..., 0]
    return (own * (tokens != 0)).sum(-1)


# --- Numbers


def values(layer):
    return [np.asarray(w, "float64") for w in layer.weights]


def in_numpy(model, source, target):
    """One row of a model of SimpleRNN layers with a dense bridge, from the papers."""
    [embed], [embed_target] = map(
        values, (model.source_embedding, model.target_embedding)
    )
    kernel, recurrent, bias = values(model.encoder[0])
    h, memory = np.zeros(5), []
    for token in source[source != 0]:
        h = np.tanh(embed[token] @ kernel + h @ recurrent + bias)
        memory.append(h)
    kernel, bias = values(model.bridges[0])
    h, memory, rows = np.tanh(h @ kernel + bias), np.array(memory), []
    kernel, recurrent, bias = values(model.decoder.cell)
    out, out_bias = values(model.output_layer)
    cell = model.decoder_cell
    if cell is not None:
        own = {w.name: np.asarray(w, "float64") for w in cell.attention.weights}
    for token in [1, *target[:-1]]:
        x = embed_target[token]
        if cell is not None and cell.query == "before":
            context = reference.bahdanau(h, memory, None, own) @ memory
            x = np.concatenate([x, context])
        h = np.tanh(x @ kernel + h @ recurrent + bias)
        a = h
        if cell is not None:
            if cell.query == "after":
                context = reference.luong(h, memory, None, own, "general") @ memory
            both = np.concatenate([h, context])
            a = np.tanh(both @ np.asarray(cell.kernel, "float64"))
        rows.append(reference.softmax(a @ out + out_bias))
    return np.array(rows)


@pytest.mark.parametrize("attention", [None, "luong", "bahdanau"])
def test_the_probabilities_are_those_of_the_equations(attention, rng):
    model = make(rng, cell="SimpleRNN", attention=attention)
    for row in range(2):
        expected = in_numpy(model, SOURCE[row], TARGET[row])
        found = probabilities(model)[row]
        count = np.count_nonzero(TARGET[row])
        np.testing.assert_allclose(found[:count], expected[:count], rtol=2e-4)


def check_decoding(model):
    """What is decoded has the score that teacher forcing gives it."""
    for sampler in (BeamSampler(3), RandomSampler(seed=3)):
        rules = decoding.Rules(1, 2, 5)
        draws = np.random.default_rng(0).random((3, 5)).astype("float32")
        sampler = samplers.get(sampler)
        found = model.decode(tf.constant(SOURCE, "int32"), rules, sampler, draws)
        tokens, scores = np.asarray(found.tokens), np.asarray(found.scores)
        expected = log_p_of(model, SOURCE, tokens)
        np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("options", ATTENTIONS, ids=IDS)
def test_decoding_is_teacher_forcing_and_padding_is_nothing(options, rng):
    model = make(rng, **options)
    check_decoding(model)
    given = probabilities(model)
    longer = np.pad(SOURCE, ((0, 0), (0, 3)))
    np.testing.assert_allclose(probabilities(model, longer), given, atol=2e-6)
    more = np.pad(TARGET, ((0, 0), (0, 2)))
    found = probabilities(model, target=more)[:, :5]
    np.testing.assert_allclose(found, given, atol=2e-6)
    for row in range(3):
        count = max(np.count_nonzero(SOURCE[row]), 1)
        alone = probabilities(
            model, SOURCE[row : row + 1, :count], TARGET[row : row + 1]
        )
        np.testing.assert_allclose(alone[0], given[row], atol=2e-6)


def test_every_cell_of_the_zoo_decodes_as_it_was_trained(rng):
    for name in recurrent_layers():
        model = make(cell=name, attention="luong", embedding_dim=5)
        model.set_weights([w if w.ndim == 0 else w + 0.1 for w in model.get_weights()])
        found = model.decode(
            tf.constant(SOURCE, "int32"), decoding.Rules(1, 2, 4), BeamSampler(2)
        )
        expected = log_p_of(model, SOURCE, np.asarray(found.tokens))
        np.testing.assert_allclose(found.scores, expected, rtol=1e-3, err_msg=name)


@pytest.mark.parametrize("dtype", ["mixed_float16", "float64"])
def test_the_probabilities_are_of_the_variables_precision(dtype, rng):
    model = make(rng, attention="luong", num_layers=2, dtype=dtype)
    expected = "float64" if dtype == "float64" else "float32"
    assert probabilities(model).dtype == expected
    np.testing.assert_allclose(probabilities(model).sum(-1), 1, rtol=1e-5)
    check_decoding(model)


def test_what_needs_no_loop_has_none(rng, monkeypatch):
    """The decoder's layer carries its cell; only those that must go step by step."""

    def refuse(*_given, **_named):
        raise AssertionError("a loop")

    monkeypatch.setattr(encoder_decoder, "loop", refuse)
    for options, goes in [
        ({}, True),
        ({"attention": "luong"}, True),
        ({"attention": BahdanauAttention(4), "query": "after"}, True),
        ({"attention": "luong", "input_feeding": True}, False),
        ({"attention": "luong", "sampling_schedule": 0.5}, False),
        ({"attention": "bahdanau"}, False),
    ]:
        model = make(rng, **options)
        try:
            model({"source": SOURCE, "target": TARGET}, training=True)
        except AssertionError:
            assert not goes
        else:
            assert goes


def test_what_is_copied_is_of_the_source(rng):
    letters, phones = ["", "a", "b", "c", "x"], ["", "<s>", "</s>", "b", "c", "d", "a"]
    model = EncoderDecoder(letters, phones, 5, attention="luong", copying=True)
    for w in model.trainable_weights:
        w.assign(rng.normal(size=w.shape))
    source = np.array([[1, 2, 3, 4], [2, 2, 0, 0], [0, 0, 0, 0]])
    p = probabilities(model, source)
    np.testing.assert_allclose(p.sum(-1), 1, rtol=1e-5)
    gate = model.copy_gate
    gate.kernel.assign(gate.kernel * 0)
    gate.bias.assign([40.0])  # only written
    written = probabilities(model, source)
    gate.bias.assign([-40.0])  # only copied, where that can be
    copied = probabilities(model, source)
    alignment = model.attention_weights(source, TARGET)
    expected = np.zeros_like(copied)
    for row in range(3):
        for j, token in enumerate(source[row]):
            same = {1: 6, 2: 3, 3: 4}.get(token)
            if same:
                expected[row, :, same] += alignment[row, :, j]
    expected += (1 - expected.sum(-1, keepdims=True)) * written
    real = TARGET != 0
    np.testing.assert_allclose(copied[real], expected[real], atol=1e-5)
    np.testing.assert_allclose(copied[2], written[2], atol=1e-6)
    gate.bias.assign([0.3])
    g = 1 / (1 + np.exp(-0.3))
    found = probabilities(model, source)
    expected = g * written + (1 - g) * expected
    np.testing.assert_allclose(found[real], expected[real], atol=1e-5)
    rules = decoding.Rules(1, 2, 5)
    found = model.decode(tf.constant(source, "int32"), rules, BeamSampler(3))
    expected = log_p_of(model, source, np.asarray(found.tokens))
    np.testing.assert_allclose(found.scores, expected, rtol=1e-4)
    again = EncoderDecoder.from_config(model.get_config())
    assert again.copying and again._copied == [0, 6, 3, 4, 0]


# --- Training


def test_fit_shifts_the_target_and_masks_it(rng):
    model = make(rng, attention="luong")
    model.compile(
        "sgd", "sparse_categorical_crossentropy", weighted_metrics=[TokenAccuracy()]
    )
    loss, accuracy = model.evaluate(SOURCE, TARGET, verbose=0)
    p, real = probabilities(model), TARGET != 0
    own = np.take_along_axis(p, TARGET[..., None], -1)[..., 0]
    np.testing.assert_allclose(loss, -np.log(own[real]).mean(), rtol=1e-5)
    right = (p.argmax(-1) == TARGET)[real].mean()
    np.testing.assert_allclose(accuracy, right, rtol=1e-5)
    named = {"source": SOURCE, "target": TARGET}
    np.testing.assert_allclose(
        model.evaluate(named, TARGET, verbose=0)[0], loss, rtol=1e-6
    )
    before = loss
    model.fit(tf.data.Dataset.from_tensors((SOURCE, TARGET)).repeat(3), verbose=0)
    assert model.evaluate(SOURCE, TARGET, verbose=0)[0] < before
    with pytest.raises(ValueError, match="y=None"):
        model.fit(SOURCE, verbose=0)


@pytest.mark.parametrize("options", ATTENTIONS[1::2], ids=IDS[1::2])
def test_every_weight_has_a_gradient(options, rng):
    model = make(rng, **options)
    with tf.GradientTape() as tape:
        p = model({"source": SOURCE, "target": TARGET}, training=True)
        own = tf.gather(p, TARGET[..., None], batch_dims=2)[..., 0]
        loss = -tf.reduce_sum(tf.math.log(own) * (TARGET != 0))
    for w, gradient in zip(
        model.trainable_weights,
        tape.gradient(loss, model.trainable_weights),
        strict=True,
    ):
        assert gradient is not None, w.path
        gradient = np.asarray(tf.convert_to_tensor(gradient))
        assert np.isfinite(gradient).all() and gradient.any(), w.path


def test_scheduled_sampling_lies_between_the_truth_and_the_own_tokens(rng):
    def trained(schedule):
        model = make(None, attention="bahdanau", sampling_schedule=schedule)
        for w in model.trainable_weights:
            values = np.random.default_rng(len(w.shape)).normal(size=w.shape)
            w.assign(values)
        inputs = {"source": SOURCE, "target": TARGET}
        return model, np.asarray(model(inputs, training=True))

    truth = trained(None)[1]
    np.testing.assert_allclose(trained(1.0)[1], truth, atol=1e-6)
    model, own = trained(0.0)
    np.testing.assert_allclose(own[:, 0], truth[:, 0], atol=1e-6)
    assert np.abs(own[0, 1:4] - truth[0, 1:4]).max() > 0.01
    np.testing.assert_allclose(probabilities(model), truth, atol=1e-6)
    model, _ = trained("linear")
    assert int(model.training_steps) == 1


def test_dropout_is_for_training(rng):
    for schedule in (None, 0.5):
        model = make(rng, attention="luong", dropout=0.5, sampling_schedule=schedule)
        inputs = {"source": SOURCE, "target": TARGET}
        assert np.abs(model(inputs, training=True) - model(inputs)).max() > 0.01


# --- Generating


def test_generate_takes_all_samplers_and_what_is_allowed(rng):
    model = make(rng, attention="luong")
    beams, scores = model.generate(
        SOURCE,
        max_length=6,
        sampler=BeamSampler(2, True, length_penalty=0.5, coverage_penalty=0.2),
        return_scores=True,
    )
    assert beams.shape == (3, 2, 6) and np.all(np.diff(scores, axis=1) <= 0)
    one = model.generate(SOURCE[1], max_length=6, sampler="greedy")
    assert one.shape == (6,)
    first = model.generate(SOURCE, 6, "random", seed=5)
    np.testing.assert_array_equal(model.generate(SOURCE, 6, "random", seed=5), first)
    allowed = np.zeros((2, 7), "bool")
    allowed[0, 3] = allowed[1, [2, 5]] = True
    transitions = np.ones((7, 7), "bool")
    transitions[5, 5] = False
    for sampler in ("top_p", "beam"):
        tokens = model.generate(
            *(SOURCE, 6, sampler),
            min_length=2,
            allowed=allowed,
            allowed_transitions=transitions,
        )
        np.testing.assert_array_equal(tokens, [[3, 5, 2, 0, 0, 0]] * 3)
    by_row = np.ones((3, 1, 7), "bool")
    by_row[1, :, 3:] = False
    tokens = model.generate(SOURCE, 6, allowed=by_row)
    np.testing.assert_array_equal(tokens[1], [2, 0, 0, 0, 0, 0])
    assert model.generate(np.zeros((0, 3), int), 6).shape == (0, 6)
    assert model.generate(np.zeros((2, 0), int), 6).shape == (2, 6)


@pytest.mark.parametrize(
    "options",
    [
        {"attention": "luong"},
        {"attention": "bahdanau", "cell": "LSTM"},
        {"attention": None, "bidirectional": True},
    ],
    ids=lambda options: str(options["attention"]),
)
def test_what_xla_compiles_says_the_same(options, rng):
    """The source is padded for it, so that not every length is compiled."""
    model = make(rng, **options)
    allowed = np.ones((1, 7), "bool")
    allowed[0, 4] = False
    for arguments in (
        {},
        {"sampler": "random", "seed": 5},
        {"sampler": BeamSampler(3, True, length_penalty=0.5), "allowed": allowed},
    ):
        expected, scores = model.generate(SOURCE, 6, return_scores=True, **arguments)
        arguments.update(return_scores=True, jit_compile=True)
        tokens, compiled = model.generate(SOURCE, 6, **arguments)
        np.testing.assert_array_equal(tokens, expected)
        np.testing.assert_allclose(compiled, scores, rtol=1e-4, atol=1e-5)
        shorter, _ = model.generate(SOURCE[:1, :2], 6, **arguments)
        assert shorter.shape[-1] == 6
    # One program for all, of which XLA makes one for each shape.
    assert len(model._loops) == 6
    with pytest.raises(TypeError, match="jit_compile=1"):
        model.generate(SOURCE, 6, jit_compile=1)


@pytest.mark.skipif(not native.supports("gru", "float32"), reason="needs the kernels")
def test_sources_are_read_by_the_kernels_and_no_file_can_hold_that(rng, tmp_path):
    model = make(rng, bidirectional=True)
    tokens, scores = model.generate(SOURCE, 6, return_scores=True)
    [loop] = model._loops.values()
    assert native.holds_native_ops(loop)
    holder = tf.Module()
    holder.loop = loop
    with pytest.raises(ValueError, match="keras_rnn_zoo"):
        tf.saved_model.save(holder, str(tmp_path / "file"))
    portable = EncoderDecoder.from_config(model.get_config())
    portable(dict(source=SOURCE, target=TARGET))
    portable.set_weights(model.get_weights())
    for layer in portable.encoder:
        layer.forward_layer.implementation = "loop"
        layer.backward_layer.implementation = "loop"
    portable.decoder.implementation = "loop"
    expected, expected_scores = portable.generate(SOURCE, 6, return_scores=True)
    [loop] = portable._loops.values()
    assert not native.holds_native_ops(loop)
    np.testing.assert_array_equal(tokens, expected)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-5)


def test_weights_for_a_figure(rng):
    model = make(rng, attention="luong")
    weights = model.attention_weights(SOURCE, TARGET)
    assert weights.shape == (3, 5, 4)
    np.testing.assert_allclose(weights[0, :4].sum(-1), 1, rtol=1e-5)
    assert not weights[0, 4:].any()
    assert not weights[1, :, 2:].any() and not weights[2].any()
    with pytest.raises(ValueError, match="attention=None"):
        make().attention_weights(SOURCE, TARGET)


LETTERS = ["", *"abcdefg"]
PHONES = ["", "<s>", "</s>", "AA", "B", "CH", "D"]
AGAIN = """
import json, sys
import keras, keras_rnn_zoo
model = keras.saving.load_model(sys.argv[1])
texts = json.loads(sys.argv[2])
beam = keras_rnn_zoo.ops.BeamSampler(3, True, length_penalty=0.6)
print(json.dumps([model.generate_text(texts, 8), model.generate_text(texts, 8, beam)]))
"""


def speaker(rng):
    model = EncoderDecoder(
        LETTERS, PHONES, 5, attention="location", bidirectional=True, num_layers=2
    )
    for w in model.trainable_weights:
        w.assign(rng.normal(size=w.shape))
    texts = ["".join(rng.choice(list("abcdefg"), rng.integers(0, 9))) for _ in "x" * 20]
    return model, texts


def test_a_reloaded_model_says_the_same(rng, tmp_path):
    model, texts = speaker(rng)
    said = model.generate_text(texts, 8)
    assert len({str(one) for one in said}) > 5
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.generate_text(texts, 8) == said
    with pytest.raises(ValueError, match="'z' in 'abz'"):
        model.generate_text(["abz"])
    with pytest.raises(TypeError, match="texts='ab'"):
        model.generate_text("ab")
    with pytest.raises(ValueError, match="source_tokens=8"):
        make().generate_text(["ab"])


@pytest.mark.slow
def test_and_so_it_does_in_another_process(rng, tmp_path):
    model, texts = speaker(rng)
    beam = BeamSampler(3, True, length_penalty=0.6)
    said = [model.generate_text(texts, 8), model.generate_text(texts, 8, beam)]
    model.save(tmp_path / "model.keras")
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, tmp_path / "model.keras", json.dumps(texts)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    greedy, beams = json.loads(done.stdout)
    assert greedy == said[0]
    for before, after in zip(said[1], beams, strict=True):
        assert [one[0] for one in before] == [one[0] for one in after]
        np.testing.assert_allclose(
            [one[1] for one in before], [one[1] for one in after], rtol=1e-5
        )


ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_words(number):
    """A number below a million in English words, a list."""
    if number < 20:
        return [ONES[number]]
    if number < 100:
        size, said = 10, [TENS[number // 10 - 2]]
    else:
        size, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
        said = [*in_words(number // size), name]
    return said + (in_words(number % size) if number % size else [])


@pytest.mark.slow
def test_it_learns_to_say_numbers_that_it_has_never_seen():
    assert " ".join(in_words(407013)) == "four hundred seven thousand thirteen"
    rng = np.random.default_rng(1)
    numbers = rng.choice(10**6, 6500, replace=False).tolist()
    words = ["", "<s>", "</s>", *ONES, *TENS, "hundred", "thousand"]
    model = EncoderDecoder(
        *(["", *"0123456789"], words, 96),
        cell="GRU",
        attention="luong",
        bidirectional=True,
        embedding_dim=32,
        seed=1,
    )
    source = model.source_ids([str(number) for number in numbers])
    target = np.zeros((len(numbers), 12), "int32")
    for row, number in zip(target, numbers, strict=True):
        said = [words.index(word) for word in in_words(number)]
        row[: len(said) + 1] = [*said, model.end]
    optimizer = keras.optimizers.Adam(3e-3, clipnorm=1.0)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.fit(source[:6000], target[:6000], batch_size=64, epochs=8, verbose=0)
    said = model.generate_text([str(number) for number in numbers[6000:]], 12)
    right = [a == in_words(b) for a, b in zip(said, numbers[6000:], strict=True)]
    assert np.mean(right) >= 0.95


ON_JAX = """
import os
os.environ["KERAS_BACKEND"] = "jax"
import numpy as np
from keras_rnn_zoo.ops import BeamSampler
from tests.topologies.test_encoder_decoder import ATTENTIONS, SOURCE, TARGET, make
for options in [*ATTENTIONS[1::3], {"sampling_schedule": "linear"}]:
    model = make(**options)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(SOURCE, TARGET, verbose=0)
    tokens, scores = model.generate(SOURCE, 5, BeamSampler(3), return_scores=True)
    p = np.asarray(model({"source": SOURCE, "target": tokens}))
    own = np.take_along_axis(np.log(p), tokens[..., None], -1)[..., 0]
    own = (own * (tokens != 0)).sum(-1)
    np.testing.assert_allclose(own, scores, rtol=1e-4, atol=1e-5)
"""


@pytest.mark.slow
def test_it_trains_and_decodes_on_jax():
    done = subprocess.run(
        [sys.executable, "-c", ON_JAX], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("options", ATTENTIONS[::3], ids=IDS[::3])
def test_a_model_comes_back_from_its_config(options, rng):
    model = make(rng, sampling_schedule="linear", **options)
    config = json.loads(json.dumps(model.get_config()))
    again = EncoderDecoder.from_config(config)
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(probabilities(again), probabilities(model))
    assert again.get_config() == config


@pytest.mark.parametrize(
    "options, message",
    [
        ({"attention": "soft"}, "attention='soft'"),
        ({"query": "after"}, "query='after'"),
        ({"input_feeding": True}, "input_feeding=True"),
        ({"bridge": "copy", "bidirectional": True}, "bridge='copy'"),
        ({"bridge": "none"}, "bridge='none'"),
        ({"bridge": "zeros"}, "nothing of the source.*bridge='zeros'"),
        ({"start": 2}, "end=2"),
        ({"end": 7}, "from 1 to 6.*end=7"),
        ({"tie_weights": True}, "embedding_dim=6, width 5"),
        ({"dropout": 1.0}, "dropout=1.0"),
        ({"copying": True}, "computed at once.*copying=True"),
        ({"copying": True, "attention": "luong"}, "8 and 7 tokens"),
    ],
)
def test_what_does_not_go_together_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)


def test_what_is_given_is_checked(rng):
    model = make()
    for wrong, message in [
        (lambda: EncoderDecoder(["", "a", "a"], 7), "'a' twice"),
        (lambda: EncoderDecoder(1, 7), "source_tokens=1"),
        (lambda: model(SOURCE), "no target"),
        (lambda: model({"x": SOURCE}), "'x'"),
        (lambda: model.generate(SOURCE + 5), "0 to 7.*to 11"),
        (lambda: model.generate(SOURCE, 0), "max_length=0"),
        (lambda: model.generate(SOURCE, 4, min_length=4), "min_length=4"),
        (lambda: model.generate(SOURCE, allowed=np.ones(3, "bool")), r"\(3,\)"),
        (lambda: model.generate(SOURCE, allowed_transitions=[[True]]), r"\(1, 1\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            wrong()
    with pytest.raises(TypeError, match="dtype float64"):
        model.generate(SOURCE * 1.0)
    with pytest.raises(TypeError, match="attention=3"):
        make(attention=3)
    assert keras_rnn_zoo.EncoderDecoder is EncoderDecoder
    assert keras.saving.get_registered_name(EncoderDecoder).endswith("EncoderDecoder")
