from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import lstm

ROWS = [
    Case(
        "LSTM",
        layers.LSTM,
        lstm.step,
        {"kernel": (3, 16), "recurrent_kernel": (4, 16), "bias": (16,)},
        states=2,
    ),
]
