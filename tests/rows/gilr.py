from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import gilr

ROWS = [
    Case("GILR", layers.GILR, gilr.step, {"kernel": (3, 8), "bias": (8,)}),
]
