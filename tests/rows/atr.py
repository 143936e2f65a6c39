from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import atr

ROWS = [
    Case(
        "ATR",
        layers.ATR,
        atr.step,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4), "bias": (4,)},
    ),
]
