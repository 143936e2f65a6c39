"""Tasks: what counts, against NumPy; and the recipes that lead to them."""

import ast
import pathlib
import re
import subprocess
import sys
import typing

import keras
import numpy as np
import pytest

from keras_rnn_zoo import layers, own_files, tasks
from keras_rnn_zoo.datasets import examples
from keras_rnn_zoo.datasets.batches import batches
from keras_rnn_zoo.metrics import FrameNLL, TokenAccuracy, frame_nll
from keras_rnn_zoo.tasks import evaluation
from keras_rnn_zoo.topologies import ManyToMany, ManyToOne
from keras_rnn_zoo.training import fit as fitting
from keras_rnn_zoo.training import recipes

KEYS = 4
FRESH = """
from keras_rnn_zoo.datasets.files import read_file
try:
    read_file("a.csv", "{task}")
except (ValueError, FileNotFoundError) as error:
    print(error)
"""


def rolls(rng, count=7):
    """Pieces with a silent step in each: now at the end, now before."""
    made = []
    for i in range(count):
        roll = (rng.random((int(rng.integers(4, 9)), KEYS)) < 0.4).astype("float32")
        roll[-1 - i % 4] = 0
        made.append((roll[:-1], roll[1:]))
    return made


def polyphonic(rng):
    model = ManyToMany(
        KEYS, 5, num_features=KEYS, mask_value=-1.0, output_activation="sigmoid"
    )
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def nll_of(p, y):
    """Of each step, by the definition, in float64."""
    p, y = np.asarray(p, "float64"), np.asarray(y, "float64")
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(-1)


def test_every_task_has_its_place():
    hints = typing.get_type_hints(recipes.Recipe)
    assert set(typing.get_args(hints["task"])) == set(tasks.TASKS)
    for name, task in tasks.TASKS.items():
        assert task.name == name and task.words
        judge = tasks.task_of(name, ["a", "b"])
        assert {one.name for one in judge.metrics()} <= set(task.directions)
        assert set(task.directions.values()) <= {"max", "min"}
    with pytest.raises(ValueError, match="`metric` must be one of .*Received: .*'x'"):
        tasks.direction("x")
    with pytest.raises(ValueError, match="`task` must be one of .*Received: .*'x'"):
        tasks.task_of("x")


NAMED = "cli datasets jobs presets export inspection training".split()


@pytest.mark.parametrize("room", NAMED)
def test_no_room_above_or_beside_knows_a_task_by_its_name(room):
    package = pathlib.Path(tasks.__file__).parents[1]
    files = [package / f"{room}.py", *(package / room).rglob("*.py")]
    files += [package.parent / "docs" / "zoo_site" / "gallery.py"]
    found = [
        (path.name, node.lineno, node.value)
        for path in files
        if path.is_file()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in list(tasks.TASKS)
    ]
    assert not found


def test_a_data_set_is_told_by_the_tasks_what_a_file_of_ones_own_holds(capfd):
    """In a process where nobody has imported them, too."""
    told = {name: one.fields for name, one in tasks.TASKS.items() if one.fields}
    assert set(told.values()) == set(examples.SUFFIXES)
    for name, fields in told.items():
        assert own_files.fields_of(name) == fields
    wrong = [name for name in tasks.TASKS if name not in told]
    for name in [*wrong, "tags", ["tagging"]]:
        message = re.escape(f"{', '.join(told)}. Received: task={name!r}.")
        with pytest.raises(ValueError, match=f"`task` must be one of {message}"):
            own_files.fields_of(name)
    for task, said in (("tagging", "`path` must be a file"), ("x", "task='x'")):
        subprocess.run([sys.executable, "-c", FRESH.format(task=task)], check=True)
        assert said in capfd.readouterr().out


