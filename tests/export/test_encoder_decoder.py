"""An encoder-decoder that decodes in a process without the package."""

import json

import numpy as np
import pytest

from keras_rnn_zoo import EncoderDecoder, ManyToOne
from keras_rnn_zoo.export import export_encoder_decoder
from keras_rnn_zoo.ops import BeamSampler
from tests.fresh import ask_without_the_zoo

LETTERS = ["", *"abcdéfg"]
PHONES = ["", "<s>", "</s>", "AA", "B", "CH", "D"]
CODE = """
import tensorflow as tf
loaded = tf.saved_model.load("exported").signatures
texts = tf.constant(asked["texts"])
found = loaded["serving_default"](text=texts)
answers["text"] = [[one.decode() for one in row] for row in found["text"].numpy()]
answers["scores"] = found["scores"].numpy()
source = tf.constant(asked["source"])
answers["tokens"] = loaded["generate"](source=source)["tokens"].numpy()
states = loaded["encode"](source=source)
memory = {k: states.pop(k) for k in ("memory", "memory_mask")}
tokens, total = tf.fill([len(asked["source"])], 1), 0.0
for wanted in asked["forced"].T:
    step = loaded["decode_step"](token=tokens, **memory, **states)
    states = {k: step[k] for k in states}
    tokens = tf.constant(wanted)
    own = tf.gather(step["log_probabilities"], tokens, batch_dims=1)
    total += tf.where(tokens == 0, 0.0, own)
answers["total"], answers["alignment"] = total.numpy(), step["alignment"].numpy()
for wrong in ("generate", "generate_text"):
    try:
        given = {"source": source + 99} if wrong == "generate" else {"text": ["az"]}
        loaded[wrong](**{k: tf.constant(v) for k, v in given.items()})
        answers[wrong] = ""
    except tf.errors.InvalidArgumentError as error:
        answers[wrong] = str(error)
"""


def test_it_says_what_the_model_says_with_beams_in_the_graph(rng, tmp_path):
    model = EncoderDecoder(LETTERS, PHONES, 5, attention="location", cell="GRU")
    for w in model.trainable_weights:
        w.assign(rng.normal(size=w.shape))
    beams = BeamSampler(3, True, length_penalty=0.6, coverage_penalty=0.1)
    exported = export_encoder_decoder(
        model, tmp_path / "exported", sampler=beams, max_length=8
    )
    assert exported.max_difference < 1e-5
    texts = ["".join(rng.choice(list("abcdéfg"), k % 7)) for k in range(20)]
    source = model.source_ids(texts)
    tokens, scores = model.generate(source, 8, beams, return_scores=True)
    asked = {"texts": texts, "source": source, "forced": tokens[:, 0]}
    answers, _ = ask_without_the_zoo(CODE, tmp_path, asked)
    np.testing.assert_array_equal(answers["tokens"], tokens)
    np.testing.assert_allclose(answers["scores"], scores, rtol=1e-5)
    said = [[" ".join(model.target_text(row)) for row in rows] for rows in tokens]
    assert answers["text"] == said
    greedy = model.generate(source, 8, return_scores=True)
    forced = model({"source": source, "target": tokens[:, 0]})
    own = np.take_along_axis(np.asarray(forced), tokens[:, 0, :, None], -1)[..., 0]
    expected = (np.log(own) * (tokens[:, 0] != 0)).sum(-1)
    np.testing.assert_allclose(answers["total"], expected, rtol=1e-4, atol=1e-5)
    assert answers["alignment"].shape == source.shape and greedy[0].shape == (20, 8)
    assert "0 to 7" in answers["generate"] and "known" in answers["generate_text"]
    extra = tmp_path / "exported" / "assets.extra" / "metadata.json"
    assert json.loads(extra.read_text())["target_tokens"] == PHONES


@pytest.mark.slow
def test_a_model_that_copies_exports_too(tmp_path):
    model = EncoderDecoder(5, 5, 4, attention="luong", copying=True)
    path = tmp_path / "exported"
    assert export_encoder_decoder(model, path, max_length=4).max_difference < 1e-5


def test_other_models_are_refused(tmp_path):
    model = ManyToOne(2, 3, vocabulary_size=4)
    with pytest.raises(TypeError, match="type ManyToOne"):
        export_encoder_decoder(model, tmp_path / "exported")
