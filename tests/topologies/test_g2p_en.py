"""The trained model inside the package g2p-en, as a reference from outside.

Its class is taken from the file, without the package, which wants a corpus.
"""

import ast
import importlib.util
import pathlib
import warnings

import numpy as np
import pytest

from keras_rnn_zoo.convert import encoder_decoder_from_torch
from keras_rnn_zoo.ops import BeamSampler

TABLES = ("graphemes", "phonemes", "g2idx", "idx2g", "p2idx", "idx2p")
SPEC = importlib.util.find_spec("g2p_en")
WORDS = "schwarzenegger keras recurrent gypsum a yacht wugs thought quixotic".split()


def its_own():
    """An instance made without `__init__`, and its weights."""
    directory = pathlib.Path(SPEC.submodule_search_locations[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        tree = ast.parse((directory / "g2p.py").read_text("utf-8"))
    [found] = [node for node in tree.body if getattr(node, "name", "") == "G2p"]
    [init] = [node for node in found.body if getattr(node, "name", "") == "__init__"]
    # Of the constructor, the lists of tokens alone.
    init.body = [
        line
        for line in init.body
        if isinstance(line, ast.Assign) and line.targets[0].attr in TABLES
    ]
    module = ast.Module([found], [])
    names = {"np": np}
    exec(compile(ast.fix_missing_locations(module), "g2p.py", "exec"), names)
    speaker = names["G2p"]()
    arrays = np.load(directory / "checkpoint20.npz")
    for name in arrays:
        setattr(speaker, name, arrays[name])
    return speaker, arrays


@pytest.mark.skipif(SPEC is None, reason="g2p-en is not installed")
def test_our_decoder_says_what_it_says():
    theirs, arrays = its_own()
    model = encoder_decoder_from_torch(
        arrays, theirs.graphemes, theirs.phonemes, start=2, end=3
    )
    texts = [[*word, "</s>"] for word in WORDS]
    expected = [theirs.predict(word) for word in WORDS]
    assert model.generate_text(texts, 21) == expected
    assert expected[1] == ["K", "EH1", "R", "AH0", "Z"]
    beams = model.generate_text(texts, 21, BeamSampler(3, True))
    for own in beams:
        scores = [score for _, score in own]
        assert scores == sorted(scores, reverse=True)


def test_what_is_missing_is_named():
    with pytest.raises(ValueError, match="without dec_b_hh"):
        encoder_decoder_from_torch({}, 9, 7, start=1, end=2)
