"""Handwritten digits."""

import numpy as np

from keras_rnn_zoo.datasets.checks import check_choice
from keras_rnn_zoo.datasets.source import Content, data_set


@data_set("krz_digits")
def load_digits(source, view="rows", split="random"):
    """8 x 8 pixels, scaled to 0..1, to the digit (many-to-one).

    Options `view`, "rows" (8, 8) or "pixels" (64, 1), and `split`, "random" or
    "last". Needs scikit-learn to be prepared.
    """
    check_choice("view", view, ("rows", "pixels"))
    check_choice("split", split, ("random", "last"))
    _, examples = source.read("krz_digits", config=split)
    shape = (8, 8) if view == "rows" else (64, 1)
    raw = {
        part: [
            (rows.reshape(shape).astype("float32") / 16, np.int32(label))
            for rows, label in zip(columns["rows"], columns["label"], strict=True)
        ]
        for part, columns in examples.items()
    }
    facts = {
        "source": "scikit-learn's digits (UCI optdigits), 8 x 8 pixels",
        "licence": "CC BY 4.0",
        "split": {
            "random": "a random fifth of every class is the test split",
            "last": "the last fifth of the file is the test split",
        }[split],
    }
    return Content(raw, tuple("0123456789"), facts)
