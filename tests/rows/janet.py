from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import janet

ROWS = [
    Case(
        "JANET",
        layers.JANET,
        janet.step,
        {"kernel": (3, 8), "recurrent_kernel": (4, 8), "bias": (8,)},
    ),
    Case(
        "JANET-without-beta",
        layers.JANET,
        janet.step_without_beta,
        {"kernel": (3, 8), "recurrent_kernel": (4, 8), "bias": (8,)},
        {"beta": 0.0, "longest": 20},
    ),
]
