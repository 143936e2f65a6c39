from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import indy_lstm

ROWS = [
    Case(
        "IndyLSTM",
        layers.IndyLSTM,
        indy_lstm.lstm,
        {"kernel": (3, 16), "recurrent_kernel": (16,), "bias": (16,)},
        states=2,
    ),
    Case(
        "IndyGRU",
        layers.IndyGRU,
        indy_lstm.gru,
        {"kernel": (3, 12), "recurrent_kernel": (12,), "bias": (12,)},
    ),
]
