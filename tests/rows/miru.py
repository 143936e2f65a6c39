from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import miru

ROWS = [
    Case(
        "MiRU1",
        layers.MiRU1,
        miru.miru1,
        {"kernel": (3, 8), "recurrent_kernel": (4, 8), "bias": (8,)},
        {"update": 0.3},
    ),
    Case(
        "MiRU2",
        layers.MiRU2,
        miru.miru2,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4), "bias": (4,)},
        {"update": 0.3, "reset": 0.7},
    ),
]
