from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import mgu_variants

ROWS = [
    Case(
        "MGU1",
        layers.MGU1,
        mgu_variants.mgu1,
        {"kernel": (3, 4), "recurrent_kernel": (4, 8), "bias": (8,)},
    ),
    Case(
        "MGU2",
        layers.MGU2,
        mgu_variants.mgu2,
        {"kernel": (3, 4), "recurrent_kernel": (4, 8), "bias": (4,)},
    ),
    Case(
        "MGU3",
        layers.MGU3,
        mgu_variants.mgu3,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4), "bias": (8,)},
    ),
]
