"""The site's requests to TensorFlow Serving, built from the real signatures."""

import json
import pathlib
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo.export import export_saved_model
from keras_rnn_zoo.topologies import ManyToMany
from tests.export.models import TEXTS

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "pages" / "serve.md"
# What a client fills in; one value for each row of a batch, or one in all.
VALUES = {
    "text": ["def f(x):", ""],
    "token": ["d"],
    "prompt": ["def "],
    "batch_size": 1,
    "steps": 200,
    "temperature": 0.7,
    "top_k": 0,
    "seed": 1,
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    path = tmp_path_factory.mktemp("requests") / "saved"
    keras.utils.set_random_seed(1)
    size = len(TEXTS.labels)
    model = ManyToMany(size, 4, vocabulary_size=size, embedding_dim=3)
    export_saved_model(model, path, assets=TEXTS)
    return tf.saved_model.load(str(path))


def request_body(name, signature):
    """The body of a request, from the names and shapes of a signature's inputs."""
    specs = signature.structured_input_signature[1]
    batched = all(spec.shape.rank for spec in specs.values())
    values = {}
    for key, spec in specs.items():
        if key in VALUES:
            values[key] = VALUES[key]
        else:  # a state: zeros of its width
            values[key] = [[0.0] * spec.shape[1]]
    if not batched:
        return {"signature_name": name, "inputs": values}
    rows = zip(*values.values(), strict=True)
    instances = [dict(zip(values, row, strict=True)) for row in rows]
    return {"signature_name": name, "instances": instances}


def tensors_of(body, signature):
    """As TensorFlow Serving reads a body: its rows, or whole inputs, as tensors."""
    specs = signature.structured_input_signature[1]
    given = body.get("inputs") or {
        key: [row[key] for row in body["instances"]] for key in body["instances"][0]
    }
    assert set(given) == set(specs)
    return {key: tf.constant(given[key], spec.dtype) for key, spec in specs.items()}


def documented():
    section = PAGE.read_text("utf-8").split("<!-- requests -->")[1]
    found = [
        json.loads(one) for one in re.findall(r"```json\n(.+?)\n```", section, re.S)
    ]
    return {body["signature_name"]: body for body in found}


def shortened(body):
    """A body with the numbers of states after the first left out, as on the page."""
    for row in body.get("instances", ()):
        for key, value in row.items():
            if isinstance(value, list):
                row[key] = [value[0], "…"]
    return body


def test_the_page_has_a_request_for_each_signature(loaded):
    requests = documented()
    assert set(requests) == set(loaded.signatures)
    for name, signature in loaded.signatures.items():
        body = request_body(name, signature)
        answer = signature(**tensors_of(json.loads(json.dumps(body)), signature))
        assert shortened(body) == requests[name]
        for value in answer.values():
            assert np.size(value) and value.dtype in (
                tf.float32,
                tf.string,
                tf.int32,
                tf.bool,
            )
        if "instances" in body:  # row for row, as TensorFlow Serving answers
            assert {len(value) for value in answer.values()} == {len(body["instances"])}
