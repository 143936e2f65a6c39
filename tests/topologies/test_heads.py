"""A head of one's own: what it declares is all that models and files need of it."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_rnn_zoo import export
from keras_rnn_zoo.layers.core import registry
from keras_rnn_zoo.layers.core.head import Head, heads
from keras_rnn_zoo.topologies import ManyToMany, ManyToOne
from keras_rnn_zoo.training import fit as fitting
from keras_rnn_zoo.training import recipes


class GradeLoss(keras.losses.SparseCategoricalCrossentropy):
    """A loss that only this head has."""


@keras.saving.register_keras_serializable("tests")
class Grades(Head):
    """Classes in an order, parted by thresholds on one score (McCullagh 1980)."""

    head_name = "grades"
    per_step = False
    answers = "softmax"

    def __init__(self, num_classes, spread=1.0, **kwargs):
        super().__init__(**kwargs)
        self.num_classes, self.spread = num_classes, spread

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], 1), name="kernel")

    def call(self, inputs):
        edges = self.spread * np.arange(1.0, self.num_classes, dtype="float32")
        above = ops.sigmoid(ops.matmul(inputs, self.kernel) - edges)
        one = ops.ones_like(above[..., :1])
        high = ops.concatenate([one, above], -1)
        return high - ops.concatenate([above, ops.zeros_like(one)], -1)

    def get_config(self):
        mine = {"num_classes": self.num_classes, "spread": self.spread}
        return {**super().get_config(), **mine}

    @staticmethod
    def own_loss():
        return GradeLoss()


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setitem(registry._classes, "Grades", Grades)


HEAD = {"name": "grades", "spread": 0.5}


def make(head=HEAD):
    return ManyToOne(4, 5, "GRU", num_features=3, mask_value=-1.0, head=head, seed=1)


def test_it_stands_where_it_says_and_takes_what_it_knows(rng):
    assert "grades" in heads(False) and "grades" not in heads(True)
    assert "crf" in heads(True) and "crf" not in heads(False)
    with pytest.raises(ValueError, match="`head` must be .*'crf'.*, or a.*'grades'"):
        ManyToMany(4, 5, num_features=3, head="grades")
    with pytest.raises(ValueError, match="`head` must be .*'grades'.*, or a.*'crf'"):
        make("crf")
    with pytest.raises(ValueError, match="left out with head='grades'.*'relu'"):
        ManyToOne(4, 5, num_features=3, head="grades", output_activation="relu")
    model = make()
    x = rng.normal(size=(2, 6, 3)).astype("float32")
    again = ManyToOne.from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert again.get_config()["head"] == HEAD
    p = np.asarray(model(x))
    np.testing.assert_array_equal(p, again(x))
    np.testing.assert_allclose(p.sum(-1), 1, rtol=1e-6)


RECIPE = """
title = "grades"
task = "classification"
[data]
name = "krz_digits"
[model]
topology = "ManyToOne"
head = {name = "grades", spread = 0.5}
[training]
epochs = 1
"""


def test_a_recipe_is_trained_with_its_own_loss():
    model, recipe = make(), recipes.parse(RECIPE, "grades/recipe.toml")
    fitting.compile_model(recipe, model, 1)
    assert type(model.loss) is GradeLoss
    with pytest.raises(ValueError, match=r"GradeLoss\(\)` for head='grades'.*'mse'"):
        model.compile(loss="mse")
    model.fit(np.zeros((2, 3, 3)), np.array([0, 3]), class_weight={0: 2.0}, verbose=0)


@pytest.mark.parametrize("kind", ["saved_model", "litert", "onnx"])
def test_files_call_its_numbers_what_it_says_and_go_step_by_step(tmp_path, kind):
    write = getattr(export, f"export_{kind}")
    shape = {"steps": 6, "int8": False} if kind == "litert" else {}
    done = write(make(), tmp_path / kind, **shape)
    assert "step" in done.signatures
    if kind == "saved_model":
        import tensorflow as tf

        served = tf.saved_model.load(str(done.path)).signatures["serving_default"]
        assert set(served.structured_outputs) == {"probabilities", "classes"}
