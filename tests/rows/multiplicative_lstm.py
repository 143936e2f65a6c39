from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import multiplicative_lstm

ROWS = [
    Case(
        "MultiplicativeLSTM",
        layers.MultiplicativeLSTM,
        multiplicative_lstm.step,
        {"kernel": (3, 20), "recurrent_kernel": (4, 20), "bias": (16,)},
        states=2,
    ),
]
