"""Blocks: the papers' figures, in pieces and whole, with masks and from files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_zoo.export import export_saved_model
from keras_rnn_zoo.layers import GriffinBlock, GriffinRecurrent, GriffinRecurrentCell
from tests.compare import assert_close, randomise
from tests.references import griffin, over_time

FEATURES, WIDTH = 4, 6


def a_block(rng, dtype="float32", **options):
    block = GriffinBlock(WIDTH, heads=2, expansion=2, dtype=dtype, **options)
    block.build((None, None, FEATURES))
    randomise(block, rng)
    return block


def drawn(rng, dtype="float32"):
    shapes = (2, 5, FEATURES), (2, WIDTH), (2, 3 * WIDTH)
    x, *states = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    return x, states


def test_the_griffin_block_is_that_of_the_paper(rng):
    block = a_block(rng, "float64", return_state=True)
    x, states = drawn(rng, "float64")
    mask = np.array([[1, 0, 1, 1, 1], [1, 1, 1, 0, 0]], "bool")
    for given in (None, mask):
        y, *last = block(x, initial_state=states, mask=given)
        expected, known = over_time(
            griffin.residual_block, x, states, block.get_weights(), given
        )
        seen = np.ones((2, 5), "bool") if given is None else given
        # TensorFlow's GELU knows √2 to eight digits, in float64 too.
        np.testing.assert_allclose(np.asarray(y)[seen], expected[seen], 0, 1e-7)
        for state, one in zip(last, known, strict=True):
            assert_close(state, one, "float64")


def test_a_block_in_pieces_is_the_whole(rng):
    x, _ = drawn(rng)
    whole = a_block(rng)
    pieces = GriffinBlock(WIDTH, heads=2, expansion=2, stateful=True)
    pieces.build((2, None, FEATURES))
    pieces.set_weights(whole.get_weights())
    expected = np.asarray(whole(x))
    for _ in range(2):
        found = [np.asarray(pieces(x[:, part])) for part in (np.s_[:1], np.s_[1:5])]
        assert_close(np.concatenate(found, 1), expected)
        pieces.reset_state()


def test_a_block_in_a_model_its_mask_its_files_and_its_fit(rng, tmp_path):
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(9, FEATURES, mask_zero=True),
            GriffinBlock(WIDTH, dropout=0.2),
            GriffinBlock(),
            GriffinRecurrent(3),
        ]
    )
    tokens = np.array([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8]], "int32")
    assert_close(model(tokens)[:1], model(tokens[:1, :3]))  # padding does not matter
    model.compile("adam", "mse")
    before = [w.copy() for w in model.get_weights()]
    model.fit(tokens, np.ones((2, 3)), verbose=0)
    moved = [
        np.abs(a - b).max() for a, b in zip(before, model.get_weights(), strict=True)
    ]
    assert min(moved) > 0
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert_close(again(tokens), model(tokens))
    export_saved_model(model, tmp_path / "saved")
    served = tf.saved_model.load(tmp_path / "saved").signatures["serving_default"]
    [answer] = served(tf.constant(tokens)).values()
    assert_close(answer, model(tokens))


def test_what_a_block_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"`window` must be at least 2.*window=1"):
        GriffinRecurrentCell(4, window=1)
    with pytest.raises(
        ValueError, match=r"`heads` must divide.*heads=4, recurrent_un.*6"
    ):
        GriffinBlock(6, heads=4)
    with pytest.raises(ValueError, match=r"`expansion` must be.*expansion=0"):
        GriffinBlock(expansion=0)
    with pytest.raises(ValueError, match=r"`implementation` must be.*'fast'"):
        GriffinBlock(implementation="fast")
    with pytest.raises(
        ValueError, match=r"`heads` must divide.*heads=4, recurrent_un.*6"
    ):
        GriffinBlock(heads=4).build((None, None, 6))
