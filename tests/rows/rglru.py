from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import rglru

ROWS = [
    Case(
        "RGLRU",
        layers.RGLRU,
        rglru.step,
        {"kernel": (3, 12), "bias": (12,), "decay": (4,)},
    ),
]
