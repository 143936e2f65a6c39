from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import original_lstm

ROWS = [
    Case(
        "OriginalLSTM",
        layers.OriginalLSTM,
        original_lstm.step,
        {"kernel": (3, 12), "recurrent_kernel": (4, 12), "bias": (12,)},
        states=2,
    ),
]
