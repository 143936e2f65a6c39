from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import strongly_typed

ROWS = [
    Case("TRNN", layers.TRNN, strongly_typed.step, {"kernel": (3, 8), "bias": (4,)}),
]
