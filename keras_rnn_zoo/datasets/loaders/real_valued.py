"""Sequences of real values: to a forecast, to a sum, to their speaker."""

import numpy as np

from keras_rnn_zoo.datasets import series
from keras_rnn_zoo.datasets.checks import check_int
from keras_rnn_zoo.datasets.source import Content, data_set, sha256_of


@data_set("krz_sunspots")
def load_sunspots(source, context=24, horizon=8):
    """Yearly sunspot numbers in hundreds to those of the next years (real-valued).

    Options `context` (default 24) and `horizon` (default 8). Needs statsmodels.
    """
    del source
    check_int("context", context, 2, 100)
    check_int("horizon", horizon, 1, 20)
    facts = {
        "source": "yearly sunspot numbers 1700-2008 (NOAA), as statsmodels has them",
        "licence": "public domain",
        "unit": "100 sunspots",
        "split": "targets before 1900 train, before 1950 validation, then test",
    }
    labels = [f"{i} year{'s' if i > 1 else ''} ahead" for i in range(1, horizon + 1)]
    return Content(series.sunspots(context, horizon), labels, facts)


@data_set("krz_adding")
def load_adding(source, steps=100, train=20_000):
    """The adding problem, generated (real-valued).

    Options `steps` (default 100) and `train` (default 20,000 training sequences).
    """
    del source
    check_int("steps", steps, 2)
    check_int("train", train, 1)
    facts = {"source": "generated, always the same", "licence": "none needed"}
    return Content(series.adding(steps, train), ["sum"], facts)


@data_set("krz_japanese_vowels")
def load_japanese_vowels(source):
    """12 coefficients a frame of an utterance to its speaker (many-to-one).

    7 to 29 frames. Needs sktime to be prepared.
    """
    builder, examples = source.read("krz_japanese_vowels")
    raw = {
        split: [
            (frames, np.int32(speaker))
            for frames, speaker in zip(
                columns["frames"], columns["speaker"], strict=True
            )
        ]
        for split, columns in examples.items()
    }
    facts = {
        "source": "UCI Japanese Vowels, doi 10.24432/C5NS47 (Kudo, Toyama & Shimbo "
        "1999), as sktime carries it",
        "licence": "CC BY 4.0",
        "split": "the 370 test utterances of the source; a fifth of its 270 training "
        "utterances of every speaker for validation",
        "data sha256": sha256_of(raw),
    }
    return Content(raw, builder.info.features["speaker"].names, facts)
