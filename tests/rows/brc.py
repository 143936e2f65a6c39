from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import brc

ROWS = [
    Case(
        "BRC",
        layers.BRC,
        brc.brc,
        {"kernel": (3, 12), "recurrent_kernel": (8,), "bias": (12,)},
    ),
    Case(
        "NBRC",
        layers.NBRC,
        brc.nbrc,
        {"kernel": (3, 12), "recurrent_kernel": (4, 8), "bias": (12,)},
    ),
]
