from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import tau_gru

ROWS = [
    Case(
        "TauGRU",
        layers.TauGRU,
        tau_gru.step,
        {"kernel": (3, 16), "recurrent_kernel": (4, 16), "bias": (16,)},
        {"delay": 2},
        states=2,
    ),
]
