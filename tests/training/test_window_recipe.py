"""The feed-forward net of windows is trained by a recipe, as the recurrent ones are."""

import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo import jobs
from keras_rnn_zoo.training import recipes

RECIPE = """
title = "Digits by a net that reads all rows at once"
task = "classification"
[data]
name = "krz_digits"
batch_size = 64
[model]
topology = "WindowClassifier"
units = 24
length = 8
return_sequences = false
[training]
epochs = 4
learning_rate = 0.01
monitor = "val_accuracy"
"""


def test_it_trains_answers_and_is_served(tmp_path):
    (tmp_path / "recipe.toml").write_text(RECIPE)
    run = jobs.train(
        str(tmp_path / "recipe.toml"),
        out=tmp_path / "run",
        data_dir=tmp_path / "data",
        baselines=False,
        pictures=False,
    )
    assert run.model[0].metric == "accuracy" and run.model[0].value > 0.6
    found = jobs.predict(str(run.directory), example=3, data_dir=tmp_path / "data")
    served = tf.saved_model.load(str(run.directory / "saved_model"))
    answer = served.signatures["serving_default"](
        features=tf.constant(np.asarray(found.values)[None])
    )
    np.testing.assert_allclose(
        answer["probabilities"][0], found.probabilities, atol=1e-5
    )


def test_what_it_does_not_take_is_refused(tmp_path):
    text = RECIPE.replace("units = 24", 'units = 24\ncell = "LSTM"')
    with pytest.raises(recipes.RecipeError, match="`WindowClassifier` has no `cell`"):
        recipes.parse(text, tmp_path / "recipe.toml")
