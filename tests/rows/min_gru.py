from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import min_gru

ROWS = [
    Case(
        "MinGRU",
        layers.MinGRU,
        min_gru.step,
        {"kernel": (3, 8), "bias": (8,)},
    ),
    Case(
        "MinGRU-tanh",
        layers.MinGRU,
        min_gru.tanh_step,
        {"kernel": (3, 8), "bias": (8,)},
        {"activation": "tanh"},
    ),
]
