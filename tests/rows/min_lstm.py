from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import min_lstm

ROWS = [
    Case("MinLSTM", layers.MinLSTM, min_lstm.step, {"kernel": (3, 12), "bias": (12,)}),
]