def test_silence_counts_and_padding_does_not(rng):
    """Loss and metric of `fit` and `evaluate` are those of single, unpadded pieces."""
    model, pieces = polyphonic(rng), rolls(rng)
    assert any((x == 0).all(1).any() for x, _ in pieces)
    by_step = [nll_of(model(x[None])[0], y) for x, y in pieces]
    expected = np.concatenate(by_step).mean()

    found = evaluation.evaluate(model, "polyphony", pieces, batch_size=3)
    assert found.metrics["nll"] == pytest.approx(expected, rel=1e-5)
    per_sequence = np.mean([one.mean() for one in by_step])
    assert found.metrics["nll_per_sequence"] == pytest.approx(per_sequence, rel=1e-5)
    assert abs(per_sequence - expected) > 1e-3
    for (x, _), p in zip(pieces, found.predictions, strict=True):
        np.testing.assert_allclose(p, model(x[None])[0], atol=1e-6)

    model.compile(
        loss=tasks.Polyphony.loss(),
        metrics=tasks.Polyphony().metrics(),
        jit_compile=False,
    )
    padded = batches(pieces, 3, padding=-1.0)
    result = model.evaluate(padded, verbose=0, return_dict=True)
    assert result["nll"] == pytest.approx(expected, rel=1e-5)
    # One batch: the loss is the mean over all its steps.
    result = model.evaluate(batches(pieces, 9, padding=-1.0), verbose=0)
    assert result[0] == pytest.approx(expected, rel=1e-5)
    assert {"pad": -1.0, "silence": 0.0}.items() <= {
        "pad": min(float(x.numpy().min()) for x, _ in padded),
        "silence": min(float(y.numpy().min()) for _, y in padded),
    }.items()


def test_zeros_at_the_end_of_a_whole_sequence_are_read(rng):
    model = ManyToOne(3, 4, num_features=KEYS, mask_value=-1.0, bidirectional=True)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    given = [(x, np.int32(i % 3)) for i, (x, _) in enumerate(rolls(rng))]
    found = evaluation.evaluate(model, "classification", given, batch_size=4)
    alone = [np.asarray(model(x[None]))[0] for x, _ in given]
    np.testing.assert_allclose(found.confidences, np.max(alone, -1), rtol=1e-5)
    assert found.predictions == [p.argmax() for p in alone]


