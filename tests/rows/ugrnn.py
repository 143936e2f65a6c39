from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import ugrnn

ROWS = [
    Case(
        "UGRNN",
        layers.UGRNN,
        ugrnn.step,
        {"kernel": (3, 8), "recurrent_kernel": (4, 8), "bias": (8,)},
    ),
]
