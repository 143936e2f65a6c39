from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import rhn

ROWS = [
    Case(
        "RHN",
        layers.RHN,
        rhn.step,
        {"kernel": (3, 8), "recurrent_kernel": (4, 24), "bias": (24,)},
        {"depth": 3},
    ),
    Case(
        "RHN-of-one-layer",
        layers.RHN,
        rhn.step,
        {"kernel": (3, 8), "recurrent_kernel": (4, 8), "bias": (8,)},
        {"depth": 1},
    ),
]