def test_padding_changes_no_gradient(rng):
    model = polyphonic(rng)
    model.compile(keras.optimizers.SGD(1.0), tasks.Polyphony.loss(), jit_compile=False)
    x, y = rolls(rng, 1)[0]
    start, ends = model.get_weights(), []
    for extra in (0, 3):
        model.set_weights(start)
        padded = np.pad(x, ((0, extra), (0, 0)), constant_values=-1.0)
        target = np.pad(y, ((0, extra), (0, 0)), constant_values=1.0)
        model.train_on_batch(padded[None], target[None])
        ends.append(model.get_weights())
    for one, other, before in zip(*ends, start, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
        assert np.abs(one - before).max() > 1e-4


def test_probabilities_of_0_and_1_stay_finite():
    y, p = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert float(frame_nll(y, p)[0]) == pytest.approx(-2 * np.log(1e-7), rel=0.02)
    judge = tasks.Polyphony()
    judge.add(y, p)
    assert judge.result()["nll"] == pytest.approx(-2 * np.log(1e-7), rel=1e-6)
    metric = FrameNLL.from_config(FrameNLL(name="mine").get_config())
    metric.update_state(y, p)
    assert metric.name == "mine" and np.isfinite(float(metric.result()))


@pytest.mark.parametrize("how", ["mask", "weights", "both"])
def test_a_class_that_does_not_count(rng, how):
    y = rng.integers(0, 3, (4, 9))
    p = rng.dirichlet(np.ones(3), y.shape).astype("float32")
    keep = rng.random(y.shape) < 0.7
    chosen = keep & (y != 0)
    expected = (p.argmax(-1) == y)[chosen].mean()
    outputs = keras.ops.convert_to_tensor(p)
    if how != "weights":
        outputs._keras_mask = keras.ops.convert_to_tensor(keep)
    metric = TokenAccuracy("recall_accuracy", ignore_class=0)
    metric = TokenAccuracy.from_config(metric.get_config())
    metric.update_state(y, outputs, None if how == "mask" else keep.astype("float32"))
    assert float(metric.result()) == pytest.approx(expected)
    assert metric.name == "recall_accuracy"


def test_recall_counts_the_steps_that_say_something(rng):
    model = ManyToMany(3, 4, vocabulary_size=5)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    pairs = [(rng.integers(1, 5, n), rng.integers(0, 3, n)) for n in (3, 8, 5)]
    found = evaluation.evaluate(model, "recall", pairs, batch_size=2)
    y = np.concatenate([y for _, y in pairs])
    p = np.concatenate([model(x[None])[0] for x, _ in pairs]).astype("float64")
    right = p.argmax(-1) == y
    nll = -np.log(p[np.arange(len(y)), y]).mean()
    expected = {
        "recall_accuracy": right[y != 0].mean(),
        "accuracy": right.mean(),
        "nll": nll,
    }
    assert found.metrics == pytest.approx(expected, rel=1e-5)
    assert list(found.metrics) == list(expected)


def test_what_an_answer_says():
    p = np.array([[0.2, 0.7], [0.6, 0.55]])
    assert tasks.Tagging.decide(p).tolist() == [1, 0]
    assert tasks.Polyphony.decide(p).tolist() == [[False, True], [True, True]]
    assert tasks.Regression.decide(p) is p


class Data:
    """What `build_model` reads of real-valued data whose lengths differ."""

    name, labels, num_outputs, num_features = "made here", tuple("abcd"), KEYS, KEYS
    vocabulary = vocabulary_size = codec = None

    def __init__(self, pieces, padding):
        self.padding = padding
        self.validation = batches(pieces, 3, padding=padding or 0)


def recipe_of(**changes):
    text = """
        title = "small"
        task = "polyphony"
        [data]
        name = "made here"
        [model]
        topology = "ManyToMany"
        units = 3
        output_activation = "sigmoid"
        [training]
        epochs = 1
    """
    return recipes.parse(text, "small/recipe.toml").replace(**changes)


def test_a_model_masks_what_the_data_are_padded_with(rng):
    pieces = rolls(rng)
    model = fitting.build_model(recipe_of(), Data(pieces, -1.0))
    assert model.get_config()["mask_value"] == -1.0
    assert evaluation.padding_of(model) == -1.0
    model = fitting.build_model(recipe_of(), Data(pieces, None))
    assert model.get_config()["mask_value"] is None
    assert evaluation.padding_of(model) == 0
    recipe = recipe_of(model__mask_value=0.0)
    with pytest.raises(
        ValueError, match=r"must be -1.0, the .* Received: mask_value=0"
    ):
        fitting.build_model(recipe, Data(pieces, -1.0))


def test_a_cell_with_arguments_of_its_own(rng):
    data = Data(rolls(rng), -1.0)
    cell = {"name": "SimpleRNN", "activation": "linear"}
    recipe = recipe_of(model__cell=cell, model__units=[3, 3])
    assert recipes.parse(recipe.to_toml(), "small/recipe.toml") == recipe
    model = fitting.build_model(recipe, data)
    found = [one.cell for one in model.layers if isinstance(one, keras.layers.RNN)]
    assert [type(one) for one in found] == [layers.SimpleRNNCell] * 2
    assert {one.activation.__name__ for one in found} == {"linear"}
    for changes, message in (
        ({"model__cell": {"name": "Simple"}}, "such as 'SimpleRNN'.*name='Simple'"),
        ({"model__cell": {"activation": "tanh"}}, "Received: name=None"),
        (
            {"model__cell": cell | {"gates": 2}},
            "arguments of SimpleRNNCell. Received: .*'gates': 2",
        ),
        (
            {"model__cell": cell, "model__units": [3, 4]},
            r"same for all layers.*Received: units=\[3, 4\]",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            fitting.build_model(recipe_of(**changes), data)
