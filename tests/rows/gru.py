from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import gru

ROWS = [
    Case(
        "GRU",
        layers.GRU,
        gru.reset_after_step,
        {"kernel": (3, 12), "recurrent_kernel": (4, 12), "bias": (2, 12)},
    ),
    Case(
        "GRU-reset-before",
        layers.GRU,
        gru.reset_before_step,
        {"kernel": (3, 12), "recurrent_kernel": (4, 12), "bias": (12,)},
        {"reset_after": False},
    ),
]
