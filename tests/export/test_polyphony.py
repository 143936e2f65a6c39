"""Several classes at a step: what the files say in a process of their own."""

import numpy as np

import keras_rnn_zoo as zoo
from keras_rnn_zoo.export import export_saved_model
from keras_rnn_zoo.presets import Assets
from tests.fresh import ask_without_the_zoo

KEYS = ("C4", "E4", "G4", "C5")
ALONE = """
import numpy as np
import tensorflow as tf
signatures = tf.saved_model.load(str(root / "it")).signatures
names = answers["names"] = sorted(signatures)
whole = signatures["serving_default"](features=tf.constant(asked))
answers["whole"] = {k: v.numpy() for k, v in whole.items()}
states = signatures["initial_state"](batch_size=tf.constant(len(asked)))
answers["steps"] = []
for t in range(asked.shape[1]):
    out = signatures["step"](features=tf.constant(asked[:, t]), **states)
    states = {k: out[k] for k in states}
    answers["steps"].append({k: out[k].numpy() for k in ("probabilities", "labels")})
"""


def test_keys_and_their_names_of_frames(rng, tmp_path):
    model = zoo.ManyToMany(
        4, 6, num_features=4, mask_value=-1.0, output_activation="sigmoid"
    )
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    x = (rng.random((3, 7, 4)) < 0.4).astype("float32")
    x[0, 2] = 0  # silence
    x[1, 5:] = -1  # padding
    assets = Assets("polyphony", "drawn", None, KEYS, 4, {})
    export_saved_model(model, tmp_path / "it", x, assets=assets)
    found, _ = ask_without_the_zoo(ALONE, tmp_path, x)
    assert found["names"] == ["initial_state", "serving_default", "step"]
    expected = np.array(model(x))
    expected[1, 5:] = 0
    whole = found["whole"]
    np.testing.assert_allclose(whole["probabilities"], expected, atol=1e-6)
    names = [
        [" ".join(k for k, one in zip(KEYS, p, strict=True) if one > 0.5) for p in row]
        for row in expected
    ]
    assert [[one.decode() for one in row] for row in whole["labels"]] == names
    assert names[1][5:] == ["", ""] and len({one for row in names for one in row}) >= 3
    for t, step in enumerate(found["steps"]):
        np.testing.assert_allclose(step["probabilities"], expected[:, t], atol=1e-6)
        assert [one.decode() for one in step["labels"]] == [row[t] for row in names]
    # Silence is read: without its step the answer after it is another.
    other = np.delete(x[:1], 2, axis=1)
    assert np.abs(np.asarray(model(other))[0, 2:] - expected[0, 3:]).max() > 1e-3


def test_one_probability_and_two_classes(tmp_path):
    """A sigmoid that tells two classes apart has no name for each output."""
    model = zoo.ManyToOne(1, 3, num_features=2, output_activation="sigmoid")
    assets = Assets("classification", "drawn", None, ("no", "yes"), 2, {})
    done = export_saved_model(model, tmp_path / "it", assets=assets)
    assert done.max_difference <= 1e-6
